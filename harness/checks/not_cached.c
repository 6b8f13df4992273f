/*
 * Every client request leads to an attempt: an answer without one was made from
 * another's. Source: runbook cache; failure-catalogue O07 to O10.
 */
#include "harness/judge/seen.h"

static bool is_success(const struct http_trace *trace)
{
    return trace->head_complete && trace->status >= 200 && trace->status < 300;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    size_t successes = 0, without = 0;

    if (o->runbook->cache != CACHE_OFF) {
        finding_reason(finding, o->runbook->cache < 0
                                    ? "cache is not declared"
                                    : "cache lets an answer serve again");
        return;
    }
    if (o->request_count < 2) {
        finding_reason(finding, "one request cannot be another's answer");
        return;
    }
    for (size_t i = 0; i < o->request_count; i++) {
        struct seen seen;

        seen_init(&seen, judged, i);
        /* A port that refuses answers nobody, so it excuses nothing. */
        successes += is_success(seen.trace);
        without += is_success(seen.trace) && seen.count == 0;
    }
    finding_expect(finding, "each success has an attempt of its own");
    finding_reason(finding, "cache is declared off");
    if (successes == 0) {
        finding_reason(finding, "no request had a success");
        return;
    }
    finding->verdict = without ? VERDICT_FAIL : VERDICT_PASS;
    finding_observe(finding, "%zu of %zu have none", without, successes);
}

const struct check check_not_cached = {
    .id = "not_cached",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does every client request lead to an attempt of its own?",
    .judge = judge,
};
