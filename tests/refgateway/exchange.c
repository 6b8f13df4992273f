#include "tests/refgateway/exchange.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/credential.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_cache.h"
#include "tests/refgateway/bug_client.h"
#include "tests/refgateway/bug_leak.h"
#include "tests/refgateway/bug_log.h"
#include "tests/refgateway/bug_text.h"
#include "tests/refgateway/bug_wire.h"
#include "tests/refgateway/complaint.h"
#include "tests/refgateway/debug.h"
#include "tests/refgateway/failure.h"
#include "tests/refgateway/forward.h"
#include "tests/refgateway/metering.h"
#include "tests/refgateway/refusal.h"
#include "tests/refgateway/relay.h"
#include "tests/refgateway/request_id.h"
#include "tests/refgateway/watch.h"

#define ROUTE        "/v1/chat/completions"
#define RETRY_HEADER "x-gatedrill-retry-count"
#define REQUEST_MOST (32u << 20)
#define STREAM_PIECE (16u << 10)

struct exchange {
    const struct front_plan *plan;
    int stop_fd;
    int64_t started_ns;
    struct buf body;
    bool too_large;
    struct watch watch;
    bool watching;
    struct relay relay;
    bool relaying;
    struct call_header headers[FORWARD_MOST];
    size_t header_count;
    struct access_entry log;
    struct tracing tracing;
    char request_id[REQUEST_ID_SIZE];
    char *path; /* as it came */
};

static const char *known_method(const char *method)
{
    static const char *const known[] = { "GET",    "HEAD",  "POST",    "PUT",
                                         "DELETE", "PATCH", "OPTIONS", NULL };

    for (size_t i = 0; known[i]; i++) {
        if (!strcmp(known[i], method))
            return known[i];
    }
    return "other";
}

struct exchange *exchange_new(const struct front_plan *plan, int stop_fd,
                              const char *url, const char *method)
{
    struct exchange *exchange = xcalloc(1, sizeof *exchange);

    exchange->plan = plan;
    exchange->stop_fd = stop_fd;
    exchange->started_ns = clock_now_ns();
    exchange->path = xstrdup(url);
    exchange->log = (struct access_entry){
        .method = known_method(method),
        .route = strcmp(url, ROUTE) ? "unknown" : ROUTE,
        .request_id = exchange->request_id,
        .decision = "fallback_not_triggered",
        .error_class = "none",
        .end = "complete",
        .answer = "none",
        .input_tokens = -1,
        .output_tokens = -1,
    };
    return exchange;
}

static void exchange_free(struct exchange *exchange)
{
    if (exchange->relaying)
        relay_release(&exchange->relay);
    if (exchange->watching)
        watch_close(&exchange->watch);
    for (size_t i = 0; i < exchange->header_count; i++) {
        free(exchange->headers[i].name);
        free(exchange->headers[i].value);
    }
    if (exchange->body.data)
        xwipe(exchange->body.data, exchange->body.length);
    buf_release(&exchange->body);
    free(exchange->path);
    free(exchange);
}

void exchange_collect(struct exchange *exchange, const char *bytes, size_t size)
{
    if (exchange->body.length + size > REQUEST_MOST)
        exchange->too_large = true;
    if (!exchange->too_large)
        buf_add(&exchange->body, bytes, size);
}

/* --- who may ask, and what ---------------------------------------------- */

/* Takes the same time wherever the difference is. */
static bool same_secret(const char *one, const char *other)
{
    size_t length = strlen(one);
    unsigned char difference = length != strlen(other);

    for (size_t i = 0; other[i]; i++)
        difference |= (unsigned char)((i < length ? one[i] : 0) ^ other[i]);
    return !difference;
}

static const char *client_credential(struct MHD_Connection *connection)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                    "Authorization");

    return value ? credential_key("authorization", value) : NULL;
}

static bool is_let_in(const struct exchange *exchange,
                      struct MHD_Connection *connection)
{
    const char *wanted = exchange->plan->settings->client_key;
    const char *given = client_credential(connection);

    if (bug_is(given ? BUG_BAD_CLIENT_KEY_ACCEPTED
                     : BUG_NO_CLIENT_KEY_ACCEPTED))
        return true;
    return !wanted || (given && same_secret(wanted, given));
}

static const struct refusal *find_refusal(const struct exchange *exchange,
                                          struct MHD_Connection *connection,
                                          struct request_body *body)
{
    if (!is_let_in(exchange, connection))
        return &refusal_unauthorized;
    if (strcmp(exchange->log.route, ROUTE))
        return &refusal_no_route;
    if (strcmp(exchange->log.method, "POST"))
        return &refusal_no_method;
    if (exchange->too_large)
        return &refusal_too_large;
    if (!request_body_read(body, buf_text(&exchange->body),
                           exchange->body.length))
        return &refusal_not_json;
    return NULL;
}

