#include "mockserver/fault.h"

#include <criterion/criterion.h>

#include "common/clock.h"

#include "tests/unit/acted.h"

#define NO_DATE .date_in_ms = -1, .date_ago_ms = -1
#define IN_3_S(how)                                                            \
    {                                                                          \
        .seconds = -1, .date_in_ms = 3000, .date_ago_ms = -1, .format = how,   \
        .ms = -1                                                               \
    }

Test(fault_modifiers, retry_after_in_every_form)
{
    static const struct {
        struct step_retry_after set;
        const char *value;
        const char *ms;
    } rows[] = {
        { { .seconds = 2, NO_DATE, .ms = -1 }, "2", NULL },
        { { .seconds = 0, NO_DATE, .ms = -1 }, "0", NULL },
        { { .seconds = 5, NO_DATE, .ms = 700 }, "5", "700" },
        { { .seconds = -1, NO_DATE, .ms = 700 }, NULL, "700" },
        { { .seconds = -1, NO_DATE, .ms = -1 }, NULL, NULL },
        { IN_3_S(CLOCK_HTTP_DATE_IMF), "Wed, 24 Jun 2026 10:00:03 GMT", NULL },
        { IN_3_S(CLOCK_HTTP_DATE_RFC850), "Wednesday, 24-Jun-26 10:00:03 GMT",
          NULL },
        { IN_3_S(CLOCK_HTTP_DATE_ASCTIME), "Wed Jun 24 10:00:03 2026", NULL },
        { IN_3_S(CLOCK_HTTP_DATE_WRONG_DAY), "Thu, 24 Jun 2026 10:00:03 GMT",
          NULL },
        { { .seconds = -1, .date_in_ms = -1, .date_ago_ms = 60000, .ms = -1 },
          "Wed, 24 Jun 2026 09:59:00 GMT",
          NULL },
        { { .seconds = -1,
            NO_DATE,
            .raw = (char *)(uintptr_t) "1e3",
            .ms = -1 },
          "1e3",
          NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_status, false);

        a.step.status = 429;
        a.step.retry_after = rows[i].set;
        act(&a);
        expect_header(&a, "Retry-After", rows[i].value);
        expect_header(&a, "retry-after-ms", rows[i].ms);
        expect_header(&a, "Date", "Wed, 24 Jun 2026 10:00:00 GMT");
        acted_release(&a);
    }
}

Test(fault_modifiers, late_answer_counts_its_dates_from_when_it_goes_out)
{
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 503;
    a.step.before_ms = 2000;
    a.step.retry_after.date_in_ms = 3000;
    act(&a);
    expect_header(&a, "Date", "Wed, 24 Jun 2026 10:00:02 GMT");
    expect_header(&a, "Retry-After", "Wed, 24 Jun 2026 10:00:05 GMT");
    acted_release(&a);
}

Test(fault_modifiers, headers_of_the_step_replace_ours_and_may_repeat)
{
    struct step_header headers[] = {
        { (char *)(uintptr_t) "retry-after", (char *)(uintptr_t) "2" },
        { (char *)(uintptr_t) "Retry-After", (char *)(uintptr_t) "5" },
        { (char *)(uintptr_t) "content-type", (char *)(uintptr_t) "a/b" },
    };
    struct acted a = acted_new(FAULT_status, false);
    size_t retry_after = 0;

    a.step.status = 429;
    a.step.retry_after.seconds = 9;
    a.step.headers = (struct bind_list){ headers, 3, true };
    act(&a);
    for (size_t i = 0; i < a.plan.header_count; i++)
        retry_after += !strcasecmp(a.plan.headers[i].name, "Retry-After");
    cr_expect_eq(retry_after, 2);
    expect_header(&a, "Content-Type", "a/b");
    expect_header(&a, "Retry-After", "2");
    acted_release(&a);
}

Test(fault_modifiers, framing_of_any_answer_can_be_changed)
{
    static const struct {
        int64_t framing;
        bool stream;
        bool raw, chunked, length;
        enum step_end end;
    } rows[] = {
        { STEP_FRAMING_LENGTH, false, false, false, true, STEP_END_KEEP },
        { STEP_FRAMING_CHUNKED, false, true, true, false, STEP_END_KEEP },
        { STEP_FRAMING_CLOSE, false, true, false, false, STEP_END_FIN },
        { STEP_FRAMING_LENGTH, true, true, false, true, STEP_END_KEEP },
        { STEP_FRAMING_CLOSE, true, true, false, false, STEP_END_FIN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_none, rows[i].stream);

        a.step.framing = rows[i].framing;
        act(&a);
        cr_expect_eq(a.plan.raw, rows[i].raw, "row %zu", i);
        cr_expect_eq(a.view.chunked, rows[i].chunked, "row %zu", i);
        cr_expect_eq(a.view.length >= 0, rows[i].length, "row %zu", i);
        cr_expect_eq(a.plan.end, rows[i].end, "row %zu", i);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        acted_release(&a);
    }
}

Test(fault_modifiers, peer_that_closes_gets_a_close)
{
    static const struct {
        bool old, last;
        bool chunked;
        enum step_end end;
    } rows[] = { { false, false, true, STEP_END_KEEP },
                 { false, true, true, STEP_END_FIN },
                 { true, true, false, STEP_END_FIN } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_none, true);

        a.request.http_1_0 = rows[i].old;
        a.request.last_answer = rows[i].last;
        act(&a);
        cr_expect_eq(a.view.chunked, rows[i].chunked);
        cr_expect_eq(a.plan.end, rows[i].end);
        expect_header(&a, "Connection",
                      rows[i].end == STEP_END_FIN ? "close" : NULL);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        acted_release(&a);
    }
}

