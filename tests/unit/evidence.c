#include <criterion/criterion.h>

#include "harness/evidence/evidence_areas.h"
#include "harness/evidence/evidence_classify.h"
#include "tests/unit/hand_made.h"

static struct json *record_of(struct hand *h)
{
    const struct result result = {
        .test_id = "gateway-evidence-drill-20260624-012",
        .repeat = 1,
    };

    return evidence_record(&h->run, &h->judged, &h->findings, &result,
                           HAND_WHEN);
}

static void expect_text(const struct json *root, const char *pointer,
                        const char *expected)
{
    cr_expect_str_eq(json_text(json_pointer(root, pointer), "(absent)"),
                     expected, "%s", pointer);
}

Test(evidence, test_id_has_a_date_and_at_least_three_digits)
{
    char id[EVIDENCE_TEST_ID_SIZE];

    evidence_test_id(id, HAND_WHEN, 7);
    cr_expect_str_eq(id, "gateway-evidence-drill-20260624-007");
    evidence_test_id(id, HAND_WHEN, 1234);
    cr_expect_str_eq(id, "gateway-evidence-drill-20260624-1234");
}

Test(evidence, a_time_becomes_the_label_of_its_bucket)
{
    static int64_t odd[] = { 1500 };
    static const struct bind_ints own = { .items = odd, .count = 1 };
    static const struct {
        int64_t ms;
        const struct bind_ints *bounds;
        const char *label;
    } rows[] = {
        { 0, NULL, "lt_250ms" },     { 249, NULL, "lt_250ms" },
        { 250, NULL, "lt_1s" },      { 4999, NULL, "lt_5s" },
        { 29999, NULL, "lt_30s" },   { 30000, NULL, "ge_30s" },
        { 1499, &own, "lt_1500ms" }, { 1500, &own, "ge_1500ms" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char label[EVIDENCE_LABEL_SIZE];

        evidence_bucket(label, rows[i].ms, rows[i].bounds);
        cr_expect_str_eq(label, rows[i].label, "%lld ms",
                         (long long)rows[i].ms);
    }
}

Test(evidence, durations_in_a_text_become_labels_and_nothing_else_does)
{
    static const struct {
        const char *text, *safe;
    } rows[] = {
        { "gap 143 ms after 1.5 s", "gap lt_250ms after lt_5s" },
        { "gaps 101, 202 and 1303 ms", "gaps lt_250ms, lt_250ms and lt_5s" },
        { "12..900ms", "lt_250ms..lt_1s" },
        { "status 503, 3 attempts", "status 503, 3 attempts" },
        { "HTTP/1.1 200 at 10s", "HTTP/1.1 200 at lt_30s" },
        { "25 seconds, 3 second", "lt_30s, lt_5s" },
        { "900 us", "lt_250ms" },
        { "v2 sinks, http_5 sets", "v2 sinks, http_5 sets" },
        { "primary-2 ms", "primary-lt_250ms" },
        { "", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = { 0 };

        evidence_bucket_text(&out, rows[i].text, NULL);
        cr_expect_str_eq(buf_text(&out), rows[i].safe);
        buf_release(&out);
    }
}

Test(evidence, probe_kind_is_read_off_script_and_client)
{
    static char elsewhere[] = "/elsewhere";
    struct hand h;

    hand_init(&h);
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_HAPPY_PATH);
    h.phase.client.credential = CASE_CREDENTIAL_INVALID_AT_UPSTREAM;
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_INVALID_CREDENTIAL);
    h.phase.client.credential = CASE_CREDENTIAL_NONE;
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_FAULT);
    h.phase.client.credential = CASE_CREDENTIAL_VALID;
    h.phase.client.path = elsewhere;
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_FAULT);
    h.phase.client.path = NULL;
    h.steps[0][0].finish_reason = STEP_FINISH_LENGTH;
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_HAPPY_PATH);
    h.steps[0][0].tool_calls = 1; /* no text where `consumes` looks for it */
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_FAULT);
    h.steps[0][0].tool_calls = -1;
    h.steps[0][0].finish_reason = STEP_FINISH_ERROR;
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_FAULT);
    hand_step(&h, 0, 0, FAULT_status, 503);
    cr_expect_eq(probe_kind(&h.drill_case), PROBE_FAULT);
    hand_release(&h);
}

