/* Odd heads, chunks, codings, interim and early answers, as a client reads
 * them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/wire/lib/tried.h"

TestSuite(fault_look, .init = tried_start, .fini = tried_stop, .timeout = 60);

static bool came(const struct tried *t, const char *bytes, size_t length)
{
    return memmem(buf_text(&t->answer.bytes), t->answer.bytes.length, bytes,
                  length) != NULL;
}

Test(fault_look, odd_heads_arrive_byte_for_byte)
{
#define BYTES(text) text, sizeof text - 1
    static const struct {
        const char *head;
        const char *bytes;
        size_t length;
        enum raw_end end;
    } rows[] = {
        { "\"status_line\":\"http_1_0\"", BYTES("HTTP/1.0 503 Serv"),
          RAW_END_FIN },
        { "\"status_line\":\"no_reason\"", BYTES("HTTP/1.1 503 \r\n"),
          RAW_END_MESSAGE },
        { "\"status_line\":\"bare\"", BYTES("HTTP/1.1 503\r\n"),
          RAW_END_MESSAGE },
        { "\"names\":\"odd\"", BYTES("\r\ncOnTeNt-lEnGtH: "), RAW_END_MESSAGE },
        { "\"odd\":\"obs_fold\"", BYTES("X-Folded: one\r\n two\r\n"),
          RAW_END_MESSAGE },
        { "\"odd\":\"conflicting_length\"", BYTES("\r\nContent-Length: "),
          RAW_END_MESSAGE },
        { "\"odd\":\"length_and_chunked\"",
          BYTES("\r\nTransfer-Encoding: chunked\r\nContent-Length: "),
          RAW_END_FIN },
    };
#undef BYTES

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        char step[256];

        /* Our reader of messages believes the length: there the close ends
         * it. */
        snprintf(step, sizeof step,
                 "{\"fault\":\"status\",\"status\":503,\"head\":{%s}%s}",
                 rows[i].head,
                 rows[i].end == RAW_END_FIN ? ",\"end\":{\"how\":\"fin\"}"
                                            : "");
        tried_step(&t, step, step, TRIED_PLAIN, rows[i].end);
        cr_expect(came(&t, rows[i].bytes, rows[i].length), "%s", step);
        tried_release(&t);
    }
}

Test(fault_look, nul_arrives_inside_the_head)
{
    static const char line[] = "\r\nX-Nul: a\0b\r\n";
    struct tried t;
    int fd = tried_begin(&t,
                         "{\"fault\":\"none\",\"head\":{\"odd\":\"nul\"},"
                         "\"end\":{\"how\":\"fin\"}}",
                         TRIED_PLAIN);

    raw_read(fd, &t.answer, 5000);
    tried_leave(&t, fd);
    cr_expect(came(&t, line, sizeof line - 1));
    cr_expect(t.attempt.delivered.faithful);
    cr_expect_eq(t.attempt.delivered.status, 200);
    tried_release(&t);
}

Test(fault_look, large_heads_arrive_whole)
{
    struct tried t;

    tried_step(&t, "40 KiB",
               "{\"fault\":\"none\",\"head\":{\"pad_bytes\":40960}}",
               TRIED_PLAIN, RAW_END_MESSAGE);
    cr_expect_gt(t.answer.head_length, 40960);
    cr_expect_eq(tried_shape(&t), ANSWER_COMPLETE);
    tried_release(&t);
    tried_step(&t, "20 KiB in one",
               "{\"fault\":\"none\",\"head\":{\"pad_bytes\":20480,"
               "\"pad_header_bytes\":20480}}",
               TRIED_STREAM, RAW_END_MESSAGE);
    cr_expect_gt(t.answer.head_length, 20480);
    cr_expect_eq(tried_shape(&t), ANSWER_COMPLETE);
    tried_release(&t);
}

Test(fault_look, odd_chunks_carry_the_same_answer)
{
    static const char *const rows[] = {
        "\"bytes\":1",
        "\"bytes\":171,\"style\":\"upper\"",
        "\"style\":\"extensions\"",
        "\"style\":\"zeros\"",
        "\"trailers\":[[\"X-Error\",\"lost\"]]",
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        char step[256];

        snprintf(step, sizeof step,
                 "{\"fault\":\"none\",\"chunks\":{%s},"
                 "\"end\":{\"how\":\"fin\"}}",
                 rows[i / 2]);
        tried_step(&t, step, step, i % 2 ? TRIED_STREAM : TRIED_PLAIN,
                   RAW_END_FIN);
        cr_expect(t.view.chunked && t.view.whole, "%s", step);
        cr_expect_eq(tried_shape(&t), ANSWER_COMPLETE, "%s", step);
        tried_release(&t);
    }
}

Test(fault_look, large_and_coded_bodies_arrive)
{
    struct tried t;

    tried_step(&t, "5 MB",
               "{\"fault\":\"status\",\"status\":500,\"pad_bytes\":5000000}",
               TRIED_PLAIN, RAW_END_MESSAGE);
    cr_expect_gt(t.view.body.length, 5000000);
    tried_release(&t);
    tried_step(&t, "gzip",
               "{\"fault\":\"none\",\"encoding\":\"gzip\","
               "\"end\":{\"how\":\"fin\"}}",
               TRIED_STREAM, RAW_END_FIN);
    cr_expect(raw_has_header(&t.answer, "Content-Encoding: gzip"));
    cr_expect(!memcmp(t.view.body.data, "\x1f\x8b", 2));
    tried_release(&t);
    tried_step(&t, "bomb", "{\"fault\":\"none\",\"encoding\":\"gzip_bomb\"}",
               TRIED_PLAIN, RAW_END_MESSAGE);
    cr_expect_lt(t.view.body.length, 20000);
    tried_release(&t);
}

