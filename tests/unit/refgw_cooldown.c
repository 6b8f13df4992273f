#include "tests/refgateway/cooldown.h"

#include <criterion/criterion.h>

#include "common/clock.h"
#include "tests/refgateway/course.h"

#define AT(ms) ((ms)*NS_PER_MS)

static struct rules cool(int64_t after_failures, bool retry_after)
{
    struct rules rules;

    rules_init(&rules);
    rules.retry.budget = 0;
    outcome_set_add(&rules.retry.on, "http_5xx");
    outcome_set_add(&rules.fallback.on, "http_5xx");
    rules.fallback.order = (struct rules_words){
        .items = { "primary", "fallback" }, .count = 2, .declared = true
    };
    outcome_set_add(&rules.cooldown.on, "http_429");
    outcome_set_add(&rules.cooldown.on, "http_5xx");
    rules.cooldown.after_failures = after_failures;
    rules.cooldown.for_ms = 1000;
    rules.cooldown.retry_after = retry_after;
    return rules;
}

/* An answer at some time; 200: a good one. */
static void answer(struct cooldown *c, const struct rules *rules, int status,
                   int64_t told_ms, int64_t at_ms)
{
    struct result result = { .outcome =
                                 status == 200 ? OUTCOME_OK : OUTCOME_HTTP,
                             .status = status,
                             .told_ms = told_ms };

    cooldown_note(c, rules, 0, &result, AT(at_ms));
}

static int64_t out_until_ms(const struct cooldown *c)
{
    struct progress progress = { .count = 2 };

    cooldown_look(c, &progress);
    cr_expect_eq(progress.at[1].out_until_ns, 0, "the other is not touched");
    return progress.at[0].out_until_ns / NS_PER_MS;
}

Test(refgw_cooldown, so_many_failures_in_a_row_leave_an_upstream_out)
{
    struct rules rules = cool(3, false);
    struct cooldown c = { 0 };

    answer(&c, &rules, 503, -1, 10);
    answer(&c, &rules, 503, -1, 20);
    answer(&c, &rules, 200, -1, 30);
    answer(&c, &rules, 429, -1, 40);
    answer(&c, &rules, 400, -1, 50); /* neither a failure nor a success */
    answer(&c, &rules, 503, -1, 60);
    cr_expect_eq(out_until_ms(&c), 0);
    answer(&c, &rules, 503, -1, 70);
    cr_expect_eq(out_until_ms(&c), 1070);
    /* Only a success ends the row: one more puts it out again. */
    answer(&c, &rules, 503, -1, 2000);
    cr_expect_eq(out_until_ms(&c), 3000);
}

Test(refgw_cooldown, of_several_times_the_one_that_ends_last_holds)
{
    struct rules rules = cool(1, true);
    struct cooldown c = { 0 };

    answer(&c, &rules, 429, 200, 0);
    cr_expect_eq(out_until_ms(&c), 1000, "a shorter one shortens nothing");
    answer(&c, &rules, 429, 5000, 100);
    cr_expect_eq(out_until_ms(&c), 5100);
    answer(&c, &rules, 429, -1, 200);
    cr_expect_eq(out_until_ms(&c), 5100);
    rules.cooldown.retry_after = false;
    c = (struct cooldown){ 0 };
    answer(&c, &rules, 429, 5000, 100);
    cr_expect_eq(out_until_ms(&c), 1100);
}

Test(refgw_cooldown, without_both_figures_nobody_is_left_out)
{
    struct rules rules = cool(1, false);
    struct cooldown c = { 0 };

    rules.cooldown.for_ms = -1;
    answer(&c, &rules, 503, -1, 10);
    rules.cooldown.for_ms = 1000;
    rules.cooldown.after_failures = -1;
    answer(&c, &rules, 503, -1, 10);
    cr_expect_eq(out_until_ms(&c), 0);
}

Test(refgw_cooldown, who_is_left_out_is_passed_over)
{
    struct rules rules = cool(1, false);
    struct course course;
    struct move move;

    course_init(&course, &rules, false, 2, 0);
    course.progress.at[0].out_until_ns = AT(500);
    move = course_first(&course, AT(499));
    cr_expect_eq(move.kind, MOVE_ATTEMPT);
    cr_expect_eq(move.upstream, 1);
    move = course_first(&course, AT(500));
    cr_expect_eq(move.upstream, 0);
    /* The fallback is not fallen back to. */
    course.progress.at[1].out_until_ns = AT(900);
    progress_begin(&course.progress, &move);
    course.result = (struct result){ .outcome = OUTCOME_HTTP,
                                     .status = 503,
                                     .told_ms = -1 };
    cr_expect_not(course_next(&course, &move, AT(510), 0));
    cr_expect_eq(course.why, WHY_EXHAUSTED);
}

Test(refgw_cooldown, with_everybody_out_the_client_is_told_when_to_come_back)
{
    struct rules rules = cool(1, false);
    struct course course;

    course_init(&course, &rules, false, 2, 0);
    course.progress.at[0].out_until_ns = AT(900);
    course.progress.at[1].out_until_ns = AT(700);
    cr_expect_eq(course_first(&course, AT(500)).kind, MOVE_END);
    cr_expect_eq(course.result.status, 503);
    cr_expect_eq(course.result.told_ms, 201);
    cr_expect_eq(course.why, WHY_EXHAUSTED);
}
