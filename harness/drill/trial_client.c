#include "harness/drill/trial_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/answer.h"
#include "common/xalloc.h"
#include "harness/client/client.h"
#include "harness/oracle/oracle.h"

/* Beyond what the oracle allows, so that a slow answer is seen as one. */
#define TRIAL_SLACK_MS 2000

const char *trial_client_key(const struct trial *t, int64_t credential)
{
    bool passed = slot_passes_credential(t->slot, t->slot->upstreams[0].name);

    if (credential == CASE_CREDENTIAL_INVALID_AT_CLIENT ||
        (credential == CASE_CREDENTIAL_INVALID_AT_UPSTREAM && passed))
        return t->slot->bad_client_key.text;
    return t->slot->client_key.text;
}

/* The client's headers with its key put in; "Name: value" texts. traceparent
 * and request_id are taken over; NULL: none. */
static char **trial_headers(struct trial *t, const struct case_client *client,
                            char *traceparent, char *request_id,
                            struct err *err)
{
    const struct profile_pairs *pairs = &t->drill->profile.client.headers;
    const struct step_header *more = client->headers.items;
    struct names names = { 0 };
    char **list =
        xcalloc(pairs->count + client->headers.count + 4, sizeof *list);
    size_t count = 0;

    list[count++] = xstrdup("Content-Type: application/json");
    for (size_t i = 0; i < t->slot->gateway.names.count; i++)
        names_set(&names, t->slot->gateway.names.items[i].key,
                  t->slot->gateway.names.items[i].value);
    names_set(&names, "client.key", trial_client_key(t, client->credential));
    names_set(&names, "canary.header", trial_canary(t, "header"));
    for (size_t i = 0; i < pairs->count; i++) {
        char *value;

        if (client->credential == CASE_CREDENTIAL_NONE &&
            strstr(pairs->items[i].value, "${client.key}"))
            continue;
        value =
            names_fill(&names, pairs->items[i].value, "$.client.headers", err);
        if (!value)
            break;
        list[count++] = xasprintf("%s: %s", pairs->items[i].name, value);
        xwipe(value, strlen(value));
        free(value);
    }
    for (size_t i = 0; i < client->headers.count; i++) {
        char *value =
            names_fill(&names, more[i].value, "$.client.headers", err);

        /* A name that is no one's stands as it is written. */
        list[count++] =
            xasprintf("%s: %s", more[i].name, value ? value : more[i].value);
        if (value)
            xwipe(value, strlen(value));
        free(value);
    }
    if (traceparent)
        list[count++] = traceparent;
    if (request_id)
        list[count++] = request_id;
    names_release(&names);
    return list;
}

static void trial_headers_free(char **list)
{
    for (size_t i = 0; list[i]; i++) {
        xwipe(list[i], strlen(list[i]));
        free(list[i]);
    }
    free(list);
}

static char *trial_query(const struct trial *t,
                         const struct case_client *client)
{
    struct names names = { 0 };
    struct err err = { 0 };
    char *query;

    names_set(&names, "canary.query_key", trial_canary(t, "query.key"));
    query = names_fill(&names, client->query, "$.client.query", &err);
    names_release(&names);
    return query ? query : xstrdup(client->query);
}

static char *trial_url(const struct trial *t, const struct case_client *client)
{
    const char *url = t->slot->gateway.url;
    const char *host_end = strchr(strstr(url, "://") + 3, '/');
    size_t length = strlen(url);
    char *query = client->query ? trial_query(t, client) : NULL;
    char *out;

    if (client->path && host_end)
        length = (size_t)(host_end - url);
    out = xasprintf("%.*s%s%s%s", (int)length, url,
                    client->path ? client->path : "", query ? "?" : "",
                    query ? query : "");
    if (query)
        xwipe(query, strlen(query));
    free(query);
    return out;
}

int64_t trial_timeout_ms(const struct trial *t, size_t phase)
{
    const struct case_phase *p = &t->planned->drill_case.phases[phase];

    if (p->client.timeout_ms > 0)
        return p->client.timeout_ms;
    return allowed_patience_ms(&t->planned->allowed[phase],
                               t->planned->runbook) +
           TRIAL_SLACK_MS;
}

const char *trial_model(const struct trial *t, const struct case_client *client)
{
    if (client->model)
        return client->model;
    return t->drill->profile.client.model;
}

/* The model of one request: of several the next, with a name that nobody has
 * heard before. */
static const char *trial_asked(char made_up[static 48], const struct trial *t,
                               const struct case_client *client,
                               struct drill_id id)
{
    if (client->models < 2)
        return trial_model(t, client);
    snprintf(made_up, 48, "drill-%llx-%lld", (unsigned long long)id.nonce,
             (long long)(id.epoch % client->models));
    return made_up;
}

