#include <string.h>

#include "harness/evidence/evidence.h"

const char *const promotion_ids[] = {
    "route_verified",
    "happy_path_parsed",
    "invalid_credential_failed_closed",
    "retries_within_budget",
    "fallback_as_runbook",
    "logs_sanitized",
    NULL,
};

/* The answers each condition rests on. A name that is no check would make its
 * condition hold forever: tests/unit/promotion.c looks each up. */
static const char *const route_checks[] = { "route", NULL };
static const char *const parse_checks[] = { "client_outcome", "honest_end",
                                            NULL };
static const char *const closed_checks[] = { "auth_fail_closed",
                                             "client_status", NULL };
static const char *const retry_checks[] = { "attempts_per_upstream",
                                            "attempts_total", NULL };
static const char *const fallback_checks[] = { "fallback_decision", NULL };
static const char *const log_checks[] = { "redaction", NULL };

/* One condition: which cases it speaks of, which checks answer it. */
struct condition {
    const char *id;
    enum probe_kind needs; /* a case of this kind must have answered */
    bool only;             /* cases of other kinds do not count */
    const char *missing;   /* why it is hold when no such case answered */
    const char *const *checks;
    /* What the runbook alone decides: PASS leaves it to the cases. */
    enum verdict (*policy)(const struct runbook *runbook, struct buf *why);
    /* What a record says beyond its checks; PASS when nothing. May be NULL. */
    enum verdict (*look)(const struct result *result, struct buf *why);
};

struct answer_so_far {
    enum verdict verdict;
    bool answered; /* by a case of the kind that is needed */
    int64_t cases;
    struct buf why;
};

static void worsen(struct answer_so_far *so_far, enum verdict verdict,
                   const char *case_id, const char *what, const char *text)
{
    if (verdict <= so_far->verdict)
        return;
    so_far->verdict = verdict;
    buf_clear(&so_far->why);
    if (verdict == VERDICT_PASS)
        return;
    if (case_id)
        buf_printf(&so_far->why, "%s: ", case_id);
    buf_printf(&so_far->why, "%s%s%s", what, *what && *text ? ": " : "", text);
}

static bool has(const char *const *list, const char *id)
{
    for (size_t i = 0; list && list[i]; i++)
        if (!strcmp(list[i], id))
            return true;
    return false;
}

/* The text of a finding as the record has it, so that what is copied to
 * ticket-safe files holds no exact latency. */
static const char *recorded_text(const struct result *result,
                                 const struct finding *finding)
{
    const struct json *made =
        json_pointer(result->record, "/extensions/checks");

    for (const struct json *row = json_first(made); row; row = json_next(row))
        if (!strcmp(json_get_text(row, "id", ""), finding->check))
            return json_get_text(
                row, finding->verdict == VERDICT_FAIL ? "observed" : "reason",
                "");
    return "";
}

static bool precondition_broken(const struct result *result)
{
    for (size_t i = 0; i < result->findings.count; i++)
        if (result->findings.items[i].severity == SEVERITY_PRECONDITION &&
            result->findings.items[i].verdict >= VERDICT_HOLD)
            return true;
    return false;
}

/* True when the finding had something to say. */
static bool weigh_finding(struct answer_so_far *so_far,
                          const struct condition *condition,
                          const struct result *result,
                          const struct finding *finding)
{
    enum verdict verdict = finding->verdict;
    bool answers = has(condition->checks, finding->check);

    if (finding->severity == SEVERITY_ADVISORY ||
        verdict == VERDICT_NOT_APPLICABLE)
        return false;
    if (finding->severity == SEVERITY_PRECONDITION) {
        if (verdict != VERDICT_PASS)
            worsen(so_far, VERDICT_HOLD, result->case_id, finding->check,
                   recorded_text(result, finding));
        return false;
    }
    if (!answers)
        return false;
    /* What fails where the fault was not delivered proves nothing; a leak does
     * whatever the fault did. */
    if (verdict == VERDICT_FAIL && condition->checks != log_checks &&
        precondition_broken(result))
        verdict = VERDICT_HOLD;
    worsen(so_far, verdict, result->case_id, finding->check,
           recorded_text(result, finding));
    if (result->probe == condition->needs)
        so_far->answered = true;
    return true;
}

/* What another configuration does is no reason for or against rolling this one
 * out; what it logs is. */
