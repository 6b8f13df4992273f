#include "tests/refgateway/metering.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"

#define COUNT(list) (sizeof list / sizeof *list)

/* A number as the value of a label; "" for 0. */
static const char *figure(char out[static 16], int number)
{
    snprintf(out, 16, "%d", number);
    return number ? out : "";
}

/* A client may ask for anything: only names that are ours become a series.
 * Borrowed. */
static const char *model_label(const char *model,
                               const struct settings *settings)
{
    for (size_t i = 0; i < settings->model_count; i++)
        if (!strcmp(settings->models[i], model))
            return settings->models[i];
    return *model ? "other" : "";
}

static void note_request(struct meter *meter, const struct metering *request,
                         const struct tracing *tracing,
                         const struct settings *settings)
{
    bool of_first = bug_is(BUG_METRIC_STATUS_OF_FIRST) && tracing->count &&
                    tracing->attempts[0].result.status;
    char *asked = xstrndup(request->model, request->model_length);
    const char *model = model_label(asked, settings);
    char status[16], final[16];
    const struct meter_label labels[] = {
        { "route", bug_is(BUG_PATH_AS_LABEL) ? request->path : request->route },
        { "status", figure(status, of_first ? tracing->attempts[0].result.status
                                            : request->status) },
        { "model", bug_is(BUG_MODEL_AS_LABEL) ? asked : model },
        { "key",
          bug_is(BUG_KEY_IN_METRIC) ? settings->upstreams[0].keys[0] : "" },
    };
    const struct meter_label served[] = {
        { "http.request.method", request->method },
        { "url.scheme", "http" },
        { "http.route",
          strcmp(request->route, "unknown") ? request->route : "" },
        { "http.response.status_code", figure(final, request->status) },
        { "gen_ai.request.model",
          bug_is(BUG_MODEL_AS_OTLP_ATTRIBUTE) ? asked : model },
        { "api.key", bug_is(BUG_KEY_IN_OTLP_METRIC)
                         ? settings->upstreams[0].keys[0]
                         : "" },
    };

    meter_count(meter, METER_REQUESTS, labels, COUNT(labels), 1);
    meter_observe(meter, METER_DURATION, labels, 1, request->took_s);
    meter_observe(meter, METER_SERVED, served, COUNT(served), request->took_s);
    free(asked);
}

/* Where an attempt went, as the conventions name it. */
static void find_server(char *address, size_t size, char port[static 16],
                        const char *url)
{
    const char *host = strstr(url, "://") + 3;
    size_t length = strcspn(host, ":/");

    snprintf(address, size, "%.*s", (int)length, host);
    snprintf(port, 16, "%s", url[4] == 's' ? "443" : "80");
    if (host[length] == ':')
        snprintf(port, 16, "%.*s", (int)strcspn(host + length + 1, "/"),
                 host + length + 1);
}

static const char *error_of(const struct tracing_attempt *attempt)
{
    if (attempt->left)
        return "cancelled";
    return attempt->result.outcome == OUTCOME_OK ||
                   attempt->result.outcome == OUTCOME_HTTP
               ? ""
               : outcome_names[attempt->result.outcome];
}

static void note_attempt(struct meter *meter, const struct tracing *tracing,
                         const struct tracing_attempt *attempt)
{
    const struct settings_upstream *counted =
        bug_is(BUG_FALLBACK_COUNTED_AS_PRIMARY) ? tracing->attempts[0].upstream
                                                : attempt->upstream;
    double took_s = (double)(attempt->end_ns - attempt->start_ns) / NS_PER_S;
    char status[16], address[64], port[16];
    const struct meter_label labels[] = {
        { "upstream", counted->name },
        { "status", figure(status, attempt->result.status) },
        { "error", error_of(attempt) },
    };
    struct meter_label called[] = {
        { "http.request.method", "POST" },
        { "server.address", address },
        { "server.port", port },
        { "http.response.status_code", status },
        { "error.type", *error_of(attempt) ? error_of(attempt)
                        : attempt->result.outcome == OUTCOME_HTTP ? status
                                                                  : "" },
    };

    find_server(address, sizeof address, port, attempt->upstream->url);
    if (!attempt->result.status)
        called[3].value = "";
    meter_count(meter, METER_ATTEMPTS, labels, COUNT(labels), 1);
    if (bug_is(BUG_OTLP_COUNTS_LAST_ATTEMPT) &&
        attempt != &tracing->attempts[tracing->count - 1])
        return;
    meter_observe(meter, METER_CALLED, called, COUNT(called), took_s);
}

static void note_attempts(struct meter *meter, const struct tracing *tracing)
{
    for (size_t i = 0; i < tracing->count; i++) {
        const struct tracing_attempt *attempt = &tracing->attempts[i];
        const struct meter_label labels[] = { { "upstream",
                                                attempt->upstream->name } };

        if (!bug_is(BUG_FAILED_ATTEMPTS_NOT_COUNTED) ||
            attempt->result.outcome == OUTCOME_OK)
            note_attempt(meter, tracing, attempt);
        if (attempt->resends || bug_is(BUG_RETRIES_COUNTER_OFF)) {
            meter_count(meter, METER_RETRIES, labels, 1, 1);
            meter_count(meter, METER_RESENT, labels, 1, 1);
        }
    }
}

static void note_tokens(struct meter *meter, const char *kind, int64_t tokens)
{
    const struct meter_label labels[] = { { "kind", kind } };
    const struct meter_label used[] = { { "gen_ai.operation.name", "chat" },
                                        { "gen_ai.token.type", kind } };

    if (tokens < 0)
        return;
    meter_count(meter, METER_TOKENS, labels, COUNT(labels),
                bug_is(BUG_TOKENS_DOUBLED) ? 2 * tokens : tokens);
    meter_observe(meter, METER_USED, used, COUNT(used), (double)tokens);
}

void metering_note(struct meter *meter, const struct metering *request,
                   const struct tracing *tracing,
                   const struct settings *settings, int64_t retry_budget)
{
    if (!meter)
        return;
    note_request(meter, request, tracing, settings);
    note_attempts(meter, tracing);
    if (bug_is(BUG_METRIC_MINUS_ONE) && retry_budget == 0 && tracing->count)
        meter_count(meter, METER_RETRIES,
                    &(struct meter_label){
                        "upstream", tracing->attempts[0].upstream->name },
                    1, -1);
    note_tokens(meter, "input", tracing->input_tokens);
    note_tokens(meter, "output", tracing->output_tokens);
    if (bug_is(BUG_PROMPT_IN_EXEMPLAR) && tracing->prompt)
        meter_example(meter, METER_REQUESTS, tracing->prompt);
}
