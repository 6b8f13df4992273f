/* The mock's core on the wire: connections, ends, leases, epochs, the journal.
 */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/wire/lib/raw.h"

static struct raw_mock mock;
static struct raw_answer answer;

static void start(void)
{
    raw_mock_start(&mock, NULL);
}

static void stop(void)
{
    raw_answer_release(&answer);
    raw_mock_stop(&mock);
}

TestSuite(core, .init = start, .fini = stop, .timeout = 30);

/* Sends a chat request and reads one message on an open connection. */
static void ask(int fd, const char *request)
{
    raw_answer_release(&answer);
    raw_send(fd, request);
    raw_read_message(fd, &answer, 2000);
}

Test(core, a_connection_is_kept_over_replies_and_raw_answers)
{
    static struct attempt attempts[4];
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"none\"},"
                         "{\"fault\":\"dribble\",\"bytes\":400,\"every_ms\":1},"
                         "{\"fault\":\"dribble\",\"bytes\":500,\"every_ms\":1},"
                         "{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    for (int i = 0; i < 4; i++) {
        ask(fd, raw_chat(RAW_CASE, false, ""));
        cr_assert(answer.end == RAW_END_MESSAGE, "request %d ended with %s",
                  i + 1, raw_end_names[answer.end]);
        cr_assert(answer.status == 200);
    }
    raw_attempts(&mock, RAW_CASE, attempts, 4);
    for (int i = 0; i < 4; i++) {
        cr_assert(attempts[i].connection == 1);
        cr_assert(attempts[i].request_on_connection == i + 1);
        cr_assert(attempts[i].ordinal == i + 1);
        cr_assert(attempts[i].delivered.end == ATTEMPT_END_KEEP);
        cr_assert(attempts[i].delivered.faithful, "%s",
                  attempts[i].delivered.deviation);
        cr_assert(attempts[i].request.head_seen);
        cr_assert(attempts[i].request.body == ATTEMPT_BODY_COMPLETE);
        attempt_release(&attempts[i]);
    }
    close(fd);
}

Test(core, a_reset_is_a_reset)
{
    static struct attempt attempt;
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"reset\",\"at\":\"request\"}]");
    int fd = raw_connect(port);

    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST, "%s", raw_end_names[answer.end]);
    cr_assert(answer.bytes.length == 0);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert(attempt.delivered.end == ATTEMPT_END_RST);
    cr_assert(attempt.delivered.faithful);
    cr_assert(attempt.delivered.status == -1);
    attempt_release(&attempt);
    close(fd);
}

Test(core, a_close_is_a_fin_although_the_body_was_never_read)
{
    static struct attempt attempt;
    static char body[20001];
    char head[128];
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"close\",\"at\":\"request_head\"}]");
    int fd = raw_connect(port);

    memset(body, 'x', sizeof body - 1);
    snprintf(head, sizeof head,
             "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
             "Content-Length: 40000\r\n\r\n");
    raw_send(fd, head);
    raw_send(fd, body);
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_FIN, "%s", raw_end_names[answer.end]);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert(attempt.delivered.end == ATTEMPT_END_FIN);
    cr_assert(attempt.request.body != ATTEMPT_BODY_COMPLETE);
    attempt_release(&attempt);
    close(fd);
}

/* Leaves a hanging exchange and checks how, and how fast, that was seen. */
static void leave_a_hang(void (*leave)(int), enum attempt_end seen)
{
    static struct attempt attempt;
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"headers_end\"}]");
    int fd = raw_connect(port);
    int64_t left_ns;

    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 60);
    cr_assert(answer.end == RAW_END_OPEN && answer.head_length);
    left_ns = clock_now_ns();
    leave(fd);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert(attempt.delivered.end == seen, "%s",
              attempt_end_names[attempt.delivered.end]);
    cr_assert(attempt.delivered.faithful, "%s", attempt.delivered.deviation);
    cr_assert(attempt.delivered.peer_closed_first);
    cr_assert(attempt.times_ns.peer_closed >= left_ns);
    cr_assert(attempt.times_ns.peer_closed - left_ns < 2 * NS_PER_S,
              "seen after %lld ns",
              (long long)(attempt.times_ns.peer_closed - left_ns));
    attempt_release(&attempt);
}

