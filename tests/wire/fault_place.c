/* Echoes, idle connections, keys and outages, and streams written oddly. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/digest.h"
#include "common/json.h"
#include "tests/wire/lib/tried.h"

TestSuite(fault_place, .init = tried_start, .fini = tried_stop, .timeout = 60);

Test(fault_place, odd_streams_carry_the_same_answer)
{
    static const char *const rows[] = {
        "\"line_end\":\"crlf\"",  "\"line_end\":\"cr\"",
        "\"line_end\":\"mixed\"", "\"space\":false",
        "\"multi_line\":true",    "\"comments\":true,\"fields\":true",
        "\"final_blank\":false",  "\"bom\":true",
        "\"multibyte\":true",     "\"line_bytes\":1258291",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        char step[256];

        snprintf(step, sizeof step,
                 "{\"fault\":\"stream\",\"sse\":{%s},"
                 "\"end\":{\"how\":\"fin\"}}",
                 rows[i]);
        tried_step(&t, step, step, TRIED_STREAM, RAW_END_FIN);
        cr_expect_eq(tried_shape(&t), ANSWER_COMPLETE, "%s", step);
        cr_expect_eq(t.attempt.delivered.events, 24, "%s", step);
        tried_release(&t);
    }
}

Test(fault_place, ten_thousand_events_arrive)
{
    struct tried t;

    tried_step(&t, "10000",
               "{\"fault\":\"stream\",\"events\":10000,"
               "\"end\":{\"how\":\"fin\"}}",
               TRIED_STREAM, RAW_END_FIN);
    cr_expect_eq(view_tokens(&t.view), 10000);
    tried_release(&t);
}

#define SECRET "SECRETkey7f3a"

Test(fault_place, echo_comes_back_and_never_gets_into_the_journal)
{
    static const char *const rows[] = {
        "{\"fault\":\"status\",\"status\":401,"
        "\"echo\":{\"what\":\"credential\",\"where\":\"body\"}}",
        "{\"fault\":\"none\",\"echo\":{\"what\":\"credential\","
        "\"where\":\"header\"}}",
        "{\"fault\":\"status\",\"status\":500,"
        "\"echo\":{\"what\":\"prompt\",\"where\":\"body\"}}",
        "{\"fault\":\"none\",\"echo\":{\"what\":\"prompt\","
        "\"where\":\"header\"}}",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool credential = strstr(rows[i], "credential") != NULL;
        struct raw_answer answer;
        struct buf steps = { 0 }, journal = { 0 };
        char id[DRILL_ID_SIZE];
        uint16_t port = raw_listen(&tried_mock, "s3", "primary");
        int fd;

        drill_id_format(id, (struct drill_id){ 0x777000 + i, 1 });
        buf_printf(&steps, "[%s]", rows[i]);
        raw_arm(&tried_mock, id, "primary", steps.data);
        raw_lease(&tried_mock, "s3", id, NULL);
        fd = raw_connect(port);
        raw_send(fd,
                 raw_chat(id, false, "Authorization: Bearer " SECRET "\r\n"));
        raw_read_message(fd, &answer, 5000);
        cr_expect_eq(answer.end, RAW_END_MESSAGE);
        /* The drill id stands in the prompt. */
        cr_expect(strstr(answer.bytes.data, credential ? SECRET : id), "%s: %s",
                  rows[i], answer.bytes.data);
        raw_must(&tried_mock, "GET", "/attempts?wait_ms=2000", NULL, &journal);
        cr_expect(strstr(journal.data, "\"faithful\":true"));
        cr_expect_null(strstr(journal.data, SECRET));
        cr_expect_null(strstr(journal.data, "faithful\":false"), "%s",
                       journal.data);
        raw_answer_release(&answer);
        buf_release(&steps);
        buf_release(&journal);
        close(fd);
        raw_must(&tried_mock, "DELETE", "/listeners?slot=s3", NULL, NULL);
    }
}