static int64_t trial_reported_retries(const struct trial *t,
                                      const struct http_trace *trace)
{
    const char *name = t->drill->profile.retry_count_header;
    char *value = name ? http_trace_header(trace, name) : NULL;
    int64_t count = -1;

    if (value && value[0])
        count = strtoll(value, NULL, 10);
    free(value);
    return count;
}

/* An attempt of this request whose head was read, or whose answer is over. */
struct trial_watch {
    const struct trial *t;
    struct drill_id id;
    bool answered;
};

static bool trial_watch_asked(void *context)
{
    const struct trial_watch *watch = context;
    struct mock_attempts attempts = { 0 };
    struct err err = { 0 };
    bool asked = false;

    if (mock_control_attempts(&watch->t->drill->control, watch->t->id, 0, true,
                              &attempts, &err))
        for (size_t i = 0; i < attempts.count; i++) {
            const struct attempt *a = &attempts.items[i];

            asked |= a->id.epoch == watch->id.epoch &&
                     (watch->answered ? a->delivered.end != ATTEMPT_END_OPEN
                                      : a->times_ns.head != 0);
        }
    mock_attempts_release(&attempts);
    return asked;
}

/* NULL: the client stays. */
static const struct client_leave *trial_leave(struct client_leave *leave,
                                              struct trial_watch *watch,
                                              const struct case_client *client)
{
    int64_t number;
    enum abort_when when = case_abort_when(client, &number);

    *leave = (struct client_leave){ .how = (enum abort_how)client->abort.how };
    watch->answered = when == ABORT_ATTEMPT_ANSWERED;
    if (when == ABORT_AFTER_MS)
        leave->after_ms = number;
    if (when == ABORT_EVENT)
        leave->events = number;
    if (when == ABORT_ATTEMPT_HEAD || when == ABORT_ATTEMPT_ANSWERED) {
        leave->asked = trial_watch_asked;
        leave->context = watch;
    }
    return when == ABORT_NEVER ? NULL : leave;
}

static void trial_note_idempotency(const struct trial *t,
                                   struct observed_request *out,
                                   const struct case_client *client)
{
    const struct step_header *headers = client->headers.items;

    for (size_t i = 0; i < client->headers.count; i++)
        if (!strcasecmp(headers[i].name, "idempotency-key"))
            digest_fingerprint(out->idempotency_fingerprint,
                               t->drill->control.fingerprint_key,
                               headers[i].value, strlen(headers[i].value));
}

void trial_send(struct trial *t, struct observed_request *out,
                const struct case_client *client, struct drill_id id,
                int64_t timeout_ms)
{
    struct trial_watch watch = { .t = t, .id = id };
    struct client_leave leave;
    char made_up[48];
    struct fixture_fill fill = { .model = trial_asked(made_up, t, client, id),
                                 .id = id,
                                 .canary = trial_canary(t, "prompt"),
                                 .system = trial_canary(t, "system_prompt"),
                                 .tools = trial_canary(t, "tool_arguments"),
                                 .stream = client->stream,
                                 .body_bytes = client->body_bytes };
    struct err err = { 0 };
    char **headers =
        trial_headers(t, client, trial_traceparent(t, out, client, id),
                      trial_request_id(t, out, client), &err);
    char *url = trial_url(t, client);
    struct client_request request = {
        .url = url,
        .method = t->drill->route_method,
        .headers = (const char *const *)headers,
        .split = client->split,
        .timeout_ms = timeout_ms,
        .stream_asked = client->stream,
        .tag = answer_tag(id),
        .leave = trial_leave(&leave, &watch, client),
        .connection = client->reuse ? t->connection : NULL,
        .expect_continue = client->expect_continue,
        .read_rate_bytes_per_s = client->read_rate_bytes_per_s,
        .cancelled = &t->drill->cancelled,
    };
    char *body;

    if (client->prompt_same == 1)
        fill.id.epoch = 0;
    body = fixture_body(drill_fixture(t->drill, client->fixture), &fill);
    request.body = body;
    request.body_length = strlen(body);
    out->epoch = id.epoch;
    trial_note_idempotency(t, out, client);
    digest_sha256(out->body_sha256, body, request.body_length);
    json_fields_read(&out->fields, body, request.body_length,
                     t->drill->control.fingerprint_key);
    client_send(&out->trace, &request);
    out->reported_retries = trial_reported_retries(t, &out->trace);
    trial_note_answer_id(t, out);
    xwipe(body, request.body_length);
    free(body);
    xwipe(url, strlen(url));
    free(url);
    trial_headers_free(headers);
}
