/* delay, before_ms, dribble and pace: never faster than told. Upper bounds
 * would test the machine, so there are none. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/wire/lib/tried.h"

TestSuite(fault_time, .init = tried_start, .fini = tried_stop, .timeout = 60);

Test(fault_time, nothing_comes_before_its_time)
{
    static const struct {
        const char *step;
        enum tried_request request;
        enum raw_end end;
        int64_t ms;
        int status;
    } rows[] = {
        { "{\"fault\":\"delay\",\"ms\":60}", TRIED_PLAIN, RAW_END_MESSAGE, 60,
          200 },
        { "{\"fault\":\"delay\",\"ms\":60}", TRIED_STREAM, RAW_END_MESSAGE, 60,
          200 },
        { "{\"fault\":\"delay\",\"ms\":40,\"before_ms\":30}", TRIED_PLAIN,
          RAW_END_MESSAGE, 70, 200 },
        { "{\"fault\":\"status\",\"status\":503,\"before_ms\":50}", TRIED_PLAIN,
          RAW_END_MESSAGE, 50, 503 },
        { "{\"fault\":\"garbage\",\"before_ms\":50}", TRIED_PLAIN, RAW_END_FIN,
          50, -1 },
        { "{\"fault\":\"body\",\"kind\":\"null\",\"before_ms\":50,"
          "\"end\":{\"how\":\"fin\"}}",
          TRIED_PLAIN, RAW_END_FIN, 50, 200 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;

        tried_step(&t, rows[i].step, rows[i].step, rows[i].request,
                   rows[i].end);
        cr_expect(t.answer.status == rows[i].status);
        cr_expect(tried_ms_to_read(&t, 0) >= rows[i].ms, "%s: %d ms",
                  rows[i].step, (int)tried_ms_to_read(&t, 0));
        cr_expect((t.attempt.times_ns.first_sent - t.attempt.times_ns.body) >=
                  rows[i].ms * NS_PER_MS);
        tried_release(&t);
    }
}

Test(fault_time, ends_come_late_too)
{
    static const char *const steps[] = {
        "{\"fault\":\"reset\",\"at\":\"request\",\"before_ms\":50}",
        "{\"fault\":\"close\",\"at\":\"request\",\"before_ms\":50}",
    };
    static const enum raw_end ends[] = { RAW_END_RST, RAW_END_FIN };

    for (int i = 0; i < 2; i++) {
        struct tried t;

        tried_step(&t, steps[i], steps[i], TRIED_PLAIN, ends[i]);
        cr_expect(t.answer.end_ns - t.attempt.times_ns.body >= 50 * NS_PER_MS);
        tried_release(&t);
    }
}

/* So many pieces of so many bytes take so long at least; and no read has more
 * bytes than have been due by then. */
static void expect_pace(const struct tried *t, const char *name, int64_t bytes,
                        int64_t every_ms)
{
    int64_t total = (int64_t)t->answer.bytes.length;
    int64_t pieces = (total + bytes - 1) / bytes;
    int64_t seen = 0;

    cr_expect(tried_ms_to_read(t, t->answer.read_count - 1) >=
                  (pieces - 1) * every_ms,
              "%s: %d bytes in %d ms", name, (int)total,
              (int)tried_ms_to_read(t, t->answer.read_count - 1));
    for (size_t i = 0; i < t->answer.read_count; i++) {
        int64_t due = 1 + tried_ms_to_read(t, i) / every_ms;

        seen += (int64_t)t->answer.reads[i].length;
        cr_expect(seen <= due * bytes, "%s: %d bytes by read %zu", name,
                  (int)seen, i);
    }
}

Test(fault_time, pieces_come_no_faster_than_told)
{
    static const struct {
        const char *step;
        enum tried_request request;
        int64_t bytes, every_ms;
        int status;
    } rows[] = {
        { "{\"fault\":\"dribble\",\"bytes\":97,\"every_ms\":5}", TRIED_PLAIN,
          97, 5, 200 },
        { "{\"fault\":\"dribble\",\"bytes\":300,\"every_ms\":2}", TRIED_STREAM,
          300, 2, 200 },
        { "{\"fault\":\"status\",\"status\":500,"
          "\"pace\":{\"bytes\":20,\"every_ms\":5}}",
          TRIED_PLAIN, 20, 5, 500 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;

        tried_step(&t, rows[i].step, rows[i].step, rows[i].request,
                   RAW_END_MESSAGE);
        cr_expect(t.answer.status == rows[i].status);
        cr_expect(t.view.whole);
        expect_pace(&t, rows[i].step, rows[i].bytes, rows[i].every_ms);
        tried_release(&t);
    }
}

Test(fault_time, client_that_leaves_while_it_waits_is_no_deviation)
{
    static const char *const steps[] = {
        "{\"fault\":\"delay\",\"ms\":200}",
        "{\"fault\":\"dribble\",\"bytes\":5,\"every_ms\":100}",
        "{\"fault\":\"hang\",\"at\":\"request\"}",
    };

    for (int i = 0; i < 6; i++) {
        struct tried t;
        int fd = tried_begin(&t, steps[i / 2], TRIED_PLAIN);

        raw_read(fd, &t.answer, 30);
        if (i % 2)
            tried_abort(&t, fd);
        else
            tried_leave(&t, fd);
        cr_expect(t.attempt.delivered.end ==
                      (i % 2 ? ATTEMPT_END_PEER_RST : ATTEMPT_END_PEER_FIN),
                  "%s: %s", steps[i / 2],
                  attempt_end_names[t.attempt.delivered.end]);
        cr_expect(t.attempt.delivered.faithful, "%s: %s", steps[i / 2],
                  t.attempt.delivered.deviation);
        tried_release(&t);
    }
}
