#include "tests/refgateway/complaint.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct rules declared(void)
{
    struct rules rules;

    rules_init(&rules);
    rules.auth.declared = true;
    rules.auth.on_401 = RULES_AUTH_FAIL_CLOSED;
    rules.auth.on_403 = RULES_AUTH_FAIL_CLOSED;
    rules.auth.client_status =
        (struct rules_status){ .declared = true, .items = { 401 }, .count = 1 };
    rules.client_errors.upstream_4xx =
        (struct rules_status){ .declared = true, .same = true };
    rules.client_errors.exhausted = (struct rules_status){
        .declared = true, .items = { 502, 503, 504 }, .count = 3
    };
    return rules;
}

static struct result of(enum outcome outcome, int status)
{
    return (
        struct result){ .outcome = outcome, .status = status, .told_ms = -1 };
}

Test(refgw_complaint, the_status_is_one_the_runbook_allows_and_the_nearest)
{
    static const struct {
        enum outcome outcome;
        int status;
        enum why why;
        int wanted;
    } rows[] = {
        { OUTCOME_HTTP, 401, WHY_AUTH, 401 },
        { OUTCOME_HTTP, 403, WHY_AUTH, 401 },
        { OUTCOME_HTTP, 400, WHY_CLASS, 400 },
        { OUTCOME_HTTP, 422, WHY_CLASS, 422 },
        { OUTCOME_HTTP, 429, WHY_BARRED, 429 },
        { OUTCOME_HTTP, 429, WHY_EXHAUSTED, 502 },
        { OUTCOME_HTTP, 503, WHY_EXHAUSTED, 503 },
        { OUTCOME_HTTP, 500, WHY_EXHAUSTED, 502 },
        { OUTCOME_HTTP, 500, WHY_BARRED, 500 },
        { OUTCOME_HTTP, 301, WHY_CLASS, 502 },
        { OUTCOME_HTTP, 999, WHY_CLASS, 502 },
        { OUTCOME_HEADER_TIMEOUT, 0, WHY_EXHAUSTED, 504 },
        { OUTCOME_CONNECT_REFUSED, 0, WHY_EXHAUSTED, 502 },
        { OUTCOME_BAD_BODY, 200, WHY_CLASS, 502 },
        { OUTCOME_TOTAL_TIMEOUT, 0, WHY_TOTAL, 504 },
        { OUTCOME_HTTP, 503, WHY_TOTAL, 503 },
    };
    struct rules rules = declared();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result = of(rows[i].outcome, rows[i].status);

        cr_expect_eq(complaint_status(&rules, &result, rows[i].why),
                     rows[i].wanted, "row %zu", i);
    }
}

Test(refgw_complaint, the_kind_of_failure_goes_before_the_order_of_the_list)
{
    struct rules rules = declared();
    struct result result = of(OUTCOME_HTTP, 500);

    rules.client_errors.exhausted.items[0] = 503;
    rules.client_errors.exhausted.items[1] = 502;
    cr_expect_eq(complaint_status(&rules, &result, WHY_EXHAUSTED), 502);
    rules.client_errors.exhausted.items[1] = 507;
    cr_expect_eq(complaint_status(&rules, &result, WHY_EXHAUSTED), 503);
}

Test(refgw_complaint, a_rule_for_bad_bodies_goes_first)
{
    struct rules rules = declared();
    struct result result = of(OUTCOME_EMPTY_BODY, 200);

    rules.client_errors.bad_body =
        (struct rules_status){ .declared = true, .items = { 500 }, .count = 1 };
    cr_expect_eq(complaint_status(&rules, &result, WHY_EXHAUSTED), 500);
    result = of(OUTCOME_HTTP, 503);
    cr_expect_eq(complaint_status(&rules, &result, WHY_EXHAUSTED), 503);
}

