#include "tests/refgateway/call.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/refgateway/classify.h"
#include "tests/refgateway/limits.h"
#include "tests/refgateway/retry_after.h"
#include "tests/refgateway/sse.h"

#define BODY_MOST  (64u << 20)  /* of a plain answer */
#define ERROR_MOST (256u << 10) /* of an error: only its code is wanted */
#define HELD_MOST  (8u << 20)   /* events before the commit point */

struct call {
    struct call_plan plan;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;

    struct limits_moments moments;
    bool ended;
    int curl_code;
    int os_errno;
    enum outcome limit; /* that ended it; OUTCOME_OK: none */

    bool head_complete;
    bool framed;
    int status;
    char *retry_after, *retry_after_ms, *date;

    struct buf body; /* plain answers, and the start of any other */
    bool too_long;

    struct sse sse;
    struct classify_stream stream;
    struct shape_error error; /* of an error event */
    struct buf held;          /* events that wait for the commit point */
    struct buf output;
};

/* --- the head ----------------------------------------------------------- */

struct header_row {
    const char *name;
    size_t offset; /* of the char * in struct call */
};
static const struct header_row kept_headers[] = {
    { "retry-after", offsetof(struct call, retry_after) },
    { "retry-after-ms", offsetof(struct call, retry_after_ms) },
    { "date", offsetof(struct call, date) },
};
#define KEPT (sizeof kept_headers / sizeof *kept_headers)

static char **kept(struct call *call, size_t i)
{
    return (char **)(void *)((char *)call + kept_headers[i].offset);
}

/* A value that comes twice becomes a list, which is no valid Retry-After. */
static void keep(char **field, const char *value, size_t length)
{
    char *old = *field;

    *field = old ? xasprintf("%s, %.*s", old, (int)length, value)
                 : xstrndup(value, length);
    free(old);
}

static void begin_head(struct call *call)
{
    call->framed = false;
    for (size_t i = 0; i < KEPT; i++) {
        free(*kept(call, i));
        *kept(call, i) = NULL;
    }
}

static void end_head(struct call *call)
{
    long status = 0;

    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status >= 100 && status < 200 && status != 101)
        return; /* an interim answer; the final one follows */
    call->head_complete = true;
    call->status = (int)status;
    call->framed = call->framed || status == 204 || status == 304;
    call->moments.head = clock_now_ns();
    call->moments.progress = call->moments.head;
    call->moments.error_status = status < 200 || status > 299;
}

static void take_header(struct call *call, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    size_t name = colon ? (size_t)(colon - line) : 0;
    const char *value;

    if (!colon)
        return;
    value = colon + 1;
    length -= name + 1;
    while (length && (*value == ' ' || *value == '\t')) {
        value++;
        length--;
    }
    while (length && strchr(" \t\r\n", value[length - 1]))
        length--;
    for (size_t i = 0; i < KEPT; i++) {
        if (strlen(kept_headers[i].name) == name &&
            !strncasecmp(line, kept_headers[i].name, name))
            keep(kept(call, i), value, length);
    }
    if ((name == 14 && !strncasecmp(line, "content-length", name)) ||
        (name == 17 && !strncasecmp(line, "transfer-encoding", name)))
        call->framed = true;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct call *call = user;
    size_t length = size * count;

    if (call->head_complete)
        return length; /* a trailer */
    if (length >= 5 && !memcmp(line, "HTTP/", 5))
        begin_head(call);
    else if (length <= 2 && strspn(line, "\r\n") >= length)
        end_head(call);
    else
        take_header(call, line, length);
    return length;
}

/* --- the body ----------------------------------------------------------- */

static void commit(struct call *call)
{
    call->moments.committed = true;
    buf_add(&call->output, call->held.data, call->held.length);
    buf_release(&call->held);
}

static void pass_on(struct call *call, const struct sse_event *event)
{
    if (call->moments.committed) {
        buf_add(&call->output, event->raw, event->length);
        return;
    }
    if (event->comment)
        return; /* a heartbeat is worth nothing before the commit point */
    buf_add(&call->held, event->raw, event->length);
    if (call->held.length > HELD_MOST) {
        call->stream.malformed = true;
        call->ended = true;
    }
}

static void take_data(struct call *call, const struct sse_event *event)
{
    struct classify_stream *stream = &call->stream;
    int64_t commit_at = call->plan.rules->stream.commit;

    stream->finish = stream->finish || event->shape.finish;
    pass_on(call, event);
    if (event->shape.output) {
        stream->output = true;
        if (!call->moments.output)
            call->moments.output = clock_now_ns();
    }
    if (!call->moments.committed &&
        (stream->output || commit_at == RULES_COMMIT_FIRST_EVENT))
        commit(call);
}

