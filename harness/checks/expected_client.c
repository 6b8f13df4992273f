/*
 * What no runbook says and a scenario may ask of the client's side: the whole
 * answer or not, its first output soon, no header that must stay inside.
 * Source: the scenario's expect; failure-catalogue S0.2, K12.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "common/clock.h"
#include "harness/judge/seen.h"

static bool fail(struct finding *finding)
{
    finding->verdict = VERDICT_FAIL;
    return false;
}

static bool completeness_fits(const struct seen *seen, struct finding *finding)
{
    int64_t wanted = seen->phase->expect.client_complete;
    bool whole =
        seen->trace->framing_complete && seen->trace->shape == ANSWER_COMPLETE;

    if (wanted < 0)
        return true;
    finding->verdict = VERDICT_PASS;
    finding_expect(finding, "%s",
                   wanted ? "the whole answer" : "not the whole answer");
    finding_observe(finding, "%s",
                    whole ? "the whole answer" : "not the whole answer");
    return whole == (wanted == 1) || fail(finding);
}

/* From the first byte that an upstream sent of the answer. */
static bool first_output_fits(const struct seen *seen, struct finding *finding)
{
    int64_t within_ms = seen->phase->expect.first_output_within_ms;
    int64_t output_ns = seen->trace->first_output_ns;
    int64_t ms;

    if (within_ms < 0)
        return true;
    finding->verdict = VERDICT_PASS;
    finding_expect(finding, "the first output within %" PRId64 " ms",
                   within_ms);
    if (!output_ns || seen->count == 0) {
        finding_observe(finding, "no output came");
        return fail(finding);
    }
    ms = (output_ns - seen->attempts[seen->count - 1]->times_ns.first_sent) /
         NS_PER_MS;
    finding_observe(finding, "%" PRId64 " ms after its upstream began", ms);
    return ms <= within_ms + seen->observation->tolerance_ms || fail(finding);
}

static bool headers_fit(const struct seen *seen, struct finding *finding)
{
    const struct bind_texts *absent = &seen->phase->expect.headers_absent;

    for (size_t i = 0; i < absent->count; i++) {
        char *value = http_trace_header(seen->trace, absent->items[i]);

        finding->verdict = VERDICT_PASS;
        finding_expect(finding, "no header %s", absent->items[i]);
        finding_observe(finding, value ? "it is there" : "it is not there");
        if (value) {
            free(value);
            return fail(finding);
        }
    }
    return true;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    finding_reason(finding, "the scenario expects nothing more");
    if (seen->phase->expect.runbook)
        return;
    if (completeness_fits(seen, finding) && first_output_fits(seen, finding))
        headers_fit(seen, finding);
    if (finding->verdict != VERDICT_NOT_APPLICABLE)
        finding_reason(finding, "the scenario expects it");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_expected_client = {
    .id = "expected_client",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the client get what the scenario expects beyond the runbook?",
    .judge = judge,
};
