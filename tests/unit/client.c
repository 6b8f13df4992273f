#include "harness/client/client.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/unit/raw_server.h"

static const char *const headers[] = { "Content-Type: application/json",
                                       "X-Two: 2", NULL };

static void ask(struct http_trace *trace, const struct server *s,
                int64_t timeout_ms)
{
    struct client_request request = { .url = s->url,
                                      .method = "POST",
                                      .headers = headers,
                                      .body = "{\"end\":1}",
                                      .body_length = 9,
                                      .timeout_ms = timeout_ms };

    client_send(trace, &request);
}

#define OK "HTTP/1.1 200 OK\r\n"

static const struct row {
    const char *name;
    const char *pieces[4];
    enum ending ending;
    int64_t timeout_ms;
    enum trace_end end;
    enum trace_outcome outcome;
    bool head_complete;
    size_t body_bytes;
} rows[] = {
    { "whole, held open",
      { OK "Content-Length: 2\r\n\r\n{}" },
      END_HOLD,
      900,
      TRACE_END_FRAMED,
      TRACE_OUTCOME_FALSE_SUCCESS,
      true,
      2 },
    { "ended by FIN",
      { OK "\r\n", "{", "}" },
      END_FIN,
      900,
      TRACE_END_FIN,
      TRACE_OUTCOME_FALSE_SUCCESS,
      true,
      2 },
    { "FIN inside the body",
      { OK "Content-Length: 9\r\n\r\n{}" },
      END_FIN,
      900,
      TRACE_END_FIN,
      TRACE_OUTCOME_CUT,
      true,
      2 },
    { "RST inside the body",
      { OK "Content-Length: 9\r\n\r\n{}" },
      END_RST,
      900,
      TRACE_END_RST,
      TRACE_OUTCOME_CUT,
      true,
      2 },
    { "FIN before a byte",
      { NULL },
      END_FIN,
      900,
      TRACE_END_FIN,
      TRACE_OUTCOME_NO_RESPONSE,
      false,
      0 },
    { "RST before a byte",
      { NULL },
      END_RST,
      900,
      TRACE_END_RST,
      TRACE_OUTCOME_NO_RESPONSE,
      false,
      0 },
    /* The one libcurl calls a success. */
    { "FIN inside the headers",
      { OK "Content-Ty" },
      END_FIN,
      900,
      TRACE_END_FIN,
      TRACE_OUTCOME_NO_RESPONSE,
      false,
      0 },
    { "no answer",
      { NULL },
      END_HOLD,
      60,
      TRACE_END_TIMEOUT,
      TRACE_OUTCOME_HANG,
      false,
      0 },
    { "silence inside the body",
      { OK "Content-Length: 9\r\n\r\n{}" },
      END_HOLD,
      60,
      TRACE_END_TIMEOUT,
      TRACE_OUTCOME_HANG,
      true,
      2 },
    { "another protocol, held open",
      { "SSH-2.0-x\r\n" },
      END_HOLD,
      900,
      TRACE_END_BROKEN,
      TRACE_OUTCOME_NO_RESPONSE,
      false,
      0 },
    { "an error before the limit",
      { "HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n" },
      END_HOLD,
      900,
      TRACE_END_FRAMED,
      TRACE_OUTCOME_ERROR,
      true,
      0 },
};

Test(client, each_end_is_seen_as_what_it_was)
{
    client_global_init();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct server s = { .until = "\"end\":1}",
                            .pause_ms = 15,
                            .ending = row->ending };
        struct http_trace trace;
        int64_t taken_ms;

        memcpy(s.pieces, row->pieces, sizeof s.pieces);
        server_start(&s);
        ask(&trace, &s, row->timeout_ms);
        taken_ms = (trace.end_ns - trace.start_ns) / NS_PER_MS;
        cr_expect_eq(trace.end, row->end, "%s: end is %s (%s)", row->name,
                     trace_end_names[trace.end], trace.end_text);
        cr_expect_eq(trace.outcome, row->outcome, "%s: outcome is %s",
                     row->name, trace_outcome_names[trace.outcome]);
        cr_expect_eq(trace.head_complete, row->head_complete, "%s", row->name);
        cr_expect_eq(trace.body.length, row->body_bytes, "%s", row->name);
        cr_expect_lt(taken_ms, row->timeout_ms + 300, "%s", row->name);
        if (row->end == TRACE_END_TIMEOUT)
            cr_expect_geq(taken_ms, row->timeout_ms, "%s", row->name);
        http_trace_release(&trace);
        server_stop(&s);
    }
    client_global_release();
}

