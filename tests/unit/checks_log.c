/* The checks that look at what the gateway says of itself in its log. */
#include "tests/unit/stage.h"

struct log_stage {
    struct stage s;
    struct profile profile;
    struct log_line *line;
};

static const char *const line_checks[] = { "log_truth", "log_outcome" };

/* Attempts: 503 and 503 at the primary, then 200 at the fallback; the client
 * has its answer, and the log says so. */
static void log_begin(struct log_stage *t, bool stream)
{
    static char pointer[] = "/x", id[] = "an-id";
    static char *words[] = { id };

    *t = (struct log_stage){ 0 };
    stage_init(&t->s, STAGE_RUNBOOK, stream, STEP_503, NULL);
    t->profile.log =
        (struct profile_log){ .declared = true, .every_request = true };
    for (size_t i = 0; i < FACT_COUNT; i++)
        t->profile.log.facts[i] =
            (struct profile_log_fact){ .pointer = pointer, .of_partial = -1 };
    t->profile.log.facts[FACT_OUTCOME].partial =
        (struct bind_texts){ .items = words, .count = 1 };
    t->s.o.profile = &t->profile;
    strcpy(t->s.request.log_id, "an-id");
    t->s.o.log.read = true;
    t->line = xcalloc(1, sizeof *t->line);
    t->s.o.log.lines = t->line;
    t->s.o.log.count = t->s.o.log.capacity = 1;
}

static void say(struct log_line *line, enum log_fact fact, int64_t figure)
{
    line->figures[fact] = figure;
}

static void log_served(struct log_stage *t, bool stream)
{
    log_begin(t, stream);
    stage_attempt(&t->s, "primary", 503, 1);
    stage_attempt(&t->s, "primary", 503, 1);
    stage_attempt(&t->s, "fallback", 200, 1);
    stage_success(&t->s);
    say(t->line, FACT_ATTEMPTS_TOTAL, 3);
    say(t->line, FACT_RETRIES_TOTAL, 1);
    say(t->line, FACT_RETRIES_PRIMARY, 1);
    say(t->line, FACT_STATUS, 200);
    strcpy(t->line->upstream, "fallback");
    t->line->statuses[0] = t->line->statuses[1] = 503;
    t->line->statuses[2] = 200;
    t->line->status_count = 3;
    t->line->error = LOG_ERROR_NONE;
    t->line->outcome = LOG_OUTCOME_COMPLETE;
}

static void log_end(struct log_stage *t)
{
    json_log_release(&t->s.o.log);
    buf_release(&t->s.request.trace.body);
    stage_release(&t->s);
}

Test(checks_log, a_line_that_says_what_was_seen_passes)
{
    struct log_stage t;

    log_served(&t, false);
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_PASS);
    for (size_t i = 0; i < 2; i++)
        EXPECT_VERDICT(&t.s, line_checks[i], VERDICT_PASS);
    log_end(&t);
}

Test(checks_log, what_nobody_declares_is_not_judged)
{
    static const char *const all[] = { "log_line", "log_truth", "log_outcome",
                                       "log_usage", "request_id" };
    struct log_stage t;

    log_served(&t, false);
    t.profile.log = (struct profile_log){ 0 };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        EXPECT_VERDICT(&t.s, all[i], VERDICT_NOT_APPLICABLE);
    log_end(&t);
}

Test(checks_log, each_figure_that_is_not_so_is_told)
{
    static const struct {
        enum log_fact fact;
        int64_t figure;
    } rows[] = {
        { FACT_ATTEMPTS_TOTAL, 2 },  { FACT_ATTEMPTS_TOTAL, 4 },
        { FACT_RETRIES_TOTAL, 2 },   { FACT_RETRIES_TOTAL, LOG_UNSAID },
        { FACT_RETRIES_PRIMARY, 0 }, { FACT_STATUS, 503 },
        { FACT_STATUS, LOG_UNSAID }, { FACT_STATUS, LOG_NO_NUMBER },
    };
    struct log_stage t;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        log_served(&t, false);
        say(t.line, rows[i].fact, rows[i].figure);
        EXPECT_VERDICT(&t.s, "log_truth", VERDICT_FAIL);
        t.profile.log.facts[rows[i].fact].pointer = NULL;
        EXPECT_VERDICT(&t.s, "log_truth", VERDICT_PASS);
        log_end(&t);
    }
}

