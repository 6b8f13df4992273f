/* The checks that look at what the client got, and when. */
#include "tests/unit/stage.h"

#define HANG "[{\"fault\":\"hang\",\"at\":\"request\"}]"

Test(checks_answer, client_status_is_one_the_runbook_allows)
{
    static const struct {
        const char *primary, *fallback, *sequence;
        int64_t status;
        enum verdict verdict;
    } rows[] = {
        { NULL, NULL, "P", 200, VERDICT_PASS },
        { NULL, NULL, "P", 500, VERDICT_FAIL },
        { STEP_503, STEP_503, "PPPFFF", 503, VERDICT_PASS },
        { STEP_503, STEP_503, "PPPFFF", 504, VERDICT_FAIL },
        { STEP_503, STEP_503, "PPPFFF", 200, VERDICT_FAIL },
        { "[{\"fault\":\"status\",\"status\":404}]", NULL, "P", 404,
          VERDICT_PASS },
        { "[{\"fault\":\"status\",\"status\":404}]", NULL, "P", 400,
          VERDICT_FAIL },
        { NULL, NULL, "P", -1, VERDICT_NOT_APPLICABLE },
        /* attempts that fit no way: any way's status will do */
        { STEP_503, STEP_503, "PP", 503, VERDICT_PASS },
        { STEP_503, STEP_503, "PP", 418, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, false, rows[i].primary, rows[i].fallback);
        for (const char *at = rows[i].sequence; *at; at++)
            stage_attempt(&s, *at == 'P' ? "primary" : "fallback", 503, 100);
        stage_client(&s,
                     rows[i].status < 0      ? TRACE_OUTCOME_NO_RESPONSE
                     : rows[i].status >= 400 ? TRACE_OUTCOME_ERROR
                                             : TRACE_OUTCOME_SUCCESS,
                     rows[i].status);
        EXPECT_VERDICT(&s, "client_status", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_answer, client_outcome_is_the_answer_or_an_honest_error)
{
    static const struct {
        const char *primary, *fallback, *sequence;
        enum trace_outcome outcome;
        int64_t status;
        enum verdict verdict;
    } rows[] = {
        { NULL, NULL, "P", TRACE_OUTCOME_SUCCESS, 200, VERDICT_PASS },
        { NULL, NULL, "P", TRACE_OUTCOME_ERROR, 502, VERDICT_FAIL },
        { NULL, NULL, "P", TRACE_OUTCOME_CUT, 200, VERDICT_FAIL },
        { NULL, NULL, "P", TRACE_OUTCOME_FALSE_SUCCESS, 200, VERDICT_FAIL },
        { NULL, NULL, "P", TRACE_OUTCOME_HANG, -1, VERDICT_FAIL },
        { STEP_503, STEP_503, "PPPFFF", TRACE_OUTCOME_ERROR, 503,
          VERDICT_PASS },
        { STEP_503, STEP_503, "PPPFFF", TRACE_OUTCOME_NO_RESPONSE, -1,
          VERDICT_FAIL },
        { STEP_503, STEP_503, "PPPFFF", TRACE_OUTCOME_SUCCESS, 200,
          VERDICT_FAIL },
        { STEP_503, STEP_503, "PPPFFF", TRACE_OUTCOME_HANG, -1, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, false, rows[i].primary, rows[i].fallback);
        for (const char *at = rows[i].sequence; *at; at++)
            stage_attempt(&s, *at == 'P' ? "primary" : "fallback", 503, 100);
        stage_client(&s, rows[i].outcome, rows[i].status);
        EXPECT_VERDICT(&s, "client_outcome", rows[i].verdict);
        stage_release(&s);
    }
}

/* A paced stream that is reset: begun for sure. */
#define PACED_CUT                                                              \
    "[{\"fault\":\"stream\",\"events\":30,\"interval_ms\":20,"                 \
    "\"end\":{\"how\":\"rst\",\"at\":\"event:20\"}}]"

Test(checks_answer, after_the_commit_point_only_what_is_declared_may_be_seen)
{
    static const struct {
        const char *after;
        enum trace_outcome outcome;
        size_t errors;
        enum verdict verdict;
    } rows[] = {
        { "\"error_event\",\"abort\"", TRACE_OUTCOME_CUT, 0, VERDICT_PASS },
        { "\"error_event\",\"abort\"", TRACE_OUTCOME_ERROR, 1, VERDICT_PASS },
        { "\"abort\"", TRACE_OUTCOME_ERROR, 1, VERDICT_FAIL },
        { "\"error_event\"", TRACE_OUTCOME_CUT, 0, VERDICT_FAIL },
        { "\"error_event\",\"abort\"", TRACE_OUTCOME_FALSE_SUCCESS, 0,
          VERDICT_FAIL },
        { "\"error_event\",\"abort\"", TRACE_OUTCOME_SUCCESS, 0, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        char runbook[512];

        snprintf(runbook, sizeof runbook,
                 "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
                 "\"fallback\":{\"order\":[\"primary\"]},"
                 "\"timeouts\":{\"idle_ms\":500},"
                 "\"stream\":{\"commit\":\"first_output\","
                 "\"after_commit\":[%s]}}",
                 rows[i].after);
        stage_init(&s, runbook, true, PACED_CUT, NULL);
        stage_attempt(&s, "primary", 200, 380);
        stage_tokens(&s, "primary", 1, 20);
        stage_client(&s, rows[i].outcome, 200);
        s.request.trace.events.errors = rows[i].errors;
        EXPECT_VERDICT(&s, "client_outcome", rows[i].verdict);
        stage_release(&s);
    }
}

/* ------------------------------------------------------------ honest_end */

Test(checks_answer, a_cut_answer_is_never_presented_as_complete)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, true, PACED_CUT, NULL);
    stage_attempt(&s, "primary", 200, 380);
    stage_tokens(&s, "primary", 1, 20);
    stage_client(&s, TRACE_OUTCOME_CUT, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    stage_client(&s, TRACE_OUTCOME_ERROR, 200);
    s.request.trace.events.errors = 1;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    s.request.trace.events.errors = 0;
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    stage_client(&s, TRACE_OUTCOME_HANG, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

Test(checks_answer, nothing_is_made_up)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, true, PACED_CUT, NULL);
    stage_attempt(&s, "primary", 200, 380);
    stage_tokens(&s, "primary", 1, 20);
    stage_client(&s, TRACE_OUTCOME_CUT, 200);
    s.request.trace.events.finish = true;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    s.request.trace.events.finish = false;
    s.request.trace.events.done = 1;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    stage_release(&s);

    /* The same two events where the upstream sent them. */
    stage_init(&s, STAGE_RUNBOOK, true, NULL, NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    stage_release(&s);

    /* finish_reason came and [DONE] did not. */
    stage_init(&s, STAGE_RUNBOOK, true,
               "[{\"fault\":\"stream\",\"done\":false}]", NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    s.request.trace.events.done = 0;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    stage_release(&s);
}

Test(checks_answer, the_end_and_the_usage_are_as_they_were_sent)
{
    static const struct {
        const char *steps, *reason;
        size_t usage;
        enum verdict verdict;
    } rows[] = {
        { "[{\"fault\":\"none\"}]", "stop", 1, VERDICT_PASS },
        { "[{\"fault\":\"none\"}]", "length", 0, VERDICT_FAIL },
        { "[{\"fault\":\"none\"}]", "error", 0, VERDICT_PASS },
        { "[{\"fault\":\"none\"}]", "stop", 2, VERDICT_FAIL },
        { "[{\"fault\":\"none\",\"finish_reason\":\"length\"}]", "length", 0,
          VERDICT_PASS },
        { "[{\"fault\":\"none\",\"finish_reason\":\"length\"}]", "stop", 0,
          VERDICT_FAIL },
        { "[{\"fault\":\"stream\",\"usage_as\":\"twice\"}]", "stop", 2,
          VERDICT_PASS },
        { "[{\"fault\":\"stream\",\"odd_frame\":\"usage\"}]", "stop", 3,
          VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, true, rows[i].steps, NULL);
        stage_attempt(&s, "primary", 200, 1);
        stage_success(&s);
        snprintf(s.request.trace.finish_reason,
                 sizeof s.request.trace.finish_reason, "%s", rows[i].reason);
        s.request.trace.events.usage = rows[i].usage;
        EXPECT_VERDICT(&s, "honest_end", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_answer, a_split_character_arrives_whole)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, true,
               "[{\"fault\":\"none\",\"sse\":{\"multibyte\":true}}]", NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    buf_add_text(&s.request.trace.text, "\xc3\xa9\xef\xbf\xbd primary");
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    buf_add_text(&s.request.trace.text, answer_characters);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    buf_release(&s.request.trace.text);
    stage_release(&s);
}

Test(checks_answer, an_answer_comes_from_one_attempt_once_and_in_order)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
    stage_attempt(&s, "primary", 503, 1);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    static const enum answer_shape bad[] = { ANSWER_REPEATED, ANSWER_SPLICED,
                                             ANSWER_GAPPED, ANSWER_FOREIGN };
    for (size_t i = 0; i < 4; i++) {
        s.request.trace.shape = bad[i];
        EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    }
    /* A broken event passed on shows the gap. */
    s.request.trace.shape = ANSWER_GAPPED;
    s.request.trace.events.malformed = 1;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    s.request.trace.shape = ANSWER_COMPLETE;
    s.request.trace.events.malformed = 0;
    /* Another attempt after the one that made the answer. */
    stage_attempt(&s, "fallback", 200, 1);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    /* After the end of the answer: it is late, and the answer is as true. */
    s.attempts[2].times_ns.first_byte += 90 * NS_PER_MS;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_answer, a_success_needs_an_upstreams_answer_and_a_clean_end)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    s.request.trace.extra_bytes = 3;
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_answer, a_wrong_body_may_be_passed_on_unless_bodies_are_claimed)
{
    static const char html[] = "[{\"fault\":\"body\",\"kind\":\"html\"}]";
    struct stage s;

    stage_init(&s, "@nginx", false, html, NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    EXPECT_VERDICT(&s, "client_outcome", VERDICT_PASS);
    EXPECT_VERDICT(&s, "client_status", VERDICT_PASS);
    EXPECT_VERDICT(&s, "fallback_decision", VERDICT_PASS);
    stage_release(&s);

    stage_init(&s, STAGE_RUNBOOK, false, html, NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    EXPECT_VERDICT(&s, "client_outcome", VERDICT_FAIL);
    stage_release(&s);

    /* A length that is too long shows a cut, also to who does not look. */
    stage_init(&s, "@nginx", false,
               "[{\"fault\":\"truncate\",\"content_length\":\"long\"}]", NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_FAIL);
    stage_client(&s, TRACE_OUTCOME_CUT, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    EXPECT_VERDICT(&s, "client_outcome", VERDICT_PASS);
    stage_release(&s);

    /* A body that ends with the connection does not. */
    stage_init(&s, "@nginx", false,
               "[{\"fault\":\"close\",\"at\":\"body:50%\","
               "\"framing\":\"close\"}]",
               NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_client(&s, TRACE_OUTCOME_FALSE_SUCCESS, 200);
    EXPECT_VERDICT(&s, "honest_end", VERDICT_PASS);
    stage_release(&s);
}

/* ------------------------------------------------------------ gap_bounds */

/* Gaps before the second and third attempt: equal jitter of 100 and 200 ms. */
static enum verdict gap_verdict(int64_t first_ms, int64_t second_ms)
{
    struct stage s;
    struct finding f;

    stage_init(&s, STAGE_RUNBOOK, false,
               "[{\"fault\":\"status\",\"status\":503},"
               "{\"fault\":\"status\",\"status\":503},{\"fault\":\"none\"}]",
               NULL);
    stage_attempt(&s, "primary", 503, 0);
    s.now_ms += first_ms;
    stage_attempt(&s, "primary", 503, 0);
    s.now_ms += second_ms;
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    f = stage_judge(&s, "gap_bounds");
    stage_release(&s);
    return f.verdict;
}

Test(checks_answer, gaps_are_never_shorter_and_not_much_longer)
{
    cr_expect_eq(gap_verdict(50, 100), VERDICT_PASS);
    cr_expect_eq(gap_verdict(100, 200), VERDICT_PASS);
    cr_expect_eq(gap_verdict(49, 100), VERDICT_PASS, "one clock tick");
    cr_expect_eq(gap_verdict(48, 100), VERDICT_FAIL);
    cr_expect_eq(gap_verdict(50, 90), VERDICT_FAIL);
    cr_expect_eq(gap_verdict(149, 200), VERDICT_PASS, "tolerance of 50 ms");
    cr_expect_eq(gap_verdict(151, 200), VERDICT_FAIL);
    cr_expect_eq(gap_verdict(100, 251), VERDICT_FAIL);
}

Test(checks_answer, retry_after_is_a_strict_lower_bound)
{
    static const char hint[] =
        "[{\"fault\":\"status\",\"status\":429,"
        "\"retry_after\":{\"seconds\":1}},{\"fault\":\"none\"}]";
    static const struct {
        int64_t gap_ms;
        enum verdict verdict;
    } rows[] = { { 1000, VERDICT_PASS },
                 { 1090, VERDICT_PASS },
                 { 990, VERDICT_FAIL },
                 { 100, VERDICT_FAIL },
                 { 1400, VERDICT_FAIL } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, false, hint, NULL);
        stage_attempt(&s, "primary", 429, 0);
        s.now_ms += rows[i].gap_ms;
        stage_attempt(&s, "primary", 200, 1);
        stage_success(&s);
        EXPECT_VERDICT(&s, "gap_bounds", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_answer, a_timeout_counts_from_the_request)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false,
               "[{\"fault\":\"hang\",\"at\":\"request\"},"
               "{\"fault\":\"none\"}]",
               NULL);
    stage_attempt(&s, "primary", -1, 0)->delivered.end = ATTEMPT_END_OPEN;
    s.now_ms = 500 + 60; /* header_ms and a wait */
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_PASS);
    /* 500 ms by the gateway's coarse clock, then the least wait of 50 ms. */
    s.attempts[1].times_ns.first_byte = stage_ns(500 - 20 + 50);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_PASS);
    s.attempts[1].times_ns.first_byte = stage_ns(500 - 23 + 50);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    /* A busy machine: the first request was read late by the mock. */
    s.o.late_ms = 40;
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_PASS);
    s.attempts[1].times_ns.first_byte = stage_ns(500 - 63 + 50);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    /* The kernel had it 30 ms before the mock read it. */
    s.attempts[0].times_ns.arrived =
        s.attempts[0].times_ns.body - 30 * NS_PER_MS;
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_PASS);
    s.attempts[1].times_ns.first_byte = stage_ns(500 - 93 + 50);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    s.attempts[0].times_ns.arrived = 0;
    s.attempts[1].times_ns.first_byte = stage_ns(500 - 63 + 50);
    /* It had left the client 30 ms before the mock read it. */
    s.request.trace.sent_ns = stage_ns(-30);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_PASS);
    s.attempts[1].times_ns.first_byte = stage_ns(500 - 93 + 50);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    /* The next attempt began before the first had failed. */
    s.attempts[1].times_ns.first_byte = stage_ns(300);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_answer, a_busy_machine_makes_no_wait_after_an_answer_shorter)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
    s.o.late_ms = 400;
    stage_attempt(&s, "primary", 503, 0);
    s.now_ms += 40; /* 50 is the least */
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_answer, what_the_mock_itself_delays_is_strict)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false,
               "[{\"fault\":\"status\",\"status\":503,\"before_ms\":300},"
               "{\"fault\":\"none\"}]",
               NULL);
    stage_attempt(&s, "primary", 503, 300);
    s.now_ms = 350;
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_PASS);
    s.attempts[1].times_ns.first_byte = stage_ns(348);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_answer, gaps_are_not_judged_without_a_declared_wait)
{
    struct stage s;

    stage_init(&s, "@nginx", false, STEP_ONCE, NULL);
    stage_attempt(&s, "primary", 503, 0);
    s.now_ms += 700;
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_NOT_APPLICABLE);
    stage_release(&s);

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_NOT_APPLICABLE);
    stage_release(&s);

    /* Too many attempts: no way whose gaps these could be. */
    stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
    for (int i = 0; i < 5; i++)
        stage_attempt(&s, "primary", 503, 0);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "gap_bounds", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