/* What an upstream did, what the client saw, and the record's words for it. */
struct words_row {
    const char *name;
    enum fault fault;
    int64_t step_status;
    const char *code;
    int64_t primary[3], fallback; /* statuses sent; 0 ends, -1 none whole */
    int64_t client;
    enum trace_outcome outcome;
    const char *status_class;
    int64_t retries;
    const char *decision, *error;
};

static const struct words_row words_rows[] = {
    { "healthy",
      FAULT_none,
      -1,
      NULL,
      { 200 },
      0,
      200,
      TRACE_OUTCOME_SUCCESS,
      "2xx",
      0,
      "primary_used",
      "none" },
    { "recovered",
      FAULT_status,
      503,
      NULL,
      { 503, 200 },
      0,
      200,
      TRACE_OUTCOME_SUCCESS,
      "2xx",
      1,
      "primary_used",
      "none" },
    { "fallback",
      FAULT_status,
      503,
      NULL,
      { 503, 503, 503 },
      200,
      200,
      TRACE_OUTCOME_SUCCESS,
      "2xx",
      2,
      "fallback_used",
      "none" },
    { "fail closed",
      FAULT_status,
      401,
      NULL,
      { 401 },
      0,
      401,
      TRACE_OUTCOME_ERROR,
      "4xx",
      0,
      "failed_closed",
      "auth_error" },
    { "auth answered by fallback",
      FAULT_status,
      401,
      NULL,
      { 401 },
      200,
      200,
      TRACE_OUTCOME_SUCCESS,
      "2xx",
      0,
      "fallback_used",
      "none" },
    { "refused by the gateway itself",
      FAULT_none,
      -1,
      NULL,
      { 0 },
      0,
      401,
      TRACE_OUTCOME_ERROR,
      "4xx",
      0,
      "failed_closed",
      "auth_error" },
    { "exhausted",
      FAULT_status,
      503,
      NULL,
      { 503, 503, 503 },
      0,
      502,
      TRACE_OUTCOME_ERROR,
      "5xx",
      2,
      "fallback_not_triggered",
      "transient_error" },
    { "permanent error behind a 500",
      FAULT_status,
      500,
      "invalid_request",
      { 500 },
      0,
      500,
      TRACE_OUTCOME_ERROR,
      "5xx",
      0,
      "fallback_not_triggered",
      "request_error" },
    { "rate limited",
      FAULT_status,
      429,
      NULL,
      { 429 },
      0,
      429,
      TRACE_OUTCOME_ERROR,
      "4xx",
      0,
      "fallback_not_triggered",
      "rate_limited" },
    { "wrong path",
      FAULT_status,
      301,
      NULL,
      { 301 },
      0,
      502,
      TRACE_OUTCOME_ERROR,
      "5xx",
      0,
      "fallback_not_triggered",
      "route_error" },
    { "silence",
      FAULT_hang,
      -1,
      NULL,
      { -1 },
      0,
      504,
      TRACE_OUTCOME_ERROR,
      "5xx",
      0,
      "fallback_not_triggered",
      "timeout" },
    { "page instead of JSON",
      FAULT_body,
      -1,
      NULL,
      { 200 },
      0,
      200,
      TRACE_OUTCOME_FALSE_SUCCESS,
      "2xx",
      0,
      "fallback_not_triggered",
      "parse_error" },
    { "refused port",
      FAULT_refuse,
      -1,
      NULL,
      { 0 },
      0,
      502,
      TRACE_OUTCOME_ERROR,
      "5xx",
      0,
      "fallback_not_triggered",
      "transient_error" },
    { "gateway says nothing",
      FAULT_none,
      -1,
      NULL,
      { 0 },
      0,
      -1,
      TRACE_OUTCOME_HANG,
      "none",
      0,
      "fallback_not_triggered",
      "timeout" },
    { "an answer from nowhere",
      FAULT_none,
      -1,
      NULL,
      { 0 },
      0,
      200,
      TRACE_OUTCOME_SUCCESS,
      "2xx",
      0,
      "unknown",
      "none" },
};