/* --- answers ------------------------------------------------------------ */

static void add_retry_count(struct MHD_Response *response,
                            const struct exchange *exchange)
{
    char text[24];

    long long retries = exchange->relaying
                            ? progress_retries(&exchange->relay.course.progress)
                            : 0;

    if (bug_is(BUG_RETRIES_AS_ATTEMPTS) && exchange->relaying)
        retries = exchange->relay.course.progress.attempts;
    if (bug_is(BUG_RETRIES_NEVER_TOLD))
        retries = 0;
    if (bug_is(BUG_NO_RETRIES_AS_MINUS_ONE) &&
        exchange->plan->rules->retry.budget == 0)
        retries = -1;
    snprintf(text, sizeof text, "%lld", retries);
    MHD_add_response_header(response, RETRY_HEADER, text);
}

static enum MHD_Result queue(struct exchange *exchange,
                             struct MHD_Connection *connection, int status,
                             struct MHD_Response *response)
{
    enum MHD_Result queued;

    add_retry_count(response, exchange);
    if (!bug_is(BUG_REQUEST_ID_NOT_TOLD))
        MHD_add_response_header(response, REQUEST_ID_HEADER,
                                exchange->request_id);
    if (bug_is(BUG_KEY_IN_HEADER))
        MHD_add_response_header(response, "x-upstream-key",
                                exchange->plan->settings->upstreams[0].keys[0]);
    if (bug_is(BUG_COOKIE_PASSED) && exchange->relaying)
        MHD_add_response_header(response, "Set-Cookie", "upstream=1");
    if (exchange->relaying)
        bug_wire_forward(response);
    exchange->log.status = status;
    queued = MHD_queue_response(connection, (unsigned)status, response);
    MHD_destroy_response(response);
    return queued;
}

static struct MHD_Response *json_response(const void *body, size_t length)
{
    char *copy = xstrndup(body, length);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(length, copy, MHD_RESPMEM_MUST_FREE);

    MHD_add_response_header(response, "Content-Type", "application/json");
    return response;
}

static enum MHD_Result refuse(struct exchange *exchange,
                              struct MHD_Connection *connection,
                              const struct refusal *refusal)
{
    struct buf echo = { 0 };
    struct MHD_Response *response;

    if (bug_is(BUG_CLIENT_KEY_ECHOED) && client_credential(connection))
        buf_printf(&echo, "{\"error\":{\"message\":\"%s is no key\"}}",
                   client_credential(connection));
    else
        buf_add_text(&echo, refusal->body);
    response = json_response(echo.data, echo.length);
    buf_release(&echo);

    exchange->log.error_class = refusal->error_class;
    exchange->log.decision = refusal->decision;
    if (refusal->header)
        MHD_add_response_header(response, refusal->header, refusal->value);
    return queue(exchange, connection,
                 refusal == &refusal_no_route && bug_is(BUG_NO_ROUTE_AS_200)
                     ? 200
                     : refusal->status,
                 response);
}

static enum MHD_Result complain(struct exchange *exchange,
                                struct MHD_Connection *connection)
{
    const struct relay *relay = &exchange->relay;
    int status = complaint_status(exchange->plan->rules, &relay->course.result,
                                  relay->course.why);
    struct buf body = { 0 };
    struct MHD_Response *response;

    if (bug_is(BUG_NO_ANSWER) && relay->course.why == WHY_EXHAUSTED)
        return MHD_NO;
    if (bug_is(BUG_KEY_TO_CLIENT) && relay->course.why == WHY_AUTH)
        buf_printf(&body, "{\"error\":{\"message\":\"%s was refused\"}}",
                   exchange->plan->settings->upstreams[0].keys[0]);
    else if (bug_is(BUG_UPSTREAM_TEXT_TO_CLIENT) && *bug_text())
        buf_add_text(&body, bug_text());
    else
        complaint_write(&body, &relay->course.result, relay->course.why);
    if (bug_is(BUG_ERRORS_CACHED))
        bug_cache_keep(buf_text(&exchange->body), exchange->body.length, &body);
    response = json_response(body.data, body.length);
    buf_release(&body);
    if ((status == 429 || status == 503) && relay->course.result.told_ms >= 0) {
        char text[24];

        snprintf(text, sizeof text, "%lld",
                 (long long)((relay->course.result.told_ms + 999) / 1000));
        MHD_add_response_header(response, "Retry-After", text);
    }
    return queue(exchange, connection, status, response);
}

