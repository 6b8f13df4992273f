#include "harness/evidence/evidence_seen.h"

#include <string.h>

#include "common/clock.h"
#include "harness/evidence/evidence_classify.h"

static const char *const not_asserted[] = { "uptime",
                                            "exact_latency",
                                            "account_quota",
                                            "pricing",
                                            "billing_outcome",
                                            "model_availability",
                                            "provider_specific_behaviour",
                                            NULL };

static void add_twelve(struct json *record, const struct run *run,
                       const struct judged *judged,
                       const struct findings *findings, const char *test_id)
{
    const struct observation *o = judged->observation;
    enum verdict verdict = verdict_of(findings);
    struct request_words words;

    evidence_case_words(&words, o);
    json_add_text(record, "test_id", test_id);
    json_add_text(record, "environment", run->environment);
    /* Only the API reference check may name what was verified. */
    json_add_text(record, "verified_reference_url", "not_verified");
    json_add_text(record, "verified_upstream_route_template", "not_verified");
    json_add_text(record, "gateway_route_name", run->route_name);
    json_add_text(record, "status_code_class", words.status_class);
    json_add_int(record, "retry_count", words.retries);
    json_add_text(record, "fallback_decision", words.decision);
    json_add_text(record, "error_class", words.error_class);
    json_add_text(record, "elapsed_time_bucket", words.bucket);
    json_add_text(record, "redaction_status", evidence_redaction(o));
    json_add_text(record, "operator_result",
                  verdict_names[verdict == VERDICT_NOT_APPLICABLE ? VERDICT_HOLD
                                                                  : verdict]);
}

static void add_fixture(struct json *ext, const struct run *run,
                        const struct drill_case *drill_case)
{
    const char *name = drill_case->phases[0].client.fixture
                           ? drill_case->phases[0].client.fixture
                           : "minimal-chat";
    const struct json *known = json_get(run->fixtures, name);
    struct json *fixture = json_add_object(ext, "fixture");

    json_add_text(fixture, "id", name);
    json_add_text(fixture, "version", json_get_text(known, "version", NULL));
    json_add_text(fixture, "sha256", json_get_text(known, "sha256", NULL));
    json_add_text(ext, "invalid_token_fixture",
                  probe_kind(drill_case) == PROBE_INVALID_CREDENTIAL
                      ? "well_formed_unknown_key"
                      : NULL);
}

static void add_int_or_null(struct json *object, const char *key, int64_t value)
{
    json_add(object, key, value >= 0 ? json_new_int(value) : json_new_null());
}

static void add_retry_budget(struct json *ext, const struct runbook *runbook)
{
    const struct json *retry = json_get(runbook->document, "retry");
    const struct json *on = json_get(retry, "on");
    struct json *budget = json_add_object(ext, "retry_budget");
    char label[EVIDENCE_LABEL_SIZE];

    json_add_bool(budget, "declared", runbook->retry.declared);
    add_int_or_null(budget, "retries_per_upstream",
                    runbook->retry.declared ? runbook->retry.budget : -1);
    add_int_or_null(budget, "total_attempts_max",
                    runbook->retry.declared ? runbook->retry.total_attempts_max
                                            : -1);
    json_add(budget, "retryable", on ? json_copy(on) : json_new_null());
    if (runbook->timeouts.total_ms >= 0) {
        evidence_bucket(label, runbook->timeouts.total_ms,
                        &runbook->elapsed_buckets_ms);
        json_add_text(budget, "deadline_bucket", label);
    }
}

static void add_checks(struct json *ext, const struct findings *findings,
                       const struct runbook *runbook)
{
    struct json *checks_made = json_add_array(ext, "checks");
    struct json *reasons = json_new_array();

    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *f = &findings->items[i];
        struct json *row = evidence_finding(f);
        struct buf reason = { 0 };

        evidence_add_bucketed(row, "observed", f->observed, runbook);
        evidence_add_bucketed(row, "reason", f->reason, runbook);
        if (f->verdict >= VERDICT_HOLD) {
            buf_printf(&reason, "%s: %s", f->check,
                       f->verdict == VERDICT_HOLD
                           ? json_get_text(row, "reason", "")
                           : json_get_text(row, "observed", ""));
            json_append(reasons, json_new_text(buf_text(&reason)));
        }
        buf_release(&reason);
        json_append(checks_made, row);
    }
    json_add(ext, "reasons", reasons);
}

static struct json *phase_scripts(const struct case_phase *phase)
{
    struct json *upstreams = json_new_object();

    for (size_t i = 0; i < phase->upstream_count; i++) {
        const struct script *script = &phase->upstreams[i].script;
        struct json *steps =
            json_add_array(upstreams, phase->upstreams[i].name);

        for (size_t k = 0; k < script->count; k++) {
            struct buf text = { 0 };

            step_describe(&text, &script->steps[k]);
            json_append(steps, json_new_text(buf_text(&text)));
            buf_release(&text);
        }
    }
    return upstreams;
}

static struct json *phase_requests(const struct judged *judged, size_t phase)
{
    const struct observation *o = judged->observation;
    struct json *list = json_new_array();