Test(evidence, words_follow_what_happened)
{
    for (size_t i = 0; i < sizeof words_rows / sizeof words_rows[0]; i++) {
        const struct words_row *row = &words_rows[i];
        struct request_words words;
        struct hand h;

        hand_init(&h);
        hand_step(&h, 0, 0, row->fault, row->step_status)->code =
            row->code ? (char[]){ "invalid_request" } : NULL;
        for (int64_t k = 0; k < 3 && row->primary[k]; k++)
            hand_attempt(&h, "primary", k + 1, row->primary[k], 10 * k);
        if (row->fallback)
            hand_attempt(&h, "fallback", 1, row->fallback, 50);
        hand_client(&h, row->client, row->outcome);
        evidence_case_words(&words, &h.o);
        cr_expect_str_eq(words.status_class, row->status_class, "%s",
                         row->name);
        cr_expect_eq(words.retries, row->retries, "%s", row->name);
        cr_expect_str_eq(words.decision, row->decision, "%s", row->name);
        cr_expect_str_eq(words.error_class, row->error, "%s: %s", row->name,
                         words.error_class);
        hand_release(&h);
    }
}

Test(evidence, without_a_request_nothing_is_known)
{
    struct request_words words;
    struct hand h;

    hand_init(&h);
    h.o.request_count = 0;
    evidence_case_words(&words, &h.o);
    cr_expect_str_eq(words.status_class, "none");
    cr_expect_str_eq(words.decision, "unknown");
    cr_expect_str_eq(words.error_class, "unknown");
    cr_expect_str_eq(words.bucket, "none");
    hand_release(&h);
}

Test(evidence, the_first_request_that_failed_is_the_decisive_one)
{
    struct observed_request requests[3];
    struct hand h;

    hand_init(&h);
    for (size_t i = 0; i < 3; i++) {
        requests[i] = h.request;
        requests[i].epoch = (uint16_t)(i + 1);
    }
    h.o.requests = requests;
    h.o.request_count = 3;
    cr_expect_eq(evidence_decisive(&h.o), &requests[2]);
    requests[1].trace.outcome = TRACE_OUTCOME_ERROR;
    cr_expect_eq(evidence_decisive(&h.o), &requests[1]);
    hand_release(&h);
}

Test(evidence, redaction_wants_positive_evidence)
{
    static const char clean[] = "prompt_response_and_credential_not_logged";
    struct hand h;

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 200, 0);
    cr_expect_str_eq(evidence_redaction(&h.o), clean);
    h.o.detector_control = false;
    cr_expect_str_eq(evidence_redaction(&h.o), "not_checked");
    h.o.detector_control = true;
    h.sinks[1].live = false;
    cr_expect_str_eq(evidence_redaction(&h.o), "not_checked");
    h.sinks[1].required = false;
    cr_expect_str_eq(evidence_redaction(&h.o), clean);
    h.sinks[0].live = false;
    cr_expect_str_eq(evidence_redaction(&h.o), "not_checked");
    h.sinks[0].live = h.sinks[1].live = true;
    snprintf(h.sinks[0].problem, sizeof h.sinks[0].problem, "unreadable");
    cr_expect_str_eq(evidence_redaction(&h.o), clean, "not required");
    h.sinks[0].required = true;
    cr_expect_str_eq(evidence_redaction(&h.o), "not_checked");
    h.sinks[0].problem[0] = '\0';
    for (size_t i = 0; i < 4; i++)
        h.canaries[i].reached = false;
    cr_expect_str_eq(evidence_redaction(&h.o), "not_checked");
    hand_release(&h);
}

Test(evidence, a_found_secret_is_a_leak_and_an_error_text_is_none)
{
    struct hand h;

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 200, 0);
    h.hit = (struct sink_hit){ .canary = "error", .sink = "stderr" };
    h.o.hits = &h.hit;
    h.o.hit_count = 1;
    cr_expect_str_eq(evidence_redaction(&h.o),
                     "prompt_response_and_credential_not_logged");
    snprintf(h.hit.canary, sizeof h.hit.canary, "primary.key");
    cr_expect_str_eq(evidence_redaction(&h.o), "leak_detected");
    h.hit.how = HIT_PARTIAL;
    cr_expect_str_eq(evidence_redaction(&h.o), "partial_leak_detected");
    h.hit.how = HIT_DERIVED;
    cr_expect_str_eq(evidence_redaction(&h.o),
                     "prompt_response_and_credential_not_logged",
                     "a digest gives nothing away");
    h.hit.how = HIT_FULL;
    snprintf(h.hit.sink, sizeof h.hit.sink, "client response");
    cr_expect_str_eq(evidence_redaction(&h.o), "leak_detected");
    snprintf(h.hit.canary, sizeof h.hit.canary, "prompt");
    cr_expect_str_eq(evidence_redaction(&h.o),
                     "prompt_response_and_credential_not_logged",
                     "the client may see its own prompt");
    hand_release(&h);
}

