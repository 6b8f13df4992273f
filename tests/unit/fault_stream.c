#include "mockserver/fault.h"

#include <criterion/criterion.h>

#include "tests/unit/acted.h"

static const struct {
    const char *name;
    int64_t events, finish, done, usage, error_at, malformed_at, role_only;
    enum answer_shape shape;
    size_t tokens;
    bool says_role, says_stop, says_done, says_error, says_usage, all_json;
    enum step_end end;
} streams[] = {
    { "healthy", -1, -1, -1, -1, -1, -1, -1, ANSWER_COMPLETE, 24, true, true,
      true, false, false, true, STEP_END_KEEP },
    { "long", 60, -1, -1, 1, -1, -1, -1, ANSWER_COMPLETE, 60, true, true, true,
      false, true, true, STEP_END_KEEP },
    { "clean early end", 10, 0, 0, -1, -1, -1, -1, ANSWER_CUT, 10, true, false,
      false, false, false, true, STEP_END_KEEP },
    { "no finish", -1, 0, -1, -1, -1, -1, -1, ANSWER_COMPLETE, 24, true, false,
      true, false, false, true, STEP_END_KEEP },
    { "no done", -1, -1, 0, -1, -1, -1, -1, ANSWER_COMPLETE, 24, true, true,
      false, false, false, true, STEP_END_KEEP },
    { "done only", 0, 0, 1, -1, -1, -1, -1, ANSWER_NONE, 0, false, false, true,
      false, false, true, STEP_END_KEEP },
    { "no event at all", 0, 0, 0, -1, -1, -1, -1, ANSWER_NONE, 0, false, false,
      false, false, false, true, STEP_END_KEEP },
    { "error after 3", -1, -1, -1, -1, 3, -1, -1, ANSWER_CUT, 3, true, false,
      false, true, false, true, STEP_END_KEEP },
    { "error first", -1, -1, -1, -1, 0, -1, -1, ANSWER_NONE, 0, false, false,
      false, true, false, true, STEP_END_KEEP },
    { "error after the role", -1, -1, -1, -1, 0, -1, 1, ANSWER_NONE, 0, true,
      false, false, true, false, true, STEP_END_KEEP },
    { "error, then done", -1, 1, 1, -1, 3, -1, -1, ANSWER_CUT, 3, true, true,
      true, true, false, true, STEP_END_KEEP },
    { "malformed", -1, -1, -1, -1, -1, 5, -1, ANSWER_GAPPED, 23, true, true,
      true, false, false, false, STEP_END_KEEP },
    { "malformed first", -1, -1, -1, -1, -1, 1, -1, ANSWER_GAPPED, 23, true,
      true, true, false, false, false, STEP_END_KEEP },
    { "role only", -1, -1, -1, -1, -1, -1, 1, ANSWER_NONE, 0, true, false,
      false, false, false, true, STEP_END_HANG },
};

Test(fault_stream, streams_follow_their_script)
{
    for (size_t i = 0; i < 2 * sizeof streams / sizeof streams[0]; i++) {
        size_t r = i / 2;
        /* A script decides, not the request. */
        struct acted a = acted_new(FAULT_stream, i % 2);

        a.step.events = streams[r].events;
        a.step.finish = streams[r].finish;
        a.step.done = streams[r].done;
        a.step.usage = streams[r].usage;
        a.step.error_at = streams[r].error_at;
        a.step.malformed_at = streams[r].malformed_at;
        a.step.role_only = streams[r].role_only;
        act(&a);
        cr_expect_eq(shape_of(&a), streams[r].shape, "%s: %s", streams[r].name,
                     answer_shape_names[shape_of(&a)]);
        cr_expect_eq(view_tokens(&a.view), streams[r].tokens, "%s",
                     streams[r].name);
        cr_expect_eq(a.plan.events, (int64_t)streams[r].tokens, "%s",
                     streams[r].name);
        cr_expect_eq(view_has(&a.view, "\"role\""), streams[r].says_role, "%s",
                     streams[r].name);
        cr_expect_eq(view_has(&a.view, "\"stop\""), streams[r].says_stop, "%s",
                     streams[r].name);
        cr_expect_eq(view_has(&a.view, "[DONE]"), streams[r].says_done, "%s",
                     streams[r].name);
        cr_expect_eq(view_has(&a.view, "data: {\"error\":{"),
                     streams[r].says_error, "%s", streams[r].name);
        cr_expect_eq(view_has(&a.view, "\"usage\":{"), streams[r].says_usage,
                     "%s", streams[r].name);
        cr_expect_eq(events_are_json(&a), streams[r].all_json, "%s",
                     streams[r].name);
        cr_expect_eq(a.view.whole, streams[r].end == STEP_END_KEEP, "%s",
                     streams[r].name);
        cr_expect_eq(a.plan.end, streams[r].end, "%s", streams[r].name);
        acted_release(&a);
    }
}

Test(fault_stream, stream_error_carries_the_error_canary)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.error_at = 3;
    act(&a);
    cr_expect(view_has(&a.view, "CANARYerror55aa"));
    cr_expect(view_has(&a.view, "\"type\":\"comet_api_error\""));
    acted_release(&a);
}

Test(fault_stream, comments_may_come_before_an_error)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.comments_only = 1;
    a.step.error_at = 0;
    act(&a);
    cr_expect(
        view_has(&a.view, ": PING\n\n: PING\n\n: PING\n\ndata: {\"error\""));
    cr_expect_not(view_has(&a.view, "role"));
    cr_expect(a.view.whole);
    cr_expect_eq(waits_of(&a.plan), 0);
    acted_release(&a);
}

Test(fault_stream, broken_stream_sends_no_usage_unless_scripted)
{
    for (int64_t usage = -1; usage <= 1; usage++) {
        struct acted a = acted_new(FAULT_stream, true);

        a.request.include_usage = true;
        a.step.error_at = 3;
        a.step.usage = usage;
        act(&a);
        cr_expect_eq(view_has(&a.view, "\"usage\":{"), usage == 1);
        acted_release(&a);
    }
}

Test(fault_stream, comments_only_never_sends_data)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.comments_only = 1;
    a.step.comment_every_ms = 500;
    act(&a);
    cr_expect_eq(waits_of(&a.plan), 119500);
    cr_expect(view_has(&a.view, ": PING\n\n"));
    cr_expect_not(view_has(&a.view, "data:"));
    cr_expect_not(a.view.whole);
    cr_expect_eq(a.plan.events, 0);
    cr_expect_eq(a.plan.end, STEP_END_HANG);
    acted_release(&a);
}

Test(fault_stream, comments_fill_the_pauses_of_a_slow_stream)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.events = 3;
    a.step.interval_ms = 100;
    a.step.comment_every_ms = 40;
    act(&a);
    cr_expect_eq(waits_of(&a.plan), 200);
    cr_expect_eq(a.plan.events, 3);
    cr_expect(view_has(&a.view, ": PING\n\n: PING\n\ndata: "));
    acted_release(&a);
}

Test(fault_stream, no_comment_falls_on_the_moment_of_an_event)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.events = 2;
    a.step.interval_ms = 80;
    a.step.comment_every_ms = 40;
    act(&a);
    cr_expect_eq(waits_of(&a.plan), 80);
    cr_expect_not(view_has(&a.view, ": PING\n\n: PING"));
    acted_release(&a);
}
