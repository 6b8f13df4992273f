/*
 * A failed call is an Error on its client span; what the gateway refuses with
 * 4xx is none on its server span, what it fails with 5xx is. Source:
 * OpenTelemetry HTTP spans, "Status"; profile telemetry.spans.promises.
 */
#include <stdio.h>

#include "harness/judge/told.h"

static void add(char *wrong, size_t size, const char *name, const char *what)
{
    char text[160];

    snprintf(text, sizeof text, "%s: %s", name, what);
    seen_add_word(wrong, size, "; ", text);
}

static void judge_pair(const struct seen *seen, const struct told_pair *pair,
                       char *wrong, size_t size)
{
    enum told_end end = told_end_of(seen, pair);
    bool error = pair->span->status == OTLP_STATUS_ERROR;
    char name[48];

    told_name(name, sizeof name, pair);
    if (end == TOLD_FAILURE && !error)
        add(wrong, size, name, "not Error, though it failed");
    if (end == TOLD_SUCCESS && error)
        add(wrong, size, name, "Error, though it succeeded");
}

static void judge_root(const struct seen *seen, const struct told *told,
                       char *wrong, size_t size)
{
    const struct http_trace *trace = seen->trace;
    bool error = told->root->status == OTLP_STATUS_ERROR;

    if (trace->outcome == TRACE_OUTCOME_LEFT || !trace->head_complete)
        return;
    if (trace->status >= 500 && !error)
        add(wrong, size, "the server span", "not Error for 5xx");
    if (trace->status >= 400 && trace->status < 500 && error)
        add(wrong, size, "the server span", "Error for 4xx");
    if (trace->outcome == TRACE_OUTCOME_SUCCESS && error)
        add(wrong, size, "the server span", "Error for a success");
}

static void judge_request(const struct seen *seen, const struct told *told,
                          struct finding *finding)
{
    char wrong[256] = "";

    for (size_t i = 0; i < told->pair_count; i++)
        judge_pair(seen, &told->pairs[i], wrong, sizeof wrong);
    judge_root(seen, told, wrong, sizeof wrong);
    finding_expect(finding, "Error on client spans that failed; on the server "
                            "span for 5xx alone");
    finding_observe(finding, "%s", wrong[0] ? wrong : "so it is");
    finding_reason(finding, "the server span and %zu client spans",
                   told->pair_count);
    finding->verdict = wrong[0] ? VERDICT_FAIL : VERDICT_PASS;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    told_each(judged, finding, PROMISE_STATUS, judge_request);
}

const struct check check_span_status = {
    .id = "span_status",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text =
        "Do the spans' statuses follow the rules for client and server spans?",
    .judge = judge,
};
