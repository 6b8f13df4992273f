/*
 * The tokens the gateway counts are those that the answer says. Source:
 * OpenTelemetry GenAI spans (gen_ai.usage.*); profile
 * telemetry.spans.promises.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/client/trace_usage.h"
#include "harness/judge/told.h"

/* The last that counted: of the attempt that gave the answer, or of all. */
static void told_usage(struct trace_usage *out, const struct seen *seen)
{
    const struct telemetry *all = &seen->observation->telemetry;

    *out = (struct trace_usage){ -1, -1 };
    for (size_t i = 0; i < all->span_count; i++) {
        const struct telemetry_span *span = &all->spans[i];

        if (strcmp(span->trace_id, seen->request->trace_id) != 0)
            continue;
        if (span->input_tokens >= 0)
            out->input = span->input_tokens;
        if (span->output_tokens >= 0)
            out->output = span->output_tokens;
    }
}

static void judge_request(const struct seen *seen, const struct told *told,
                          struct finding *finding)
{
    struct trace_usage truth, said;

    (void)told;
    trace_usage_read(&truth, seen->trace);
    if (seen->trace->outcome != TRACE_OUTCOME_SUCCESS || truth.input < 0 ||
        truth.output < 0) {
        finding_reason(finding, "the answer says no usage");
        return;
    }
    told_usage(&said, seen);
    finding_expect(finding, "input %" PRId64 ", output %" PRId64, truth.input,
                   truth.output);
    if (said.input < 0 && said.output < 0)
        finding_observe(finding, "no span says it");
    else
        finding_observe(finding, "input %" PRId64 ", output %" PRId64,
                        said.input, said.output);
    finding_reason(finding, "gen_ai.usage, against the usage in the answer");
    finding->verdict = said.input == truth.input && said.output == truth.output
                           ? VERDICT_PASS
                           : VERDICT_FAIL;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    told_each(judged, finding, PROMISE_USAGE, judge_request);
}

const struct check check_usage_truth = {
    .id = "usage_truth",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Are the tokens the gateway reports those of the answer?",
    .judge = judge,
};
