#include "tests/refgateway/policy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"

#define SECOND NS_PER_S

static struct rules standard(void)
{
    struct rules rules;

    rules_init(&rules);
    rules.retry.budget = 2;
    rules.retry.total_attempts_max = 6;
    outcome_set_add(&rules.retry.on, "http_429");
    outcome_set_add(&rules.retry.on, "http_5xx");
    outcome_set_add(&rules.retry.on, "header_timeout");
    rules.retry.backoff =
        (struct rules_backoff){ 100, 2, 400, RULES_JITTER_NONE };
    rules.retry.never_on_codes = (struct rules_words){
        .items = { "invalid_request", "insufficient_quota" }, .count = 2
    };
    outcome_set_add(&rules.retry.retry_after.on, "http_429");
    rules.retry.retry_after.cap_ms = 3000;
    rules.fallback.order = (struct rules_words){
        .items = { "primary", "fallback" }, .count = 2, .declared = true
    };
    outcome_set_add(&rules.fallback.on, "http_429");
    outcome_set_add(&rules.fallback.on, "http_5xx");
    outcome_set_add(&rules.fallback.on, "connect_refused");
    rules.auth.declared = true;
    rules.auth.on_401 = RULES_AUTH_FAIL_CLOSED;
    rules.auth.on_403 = RULES_AUTH_FAIL_CLOSED;
    return rules;
}

static struct result http(int status, const char *code, int64_t told_ms)
{
    struct result result = { .outcome = OUTCOME_HTTP,
                             .status = status,
                             .told_ms = told_ms };

    snprintf(result.code, sizeof result.code, "%s", code);
    return result;
}

static struct result transport(enum outcome outcome)
{
    return (struct result){ .outcome = outcome, .told_ms = -1 };
}

/* A request at `count` upstreams whose first attempt has begun. */
static struct progress begun(size_t count)
{
    struct progress progress = { .count = count, .total_ends_ns = INT64_MAX };
    struct move move;

    for (size_t i = 0; i < count; i++)
        progress.at[i].keys = 1;
    move = policy_first(&progress, SECOND);
    progress_begin(&progress, &move);
    return progress;
}

/* The walk of one request whose every attempt fails with the same result, as
 * upstreams and waits ("p p+100 p+200 f"), then why it ends. */
static void walk(char *out, size_t size, const struct rules *rules,
                 struct progress progress, const struct result *result)
{
    size_t used = (size_t)snprintf(out, size, "p");

    for (int i = 0; i < 40; i++) {
        struct move move = policy_next(rules, &progress, result, SECOND, 0.5);

        progress_fail(&progress, rules, result, &move, SECOND);
        if (move.kind == MOVE_END) {
            snprintf(out + used, size - used, " %s", why_names[move.why]);
            return;
        }
        used += (size_t)snprintf(out + used, size - used, " %c",
                                 "pfg"[move.upstream]);
        if (move.wait_ms)
            used += (size_t)snprintf(out + used, size - used, "+%lld",
                                     (long long)move.wait_ms);
        progress_begin(&progress, &move);
    }
    cr_assert(false, "the walk never ends: %s", out);
}

static void expect_walk(const struct rules *rules,
                        const struct progress *progress,
                        const struct result *result, const char *wanted)
{
    char text[256];

    walk(text, sizeof text, rules, *progress, result);
    cr_expect_str_eq(text, wanted, "class %s status %d code \"%s\"",
                     outcome_names[result->outcome], result->status,
                     result->code);
}

Test(refgw_policy, each_class_goes_the_way_the_runbook_says)
{
    static const struct {
        enum outcome outcome;
        int status;
        const char *code, *wanted;
    } rows[] = {
        { OUTCOME_HTTP, 503, "", "p p+100 p+200 f f+100 f+200 exhausted" },
        { OUTCOME_HTTP, 429, "", "p p+100 p+200 f f+100 f+200 exhausted" },
        { OUTCOME_HEADER_TIMEOUT, 0, "", "p p+100 p+200 exhausted" },
        { OUTCOME_CONNECT_REFUSED, 0, "", "p f exhausted" },
        { OUTCOME_BAD_BODY, 200, "", "p class_not_retried" },
        { OUTCOME_HTTP, 400, "", "p class_not_retried" },
        { OUTCOME_HTTP, 301, "", "p class_not_retried" },
        { OUTCOME_HTTP, 500, "invalid_request", "p code_never_retried" },
        { OUTCOME_HTTP, 429, "insufficient_quota", "p code_never_retried" },
        { OUTCOME_HTTP, 401, "", "p auth_failed" },
        { OUTCOME_HTTP, 403, "", "p auth_failed" },
        { OUTCOME_TOTAL_TIMEOUT, 0, "", "p total_time" },
    };
    struct rules rules = standard();
    struct progress progress = begun(2);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result = http(rows[i].status, rows[i].code, -1);

        result.outcome = rows[i].outcome;
        expect_walk(&rules, &progress, &result, rows[i].wanted);
    }
}

