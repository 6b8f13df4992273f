#include "tests/refgateway/course.h"

#include <criterion/criterion.h>

#include "common/clock.h"

static struct rules rules_of(int64_t all_failed)
{
    struct rules rules;

    rules_init(&rules);
    rules.retry.budget = 1;
    outcome_set_add(&rules.retry.on, "http_5xx");
    rules.client_errors.all_failed = all_failed;
    rules.auth.declared = true;
    rules.auth.on_401 = RULES_AUTH_FAIL_CLOSED;
    return rules;
}

/* Two attempts that end with these statuses; the course at its end. */
static struct course played(const struct rules *rules, int one, int other)
{
    struct course course;
    struct move move;

    course_init(&course, rules, false, 1, 0);
    move = course_first(&course, 0);
    for (int i = 0; i < 2; i++) {
        progress_begin(&course.progress, &move);
        course.result = (struct result){ .outcome = OUTCOME_HTTP,
                                         .status = i ? other : one,
                                         .told_ms = -1 };
        cr_assert_eq(course_next(&course, &move, NS_PER_MS, 0), i == 0);
    }
    return course;
}

Test(refgw_course, tells_the_first_attempt_or_the_last)
{
    struct rules first = rules_of(RULES_ALL_FAILED_FIRST);
    struct rules last = rules_of(RULES_ALL_FAILED_LAST);

    cr_expect_eq(played(&first, 503, 504).result.status, 503);
    cr_expect_eq(played(&last, 503, 504).result.status, 504);
}

Test(refgw_course, a_refused_key_is_told_whoever_failed_first)
{
    struct rules first = rules_of(RULES_ALL_FAILED_FIRST);
    struct course course = played(&first, 503, 401);

    cr_expect_eq(course.result.status, 401);
    cr_expect_eq(course.why, WHY_AUTH);
}

Test(refgw_course, a_failed_answer_ends_as_the_runbook_lets_the_client_see)
{
    static const struct {
        bool stream, event, abort, said;
        enum outcome outcome;
        enum course_tail tail;
    } rows[] = {
        { true, true, true, false, OUTCOME_OK, COURSE_TAIL_END },
        { true, true, true, false, OUTCOME_IDLE_TIMEOUT, COURSE_TAIL_EVENT },
        { true, true, true, true, OUTCOME_IDLE_TIMEOUT, COURSE_TAIL_CUT },
        { true, true, false, true, OUTCOME_IDLE_TIMEOUT, COURSE_TAIL_END },
        { true, false, true, false, OUTCOME_IDLE_TIMEOUT, COURSE_TAIL_CUT },
        { false, true, false, false, OUTCOME_IDLE_TIMEOUT, COURSE_TAIL_CUT },
    };
    struct rules rules;

    rules_init(&rules);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct course course;

        rules.stream.error_event = rows[i].event;
        rules.stream.abort = rows[i].abort;
        course_init(&course, &rules, rows[i].stream, 1, 0);
        course.result.outcome = rows[i].outcome;
        cr_expect_eq(course_tail(&course, rows[i].said), rows[i].tail,
                     "row %zu", i);
    }
}