Test(checks_log, who_served_is_in_every_token_of_the_answer)
{
    static const char *const wrong[] = { "primary", "", "?" };
    struct log_stage t;

    for (size_t i = 0; i < 3; i++) {
        log_served(&t, false);
        strcpy(t.line->upstream, wrong[i]);
        EXPECT_VERDICT(&t.s, "log_truth", VERDICT_FAIL);
        /* Of an answer that nobody gave it says what it likes. */
        t.s.request.trace.tokens.count = 0;
        EXPECT_VERDICT(&t.s, "log_truth", VERDICT_PASS);
        log_end(&t);
    }
}

Test(checks_log, a_list_has_one_status_for_each_attempt)
{
    struct log_stage t;

    log_served(&t, false);
    t.line->statuses[1] = 502;
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_FAIL);
    /* What never came cannot be told wrong. */
    t.s.attempts[1].delivered.head_complete = false;
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_PASS);
    t.line->status_count = 1;
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_FAIL);
    log_end(&t);
}

Test(checks_log, an_attempt_on_another_route_is_not_counted)
{
    struct log_stage t;

    log_served(&t, false);
    t.s.attempts[2].other_route = true;
    say(t.line, FACT_ATTEMPTS_TOTAL, 9);
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_PASS);
    log_end(&t);
}

Test(checks_log, who_hangs_up_may_have_begun_one_more)
{
    struct log_stage t;

    log_served(&t, false);
    stage_client(&t.s, TRACE_OUTCOME_LEFT, -1);
    say(t.line, FACT_ATTEMPTS_TOTAL, 4);
    say(t.line, FACT_RETRIES_TOTAL, 2);
    say(t.line, FACT_STATUS, 499);
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_PASS);
    say(t.line, FACT_ATTEMPTS_TOTAL, 5);
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_FAIL);
    log_end(&t);
}

Test(checks_log, each_request_has_one_line)
{
    struct log_stage t;

    log_served(&t, false);
    t.s.o.log.count = 0;
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_FAIL);
    EXPECT_VERDICT(&t.s, "log_truth", VERDICT_NOT_APPLICABLE);
    t.s.o.log.nameless = 1; /* it may be the one */
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_HOLD);
    t.s.o.log.nameless = 0;
    t.profile.log.every_request = false;
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_HOLD);
    t.profile.log.every_request = true;
    t.s.o.log.read = false;
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_HOLD);
    t.s.o.log.read = true;
    t.s.o.log.moved = true; /* there may have been a file in between */
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_HOLD);
    t.s.o.log.moved = false;
    t.s.request.log_id[0] = '\0'; /* nobody told it */
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_HOLD);
    log_end(&t);
}

Test(checks_log, a_second_line_is_one_too_many)
{
    struct log_stage t;

    log_served(&t, false);
    t.s.o.log.lines = xrealloc(t.s.o.log.lines, 2 * sizeof *t.s.o.log.lines);
    t.s.o.log.lines[1] = t.s.o.log.lines[0];
    t.s.o.log.count = 2;
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_FAIL);
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_NOT_APPLICABLE);
    t.profile.log.every_request = false;
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_HOLD);
    log_end(&t);
}

Test(checks_log, a_request_that_was_never_met_needs_no_line)
{
    struct log_stage t;

    log_begin(&t, false);
    stage_client(&t.s, TRACE_OUTCOME_LEFT, -1);
    t.s.o.log.count = 0;
    EXPECT_VERDICT(&t.s, "log_line", VERDICT_NOT_APPLICABLE);
    log_end(&t);
}