    for (size_t i = 0; i < o->request_count; i++) {
        const struct observed_request *request = &o->requests[i];
        struct request_words words;
        struct json *row;

        if (request->phase != phase)
            continue;
        evidence_request_words(&words, o, request);
        row = json_new_object();
        json_add_int(row, "request", request->epoch);
        json_add_text(row, "status_code_class", words.status_class);
        json_add_text(row, "outcome",
                      trace_outcome_names[request->trace.outcome]);
        json_add_int(row, "retry_count", words.retries);
        json_add_text(row, "fallback_decision", words.decision);
        json_add_text(row, "error_class", words.error_class);
        json_add_text(row, "elapsed_time_bucket", words.bucket);
        add_int_or_null(row, "retries_reported_by_gateway",
                        request->reported_retries);
        json_append(list, row);
    }
    return list;
}

static void add_phases(struct json *ext, const struct judged *judged)
{
    const struct drill_case *drill_case = judged->observation->drill_case;
    struct json *phases = json_add_array(ext, "phases");

    for (size_t i = 0; i < drill_case->phase_count; i++) {
        const struct case_phase *phase = &drill_case->phases[i];
        struct json *row = json_new_object();

        json_add_text(row, "credential",
                      case_credential_names[phase->client.credential]);
        json_add_bool(row, "stream", phase->client.stream);
        json_add(row, "upstreams", phase_scripts(phase));
        json_add_bool(
            row, "expectation_overridden",
            phase->expect.severity_advisory == 1 ||
                (i < judged->allowed_count && judged->allowed[i].overridden));
        json_add(row, "requests", phase_requests(judged, i));
        json_append(phases, row);
    }
}

static void add_probe(struct json *probes, const char *key,
                      const struct observed_probe *probe,
                      const struct runbook *runbook)
{
    struct json *row = json_add_object(probes, key);

    json_add_bool(row, "made", probe->made);
    json_add_bool(row, "healthy", probe->healthy);
    if (probe->text[0])
        evidence_add_bucketed(row, "seen", probe->text, runbook);
}

static void add_not_logged(struct json *ext, const struct observation *o)
{
    static const struct {
        const char *status, *note;
    } notes[] = {
        { "prompt_response_and_credential_not_logged",
          "credentials, full prompts and full responses were not logged" },
        { "leak_detected",
          "something that must not be logged was found in a sink, see leaks; "
          "it does not stand in this record" },
        { "partial_leak_detected",
          "a part of something that must not be logged was found in a sink, "
          "see leaks; it does not stand in this record" },
        { "not_checked",
          "whether credentials, prompts or responses were logged could not be "
          "established; none stands in this record" },
    };
    const char *status = evidence_redaction(o);

    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++)
        if (!strcmp(notes[i].status, status))
            json_add_text(ext, "not_logged_note", notes[i].note);
}

static void add_observers(struct json *ext)
{
    struct json *by = json_add_object(ext, "observed_by");

    json_add_text(by, "attempts", "tool");
    json_add_text(by, "client_outcome", "tool");
    json_add_text(by, "sinks", "tool");
    json_add_text(by, "runbook", "operator");
    json_add_text(by, "reference", "nobody");
}

static void add_origin(struct json *ext, const struct run *run,
                       const struct drill_case *drill_case, time_t when)
{
    char recorded[21];

    clock_format_rfc3339(recorded, when);
    json_add_text(ext, "schema", EVIDENCE_SCHEMA);
    json_add_text(ext, "run_id", run->run_id);
    json_add_text(ext, "scenario", drill_case->scenario);
    json_add_text(ext, "case", drill_case->id);
    if (drill_case->variant)
        json_add_text(ext, "variant", drill_case->variant);
    json_add_text(ext, "probe", probe_kind_names[probe_kind(drill_case)]);
    json_add_text(ext, "title", drill_case->title);
    json_add_text(ext, "evidence_type",
                  evidence_type_names[drill_case->evidence_type]);
    json_add_text(ext, "recorded_utc", recorded);
    json_add_text(ext, "gateway", run->gateway_name);
    json_add_text(ext, "reference_named", run->api_reference_url);
    json_add_text(ext, "reference_accessed_utc", NULL);
    json_add_text(ext, "reference_sha256", NULL);
    json_add_text(ext, "reference_status", "not_checked");
    add_fixture(ext, run, drill_case);
    json_add_text(ext, "mock_dialect",
                  run->dialect ? run->dialect : "cometapi");
    json_add_text(ext, "scenario_sha256", drill_case->file_sha256);
    json_add_int(ext, "seed", (int64_t)run->seed);
}

struct json *evidence_record(const struct run *run, const struct judged *judged,
                             const struct findings *findings,
                             const struct result *result, time_t when)
{
    const struct observation *o = judged->observation;
    struct json *record = json_new_object();
    struct json *ext, *list, *probes;

    add_twelve(record, run, judged, findings, result->test_id);
    ext = json_add_object(record, "extensions");
    add_origin(ext, run, o->drill_case, when);
    json_add_int(ext, "repeat", result->repeat);
    add_retry_budget(ext, o->runbook);
    evidence_add_seen(ext, judged);
    add_checks(ext, findings, o->runbook);
    add_phases(ext, judged);
    probes = json_add_object(ext, "probes");
    add_probe(probes, "before", &o->probe_before, o->runbook);
    add_probe(probes, "after", &o->probe_after, o->runbook);
    add_observers(ext);
    list = json_add_array(ext, "not_asserted");
    for (size_t i = 0; not_asserted[i]; i++)
        json_append(list, json_new_text(not_asserted[i]));
    add_not_logged(ext, o);
    return record;
}