Test(refgw_complaint, undeclared_statuses_are_honest_errors)
{
    struct rules rules;
    struct result result = of(OUTCOME_HTTP, 401);

    rules_init(&rules);
    cr_expect_eq(complaint_status(&rules, &result, WHY_CLASS), 401);
    rules.auth.declared = true;
    rules.auth.on_401 = RULES_AUTH_FAIL_CLOSED;
    cr_expect_eq(complaint_status(&rules, &result, WHY_AUTH), 502);
    for (int outcome = OUTCOME_HTTP; outcome < OUTCOME_COUNT; outcome++) {
        result = of((enum outcome)outcome, 200);
        cr_expect_geq(complaint_status(&rules, &result, WHY_EXHAUSTED), 400);
    }
}

Test(refgw_complaint, all_failed_says_whose_failure_is_told)
{
    struct result results[] = { of(OUTCOME_HTTP, 503), of(OUTCOME_HTTP, 401),
                                of(OUTCOME_HTTP, 429) };
    struct rules rules;

    rules_init(&rules);
    cr_expect_eq(complaint_pick(&rules, results, 3, 2), 2);
    rules.client_errors.all_failed = RULES_ALL_FAILED_FIRST;
    cr_expect_eq(complaint_pick(&rules, results, 3, 2), 0);
    rules.client_errors.all_failed = RULES_ALL_FAILED_PRIORITY;
    cr_expect_eq(complaint_pick(&rules, results, 3, 2), 1);
}

static char *written(struct result *result, const char *code)
{
    struct buf out = { 0 };

    snprintf(result->code, sizeof result->code, "%s", code);
    complaint_write(&out, result, WHY_CLASS);
    return buf_take(&out);
}

Test(refgw_complaint, of_the_upstreams_words_only_plain_codes_are_repeated)
{
    static const struct {
        const char *code;
        bool repeated;
    } rows[] = {
        { "rate_limit_exceeded", true },
        { "502", true },
        { "sk-abcdef", false },
        { "ABCDEFGHIJ", false },
        { "two words", false },
        { "quote\"", false },
        { "a_code_that_is_longer_than_any_code_should_be", false },
    };
    struct result result = of(OUTCOME_HTTP, 400);

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = written(&result, rows[i].code);
        char member[96];

        snprintf(member, sizeof member, "\"code\":\"%s\"", rows[i].code);
        cr_expect_eq(strstr(text, member) != NULL, rows[i].repeated, "%s",
                     text);
        free(text);
    }
}

Test(refgw_complaint, the_event_is_one_whole_event)
{
    struct result result = of(OUTCOME_IDLE_TIMEOUT, 200);
    struct buf out = { 0 };

    complaint_write_event(&out, &result, WHY_CLASS);
    cr_expect_str_eq(buf_text(&out),
                     "data: {\"error\":{\"message\":\"the upstream fell "
                     "silent\",\"type\":\"timeout_error\",\"param\":null,"
                     "\"code\":\"idle_timeout\"}}\n\n");
    buf_release(&out);
}

Test(refgw_complaint, the_class_is_a_word_of_the_evidence_record)
{
    static const struct {
        enum outcome outcome;
        int status;
        enum why why;
        bool streaming;
        const char *wanted;
    } rows[] = {
        { OUTCOME_OK, 200, WHY_FIRST, true, "none" },
        { OUTCOME_HTTP, 401, WHY_AUTH, false, "auth_error" },
        { OUTCOME_HTTP, 429, WHY_EXHAUSTED, false, "rate_limited" },
        { OUTCOME_HTTP, 400, WHY_CLASS, false, "request_error" },
        { OUTCOME_HTTP, 500, WHY_BARRED, false, "request_error" },
        { OUTCOME_HTTP, 500, WHY_EXHAUSTED, false, "transient_error" },
        { OUTCOME_HTTP, 301, WHY_CLASS, false, "route_error" },
        { OUTCOME_HTTP, 404, WHY_CLASS, false, "route_error" },
        { OUTCOME_HEADER_TIMEOUT, 0, WHY_EXHAUSTED, false, "timeout" },
        { OUTCOME_BAD_BODY, 200, WHY_EXHAUSTED, false, "parse_error" },
        { OUTCOME_IDLE_TIMEOUT, 200, WHY_CLASS, true, "stream_error" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct result result = of(rows[i].outcome, rows[i].status);

        cr_expect_str_eq(
            complaint_class(&result, rows[i].why, rows[i].streaming),
            rows[i].wanted, "row %zu", i);
    }
}