Test(client, the_request_goes_out_as_given)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK "Content-Length: 0\r\n\r\n" } };
    struct http_trace trace;
    struct buf expected = { 0 };

    server_start(&s);
    ask(&trace, &s, 900);
    buf_printf(&expected,
               "POST /v1/x?y=z HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n"
               "Content-Type: application/json\r\nX-Two: 2\r\n"
               "Content-Length: 9\r\nConnection: close\r\n\r\n{\"end\":1}",
               s.port);
    pthread_join(s.thread, NULL);
    cr_expect_str_eq(buf_text(&s.seen), buf_text(&expected));
    cr_expect_eq(s.reads, 1);
    http_trace_release(&trace);
    buf_release(&expected);
    buf_release(&s.seen);
    close(s.listener);
}

Test(client, a_split_request_comes_in_two_segments)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK "Content-Length: 0\r\n\r\n" } };
    struct client_request request = { .url = NULL,
                                      .method = "POST",
                                      .body = "{\"end\":1}",
                                      .body_length = 9,
                                      .split = true,
                                      .timeout_ms = 900 };
    struct http_trace trace;

    server_start(&s);
    request.url = s.url;
    client_send(&trace, &request);
    pthread_join(s.thread, NULL);
    cr_expect_eq(trace.status, 200);
    cr_expect_eq(s.reads, 2);
    cr_expect_geq(trace.sent_ns - trace.connected_ns, 20 * NS_PER_MS);
    http_trace_release(&trace);
    buf_release(&s.seen);
    close(s.listener);
}

Test(client, each_read_keeps_its_time)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK, "Content-Length: 2\r\n\r\n", "{}" },
                        .pause_ms = 30 };
    struct http_trace trace;

    server_start(&s);
    ask(&trace, &s, 900);
    cr_expect_eq(trace.read_count, 3);
    cr_expect_lt(trace.start_ns, trace.connected_ns);
    cr_expect_leq(trace.connected_ns, trace.sent_ns);
    cr_expect_leq(trace.sent_ns, trace.first_byte_ns);
    cr_expect_geq(trace.head_ns - trace.first_byte_ns, 20 * NS_PER_MS);
    cr_expect_geq(trace.first_output_ns - trace.head_ns, 20 * NS_PER_MS);
    cr_expect_leq(trace.last_byte_ns, trace.end_ns);
    http_trace_release(&trace);
    server_stop(&s);
}

/* A gateway may refuse a large body without reading it: its answer counts, and
 * the close that follows is then a reset. */
Test(client, an_answer_before_the_body_was_taken_is_read)
{
    struct server s = {
        .until = "\r\n\r\n",
        .pieces = { "HTTP/1.1 413 X\r\nContent-Length: 2\r\n\r\n{}" },
        .ending = END_RST,
    };
    size_t length = (size_t)8 << 20;
    char *body = xcalloc(length, 1);
    struct client_request request = {
        .method = "POST", .body = body, .body_length = length, .timeout_ms = 900
    };
    struct http_trace trace;

    memset(body, 'x', length);
    server_start(&s);
    request.url = s.url;
    client_send(&trace, &request);
    cr_expect_eq(trace.status, 413);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_ERROR);
    cr_expect_eq(trace.sent_ns, 0);
    http_trace_release(&trace);
    server_stop(&s);
    free(body);
}

/* A reset met by a send must not look like an orderly end to the read. */
Test(client, a_reset_while_sending_is_a_reset)
{
    struct server s = { .until = "\r\n\r\n", .ending = END_RST };
    size_t length = (size_t)8 << 20;
    char *body = xcalloc(length, 1);
    struct client_request request = {
        .method = "POST", .body = body, .body_length = length, .timeout_ms = 900
    };
    struct http_trace trace;

    memset(body, 'x', length);
    server_start(&s);
    request.url = s.url;
    client_send(&trace, &request);
    cr_expect_eq(trace.end, TRACE_END_RST, "end is %s",
                 trace_end_names[trace.end]);
    http_trace_release(&trace);
    server_stop(&s);
    free(body);
}

