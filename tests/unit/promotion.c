#include <criterion/criterion.h>

#include "tests/unit/hand_made.h"

/* A record as short as the conditions need it. */
static const char happy_record[] =
    "{\"status_code_class\":\"2xx\",\"fallback_decision\":\"primary_used\","
    "\"error_class\":\"none\","
    "\"redaction_status\":\"prompt_response_and_credential_not_logged\","
    "\"extensions\":{\"observed_routes\":[\"POST /v1/chat/completions\"],"
    "\"consumed_response_areas\":[{\"pointer\":\"/choices\",\"type\":\"array\","
    "\"ok\":true}],\"checks\":[]}}";
static const char invalid_record[] =
    "{\"status_code_class\":\"4xx\",\"fallback_decision\":\"failed_closed\","
    "\"error_class\":\"auth_error\","
    "\"redaction_status\":\"prompt_response_and_credential_not_logged\","
    "\"extensions\":{\"checks\":[]}}";

struct drill {
    struct run run;
    struct runbook runbook;
    struct result *happy, *invalid, *fault;
};

static void add(struct findings *all, enum verdict verdict,
                const char *const *ids)
{
    for (size_t i = 0; ids[i]; i++)
        hand_finding(all, ids[i], verdict, "this", "that");
}

/* A run in which all that can be met is met. */
static void drill_init(struct drill *d)
{
    static const char *const happy[] = { "client_outcome", "route", "redaction",
                                         NULL };
    static const char *const invalid[] = { "auth_fail_closed", "client_status",
                                           "redaction", NULL };
    static const char *const fault[] = { "attempts_per_upstream",
                                         "attempts_total", "fallback_decision",
                                         "redaction", NULL };

    *d = (struct drill){ .run = { .planned = 3 } };
    d->run.route_template = xstrdup("POST /v1/chat/completions");
    hand_runbook(&d->runbook);
    d->happy = hand_result("control/healthy", 1, VERDICT_PASS, PROBE_HAPPY_PATH,
                           happy_record);
    d->invalid = hand_result("auth/invalid-upstream-key", 2, VERDICT_PASS,
                             PROBE_INVALID_CREDENTIAL, invalid_record);
    d->fault = hand_result("transient/5xx-once", 3, VERDICT_PASS, PROBE_FAULT,
                           happy_record);
    add(&d->happy->findings, VERDICT_PASS, happy);
    add(&d->invalid->findings, VERDICT_PASS, invalid);
    add(&d->fault->findings, VERDICT_PASS, fault);
    result_list_add(&d->run.results, d->happy);
    result_list_add(&d->run.results, d->invalid);
    result_list_add(&d->run.results, d->fault);
}

static void drill_release(struct drill *d)
{
    json_free(d->runbook.document);
    run_release(&d->run);
}

static const struct json *condition(const struct drill *d, const char *id)
{
    for (const struct json *row = json_first(d->run.promotion_conditions); row;
         row = json_next(row))
        if (!strcmp(json_get_text(row, "id", ""), id))
            return row;
    cr_assert_fail("no condition %s", id);
    return NULL;
}

static void expect(struct drill *d, const char *id, const char *verdict,
                   const char *reason)
{
    const struct json *row;

    evidence_promotion(&d->run, &d->runbook);
    row = condition(d, id);
    cr_expect_str_eq(json_get_text(row, "verdict", ""), verdict, "%s: %s", id,
                     json_get_text(row, "reason", ""));
    cr_expect_not_null(strstr(json_get_text(row, "reason", ""), reason),
                       "%s: %s", id, json_get_text(row, "reason", ""));
}

static void put(struct result *result, const char *pointer_key,
                const char *value)
{
    json_set(result->record, pointer_key, json_new_text(value));
}

Test(promotion, every_check_a_condition_asks_is_one_there_is)
{
    for (size_t c = 0; promotion_checks(c); c++)
        for (const char *const *id = promotion_checks(c); *id; id++)
            cr_expect_not_null(check_find(*id), "%s", *id);
}

Test(promotion, six_conditions_in_the_articles_order)
{
    const struct json *row;
    struct drill d;
    size_t i = 0;

    drill_init(&d);
    evidence_promotion(&d.run, &d.runbook);
    row = json_first(d.run.promotion_conditions);
    for (; promotion_ids[i]; i++, row = json_next(row))
        cr_expect_str_eq(json_get_text(row, "id", ""), promotion_ids[i]);
    cr_expect_eq(i, 6);
    cr_expect_null(row);
    drill_release(&d);
}