static void leave_with_fin(int fd)
{
    close(fd);
}

Test(core, a_client_that_leaves_a_hang_is_seen_at_once)
{
    leave_a_hang(leave_with_fin, ATTEMPT_END_PEER_FIN);
}

Test(core, a_client_that_resets_a_hang_is_seen_as_a_reset)
{
    leave_a_hang(raw_abort, ATTEMPT_END_PEER_RST);
}

Test(core, a_delay_that_the_client_does_not_wait_out_was_delivered)
{
    static struct attempt attempt;
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"delay\",\"ms\":1000}]");
    int fd = raw_connect(port);

    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 40);
    cr_assert(answer.end == RAW_END_OPEN && !answer.bytes.length);
    close(fd);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert(attempt.delivered.peer_closed_first);
    cr_assert(attempt.delivered.faithful, "%s", attempt.delivered.deviation);
    cr_assert(attempt.times_ns.peer_closed - attempt.times_ns.body <
              1000 * NS_PER_MS);
    attempt_release(&attempt);
}

Test(core, a_request_is_known_to_have_arrived_before_it_was_read)
{
    static struct attempt attempt;
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);
    int64_t sent_ns;

    kill(mock.pid, SIGSTOP);
    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    sent_ns = clock_now_ns();
    usleep(400 * 1000); /* the mock is late on purpose */
    kill(mock.pid, SIGCONT);
    raw_read(fd, &answer, 2000);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert_geq(attempt.times_ns.body - sent_ns, 400 * NS_PER_MS);
    cr_assert_leq(attempt.times_ns.arrived, attempt.times_ns.body);
    cr_assert_lt(attempt.times_ns.arrived - sent_ns, 200 * NS_PER_MS);
    attempt_release(&attempt);
    close(fd);
}

Test(core, a_client_that_half_closes_gets_its_late_answer)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"delay\",\"ms\":40},"
                                     "{\"fault\":\"dribble\",\"bytes\":600,"
                                     "\"every_ms\":5,\"before_ms\":30}]");

    for (int i = 0; i < 2; i++) {
        int fd = raw_connect(port);

        raw_send(fd, raw_chat(RAW_CASE, false, ""));
        shutdown(fd, SHUT_WR);
        raw_answer_release(&answer);
        raw_read(fd, &answer, 2000);
        cr_assert(answer.status == 200, "request %d: %d", i, answer.status);
        cr_assert(answer.end == RAW_END_FIN);
        close(fd);
    }
}

Test(core, aborted_requests_leave_no_close_wait)
{
    struct buf text = { 0 };
    const char *whole = raw_chat(RAW_CASE, false, "");
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int64_t until_ns;

    for (int i = 0; i < 1000; i++) {
        int fd = raw_connect(port);

        /* Half a head, half a body, all of it; closed with the last byte. */
        raw_send_bytes(fd, whole,
                       i % 3 == 0   ? 40
                       : i % 3 == 1 ? strlen(whole) - 20
                                    : strlen(whole));
        if (i % 2)
            close(fd);
        else
            raw_abort(fd);
    }
    until_ns = clock_now_ns() + 30 * NS_PER_S;
    while (raw_close_waits(port) && clock_now_ns() < until_ns)
        usleep(5000);
    cr_assert(raw_close_waits(port) == 0, "%zu sockets in CLOSE-WAIT",
              raw_close_waits(port));
    raw_must(&mock, "GET", "/metrics", NULL, &text);
    cr_assert(strstr(buf_text(&text), "gatedrill_mock_connections 0\n"), "%s",
              buf_text(&text));
    cr_assert(strstr(buf_text(&text), "gatedrill_mock_open 0\n"));
    buf_release(&text);
}

