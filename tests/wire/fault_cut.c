/* hang, close, reset and refuse on the wire, at every point. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/json.h"
#include "tests/wire/lib/tried.h"

TestSuite(fault_cut, .init = tried_start, .fini = tried_stop, .timeout = 60);

static const struct {
    const char *fault;
    enum raw_end end;
} cutting[] = { { "hang", RAW_END_OPEN },
                { "close", RAW_END_FIN },
                { "reset", RAW_END_RST } };

/* Points before the head is whole; what stands is all that comes. */
static const struct {
    const char *at;
    enum tried_request request;
    const char *bytes; /* NULL: see below */
} early[] = {
    { "accept", TRIED_NOTHING, "" },
    { "request_head", TRIED_HEAD_ONLY, "" },
    { "request_head", TRIED_PLAIN, "" },
    { "request", TRIED_PLAIN, "" },
    { "request", TRIED_STREAM, "" },
    { "status_line", TRIED_PLAIN, "HTTP/1.1 2" },
    { "status_line", TRIED_STREAM, "HTTP/1.1 2" },
    { "headers", TRIED_PLAIN, NULL },
    { "headers", TRIED_STREAM, NULL },
};

Test(fault_cut, before_the_head_is_whole)
{
    size_t rows = sizeof early / sizeof early[0];

    for (size_t i = 0; i < 3 * rows; i++) {
        const char *fault = cutting[i / rows].fault;
        const char *bytes = early[i % rows].bytes;
        struct tried t;
        char step[64];

        snprintf(step, sizeof step, "{\"fault\":\"%s\",\"at\":\"%s\"}", fault,
                 early[i % rows].at);
        tried_step(&t, fault, step, early[i % rows].request,
                   cutting[i / rows].end);
        cr_expect(t.answer.head_length == 0);
        cr_expect(t.attempt.delivered.status == -1);
        cr_expect(!t.attempt.delivered.head_complete);
        if (bytes) {
            cr_expect_str_eq(buf_text(&t.answer.bytes), bytes, "%s", step);
        } else {
            const char *text = buf_text(&t.answer.bytes);

            cr_expect(!strncmp(text, "HTTP/1.1 200 OK\r\nContent-Type: ", 31));
            cr_expect(text[strlen(text) - 1] != '\n');
        }
        tried_release(&t);
    }
}

static const struct {
    const char *at;
    enum answer_shape plain, stream;
    int64_t events; /* of a stream */
    bool whole;
} late[] = {
    { "headers_end", ANSWER_NONE, ANSWER_NONE, 0, false },
    { "body:0%", ANSWER_NONE, ANSWER_NONE, 0, false },
    { "body:20", ANSWER_NONE, ANSWER_NONE, 0, false },
    { "body:50%", ANSWER_CUT, ANSWER_CUT, 11, false },
    { "event:0", ANSWER_NONE, ANSWER_NONE, 0, false },
    { "event:16", ANSWER_CUT, ANSWER_CUT, 16, false },
    { "end", ANSWER_COMPLETE, ANSWER_COMPLETE, 24, true },
};

Test(fault_cut, after_the_head)
{
    size_t rows = sizeof late / sizeof late[0];

    for (size_t i = 0; i < 6 * rows; i++) {
        const char *fault = cutting[i % 3].fault;
        bool stream = i / 3 % 2;
        size_t r = i / 6;
        struct tried t;
        char step[64];

        snprintf(step, sizeof step, "{\"fault\":\"%s\",\"at\":\"%s\"}", fault,
                 late[r].at);
        tried_step(&t, fault, step, stream ? TRIED_STREAM : TRIED_PLAIN,
                   cutting[i % 3].end);
        cr_expect(t.answer.status == 200 && t.view.head_whole);
        cr_expect(t.view.chunked == stream);
        cr_expect(t.view.whole == late[r].whole, "%s", step);
        cr_expect(tried_shape(&t) == (stream ? late[r].stream : late[r].plain),
                  "%s, stream %d: %s", step, stream,
                  answer_shape_names[tried_shape(&t)]);
        cr_expect(t.attempt.delivered.events == (stream ? late[r].events : 0),
                  "%s: %d", step, (int)t.attempt.delivered.events);
        if (!strcmp(late[r].at, "body:20"))
            cr_expect(t.view.body.length == 20);
        tried_release(&t);
    }
}

