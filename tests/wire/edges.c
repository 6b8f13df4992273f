/* The mock's edges on the wire: framing of requests, slow and early peers,
 * faults that come too late, and what holds a listener together. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/wire/lib/raw.h"

static struct raw_mock mock;
static struct raw_answer answer;
static struct attempt attempts[8];

static void start(void)
{
    raw_mock_start(&mock, NULL);
}

static void stop(void)
{
    raw_answer_release(&answer);
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++)
        attempt_release(&attempts[i]);
    raw_mock_stop(&mock);
}

TestSuite(edges, .init = start, .fini = stop, .timeout = 30);

static void ask(int fd, const char *request)
{
    raw_answer_release(&answer);
    raw_send(fd, request);
    raw_read_message(fd, &answer, 2000);
}

Test(edges, requests_sent_ahead_are_each_an_attempt)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);
    char *three = xasprintf("%s", raw_chat(RAW_CASE, false, ""));
    char *all = xasprintf("%s%s%s", three, three, three);

    raw_send(fd, all);
    raw_attempts(&mock, RAW_CASE, attempts, 3);
    for (int i = 0; i < 3; i++) {
        cr_assert(attempts[i].request.head_seen, "request %d", i + 1);
        cr_assert(attempts[i].request_on_connection == i + 1);
        cr_assert(attempts[i].request.head_bytes ==
                  attempts[0].request.head_bytes);
        cr_assert(attempts[i].delivered.faithful);
    }
    free(three);
    free(all);
    close(fd);
}

Test(edges, a_raw_answer_with_bytes_behind_the_request_ends_in_a_close)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"dribble\",\"bytes\":900,"
                                     "\"every_ms\":1}]");
    int fd = raw_connect(port);
    char *one = xasprintf("%s", raw_chat(RAW_CASE, false, ""));
    char *two = xasprintf("%s%s", one, one);

    raw_send(fd, two);
    raw_read(fd, &answer, 2000);
    cr_assert(answer.status == 200 && answer.end == RAW_END_FIN);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(!attempts[0].delivered.faithful);
    cr_assert(strstr(attempts[0].delivered.deviation, "behind the request"));
    free(one);
    free(two);
    close(fd);
}

Test(edges, a_chunked_request_is_whole_at_its_last_chunk)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"},"
                                     "{\"fault\":\"dribble\",\"bytes\":900,"
                                     "\"every_ms\":1},{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    for (int i = 0; i < 3; i++)
        ask(fd, "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                "Transfer-Encoding: chunked\r\n\r\n"
                "d\r\n{\"model\":\"m\",\r\n"
                "f;x=y\r\n\"stream\":false}\r\n0\r\nX-T: y\r\n\r\n");
    cr_assert(answer.status == 200);
    raw_attempts(&mock, RAW_CASE, attempts, 3);
    for (int i = 0; i < 3; i++) {
        cr_assert(attempts[i].request.chunked);
        cr_assert(attempts[i].request.body == ATTEMPT_BODY_COMPLETE);
        cr_assert(attempts[i].request.body_bytes == 28, "%lld",
                  (long long)attempts[i].request.body_bytes);
        cr_assert(attempts[i].request.json);
        cr_assert(attempts[i].times_ns.body > 0);
        cr_assert(attempts[i].request.head_seen);
    }
    close(fd);
}

Test(edges, a_client_that_expects_a_continue_gets_one_and_it_is_no_answer)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);
    int64_t sent_ns;

    raw_send(fd, "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                 "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    raw_read(fd, &answer, 50);
    cr_assert_str_eq(buf_text(&answer.bytes), "HTTP/1.1 100 Continue\r\n\r\n");
    sent_ns = clock_now_ns();
    ask(fd, "{}");
    cr_assert(answer.status == 200);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].delivered.status == 200);
    cr_assert(attempts[0].times_ns.first_sent >= sent_ns);
    cr_assert(attempts[0].delivered.sent_bytes == (int64_t)answer.bytes.length);
    close(fd);
}

/* A head of about that many bytes. */
static char *long_head(size_t bytes)
{
    char *padding = xcalloc(1, bytes + 1), *head;

    memset(padding, 'x', bytes);
    head = xasprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                     "X-Long: %s\r\nContent-Length: 2\r\n\r\n{}",
                     padding);
    free(padding);
    return head;
}

