/* hand_made: one judged case and one run, built by hand, for the tests of what
 * is recorded and reported. */
#ifndef GATEDRILL_TESTS_HAND_MADE_H
#define GATEDRILL_TESTS_HAND_MADE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/evidence/evidence.h"

#define HAND_WHEN 1782295200 /* 2026-06-24T10:00:00Z */

/* A case of one phase, ready to be changed; everything healthy. */
struct hand {
    struct runbook runbook;
    struct profile profile;
    struct drill_case drill_case;
    struct case_phase phase;
    struct case_upstream upstreams[2];
    struct step steps[2][2];
    struct observation o;
    struct observed_request request;
    struct attempt attempts[8];
    struct observed_sink sinks[2];
    struct sink_hit hit;
    struct canary canaries[4];
    struct allowed allowed;
    struct judged judged;
    struct findings findings;
    struct run run;
};

/* The structs own their texts; here they borrow from these. */
static char hand_texts[][40] = { "primary",
                                 "fallback",
                                 "/choices/0/message/content",
                                 "/choices/0/finish_reason",
                                 "credential",
                                 "prompt",
                                 "completion",
                                 "minimal-chat",
                                 "control/healthy[stream=false]",
                                 "control/healthy",
                                 "control",
                                 "A healthy upstream" };
static char *hand_order[] = { hand_texts[0], hand_texts[1] };
static int64_t hand_buckets[] = { 250, 1000, 5000, 30000 };
static char *hand_consumes[] = { hand_texts[2], hand_texts[3] };
static char *hand_forbid[] = { hand_texts[4], hand_texts[5], hand_texts[6] };
static const char hand_runbook_text[] =
    "{\"retry\":{\"budget\":2,\"total_attempts_max\":6,\"on\":[\"http_5xx\"]}}";
static const char hand_answer[] =
    "{\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"x\"},"
    "\"finish_reason\":\"stop\"}]}";

static inline void hand_runbook(struct runbook *runbook)
{
    struct err err;

    *runbook = (struct runbook){ 0 };
    runbook->document = json_parse(hand_runbook_text, strlen(hand_runbook_text),
                                   "runbook.json", &err);
    runbook->retry.declared = true;
    runbook->retry.budget = 2;
    runbook->retry.total_attempts_max = 6;
    runbook->fallback.declared = true;
    runbook->fallback.on.declared = true;
    runbook->fallback.on.status[503] = true;
    runbook->fallback.order =
        (struct bind_texts){ .items = hand_order, .count = 2 };
    runbook->auth.declared = true;
    runbook->auth.on_401 = runbook->auth.on_403 = AUTH_FAIL_CLOSED;
    runbook->redaction.forbid = (struct bind_texts){ .items = hand_forbid,
                                                     .count = 3,
                                                     .declared = true };
    runbook->timeouts.total_ms = 12000;
    runbook->elapsed_buckets_ms =
        (struct bind_ints){ .items = hand_buckets, .count = 4 };
}

/* Attempt at an upstream: what it was answered, `after_ms` from the start. */
static inline struct attempt *hand_attempt(struct hand *h, const char *upstream,
                                           int64_t ordinal, int64_t status,
                                           int64_t after_ms)
{
    struct attempt *a = &h->attempts[h->o.attempt_count++];

    *a = (struct attempt){ .seq = (int64_t)h->o.attempt_count,
                           .id = { .nonce = 0x123456789abc, .epoch = 1 },
                           .ordinal = ordinal,
                           .by = ATTEMPT_BY_LEASE };
    snprintf(a->upstream, sizeof a->upstream, "%s", upstream);
    snprintf(a->request.method, sizeof a->request.method, "POST");
    snprintf(a->request.target, sizeof a->request.target,
             "/v1/chat/completions");
    snprintf(a->request.header_names, sizeof a->request.header_names,
             "host content-type traceparent");
    snprintf(a->planned.fault, sizeof a->planned.fault, "%s",
             status >= 400 ? "status" : "none");
    a->request.body = ATTEMPT_BODY_COMPLETE;
    a->delivered.status = status;
    a->delivered.end = ATTEMPT_END_KEEP;
    a->delivered.faithful = true;
    a->times_ns.first_byte = NS_PER_S + after_ms * NS_PER_MS;
    a->times_ns.last_sent = a->times_ns.first_byte + NS_PER_MS;
    a->times_ns.end = a->times_ns.last_sent;
    return a;
}

/* What the client got. */
static inline void hand_client(struct hand *h, int64_t status,
                               enum trace_outcome outcome)
{
    struct http_trace *trace = &h->request.trace;

