#include "harness/client.h"

#include <criterion/criterion.h>
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