static void weigh_case(struct answer_so_far *so_far,
                       const struct condition *condition,
                       const struct result *result)
{
    struct buf why = { 0 };
    bool spoke = false;

    if (result->verdict == VERDICT_NOT_APPLICABLE ||
        (condition->only && result->probe != condition->needs) ||
        (result->variant && condition->checks != log_checks))
        return;
    for (size_t i = 0; i < result->findings.count; i++)
        spoke |= weigh_finding(so_far, condition, result,
                               &result->findings.items[i]);
    if (condition->look) {
        enum verdict seen = condition->look(result, &why);

        worsen(so_far, seen, result->case_id, buf_text(&why), "");
        if (result->probe == condition->needs)
            so_far->answered = true;
        spoke = true;
    }
    so_far->cases += spoke ? 1 : 0;
    buf_release(&why);
}

static const struct json *areas_of(const struct result *result)
{
    return json_pointer(result->record, "/extensions/consumed_response_areas");
}

static enum verdict look_parsed(const struct result *result, struct buf *why)
{
    const struct json *areas = areas_of(result);

    if (strcmp(json_get_text(result->record, "error_class", ""), "none") != 0) {
        buf_printf(why, "the answer was not a success: %s",
                   json_get_text(result->record, "error_class", "no record"));
        return result->verdict == VERDICT_HOLD ? VERDICT_HOLD : VERDICT_FAIL;
    }
    for (const struct json *area = json_first(areas); area;
         area = json_next(area)) {
        if (json_get_true(area, "ok"))
            continue;
        buf_printf(why, "%s is %s in the answer",
                   json_get_text(area, "pointer", ""),
                   json_get_text(area, "type", "absent"));
        return VERDICT_FAIL;
    }
    if (json_count(areas) > 0)
        return VERDICT_PASS;
    buf_add_text(why, "the profile names no response area it consumes");
    return VERDICT_HOLD;
}

static enum verdict look_failed_closed(const struct result *result,
                                       struct buf *why)
{
    const char *decision =
        json_get_text(result->record, "fallback_decision", "unknown");
    const char *status =
        json_get_text(result->record, "status_code_class", "none");

    if (!strcmp(decision, "failed_closed") && strcmp(status, "2xx") != 0)
        return VERDICT_PASS;
    buf_printf(why, "the invalid credential ended as %s with %s", decision,
               status);
    return result->verdict == VERDICT_HOLD ? VERDICT_HOLD : VERDICT_FAIL;
}

static enum verdict look_redaction(const struct result *result, struct buf *why)
{
    const char *status =
        json_get_text(result->record, "redaction_status", "not_checked");

    if (!strcmp(status, "prompt_response_and_credential_not_logged"))
        return VERDICT_PASS;
    buf_add_text(why, status);
    return strstr(status, "leak_detected") ? VERDICT_FAIL : VERDICT_HOLD;
}

static enum verdict policy_none(const struct runbook *runbook, struct buf *why)
{
    (void)runbook;
    (void)why;
    return VERDICT_PASS;
}

/* Only the reference itself can confirm the route; nobody has looked yet. */
static enum verdict policy_route(const struct runbook *runbook, struct buf *why)
{
    (void)runbook;
    buf_add_text(why, "the API reference check was not made");
    return VERDICT_HOLD;
}

static enum verdict policy_auth(const struct runbook *runbook, struct buf *why)
{
    if (!runbook->auth.declared) {
        buf_add_text(why, "the runbook does not declare auth.on_401");
        return VERDICT_HOLD;
    }
    if (runbook->auth.on_401 != AUTH_FALLBACK &&
        runbook->auth.on_403 != AUTH_FALLBACK)
        return VERDICT_PASS;
    buf_add_text(why, "the runbook lets an auth failure fall back");
    return VERDICT_FAIL;
}

static enum verdict policy_retry(const struct runbook *runbook, struct buf *why)
{
    if (runbook->retry.declared && runbook->retry.budget >= 0)
        return VERDICT_PASS;
    buf_add_text(why, "the runbook does not declare retry.budget");
    return VERDICT_HOLD;
}

static bool lists(const struct bind_texts *texts, const char *word)
{
    for (size_t i = 0; i < texts->count; i++)
        if (!strcmp(texts->items[i], word))
            return true;
    return false;
}

/* Auth failures and malformed requests must not be tried elsewhere. */
static enum verdict policy_fallback(const struct runbook *runbook,
                                    struct buf *why)
{
    static const int64_t statuses[] = { 400, 401, 403, 422 };
    static const char *const codes[] = { "invalid_request",
                                         "invalid_request_error",
                                         "invalid_api_key", NULL };

