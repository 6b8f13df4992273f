#include "tests/wire/lib/tried.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define PATIENCE_MS 5000
#define SILENCE_MS  30

struct raw_mock tried_mock;
static uint16_t tried_port;
static uint64_t tried_nonce;

void tried_start(void)
{
    raw_mock_start(&tried_mock, NULL);
    tried_port = raw_listen(&tried_mock, "s1", "primary");
    tried_nonce = 0x0123456789ab;
}

void tried_stop(void)
{
    raw_mock_stop(&tried_mock);
}

static void tried_drill(const struct tried *tried,
                        char id[static DRILL_ID_SIZE])
{
    drill_id_format(id, tried->id);
}

int tried_begin(struct tried *out, const char *step, enum tried_request request)
{
    char id[DRILL_ID_SIZE];
    char steps[1024];
    const char *text;
    int fd;

    *out = (struct tried){ .port = tried_port,
                           .id = { .nonce = ++tried_nonce, .epoch = 1 } };
    tried_drill(out, id);
    snprintf(steps, sizeof steps, "[%s]", step);
    raw_arm(&tried_mock, id, "primary", steps);
    raw_lease(&tried_mock, "s1", id, NULL);
    fd = raw_connect(tried_port);
    text = raw_chat(id, request == TRIED_STREAM, "");
    if (request == TRIED_HEAD_ONLY)
        raw_send_bytes(fd, text, (size_t)(strstr(text, "\r\n\r\n") + 4 - text));
    else if (request != TRIED_NOTHING)
        raw_send(fd, text);
    return fd;
}

static void tried_expect_journal(const struct tried *tried, const char *name,
                                 enum raw_end end)
{
    static const enum attempt_end planned[] = {
        [RAW_END_OPEN] = ATTEMPT_END_OPEN,
        [RAW_END_FIN] = ATTEMPT_END_FIN,
        [RAW_END_RST] = ATTEMPT_END_RST,
        [RAW_END_MESSAGE] = ATTEMPT_END_KEEP,
    };
    const struct attempt *a = &tried->attempt;
    int64_t bytes = (int64_t)tried->answer.bytes.length;
    /* An interim head is not the answer's. */
    bool head = tried->answer.head_length > 0 &&
                (tried->answer.status < 100 || tried->answer.status >= 200);

    cr_expect(a->delivered.faithful, "%s: %s", name, a->delivered.deviation);
    cr_expect(a->planned.end == planned[end], "%s: planned %s", name,
              attempt_end_names[a->planned.end]);
    cr_expect(a->delivered.sent_bytes == bytes, "%s: %lld sent, %lld came",
              name, (long long)a->delivered.sent_bytes, (long long)bytes);
    cr_expect(a->delivered.head_complete == head || tried->answer.status < 0,
              "%s: head", name);
    if (head && tried->answer.status > 0) {
        cr_expect(a->delivered.status == tried->answer.status, "%s: %d", name,
                  (int)a->delivered.status);
        cr_expect(a->planned.status == tried->answer.status, "%s: %d", name,
                  (int)a->planned.status);
    }
}

static void tried_take_attempt(struct tried *out)
{
    char id[DRILL_ID_SIZE];

    tried_drill(out, id);
    raw_attempts(&tried_mock, id, &out->attempt, 1);
}

void tried_leave(struct tried *out, int fd)
{
    close(fd);
    tried_take_attempt(out);
}

void tried_abort(struct tried *out, int fd)
{
    raw_abort(fd);
    tried_take_attempt(out);
}

void tried_finish(struct tried *out, const char *name, int fd, enum raw_end end)
{
    tried_leave(out, fd);
    out->view =
        view_of_bytes(buf_text(&out->answer.bytes), out->answer.bytes.length);
    tried_expect_journal(out, name, end);
}

/* True once the exchange has a plan and the kernel took all of its bytes. */
static bool tried_is_silent(const char *id)
{
    struct attempt attempt = { 0 };
    struct buf lines = { 0 };
    char path[64];
    struct err err;
    bool silent;

    snprintf(path, sizeof path, "/attempts?drill_id=%s&open=1", id);
    raw_must(&tried_mock, "GET", path, NULL, &lines);
    silent = attempt_parse(&attempt, buf_text(&lines),
                           strcspn(buf_text(&lines), "\n"), &err) &&
             attempt.planned.fault[0] && !attempt.delivered.unsent_bytes;
    attempt_release(&attempt);
    buf_release(&lines);
    return silent;
}

/* A silence means something only when all that should come before it is out. */
static void tried_await_silence(const struct tried *tried)
{
    int64_t until_ns = clock_now_ns() + 2 * NS_PER_S;
    char id[DRILL_ID_SIZE];

    tried_drill(tried, id);
    while (!tried_is_silent(id) && clock_now_ns() < until_ns)
        usleep(1000);
}

void tried_step(struct tried *out, const char *name, const char *step,
                enum tried_request request, enum raw_end end)
{
    int fd = tried_begin(out, step, request);

    if (end == RAW_END_OPEN)
        tried_await_silence(out);
    if (end == RAW_END_MESSAGE)
        raw_read_message(fd, &out->answer, PATIENCE_MS);
    else
        raw_read(fd, &out->answer,
                 end == RAW_END_OPEN ? SILENCE_MS : PATIENCE_MS);
    cr_assert(out->answer.end == end, "%s: %s: ended with %s after %s", name,
              step, raw_end_names[out->answer.end],
              buf_text(&out->answer.bytes));
    tried_finish(out, name, fd, end);
}

void tried_release(struct tried *tried)
{
    raw_answer_release(&tried->answer);
    attempt_release(&tried->attempt);
    view_release(&tried->view);
}

int64_t tried_ms_to_read(const struct tried *tried, size_t n)
{
    cr_assert(n < tried->answer.read_count);
    return (tried->answer.reads[n].at_ns - tried->attempt.times_ns.body) /
           NS_PER_MS;
}

enum answer_shape tried_shape(const struct tried *tried)
{
    return view_shape(&tried->view, tried->id);
}