Test(edges, a_head_of_twelve_kilobytes_is_taken)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"status\",\"status\":503}]");
    int fd = raw_connect(port);
    char *request = long_head(12000);

    ask(fd, request);
    cr_assert(answer.status == 503, "%d", answer.status);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].request.head_seen);
    cr_assert(attempts[0].request.head_bytes > 12000);
    free(request);
    close(fd);
}

Test(edges, a_head_too_large_for_the_parser_is_recorded)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);
    char *request = long_head(40000);

    /* The answer comes while we still send. */
    send(fd, request, strlen(request), MSG_NOSIGNAL);
    raw_read(fd, &answer, 2000);
    close(fd);
    free(request);
    cr_assert(answer.status == 431 || answer.end == RAW_END_RST, "%d",
              answer.status);
}

Test(edges, a_body_of_a_megabyte_arrives_whole)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);
    size_t size = 1 << 20;
    char *padding = xcalloc(1, size + 1);
    char *head = xasprintf("POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                           "Content-Length: %zu\r\n\r\n{\"a\":\"",
                           size + 8);

    memset(padding, 'x', size);
    raw_send(fd, head);
    raw_send(fd, padding);
    ask(fd, "\"}");
    cr_assert(answer.status == 200);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].request.body_bytes == (int64_t)size + 8);
    cr_assert(attempts[0].request.json);
    free(padding);
    free(head);
    close(fd);
}

Test(edges, a_slow_reader_gets_everything_in_the_end)
{
    /* Raw, and larger than both socket buffers. */
    uint16_t port = raw_ready(
        &mock, "[{\"fault\":\"stream\",\"events\":20000,\"interval_ms\":0}]");
    int fd = raw_connect(port);
    char first;

    raw_send(fd, raw_chat(RAW_CASE, true, ""));
    cr_assert(recv(fd, &first, 1, MSG_PEEK) == 1);
    usleep(50000);
    raw_read_message(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_MESSAGE, "%s after %zu bytes",
              raw_end_names[answer.end], answer.bytes.length);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].delivered.faithful, "%s",
              attempts[0].delivered.deviation);
    cr_assert(attempts[0].delivered.sent_bytes == (int64_t)answer.bytes.length);
    cr_assert(attempts[0].delivered.events >= 20000);
    close(fd);
}

Test(edges, a_reader_that_leaves_a_blocked_answer_is_noticed)
{
    uint16_t port = raw_ready(
        &mock, "[{\"fault\":\"stream\",\"events\":20000,\"interval_ms\":0}]");
    int fd = raw_connect(port);
    char first;

    raw_send(fd, raw_chat(RAW_CASE, true, ""));
    cr_assert(recv(fd, &first, 1, MSG_PEEK) == 1);
    usleep(50000);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].delivered.end == ATTEMPT_END_PEER_RST, "%s",
              attempt_end_names[attempts[0].delivered.end]);
    cr_assert(!attempts[0].delivered.faithful);
    cr_assert(attempts[0].delivered.unsent_bytes > 0);
}

Test(edges, events_keep_their_pace)
{
    uint16_t port = raw_ready(
        &mock, "[{\"fault\":\"stream\",\"events\":20,\"interval_ms\":10}]");
    int fd = raw_connect(port);
    int64_t took_ns;

    ask(fd, raw_chat(RAW_CASE, true, ""));
    cr_assert(answer.end == RAW_END_MESSAGE);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    took_ns = attempts[0].times_ns.last_sent - attempts[0].times_ns.first_sent;
    /* 19 or 20 intervals; lateness does not add up. */
    cr_assert(took_ns >= 19 * 10 * NS_PER_MS - NS_PER_MS, "%lld",
              (long long)took_ns);
    cr_assert(took_ns < 21 * 10 * NS_PER_MS + 2 * NS_PER_S, "%lld",
              (long long)took_ns);
    cr_assert(attempts[0].delivered.events == 20);
    close(fd);
}

Test(edges, http_1_0_gets_its_close_after_replies_and_raw_answers)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"},"
                                     "{\"fault\":\"dribble\",\"bytes\":900,"
                                     "\"every_ms\":1}]");

    for (int i = 0; i < 2; i++) {
        int fd = raw_connect(port);

        raw_answer_release(&answer);
        raw_send(fd, "POST /v1/chat/completions HTTP/1.0\r\n"
                     "Content-Length: 2\r\n\r\n{}");
        raw_read(fd, &answer, 2000);
        cr_assert(answer.status == 200 && answer.end == RAW_END_FIN, "%d: %s",
                  i, raw_end_names[answer.end]);
        close(fd);
    }
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    for (int i = 0; i < 2; i++) {
        cr_assert(attempts[i].delivered.end == ATTEMPT_END_FIN);
        cr_assert(attempts[i].delivered.faithful, "%s",
                  attempts[i].delivered.deviation);
    }
}

