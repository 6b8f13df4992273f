#include "tests/unit/stage.h"

#include "harness/judge/seen.h"

Test(checks, every_row_has_its_words)
{
    for (size_t i = 0; checks[i]; i++) {
        cr_expect_neq(checks[i]->text[0], '\0');
        cr_expect_not_null(checks[i]->judge);
        cr_expect_eq(check_find(checks[i]->id), checks[i]);
    }
    cr_expect_null(check_find("nothing"));
    cr_expect_str_eq(checks[0]->id, "fault_delivered");
}

/* ------------------------------------------------------ fault_delivered */

Test(checks, fault_delivered_passes_when_all_steps_were_met)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
    snprintf(stage_attempt(&s, "primary", 503, 1)->planned.fault, 24, "status");
    snprintf(stage_attempt(&s, "primary", 200, 1)->planned.fault, 24, "none");
    stage_success(&s);
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_PASS);
    /* No attempt at all is no matter of delivery. */
    s.o.attempt_count = 0;
    s.request.trace.tokens.count = 0;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_PASS);
    stage_release(&s);
}

Test(checks, fault_delivered_holds_where_nothing_is_proven)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
    stage_attempt(&s, "primary", 503, 1);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);

    s.attempts[0].delivered.faithful = false;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    /* It was the gateway that left: that is for others to judge. */
    s.attempts[0].delivered.peer_closed_first = true;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_PASS);
    s.attempts[0].delivered.faithful = true;

    s.attempts[1].contradiction = true;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    s.attempts[1].contradiction = false;

    snprintf(s.attempts[1].planned.fault, 24, "hang");
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    s.attempts[1].planned.fault[0] = '\0';

    s.o.probe_before.healthy = false;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    s.o.probe_before.healthy = true;

    snprintf(s.o.broken, sizeof s.o.broken, "the gateway died");
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    s.o.broken[0] = '\0';

    s.o.attempt_count = 1; /* whose answer is it then? */
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    stage_release(&s);
}

Test(checks, a_refusing_port_must_be_proven)
{
    struct observed_refusal refusal = { .upstream = "primary",
                                        .refused_before = true,
                                        .refused_after = true };
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, "[{\"fault\":\"refuse\"}]", NULL);
    stage_attempt(&s, "fallback", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    s.o.refusals = &refusal;
    s.o.refusal_count = 1;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_PASS);
    refusal.refused_after = false;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    refusal.refused_after = true;
    stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    stage_release(&s);
}

Test(checks, a_silent_port_must_be_proven)
{
    struct observed_refusal refusal = { .upstream = "primary",
                                        .refused_before = true,
                                        .refused_after = true };
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, "[{\"fault\":\"syn_drop\"}]", NULL);
    stage_attempt(&s, "fallback", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    s.o.refusals = &refusal;
    s.o.refusal_count = 1;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_PASS);
    refusal.refused_before = false;
    EXPECT_VERDICT(&s, "fault_delivered", VERDICT_HOLD);
    stage_release(&s);
}

/* -------------------------------------------- attempts and the decision */

Test(checks, attempts_are_counted_per_upstream_and_in_total)
{
    static const struct {
        const char *sequence;
        enum verdict per_upstream, total, decision;
    } rows[] = {
        { "PPPF", VERDICT_PASS, VERDICT_PASS, VERDICT_PASS },
        { "PPPPF", VERDICT_FAIL, VERDICT_FAIL, VERDICT_PASS },
        { "PPF", VERDICT_FAIL, VERDICT_FAIL, VERDICT_PASS },
        { "PPPP", VERDICT_FAIL, VERDICT_PASS, VERDICT_FAIL },
        { "PPFP", VERDICT_FAIL, VERDICT_PASS, VERDICT_PASS },
        { "", VERDICT_FAIL, VERDICT_FAIL, VERDICT_FAIL },
        { "F", VERDICT_FAIL, VERDICT_FAIL, VERDICT_PASS },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
        for (const char *at = rows[i].sequence; *at; at++)
            stage_attempt(&s, *at == 'P' ? "primary" : "fallback",
                          *at == 'P' ? 503 : 200, 100);
        stage_client(&s, TRACE_OUTCOME_ERROR, 503);
        EXPECT_VERDICT(&s, "attempts_per_upstream", rows[i].per_upstream);
        EXPECT_VERDICT(&s, "attempts_total", rows[i].total);
        EXPECT_VERDICT(&s, "fallback_decision", rows[i].decision);
        stage_release(&s);
    }
}