Test(core, two_slots_are_leased_to_two_cases_at_once)
{
    static struct attempt attempt;
    const char *cases[] = { "gd-00000000000a0001", "gd-00000000000b0001" };
    const char *steps[] = { "[{\"fault\":\"status\",\"status\":503}]",
                            "[{\"fault\":\"status\",\"status\":429}]" };
    const char *slots[] = { "s1", "s2" };
    int statuses[] = { 503, 429 };
    uint16_t ports[2];

    for (int i = 0; i < 2; i++) {
        ports[i] = raw_listen(&mock, slots[i], "primary");
        raw_arm(&mock, cases[i], "primary", steps[i]);
        raw_lease(&mock, slots[i], cases[i], NULL);
    }
    for (int i = 0; i < 2; i++) {
        int fd = raw_connect(ports[i]);

        /* No id in the text: the lease alone says whose it is. */
        ask(fd, raw_chat(NULL, false, ""));
        cr_assert(answer.status == statuses[i]);
        close(fd);
        raw_attempts(&mock, cases[i], &attempt, 1);
        cr_assert(attempt.by == ATTEMPT_BY_LEASE);
        cr_assert_str_eq(attempt.slot, slots[i]);
        attempt_release(&attempt);
    }
}

Test(core, a_reset_at_accept_comes_before_any_byte)
{
    static struct attempt attempts[2];
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"reset\",\"at\":\"accept\"},"
                                     "{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST && !answer.bytes.length);
    close(fd);
    fd = raw_connect(port);
    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.status == 200);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[0].ordinal == 1 && attempts[1].ordinal == 2);
    cr_assert(attempts[0].times_ns.head == 0);
    cr_assert(attempts[0].delivered.faithful);
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
}

Test(core, the_answer_before_a_fault_at_accept_leaves_no_connection_open)
{
    static struct attempt attempts[2];
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"status\",\"status\":503},"
                         "{\"fault\":\"reset\",\"at\":\"accept\"}]");
    int fd = raw_connect(port);

    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 2000);
    cr_assert(answer.status == 503 && answer.end == RAW_END_FIN);
    cr_assert(raw_has_header(&answer, "Connection: close"));
    close(fd);
    fd = raw_connect(port);
    raw_answer_release(&answer);
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end == RAW_END_RST);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    for (int i = 0; i < 2; i++) {
        cr_assert(attempts[i].delivered.faithful, "%s",
                  attempts[i].delivered.deviation);
        attempt_release(&attempts[i]);
    }
}

Test(core, a_refusing_listener_refuses_and_keeps_its_port)
{
    struct buf text = { 0 };
    uint16_t port = raw_listen(&mock, "s1", "primary");
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port),
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, fd;

    raw_arm(&mock, RAW_CASE, "primary", "[{\"fault\":\"refuse\"}]");
    cr_assert(raw_connect_error(port) == 0);
    raw_lease(&mock, "s1", RAW_CASE, &text);
    cr_assert(strstr(buf_text(&text), "{\"upstream\":\"primary\",\"expected\":"
                                      "\"refused\",\"seen\":\"refused\"}"),
              "%s", buf_text(&text));
    cr_assert(raw_connect_error(port) == ECONNREFUSED);

    /* Nobody takes the port meanwhile, politely or not. */
    for (int reuse = 0; reuse < 2; reuse++) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        if (reuse)
            setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        cr_assert(bind(fd, (struct sockaddr *)&address, sizeof address) == -1 &&
                  errno == EADDRINUSE);
        close(fd);
    }

    raw_must(&mock, "DELETE", "/leases?slot=s1", NULL, &text);
    cr_assert(strstr(buf_text(&text), "\"expected\":\"refused\",\"seen\":"
                                      "\"refused\""));
    cr_assert(raw_connect_error(port) == 0);
    buf_release(&text);
}