Test(promotion, all_that_can_be_met_is_met_and_the_route_is_hold)
{
    struct drill d;

    drill_init(&d);
    expect(&d, "route_verified", "hold",
           "the API reference check was not made");
    expect(&d, "happy_path_parsed", "pass", "judged in 1 case");
    expect(&d, "invalid_credential_failed_closed", "pass", "judged in 1 case");
    expect(&d, "retries_within_budget", "pass", "judged in 1 case");
    expect(&d, "fallback_as_runbook", "pass", "judged in 1 case");
    expect(&d, "logs_sanitized", "pass", "judged in 3 cases");
    cr_expect_eq(d.run.promotion, VERDICT_HOLD);
    drill_release(&d);
}

Test(promotion, another_route_at_the_upstream_is_drift)
{
    struct drill d;

    drill_init(&d);
    d.happy->findings.items[1].verdict = VERDICT_FAIL;
    d.happy->verdict = VERDICT_FAIL;
    expect(&d, "route_verified", "fail", "route");
    cr_expect_eq(d.run.promotion, VERDICT_FAIL);
    drill_release(&d);
}

Test(promotion, what_was_not_run_is_hold)
{
    static const char *const ids[] = { "happy_path_parsed",
                                       "invalid_credential_failed_closed",
                                       "retries_within_budget",
                                       "fallback_as_runbook" };
    struct drill d;

    drill_init(&d);
    for (size_t i = 0; i < d.run.results.count; i++)
        d.run.results.items[i]->verdict = VERDICT_NOT_APPLICABLE;
    for (size_t i = 0; i < 4; i++)
        expect(&d, ids[i], "hold", "this run");
    drill_release(&d);
}

Test(promotion, a_run_cut_short_is_no_pass)
{
    struct drill d;

    drill_init(&d);
    d.run.planned = 4;
    evidence_promotion(&d.run, &d.runbook);
    cr_expect_eq(d.run.promotion, VERDICT_HOLD);
    drill_release(&d);
}

Test(promotion, a_happy_path_without_the_consumed_areas_is_not_parsed)
{
    struct drill d;

    drill_init(&d);
    put(d.happy, "error_class", "parse_error");
    expect(&d, "happy_path_parsed", "fail", "parse_error");
    drill_release(&d);
    drill_init(&d);
    json_free(d.happy->record);
    d.happy->record = json_parse(
        "{\"error_class\":\"none\",\"extensions\":{\"consumed_response_areas\":"
        "[{\"pointer\":\"/usage\",\"type\":\"absent\",\"ok\":false}]}}",
        strlen("{\"error_class\":\"none\",\"extensions\":{\"consumed_response_"
               "areas\":[{\"pointer\":\"/usage\",\"type\":\"absent\",\"ok\":"
               "false}]}}"),
        "r", NULL);
    expect(&d, "happy_path_parsed", "fail", "/usage is absent");
    drill_release(&d);
}

Test(promotion, an_invalid_credential_must_fail_closed)
{
    struct drill d;

    drill_init(&d);
    put(d.invalid, "fallback_decision", "fallback_used");
    expect(&d, "invalid_credential_failed_closed", "fail", "fallback_used");
    drill_release(&d);
    drill_init(&d);
    d.invalid->findings.items[0].verdict = VERDICT_FAIL;
    d.invalid->verdict = VERDICT_FAIL;
    expect(&d, "invalid_credential_failed_closed", "fail", "auth_fail_closed");
    drill_release(&d);
}

Test(promotion, a_violated_budget_fails_and_an_undelivered_fault_holds)
{
    struct drill d;

    drill_init(&d);
    d.fault->findings.items[0].verdict = VERDICT_FAIL;
    d.fault->verdict = VERDICT_FAIL;
    expect(&d, "retries_within_budget", "fail", "attempts_per_upstream");
    cr_expect_eq(d.run.promotion, VERDICT_FAIL);
    /* The same where the fault was not delivered, and a leak beside it. */
    hand_finding(&d.fault->findings, "fault_delivered", VERDICT_HOLD, "", "")
        ->severity = SEVERITY_PRECONDITION;
    d.fault->findings.items[3].verdict = VERDICT_FAIL;
    expect(&d, "retries_within_budget", "hold", "attempts_per_upstream");
    expect(&d, "logs_sanitized", "fail", "redaction");
    drill_release(&d);
    drill_init(&d);
    hand_finding(&d.fault->findings, "fault_delivered", VERDICT_HOLD, "", "")
        ->severity = SEVERITY_PRECONDITION;
    d.fault->verdict = VERDICT_HOLD;
    expect(&d, "retries_within_budget", "hold", "fault_delivered");
    drill_release(&d);
}