Test(client, bytes_beside_the_answer_are_noted)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK "Content-Length: 2\r\n\r\n{}{}" } };
    struct http_trace trace;

    server_start(&s);
    ask(&trace, &s, 900);
    cr_expect_eq(trace.end, TRACE_END_FRAMED);
    cr_expect_eq(trace.extra_bytes, 2);
    http_trace_release(&trace);
    server_stop(&s);
}

Test(client, a_refused_port_is_not_connected)
{
    struct server s = { 0 };
    struct http_trace trace;

    server_bind(&s); /* bound, and nobody listens */
    ask(&trace, &s, 900);
    cr_expect_eq(trace.end, TRACE_END_NOT_CONNECTED);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_NO_RESPONSE);
    cr_expect_str_eq(trace.end_text, "Connection refused");
    cr_expect_eq(trace.connected_ns, 0);
    http_trace_release(&trace);
    close(s.listener);
}

Test(client, a_url_that_is_none_is_not_connected)
{
    struct server s = { .url = "http://[" };
    struct http_trace trace;

    ask(&trace, &s, 900);
    cr_expect_eq(trace.end, TRACE_END_NOT_CONNECTED);
    cr_expect_str_eq(trace.end_text, "the URL cannot be used");
    http_trace_release(&trace);
}

Test(client, a_cancelled_request_ends_soon)
{
    struct server s = { .until = "\"end\":1}", .ending = END_HOLD };
    struct client_request request = { .method = "POST",
                                      .body = "{\"end\":1}",
                                      .body_length = 9,
                                      .timeout_ms = 5000,
                                      .cancelled = &s.asked };
    struct http_trace trace;

    server_start(&s);
    request.url = s.url;
    client_send(&trace, &request);
    cr_expect_eq(trace.end, TRACE_END_LEFT);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_LEFT);
    cr_expect_lt(trace.end_ns - trace.start_ns, NS_PER_S);
    http_trace_release(&trace);
    server_stop(&s);
}

Test(client, proxy_variables_are_ignored)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK "Content-Length: 0\r\n\r\n" } };
    struct http_trace trace;

    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    server_start(&s);
    ask(&trace, &s, 900);
    cr_expect_eq(trace.status, 200);
    http_trace_release(&trace);
    server_stop(&s);
}

Test(client, a_call_gives_status_and_body_and_bears_the_token)
{
    struct server s = { .until = "\r\n\r\n",
                        .pieces = {
                            "HTTP/1.1 409 X\r\nTransfer-Encoding: chunked\r\n"
                            "\r\n2\r\n{}\r\n0\r\n\r\n" } };
    struct buf answer = { 0 };
    struct err err = { 0 };

    server_start(&s);
    cr_expect_eq(
        client_call("GET", s.url, NULL, "the-token", 900, &answer, &err), 409);
    pthread_join(s.thread, NULL);
    cr_expect_str_eq(buf_text(&answer), "{}");
    cr_expect_not_null(
        strstr(buf_text(&s.seen), "\r\nAuthorization: Bearer the-token\r\n"));
    cr_expect_null(strstr(buf_text(&s.seen), "Content-Length"));
    buf_release(&answer);
    buf_release(&s.seen);
    close(s.listener);
}

Test(client, a_call_cut_short_is_an_error_that_says_how)
{
    struct server s = { .until = "{}",
                        .pieces = { OK "Content-Length: 9\r\n\r\n{}" } };
    struct buf answer = { 0 };
    struct err err = { 0 };

    server_start(&s);
    cr_expect_eq(
        client_call("PUT", s.url, "{}", "the-token", 900, &answer, &err), -1);
    cr_expect_eq(err.code, ERR_NET);
    cr_expect_not_null(strstr(err.where, "PUT http://127.0.0.1:"));
    cr_expect_str_eq(err.text, "no complete answer came: fin");
    cr_expect_eq(answer.length, 0);
    buf_release(&answer);
    server_stop(&s);
}

/* ------------------------------------------------- a client that leaves */

static struct client_request leaving(const struct server *s,
                                     const struct client_leave *leave)
{
    return (struct client_request){ .url = s->url,
                                    .method = "POST",
                                    .headers = headers,
                                    .body = "{\"end\":1}",
                                    .body_length = 9,
                                    .stream_asked = leave->events > 0,
                                    .leave = leave,
                                    .timeout_ms = 5000 };
}