Test(fault_look, interim_answers_arrive_before_the_final_one)
{
    struct tried t;
    int fd = tried_begin(&t,
                         "{\"fault\":\"none\",\"interim\":[100,103],"
                         "\"before_ms\":20,\"end\":{\"how\":\"fin\"}}",
                         TRIED_PLAIN);

    raw_read(fd, &t.answer, 5000);
    cr_expect_eq(t.answer.end, RAW_END_FIN);
    tried_leave(&t, fd);
    cr_expect(!strncmp(t.answer.bytes.data,
                       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 ", 38));
    cr_expect(t.attempt.delivered.faithful, "%s",
              t.attempt.delivered.deviation);
    cr_expect_eq(t.attempt.delivered.status, 200);
    cr_expect_eq(t.attempt.delivered.sent_bytes,
                 (int64_t)t.answer.bytes.length);
    tried_release(&t);
}

/* Sends the head of a request that waits for a 100; returns what came. */
static struct raw_answer expect_continue(const char *steps)
{
    uint16_t port = raw_listen(&tried_mock, "s2", "primary");
    struct raw_answer answer;
    struct attempt attempt = { 0 };
    const char *text, *body;
    int fd;

    raw_arm(&tried_mock, RAW_CASE, "primary", steps);
    raw_lease(&tried_mock, "s2", RAW_CASE, NULL);
    fd = raw_connect(port);
    text = raw_chat(RAW_CASE, false, "Expect: 100-continue\r\n");
    body = strstr(text, "\r\n\r\n") + 4;
    raw_send_bytes(fd, text, (size_t)(body - text));
    raw_read(fd, &answer, 60);
    raw_send(fd, body);
    raw_attempts(&tried_mock, RAW_CASE, &attempt, 1);
    cr_expect(attempt.delivered.faithful, "%s", attempt.delivered.deviation);
    cr_expect_eq(attempt.delivered.status, 200);
    attempt_release(&attempt);
    close(fd);
    raw_must(&tried_mock, "DELETE", "/listeners?slot=s2", NULL, NULL);
    raw_must(&tried_mock, "DELETE", "/scripts/" RAW_CASE, NULL, NULL);
    return answer;
}

Test(fault_look, continue_is_sent_unless_the_step_withholds_it)
{
    struct raw_answer answer = expect_continue("[{\"fault\":\"none\"}]");

    cr_expect_eq(answer.status, 100);
    raw_answer_release(&answer);
    answer = expect_continue("[{\"fault\":\"none\",\"interim\":[]}]");
    cr_expect_eq(answer.bytes.length, 0);
    cr_expect_eq(answer.end, RAW_END_OPEN);
    raw_answer_release(&answer);
}

Test(fault_look, early_answer_does_not_wait_for_the_body)
{
    struct tried t;

    tried_step(&t, "early",
               "{\"fault\":\"status\",\"status\":413,\"early\":true}",
               TRIED_HEAD_ONLY, RAW_END_FIN);
    cr_expect_eq(t.answer.status, 413);
    cr_expect(t.view.whole);
    cr_expect_neq(t.attempt.request.body, ATTEMPT_BODY_COMPLETE);
    tried_release(&t);
}

Test(fault_look, redirect_names_another_listener)
{
    uint16_t trap = raw_listen(&tried_mock, "s1", "trap");
    struct tried t;
    char line[96];

    tried_step(&t, "redirect",
               "{\"fault\":\"status\",\"status\":307,\"location\":"
               "\"http://localhost:${trap.port}/v1\"}",
               TRIED_PLAIN, RAW_END_MESSAGE);
    snprintf(line, sizeof line, "Location: http://localhost:%u/v1", trap);
    cr_expect(raw_has_header(&t.answer, line), "%s", buf_text(&t.answer.bytes));
    tried_release(&t);
    tried_step(&t, "redirect",
               "{\"fault\":\"status\",\"status\":301,\"location\":"
               "\"${trap.url}/x\"}",
               TRIED_PLAIN, RAW_END_MESSAGE);
    snprintf(line, sizeof line, "Location: http://127.0.0.1:%u/x", trap);
    cr_expect(raw_has_header(&t.answer, line), "%s", buf_text(&t.answer.bytes));
    tried_release(&t);
}

Test(fault_look, redirect_to_nowhere_is_no_faithful_delivery)
{
    struct tried t;
    int fd = tried_begin(&t,
                         "{\"fault\":\"status\",\"status\":307,\"location\":"
                         "\"${nobody.url}/x\"}",
                         TRIED_PLAIN);

    raw_read_message(fd, &t.answer, 5000);
    tried_leave(&t, fd);
    cr_expect_not(t.attempt.delivered.faithful);
    tried_release(&t);
}
