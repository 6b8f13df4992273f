#include "tests/refgateway/call.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_wire.h"
#include "tests/refgateway/debug.h"
#include "tests/refgateway/hearing.h"

struct call {
    struct call_plan plan;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;

    struct hearing hearing;
    bool ended;
    bool commit_told; /* CALL_OUTPUT was returned since the commit point */
};

/* --- what libcurl calls ------------------------------------------------- */

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
    struct call *call = user;

    if (bug_is(BUG_ANSWER_HEADERS_IN_STDERR))
        fwrite(line, size, count, stderr);
    hearing_header(&call->hearing, line, size * count, clock_now_ns());
    bug_wire_line(line, size * count);
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct call *call = user;
    size_t length = size * count;

    bug_wire_bytes(bytes, length);
    return hearing_body(&call->hearing, bytes, length, clock_now_ns()) ? length
                                                                       : 0;
}

static int on_connected(void *user, char *peer, char *local, int peer_port,
                        int local_port)
{
    struct call *call = user;

    (void)peer;
    (void)local;
    (void)peer_port;
    (void)local_port;
    call->hearing.moments.connected = clock_now_ns();
    return CURL_PREREQFUNC_OK;
}

/* --- the request -------------------------------------------------------- */

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
    if (plan->also)
        add_header(call, "x-api-key", plan->also);
    for (size_t i = 0; i < plan->header_count; i++)
        add_header(call, plan->headers[i].name, plan->headers[i].value);
    for (size_t i = 0; i < plan->own_count; i++)
        add_header(call, plan->own[i].name, plan->own[i].value);
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
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION,
                     bug_is(BUG_REDIRECT_FOLLOWED) ? 1L : 0L);
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

    debug_call(plan);
    call->plan = *plan;
    hearing_begin(&call->hearing, plan->rules, plan->stream, clock_now_ns());
    call->multi = curl_multi_init();
    call->easy = curl_easy_init();
    if (!call->multi || !call->easy) {
        call->ended = true;
        call->hearing.curl_code = CURLE_COULDNT_CONNECT;
        return call;
    }
    set_headers(call);
    set_options(call);
    bug_wire_connections(call->easy);
    curl_multi_add_handle(call->multi, call->easy);
    return call;
}

/* --- the transfer ------------------------------------------------------- */

static void note_sent(struct call *call)
{
    curl_off_t sent = 0;

    if (call->hearing.moments.sent || !call->hearing.moments.connected)
        return;
    curl_easy_getinfo(call->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    if (sent >= (curl_off_t)call->plan.length)
        call->hearing.moments.sent = clock_now_ns();
}

/* The connection is closed as soon as the outcome is clear, not when the
 * caller gets round to it. */
static void hang_up(struct call *call)
{
    long os_errno = 0;

    if (bug_is(BUG_ABANDONED_LEFT_RUNNING) && call->hearing.limit) {
        call->easy = NULL; /* left open for ever */
        call->multi = NULL;
    }
    if (call->easy) {
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &os_errno);
        call->hearing.os_errno = (int)os_errno;
        if (call->multi)
            curl_multi_remove_handle(call->multi, call->easy);
        curl_easy_cleanup(call->easy);
    }
    if (call->multi)
        curl_multi_cleanup(call->multi);
    bug_wire_ended(call->ended && !call->hearing.limit &&
                   call->hearing.curl_code == CURLE_OK);
    call->easy = NULL;
    call->multi = NULL;
}

static void perform(struct call *call)
{
    const CURLMsg *message;
    int running;
    int queued;

    if (curl_multi_perform(call->multi, &running) != CURLM_OK) {
        call->hearing.curl_code = CURLE_OUT_OF_MEMORY;
        call->ended = true;
        return;
    }
    note_sent(call);
    while ((message = curl_multi_info_read(call->multi, &queued))) {
        if (message->msg != CURLMSG_DONE)
            continue;
        call->hearing.curl_code = (int)message->data.result;
        call->ended = true;
    }
    call->ended = call->ended || call->hearing.intake.ended;
}

static void check_limits(struct call *call, const struct limits_due *due)
{
    if (clock_now_ns() < due->at_ns)
        return;
    call->hearing.limit = due->which;
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

        if ((call->hearing.intake.output.length ||
             (call->hearing.moments.committed && !call->commit_told)) &&
            (call->ended || !bug_is(BUG_STREAM_HELD_BACK))) {
            call->commit_told = true;
            return CALL_OUTPUT;
        }
        if (call->ended) {
            hang_up(call);
            return CALL_ENDED;
        }
        state = watch_look(watch);
        if (bug_is(BUG_BACKOFF_NOT_WATCHED) && !call->hearing.moments.head)
            state = WATCH_HERE;
        if (state != WATCH_HERE)
            return state == WATCH_LEFT ? CALL_LEFT : CALL_STOPPING;
        perform(call);
        if (call->ended ||
            ((call->hearing.intake.output.length ||
              call->hearing.moments.committed != call->commit_told) &&
             !bug_is(BUG_STREAM_HELD_BACK)))
            continue;
        due = limits_next(call->plan.rules, &call->hearing.moments,
                          call->plan.total_ends_ns, call->plan.exempt);
        check_limits(call, &due);
        if (!call->ended)
            curl_multi_poll(call->multi, &client, 1, ms_until(due.at_ns), NULL);
    }
}

struct buf *call_output(struct call *call)
{
    return &call->hearing.intake.output;
}

const struct buf *call_body(const struct call *call)
{
    return &call->hearing.intake.body;
}

int64_t call_events(const struct call *call)
{
    return call->hearing.intake.output_events;
}

void call_result(const struct call *call, struct result *out)
{
    hearing_result(&call->hearing, clock_wall_ms(), out);
    debug_result(out, buf_text(&call->hearing.intake.body),
                 (clock_now_ns() - call->hearing.moments.start) / NS_PER_MS);
    bug_wire_result(call->plan.body, buf_text(&call->hearing.intake.body),
                    call->hearing.moments.sent != 0, out);
}

void call_close(struct call *call)
{
    if (!call)
        return;
    hang_up(call);
    for (struct curl_slist *line = call->headers; line; line = line->next)
        xwipe(line->data, strlen(line->data));
    curl_slist_free_all(call->headers);
    hearing_release(&call->hearing);
    free(call);
}