Test(refgw_policy, the_total_ceiling_holds_over_all_upstreams)
{
    struct rules rules = standard();
    struct progress progress = begun(3);
    struct result result = http(503, "", -1);

    snprintf(rules.fallback.order.items[2], RULES_WORD_SIZE, "third");
    rules.fallback.order.count = 3;
    rules.retry.total_attempts_max = 7;
    expect_walk(&rules, &progress, &result,
                "p p+100 p+200 f f+100 f+200 g exhausted");
    rules.retry.total_attempts_max = 1;
    expect_walk(&rules, &progress, &result, "p exhausted");
    rules.retry.total_attempts_max = -1;
    expect_walk(&rules, &progress, &result,
                "p p+100 p+200 f f+100 f+200 g g+100 g+200 exhausted");
}

Test(refgw_policy, without_a_retry_or_fallback_section_there_is_one_attempt)
{
    struct rules rules;
    struct progress progress = begun(1);
    struct result result = http(503, "", -1);

    rules_init(&rules);
    expect_walk(&rules, &progress, &result, "p class_not_retried");
    result = http(401, "", -1);
    expect_walk(&rules, &progress, &result, "p class_not_retried");
}

Test(refgw_policy, each_failure_takes_turns)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result result = http(503, "", -1);

    rules.fallback.after = RULES_AFTER_EACH;
    expect_walk(&rules, &progress, &result,
                "p f p+100 f+100 p+200 f+200 exhausted");
    rules.retry.budget = 0;
    expect_walk(&rules, &progress, &result, "p f exhausted");
    /* A class that is only in fallback.on never comes back. */
    rules.retry.budget = 2;
    result = transport(OUTCOME_CONNECT_REFUSED);
    expect_walk(&rules, &progress, &result, "p f exhausted");
    /* One that is only in retry.on never leaves. */
    result = transport(OUTCOME_HEADER_TIMEOUT);
    expect_walk(&rules, &progress, &result, "p p+100 p+200 exhausted");
}

Test(refgw_policy, retry_after_is_waited_for_up_to_its_cap)
{
    static const struct {
        int64_t told_ms, above_cap;
        const char *wanted;
    } rows[] = {
        { 1000, RULES_ABOVE_GIVE_UP,
          "p p+1000 p+1000 f f+1000 f+1000 exhausted" },
        { 3000, RULES_ABOVE_GIVE_UP,
          "p p+3000 p+3000 f f+3000 f+3000 exhausted" },
        { 3001, RULES_ABOVE_GIVE_UP, "p f exhausted" },
        { 3001, RULES_ABOVE_FAIL, "p retry_after_above_cap" },
        { 3001, RULES_ABOVE_BACKOFF, "p p+100 p+200 f f+100 f+200 exhausted" },
        { 0, RULES_ABOVE_GIVE_UP, "p p+100 p+200 f f+100 f+200 exhausted" },
    };
    struct rules rules = standard();
    struct progress progress = begun(2);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result = http(429, "", rows[i].told_ms);

        rules.retry.retry_after.above_cap = rows[i].above_cap;
        expect_walk(&rules, &progress, &result, rows[i].wanted);
    }
}

Test(refgw_policy, retry_after_counts_on_the_declared_statuses_only)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result result = http(503, "", 2000);

    expect_walk(&rules, &progress, &result,
                "p p+100 p+200 f f+100 f+200 exhausted");
}