static void take_event(struct call *call, const struct sse_event *event)
{
    struct classify_stream *stream = &call->stream;

    if (event->comment) {
        pass_on(call, event);
        return;
    }
    switch (event->shape.kind) {
    case SHAPE_EVENT_DATA:
        take_data(call, event);
        return;
    case SHAPE_EVENT_DONE:
        stream->done = true;
        /* It is only passed on where it is true. */
        if (stream->finish && stream->output)
            pass_on(call, event);
        break;
    case SHAPE_EVENT_ERROR:
        stream->error = true;
        call->error = event->shape.error;
        break;
    case SHAPE_EVENT_MALFORMED:
        stream->malformed = true;
        break;
    }
    /* Nothing after this is part of the answer. */
    call->ended = true;
}

static void take_stream(struct call *call, const char *bytes, size_t length)
{
    bool comments = call->plan.rules->timeouts.comments_are_progress;
    struct sse_event event;
    size_t used;

    if (!call->moments.committed &&
        call->plan.rules->stream.commit == RULES_COMMIT_FIRST_BYTE)
        commit(call);
    while (length && !call->ended) {
        bool whole = sse_feed(&call->sse, bytes, length, &used, &event);

        bytes += used;
        length -= used;
        if (whole)
            take_event(call, &event);
    }
    if (sse_take_progress(&call->sse) || comments)
        call->moments.progress = clock_now_ns();
}

/* False when more has come than is kept. */
static bool take_plain(struct call *call, const char *bytes, size_t length)
{
    size_t most = call->moments.error_status ? ERROR_MOST : BODY_MOST;

    call->moments.progress = clock_now_ns();
    if (!call->moments.output && !call->plan.stream)
        call->moments.output = call->moments.progress;
    if (call->body.length + length > most) {
        call->too_long = true;
        return false;
    }
    buf_add(&call->body, bytes, length);
    return true;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct call *call = user;
    size_t length = size * count;

    if (!call->plan.stream || call->moments.error_status)
        return take_plain(call, bytes, length) ? length : 0;
    /* The start is kept for the case that it is not a stream at all. */
    if (!call->sse.any && call->body.length + length <= ERROR_MOST)
        buf_add(&call->body, bytes, length);
    take_stream(call, bytes, length);
    return call->ended ? 0 : length;
}

/* --- the transfer ------------------------------------------------------- */

static int on_connected(void *user, char *peer, char *local, int peer_port,
                        int local_port)
{
    struct call *call = user;

    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    call->moments.connected = clock_now_ns();
    return CURL_PREREQFUNC_OK;
}

static void add_header(struct call *call, const char *name, const char *value)
{
    char *line = xasprintf("%s: %s", name, value);

    call->headers = curl_slist_append(call->headers, line);
    xwipe(line, strlen(line));
    free(line);
}

static void set_headers(struct call *call)
{
    const struct call_plan *plan = &call->plan;

    add_header(call, "Content-Type", "application/json");
    add_header(call, "Accept",
               plan->stream ? "text/event-stream" : "application/json");
    /* An empty value takes a header of libcurl's own away. */
    call->headers = curl_slist_append(call->headers, "Expect:");
    if (plan->key) {
        char *value = xasprintf("Bearer %s", plan->key);

        add_header(call, "Authorization", value);
        xwipe(value, strlen(value));
        free(value);
    }
    for (size_t i = 0; i < plan->header_count; i++)
        add_header(call, plan->headers[i].name, plan->headers[i].value);
    curl_easy_setopt(call->easy, CURLOPT_HTTPHEADER, call->headers);
}

static void set_options(struct call *call)
{
    const struct call_plan *plan = &call->plan;
    CURL *easy = call->easy;

    curl_easy_setopt(easy, CURLOPT_URL, plan->url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 0x7fffffffL);
    curl_easy_setopt(easy, CURLOPT_USERAGENT,
                     "gatedrill-refgw/" GATEDRILL_VERSION);
    if (plan->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, plan->ca_file);
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)plan->length);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, plan->body);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, call);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, call);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, call);
}

struct call *call_open(const struct call_plan *plan)
{
    struct call *call = xcalloc(1, sizeof *call);