Test(checks, attempts_say_what_was_expected_and_seen)
{
    struct stage s;
    struct finding f;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    for (int i = 0; i < 4; i++)
        stage_attempt(&s, "primary", 503, 1);
    stage_attempt(&s, "fallback", 200, 1);
    stage_success(&s);
    f = stage_judge(&s, "attempts_per_upstream");
    cr_expect_str_eq(f.expected, "primary 3, fallback 1");
    cr_expect_str_eq(f.observed, "primary 4, fallback 1");
    stage_release(&s);
}

Test(checks, attempts_at_a_refusing_port_are_not_counted)
{
    struct stage s;

    stage_init(&s, "@nginx", false, "[{\"fault\":\"refuse\"}]", NULL);
    stage_attempt(&s, "fallback", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_PASS);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_PASS);
    stage_attempt(&s, "fallback", 200, 1);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_FAIL);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks, a_fallback_that_refuses_cannot_be_seen)
{
    static const char refuse[] = "[{\"fault\":\"refuse\"}]";
    struct stage s;

    stage_init(&s, "@nginx", false, refuse, refuse);
    stage_client(&s, TRACE_OUTCOME_ERROR, 502);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    EXPECT_VERDICT(&s, "client_status", VERDICT_PASS);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_NOT_APPLICABLE);
    /* An answer out of nowhere is not excused by that. */
    stage_client(&s, TRACE_OUTCOME_SUCCESS, 200);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_FAIL);
    stage_release(&s);
    /* With a fallback that can be seen, not trying it is a failure. */
    stage_init(&s, "@nginx", false, refuse, NULL);
    stage_client(&s, TRACE_OUTCOME_ERROR, 502);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_FAIL);
    stage_release(&s);
}

/* primary, a fallback that refuses, primary again. */
Test(checks, a_refused_fallback_between_two_attempts_is_no_contradiction)
{
    struct stage s;

    stage_init(&s, "@haproxy", false, STEP_503, "[{\"fault\":\"refuse\"}]");
    stage_attempt(&s, "primary", 503, 1);
    stage_attempt(&s, "primary", 503, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    stage_release(&s);

    stage_init(&s, "@haproxy", false, STEP_ONCE, "[{\"fault\":\"refuse\"}]");
    stage_attempt(&s, "primary", 503, 1);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_PASS);
    stage_attempt(&s, "fallback", 200, 1);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_FAIL);
    stage_release(&s);
}

/* A 403 that may fall back does not end the counting, a 401 that may not does.
 */
Test(checks, attempts_are_counted_up_to_the_refusal_that_closes)
{
    static const char runbook[] =
        "{\"retry\":{\"budget\":0},\"auth\":{\"on_401\":\"fail_closed\","
        "\"on_403\":\"fallback\"},"
        "\"fallback\":{\"order\":[\"primary\",\"fallback\"]}}";
    struct stage s;

    stage_init(&s, runbook, false, "[{\"fault\":\"status\",\"status\":403}]",
               STEP_401);
    stage_attempt(&s, "primary", 403, 1);
    stage_attempt(&s, "fallback", 401, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 401);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_PASS);
    s.o.attempt_count = 1;
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks, what_the_runbook_leaves_out_is_not_applicable)
{
    struct stage s;

    stage_init(&s, "{}", false, STEP_503, NULL);
    stage_attempt(&s, "primary", 503, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "client_status", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "client_outcome", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "total_time", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_NOT_APPLICABLE);
    /* What always holds is judged all the same. */
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_PASS);
    stage_release(&s);
}