Test(fault_place, idle_connection_is_closed_after_its_time)
{
    struct tried t;
    int fd = tried_begin(
        &t, "{\"fault\":\"none\",\"idle\":{\"fin_after_ms\":40}}", TRIED_PLAIN);
    struct raw_answer rest;
    int64_t answered_ns;

    raw_read_message(fd, &t.answer, 5000);
    answered_ns = clock_now_ns();
    cr_expect_eq(t.answer.end, RAW_END_MESSAGE);
    raw_read(fd, &rest, 3000);
    cr_expect_eq(rest.end, RAW_END_FIN);
    cr_expect_eq(rest.bytes.length, 0);
    cr_expect_geq(clock_now_ns() - answered_ns, 30 * NS_PER_MS);
    raw_answer_release(&rest);
    tried_leave(&t, fd);
    cr_expect(t.attempt.delivered.faithful, "%s",
              t.attempt.delivered.deviation);
    cr_expect_eq(t.attempt.delivered.end, ATTEMPT_END_KEEP);
    tried_release(&t);
}

Test(fault_place, silence_comes_before_the_end)
{
    struct tried t;
    int fd = tried_begin(&t,
                         "{\"fault\":\"stream\",\"end\":{\"how\":\"fin\","
                         "\"at\":\"event:3\",\"after_ms\":80}}",
                         TRIED_STREAM);

    raw_read(fd, &t.answer, 5000);
    cr_expect_eq(t.answer.end, RAW_END_FIN);
    tried_leave(&t, fd);
    cr_expect_geq(t.attempt.times_ns.end - t.attempt.times_ns.first_sent,
                  80 * NS_PER_MS);
    cr_expect(t.attempt.delivered.faithful, "%s",
              t.attempt.delivered.deviation);
    cr_expect_eq(t.attempt.delivered.events, 3);
    tried_release(&t);
}

Test(fault_place, next_request_in_time_is_answered)
{
    struct raw_answer second;
    struct attempt attempts[2] = { 0 };
    struct tried t;
    char id[DRILL_ID_SIZE];
    /* Also where the head says that it ends. */
    int fd = tried_begin(&t,
                         "{\"fault\":\"none\",\"idle\":{\"fin_after_ms\":3000},"
                         "\"headers\":[[\"Connection\",\"close\"]]}",
                         TRIED_PLAIN);

    raw_read_message(fd, &t.answer, 5000);
    drill_id_format(id, t.id);
    raw_send(fd, raw_chat(id, false, ""));
    raw_read_message(fd, &second, 5000);
    cr_expect_eq(second.end, RAW_END_MESSAGE);
    cr_expect_eq(second.status, 200);
    raw_attempts(&tried_mock, id, attempts, 2);
    cr_expect_eq(attempts[1].ordinal, 2);
    cr_expect_eq(attempts[1].connection, attempts[0].connection);
    cr_expect(attempts[1].delivered.faithful);
    attempt_release(&attempts[0]);
    attempt_release(&attempts[1]);
    raw_answer_release(&second);
    close(fd);
    tried_release(&t);
}

Test(fault_place, next_request_is_reset_unread)
{
    struct tried t;
    int fd = tried_begin(
        &t, "{\"fault\":\"none\",\"idle\":{\"rst_on_next_byte\":true}}",
        TRIED_PLAIN);
    struct raw_answer rest;
    char id[DRILL_ID_SIZE];

    raw_read_message(fd, &t.answer, 5000);
    drill_id_format(id, t.id);
    raw_send(fd, raw_chat(id, false, ""));
    raw_read(fd, &rest, 3000);
    cr_expect_eq(rest.end, RAW_END_RST);
    raw_answer_release(&rest);
    /* One attempt: of the second request nothing was read. */
    tried_leave(&t, fd);
    cr_expect(t.attempt.delivered.faithful);
    tried_release(&t);
}

Test(fault_place, idle_connections_go_with_the_lease)
{
    struct tried first, second;
    struct raw_answer rest;
    int fd = tried_begin(
        &first, "{\"fault\":\"none\",\"idle\":{\"rst_on_next_byte\":true}}",
        TRIED_PLAIN);

    raw_read_message(fd, &first.answer, 5000);
    tried_step(&second, "next case", "{\"fault\":\"none\"}", TRIED_PLAIN,
               RAW_END_MESSAGE);
    raw_read(fd, &rest, 3000);
    cr_expect_eq(rest.end, RAW_END_FIN);
    raw_answer_release(&rest);
    tried_leave(&first, fd);
    tried_release(&first);
    tried_release(&second);
}

