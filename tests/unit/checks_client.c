/* Checks of what the client does and of what becomes of it. */
#include "tests/unit/stage.h"

#include "harness/judge/seen.h"

#define CANCEL "{\"cancel\":{\"upstream_closed_within_ms\":500}}"

/* A client that left 100 ms after its request, while an attempt was open. */
static void stage_leaves(struct stage *s, const char *runbook)
{
    stage_init(s, runbook, false, "[{\"fault\":\"hang\",\"at\":\"request\"}]",
               NULL);
    stage_attempt(s, "primary", -1, 100);
    s->request.trace.left_ns = stage_ns(100);
    stage_client(s, TRACE_OUTCOME_LEFT, -1);
    s->o.listened_until_ns = stage_ns(3000);
}

/* The gateway hangs up so long after the client's request. */
static void hung_up(struct stage *s, int64_t at_ms)
{
    s->attempts[0].delivered.peer_closed_first = true;
    s->attempts[0].delivered.end = ATTEMPT_END_PEER_FIN;
    s->attempts[0].times_ns.peer_closed = s->attempts[0].times_ns.end =
        stage_ns(at_ms);
}

Test(checks_client, an_attempt_of_a_client_that_left_is_given_up_in_time)
{
    static const struct {
        int64_t at_ms;
        enum verdict verdict;
    } rows[] = {
        { 90, VERDICT_PASS },  /* before the client left */
        { 101, VERDICT_PASS }, /* at once */
        { 640, VERDICT_PASS }, /* within the limit and our tolerance */
        { 660, VERDICT_FAIL }, { 2900, VERDICT_FAIL },
    };
    struct stage s;

    stage_leaves(&s, CANCEL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        hung_up(&s, rows[i].at_ms);
        EXPECT_VERDICT(&s, "cancel", rows[i].verdict);
    }
    stage_release(&s);
}

Test(checks_client, an_attempt_held_to_its_end_is_not_given_up)
{
    struct stage s;

    stage_leaves(&s, CANCEL);
    s.attempts[0].delivered.end = ATTEMPT_END_OPEN;
    EXPECT_VERDICT(&s, "cancel", VERDICT_FAIL);
    /* It was answered before anybody had to hang up. */
    s.attempts[0].delivered.end = ATTEMPT_END_KEEP;
    s.attempts[0].times_ns.end = stage_ns(400);
    EXPECT_VERDICT(&s, "cancel", VERDICT_PASS);
    s.attempts[0].times_ns.end = stage_ns(2000);
    EXPECT_VERDICT(&s, "cancel", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_client, nothing_begins_for_a_client_that_left)
{
    struct stage s;

    stage_leaves(&s, CANCEL);
    hung_up(&s, 101);
    s.now_ms = 300;
    stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "cancel", VERDICT_PASS);
    s.now_ms = 1100;
    stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "cancel", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_client, cancel_is_judged_only_where_it_can_be)
{
    struct finding finding;
    struct stage s;

    stage_leaves(&s, "{}");
    hung_up(&s, 2000);
    finding = stage_judge(&s, "cancel");
    cr_expect_eq(finding.verdict, VERDICT_NOT_APPLICABLE);
    cr_expect_str_eq(finding.reason, "the runbook declares no cancel");
    /* The scenario's own figure stands in for it. */
    s.d.phase.expect.runbook = false;
    s.d.phase.expect.upstream_closed_within_ms = 1000;
    EXPECT_VERDICT(&s, "cancel", VERDICT_FAIL);
    s.d.phase.expect.upstream_closed_within_ms = 1900;
    EXPECT_VERDICT(&s, "cancel", VERDICT_PASS);
    stage_release(&s);

    stage_leaves(&s, CANCEL);
    hung_up(&s, 101);
    s.o.listened_until_ns = stage_ns(300);
    EXPECT_VERDICT(&s, "cancel", VERDICT_HOLD);
    /* The limit itself was listened out, our own tolerance of 50 ms not. */
    s.o.listened_until_ns = stage_ns(610);
    EXPECT_VERDICT(&s, "cancel", VERDICT_PASS);
    s.attempts[0].delivered.end = ATTEMPT_END_OPEN;
    s.attempts[0].times_ns.peer_closed = 0;
    EXPECT_VERDICT(&s, "cancel", VERDICT_HOLD);
    s.o.listened_until_ns = stage_ns(660);
    EXPECT_VERDICT(&s, "cancel", VERDICT_FAIL);
    s.o.listened_until_ns = stage_ns(3000);
    s.request.trace.outcome = TRACE_OUTCOME_SUCCESS;
    EXPECT_VERDICT(&s, "cancel", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}