Test(refgw_policy, x_should_retry_counts_as_declared)
{
    static const struct {
        int64_t rule;
        int status;
        enum said said;
        enum why why;
    } rows[] = {
        { -1, 503, SAID_NO, WHY_RETRY },
        { RULES_SHOULD_RETRY_IGNORED, 503, SAID_NO, WHY_RETRY },
        { RULES_SHOULD_RETRY_NO, 503, SAID_NO, WHY_FALLBACK },
        { RULES_SHOULD_RETRY_NO, 503, SAID_NOTHING, WHY_RETRY },
        { RULES_SHOULD_RETRY_NO, 400, SAID_YES, WHY_CLASS },
        { RULES_SHOULD_RETRY_OBEYED, 400, SAID_YES, WHY_RETRY },
        { RULES_SHOULD_RETRY_OBEYED, 503, SAID_NO, WHY_FALLBACK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rules rules = standard();
        struct progress progress = begun(2);
        struct result result = http(rows[i].status, "", -1);
        struct move move;

        rules.retry.should_retry = rows[i].rule;
        result.said = rows[i].said;
        move = policy_next(&rules, &progress, &result, SECOND, 0);
        cr_expect_eq(move.why, rows[i].why, "row %zu: %s", i,
                     why_names[move.why]);
    }
}

Test(refgw_policy, the_sum_of_told_waits_is_capped)
{
    struct rules rules = standard();
    struct progress progress = begun(1);
    struct result result = http(429, "", 1000);

    rules.retry.retry_after.total_cap_ms = 1500;
    expect_walk(&rules, &progress, &result, "p p+1000 exhausted");
    rules.retry.retry_after.total_cap_ms = 2000;
    expect_walk(&rules, &progress, &result, "p p+1000 p+1000 exhausted");
}

Test(refgw_policy, a_wait_that_would_pass_the_total_time_ends_it_at_once)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result result = http(429, "", 1000);
    struct move move;

    progress.total_ends_ns = 2 * SECOND;
    move = policy_next(&rules, &progress, &result, SECOND, 0);
    cr_expect_eq(move.kind, MOVE_END);
    cr_expect_eq(move.why, WHY_TOTAL);
    progress.total_ends_ns = 2 * SECOND + 2 * NS_PER_MS;
    move = policy_next(&rules, &progress, &result, SECOND, 0);
    cr_expect_eq(move.kind, MOVE_ATTEMPT);
    cr_expect_eq(move.wait_ms, 1000);
    move = policy_next(&rules, &progress, &result, 3 * SECOND, 0);
    cr_expect_eq(move.why, WHY_TOTAL);
}

Test(refgw_policy, a_code_may_be_barred_and_still_fall_back)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result quota = http(429, "insufficient_quota", -1);
    struct result length = http(400, "context_length_exceeded", -1);

    rules.fallback.on_codes = (struct rules_words){
        .items = { "insufficient_quota", "context_length_exceeded" }, .count = 2
    };
    expect_walk(&rules, &progress, &quota, "p f code_never_retried");
    expect_walk(&rules, &progress, &length, "p f exhausted");
}

Test(refgw_policy, keys_are_rotated_once_each_and_within_the_budget)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result result = http(401, "", -1);
    struct move move;

    rules.auth.on_401 = RULES_AUTH_ROTATE_KEY;
    expect_walk(&rules, &progress, &result, "p auth_failed");
    progress.at[0].keys = 2;
    expect_walk(&rules, &progress, &result, "p p auth_failed");
    progress.at[0].keys = 9;
    expect_walk(&rules, &progress, &result, "p p p auth_failed");
    rules.retry.budget = -1; /* not declared: every key has its turn */
    rules.retry.total_attempts_max = -1;
    expect_walk(&rules, &progress, &result, "p p p p p p p p p auth_failed");
    move = policy_next(&rules, &progress, &result, SECOND, 0);
    cr_expect_eq(move.key, 1);
    cr_expect_eq(move.why, WHY_ROTATE);
    /* 403 has a rule of its own. */
    result = http(403, "", -1);
    expect_walk(&rules, &progress, &result, "p auth_failed");
}