/* One request on a connection of its own; its status. */
static int status_of(uint16_t port, const char *id, const char *extra)
{
    struct raw_answer answer;
    int fd = raw_connect(port), status;

    raw_send(fd, raw_chat(id, false, extra));
    raw_read_message(fd, &answer, 5000);
    status = answer.status;
    raw_answer_release(&answer);
    close(fd);
    return status;
}

Test(fault_place, outage_is_over_after_its_time)
{
    uint16_t port = raw_listen(&tried_mock, "s4", "primary");
    int64_t begun_ns = clock_now_ns();
    int refused = 0;

    raw_arm(&tried_mock, RAW_CASE, "primary",
            "[{\"fault\":\"status\",\"status\":503,\"for_ms\":150},"
            "{\"fault\":\"none\"}]");
    raw_lease(&tried_mock, "s4", RAW_CASE, NULL);

    while (status_of(port, RAW_CASE, "") == 503 && refused < 1000) {
        refused++;
        usleep(10000);
    }
    cr_expect_gt(refused, 1, "more than one attempt met it");
    cr_expect_lt(refused, 1000);
    cr_expect_geq(clock_now_ns() - begun_ns, 150 * NS_PER_MS);
}

static void fingerprint_of(char out[static FINGERPRINT_HEX_SIZE],
                           const char *key)
{
    uint8_t secret[FINGERPRINT_KEY_BYTES];
    struct buf answer = { 0 };
    struct json *root;
    struct err err;
    const char *hex;

    raw_must(&tried_mock, "GET", "/healthz", NULL, &answer);
    root = json_parse(answer.data, answer.length, "healthz", &err);
    hex = json_get_text(root, "fingerprint_key", "");
    cr_assert_eq(strlen(hex), 2 * sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        cr_assert_eq(sscanf(hex + 2 * i, "%2hhx", &secret[i]), 1);
    digest_fingerprint(out, secret, key, strlen(key));
    json_free(root);
    buf_release(&answer);
}

/* A listener that takes the keys KEYone and KEYtwo, in this order. */
static uint16_t listen_with_keys(void)
{
    char one[FINGERPRINT_HEX_SIZE], two[FINGERPRINT_HEX_SIZE], body[256];
    struct buf answer = { 0 };
    const char *colon;
    uint16_t port;

    fingerprint_of(one, "KEYone");
    fingerprint_of(two, "KEYtwo");
    snprintf(body, sizeof body,
             "{\"slot\":\"s5\",\"upstreams\":[{\"name\":\"primary\","
             "\"accept\":[\"%s\",\"%s\"]}]}",
             one, two);
    raw_must(&tried_mock, "POST", "/listeners", body, &answer);
    colon = strrchr(answer.data, ':');
    cr_assert(colon);
    port = (uint16_t)strtoul(colon + 1, NULL, 10);
    buf_release(&answer);
    return port;
}

Test(fault_place, each_key_meets_its_own_steps)
{
    static const char one[] = "Authorization: Bearer KEYone\r\n";
    static const char two[] = "Authorization: Bearer KEYtwo\r\n";
    uint16_t port = listen_with_keys();

    raw_arm(&tried_mock, RAW_CASE, "primary",
            "[{\"fault\":\"status\",\"status\":429,\"when\":{\"key\":1}},"
            "{\"fault\":\"status\",\"status\":503,\"when\":{\"key\":2}},"
            "{\"fault\":\"none\",\"when\":{\"key\":2}}]");
    raw_lease(&tried_mock, "s5", RAW_CASE, NULL);
    cr_expect_eq(status_of(port, RAW_CASE, two), 503);
    cr_expect_eq(status_of(port, RAW_CASE, one), 429);
    cr_expect_eq(status_of(port, RAW_CASE, two), 200);
    cr_expect_eq(status_of(port, RAW_CASE, one), 429);
    /* Nobody's key has no step: a healthy upstream, which refuses it. */
    cr_expect_eq(status_of(port, RAW_CASE, ""), 401);
}
