/* The client is answered in time; a hang is a fail. Source: runbook
 * timeouts.total_ms; invariant V11. */
#include <inttypes.h>

#include "harness/judge/seen.h"

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct allowed *allowed = seen->allowed;
    int64_t elapsed = seen_elapsed_ms(seen);
    int64_t tolerance = seen->observation->tolerance_ms;

    finding_reason(finding, "%s", allowed->within_reason);
    if (seen->trace->outcome == TRACE_OUTCOME_HANG) {
        finding->verdict = VERDICT_FAIL;
        finding_expect(finding, "an end");
        finding_observe(finding, "nothing more after %" PRId64 " ms", elapsed);
        return;
    }
    if (allowed->within_ms == ALLOWED_ANY)
        return;
    if (seen->phase->client.read_rate_bytes_per_s > 0) {
        finding_reason(finding, "the client reads slowly on purpose");
        return;
    }
    finding_expect(finding, "within %" PRId64 " ms", allowed->within_ms);
    finding_observe(finding, "%" PRId64 " ms", elapsed);
    finding->verdict =
        elapsed <= allowed->within_ms + tolerance ? VERDICT_PASS : VERDICT_FAIL;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, CHECK_NEEDS_PATHS);
}

const struct check check_total_time = {
    .id = "total_time",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is the client answered within the time the runbook declares?",
    .judge = judge,
};