Test(core, a_probe_is_no_connection_and_no_attempt)
{
    struct buf text = { 0 };

    raw_ready(&mock, "[{\"fault\":\"reset\",\"at\":\"accept\"}]");
    raw_must(&mock, "GET", "/metrics", NULL, &text);
    cr_assert(strstr(buf_text(&text), "_connections_total 0\n"));
    raw_must(&mock, "GET", "/attempts", NULL, &text);
    cr_assert(strstr(buf_text(&text), "{\"end\":{\"open\":0,\"last\":0,"));
    buf_release(&text);
}

Test(core, a_lease_closes_idle_connections_first)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.end == RAW_END_MESSAGE);
    raw_answer_release(&answer);
    raw_lease(&mock, "s1", RAW_CASE, NULL);
    raw_read(fd, &answer, 20);
    cr_assert(answer.end == RAW_END_FIN, "%s", raw_end_names[answer.end]);
    close(fd);
}

Test(core, a_lease_waits_for_a_slow_peer_to_leave_its_idle_connection)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port), admin = raw_connect(mock.admin);

    ask(fd, raw_chat(RAW_CASE, false, ""));
    raw_answer_release(&answer);
    raw_send(admin, "POST /leases HTTP/1.1\r\nHost: m\r\nContent-Length: 46\r\n"
                    "\r\n{\"slot\":\"s1\",\"drill_id\":\"" RAW_CASE "\"}");
    raw_read_message(admin, &answer, 400);
    cr_assert(answer.status != 200, "it did not wait");
    raw_answer_release(&answer);
    close(fd);
    raw_read_message(admin, &answer, 400);
    cr_assert(answer.status == 200);
    close(admin);
}

Test(core, an_attempt_whose_body_never_came_counts)
{
    static struct attempt attempts[2];
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"status\",\"status\":503},"
                                     "{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.status == 503);
    close(fd);
    fd = raw_connect(port);
    raw_send(fd, "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                 "Content-Length: 100\r\n\r\n");
    usleep(5000);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[1].ordinal == 2);
    cr_assert(attempts[1].request.body == ATTEMPT_BODY_NONE);
    cr_assert(attempts[1].request.content_length == 100);
    cr_assert(attempts[1].delivered.end == ATTEMPT_END_PEER_FIN);
    cr_assert(!attempts[1].delivered.faithful);
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
}

Test(core, an_attempt_of_an_earlier_epoch_is_late)
{
    static struct attempt attempts[2];
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"status\",\"status\":503}]");
    int fd = raw_connect(port);

    raw_arm(&mock, "gd-0123456789ab0002", "primary", "[{\"fault\":\"none\"}]");
    raw_lease(&mock, "s1", "gd-0123456789ab0002", NULL);
    close(fd);
    fd = raw_connect(port);
    ask(fd, raw_chat("gd-0123456789ab0001", false, ""));
    cr_assert(answer.status == 503, "the first epoch's script");
    ask(fd, raw_chat("gd-0123456789ab0002", false, ""));
    cr_assert(answer.status == 200);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[0].late && attempts[0].id.epoch == 1);
    cr_assert(attempts[0].ordinal == 1);
    cr_assert(!attempts[1].late && attempts[1].id.epoch == 2);
    cr_assert(attempts[1].ordinal == 1, "the late one takes no step of it");
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
}

Test(core, a_lease_and_another_drill_id_are_a_contradiction)
{
    static struct attempt attempt;
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    ask(fd, raw_chat("gd-00000000beef0001", false, ""));
    cr_assert(answer.status == 200);
    close(fd);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert(attempt.contradiction);
    attempt_release(&attempt);
}

Test(core, without_a_lease_the_text_says_whose_it_is)
{
    static struct attempt attempts[2];
    uint16_t port = raw_listen(&mock, "s1", "primary");
    int fd = raw_connect(port);

    raw_arm(&mock, RAW_CASE, "primary",
            "[{\"fault\":\"status\",\"status\":502}]");
    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.status == 502);
    ask(fd, raw_chat(NULL, false, "x-drill-id: " RAW_CASE "\r\n"));
    cr_assert(answer.status == 502);
    ask(fd, raw_chat(NULL, false, ""));
    cr_assert(answer.status == 404, "nobody's");
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[0].by == ATTEMPT_BY_TEXT);
    cr_assert(attempts[1].by == ATTEMPT_BY_HEADER);
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
}

