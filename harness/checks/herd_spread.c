/*
 * Many requests that failed at once do not come back at once: over the requests
 * of a phase, the waits before the same retry differ as the declared jitter
 * says. Judged by the middle half of the waits, which one late thread does not
 * widen; with the figures printed. Source: runbook retry.backoff.jitter; AWS
 * retry with backoff; failure-catalogue D16.
 */
#include <inttypes.h>

#include "harness/judge/retry_waits.h"
#include "harness/judge/seen.h"

#define SAMPLES_LEAST 20 /* fewer prove nothing */
#define RETRIES_MOST  4  /* that are looked at */
/* Of waits drawn evenly from a range the middle half spans half of it. With 20
 * samples an eighth is below all but one in ten thousand. */
#define SPAN_PART      8
#define RANGE_LEAST_MS 16 /* less is this machine's own noise */
#define GRAIN_MS       1.0
#define HELD_UP_MS     5.0

static double middle_half(const struct retry_waits *waits)
{
    return waits->ms[waits->count * 3 / 4] - waits->ms[waits->count / 4];
}

/* Over how many ms the declared jitter draws the wait; 0: it does not say. */
static int64_t range_ms(const struct runbook *runbook, size_t retry)
{
    int64_t ms = retry_waits_declared_ms(runbook, retry);

    if (ms < 0)
        return 0;
    return runbook->retry.backoff.jitter == JITTER_FULL    ? ms
           : runbook->retry.backoff.jitter == JITTER_EQUAL ? ms / 2
                                                           : 0;
}

static void tell(struct finding *finding, const struct retry_waits *waits)
{
    finding_observe(finding,
                    "%zu waits of %.1f to %.1f ms, the middle half spans "
                    "%.1f ms",
                    waits->count, waits->ms[0], waits->ms[waits->count - 1],
                    middle_half(waits));
}

/* Waits beyond what the jitter can draw were made by this machine: it held the
 * gateway up and let all go at once. Then crowding proves nothing. */
static bool held_up(const struct judged *judged,
                    const struct retry_waits *waits, int64_t range)
{
    const struct observation *o = judged->observation;
    bool equal = o->runbook->retry.backoff.jitter == JITTER_EQUAL;
    double most_ms = (double)(equal ? 2 * range : range);

    return waits->ms[waits->count / 2] > most_ms + HELD_UP_MS ||
           o->late_ms > range / 4;
}

/* The scenario's own figures, over first retries. */
static void judge_arrivals(const struct judged *judged, size_t phase,
                           struct finding *finding)
{
    const struct case_expect *expect =
        &judged->observation->drill_case->phases[phase].expect;
    struct retry_waits waits = retry_waits_collect(judged, phase, 1);

    finding_expect(finding,
                   "no wait below %" PRId64
                   " ms, the middle half spans %" PRId64 " ms",
                   expect->arrivals.not_before_ms, expect->arrivals.spread_ms);
    if (waits.count < SAMPLES_LEAST) {
        finding->verdict = VERDICT_HOLD;
        finding_reason(finding, "only %zu waits were seen", waits.count);
    } else {
        bool early =
            waits.ms[0] < (double)expect->arrivals.not_before_ms - GRAIN_MS;
        bool crowded = middle_half(&waits) < (double)expect->arrivals.spread_ms;

        tell(finding, &waits);
        finding_reason(finding, "the scenario expects it");
        finding->verdict = early || crowded ? VERDICT_FAIL : VERDICT_PASS;
    }
    retry_waits_release(&waits);
}

static void judge_jitter(const struct judged *judged, size_t phase,
                         struct finding *finding)
{
    const struct runbook *runbook = judged->observation->runbook;
    int64_t range = 0;
    struct retry_waits best = { 0 };

    for (size_t retry = 1; retry <= RETRIES_MOST; retry++) {
        struct retry_waits waits = retry_waits_collect(judged, phase, retry);

        if (waits.count >= SAMPLES_LEAST && range_ms(runbook, retry) > range) {
            retry_waits_release(&best);
            best = waits;
            range = range_ms(runbook, retry);
        } else {
            retry_waits_release(&waits);
        }
    }
    if (range == 0) {
        finding_reason(finding,
                       "fewer than %d waits, or no jitter that has a "
                       "range",
                       SAMPLES_LEAST);
    } else if (range < RANGE_LEAST_MS) {
        finding_reason(finding, "the jitter is too small to be seen");
    } else {
        finding_expect(finding,
                       "drawn over %" PRId64
                       " ms: the middle half spans at least %" PRId64 " ms",
                       range, range / SPAN_PART);
        tell(finding, &best);
        finding_reason(finding, "retry.backoff.jitter");
        finding->verdict = middle_half(&best) >= (double)range / SPAN_PART
                               ? VERDICT_PASS
                           : held_up(judged, &best, range) ? VERDICT_HOLD
                                                           : VERDICT_FAIL;
        if (finding->verdict == VERDICT_HOLD)
            finding_reason(finding,
                           "too slow to tell: the waits are longer than the "
                           "jitter's own; less load, or fewer --jobs");
    }
    retry_waits_release(&best);
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct drill_case *c = judged->observation->drill_case;

    finding_reason(finding, "no herd");
    for (size_t p = 0; p < c->phase_count; p++) {
        const struct case_expect *expect = &c->phases[p].expect;
        struct finding one = { .check = finding->check };

        if (!expect->runbook &&
            (expect->arrivals.not_before_ms || expect->arrivals.spread_ms))
            judge_arrivals(judged, p, &one);
        else
            judge_jitter(judged, p, &one);
        finding_worse(finding, &one);
    }
}

const struct check check_herd_spread = {
    .id = "herd_spread",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Do many requests that failed at once come back spread out?",
    .judge = judge,
};