    if (!runbook->fallback.declared) {
        buf_add_text(why, "the runbook does not declare a fallback");
        return VERDICT_HOLD;
    }
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (!failure_set_has(&runbook->fallback.on, FAILURE_HTTP, statuses[i]))
            continue;
        buf_printf(why, "the runbook lets a %lld fall back",
                   (long long)statuses[i]);
        return VERDICT_FAIL;
    }
    /* CometAPI answers a malformed request with this status and code. */
    if (failure_set_has(&runbook->fallback.on, FAILURE_HTTP, 500) &&
        !lists(&runbook->retry.never_on_codes, "invalid_request")) {
        buf_add_text(why, "the runbook lets a malformed request fall back: "
                          "500 with code invalid_request is in fallback.on and "
                          "not in retry.never_on_codes");
        return VERDICT_FAIL;
    }
    for (size_t i = 0; i < runbook->fallback.on_codes.count; i++) {
        if (!has(codes, runbook->fallback.on_codes.items[i]))
            continue;
        buf_printf(why, "the runbook lets %s fall back",
                   runbook->fallback.on_codes.items[i]);
        return VERDICT_FAIL;
    }
    return VERDICT_PASS;
}

static enum verdict policy_redaction(const struct runbook *runbook,
                                     struct buf *why)
{
    static const char *const least[] = { "credential", "prompt", "completion" };
    const struct bind_texts *forbid = &runbook->redaction.forbid;

    if (!forbid->declared) {
        buf_add_text(why, "the runbook does not declare redaction.forbid");
        return VERDICT_HOLD;
    }
    for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) {
        bool forbidden = false;

        for (size_t k = 0; k < forbid->count; k++)
            forbidden = forbidden || !strcmp(forbid->items[k], least[i]);
        if (forbidden)
            continue;
        buf_printf(why, "the runbook does not forbid a %s in logs", least[i]);
        return VERDICT_FAIL;
    }
    return VERDICT_PASS;
}

static const struct condition conditions[] = {
    { "route_verified", PROBE_HAPPY_PATH, true,
      "no happy path was judged in this run", route_checks, policy_route,
      NULL },
    { "happy_path_parsed", PROBE_HAPPY_PATH, true,
      "no happy path was judged in this run", parse_checks, policy_none,
      look_parsed },
    { "invalid_credential_failed_closed", PROBE_INVALID_CREDENTIAL, true,
      "no invalid credential was tried in this run", closed_checks, policy_auth,
      look_failed_closed },
    { "retries_within_budget", PROBE_FAULT, false,
      "no case of this run put the retry budget to the test", retry_checks,
      policy_retry, NULL },
    { "fallback_as_runbook", PROBE_FAULT, false,
      "no case of this run put the fallback to the test", fallback_checks,
      policy_fallback, NULL },
    { "logs_sanitized", PROBE_HAPPY_PATH, false,
      "no happy path was judged in this run", log_checks, policy_redaction,
      look_redaction },
};

static void judge_condition(struct run *run, const struct condition *condition,
                            const struct runbook *runbook)
{
    struct answer_so_far so_far = { .verdict = VERDICT_NOT_APPLICABLE };
    struct buf policy = { 0 };
    struct json *row = json_new_object();
    enum verdict ruled = condition->policy(runbook, &policy);

    for (size_t i = 0; i < run->results.count; i++)
        weigh_case(&so_far, condition, run->results.items[i]);
    if (!so_far.answered)
        worsen(&so_far, VERDICT_HOLD, NULL, condition->missing, "");
    if (ruled != VERDICT_PASS)
        worsen(&so_far, ruled, NULL, buf_text(&policy), "");
    if (so_far.verdict == VERDICT_PASS)
        buf_printf(&so_far.why, "judged in %lld %s", (long long)so_far.cases,
                   so_far.cases == 1 ? "case" : "cases");
    json_add_text(row, "id", condition->id);
    json_add_text(row, "verdict", verdict_names[so_far.verdict]);
    json_add_text(row, "reason", buf_text(&so_far.why));
    json_append(run->promotion_conditions, row);
    run->promotion = verdict_worse(run->promotion, so_far.verdict);
    buf_release(&so_far.why);
    buf_release(&policy);
}

void evidence_promotion(struct run *run, const struct runbook *runbook)
{
    json_free(run->promotion_conditions);
    run->promotion_conditions = json_new_array();
    run->promotion = VERDICT_NOT_APPLICABLE;
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        judge_condition(run, &conditions[i], runbook);
    /* A run that was stopped may have passed what it did, and no more. */
    if ((int64_t)run->results.count < run->planned)
        run->promotion = verdict_worse(run->promotion, VERDICT_HOLD);
}

const char *const *promotion_checks(size_t condition)
{
    return condition < sizeof conditions / sizeof conditions[0]
               ? conditions[condition].checks
               : NULL;
}
