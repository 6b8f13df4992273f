/*
 * The wait between two attempts: never shorter than the runbook's backoff or
 * the upstream's Retry-After (strictly), not much longer than the backoff's
 * upper bound (with the run's tolerance). Source: runbook retry.backoff,
 * retry.retry_after; invariant V5; RFC 9110 10.2.3.
 */
#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "harness/judge/seen.h"

/* Two clocks of one millisecond's grain may differ by that much. */
#define GRAIN_MS 1.0
/* A gateway's timer counts from the clock it read when it was last woken, and
 * is as coarse as its loop: nginx was seen to end a second after 998 ms. So a
 * timeout may come early by 10 ms and 2 % of it. It also counts from before the
 * request was sent, and the kernel knows when that arrived: on a busy machine,
 * or in a herd, it is later, by what the run measured (late_ms) and the case
 * (carry_ms). */
#define TIMER_EARLY_MS      10
#define TIMER_EARLY_PERCENT 2

struct gap {
    double least_ms, most_ms; /* measured: between these */
    bool bounded_above;       /* most_ms is known */
};

static int64_t first_of(int64_t a, int64_t b, int64_t c)
{
    return a ? a : b ? b : c;
}

static bool is_timeout(enum failure failure)
{
    return failure == FAILURE_HEADER_TIMEOUT ||
           failure == FAILURE_FIRST_TOKEN_TIMEOUT ||
           failure == FAILURE_IDLE_TIMEOUT ||
           failure == FAILURE_ATTEMPT_TIMEOUT;
}

/* How long the requests of this phase took from the client to an upstream, at
 * worst: what gateway and mock need to carry a herd. A timer may have begun so
 * much before the mock read the request, and a next attempt may have been made
 * so much before its stamp. A port that refuses hides which attempt was first.
 */
static int64_t carry_ms(const struct seen *seen)
{
    const struct observation *o = seen->observation;
    int64_t worst_ns = 0;

    if (seen->allowed->uncountable_count)
        return 0;
    for (size_t i = 0; i < o->request_count; i++) {
        const struct observed_request *request = &o->requests[i];
        const struct attempt *first = NULL;
        int64_t ns;

        if (request->phase != seen->request->phase || !request->trace.sent_ns)
            continue;
        for (size_t k = 0; !first && k < o->attempt_count; k++)
            if (!o->attempts[k].foreign && !o->attempts[k].other_route &&
                o->attempts[k].id.epoch == request->epoch)
                first = &o->attempts[k];
        if (!first)
            continue;
        ns = first_of(first->times_ns.arrived, first->times_ns.body,
                      first->times_ns.head) -
             request->trace.sent_ns;
        if (ns > worst_ns)
            worst_ns = ns;
    }
    return worst_ns / NS_PER_MS;
}

/* The moment from which a gateway's waiting may be counted at the earliest: the
 * request was there, and the step cannot have failed before. What the mock
 * itself delayed is strict: it had read the request. */
static double begin_ms(const struct attempt *attempt,
                       const struct allowed_attempt *allowed, int64_t late_ms)
{
    int64_t ns =
        first_of(attempt->times_ns.arrived, attempt->times_ns.body,
                 first_of(attempt->times_ns.head, attempt->times_ns.first_byte,
                          attempt->times_ns.accept));

    double least_ms = (double)allowed->lasts_least_ms;
    double early_ms =
        TIMER_EARLY_MS + least_ms * TIMER_EARLY_PERCENT / 100 + (double)late_ms;

    if (is_timeout(allowed->failure))
        least_ms -= early_ms < least_ms ? early_ms : least_ms;
    return (double)ns / NS_PER_MS + least_ms;
}

/* At the latest: our end of it, or the gateway's own leaving. */
static bool end_ms(double *out, const struct attempt *attempt,
                   const struct allowed_attempt *allowed, int64_t next_ns)
{
    int64_t begin = first_of(attempt->times_ns.body, attempt->times_ns.head,
                             attempt->times_ns.first_byte);
    int64_t end = attempt->times_ns.last_sent;
    double timed;

    if (attempt->times_ns.end > end && attempt->times_ns.end <= next_ns)
        end = attempt->times_ns.end;
    if (attempt->times_ns.peer_closed &&
        attempt->times_ns.peer_closed <= next_ns &&
        attempt->times_ns.peer_closed > end)
        end = attempt->times_ns.peer_closed;
    if (allowed->lasts_most_ms == ALLOWED_ANY)
        return false;
    timed = (double)begin / NS_PER_MS + (double)allowed->lasts_most_ms;
    *out = (double)end / NS_PER_MS;
    if (timed > *out)
        *out = timed;
    return true;
}