    trace->status = status;
    trace->outcome = outcome;
    buf_clear(&trace->body);
    if (outcome == TRACE_OUTCOME_SUCCESS)
        buf_add_text(&trace->body, hand_answer);
}

/* Step `index` of upstream 0 (primary) or 1 (fallback). */
static inline struct step *hand_step(struct hand *h, size_t upstream,
                                     size_t index, enum fault fault,
                                     int64_t status)
{
    struct step *step = &h->steps[upstream][index];

    step->fault = fault;
    step->status = status;
    if (h->upstreams[upstream].script.count <= index)
        h->upstreams[upstream].script.count = index + 1;
    return step;
}

static inline struct finding *
hand_finding(struct findings *all, const char *check, enum verdict verdict,
             const char *expected, const char *observed)
{
    struct finding *f = findings_add(all);

    f->check = check;
    f->evidence_type = EVIDENCE_RESILIENCE;
    f->severity = SEVERITY_REQUIRED;
    f->verdict = verdict;
    snprintf(f->expected, sizeof f->expected, "%s", expected);
    snprintf(f->observed, sizeof f->observed, "%s", observed);
    snprintf(f->reason, sizeof f->reason, "retry.budget is 2");
    return f;
}

static inline void hand_canary(struct canary *canary, const char *id,
                               enum canary_kind kind, const char *text)
{
    *canary =
        (struct canary){ .kind = kind, .text = xstrdup(text), .reached = true };
    snprintf(canary->id, sizeof canary->id, "%s", id);
    snprintf(canary->fingerprint, sizeof canary->fingerprint,
             "0123456789abcdef");
}

static inline void hand_case(struct hand *h)
{
    h->upstreams[0] = (struct case_upstream){ .name = hand_texts[0] };
    h->upstreams[1] = (struct case_upstream){ .name = hand_texts[1] };
    for (size_t i = 0; i < 2; i++) {
        h->upstreams[i].script =
            (struct script){ .steps = h->steps[i], .count = 1 };
        for (size_t k = 0; k < 2; k++)
            step_init(&h->steps[i][k], FAULT_none);
    }
    h->phase =
        (struct case_phase){ .upstreams = h->upstreams, .upstream_count = 2 };
    h->phase.client.fixture = hand_texts[7];
    h->drill_case = (struct drill_case){
        .id = hand_texts[8],
        .scenario = hand_texts[9],
        .family = hand_texts[10],
        .title = hand_texts[11],
        .evidence_type = EVIDENCE_CONTRACT,
        .phases = &h->phase,
        .phase_count = 1,
        .number = 12,
        .file_sha256 = "ab",
    };
}

static inline void hand_observed(struct hand *h)
{
    h->sinks[0] = (struct observed_sink){ .name = "stderr", .live = true };
    h->sinks[1] = (struct observed_sink){
        .name = "file access.log", .required = true, .live = true, .bytes = 321
    };
    hand_canary(&h->canaries[0], "prompt", CANARY_PROMPT,
                "prompt0123456789abcdefgh");
    hand_canary(&h->canaries[1], "primary.key", CANARY_CREDENTIAL,
                "sk-0123456789abcdefghijklmnopqrstuvwxyz0123456789ab");
    hand_canary(&h->canaries[2], "completion", CANARY_COMPLETION,
                "completion0123456789abcd");
    hand_canary(&h->canaries[3], "error", CANARY_ERROR_TEXT,
                "error0123456789abcdefghi");
    h->request =
        (struct observed_request){ .epoch = 1, .reported_retries = -1 };
    h->request.trace.start_ns = NS_PER_S;
    h->request.trace.sent_ns = NS_PER_S + NS_PER_MS;
    h->request.trace.end_ns = NS_PER_S + 40 * NS_PER_MS;
    h->request.trace.content = TRACE_CONTENT_COMPLETION;
    h->o = (struct observation){ .drill_case = &h->drill_case,
                                 .runbook = &h->runbook,
                                 .profile = &h->profile,
                                 .id = { .nonce = 0x123456789abc },
                                 .requests = &h->request,
                                 .request_count = 1,
                                 .attempts = h->attempts,
                                 .canaries = h->canaries,
                                 .canary_count = 4,
                                 .sinks = h->sinks,
                                 .sink_count = 2,
                                 .detector_control = true };
}

