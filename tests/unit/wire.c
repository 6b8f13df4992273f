#include <criterion/criterion.h>
#include <string.h>

#include "common/clock.h"
#include "mockserver/wire.h"

#define MS(n) ((n)*NS_PER_MS)

static struct plan plan;
static struct wire_progress progress;

static void begin(void)
{
    plan = (struct plan){ 0 };
    progress = (struct wire_progress){ .due_ns = MS(1000) };
}

static void end(void)
{
    plan_release(&plan);
}

TestSuite(wire, .init = begin, .fini = end);

/* What there is to do so many ms after the start. */
static struct wire_todo at(int64_t ms)
{
    return wire_next(&progress, &plan, MS(1000 + ms));
}

static void expect_send(int64_t ms, size_t from, size_t length)
{
    struct wire_todo todo = at(ms);

    cr_assert(todo.kind == WIRE_SEND);
    cr_assert(todo.from == from && todo.length == length, "%zu+%zu", todo.from,
              todo.length);
}

static void expect_wait(int64_t ms, int64_t until_ms)
{
    struct wire_todo todo = at(ms);

    cr_assert(todo.kind == WIRE_WAIT);
    cr_assert(todo.until_ns == MS(1000 + until_ms));
}

static void expect_end(int64_t ms, enum step_end how)
{
    struct wire_todo todo = at(ms);

    cr_assert(todo.kind == WIRE_END && todo.end == how);
}

Test(wire, acts_follow_each_other)
{
    plan_add_send(&plan, "head", 4);
    plan_add_wait(&plan, 30);
    plan_add_send(&plan, "event", 5);
    plan_add_event_mark(&plan);
    plan_add_end(&plan, STEP_END_RST);
    expect_send(0, 0, 4);
    wire_took(&progress, &plan, 4);
    expect_wait(1, 30);
    expect_wait(29, 30);
    cr_assert(progress.events == 0);
    expect_send(30, 4, 5);
    wire_took(&progress, &plan, 5);
    expect_end(30, STEP_END_RST);
    cr_assert(progress.events == 1 && progress.sent_bytes == 9);
}

Test(wire, an_event_counts_only_when_it_is_out_whole)
{
    plan_add_send(&plan, "event", 5);
    plan_add_event_mark(&plan);
    plan_add_end(&plan, STEP_END_HANG);
    expect_send(0, 0, 5);
    wire_took(&progress, &plan, 2);
    expect_send(0, 2, 3);
    cr_assert(progress.events == 0);
    wire_took(&progress, &plan, 3);
    expect_end(0, STEP_END_HANG);
    cr_assert(progress.events == 1);
}

Test(wire, a_late_wait_does_not_move_the_next)
{
    plan_add_wait(&plan, 10);
    plan_add_wait(&plan, 10);
    plan_add_wait(&plan, 10);
    plan_add_end(&plan, STEP_END_FIN);
    expect_wait(0, 10);
    expect_wait(17, 20);
    expect_wait(20, 30);
    expect_end(30, STEP_END_FIN);
}

Test(wire, pieces_go_out_at_their_pace)
{
    plan_add_send(&plan, "abcdefgh", 8);
    plan.acts[0].piece_bytes = 3;
    plan.acts[0].piece_every_ms = 5;
    plan_add_end(&plan, STEP_END_KEEP);
    expect_send(0, 0, 3);
    wire_took(&progress, &plan, 2);
    expect_send(0, 2, 1); /* the rest of the piece, at once */
    wire_took(&progress, &plan, 1);
    expect_wait(0, 5);
    expect_send(5, 3, 3);
    wire_took(&progress, &plan, 3);
    expect_wait(6, 10);
    expect_send(10, 6, 2);
    wire_took(&progress, &plan, 2);
    expect_end(10, STEP_END_KEEP);
}

/* What tells a peer that left in a pause from one that left in a burst. */
Test(wire, it_knows_a_pause_however_late_it_is)
{
    plan_add_send(&plan, "abcdef", 6);
    plan.acts[0].piece_bytes = 3;
    plan.acts[0].piece_every_ms = 5;
    plan_add_wait(&plan, 10);
    plan_add_send(&plan, "gh", 2);
    plan_add_send(&plan, "ij", 2);
    plan_add_end(&plan, STEP_END_KEEP);
    expect_send(99, 0, 3);
    cr_assert(!progress.rested);
    wire_took(&progress, &plan, 2);
    expect_send(99, 2, 1);
    cr_assert(!progress.rested);
    wire_took(&progress, &plan, 1);
    expect_send(99, 3, 3);
    cr_assert(progress.rested);
    wire_took(&progress, &plan, 3);
    cr_assert(!progress.rested);
    expect_send(99, 6, 2);
    cr_assert(progress.rested);
    wire_took(&progress, &plan, 2);
    expect_send(99, 8, 2);
    cr_assert(!progress.rested);
}

Test(wire, no_pause_follows_the_last_piece)
{
    plan_add_send(&plan, "abcdef", 6);
    plan.acts[0].piece_bytes = 3;
    plan.acts[0].piece_every_ms = 5;
    plan_add_wait(&plan, 1);
    plan_add_end(&plan, STEP_END_KEEP);
    expect_send(0, 0, 3);
    wire_took(&progress, &plan, 3);
    expect_send(5, 3, 3);
    wire_took(&progress, &plan, 3);
    expect_wait(5, 6);
}

Test(wire, it_knows_whether_bytes_are_still_to_come)
{
    plan_add_send(&plan, "ab", 2);
    plan_add_wait(&plan, 5);
    plan_add_end(&plan, STEP_END_RST);
    cr_assert(wire_has_sends(&progress, &plan));
    at(0);
    wire_took(&progress, &plan, 1);
    cr_assert(wire_has_sends(&progress, &plan));
    wire_took(&progress, &plan, 1);
    cr_assert(!wire_has_sends(&progress, &plan));
    at(0);
    cr_assert(!wire_has_sends(&progress, &plan));
}

Test(wire, a_plan_without_acts_is_at_its_end)
{
    plan.end = STEP_END_RST;
    expect_end(0, STEP_END_RST);
}