Test(edges, a_fault_at_accept_that_finds_its_connection_open_says_so)
{
    uint16_t port = raw_listen(&mock, "s1", "primary");
    int fd;

    raw_arm(&mock, RAW_CASE, "primary", "[{\"fault\":\"none\"}]");
    raw_lease(&mock, "s1", RAW_CASE, NULL);
    fd = raw_connect(port);
    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.end == RAW_END_MESSAGE);
    /* A script stored without a new lease leaves the idle connection open. */
    raw_arm(&mock, RAW_CASE, "primary",
            "[{\"fault\":\"none\"},{\"fault\":\"reset\",\"at\":\"accept\"}]");
    raw_answer_release(&answer);
    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST && !answer.bytes.length);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[0].delivered.faithful);
    cr_assert(!attempts[1].delivered.faithful);
    cr_assert(strstr(attempts[1].delivered.deviation, "open already"), "%s",
              attempts[1].delivered.deviation);
    close(fd);
}

Test(edges, an_early_fault_without_a_lease_comes_late_and_says_so)
{
    uint16_t port = raw_listen(&mock, "s1", "primary");
    int fd = raw_connect(port);

    raw_arm(&mock, RAW_CASE, "primary",
            "[{\"fault\":\"reset\",\"at\":\"request_head\"}]");
    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(!attempts[0].delivered.faithful);
    cr_assert(strstr(attempts[0].delivered.deviation, "whole request"), "%s",
              attempts[0].delivered.deviation);
    close(fd);
}

Test(edges, a_hang_at_the_head_reads_on_and_sees_the_client_leave)
{
    static char body[1 << 20];
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"request_head\"}]");
    int fd = raw_connect(port);
    int64_t left_ns;

    memset(body, 'x', sizeof body - 1);
    raw_send(fd, "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                 "Content-Length: 9000000\r\n\r\n");
    /* More than the socket buffers hold. */
    for (int i = 0; i < 8; i++)
        raw_send(fd, body);
    left_ns = clock_now_ns();
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].request.body == ATTEMPT_BODY_INCOMPLETE);
    cr_assert(attempts[0].times_ns.peer_closed - left_ns < 2 * NS_PER_S);
    cr_assert(attempts[0].delivered.faithful, "%s",
              attempts[0].delivered.deviation);
}

Test(edges, a_hang_at_accept_still_shows_what_came)
{
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"accept\"}]");
    int fd = raw_connect(port);

    raw_send(fd, raw_chat(RAW_CASE, false, "Authorization: Bearer k\r\n"));
    raw_read(fd, &answer, 30);
    cr_assert(answer.end == RAW_END_OPEN && !answer.bytes.length);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 1);
    cr_assert(attempts[0].delivered.faithful);
    cr_assert(attempts[0].request.head_seen);
    cr_assert_str_eq(attempts[0].request.method, "POST");
    cr_assert(attempts[0].request.credential_count == 1);
    cr_assert(attempts[0].ordinal == 1);
}

Test(edges, deleted_listeners_cut_what_is_on_them)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"request\"},"
                                     "{\"fault\":\"delay\",\"ms\":20000},"
                                     "{\"fault\":\"none\"}]");
    int fds[3];

    for (int i = 0; i < 3; i++) {
        fds[i] = raw_connect(port);
        raw_send(fds[i], raw_chat(RAW_CASE, false, ""));
        usleep(5000);
    }
    raw_read_message(fds[2], &answer, 2000);
    cr_assert(answer.end == RAW_END_MESSAGE);
    raw_must(&mock, "DELETE", "/listeners?slot=s1", NULL, NULL);
    for (int i = 0; i < 3; i++) {
        raw_answer_release(&answer);
        raw_read(fds[i], &answer, 1000);
        cr_assert(answer.end == RAW_END_FIN || answer.end == RAW_END_RST,
                  "connection %d: %s", i, raw_end_names[answer.end]);
        close(fds[i]);
    }
    cr_assert(raw_connect_error(port) == ECONNREFUSED);
    raw_attempts(&mock, RAW_CASE, attempts, 3);
    cr_assert(!attempts[1].delivered.faithful);
}

