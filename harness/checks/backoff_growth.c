/*
 * Waits grow from one retry to the next as the declared factor says. Where a
 * wait has a lower bound, gap_bounds sees each that is too short; with full
 * jitter a wait may be short by chance, and only many of them tell. A gateway
 * that never leaves the first range has no later wait above it, one that grows
 * has by chance too few with a known probability: that is what is judged, and
 * printed. Source: runbook retry.backoff; failure-catalogue D03, D17, S4.22.
 */
#include <inttypes.h>
#include <math.h>

#include "harness/judge/retry_waits.h"
#include "harness/judge/seen.h"

#define RETRIES_MOST 6 /* that are looked at */
/* A gateway that obeys is failed by chance less often than this. */
#define CHANCE_MOST 1e-5
/* A wait is seen this much longer than it was; more than that is beyond the
 * first range. */
#define NOISE_MS 5.0
/* More requests at once make each other late by themselves. */
#define CROWD_MOST 10

/* Two ranges to be told apart by waits before a retry. */
struct growth {
    size_t retry;
    int64_t first_ms, later_ms;
    struct retry_waits waits;
    size_t above; /* waits beyond the first range */
    size_t late;  /* of the first waits, which none should be: the control */
    size_t least; /* so many there must be */
};

static bool sends_hint(const struct step *step)
{
    const struct step_retry_after *hint = &step->retry_after;

    return hint->raw || hint->seconds >= 0 || hint->ms >= 0 ||
           hint->date_in_ms != -1;
}

/* Whether every wait begins with an answer that both sides saw, and only the
 * backoff decides it: Retry-After makes it longer, and when a silence ended
 * only the gateway knows. */
static bool is_plain(const struct judged *judged, size_t phase)
{
    const struct case_phase *p =
        &judged->observation->drill_case->phases[phase];

    for (size_t u = 0; u < p->upstream_count; u++)
        for (size_t i = 0; i < p->upstreams[u].script.count; i++) {
            const struct step *step = &p->upstreams[u].script.steps[i];

            if (sends_hint(step) ||
                (step->fault != FAULT_status && step->fault != FAULT_none))
                return false;
        }
    return true;
}

/* How many of count draws must succeed, each with probability p, so that fewer
 * are seen by chance in less than CHANCE_MOST of all runs; 0: none must. */
static size_t least_successes(size_t count, double p)
{
    double one = pow(1 - p, (double)count); /* exactly k successes */
    double sum = one;
    size_t k = 0;

    while (k < count && sum < CHANCE_MOST) {
        one *= (double)(count - k) / (double)(k + 1) * p / (1 - p);
        sum += one;
        k++;
    }
    return k;
}

static size_t above(const struct retry_waits *waits, double ms)
{
    size_t count = 0;

    for (size_t i = 0; i < waits->count; i++)
        count += waits->ms[i] > ms;
    return count;
}

static struct growth look_at(const struct judged *judged, size_t phase,
                             size_t retry)
{
    const struct runbook *runbook = judged->observation->runbook;
    struct growth growth = {
        .retry = retry,
        .first_ms = retry_waits_declared_ms(runbook, 1),
        .later_ms = retry_waits_declared_ms(runbook, retry),
        .waits = retry_waits_collect(judged, phase, retry),
    };
    struct retry_waits first = retry_waits_collect(judged, phase, 1);
    double edge_ms = (double)growth.first_ms + NOISE_MS;
    double p = ((double)growth.later_ms - edge_ms) / (double)growth.later_ms;

    if (p > 0)
        growth.least = least_successes(growth.waits.count, p);
    growth.above = above(&growth.waits, edge_ms);
    growth.late = above(&first, edge_ms);
    retry_waits_release(&first);
    return growth;
}

/* The retry that tells most. */
static struct growth look(const struct judged *judged, size_t phase)
{
    struct growth best = { 0 };

    for (size_t retry = 2; retry <= RETRIES_MOST; retry++) {
        struct growth one = look_at(judged, phase, retry);

        if (one.least > best.least) {
            retry_waits_release(&best.waits);
            best = one;
        } else {
            retry_waits_release(&one.waits);
        }
    }
    return best;
}

/* Late first waits show how many of the later ones this machine made long. */
static void weigh(const struct growth *growth, struct finding *finding)
{
    finding_expect(finding,
                   "of %zu waits before retry %zu (0 to %" PRId64
                   " ms) at least %zu above %" PRId64 " ms, the first range",
                   growth->waits.count, growth->retry, growth->later_ms,
                   growth->least, growth->first_ms);
    finding_observe(
        finding, "%zu above, the longest %.1f ms; of the first waits %zu",
        growth->above, growth->waits.ms[growth->waits.count - 1], growth->late);
    finding_reason(finding, "retry.backoff.factor; fewer by chance in less "
                            "than 1 of 100,000 runs");
    finding->verdict =
        growth->above < growth->least ? VERDICT_FAIL : VERDICT_PASS;
    if (finding->verdict == VERDICT_PASS &&
        growth->above < growth->least + growth->late) {
        finding->verdict = VERDICT_HOLD;
        finding_reason(finding, "too slow to tell: this machine makes waits "
                                "longer than they are; less load, or fewer "
                                "--jobs");
    }
}

static void judge_phase(const struct judged *judged, size_t phase,
                        struct finding *finding)
{
    const struct runbook_backoff *backoff =
        &judged->observation->runbook->retry.backoff;
    struct growth growth;

    finding_reason(finding, "retry.backoff does not declare full jitter and a "
                            "growing wait; gap_bounds judges the others");
    if (!backoff->declared || backoff->jitter != JITTER_FULL ||
        backoff->factor_percent <= 100)
        return;
    finding_reason(finding, "not the backoff alone decides the waits");
    if (!is_plain(judged, phase) ||
        judged->observation->drill_case->phases[phase].client.concurrency >
            CROWD_MOST)
        return;
    growth = look(judged, phase);
    finding_reason(finding, "too few second retries to tell growth from "
                            "chance");
    if (growth.least > 0)
        weigh(&growth, finding);
    retry_waits_release(&growth.waits);
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct drill_case *c = judged->observation->drill_case;

    for (size_t p = 0; p < c->phase_count; p++) {
        struct finding one = { .check = finding->check };

        judge_phase(judged, p, &one);
        finding_worse(finding, &one);
    }
}

const struct check check_backoff_growth = {
    .id = "backoff_growth",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Do waits drawn by chance grow from one retry to the next?",
    .judge = judge,
};