Test(core, another_route_is_a_finding_and_takes_no_step)
{
    static struct attempt attempts[2];
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"status\",\"status\":503}]");
    int fd = raw_connect(port);

    ask(fd, "GET /health HTTP/1.1\r\nHost: m\r\n\r\n");
    cr_assert(answer.status == 404);
    ask(fd, raw_chat(RAW_CASE, false, ""));
    cr_assert(answer.status == 503);
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[0].other_route && attempts[0].ordinal == 0);
    cr_assert(!attempts[1].other_route && attempts[1].ordinal == 1);
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
}

Test(core, every_head_of_a_connection_is_looked_at)
{
    static struct attempt attempts[2];
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    ask(fd, raw_chat(RAW_CASE, false, "Authorization: Bearer one\r\n"));
    ask(fd, raw_chat(RAW_CASE, false,
                     "Authorization: Bearer two\r\nX-Odd : 1\r\n"
                     "x-stainless-retry-count: 2\r\n"));
    close(fd);
    raw_attempts(&mock, RAW_CASE, attempts, 2);
    cr_assert(attempts[0].request.head_finding_count == 0);
    cr_assert(attempts[1].request.head_finding_count == 1);
    cr_assert_str_eq(attempts[1].request.head_findings[0],
                     "space_before_colon");
    cr_assert(attempts[1].request.client_retry_marker == 2);
    cr_assert(attempts[0].request.credential_count == 1);
    cr_assert_str_neq(attempts[0].request.credentials[0].fingerprint,
                      attempts[1].request.credentials[0].fingerprint);
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
}

Test(core, a_head_that_the_parser_refuses_is_recorded)
{
    static struct attempt attempt;
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int fd = raw_connect(port);

    raw_send(fd, "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
                 "Content-Length: -5\r\n\r\n");
    raw_read(fd, &answer, 2000);
    cr_assert(answer.status == 400, "%s", buf_text(&answer.bytes));
    close(fd);
    raw_attempts(&mock, RAW_CASE, &attempt, 1);
    cr_assert(attempt.other_route && !attempt.delivered.faithful);
    cr_assert(attempt.delivered.status == 400);
    cr_assert_str_eq(attempt.request.head_findings[0], "bad_content_length");
    attempt_release(&attempt);
}

Test(core, a_long_poll_ends_with_the_attempt)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"none\"}]");
    int poll_fd = raw_connect(mock.admin), fd;
    int64_t begun_ns = clock_now_ns();

    raw_send(poll_fd, "GET /attempts?drill_id=" RAW_CASE "&wait_ms=5000 "
                      "HTTP/1.1\r\nHost: m\r\n\r\n");
    raw_read(poll_fd, &answer, 30);
    cr_assert(answer.end == RAW_END_OPEN && !answer.bytes.length,
              "it waits while there is nothing");
    raw_answer_release(&answer);
    fd = raw_connect(port);
    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read_message(poll_fd, &answer, 2000);
    cr_assert(answer.status == 200 && strstr(raw_body(&answer), "\"seq\":1"));
    cr_assert(clock_now_ns() - begun_ns < NS_PER_S);
    close(fd);
    close(poll_fd);
}

Test(core, a_long_poll_ends_when_its_time_is_over)
{
    struct buf text = { 0 };
    int64_t begun_ns = clock_now_ns();

    raw_must(&mock, "GET", "/attempts?wait_ms=60", NULL, &text);
    cr_assert(clock_now_ns() - begun_ns >= 60 * NS_PER_MS);
    cr_assert_str_eq(buf_text(&text), "{\"end\":{\"open\":0,\"last\":0,"
                                      "\"foreign\":0,\"dropped\":0}}\n");
    buf_release(&text);
}