Test(promotion, another_configuration_decides_on_its_leaks_alone)
{
    struct drill d;

    drill_init(&d);
    d.fault->variant = true;
    d.fault->findings.items[0].verdict = VERDICT_FAIL;
    d.fault->findings.items[2].verdict = VERDICT_FAIL;
    d.fault->verdict = VERDICT_FAIL;
    evidence_promotion(&d.run, &d.runbook);
    cr_expect_str_neq(
        json_get_text(condition(&d, "retries_within_budget"), "verdict", ""),
        "fail");
    cr_expect_str_neq(
        json_get_text(condition(&d, "fallback_as_runbook"), "verdict", ""),
        "fail");
    d.fault->findings.items[3].verdict = VERDICT_FAIL;
    expect(&d, "logs_sanitized", "fail", "redaction");
    drill_release(&d);
}

Test(promotion, an_advisory_fail_changes_nothing)
{
    struct drill d;

    drill_init(&d);
    hand_finding(&d.fault->findings, "attempts_total", VERDICT_FAIL, "", "")
        ->severity = SEVERITY_ADVISORY;
    expect(&d, "retries_within_budget", "pass", "judged");
    drill_release(&d);
}

Test(promotion, a_fallback_against_the_runbook_fails)
{
    struct drill d;

    drill_init(&d);
    d.fault->findings.items[2].verdict = VERDICT_FAIL;
    d.fault->verdict = VERDICT_FAIL;
    expect(&d, "fallback_as_runbook", "fail", "fallback_decision");
    drill_release(&d);
}

Test(promotion, a_leak_fails_and_an_unchecked_log_holds)
{
    struct drill d;

    drill_init(&d);
    put(d.fault, "redaction_status", "leak_detected");
    expect(&d, "logs_sanitized", "fail", "leak_detected");
    put(d.fault, "redaction_status", "partial_leak_detected");
    expect(&d, "logs_sanitized", "fail", "partial_leak_detected");
    put(d.fault, "redaction_status", "not_checked");
    expect(&d, "logs_sanitized", "hold", "not_checked");
    drill_release(&d);
}

Test(promotion, a_runbook_that_lets_auth_or_malformed_fall_back_never_is)
{
    static const int64_t statuses[] = { 400, 401, 403, 422 };
    static char text[] = "invalid_request";
    static char *code[] = { text };
    struct drill d;

    drill_init(&d);
    d.runbook.auth.on_401 = AUTH_FALLBACK;
    expect(&d, "invalid_credential_failed_closed", "fail", "auth failure");
    d.runbook.auth.on_401 = AUTH_FAIL_CLOSED;
    d.runbook.auth.on_403 = AUTH_FALLBACK;
    expect(&d, "invalid_credential_failed_closed", "fail", "auth failure");
    for (size_t i = 0; i < 4; i++) {
        d.runbook.fallback.on.status[statuses[i]] = true;
        expect(&d, "fallback_as_runbook", "fail", "fall back");
        d.runbook.fallback.on.status[statuses[i]] = false;
    }
    d.runbook.fallback.on.status[429] = true;
    expect(&d, "fallback_as_runbook", "pass", "judged");
    /* CometAPI says 500 to a malformed request, and means the code. */
    d.runbook.fallback.on.status[500] = true;
    expect(&d, "fallback_as_runbook", "fail", "code invalid_request");
    d.runbook.retry.never_on_codes =
        (struct bind_texts){ .items = code, .count = 1 };
    expect(&d, "fallback_as_runbook", "pass", "judged");
    d.runbook.fallback.on_codes =
        (struct bind_texts){ .items = code, .count = 1 };
    expect(&d, "fallback_as_runbook", "fail", "invalid_request");
    drill_release(&d);
}

Test(promotion, a_runbook_that_forbids_too_little_in_logs_never_is)
{
    struct drill d;

    drill_init(&d);
    d.runbook.redaction.forbid.count = 2;
    expect(&d, "logs_sanitized", "fail", "does not forbid a completion");
    d.runbook.redaction.forbid.count = 0;
    expect(&d, "logs_sanitized", "fail", "does not forbid a credential");
    drill_release(&d);
}

Test(promotion, what_the_runbook_does_not_declare_is_hold)
{
    struct drill d;

    drill_init(&d);
    d.runbook.retry.declared = false;
    d.runbook.fallback.declared = false;
    d.runbook.auth.declared = false;
    d.runbook.redaction.forbid = (struct bind_texts){ 0 };
    expect(&d, "retries_within_budget", "hold", "retry.budget");
    expect(&d, "fallback_as_runbook", "hold", "fallback");
    expect(&d, "invalid_credential_failed_closed", "hold", "auth.on_401");
    expect(&d, "logs_sanitized", "hold", "redaction.forbid");
    drill_release(&d);
}