static ssize_t on_read(void *user, uint64_t at, char *out, size_t size)
{
    struct exchange *exchange = user;
    size_t got = 0;

    (void)at;
    switch (relay_read(&exchange->relay, out, size, &got)) {
    case RELAY_READ_BYTES:
        return (ssize_t)got;
    case RELAY_READ_END:
        return MHD_CONTENT_READER_END_OF_STREAM;
    default:
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
}

static enum MHD_Result stream(struct exchange *exchange,
                              struct MHD_Connection *connection)
{
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_PIECE, on_read, exchange, NULL);

    MHD_add_response_header(response, "Content-Type",
                            exchange->log.stream ? "text/event-stream"
                                                 : "application/json");
    MHD_add_response_header(response, "Cache-Control", "no-cache");
    return queue(exchange, connection, 200, response);
}

/* --- a request ---------------------------------------------------------- */

static bool start_watching(struct exchange *exchange,
                           struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

    exchange->watching = info && watch_open(&exchange->watch, info->connect_fd,
                                            exchange->stop_fd);
    return exchange->watching;
}

static enum MHD_Result relay(struct exchange *exchange,
                             struct MHD_Connection *connection,
                             const struct request_body *body)
{
    const struct front_plan *front = exchange->plan;
    struct relay_plan plan = {
        .rules = front->rules,
        .settings = front->settings,
        .memory = front->memory,
        .draw = front->draw,
        .watch = &exchange->watch,
        .body = *body,
        .client_credential = client_credential(connection),
        .headers = exchange->headers,
        .started_ns = clock_now_ns(),
        .tracing = &exchange->tracing,
    };
    struct buf cached = { 0 };

    exchange->log.stream = body->stream;
    if (bug_is(BUG_ANSWERS_CACHED) &&
        bug_cache_find(&cached, body->text, body->length))
        return queue(exchange, connection, 200,
                     json_response(cached.data, cached.length));
    if (bug_is(BUG_ERRORS_CACHED) &&
        bug_cache_find(&cached, body->text, body->length))
        return queue(exchange, connection, 502,
                     json_response(cached.data, cached.length));
    exchange->header_count =
        forward_headers(exchange->headers, exchange->plan->rules,
                        exchange->request_id, connection);
    plan.header_count = exchange->header_count;
    if (!start_watching(exchange, connection))
        return refuse(exchange, connection, &refusal_stopping);
    relay_init(&exchange->relay, &plan);
    exchange->relaying = true;
    relay_run(&exchange->relay);
    if (bug_wire_head_too_large())
        return MHD_NO;
    switch (exchange->relay.end) {
    case RELAY_STREAM:
        return stream(exchange, connection);
    case RELAY_ANSWER:
        if (bug_is(BUG_ANSWERS_CACHED))
            bug_cache_keep(body->text, body->length,
                           relay_answer(&exchange->relay));
        return queue(exchange, connection, 200,
                     json_response(relay_answer(&exchange->relay)->data,
                                   relay_answer(&exchange->relay)->length));
    case RELAY_FAILED:
        return complain(exchange, connection);
    case RELAY_STOPPING:
        return refuse(exchange, connection, &refusal_stopping);
    default:
        return MHD_NO; /* nobody is there to be answered */
    }
}

enum MHD_Result exchange_answer(struct exchange *exchange,
                                struct MHD_Connection *connection)
{
    struct request_body body;
    const struct refusal *refusal;

    request_id_choose(exchange->request_id, exchange->plan->rules,
                      MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                  REQUEST_ID_HEADER));
    tracing_begin(&exchange->tracing,
                  MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                              "traceparent"));
    bug_client(exchange->plan->log, connection);
    debug_request(connection, exchange->request_id, exchange->body.length);
    exchange->tracing.prompt = buf_text(&exchange->body);
    exchange->tracing.exported = exchange->plan->exporter != NULL;
    refusal = find_refusal(exchange, connection, &body);
    return refusal ? refuse(exchange, connection, refusal)
                   : relay(exchange, connection, &body);
}

/* --- the log line ------------------------------------------------------- */

static const char *decision(const struct relay *relay, bool answered)
{
    if (relay->course.progress.count > 1 &&
        progress_tried(&relay->course.progress) >
            (relay->course.progress.at[0].attempts > 0))
        return "fallback_used";
    if (answered)
        return "primary_used";
    return relay->course.why == WHY_AUTH ? "failed_closed"
                                         : "fallback_not_triggered";
}

/* By the last upstream that was asked. */
static void note_spent(struct ledger_row *row, const struct exchange *exchange)
{
    const struct progress *progress = &exchange->relay.course.progress;

    for (size_t i = 0; i < progress->count; i++) {
        if (!progress->at[i].attempts)
            continue;
        row->upstream = exchange->plan->settings->upstreams[i].name;
        row->model = exchange->plan->settings->upstreams[i].model;
    }
    row->input_tokens = exchange->tracing.input_tokens;
    row->output_tokens = exchange->tracing.output_tokens;
}