/* What the next read at the server's side of a peer that left gives. */
struct guest {
    int listener;
    ssize_t length;
    int number;
};

static void *meet(void *context)
{
    struct guest *guest = context;
    int peer = accept(guest->listener, NULL, NULL);
    char bytes[256];

    do
        guest->length = read(peer, bytes, sizeof bytes);
    while (guest->length > 0);
    guest->number = guest->length < 0 ? errno : 0;
    close(peer);
    return NULL;
}

Test(client, leaves_after_a_time_by_fin_or_by_rst)
{
    static const struct {
        enum abort_how how;
        int number;
    } hows[] = { { ABORT_FIN, 0 }, { ABORT_RST, ECONNRESET } };

    for (size_t i = 0; i < sizeof hows / sizeof *hows; i++) {
        struct client_leave leave = { .after_ms = 30, .how = hows[i].how };
        struct server s = { 0 };
        struct client_request request;
        struct guest guest;
        struct http_trace trace;

        server_bind(&s);
        cr_assert_eq(listen(s.listener, 1), 0);
        guest = (struct guest){ .listener = s.listener, .length = 1 };
        cr_assert_eq(pthread_create(&s.thread, NULL, meet, &guest), 0);
        request = leaving(&s, &leave);
        client_send(&trace, &request);
        pthread_join(s.thread, NULL);
        cr_expect_eq(trace.outcome, TRACE_OUTCOME_LEFT);
        cr_expect_eq(guest.number, hows[i].number, "%zu: %d", i, guest.number);
        cr_expect_geq(trace.left_ns - trace.start_ns, 30 * NS_PER_MS);
        cr_expect_lt(trace.end_ns - trace.start_ns, NS_PER_S);
        http_trace_release(&trace);
        close(s.listener);
    }
}

#define EVENTS                                                                 \
    OK "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" \
       "11\r\ndata: {\"a\":\"one\"}\r\n"

Test(client, leaves_after_so_many_events_and_not_before)
{
    struct client_leave leave = { .events = 2 };
    struct server s = { .until = "\"end\":1}",
                        .pieces = { EVENTS "6\r\n\n\ndata\r\n", "3\r\n: 2\r\n",
                                    "9\r\n\n\ndata: 3\r\n" },
                        .pause_ms = 20,
                        .ending = END_HOLD };
    struct client_request request;
    struct http_trace trace;

    server_start(&s);
    request = leaving(&s, &leave);
    client_send(&trace, &request);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_LEFT);
    cr_expect_not_null(strstr(buf_text(&trace.raw), "data: 3"),
                       "a word cut by a chunk is seen one event later");
    http_trace_release(&trace);
    server_stop(&s);
}

static bool once_it_has_asked(void *context)
{
    return *(volatile int *)context;
}

Test(client, leaves_when_it_is_told_to)
{
    struct server s = { .until = "\"end\":1}", .ending = END_HOLD };
    struct client_leave leave = { .asked = once_it_has_asked,
                                  .context = (void *)(uintptr_t)&s.asked };
    struct client_request request;
    struct http_trace trace;

    server_start(&s);
    request = leaving(&s, &leave);
    client_send(&trace, &request);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_LEFT);
    http_trace_release(&trace);
    server_stop(&s);
}

Test(client, reads_on_after_a_half_close)
{
    struct client_leave leave = { .after_ms = 20, .how = ABORT_HALF_CLOSE };
    struct server s = { .until = "\"end\":1}",
                        .pieces = { "HTTP/1.1 100 Continue\r\n\r\n",
                                    OK "Content-Length: 2\r\n\r\n{}" },
                        .pause_ms = 80,
                        .ending = END_HOLD };
    struct client_request request;
    struct http_trace trace;

    server_start(&s);
    request = leaving(&s, &leave);
    client_send(&trace, &request);
    cr_expect_eq(trace.end, TRACE_END_FRAMED);
    cr_expect_eq(trace.status, 200);
    cr_expect_gt(trace.left_ns, 0);
    cr_expect_lt(trace.left_ns, trace.end_ns - 20 * NS_PER_MS);
    http_trace_release(&trace);
    server_stop(&s);
}