Test(core, what_is_still_held_is_shown_and_ends_with_its_case)
{
    struct buf text = { 0 };
    uint16_t port =
        raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"request\"}]");
    int fd = raw_connect(port);

    raw_send(fd, raw_chat(RAW_CASE, false, ""));
    raw_read(fd, &answer, 30);
    raw_must(&mock, "GET", "/attempts?drill_id=" RAW_CASE "&open=1", NULL,
             &text);
    cr_assert(strstr(buf_text(&text), "\"end\":\"open\""), "%s",
              buf_text(&text));
    cr_assert(strstr(buf_text(&text), "{\"end\":{\"open\":1,"));
    raw_must(&mock, "DELETE", "/scripts/" RAW_CASE, NULL, NULL);
    raw_answer_release(&answer);
    raw_read(fd, &answer, 2000);
    cr_assert(answer.end != RAW_END_OPEN);
    raw_must(&mock, "GET", "/attempts", NULL, &text);
    cr_assert(strstr(buf_text(&text), "{\"end\":{\"open\":0,"), "%s",
              buf_text(&text));
    cr_assert(!strstr(buf_text(&text), "\"seq\""));
    close(fd);
    buf_release(&text);
}

Test(core, it_stops_while_exchanges_are_held_and_delayed)
{
    uint16_t port = raw_ready(&mock, "[{\"fault\":\"hang\",\"at\":\"request\"},"
                                     "{\"fault\":\"delay\",\"ms\":20000},"
                                     "{\"fault\":\"delay\",\"ms\":20000}]");

    for (int i = 0; i < 3; i++)
        raw_send(raw_connect(port), raw_chat(RAW_CASE, false, ""));
    raw_send(raw_connect(mock.admin), "GET /attempts?wait_ms=20000 "
                                      "HTTP/1.1\r\nHost: m\r\n\r\n");
    usleep(20000);
    /* stop() sees that it ends by itself, with status 0. */
}

struct refused_call {
    const char *method, *path, *body;
    int status;
    const char *text;
};

Test(core, the_control_port_names_what_is_wrong)
{
    static const struct refused_call calls[] = {
        { "PUT", "/scripts/gd-0123456789ab0001",
          "{\"upstreams\":{\"primary\":[{\"fault\":\"stauts\"}]}}", 400,
          "body: $.upstreams.primary[0].fault" },
        { "PUT", "/scripts/gd-0123456789ab0001", "{\"upstream\":{}}", 400,
          "upstreams" },
        { "PUT", "/scripts/gd-0123456789ab0001", "{\"upstreams\":{}} x", 400,
          "body" },
        { "PUT", "/scripts/gd-12", "{}", 400, "drill_id" },
        { "POST", "/leases", "{\"slot\":\"s1\",\"drill_id\":\"" RAW_CASE "\"}",
          409, "no script" },
        { "POST", "/listeners", "{\"slot\":\"s1\"}", 400, "upstreams" },
        { "POST", "/listeners",
          "{\"slot\":\"s1\",\"host\":\"0.0.0.0\",\"upstreams\":[{\"name\":"
          "\"primary\"}]}",
          400, "loopback" },
        { "DELETE", "/listeners?slot=none", NULL, 404, "slot" },
        { "GET", "/attempts?after=x", NULL, 400, "after" },
        { "GET", "/nothing", NULL, 404, "no such call" },
    };
    struct buf text = { 0 };

    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        int status = raw_call(&mock, calls[i].method, calls[i].path,
                              calls[i].body, &text);

        cr_assert(status == calls[i].status, "%s %s: %d %s", calls[i].method,
                  calls[i].path, status, buf_text(&text));
        cr_assert(strstr(buf_text(&text), calls[i].text), "%s %s: %s",
                  calls[i].method, calls[i].path, buf_text(&text));
    }
    buf_release(&text);
}
