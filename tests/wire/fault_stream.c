/* Streams on the wire: events, their order, and what is missing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/wire/lib/tried.h"

TestSuite(fault_stream, .init = tried_start, .fini = tried_stop, .timeout = 60);

static const struct {
    const char *step;
    enum raw_end end;
    enum answer_shape shape;
    size_t tokens;
    bool stop, done, error;
} rows[] = {
    { "{\"fault\":\"none\"}", RAW_END_MESSAGE, ANSWER_COMPLETE, 24, true, true,
      false },
    { "{\"fault\":\"none\",\"events\":60}", RAW_END_MESSAGE, ANSWER_COMPLETE,
      60, true, true, false },
    { "{\"fault\":\"stream\"}", RAW_END_MESSAGE, ANSWER_COMPLETE, 24, true,
      true, false },
    { "{\"fault\":\"stream\",\"finish\":false}", RAW_END_MESSAGE,
      ANSWER_COMPLETE, 24, false, true, false },
    { "{\"fault\":\"stream\",\"done\":false}", RAW_END_MESSAGE, ANSWER_COMPLETE,
      24, true, false, false },
    { "{\"fault\":\"stream\",\"events\":10,\"finish\":false,\"done\":false}",
      RAW_END_MESSAGE, ANSWER_CUT, 10, false, false, false },
    { "{\"fault\":\"stream\",\"events\":0,\"finish\":false,\"done\":false}",
      RAW_END_MESSAGE, ANSWER_NONE, 0, false, false, false },
    { "{\"fault\":\"stream\",\"error_at\":0}", RAW_END_MESSAGE, ANSWER_NONE, 0,
      false, false, true },
    { "{\"fault\":\"stream\",\"error_at\":5}", RAW_END_MESSAGE, ANSWER_CUT, 5,
      false, false, true },
    { "{\"fault\":\"stream\",\"malformed_at\":7}", RAW_END_MESSAGE,
      ANSWER_GAPPED, 23, true, true, false },
    { "{\"fault\":\"stream\",\"role_only\":true}", RAW_END_OPEN, ANSWER_NONE, 0,
      false, false, false },
};

Test(fault_stream, comes_as_scripted)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *step = rows[i].step;
        struct tried t;

        tried_step(&t, "stream", step, TRIED_STREAM, rows[i].end);
        cr_expect(t.answer.status == 200 && t.view.chunked);
        cr_expect(raw_has_header(&t.answer, "Content-Type: text/event-stream"));
        cr_expect(t.view.whole == (rows[i].end == RAW_END_MESSAGE), "%s", step);
        cr_expect(tried_shape(&t) == rows[i].shape, "%s: %s", step,
                  answer_shape_names[tried_shape(&t)]);
        cr_expect(view_tokens(&t.view) == rows[i].tokens, "%s", step);
        cr_expect(t.attempt.delivered.events == (int64_t)rows[i].tokens, "%s",
                  step);
        cr_expect(view_has(&t.view, "\"stop\"") == rows[i].stop, "%s", step);
        cr_expect(view_has(&t.view, "data: [DONE]\n\n") == rows[i].done, "%s",
                  step);
        cr_expect(view_has(&t.view, "data: {\"error\":{") == rows[i].error,
                  "%s", step);
        tried_release(&t);
    }
}

Test(fault_stream, events_come_in_order_and_no_faster_than_told)
{
    struct tried t;
    int64_t gap_ms;

    tried_step(&t, "paced",
               "{\"fault\":\"stream\",\"events\":5,\"interval_ms\":30}",
               TRIED_STREAM, RAW_END_MESSAGE);
    cr_expect(t.answer.read_count >= 5, "%zu reads", t.answer.read_count);
    gap_ms = (t.answer.reads[t.answer.read_count - 1].at_ns -
              t.attempt.times_ns.body) /
             NS_PER_MS;
    cr_expect(gap_ms >= 120, "%d ms", (int)gap_ms);
    cr_expect(tried_ms_to_read(&t, 0) < 120);
    tried_release(&t);
}

/* Reads until a text has come; what comes later is left unread. */
static void read_until(int fd, struct buf *seen, const char *text)
{
    while (!strstr(buf_text(seen), text)) {
        char bytes[512];
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);

        cr_assert(got > 0, "%s", buf_text(seen));
        buf_add(seen, bytes, (size_t)got);
    }
}

Test(fault_stream, heartbeats_go_on_until_the_client_leaves)
{
    struct tried t;
    struct buf seen = { 0 };
    int fd = tried_begin(&t,
                         "{\"fault\":\"stream\",\"comments_only\":true,"
                         "\"comment_every_ms\":10}",
                         TRIED_STREAM);

    read_until(fd, &seen,
               "\r\n\r\n8\r\n: PING\n\n\r\n8\r\n: PING\n\n\r\n8\r\n: PING");
    tried_leave(&t, fd);
    cr_expect(!strstr(seen.data, "data:"));
    cr_expect(t.attempt.delivered.peer_closed_first);
    cr_expect(t.attempt.delivered.faithful, "%s",
              t.attempt.delivered.deviation);
    buf_release(&seen);
    tried_release(&t);
}

Test(fault_stream, client_that_leaves_a_slow_stream_is_no_deviation)
{
    struct tried t;
    struct buf seen = { 0 };
    int fd = tried_begin(
        &t, "{\"fault\":\"stream\",\"events\":24,\"interval_ms\":100}",
        TRIED_STREAM);

    read_until(fd, &seen, "-2of24-");
    tried_leave(&t, fd);
    cr_expect(t.attempt.delivered.events >= 2);
    cr_expect(t.attempt.delivered.events < 24);
    cr_expect(t.attempt.delivered.peer_closed_first);
    cr_expect(t.attempt.delivered.faithful, "%s",
              t.attempt.delivered.deviation);
    buf_release(&seen);
    tried_release(&t);
}

Test(fault_stream, usage_comes_when_the_request_asks)
{
    struct tried t;
    int fd = tried_begin(&t, "{\"fault\":\"none\"}", TRIED_NOTHING);
    char id[DRILL_ID_SIZE];
    char body[256];
    char head[256];

    drill_id_format(id, t.id);
    snprintf(body, sizeof body,
             "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
             "\"%s\"}],\"stream\":true,\"stream_options\":"
             "{\"include_usage\":true}}",
             id);
    snprintf(head, sizeof head,
             "POST /v1/chat/completions HTTP/1.1\r\nHost: m\r\n"
             "Content-Length: %zu\r\n\r\n",
             strlen(body));
    raw_send(fd, head);
    raw_send(fd, body);
    raw_read_message(fd, &t.answer, 2000);
    tried_finish(&t, "usage", fd, RAW_END_MESSAGE);
    cr_expect(view_has(&t.view, "\"choices\":[],\"usage\":{"));
    cr_expect(view_has(&t.view, "\"usage\":null"));
    tried_release(&t);
}