Test(checks, the_ceiling_counts_even_where_nothing_else_is_declared)
{
    struct stage s;

    stage_init(&s,
               "{\"retry\":{\"total_attempts_max\":2,"
               "\"on\":[\"header_timeout\"]}}",
               false, "[{\"fault\":\"hang\",\"at\":\"request\"}]", NULL);
    cr_assert(s.allowed.not_judged[0]);
    stage_attempt(&s, "primary", -1, 1);
    stage_attempt(&s, "primary", -1, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 504);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_PASS);
    stage_attempt(&s, "primary", -1, 1);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks, an_end_by_total_time_excuses_nobody_who_ended_earlier)
{
    /* Waits without an upper bound: total_ms may end it at any attempt. */
    static const char runbook[] =
        "{\"retry\":{\"budget\":1,\"total_attempts_max\":4,"
        "\"on\":[\"http_5xx\"],\"backoff\":{\"base_ms\":50,\"factor\":2,"
        "\"cap_ms\":400,\"jitter\":\"additive\"}},"
        "\"fallback\":{\"order\":[\"primary\",\"fallback\"],"
        "\"after\":\"retries_exhausted\",\"on\":[\"http_5xx\"]},"
        "\"timeouts\":{\"total_ms\":20000}}";
    static const char *const ids[] = { "attempts_per_upstream",
                                       "attempts_total", "fallback_decision",
                                       "client_status", "client_outcome" };
    struct stage s;

    stage_init(&s, runbook, false, STEP_503, NULL);
    stage_attempt(&s, "primary", 503, 1);
    s.now_ms += 60;
    stage_attempt(&s, "primary", 503, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        EXPECT_VERDICT(&s, ids[i], VERDICT_FAIL);
    s.now_ms = 19900;
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        EXPECT_VERDICT(&s, ids[i], VERDICT_PASS);
    stage_release(&s);
}

Test(checks, the_scenarios_own_figures_rule)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    s.allowed.attempts_override_count = 1;
    snprintf(s.allowed.attempts_override[0].upstream, UPSTREAM_NAME_SIZE,
             "primary");
    s.allowed.attempts_override[0].least = 1;
    s.allowed.attempts_override[0].most = 2;
    stage_attempt(&s, "primary", 503, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_PASS);
    stage_attempt(&s, "primary", 503, 1);
    stage_attempt(&s, "primary", 503, 1);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_FAIL);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks, decisions_are_read_off_the_attempts)
{
    struct stage s;
    struct judged judged;
    struct seen seen;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    judged = (struct judged){ &s.o, &s.allowed, 1 };
    seen_init(&seen, &judged, 0);
    s.request.trace.status = 401;
    s.request.trace.outcome = TRACE_OUTCOME_ERROR;
    cr_expect_eq(seen_decision(&seen), DECISION_FAILED_CLOSED);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    seen_init(&seen, &judged, 0);
    cr_expect_eq(seen_decision(&seen), DECISION_PRIMARY_USED);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    seen_init(&seen, &judged, 0);
    cr_expect_eq(seen_decision(&seen), DECISION_FALLBACK_NOT_TRIGGERED);
    s.attempts[0].delivered.status = 403;
    seen_init(&seen, &judged, 0);
    cr_expect_eq(seen_decision(&seen), DECISION_FAILED_CLOSED);
    stage_attempt(&s, "fallback", 200, 1);
    seen_init(&seen, &judged, 0);
    cr_expect_eq(seen_decision(&seen), DECISION_FALLBACK_USED);
    stage_release(&s);
}

/* ----------------------------------------------------- auth_fail_closed */

Test(checks, a_refused_credential_fails_closed)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_401, NULL);
    stage_attempt(&s, "primary", 401, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 401);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_PASS);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    /* a status that is not declared */
    stage_client(&s, TRACE_OUTCOME_ERROR, 502);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    /* a connection closed without a word */
    stage_client(&s, TRACE_OUTCOME_NO_RESPONSE, -1);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    /* looks like a success */
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    stage_release(&s);
}

/* One cause, one finding: whoever tries a refused credential elsewhere fails
 * auth_fail_closed, and not every count besides. */
Test(checks, a_fallback_after_401_fails_this_check_alone)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_401, NULL);
    stage_attempt(&s, "primary", 401, 1);
    stage_attempt(&s, "fallback", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_PASS);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "client_status", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "client_outcome", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

Test(checks, attempts_before_a_refused_credential_still_count)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, STEP_401);
    for (int i = 0; i < 4; i++)
        stage_attempt(&s, "primary", 503, 100);
    stage_attempt(&s, "fallback", 401, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 401);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_PASS);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_FAIL);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks, known_good_retry_allows_one_more_at_the_same_upstream)
{
    static const char runbook[] =
        "{\"auth\":{\"on_401\":\"fail_closed\",\"known_good_retry\":1},"
        "\"fallback\":{\"order\":[\"primary\",\"fallback\"]}}";
    struct stage s;

    stage_init(&s, runbook, false,
               "[{\"fault\":\"status\",\"status\":401},{\"fault\":\"none\"}]",
               NULL);
    stage_attempt(&s, "primary", 401, 1);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_PASS);
    stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks, a_wrong_client_key_is_refused_without_an_attempt)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_NOT_APPLICABLE);
    s.d.phase.client.credential = CASE_CREDENTIAL_INVALID_AT_CLIENT;
    stage_client(&s, TRACE_OUTCOME_ERROR, 401);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_PASS);
    stage_client(&s, TRACE_OUTCOME_ERROR, 500);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    stage_release(&s);
}

/* ------------------------------------------------------------ judge_case */