Test(evidence, the_twelve_fields_stand_first_and_in_order)
{
    struct hand h;
    struct json *record;
    const struct json *member;
    struct err err = { 0 };

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 200, 0);
    hand_finding(&h.findings, "attempts_per_upstream", VERDICT_PASS,
                 "primary 1", "primary 1");
    record = record_of(&h);
    member = json_first(record);
    for (size_t i = 0; evidence_fields[i]; i++) {
        cr_expect_str_eq(json_key(member), evidence_fields[i]);
        member = json_next(member);
    }
    cr_expect_str_eq(json_key(member), "extensions");
    cr_expect_null(json_next(member));
    cr_expect(evidence_record_check(record, &err), "%s: %s", err.where,
              err.text);
    expect_text(record, "/verified_reference_url", "not_verified");
    expect_text(record, "/elapsed_time_bucket", "lt_250ms");
    expect_text(record, "/operator_result", "pass");
    expect_text(record, "/extensions/recorded_utc", "2026-06-24T10:00:00Z");
    expect_text(record, "/extensions/probe", "happy_path");
    expect_text(record, "/extensions/not_logged_note",
                "credentials, full prompts and full responses were not "
                "logged");
    json_free(record);
    hand_release(&h);
}

Test(evidence, a_record_that_breaks_its_vocabulary_is_refused)
{
    static const struct {
        const char *field, *value, *where;
    } rows[] = {
        { "test_id", "drill-1", "$.test_id" },
        { "verified_reference_url", "http://a b", "$.verified_reference_url" },
        { "status_code_class", "200", "$.status_code_class" },
        { "retry_count", "1", "$.retry_count" },
        { "fallback_decision", "none", "$.fallback_decision" },
        { "error_class", "oops", "$.error_class" },
        { "elapsed_time_bucket", "143 ms", "$.elapsed_time_bucket" },
        { "redaction_status", "fine", "$.redaction_status" },
        { "operator_result", "not_applicable", "$.operator_result" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = { 0 };
        struct json *record;
        struct hand h;

        hand_init(&h);
        record = record_of(&h);
        json_set(record, rows[i].field, json_new_text(rows[i].value));
        cr_expect_not(evidence_record_check(record, &err), "%s", rows[i].field);
        cr_expect_str_eq(err.where, rows[i].where);
        json_free(record);
        hand_release(&h);
    }
}

Test(evidence, a_record_must_not_name_what_the_drill_does_not_assert)
{
    static const char *const keys[] = { "price",         "unit_price",
                                        "account_quota", "latency_ms",
                                        "support",       "sla_target" };
    static const char *const fine[] = { "slack", "costume", "not_asserted" };

    for (size_t i = 0; i < 6; i++) {
        struct err err = { 0 };
        struct json *record;
        struct hand h;

        hand_init(&h);
        record = record_of(&h);
        json_add_int(json_add_object((struct json *)(uintptr_t)json_get(
                                         record, "extensions"),
                                     "deeper"),
                     keys[i], 1);
        cr_expect_not(evidence_record_check(record, &err), "%s", keys[i]);
        cr_expect_eq(err.code, ERR_STATE);
        json_free(record);
        hand_release(&h);
    }
    for (size_t i = 0; i < 3; i++) {
        struct err err = { 0 };
        struct json *record;
        struct hand h;

        hand_init(&h);
        record = record_of(&h);
        json_add_int((struct json *)(uintptr_t)json_get(record, "extensions"),
                     fine[i], 1);
        cr_expect(evidence_record_check(record, &err), "%s", fine[i]);
        json_free(record);
        hand_release(&h);
    }
}

Test(evidence, something_beside_the_extensions_is_refused)
{
    struct err err = { 0 };
    struct json *record;
    struct hand h;

    hand_init(&h);
    record = record_of(&h);
    json_add_text(record, "support_ticket", "1");
    cr_expect_not(evidence_record_check(record, &err));
    cr_expect_str_eq(err.where, "$.extensions");
    json_free(record);
    hand_release(&h);
}

Test(evidence, a_record_holds_no_exact_latency)
{
    struct json *record;
    struct finding *f;
    struct hand h;
    char *text;

    hand_init(&h);
    hand_step(&h, 0, 0, FAULT_status, 503);
    hand_attempt(&h, "primary", 1, 503, 0);
    hand_attempt(&h, "primary", 2, 200, 347);
    f = hand_finding(&h.findings, "gap_bounds", VERDICT_FAIL,
                     "at least 1000 ms", "346 ms");
    f = hand_finding(&h.findings, "total_time", VERDICT_HOLD, "12000 ms",
                     "417 ms");
    snprintf(f->reason, sizeof f->reason, "the machine was 417 ms late");
    record = record_of(&h);
    text = json_print(record);
    cr_expect_null(strstr(text, "346"));
    cr_expect_null(strstr(text, "347"));
    cr_expect_null(strstr(text, "417"));
    cr_expect_not_null(strstr(text, "at least 1000 ms"),
                       "the runbook's own figures stay");
    expect_text(record, "/extensions/attempt_gaps/0/bucket", "lt_1s");
    expect_text(record, "/extensions/reasons/0", "gap_bounds: lt_1s");
    free(text);
    json_free(record);
    hand_release(&h);
}

Test(evidence, attempts_that_cannot_be_seen_are_null_and_none_is_zero)
{
    struct json *record;
    const struct json *counts;
    struct hand h;

    hand_init(&h);
    hand_step(&h, 0, 0, FAULT_refuse, -1);
    hand_attempt(&h, "fallback", 1, 200, 0);
    snprintf(h.allowed.uncountable[0], UPSTREAM_NAME_SIZE, "primary");
    h.allowed.uncountable_count = 1;
    record = record_of(&h);
    counts = json_pointer(record, "/extensions/attempts_by_upstream");
    cr_expect_eq(json_kind(json_get(counts, "primary")), JSON_NULL);
    cr_expect_eq(json_get_int(counts, "fallback", -1), 1);
    json_free(record);
    h.allowed.uncountable_count = 0;
    h.o.attempt_count = 0;
    record = record_of(&h);
    counts = json_pointer(record, "/extensions/attempts_by_upstream");
    cr_expect_eq(json_get_int(counts, "primary", -1), 0);
    json_free(record);
    hand_release(&h);
}

Test(evidence, planned_and_delivered_are_told_apart)
{
    struct observed_refusal refusal = { .upstream = "primary",
                                        .refused_before = true,
                                        .refused_after = true };
    struct json *record;
    struct hand h;

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 200, 0);
    record = record_of(&h);
    cr_expect_eq(json_kind(json_pointer(record, "/extensions/fault_delivered")),
                 JSON_NULL);
    json_free(record);
    hand_step(&h, 0, 0, FAULT_status, 503);
    h.o.attempt_count = 0;
    hand_attempt(&h, "primary", 1, 503, 0);
    record = record_of(&h);
    cr_expect(json_true(json_pointer(record, "/extensions/fault_delivered")));
    json_free(record);
    h.attempts[0].delivered.faithful = false;
    snprintf(h.attempts[0].delivered.deviation,
             sizeof h.attempts[0].delivered.deviation, "RST after 17 ms");
    record = record_of(&h);
    cr_expect_not(
        json_true(json_pointer(record, "/extensions/fault_delivered")));
    expect_text(record, "/extensions/fault_deviations/0/deviation",
                "RST after lt_250ms");
    json_free(record);
    h.o.attempt_count = 0;
    h.o.refusals = &refusal;
    h.o.refusal_count = 1;
    record = record_of(&h);
    cr_expect(json_true(json_pointer(record, "/extensions/fault_delivered")));
    json_free(record);
    refusal.refused_after = false;
    record = record_of(&h);
    cr_expect_not(
        json_true(json_pointer(record, "/extensions/fault_delivered")));
    json_free(record);
    hand_release(&h);
}