Test(fault_cut, json_body_is_cut_at_its_byte)
{
    struct tried whole;
    struct tried half;

    tried_step(&whole, "whole", "{\"fault\":\"close\",\"at\":\"end\"}",
               TRIED_PLAIN, RAW_END_FIN);
    tried_step(&half, "half", "{\"fault\":\"close\",\"at\":\"body:50%\"}",
               TRIED_PLAIN, RAW_END_FIN);
    cr_expect(json_valid(whole.view.body.data, whole.view.body.length));
    cr_expect(!json_valid(half.view.body.data, half.view.body.length));
    cr_expect(half.view.length == (int64_t)whole.view.body.length);
    cr_expect(half.view.body.length == whole.view.body.length / 2);
    cr_expect(raw_has_header(&whole.answer, "Connection: close"));
    cr_expect(!raw_has_header(&half.answer, "Connection: close"));
    tried_release(&whole);
    tried_release(&half);
}

Test(fault_cut, refusing_port_refuses_until_the_case_is_over)
{
    uint16_t port = raw_listen(&tried_mock, "s2", "primary");
    struct buf answer = { 0 };

    cr_expect(raw_connect_error(port) == 0);
    raw_arm(&tried_mock, RAW_CASE, "primary", "[{\"fault\":\"refuse\"}]");
    raw_lease(&tried_mock, "s2", RAW_CASE, NULL);
    cr_expect(raw_connect_error(port) == ECONNREFUSED);
    cr_expect(raw_connect_error(port) == ECONNREFUSED);
    raw_must(&tried_mock, "DELETE", "/leases?slot=s2", NULL, &answer);
    cr_expect(strstr(buf_text(&answer), "\"seen\":\"refused\""));
    cr_expect(raw_connect_error(port) == 0);
    raw_must(&tried_mock, "GET", "/attempts?drill_id=" RAW_CASE, NULL, &answer);
    cr_expect(!strstr(buf_text(&answer), "\"seq\""));
    buf_release(&answer);
}

/* 0: connected; ETIMEDOUT: no answer within the time. */
static int connects_within(uint16_t port, int ms)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct pollfd wait = { .fd = fd, .events = POLLOUT };
    int error = ETIMEDOUT;
    socklen_t size = sizeof error;

    cr_assert_geq(fd, 0);
    if (!connect(fd, (struct sockaddr *)&to, sizeof to))
        error = 0;
    else if (errno != EINPROGRESS)
        error = errno;
    else if (poll(&wait, 1, ms) == 1)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    close(fd);
    return error;
}

Test(fault_cut, silent_port_answers_nobody_until_the_case_is_over)
{
    uint16_t port = raw_listen(&tried_mock, "s3", "primary");
    struct buf answer = { 0 };

    cr_expect_eq(connects_within(port, 500), 0);
    raw_arm(&tried_mock, RAW_CASE, "primary", "[{\"fault\":\"syn_drop\"}]");
    raw_lease(&tried_mock, "s3", RAW_CASE, &answer);
    cr_expect(strstr(buf_text(&answer),
                     "\"expected\":\"no answer\",\"seen\":\"no answer\""),
              "%s", buf_text(&answer));
    /* Also the one after many: none of ours makes room. */
    for (int i = 0; i < 3; i++)
        cr_expect_eq(connects_within(port, 100), ETIMEDOUT);
    raw_must(&tried_mock, "DELETE", "/leases?slot=s3", NULL, &answer);
    cr_expect(strstr(buf_text(&answer), "\"seen\":\"no answer\""), "%s",
              buf_text(&answer));
    cr_expect_eq(connects_within(port, 500), 0);
    raw_must(&tried_mock, "GET", "/attempts?drill_id=" RAW_CASE, NULL, &answer);
    cr_expect(!strstr(buf_text(&answer), "\"seq\""));
    buf_release(&answer);
}