Test(checks, a_broken_case_is_judged_only_for_what_always_stands)
{
    struct stage s;
    struct findings findings = { 0 };
    struct judged judged;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    stage_client(&s, TRACE_OUTCOME_NO_RESPONSE, -1);
    snprintf(s.o.broken, sizeof s.o.broken, "the gateway died");
    judged = (struct judged){ &s.o, &s.allowed, 1 };
    judge_case(&findings, &judged);
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *f = &findings.items[i];

        if (strcmp(f->check, "fault_delivered") &&
            strcmp(f->check, "redaction") && strcmp(f->check, "one_credential"))
            cr_expect_eq(f->verdict, VERDICT_NOT_APPLICABLE, "%s", f->check);
    }
    cr_expect_eq(findings.items[0].verdict, VERDICT_HOLD);
    cr_expect_eq(verdict_of(&findings), VERDICT_HOLD);
    findings_release(&findings);
    stage_release(&s);
}

Test(checks, a_scenario_may_make_its_case_advisory_but_not_its_leaks)
{
    struct stage s;
    struct findings findings = { 0 };
    struct judged judged;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    s.d.phase.expect.severity_advisory = 1;
    stage_attempt(&s, "primary", 503, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    judged = (struct judged){ &s.o, &s.allowed, 1 };
    judge_case(&findings, &judged);
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *f = &findings.items[i];

        if (!strcmp(f->check, "attempts_per_upstream")) {
            cr_expect_eq(f->verdict, VERDICT_FAIL);
            cr_expect_eq(f->severity, SEVERITY_ADVISORY);
        }
        if (!strcmp(f->check, "redaction"))
            cr_expect_eq(f->severity, SEVERITY_REQUIRED);
    }
    findings_release(&findings);
    stage_release(&s);
}

/* All checks on a 503 that was retried once too often, on a machine so late. */
static enum verdict late_verdict_of(int64_t stamp_ms, int64_t slow_ms,
                                    int64_t took_ms, bool drifted,
                                    int64_t read_ms)
{
    struct stage s;
    struct findings findings = { 0 };
    struct judged judged;
    enum verdict verdict;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
    s.o.stamp_ms = stamp_ms;
    s.o.slow_ms = slow_ms;
    stage_attempt(&s, "primary", 503, 0);
    s.now_ms += 60;
    stage_attempt(&s, "primary", 200, 1);
    s.now_ms += 150;
    stage_attempt(&s, "primary", 200, 1);
    s.attempts[0].times_ns.first_byte = NS_PER_MS;
    s.attempts[0].times_ns.body = (1 + read_ms) * NS_PER_MS;
    if (drifted)
        s.request.trace.extra_bytes = 3;
    stage_success(&s);
    s.request.trace.start_ns = s.request.trace.end_ns - took_ms * NS_PER_MS;
    judged = (struct judged){ &s.o, &s.allowed, 1 };
    judge_case(&findings, &judged);
    verdict = verdict_of(&findings);
    findings_release(&findings);
    stage_release(&s);
    return verdict;
}

static enum verdict late_verdict(int64_t stamp_ms, int64_t slow_ms,
                                 int64_t took_ms, bool drifted)
{
    return late_verdict_of(stamp_ms, slow_ms, took_ms, drifted, 3);
}

Test(checks, a_machine_too_slow_makes_a_fail_a_hold)
{
    /* The runbook's shortest timeout is 500 ms. */
    cr_expect_eq(late_verdict(0, 0, 800, false), VERDICT_FAIL);
    cr_expect_eq(late_verdict(249, 0, 800, false), VERDICT_FAIL);
    cr_expect_eq(late_verdict(250, 0, 800, false), VERDICT_HOLD);
    /* Timers were on time, and a healthy request was not. */
    cr_expect_eq(late_verdict(0, 249, 800, false), VERDICT_FAIL);
    cr_expect_eq(late_verdict(0, 250, 800, false), VERDICT_HOLD);
    cr_expect_eq(late_verdict(250, 0, 800, true), VERDICT_FAIL,
                 "no matter of time");
    cr_expect_eq(late_verdict(250, 0, 499, false), VERDICT_FAIL,
                 "over before any timer could run out");
    cr_expect_eq(late_verdict_of(0, 0, 800, false, 249), VERDICT_FAIL);
    cr_expect_eq(late_verdict_of(0, 0, 800, false, 250), VERDICT_HOLD,
                 "the mock was slow to read");
}

Test(checks, the_worst_of_several_requests_counts)
{
    struct stage s;
    struct observed_request two[2];

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    two[0] = two[1] = s.request;
    two[1].epoch = 2; /* no attempt, and a success all the same */
    s.o.requests = two;
    s.o.request_count = 2;
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_FAIL);
    s.o.request_count = 1;
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_PASS);
    s.o.request_count = 0;
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

Test(checks, a_client_that_left_is_not_judged_by_its_answer)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    stage_client(&s, TRACE_OUTCOME_LEFT, -1);
    EXPECT_VERDICT(&s, "attempts_per_upstream", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "client_outcome", VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}