Test(evidence, carriers_say_which_way_the_drill_id_came_through)
{
    struct json *record;
    struct hand h;

    hand_init(&h);
    record = record_of(&h);
    cr_expect_eq(
        json_kind(json_pointer(record, "/extensions/carriers_survived")),
        JSON_NULL);
    json_free(record);
    hand_attempt(&h, "primary", 1, 200, 0);
    record = record_of(&h);
    cr_expect(json_true(
        json_pointer(record, "/extensions/carriers_survived/traceparent")));
    cr_expect_not(json_true(
        json_pointer(record, "/extensions/carriers_survived/x-drill-id")));
    cr_expect_not(json_true(
        json_pointer(record, "/extensions/carriers_survived/message_text")));
    json_free(record);
    snprintf(h.attempts[0].request.canaries[0],
             sizeof h.attempts[0].request.canaries[0], "prompt@body");
    h.attempts[0].request.canary_count = 1;
    record = record_of(&h);
    cr_expect(json_true(
        json_pointer(record, "/extensions/carriers_survived/message_text")));
    json_free(record);
    hand_release(&h);
}

Test(evidence, consumed_areas_are_pointers_with_a_type)
{
    struct json *areas;
    struct hand h;

    hand_init(&h);
    areas = evidence_areas(&h.profile, &h.request.trace);
    expect_text(areas, "/0/pointer", "/choices/0/message/content");
    expect_text(areas, "/0/type", "string");
    cr_expect(json_true(json_pointer(areas, "/1/ok")));
    json_free(areas);
    buf_clear(&h.request.trace.body);
    buf_add_text(&h.request.trace.body,
                 "{\"choices\":[{\"message\":{\"content\":null}}]}");
    areas = evidence_areas(&h.profile, &h.request.trace);
    cr_expect_not(json_true(json_pointer(areas, "/0/ok")));
    expect_text(areas, "/0/type", "null");
    expect_text(areas, "/1/type", "absent");
    json_free(areas);
    buf_clear(&h.request.trace.body);
    buf_add_text(&h.request.trace.body, "<html>");
    h.request.trace.outcome = TRACE_OUTCOME_FALSE_SUCCESS;
    areas = evidence_areas(&h.profile, &h.request.trace);
    cr_expect_not(json_true(json_pointer(areas, "/0/ok")));
    json_free(areas);
    h.request.trace.outcome = TRACE_OUTCOME_ERROR;
    areas = evidence_areas(&h.profile, &h.request.trace);
    cr_expect_eq(json_count(areas), 0);
    json_free(areas);
    hand_release(&h);
}

