/* Once the client has its answer nothing more is tried. Source: invariant V6.
 */
#include <inttypes.h>

#include "common/clock.h"
#include "harness/judge/seen.h"

/* The mock may stamp an attempt this much after it was begun, and as much more
 * as the run measured (stamp_ms). */
#define STAMP_NS (20 * NS_PER_MS)

static int64_t began_ns(const struct attempt *attempt)
{
    return attempt->times_ns.first_byte ? attempt->times_ns.first_byte
                                        : attempt->times_ns.accept;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct observation *o = seen->observation;
    const struct http_trace *trace = seen->trace;
    int64_t stamp_ns = STAMP_NS + o->stamp_ms * NS_PER_MS;
    size_t late = 0;
    const struct attempt *worst = NULL;

    finding_expect(finding, "no attempt after the client's answer");
    if (trace->outcome == TRACE_OUTCOME_HANG) {
        finding_reason(finding, "the client had no answer");
        return;
    }
    if (o->listened_until_ns <= trace->end_ns) {
        finding->verdict = VERDICT_HOLD;
        finding_reason(finding, "nobody listened after the answer");
        return;
    }
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];

        if (attempt->foreign || attempt->id.epoch != seen->request->epoch ||
            (!attempt->late && began_ns(attempt) <= trace->end_ns + stamp_ns))
            continue;
        late++;
        worst = attempt;
    }
    finding->verdict = late ? VERDICT_FAIL : VERDICT_PASS;
    if (late)
        finding_observe(
            finding,
            "%zu late; the last at %s, %" PRId64 " ms after the answer", late,
            worst->upstream,
            (int64_t)((began_ns(worst) - trace->end_ns) / NS_PER_MS));
    else
        finding_observe(finding, "none");
    finding_reason(
        finding, "listened for %" PRId64 " ms after the answer",
        (int64_t)((o->listened_until_ns - trace->end_ns) / NS_PER_MS));
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_no_late_attempts = {
    .id = "no_late_attempts",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is nothing more tried once the client has its answer?",
    .judge = judge,
};