Test(refgw_policy, a_limited_key_gives_way_to_the_next_without_a_wait)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result result = http(429, "", 2000);
    struct move move;

    outcome_set_add(&rules.retry.rotate_key_on, "http_429");
    progress.at[0].keys = 2;
    move = policy_next(&rules, &progress, &result, SECOND, 0);
    cr_expect_eq(move.why, WHY_ROTATE);
    cr_expect_eq(move.key, 1);
    cr_expect_eq(move.wait_ms, 0);
    result.told_ms = -1;
    expect_walk(&rules, &progress, &result,
                "p p p+200 f f+100 f+200 exhausted");
    result.told_ms = 2000;
    /* The last key waits as told, and so does one after another failure. */
    progress.at[0].key = 1;
    move = policy_next(&rules, &progress, &result, SECOND, 0);
    cr_expect_eq(move.why, WHY_RETRY);
    cr_expect_eq(move.key, 1);
    cr_expect_geq(move.wait_ms, 2000);
    progress.at[0].key = 0;
    result = http(503, "", -1);
    move = policy_next(&rules, &progress, &result, SECOND, 0);
    cr_expect_eq(move.why, WHY_RETRY);
    cr_expect_eq(move.key, 0);
}

Test(refgw_policy, auth_may_fall_back_where_that_is_declared)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result result = http(401, "", -1);

    rules.auth.on_401 = RULES_AUTH_FALLBACK;
    expect_walk(&rules, &progress, &result, "p f auth_failed");
    rules.fallback.after = RULES_AFTER_EACH;
    expect_walk(&rules, &progress, &result, "p f auth_failed");
}

Test(refgw_policy, a_key_that_worked_gets_one_more_try_where_declared)
{
    struct rules rules = standard();
    struct progress progress = begun(1);
    struct result result = http(401, "", -1);

    rules.auth.known_good_retry = 1;
    expect_walk(&rules, &progress, &result, "p auth_failed");
    progress.at[0].key_worked = true;
    expect_walk(&rules, &progress, &result, "p p+100 auth_failed");
    rules.retry.budget = 0;
    expect_walk(&rules, &progress, &result, "p auth_failed");
}

Test(refgw_policy, the_last_attempt_is_known_before_it_is_made)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct move retry = { .kind = MOVE_ATTEMPT, .why = WHY_RETRY };
    struct move fall = { .kind = MOVE_ATTEMPT,
                         .why = WHY_FALLBACK,
                         .upstream = 1 };

    cr_expect_not(policy_is_last(&rules, &progress));
    progress_begin(&progress, &retry);
    progress_begin(&progress, &retry);
    cr_expect_not(policy_is_last(&rules, &progress));
    progress_begin(&progress, &fall);
    cr_expect_not(policy_is_last(&rules, &progress));
    rules.retry.total_attempts_max = 4;
    cr_expect(policy_is_last(&rules, &progress));
    rules.retry.total_attempts_max = 6;
    rules.retry.budget = 0;
    cr_expect(policy_is_last(&rules, &progress));
}

Test(refgw_policy, retries_are_attempts_minus_upstreams_tried)
{
    struct progress progress = begun(2);
    struct move fall = { .kind = MOVE_ATTEMPT,
                         .why = WHY_FALLBACK,
                         .upstream = 1 };

    cr_expect_eq(progress_retries(&progress), 0);
    progress_begin(&progress, &fall);
    cr_expect_eq(progress_retries(&progress), 0);
    progress_begin(&progress, &fall);
    cr_expect_eq(progress_retries(&progress), 1);
    cr_expect_eq(progress_tried(&progress), 2);
}

Test(refgw_policy, the_ceiling_does_not_change_what_a_failure_is)
{
    struct rules rules = standard();
    struct progress progress = begun(2);
    struct result refused = http(404, "", -1);
    struct result failed = http(503, "", -1);

    rules.retry.total_attempts_max = 1;
    cr_expect_eq(policy_next(&rules, &progress, &refused, 0, 0).why, WHY_CLASS);
    cr_expect_eq(policy_next(&rules, &progress, &failed, 0, 0).why,
                 WHY_EXHAUSTED);
}

Test(refgw_policy, a_wait_above_the_cap_matters_where_one_is_due)
{
    struct rules rules = standard();
    struct progress progress = begun(1);
    struct result told = http(429, "", 60000);

    cr_expect_eq(policy_next(&rules, &progress, &told, 0, 0).why,
                 WHY_EXHAUSTED);
    rules.retry.on = rules.fallback.on = (struct outcome_set){ 0 };
    cr_expect_eq(policy_next(&rules, &progress, &told, 0, 0).why, WHY_CLASS);
}
