#include "tests/refgateway/tracing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/digest.h"
#include "common/json.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_text.h"
#include "tests/refgateway/semconv.h"

static int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fresh_id(char *out, size_t bytes)
{
    uint8_t random[16];

    digest_random(random, bytes);
    random[0] |= 1; /* never all zeros */
    digest_to_hex(out, random, bytes);
    out[2 * bytes] = '\0';
}

/* "00-<32 hex>-<16 hex>-01"; false when it is none. */
static bool join(struct tracing *out, const char *traceparent)
{
    uint8_t bytes[16];

    if (semconv_own_traces() || !traceparent || strlen(traceparent) < 55 ||
        traceparent[2] != '-' || traceparent[35] != '-')
        return false;
    snprintf(out->trace_id, sizeof out->trace_id, "%.32s", traceparent + 3);
    snprintf(out->parent, sizeof out->parent, "%.16s", traceparent + 36);
    return digest_from_hex(bytes, 16, out->trace_id) &&
           digest_from_hex(bytes, 8, out->parent);
}

void tracing_begin(struct tracing *out, const char *traceparent)
{
    *out = (struct tracing){ .input_tokens = -1, .output_tokens = -1 };
    if (!join(out, traceparent)) {
        fresh_id(out->trace_id, 16);
        out->parent[0] = '\0';
    }
    fresh_id(out->id, 8);
    out->start_ns = now_ns();
}

void tracing_attempt(struct tracing *tracing,
                     const struct settings_upstream *upstream)
{
    struct tracing_attempt *attempt;

    if (!tracing || tracing->count == TRACING_ATTEMPTS)
        return;
    tracing_over(tracing, NULL);
    attempt = &tracing->attempts[tracing->count];
    *attempt =
        (struct tracing_attempt){ .upstream = upstream, .start_ns = now_ns() };
    for (size_t i = 0; i < tracing->count; i++)
        attempt->resends += tracing->attempts[i].upstream == upstream;
    fresh_id(attempt->id, 8);
    tracing->count++;
}

void tracing_parent(char out[static 56], const struct tracing *tracing)
{
    snprintf(out, 56, "00-%s-%s-01", tracing->trace_id,
             tracing->count ? tracing->attempts[tracing->count - 1].id
                            : tracing->id);
}

void tracing_over(struct tracing *tracing, const struct result *result)
{
    struct tracing_attempt *attempt =
        tracing && tracing->count ? &tracing->attempts[tracing->count - 1]
                                  : NULL;

    if (!attempt || attempt->over)
        return;
    attempt->over = true;
    attempt->end_ns = now_ns();
    attempt->left = !result;
    if (result)
        attempt->result = *result;
}

static void read_usage(struct tracing *tracing, const char *text, size_t length)
{
    struct err err;
    struct json *document = json_parse(text, length, "answer", &err);
    const struct json *usage =
        document ? json_pointer(document, "/usage") : NULL;

    if (usage && json_kind(usage) == JSON_OBJECT) {
        tracing->input_tokens = json_get_int(usage, "prompt_tokens", -1);
        tracing->output_tokens = json_get_int(usage, "completion_tokens", -1);
    }
    json_free(document);
}

void tracing_usage(struct tracing *tracing, const char *bytes, size_t length)
{
    const char *end = bytes + length;

    if (!tracing || !length)
        return;
    if (*bytes == '{') {
        read_usage(tracing, bytes, length);
        return;
    }
    while (bytes < end) {
        const char *line_end = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t line = (size_t)((line_end ? line_end : end) - bytes);

        if (line > 5 && !memcmp(bytes, "data:", 5) &&
            memmem(bytes, line, "\"usage\"", 7))
            read_usage(tracing, bytes + 5, line - 5);
        bytes += line + 1;
    }
}

/* --- spans ---------------------------------------------------------------- */

static void say_server(struct span *span, const struct settings_upstream *at)
{
    const char *host = strstr(at->url, "://") + 3;
    const char *path = strchr(host, '/');
    const char *colon = memchr(host, ':', (size_t)(path - host));
    char *address = xstrndup(host, (size_t)((colon ? colon : path) - host));

    semconv_text(span, "server.address", address);
    semconv_number(span, "server.port",
                   colon ? strtol(colon + 1, NULL, 10)
                   : strncmp(at->url, "https", 5) == 0 ? 443
                                                       : 80);
    free(address);
    if (bug_is(BUG_KEY_IN_SPAN_URL) && at->key_count) {
        char *url = xasprintf("%s?key=%s", at->url, at->keys[0]);

        semconv_text(span, "url.full", url);
        free(url);
        return;
    }
    if (bug_is(BUG_KEY_IN_SPAN_USERINFO) && at->key_count) {
        char *url = xasprintf("http://gateway:%s@%s", at->keys[0], host);

        semconv_text(span, "url.full", url);
        free(url);
        return;
    }
    if (!bug_is(BUG_SPAN_WITHOUT_URL))
        semconv_text(span, "url.full", at->url);
}

