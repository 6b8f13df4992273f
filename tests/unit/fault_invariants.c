#include "mockserver/fault.h"

#include <criterion/criterion.h>

#include "tests/unit/acted.h"

/* xorshift: the same steps in every run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static int64_t between(uint64_t *state, int64_t low, int64_t high)
{
    return low + (int64_t)(next_random(state) % (uint64_t)(high - low + 1));
}

/* -1 three times in four: as a step that does not set it. */
static int64_t maybe(uint64_t *state, int64_t low, int64_t high)
{
    return between(state, 0, 3) ? -1 : between(state, low, high);
}

static struct point random_point(uint64_t *state)
{
    enum point_at at =
        (enum point_at)between(state, POINT_UNSET, (int64_t)POINT_END);

    return (struct point){ at, between(state, 0, 100) };
}

static void random_content(struct step *step, uint64_t *s)
{
    step->finish_reason = maybe(s, 0, STEP_FINISH_TOOL_CALLS);
    step->usage_as = maybe(s, 0, STEP_USAGE_BEFORE_FINISH);
    step->tool_calls = maybe(s, 0, 1);
    step->error_as = maybe(s, 0, STEP_ERROR_CHUNK);
    step->after_error = maybe(s, 0, 1);
    step->after_done = maybe(s, 0, 1);
    step->metadata = maybe(s, 1, 5);
    step->odd_frame = maybe(s, 0, STEP_FRAME_USAGE);
    step->pad_bytes = maybe(s, 1, 300);
}

static void random_look(struct step *step, uint64_t *s)
{
    step->early = maybe(s, 0, 1);
    step->encoding =
        between(s, 0, 15) ? -1 : between(s, 0, STEP_ENCODING_UNKNOWN);
    step->head.status_line = maybe(s, 0, STEP_STATUS_LINE_BARE);
    step->head.names = maybe(s, 0, STEP_LETTERS_ODD);
    step->head.odd = maybe(s, 0, STEP_ODD_LENGTH_AND_CHUNKED);
    step->head.pad_bytes = maybe(s, 1, 5000);
    step->head.pad_header_bytes = maybe(s, 32, 5000);
    step->sse.line_end = maybe(s, 0, STEP_LINE_END_MIXED);
    step->sse.space = maybe(s, 0, 1);
    step->sse.multi_line = maybe(s, 0, 1);
    step->sse.comments = maybe(s, 0, 1);
    step->sse.final_blank = maybe(s, 0, 1);
    step->sse.multibyte = maybe(s, 0, 1);
    step->idle.rst_on_next_byte = maybe(s, 0, 1);
    step->chunks.bytes = maybe(s, 20, 500);
    step->chunks.style = maybe(s, 0, STEP_CHUNK_ZEROS);
}

static struct acted random_acted(uint64_t *s)
{
    struct acted a =
        acted_new((enum fault)between(s, 0, FAULT_COUNT - 1), between(s, 0, 1));

    a.step.status = between(s, 100, 599);
    a.step.body = maybe(s, 0, STEP_STATUS_BODY_TEXT);
    a.step.ms = between(s, 0, 5);
    a.step.at = random_point(s);
    a.step.content_length = between(s, 0, 1);
    a.step.percent = maybe(s, 0, 100);
    a.step.bytes = between(s, 1, 4000);
    a.step.every_ms = between(s, 0, 5);
    a.step.kind = between(s, 0, STEP_BODY_JSON);
    a.step.bytes_kind = maybe(s, 0, STEP_GARBAGE_BAD_STATUS_LINE);
    a.step.events = maybe(s, 0, 40);
    a.step.interval_ms = maybe(s, 0, 20);
    a.step.usage = maybe(s, 0, 1);
    a.step.finish = maybe(s, 0, 1);
    a.step.done = maybe(s, 0, 1);
    a.step.error_at = maybe(s, 0, 40);
    a.step.malformed_at = maybe(s, 1, 40);
    a.step.comments_only = maybe(s, 0, 1);
    a.step.comment_every_ms = maybe(s, 1, 200000);
    a.step.role_only = maybe(s, 0, 1);
    a.step.before_ms = maybe(s, 0, 10);
    a.step.framing = maybe(s, 0, STEP_FRAMING_CLOSE);
    a.step.pace_bytes = maybe(s, 1, 100);
    a.step.pace_every_ms = a.step.pace_bytes > 0 ? between(s, 0, 5) : -1;
    a.step.end_how = maybe(s, 0, STEP_END_HANG);
    a.step.end_at = random_point(s);
    random_content(&a.step, s);
    if (!between(s, 0, 3))
        random_look(&a.step, s);
    a.request.credential_accepted = between(s, 0, 7) != 0;
    a.request.http_1_0 = between(s, 0, 7) == 0;
    a.request.last_answer = between(s, 0, 3) == 0;
    a.request.include_usage = between(s, 0, 1);
    return a;
}

/* Sends cover the bytes once and in order; one end, and it is last. */
static void expect_sound_acts(const struct plan *plan)
{
    size_t at = 0;
    int64_t events = 0;

    cr_assert_gt(plan->act_count, 0);
    for (size_t i = 0; i < plan->act_count; i++) {
        const struct act *act = &plan->acts[i];

        cr_expect_eq(act->kind == ACT_END, i == plan->act_count - 1);
        if (act->kind == ACT_WAIT)
            cr_expect_gt(act->wait_ms, 0);
        if (act->kind == ACT_EVENT)
            events++;
        if (act->kind != ACT_SEND)
            continue;
        cr_expect_eq(act->from, at);
        cr_expect_gt(act->length, 0);
        at += act->length;
    }
    cr_expect_eq(at, plan->bytes.length);
    cr_expect_eq(events, plan->events);
    cr_expect_eq(plan->acts[plan->act_count - 1].end, plan->end);
}

static void expect_sound_head(const struct acted *a)
{
    const struct plan *plan = &a->plan;

    if (!plan->head_bytes)
        return;
    cr_expect_eq(plan->head_bytes, a->view.head.length);
    cr_expect_eq(memcmp(plan->bytes.data + plan->head_bytes - 4, "\r\n\r\n", 4),
                 0);
    cr_expect_gt(plan->status, 0);
}

Test(fault_invariants, hold_for_any_step)
{
    uint64_t state = 20260624;
    int replies = 0;
    int kept = 0;

    for (int i = 0; i < 20000; i++) {
        struct acted a = random_acted(&state);

        act(&a);
        if (a.plan.raw) {
            expect_sound_acts(&a.plan);
            expect_sound_head(&a);
        } else {
            replies++;
            cr_expect_eq(a.plan.act_count, 0);
            cr_expect_eq(a.plan.end, STEP_END_KEEP);
        }
        if (a.plan.raw && a.plan.end == STEP_END_KEEP) {
            kept++;
            cr_expect(a.view.head_whole);
            cr_expect(a.view.whole);
            cr_expect(a.view.chunked || a.view.length >= 0 ||
                      a.plan.status == 204 || a.plan.status == 304);
            if (!a.view.chunked)
                cr_expect_eq(a.view.surplus, a.step.fault == FAULT_truncate);
        }
        if (a.plan.when != PLAN_AT_REQUEST && a.step.early != 1)
            cr_expect_eq(a.plan.bytes.length, 0);
        if (a.plan.when == PLAN_AT_REQUEST_HEAD)
            cr_expect_neq(a.plan.end, STEP_END_KEEP);
        acted_release(&a);
    }
    cr_expect_gt(replies, 1000);
    cr_expect_gt(kept, 1000);
}