Test(client, the_body_waits_for_a_100)
{
    struct server s = { .until = "\r\n\r\n",
                        .pieces = { "HTTP/1.1 100 Continue\r\n\r\n",
                                    OK "Content-Length: 0\r\n\r\n" },
                        .pause_ms = 60,
                        .ending = END_HOLD };
    struct client_leave stays = { 0 };
    struct client_request request;
    struct http_trace trace;

    server_start(&s);
    request = leaving(&s, &stays);
    request.leave = NULL;
    request.expect_continue = true;
    client_send(&trace, &request);
    cr_expect_not_null(
        strstr(buf_text(&s.seen), "\r\nExpect: 100-continue\r\n"));
    cr_expect_null(strstr(buf_text(&s.seen), "\"end\""),
                   "the head alone came first");
    cr_expect_gt(trace.sent_ns, 0);
    cr_expect_lt(trace.sent_ns - trace.start_ns, 500 * NS_PER_MS);
    cr_expect_eq(trace.status, 200);
    http_trace_release(&trace);
    server_stop(&s);
}

Test(client, a_slow_reader_takes_no_more_than_its_rate)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK
                                    "Content-Length: 160\r\n\r\n"
                                    "0123456789012345678901234567890123456789"
                                    "0123456789012345678901234567890123456789"
                                    "0123456789012345678901234567890123456789"
                                    "0123456789012345678901234567890123456"
                                    "789" },
                        .ending = END_HOLD };
    struct client_leave stays = { 0 };
    struct client_request request;
    struct http_trace trace;

    server_start(&s);
    request = leaving(&s, &stays);
    request.leave = NULL;
    request.read_rate_bytes_per_s = 1000;
    client_send(&trace, &request);
    cr_expect_eq(trace.end, TRACE_END_FRAMED);
    cr_expect_eq(trace.body.length, 160);
    cr_expect_geq(trace.end_ns - trace.connected_ns, 190 * NS_PER_MS);
    cr_expect_gt(trace.read_count, 3);
    http_trace_release(&trace);
    server_stop(&s);
}

/* ------------------------------------------------- a connection that is kept
 */

Test(client, a_kept_connection_carries_the_next_request)
{
    struct server s = { .until = "\"end\":1}",
                        .pieces = { OK "Content-Length: 2\r\n\r\n{}",
                                    "HTTP/1.1 201 OK\r\n"
                                    "Content-Length: 0\r\n\r\n" },
                        .pause_ms = 100,
                        .ending = END_HOLD };
    struct client_connection *kept = client_connection_new();
    struct client_leave stays = { 0 };
    struct client_request request;
    struct http_trace first, second;

    server_start(&s);
    request = leaving(&s, &stays);
    request.leave = NULL;
    request.connection = kept;
    client_send(&first, &request);
    client_send(&second, &request);
    cr_expect_eq(first.status, 200);
    cr_expect_not(first.reused);
    cr_expect_eq(second.status, 201);
    cr_expect(second.reused);
    cr_expect_not_null(
        strstr(buf_text(&s.seen), "\r\nConnection: keep-alive\r\n"));
    http_trace_release(&first);
    http_trace_release(&second);
    client_connection_free(kept);
    server_stop(&s);
}

Test(client, a_connection_that_was_to_be_closed_is_not_kept)
{
    static const char *const answers[] = {
        OK "Connection: close\r\nContent-Length: 2\r\n\r\n{}",
        OK "Content-Length: 2\r\n\r\n{}and more",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        OK "\r\n{}",
    };

    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct server s = { .until = "\"end\":1}", .pieces = { answers[i] } };
        struct server next = { .until = "\"end\":1}",
                               .pieces = { OK "Content-Length: 0\r\n\r\n" } };
        struct client_connection *kept = client_connection_new();
        struct client_leave stays = { 0 };
        struct client_request request;
        struct http_trace trace;

        server_start(&s);
        request = leaving(&s, &stays);
        request.leave = NULL;
        request.connection = kept;
        client_send(&trace, &request);
        http_trace_release(&trace);
        server_start(&next);
        request.url = next.url;
        client_send(&trace, &request);
        cr_expect_not(trace.reused, "%zu", i);
        cr_expect_eq(trace.status, 200);
        http_trace_release(&trace);
        client_connection_free(kept);
        server_stop(&s);
        server_stop(&next);
    }
}
