/*
 * A client that left is not worked for any longer: what its request holds at an
 * upstream is given up, and nothing new is begun. Source: runbook cancel;
 * invariant V6; failure-catalogue J.
 */
#include <inttypes.h>

#include "common/clock.h"
#include "harness/judge/seen.h"

struct leaving {
    int64_t within_ms;    /* the declared limit */
    int64_t tolerance_ms; /* ours */
    int64_t left_ns;
    size_t begun;     /* attempts that began later than the limit */
    size_t held;      /* that were held longer */
    size_t open;      /* still held, in time, when we stopped listening */
    int64_t worst_ms; /* after the client left; -1: nothing was open */
};

static int64_t limit_ms(const struct seen *seen)
{
    const struct case_expect *expect = &seen->phase->expect;

    if (!expect->runbook && expect->upstream_closed_within_ms >= 0)
        return expect->upstream_closed_within_ms;
    return seen->observation->runbook->cancel.upstream_closed_within_ms;
}

static void weigh(struct leaving *l, const struct seen *seen,
                  const struct attempt *attempt)
{
    int64_t most_ns = l->left_ns + (l->within_ms + l->tolerance_ms) * NS_PER_MS;
    int64_t began_ns = seen_began_ns(attempt);
    int64_t end_ns = seen_over_ns(seen, attempt);
    int64_t after_ms = (end_ns - l->left_ns) / NS_PER_MS;

    if (began_ns > most_ns) {
        l->begun++;
        after_ms = (began_ns - l->left_ns) / NS_PER_MS;
    } else if (end_ns > most_ns) {
        l->held++;
    } else if (attempt->delivered.end == ATTEMPT_END_OPEN &&
               !attempt->times_ns.peer_closed) {
        l->open++;
    } else if (end_ns <= l->left_ns) {
        return;
    }
    if (after_ms > l->worst_ms)
        l->worst_ms = after_ms;
}

static void tell(const struct leaving *l, struct finding *finding)
{
    if (l->begun)
        finding_observe(finding,
                        "%zu attempts began after that, the last %" PRId64
                        " ms after the client left",
                        l->begun, l->worst_ms);
    else if (l->worst_ms < 0)
        finding_observe(finding, "nothing was open");
    else
        finding_observe(finding, "over %" PRId64 " ms after the client left%s",
                        l->worst_ms, l->held ? ", or not at all" : "");
    finding->verdict = l->begun || l->held ? VERDICT_FAIL
                       : l->open           ? VERDICT_HOLD
                                           : VERDICT_PASS;
    if (finding->verdict == VERDICT_HOLD)
        finding_reason(finding, "nobody listened long enough");
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct observation *o = seen->observation;
    struct leaving l = { .within_ms = limit_ms(seen),
                         .tolerance_ms = o->tolerance_ms,
                         .left_ns = seen->trace->left_ns,
                         .worst_ms = -1 };

    if (l.within_ms < 0) {
        finding_reason(finding, "the runbook declares no cancel");
        return;
    }
    finding_expect(finding,
                   "within %" PRId64 " ms each upstream is let go, and then "
                   "nothing begins",
                   l.within_ms);
    finding_reason(finding, "the client left");
    /* The tolerance is known only afterwards: it matters where something was
     * still open. */
    if (o->listened_until_ns < l.left_ns + l.within_ms * NS_PER_MS) {
        finding->verdict = VERDICT_HOLD;
        finding_reason(finding, "nobody listened long enough");
        return;
    }
    for (size_t i = 0; i < seen->count; i++)
        weigh(&l, seen, seen->attempts[i]);
    tell(&l, finding);
}

/* A client that half-closes is not gone for sure: only one that left is judged.
 */
static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;

    finding_reason(finding, "no client left before the end");
    for (size_t i = 0; i < o->request_count; i++) {
        struct finding one = { .check = finding->check };
        struct seen seen;

        seen_init(&seen, judged, i);
        if (seen.trace->outcome != TRACE_OUTCOME_LEFT || !seen.trace->left_ns)
            continue;
        judge_request(&seen, &one);
        finding_worse(finding, &one);
    }
}

const struct check check_cancel = {
    .id = "cancel",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "When the client leaves, are its attempts given up in time and "
            "none begun?",
    .judge = judge,
};