Test(fault_modifiers, end_modifier_ends_any_answer_anywhere)
{
    static const struct {
        enum step_end how;
        struct point at;
        enum step_end end;
        bool whole;
    } rows[] = {
        { STEP_END_FIN, { POINT_UNSET, 0 }, STEP_END_FIN, true },
        { STEP_END_RST, { POINT_END, 0 }, STEP_END_RST, true },
        { STEP_END_HANG, { POINT_BODY_PERCENT, 100 }, STEP_END_HANG, true },
        { STEP_END_RST, { POINT_BODY_PERCENT, 50 }, STEP_END_RST, false },
        { STEP_END_KEEP, { POINT_BODY_PERCENT, 50 }, STEP_END_HANG, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_status, false);

        a.step.status = 503;
        a.step.end_how = (int64_t)rows[i].how;
        a.step.end_at = rows[i].at;
        act(&a);
        cr_expect_eq(a.plan.end, rows[i].end, "row %zu", i);
        cr_expect_eq(a.view.whole, rows[i].whole, "row %zu", i);
        cr_expect_eq(a.plan.status, 503);
        acted_release(&a);
    }
}

Test(fault_modifiers, end_modifier_keeps_what_the_fault_broke)
{
    struct acted a = acted_new(FAULT_truncate, false);
    struct acted b = acted_new(FAULT_truncate, false);

    a.step.content_length = STEP_LENGTH_LONG;
    b.step.content_length = STEP_LENGTH_LONG;
    b.step.end_how = STEP_END_RST;
    act(&a);
    act(&b);
    cr_expect_eq(a.plan.end, STEP_END_FIN);
    cr_expect_eq(b.plan.end, STEP_END_RST);
    cr_expect_str_eq(a.plan.bytes.data, b.plan.bytes.data);
    acted_release(&a);
    acted_release(&b);
}

Test(fault_modifiers, end_modifier_before_the_break_is_a_plain_cut)
{
    struct acted a = acted_new(FAULT_bad_chunk, true);

    a.step.end_how = STEP_END_RST;
    a.step.end_at = (struct point){ POINT_EVENT, 3 };
    act(&a);
    cr_expect_not(a.view.bad_chunk);
    cr_expect_eq(a.plan.events, 3);
    acted_release(&a);
}

Test(fault_modifiers, silence_comes_before_the_end)
{
    struct acted a = acted_new(FAULT_stream, true);
    const struct act *act_before_end;

    a.step.end_how = STEP_END_FIN;
    a.step.end_at = (struct point){ POINT_EVENT, 3 };
    a.step.end_after_ms = 70;
    act(&a);
    act_before_end = &a.plan.acts[a.plan.act_count - 2];
    cr_expect_eq(act_before_end->kind, ACT_WAIT);
    cr_expect_eq(act_before_end->wait_ms, 70);
    cr_expect_eq(a.plan.end, STEP_END_FIN);
    cr_expect_eq(a.plan.events, 3);
    acted_release(&a);
}

Test(fault_modifiers, pace_slows_any_answer)
{
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 500;
    a.step.pace_bytes = 7;
    a.step.pace_every_ms = 3;
    act(&a);
    cr_assert(a.plan.raw);
    cr_expect_eq(a.plan.acts[0].kind, ACT_SEND);
    cr_expect_eq(a.plan.acts[0].piece_bytes, 7);
    cr_expect_eq(a.plan.acts[0].piece_every_ms, 3);
    acted_release(&a);
}

/* Every fault with and without every modifier ends in one end, and waits
 * before its first byte. */
Test(fault_modifiers, each_takes_every_modifier)
{
    for (int i = 0; i < FAULT_COUNT * 2; i++) {
        struct acted a = acted_new((enum fault)(i / 2), i % 2);
        size_t ends = 0;

        a.step.status = 503;
        a.step.ms = 1;
        a.step.at = (struct point){ POINT_BODY_PERCENT, 50 };
        a.step.content_length = STEP_LENGTH_SHORT;
        a.step.kind = STEP_BODY_NULL;
        a.step.bytes = 10;
        a.step.every_ms = 1;
        a.step.before_ms = 11;
        a.step.retry_after.seconds = 1;
        a.step.framing = STEP_FRAMING_CHUNKED;
        a.step.pace_bytes = 5;
        a.step.pace_every_ms = 1;
        a.step.end_how = STEP_END_RST;
        act(&a);
        cr_assert(a.plan.raw);
        cr_expect_eq(a.plan.acts[0].kind, ACT_WAIT);
        cr_expect_geq(a.plan.acts[0].wait_ms, 11);
        for (size_t k = 0; k < a.plan.act_count; k++)
            ends += a.plan.acts[k].kind == ACT_END;
        cr_expect_eq(ends, 1);
        /* A silent port takes no modifier: a step with one is refused. */
        cr_expect_eq(a.plan.end, a.step.fault == FAULT_syn_drop ? STEP_END_HANG
                                                                : STEP_END_RST);
        acted_release(&a);
    }
}