    call->plan = *plan;
    call->moments.start = clock_now_ns();
    call->multi = curl_multi_init();
    call->easy = curl_easy_init();
    if (!call->multi || !call->easy) {
        call->ended = true;
        call->curl_code = CURLE_COULDNT_CONNECT;
        return call;
    }
    set_headers(call);
    set_options(call);
    curl_multi_add_handle(call->multi, call->easy);
    return call;
}

static void note_sent(struct call *call)
{
    curl_off_t sent = 0;

    if (call->moments.sent || !call->moments.connected)
        return;
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent >= (curl_off_t)call->plan.length)
        call->moments.sent = clock_now_ns();
}

/* The connection is closed as soon as the outcome is clear, not when the
 * caller gets round to it. */
static void hang_up(struct call *call)
{
    long os_errno = 0;

    if (call->easy) {
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
        call->os_errno = (int)os_errno;
        if (call->multi)
            curl_multi_remove_handle(call->multi, call->easy);
        curl_easy_cleanup(call->easy);
    }
    if (call->multi)
        curl_multi_cleanup(call->multi);
    call->easy = NULL;
    call->multi = NULL;
}

static void perform(struct call *call)
{
    const CURLMsg *message;
    int running;
    int queued;

    if (curl_multi_perform(call->multi, &running) != CURLM_OK) {
        call->curl_code = CURLE_OUT_OF_MEMORY;
        call->ended = true;
        return;
    }
    note_sent(call);
    while ((message = curl_multi_info_read(call->multi, &queued))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        call->curl_code = (int)message->data.result;
        call->ended = true;
    }
}

static void check_limits(struct call *call, const struct limits_due *due)
{
    if (clock_now_ns() < due->at_ns)
        return;
    call->limit = due->which;
    call->ended = true;
}

static int ms_until(int64_t at_ns)
{
    int64_t left_ms = (at_ns - clock_now_ns() + NS_PER_MS - 1) / NS_PER_MS;

    if (left_ms < 0)
        return 0;
    return left_ms > 60000 ? 60000 : (int)left_ms;
}

enum call_state call_drive(struct call *call, const struct watch *watch)
{
    struct curl_waitfd client = { .fd = watch->epoll,
                                  .events = CURL_WAIT_POLLIN };

    for (;;) {
        struct limits_due due;
        enum watch_state state;

        if (call->output.length)
            return CALL_OUTPUT;
        if (call->ended) {
            hang_up(call);
            return CALL_ENDED;
        }
        state = watch_look(watch);
        if (state != WATCH_HERE)
            return state == WATCH_LEFT ? CALL_LEFT : CALL_STOPPING;
        perform(call);
        if (call->ended || call->output.length)
            continue;
        due = limits_next(call->plan.rules, &call->moments,
                          call->plan.total_ends_ns, call->plan.exempt);
        check_limits(call, &due);
        if (!call->ended)
            curl_multi_poll(call->multi, &client, 1, ms_until(due.at_ns), NULL);
    }
}

struct buf *call_output(struct call *call)
{
    return &call->output;
}

const struct buf *call_body(const struct call *call)
{
    return &call->body;
}

void call_result(const struct call *call, struct result *out)
{
    struct classify_wire wire = {
        .curl_code = call->curl_code,
        .os_errno = call->os_errno,
        .connected = call->moments.connected != 0,
        .head_complete = call->head_complete,
        .framed = call->framed,
        .status = call->status,
        .limit = call->limit,
        .stream_asked = call->plan.stream,
        .stream = call->stream,
        .body = buf_text(&call->body),
        .length = call->body.length,
        .too_long = call->too_long,
    };
    struct retry_after_headers headers = { call->retry_after,
                                           call->retry_after_ms, call->date };
    struct shape_error error;

    wire.stream.events = call->sse.any;
    wire.stream.pending = sse_pending(&call->sse);
    *out = (struct result){ .outcome = classify(&wire, &error) };
    if (call->stream.error)
        error = call->error;
    snprintf(out->code, sizeof out->code, "%s", error.code);
    snprintf(out->type, sizeof out->type, "%s", error.type);
    out->status = call->head_complete ? call->status : 0;
    out->told_ms =
        retry_after_told_ms(call->plan.rules, &headers, clock_wall_ms());
}

void call_close(struct call *call)
{
    if (!call)
        return;
    hang_up(call);
    for (struct curl_slist *line = call->headers; line; line = line->next)
        xwipe(line->data, strlen(line->data));
    curl_slist_free_all(call->headers);
    for (size_t i = 0; i < KEPT; i++)
        free(*kept(call, i));
    sse_release(&call->sse);
    buf_release(&call->body);
    buf_release(&call->held);
    buf_release(&call->output);
    free(call);
}