static void note_relay(struct access_entry *log,
                       const struct exchange *exchange)
{
    const struct relay *relay = &exchange->relay;
    bool streaming = relay->end == RELAY_STREAM;
    bool failed = relay->end == RELAY_FAILED ||
                  (streaming && relay->course.result.outcome != OUTCOME_OK);

    for (size_t i = 0; i < relay->course.progress.count; i++) {
        if (!relay->course.progress.at[i].attempts)
            continue;
        log->upstreams[log->upstream_count++] = (struct access_upstream){
            exchange->plan->settings->upstreams[i].name,
            relay->course.progress.at[i].attempts
        };
    }
    note_spent(&log->spent, exchange);
    log->retries = progress_retries(&relay->course.progress);
    if (relay->course.progress.attempts)
        log->upstream =
            exchange->plan->settings->upstreams[relay->course.progress.current]
                .name;
    log->decision =
        decision(relay, relay->end == RELAY_ANSWER || (streaming && !failed));
    if (!failed)
        return;
    log->error_class = complaint_class(&relay->course.result, relay->course.why,
                                       streaming && log->stream);
    log->outcome = outcome_names[relay->course.result.outcome];
    log->why = streaming ? NULL : why_names[relay->course.why];
}

/* An answer that was not sent whole, though nothing failed at our end, is one
 * whose reader is gone. */
static const char *how_it_ended(const struct exchange *exchange, bool complete)
{
    const struct relay *relay = &exchange->relay;

    if (complete)
        return "complete";
    if (!exchange->relaying)
        return "client_left";
    if (relay->end == RELAY_STOPPING)
        return "stopped";
    return relay->end == RELAY_STREAM &&
                   relay->course.result.outcome != OUTCOME_OK
               ? "cut"
               : "client_left";
}

/* What the client has of an answer, and the tokens of it: of a part those that
 * it has. */
static void note_answer(struct access_entry *log,
                        const struct exchange *exchange, bool complete)
{
    const struct relay *relay = &exchange->relay;
    const struct tracing *tracing = &exchange->tracing;
    bool well = relay->end == RELAY_ANSWER ||
                (relay->end == RELAY_STREAM &&
                 relay->course.result.outcome == OUTCOME_OK);

    if (relay->end != RELAY_ANSWER && !relay->begun)
        return;
    log->answer = complete && well ? "complete" : "partial";
    log->input_tokens = tracing->input_tokens;
    log->output_tokens = tracing->output_tokens;
    if (tracing->output_tokens < 0 && tracing->events && !(complete && well))
        log->output_tokens = tracing->events;
}

static void meter(struct exchange *exchange, const struct access_entry *log)
{
    const struct request_body *body = &exchange->relay.plan.body;
    struct metering request = {
        .method = log->method,
        .route = log->route,
        .path = exchange->path,
        .model = "",
        .status = log->status,
        .took_s =
            (double)(clock_now_ns() - exchange->started_ns) / (double)NS_PER_S,
    };

    if (exchange->relaying && body->model_end - body->model_start >= 2) {
        request.model = body->text + body->model_start + 1;
        request.model_length = body->model_end - body->model_start - 2;
    }
    tracing_over(&exchange->tracing, NULL);
    metering_note(exchange->plan->meter, &request, &exchange->tracing,
                  exchange->plan->settings,
                  exchange->plan->rules->retry.budget);
}

void exchange_end(struct exchange *exchange, bool complete)
{
    struct access_entry log = exchange->log;
    struct access_entry line;

    if (exchange->relaying)
        note_relay(&log, exchange);
    if (exchange->relaying)
        note_answer(&log, exchange, complete);
    log.end = how_it_ended(exchange, complete);
    log.spent.status = log.status;
    log.elapsed_ms = (clock_now_ns() - exchange->started_ns) / NS_PER_MS;
    line = log;
    for (int lines = bug_log(&line, &exchange->tracing); lines > 0; lines--)
        access_log_write(exchange->plan->log, &line);
    if (exchange->relaying)
        bug_leak(exchange->plan->log, &exchange->relay,
                 buf_text(&exchange->body));
    if (bug_is(BUG_LATE_ATTEMPT) && exchange->relaying &&
        exchange->relay.end == RELAY_FAILED)
        relay_attempt_late(&exchange->relay, exchange->stop_fd);
    if (exchange->tracing.trace_id[0]) {
        meter(exchange, &log);
        failure_tell(exchange->plan->exporter, &exchange->tracing, &log);
        tracing_end(&exchange->tracing, exchange->plan->exporter, log.method,
                    strcmp(log.route, ROUTE) ? NULL : ROUTE, log.status);
    }
    exchange_free(exchange);
}