Test(evidence, a_stream_is_read_as_the_message_it_adds_up_to)
{
    struct json *areas;
    struct hand h;

    hand_init(&h);
    h.request.trace.content = TRACE_CONTENT_EVENTS;
    h.request.trace.events.output = 2;
    h.request.trace.events.finish = true;
    snprintf(h.request.trace.finish_reason,
             sizeof h.request.trace.finish_reason, "stop");
    buf_add_text(&h.request.trace.text, "pong");
    areas = evidence_areas(&h.profile, &h.request.trace);
    cr_expect(json_true(json_pointer(areas, "/0/ok")));
    cr_expect(json_true(json_pointer(areas, "/1/ok")));
    json_free(areas);
    h.request.trace.events.finish = false;
    areas = evidence_areas(&h.profile, &h.request.trace);
    cr_expect(json_true(json_pointer(areas, "/0/ok")));
    cr_expect_not(json_true(json_pointer(areas, "/1/ok")));
    json_free(areas);
    hand_release(&h);
}

Test(evidence, request_drift_is_told_by_pointers)
{
    char content[] = "/messages/0/content", model[] = "/model",
         user[] = "/user", options[] = "/stream_options";
    struct json_field sent[] = { { .pointer = content, .fingerprint = "aa" },
                                 { .pointer = model, .fingerprint = "bb" },
                                 { .pointer = user, .fingerprint = "cc" } };
    struct json_field arrived[] = {
        { .pointer = content, .fingerprint = "aa" },
        { .pointer = model, .fingerprint = "zz" },
        { .pointer = options, .fingerprint = "dd" },
    };
    struct json *record;
    struct hand h;

    hand_init(&h);
    h.request.fields = (struct json_fields){ .items = sent, .count = 3 };
    for (int64_t i = 1; i <= 2; i++) {
        struct attempt *a = hand_attempt(&h, "primary", i, 503, i);

        a->request.json = true;
        a->request.fields =
            (struct json_fields){ .items = arrived, .count = 3 };
    }
    record = record_of(&h);
    expect_text(record, "/extensions/request_fields_changed/0", "/model");
    expect_text(record, "/extensions/request_fields_added/0",
                "/stream_options");
    expect_text(record, "/extensions/request_fields_removed/0", "/user");
    cr_expect_eq(
        json_count(json_pointer(record, "/extensions/request_fields_changed")),
        1, "each once over all attempts");
    json_free(record);
    h.attempts[0].request.body = h.attempts[1].request.body =
        ATTEMPT_BODY_INCOMPLETE;
    record = record_of(&h);
    cr_expect_eq(
        json_count(json_pointer(record, "/extensions/request_fields_changed")),
        0, "half a body proves nothing");
    json_free(record);
    hand_release(&h);
}