/* --------------------------------------------- total_time, late attempts */

Test(checks_answer, the_client_is_answered_in_time)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, STEP_503);
    s.now_ms = 8040;
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "total_time", VERDICT_PASS);
    s.now_ms = 8060;
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "total_time", VERDICT_FAIL);
    s.now_ms = 100;
    stage_client(&s, TRACE_OUTCOME_HANG, -1);
    EXPECT_VERDICT(&s, "total_time", VERDICT_FAIL);
    stage_release(&s);

    stage_init(&s, "@nginx", false, STEP_503, NULL);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "total_time", VERDICT_NOT_APPLICABLE);
    stage_client(&s, TRACE_OUTCOME_HANG, -1);
    EXPECT_VERDICT(&s, "total_time", VERDICT_FAIL);
    stage_release(&s);

    /* No limit covers the silence: the gateway may wait for ever. */
    stage_init(&s, "{\"retry\":{\"budget\":0}}", false, HANG, NULL);
    stage_client(&s, TRACE_OUTCOME_HANG, -1);
    EXPECT_VERDICT(&s, "total_time", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

Test(checks_answer, nothing_is_tried_after_the_answer)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    stage_attempt(&s, "primary", 503, 10);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_PASS);
    s.now_ms += 100;
    stage_attempt(&s, "primary", 503, 1);
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_FAIL);
    /* A busy machine stamps late what was begun in time. */
    s.o.stamp_ms = 79;
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_FAIL);
    s.o.stamp_ms = 80;
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_PASS);
    s.o.attempt_count = 1;
    s.attempts[0].late = true;
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_FAIL);
    s.attempts[0].late = false;
    s.o.listened_until_ns = 0;
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_HOLD);
    stage_client(&s, TRACE_OUTCOME_HANG, -1);
    EXPECT_VERDICT(&s, "no_late_attempts", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}