Test(edges, a_reset_of_the_mock_forgets_everything)
{
    struct buf text = { 0 };
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    ask(fd, raw_chat(RAW_CASE, false, ""));
    raw_must(&mock, "POST", "/reset", NULL, NULL);
    raw_must(&mock, "GET", "/attempts", NULL, &text);
    cr_assert(!strstr(buf_text(&text), "\"seq\""), "%s", buf_text(&text));
    cr_assert(raw_connect_error(port) == ECONNREFUSED);
    cr_assert(raw_call(&mock, "DELETE", "/scripts/" RAW_CASE, NULL, &text) ==
              404);
    close(fd);
    buf_release(&text);
}

Test(edges, keys_are_taken_by_fingerprint_and_texts_are_watched)
{
    struct buf text = { 0 };
    char fingerprint[FINGERPRINT_HEX_SIZE];
    uint8_t key[FINGERPRINT_KEY_BYTES];
    const char *hex;
    char *body;
    uint16_t port;
    int fd;

    raw_must(&mock, "GET", "/healthz", NULL, &text);
    hex = strstr(buf_text(&text), "\"fingerprint_key\":\"") + 19;
    body = xstrndup(hex, sizeof key * 2);
    cr_assert(digest_from_hex(key, sizeof key, body));
    free(body);
    digest_fingerprint(fingerprint, key, "sk-good", 7);
    body = xasprintf("{\"slot\":\"s1\",\"upstreams\":[{\"name\":\"primary\","
                     "\"accept\":[\"%s\"]}]}",
                     fingerprint);
    raw_must(&mock, "POST", "/listeners", body, &text);
    free(body);
    port = (uint16_t)strtol(strrchr(buf_text(&text), ':') + 1, NULL, 10);
    raw_must(&mock, "PUT", "/scripts/" RAW_CASE,
             "{\"plant\":{\"completion\":\"planted-answer\"},\"watch\":["
             "{\"id\":\"client.key\",\"text\":\"sk-bad\"},"
             "{\"id\":\"prompt\",\"text\":\"Say ok\"}]}",
             NULL);
    fd = raw_connect(port);
    ask(fd, raw_chat(RAW_CASE, false, "Authorization: Bearer sk-good\r\n"));
    cr_assert(answer.status == 200);
    cr_assert(strstr(raw_body(&answer), "planted-answer"));
    ask(fd, raw_chat(RAW_CASE, false, "Authorization: Bearer sk-bad\r\n"));
    cr_assert(answer.status == 401);
    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.status == 401);
    raw_attempts(&mock, RAW_CASE, attempts, 3);
    cr_assert(attempts[0].request.credentials[0].accepted);
    cr_assert_str_eq(attempts[0].request.credentials[0].fingerprint,
                     fingerprint);
    cr_assert(!attempts[1].request.credentials[0].accepted);
    cr_assert(attempts[1].request.canary_count == 2);
    cr_assert_str_eq(attempts[1].request.canaries[0],
                     "client.key@header:authorization");
    cr_assert_str_eq(attempts[1].request.canaries[1], "prompt@body");
    raw_must(&mock, "GET", "/attempts", NULL, &text);
    cr_assert(!strstr(buf_text(&text), "sk-bad"));
    cr_assert(!strstr(buf_text(&text), "Say ok"));
    close(fd);
    buf_release(&text);
}

Test(edges, two_changes_of_a_lease_at_once_are_refused)
{
    struct buf text = { 0 };
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int idle = raw_connect(port), first = raw_connect(mock.admin);

    /* An idle connection whose client does not close holds the change up. */
    ask(idle, raw_chat(RAW_CASE, false, ""));
    raw_send(first, "POST /leases HTTP/1.1\r\nHost: m\r\nContent-Length: 46\r\n"
                    "\r\n{\"slot\":\"s1\",\"drill_id\":\"" RAW_CASE "\"}");
    usleep(5000);
    cr_assert(raw_call(&mock, "POST", "/leases",
                       "{\"slot\":\"s1\",\"drill_id\":\"" RAW_CASE "\"}",
                       &text) == 409,
              "%s", buf_text(&text));
    raw_answer_release(&answer);
    raw_read_message(first, &answer, 2000);
    cr_assert(answer.status == 200, "%s", buf_text(&answer.bytes));
    close(idle);
    close(first);
    buf_release(&text);
}