Test(checks_log, a_success_is_no_error_and_whole)
{
    struct log_stage t;

    log_served(&t, false);
    t.line->error = LOG_ERROR_SOME;
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_FAIL);
    t.line->error = LOG_ERROR_NONE;
    t.line->outcome = LOG_OUTCOME_OTHER;
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_FAIL);
    t.line->outcome = LOG_OUTCOME_UNSAID;
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_FAIL);
    log_end(&t);
}

Test(checks_log, a_failure_is_an_error)
{
    static const struct {
        enum trace_outcome outcome;
        int64_t status;
        enum verdict silent; /* where the log says no error */
    } rows[] = {
        { TRACE_OUTCOME_ERROR, 502, VERDICT_FAIL },
        { TRACE_OUTCOME_ERROR, 200, VERDICT_FAIL },
        { TRACE_OUTCOME_ERROR, 307, VERDICT_PASS },
        { TRACE_OUTCOME_CUT, 200, VERDICT_FAIL },
        { TRACE_OUTCOME_LEFT, 200, VERDICT_PASS },
        { TRACE_OUTCOME_HANG, 200, VERDICT_PASS },
    };
    struct log_stage t;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        log_begin(&t, false);
        stage_attempt(&t.s, "primary", 503, 1);
        stage_client(&t.s, rows[i].outcome, rows[i].status);
        t.line->error = LOG_ERROR_NONE;
        EXPECT_VERDICT(&t.s, "log_outcome", rows[i].silent);
        t.line->error = LOG_ERROR_SOME;
        EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_PASS);
        log_end(&t);
    }
}

/* Six of 24 tokens came. */
static void log_cut(struct log_stage *t)
{
    log_begin(t, true);
    stage_attempt(&t->s, "primary", 200, 1)->delivered.events = 8;
    stage_tokens(&t->s, "primary", 1, 6);
    stage_client(&t->s, TRACE_OUTCOME_CUT, 200);
    t->s.request.trace.events.output = 7; /* one held no token */
    t->line->error = LOG_ERROR_SOME;
    t->line->outcome = LOG_OUTCOME_PARTIAL;
}

Test(checks_log, a_part_of_an_answer_is_no_whole_one)
{
    struct log_stage t;

    log_cut(&t);
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_PASS);
    t.line->outcome = LOG_OUTCOME_COMPLETE;
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_FAIL);
    t.line->outcome = LOG_OUTCOME_OTHER;
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_FAIL);
    t.profile.log.facts[FACT_OUTCOME].partial.count = 0; /* no word for it */
    EXPECT_VERDICT(&t.s, "log_outcome", VERDICT_PASS);
    log_end(&t);
}

Test(checks_log, the_tokens_of_a_part_are_those_the_client_had)
{
    static const struct {
        int64_t rule, said;
        enum verdict verdict;
    } rows[] = {
        { -1, LOG_UNSAID, VERDICT_NOT_APPLICABLE },
        { LOG_PARTIAL_PRESENT, LOG_UNSAID, VERDICT_FAIL },
        { LOG_PARTIAL_PRESENT, 0, VERDICT_FAIL },
        { LOG_PARTIAL_PRESENT, 99, VERDICT_PASS },
        { LOG_PARTIAL_EVENTS, LOG_UNSAID, VERDICT_FAIL },
        { LOG_PARTIAL_EVENTS, 6, VERDICT_FAIL },
        { LOG_PARTIAL_EVENTS, 7, VERDICT_PASS },
        { LOG_PARTIAL_EVENTS, 9, VERDICT_PASS }, /* two got lost on the way */
        { LOG_PARTIAL_EVENTS, 10, VERDICT_FAIL },
    };
    struct log_stage t;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        log_cut(&t);
        t.profile.log.facts[FACT_OUTPUT_TOKENS].of_partial = rows[i].rule;
        say(t.line, FACT_OUTPUT_TOKENS, rows[i].said);
        EXPECT_VERDICT(&t.s, "log_usage", rows[i].verdict);
        log_end(&t);
    }
}