Test(evidence, a_record_is_a_few_kilobytes_and_holds_no_canary)
{
    struct json *record;
    struct hand h;
    char *text;

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 200, 0);
    for (int i = 0; i < 14; i++)
        hand_finding(&h.findings, "attempts_per_upstream", VERDICT_PASS,
                     "primary 1, fallback 0", "primary 1, fallback 0");
    record = record_of(&h);
    text = json_print(record);
    cr_expect_lt(strlen(text), 8192);
    for (size_t i = 0; i < 4; i++)
        cr_expect_null(strstr(text, h.canaries[i].text));
    free(text);
    json_free(record);
    hand_release(&h);
}

Test(evidence, history_keeps_what_is_needed_to_judge_again)
{
    static const char *const members[] = {
        "requests", "attempts", "refusals", "probe_before", "probe_after",
        "canaries", "sinks",    "hits",     "keys",         "allowed",
        "findings", "drill_id", "kind",     "tolerance_ms", "broken",
        "late_ms",  "stamp_ms", "slow_ms",
    };
    struct json *history;
    struct hand h;
    char *text;

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 503, 0);
    hand_finding(&h.findings, "gap_bounds", VERDICT_FAIL, "1000 ms", "346 ms");
    history = evidence_history(&h.judged, &h.findings, "id");
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        cr_expect_not_null(json_get(history, members[i]), "%s", members[i]);
    expect_text(history, "/findings/0/observed", "346 ms");
    cr_expect_eq(
        json_int(json_pointer(history, "/attempts/0/delivered/status"), -1),
        503);
    text = json_print(history);
    for (size_t i = 0; i < 4; i++)
        cr_expect_null(strstr(text, h.canaries[i].text));
    free(text);
    json_free(history);
    hand_release(&h);
}

Test(evidence, a_result_gives_the_first_reason_of_its_verdict)
{
    struct result *result;
    struct hand h;

    hand_init(&h);
    hand_finding(&h.findings, "total_time", VERDICT_PASS, "", "fine");
    hand_finding(&h.findings, "fallback_decision", VERDICT_FAIL, "", "no")
        ->severity = SEVERITY_ADVISORY;
    hand_finding(&h.findings, "attempts_per_upstream", VERDICT_FAIL, "",
                 "primary 4");
    result = result_new(&h.drill_case, "gateway-evidence-drill-20260624-012");
    result_judge(result, &h.run, &h.judged, &h.findings, HAND_WHEN, 431);
    cr_expect_eq(result->verdict, VERDICT_FAIL);
    cr_expect_str_eq(result->reason, "attempts_per_upstream: primary 4");
    cr_expect_eq(h.findings.count, 0);
    cr_expect_eq(json_get_int(result->history, "wall_ms", 0), 431);
    expect_text(result->history, "/case", "control/healthy[stream=false]");
    expect_text(result->record, "/operator_result", "fail");
    result_free(result);
    hand_release(&h);
}

Test(evidence, a_case_that_proved_nothing_is_hold)
{
    struct result *result;
    struct hand h;

    hand_init(&h);
    result = result_new(&h.drill_case, "gateway-evidence-drill-20260624-012");
    result_judge(result, &h.run, &h.judged, &h.findings, HAND_WHEN, 1);
    cr_expect_eq(result->verdict, VERDICT_HOLD);
    expect_text(result->record, "/operator_result", "hold");
    result_free(result);
    result = result_new(&h.drill_case, "gateway-evidence-drill-20260624-012");
    result_skip(result, "retry.budget is not declared");
    cr_expect_eq(result->verdict, VERDICT_NOT_APPLICABLE);
    cr_expect_null(result->record);
    expect_text(result->history, "/reason", "retry.budget is not declared");
    result_free(result);
    hand_release(&h);
}