static const struct json *at(const struct json *page, const char *pointer)
{
    const struct json *node = json_pointer(page, pointer);

    cr_expect_not_null(node, "%s", pointer);
    return node;
}

Test(promotion, the_page_has_everything_the_ticket_wants)
{
    static const char *const members[] = {
        "happy_path",         "invalid_credential",
        "conditions",         "questions",
        "sources_checked",    "fixture",
        "retry_budget",       "fallback_decisions",
        "parse_assertion",    "telemetry_fields",
        "redaction_coverage", "invalid_credential_result",
        "not_asserted",       "note",
        "by_evidence_type",   "expectations_overridden",
    };
    struct json *page;
    struct drill d;

    drill_init(&d);
    evidence_promotion(&d.run, &d.runbook);
    page = evidence_page(&d.run);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        cr_expect_not_null(json_get(page, members[i]), "%s", members[i]);
    cr_expect_eq(json_count(at(page, "/questions")), 7);
    cr_expect_eq(json_count(at(page, "/conditions")), 6);
    cr_expect_eq(json_count(at(page, "/happy_path")), 12);
    cr_expect_str_eq(
        json_text(at(page, "/invalid_credential/fallback_decision"), ""),
        "failed_closed");
    cr_expect_str_eq(json_text(at(page, "/sources_checked/0/checked_by"), ""),
                     "nobody");
    cr_expect_eq(json_int(at(page, "/fallback_decisions/primary_used"), 0), 2);
    json_free(page);
    drill_release(&d);
}

Test(promotion, the_page_shows_the_worst_of_several_happy_paths)
{
    struct json *page;
    struct result *worse;
    struct drill d;

    drill_init(&d);
    worse = hand_result("control/healthy", 4, VERDICT_FAIL, PROBE_HAPPY_PATH,
                        happy_record);
    put(worse, "error_class", "parse_error");
    result_list_add(&d.run.results, worse);
    page = evidence_page(&d.run);
    cr_expect_str_eq(json_text(at(page, "/happy_path/error_class"), ""),
                     "parse_error");
    json_free(page);
    drill_release(&d);
}

Test(promotion, the_note_claims_nothing_that_was_not_seen)
{
    static const struct {
        const char *status, *words;
    } rows[] = {
        { "prompt_response_and_credential_not_logged",
          "full responses were not logged" },
        { "leak_detected", "do not meet the redaction rules" },
        { "not_checked", "not established" },
    };

    for (size_t i = 0; i < 3; i++) {
        struct json *page;
        struct drill d;

        drill_init(&d);
        put(d.happy, "redaction_status", rows[i].status);
        evidence_promotion(&d.run, &d.runbook);
        page = evidence_page(&d.run);
        cr_expect_not_null(
            strstr(json_get_text(page, "note", ""), rows[i].words), "%s",
            rows[i].status);
        json_free(page);
        drill_release(&d);
    }
}

Test(promotion, the_page_in_words_is_one_page_of_tables)
{
    struct buf out = { 0 };
    struct json *page;
    struct drill d;
    size_t lines = 0;

    drill_init(&d);
    evidence_promotion(&d.run, &d.runbook);
    page = evidence_page(&d.run);
    evidence_page_write(&out, page);
    for (const char *c = buf_text(&out); *c; c++)
        lines += *c == '\n';
    cr_expect_lt(lines, 100);
    cr_expect_not_null(strstr(buf_text(&out), "**Promotion: hold."));
    cr_expect_not_null(strstr(buf_text(&out),
                              "| `fallback_decision` | primary\\_used | "
                              "failed\\_closed |"));
    for (size_t i = 0; promotion_ids[i]; i++)
        cr_expect_not_null(strstr(buf_text(&out), promotion_ids[i]));
    buf_release(&out);
    json_free(page);
    drill_release(&d);
}

Test(promotion, a_page_without_cases_says_not_run)
{
    struct run run = { .planned = 3 };
    struct runbook runbook;
    struct buf out = { 0 };
    struct json *page;

    hand_runbook(&runbook);
    evidence_promotion(&run, &runbook);
    page = evidence_page(&run);
    evidence_page_write(&out, page);
    cr_expect_not_null(strstr(buf_text(&out), "| not run | not run |"));
    cr_expect_eq(run.promotion, VERDICT_HOLD);
    buf_release(&out);
    json_free(page);
    json_free(runbook.document);
    run_release(&run);
}