static void say_failure(struct span *span,
                        const struct tracing_attempt *attempt)
{
    char status[16];

    if (!attempt->left && attempt->result.outcome == OUTCOME_OK)
        return;
    snprintf(status, sizeof status, "%d", attempt->result.status);
    span_text(span, "error.type",
              attempt->left ? "cancelled"
              : attempt->result.outcome == OUTCOME_HTTP
                  ? status
                  : outcome_names[attempt->result.outcome]);
    span->error = !bug_is(BUG_SPAN_NEVER_ERROR);
}

static void say_usage(struct span *span, const struct tracing *tracing)
{
    int64_t output = tracing->output_tokens;

    if (tracing->input_tokens >= 0)
        semconv_number(span, "gen_ai.usage.input_tokens",
                       tracing->input_tokens);
    if (bug_is(BUG_USAGE_WRONG) && output > 0)
        output--;
    if (output >= 0)
        semconv_number(span, "gen_ai.usage.output_tokens", output);
}

/* Seeded: what nobody asked for. */
static void say_too_much(struct span *span, const struct tracing *tracing,
                         const struct settings_upstream *upstream)
{
    if (bug_is(BUG_PROMPT_IN_SPAN) && tracing->prompt) {
        span->event = "gen_ai.content.prompt";
        span->said =
            (struct span_attribute){ .key = "gen_ai.prompt",
                                     .text = xstrdup(tracing->prompt) };
    }
    if (bug_is(BUG_INPUT_MESSAGES_IN_SPAN) && tracing->prompt)
        span_text(span, "gen_ai.input.messages", tracing->prompt);
    if (bug_is(BUG_BODY_IN_SPAN) && tracing->prompt)
        span_text(span, "http.request.body.content", tracing->prompt);
    if (bug_is(BUG_EXCEPTION_IN_SPAN) && span->error && *bug_text()) {
        span->event = "exception";
        span->said = (struct span_attribute){ .key = "exception.message",
                                              .text = xstrdup(bug_text()) };
    }
    if (bug_is(BUG_KEY_IN_SPAN_HEADER) && upstream->key_count) {
        char *value = xasprintf("Bearer %s", upstream->keys[0]);

        span_text(span, "http.request.header.authorization", value);
        free(value);
    }
    if (bug_is(BUG_PATH_AS_SPAN_NAME)) {
        free(span->name);
        span->name =
            xasprintf("POST %s", strchr(strstr(upstream->url, "://") + 3, '/'));
    }
}

static void make_client(struct span *out, const struct tracing *tracing,
                        const struct tracing_attempt *attempt, bool last)
{
    const struct result *told =
        bug_is(BUG_SPAN_STATUS_OF_LAST)
            ? &tracing->attempts[tracing->count - 1].result
            : &attempt->result;

    *out = (struct span){ .trace_id = tracing->trace_id,
                          .id = attempt->id,
                          .parent = tracing->id,
                          .name = xstrdup("POST"),
                          .kind = SPAN_CLIENT,
                          .start_ns = attempt->start_ns,
                          .end_ns = attempt->end_ns };
    semconv_text(out, "http.request.method", "POST");
    say_server(out, attempt->upstream);
    if (told->status)
        semconv_number(out, "http.response.status_code", told->status);
    if (attempt->resends && !bug_is(BUG_RESEND_NEVER_TOLD))
        semconv_number(out, "http.request.resend_count", attempt->resends);
    span_text(out, "gen_ai.operation.name", "chat");
    semconv_text(out, "gen_ai.provider.name", attempt->upstream->name);
    if (attempt->upstream->model)
        span_text(out, "gen_ai.request.model", attempt->upstream->model);
    say_failure(out, attempt);
    if (last)
        say_usage(out, tracing);
    say_too_much(out, tracing, attempt->upstream);
}

static void make_server(struct span *out, const struct tracing *tracing,
                        const char *method, const char *route, int status)
{
    *out = (struct span){ .trace_id = tracing->trace_id,
                          .id = tracing->id,
                          .parent = tracing->parent,
                          .name = route ? xasprintf("%s %s", method, route)
                                        : xstrdup(method),
                          .kind = SPAN_SERVER,
                          .start_ns = tracing->start_ns,
                          .end_ns = now_ns() };
    semconv_text(out, "http.request.method", method);
    semconv_text(out, "url.scheme", "http");
    if (route) {
        span_text(out, "http.route", route);
        semconv_text(out, "url.path", route);
    }
    if (status)
        semconv_number(out, "http.response.status_code", status);
    if (status >= 500) {
        char text[16];

        snprintf(text, sizeof text, "%d", status);
        span_text(out, "error.type", text);
    }
    out->error =
        status >= 500 || (status >= 400 && bug_is(BUG_SERVER_SPAN_ERROR_4XX));
}

void tracing_end(struct tracing *tracing, struct exporter *exporter,
                 const char *method, const char *route, int status)
{
    struct span spans[TRACING_ATTEMPTS + 1];
    size_t count = 0;

    if (!exporter)
        return;
    tracing_over(tracing, NULL);
    for (size_t i = 0; i < tracing->count; i++) {
        if (bug_is(BUG_SPAN_OF_RETRY_MISSING) && tracing->attempts[i].resends)
            continue;
        make_client(&spans[count++], tracing, &tracing->attempts[i],
                    i + 1 == tracing->count);
    }
    make_server(&spans[count++], tracing, method, route, status);
    exporter_add(exporter, spans, count);
    while (count)
        span_release(&spans[--count]);
}