static struct gap measure(const struct attempt *one, const struct attempt *next,
                          const struct allowed_attempt *allowed,
                          int64_t late_ms)
{
    int64_t next_ns =
        first_of(next->times_ns.first_byte, next->times_ns.accept, 0);
    double next_ms = (double)next_ns / NS_PER_MS;
    struct gap gap = { .most_ms = next_ms - begin_ms(one, allowed, late_ms) };
    double end;

    gap.bounded_above = end_ms(&end, one, allowed, next_ns);
    if (gap.bounded_above)
        gap.least_ms = next_ms - end;
    return gap;
}

struct weighing {
    bool judged;   /* some wait is declared */
    bool violated; /* and this one is not kept */
    char expected[96], observed[96], reason[96];
};

static void weigh_gap(struct weighing *w, const struct seen *seen, size_t i,
                      int64_t carried_ms, const struct allowed_attempt *before,
                      const struct allowed_attempt *allowed)
{
    struct gap gap = measure(seen->attempts[i - 1], seen->attempts[i], before,
                             seen->observation->late_ms + carried_ms);
    double tolerance = (double)(seen->observation->tolerance_ms + carried_ms);
    bool early = gap.most_ms < (double)allowed->gap_least_ms - GRAIN_MS;
    bool late = allowed->gap_most_ms != ALLOWED_ANY && gap.bounded_above &&
                gap.least_ms > (double)allowed->gap_most_ms + tolerance;

    w->judged = w->judged || allowed->gap_least_ms > 0 ||
                allowed->gap_most_ms != ALLOWED_ANY || early;
    if (w->violated)
        return;
    w->violated = early || late;
    if (allowed->gap_most_ms == ALLOWED_ANY)
        snprintf(w->expected, sizeof w->expected,
                 "at least %" PRId64 " ms before attempt %zu",
                 allowed->gap_least_ms, i + 1);
    else
        snprintf(w->expected, sizeof w->expected,
                 "%" PRId64 " to %" PRId64 " ms before attempt %zu",
                 allowed->gap_least_ms, allowed->gap_most_ms, i + 1);
    snprintf(w->observed, sizeof w->observed, "%.1f ms",
             late ? gap.least_ms : gap.most_ms);
    snprintf(w->reason, sizeof w->reason, "%s", allowed->gap_reason);
}

/* Walks a path and what was seen side by side; attempts at a port that refuses
 * are on the path only, and the gaps around them cannot be measured. */
static void weigh_path(struct weighing *w, const struct seen *seen,
                       int64_t carried_ms, const struct allowed_path *path)
{
    size_t end =
        seen->refused_at == SEEN_NONE ? seen->count : seen->refused_at + 1;
    size_t i = 0;
    bool adjacent = false;

    *w = (struct weighing){ 0 };
    for (size_t k = 0; k < path->count && i < end; k++) {
        if (seen_uncountable(seen, path->attempts[k].upstream)) {
            adjacent = false;
            continue;
        }
        if (adjacent)
            weigh_gap(w, seen, i, carried_ms, &path->attempts[k - 1],
                      &path->attempts[k]);
        adjacent = true;
        i++;
    }
}

static void tell(struct finding *finding, const struct weighing *w)
{
    finding_expect(finding, "%s", w->expected);
    finding_observe(finding, "%s", w->observed);
    finding_reason(finding, "%s", w->reason);
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    bool fits = false;
    int64_t carried_ms;

    finding_reason(finding, "fewer than two attempts");
    if (seen->count < 2)
        return;
    carried_ms = carry_ms(seen);
    for (size_t i = 0; i < seen->allowed->path_count; i++) {
        struct weighing w;

        if (!seen_fits(seen, &seen->allowed->paths[i]))
            continue;
        weigh_path(&w, seen, carried_ms, &seen->allowed->paths[i]);
        if (!w.violated) {
            finding->verdict = w.judged ? VERDICT_PASS : VERDICT_NOT_APPLICABLE;
            tell(finding, &w);
            if (!w.judged)
                finding_reason(finding, "no wait is declared");
            return;
        }
        if (!fits)
            tell(finding, &w);
        fits = true;
    }
    finding->verdict = fits ? VERDICT_FAIL : VERDICT_NOT_APPLICABLE;
    if (!fits)
        finding_reason(finding, "the attempts are not those of an allowed way; "
                                "attempts_per_upstream judges that");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, CHECK_NEEDS_PATHS);
}

const struct check check_gap_bounds = {
    .id = "gap_bounds",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Are the waits between attempts as backoff and Retry-After ask?",
    .judge = judge,
};