static inline void hand_init(struct hand *h)
{
    *h = (struct hand){ 0 };
    hand_runbook(&h->runbook);
    h->profile.upstreams = (struct bind_map){ .keys = hand_order, .count = 2 };
    h->profile.consumes =
        (struct bind_texts){ .items = hand_consumes, .count = 2 };
    hand_case(h);
    hand_observed(h);
    hand_client(h, 200, TRACE_OUTCOME_SUCCESS);
    h->judged = (struct judged){ .observation = &h->o,
                                 .allowed = &h->allowed,
                                 .allowed_count = 1 };
    snprintf(h->run.run_id, sizeof h->run.run_id, "20260624T100000Z-3fa94c1b");
    h->run.environment = xstrdup("ci");
    h->run.gateway_name = xstrdup("refgw");
    h->run.route_name = xstrdup("chat-primary");
    h->run.route_template = xstrdup("POST /v1/chat/completions");
    h->run.api_reference_url =
        xstrdup("https://apidoc.cometapi.com/api/text/chat");
    h->run.seed = 42;
}

static inline void hand_release(struct hand *h)
{
    json_free(h->runbook.document);
    for (size_t i = 0; i < 4; i++)
        free(h->canaries[i].text);
    buf_release(&h->request.trace.body);
    buf_release(&h->request.trace.text);
    findings_release(&h->findings);
    run_release(&h->run);
}

/* A judged result as it stands in a run. */
static inline struct result *hand_result(const char *id, int64_t number,
                                         enum verdict verdict,
                                         enum probe_kind probe,
                                         const char *record)
{
    struct result *result = xcalloc(1, sizeof *result);
    struct err err;

    evidence_test_id(result->test_id, HAND_WHEN, number);
    result->case_id = xstrdup(id);
    result->scenario = xstrndup(id, strcspn(id, "["));
    result->family = xstrndup(id, strcspn(id, "/"));
    result->title = xstrdup("A title");
    result->evidence_type = EVIDENCE_RESILIENCE;
    result->probe = probe;
    result->number = number;
    result->repeat = 1;
    result->verdict = verdict;
    result->wall_ms = 100 * number;
    if (record)
        result->record = json_parse(record, strlen(record), "record", &err);
    return result;
}

/* A run with one result of each kind. */
static inline void hand_run(struct run *run)
{
    struct result *r;

    *run = (struct run){ .seed = 42, .planned = 4, .complete = true };
    snprintf(run->run_id, sizeof run->run_id, "20260624T100000Z-3fa94c1b");
    snprintf(run->started_utc, sizeof run->started_utc, "2026-06-24T10:00:00Z");
    snprintf(run->ended_utc, sizeof run->ended_utc, "2026-06-24T10:00:09Z");
    snprintf(run->repro_prefix, sizeof run->repro_prefix, "gatedrill repro");
    run->folder = xstrdup("out dir/20260624T100000Z-3fa94c1b");
    run->gateway_name = xstrdup("refgw");
    run->gateway_version = xstrdup("refgw 0.1.0");
    run->environment = xstrdup("ci");
    run->route_name = xstrdup("chat-primary");
    run->suite = xstrdup("full");
    r = hand_result("control/healthy", 1, VERDICT_PASS, PROBE_HAPPY_PATH, "{}");
    hand_finding(&r->findings, "attempts_per_upstream", VERDICT_PASS,
                 "primary 1", "primary 1");
    result_list_add(&run->results, r);
    r = hand_result("transient/5xx-always[status=503]", 2, VERDICT_FAIL,
                    PROBE_FAULT, "{}");
    snprintf(r->reason, sizeof r->reason,
             "attempts_per_upstream: primary 4 <&> \033[31m");
    hand_finding(&r->findings, "attempts_per_upstream", VERDICT_FAIL,
                 "primary 3", "primary 4 <&> \033[31m");
    hand_finding(&r->findings, "total_time", VERDICT_PASS, "12000 ms",
                 "431 ms");
    result_list_add(&run->results, r);
    r = hand_result("connection/refused", 3, VERDICT_HOLD, PROBE_FAULT, "{}");
    snprintf(r->reason, sizeof r->reason, "fault_delivered: not refused");
    hand_finding(&r->findings, "fault_delivered", VERDICT_HOLD, "refused",
                 "connected")
        ->severity = SEVERITY_PRECONDITION;
    result_list_add(&run->results, r);
    r = hand_result("auth/no-client-key", 4, VERDICT_NOT_APPLICABLE,
                    PROBE_FAULT, NULL);
    snprintf(r->reason, sizeof r->reason, "auth.on_401 is not declared");
    result_list_add(&run->results, r);
    run_sum_up(run);
    run->promotion = VERDICT_HOLD;
}

#endif