Test(checks_log, the_tokens_are_those_the_answer_says)
{
    struct log_stage t;

    log_served(&t, false);
    EXPECT_VERDICT(&t.s, "log_usage", VERDICT_NOT_APPLICABLE);
    buf_add_text(&t.s.request.trace.body,
                 "{\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":24}}");
    say(t.line, FACT_INPUT_TOKENS, 12);
    say(t.line, FACT_OUTPUT_TOKENS, 24);
    EXPECT_VERDICT(&t.s, "log_usage", VERDICT_PASS);
    say(t.line, FACT_OUTPUT_TOKENS, 23);
    EXPECT_VERDICT(&t.s, "log_usage", VERDICT_FAIL);
    say(t.line, FACT_OUTPUT_TOKENS, LOG_UNSAID);
    EXPECT_VERDICT(&t.s, "log_usage", VERDICT_FAIL);
    t.profile.log.facts[FACT_OUTPUT_TOKENS].pointer = NULL;
    EXPECT_VERDICT(&t.s, "log_usage", VERDICT_PASS);
    log_end(&t);
}

/* --- request_id ----------------------------------------------------------- */

#define RULE(word) "{\"request\":{\"request_id\":\"" word "\"}}"

Test(checks_log, one_request_id_goes_all_the_way)
{
    static const struct {
        const char *rule, *sent, *first, *second, *answer;
        enum verdict verdict;
    } rows[] = {
        { "{}", "a", "a", "b", "", VERDICT_NOT_APPLICABLE },
        { RULE("kept"), "a", "a", "a", "a", VERDICT_PASS },
        { RULE("kept"), "a", "b", "b", "b", VERDICT_FAIL },
        { RULE("kept"), "a", "a", "", "a", VERDICT_FAIL },
        { RULE("kept"), "a", "a", "b", "a", VERDICT_FAIL },
        { RULE("kept"), "a", "a", "a", "b", VERDICT_FAIL },
        { RULE("kept"), "a", "a", "a", "", VERDICT_FAIL },
        { RULE("kept"), "", "m", "m", "m", VERDICT_PASS },
        { RULE("kept"), "", "", "", "", VERDICT_FAIL },
        { RULE("mapped"), "a", "m", "m", "m", VERDICT_PASS },
        { RULE("mapped"), "a", "m", "n", "m", VERDICT_FAIL },
        { RULE("mapped"), "a", "m", "m", "a", VERDICT_FAIL },
        { RULE("mapped"), "a", "m", "m", "", VERDICT_FAIL },
        { RULE("mapped"), "a", "a", "a", "a", VERDICT_FAIL },
        { RULE("mapped"), "", "m", "m", "m", VERDICT_PASS },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, rows[i].rule, false, STEP_ONCE, NULL);
        strcpy(s.request.request_id_fingerprint, rows[i].sent);
        strcpy(s.request.answer_id_fingerprint, rows[i].answer);
        strcpy(stage_attempt(&s, "primary", 503, 1)
                   ->request.request_id_fingerprint,
               rows[i].first);
        strcpy(stage_attempt(&s, "primary", 200, 1)
                   ->request.request_id_fingerprint,
               rows[i].second);
        stage_success(&s);
        EXPECT_VERDICT(&s, "request_id", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_log, an_answer_that_never_came_needs_no_request_id)
{
    struct stage s;

    stage_init(&s, RULE("kept"), false, STEP_ONCE, NULL);
    strcpy(s.request.request_id_fingerprint, "a");
    strcpy(stage_attempt(&s, "primary", 503, 1)->request.request_id_fingerprint,
           "a");
    stage_client(&s, TRACE_OUTCOME_NO_RESPONSE, -1);
    EXPECT_VERDICT(&s, "request_id", VERDICT_PASS);
    s.o.attempt_count = 0;
    EXPECT_VERDICT(&s, "request_id", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}
