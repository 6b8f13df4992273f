/*
 * One attempt at a time: the next one begins when the one before it is over, or
 * has been given up. Two at once are paid for twice, and may both answer.
 * Source: invariant V6; failure-catalogue J12.
 */
#include <inttypes.h>

#include "common/clock.h"
#include "harness/judge/seen.h"

static void judge_request(const struct seen *seen, struct finding *finding)
{
    int64_t most_ms = 0;
    size_t at = 0;

    if (seen->count < 2) {
        finding_reason(finding, "fewer than two attempts");
        return;
    }
    finding_expect(finding, "each attempt is over before the next begins");
    finding_reason(finding, "no hedging is declared");
    for (size_t i = 1; i < seen->count; i++)
        for (size_t k = 0; k < i; k++) {
            int64_t ms = (seen_over_ns(seen, seen->attempts[k]) -
                          seen_began_ns(seen->attempts[i])) /
                         NS_PER_MS;

            if (ms > most_ms) {
                most_ms = ms;
                at = k + 1;
            }
        }
    finding->verdict =
        most_ms > seen->observation->tolerance_ms ? VERDICT_FAIL : VERDICT_PASS;
    if (most_ms > 0)
        finding_observe(finding,
                        "attempt %zu was held %" PRId64
                        " ms longer than until a later one began",
                        at, most_ms);
    else
        finding_observe(finding, "%zu attempts, one after the other",
                        seen->count);
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_no_overlap = {
    .id = "no_overlap",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is each attempt over, or given up, before the next one begins?",
    .judge = judge,
};
