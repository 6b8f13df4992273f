/*
 * After so many failures in a row the primary is left alone for the declared
 * time, and comes back after it. Judged over the requests of the case. Source:
 * runbook cooldown; failure-catalogue O01, O02, O06, D20.
 */
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "harness/oracle/failure_class.h"
#include "harness/judge/seen.h"

struct window {
    int64_t from_ns; /* the failure that made it, over; 0: none yet */
    int64_t to_least_ns, to_most_ns; /* it ends somewhere in between */
    bool doubt;                      /* some answer may have counted */
    size_t inside;   /* requests begun inside that went to the primary */
    size_t skipped;  /* and that did not */
    size_t returned; /* begun after it that went to the primary */
    size_t missing;  /* and that did not */
    size_t early;    /* before there was any, that did not */
};

/* Longer than any case. */
#define TOLD_UNKNOWN_MS 1000000000

enum answer { WELL, COUNTS, OPEN_TO_DOUBT };

/* Statuses only: of what else may count, no more is known than that it may. */
static enum answer answer_of(const struct runbook_cooldown *cooldown,
                             const struct attempt *attempt)
{
    int64_t status = attempt->delivered.status;

    if (!attempt->delivered.head_complete)
        return OPEN_TO_DOUBT;
    if (failure_set_has(&cooldown->on, FAILURE_HTTP, status))
        return COUNTS;
    return status < 400 && attempt->delivered.faithful ? WELL : OPEN_TO_DOUBT;
}

static bool went_to(const struct seen *seen, const char *upstream)
{
    for (size_t i = 0; i < seen->count; i++)
        if (!strcmp(seen->attempts[i]->upstream, upstream))
            return true;
    return false;
}

/* What an answer's Retry-After says, as the gateway surely and perhaps reads
 * it; 0: nothing. */
static void told(const struct runbook *runbook, const struct step *step,
                 int64_t *least_ms, int64_t *most_ms)
{
    const struct step_retry_after *sent = &step->retry_after;
    const struct retry_formats *formats = &runbook->retry.retry_after.formats;
    int64_t seconds_ms = sent->seconds > 0 ? sent->seconds * 1000 : 0;
    int64_t ms = sent->ms > 0 ? sent->ms : 0;
    bool reads_ms = formats->declared && formats->ms;
    bool reads_seconds = !formats->declared || formats->seconds;

    *most_ms = ms > seconds_ms ? ms : seconds_ms;
    *least_ms = sent->ms >= 0   ? (reads_ms ? ms : 0)
                : reads_seconds ? seconds_ms
                                : 0;
    if (sent->raw || sent->date_in_ms != -1)
        *most_ms = TOLD_UNKNOWN_MS;
}

/* Another failure in a row: out from its end on. */
static void open_window(struct window *w, const struct seen *seen,
                        const struct attempt *attempt)
{
    const struct runbook *runbook = seen->observation->runbook;
    const struct runbook_cooldown *cooldown = &runbook->cooldown;
    const struct step *step = seen_step(seen, attempt);
    int64_t least_ms = 0, most_ms = 0;
    int64_t over_ns = seen_over_ns(seen, attempt);
    int64_t least_ns, most_ns;

    if (step && cooldown->retry_after != 0)
        told(runbook, step, &least_ms, &most_ms);
    if (cooldown->retry_after != 1 || least_ms < cooldown->for_ms)
        least_ms = cooldown->for_ms;
    if (most_ms < cooldown->for_ms)
        most_ms = cooldown->for_ms;
    least_ns = over_ns + least_ms * NS_PER_MS;
    most_ns = over_ns + most_ms * NS_PER_MS;
    w->from_ns = over_ns;
    if (least_ns > w->to_least_ns)
        w->to_least_ns = least_ns;
    if (most_ns > w->to_most_ns)
        w->to_most_ns = most_ns;
}

/* A request belongs to the last window that was open before it began. */
static void place(struct window *w, const struct seen *seen,
                  const char *primary)
{
    int64_t slack_ns = seen->observation->tolerance_ms * NS_PER_MS;
    int64_t start_ns = seen->trace->start_ns;
    bool there = went_to(seen, primary);
    bool alone = seen->phase->client.concurrency <= 1;

    if (!w->from_ns)
        w->early += seen->count > 0 && !there && !w->doubt && alone;
    if (!w->from_ns || start_ns < w->from_ns + slack_ns)
        return;
    if (seen->trace->end_ns < w->to_least_ns - slack_ns) {
        w->inside += there;
        w->skipped += !there;
    } else if (start_ns > w->to_most_ns + slack_ns) {
        w->returned += there;
        w->missing += !there;
    }
}

/* Requests in order of their start, each with its attempts. */
static void walk(struct window *w, const struct judged *judged)
{
    const struct observation *o = judged->observation;
    const struct runbook_cooldown *cooldown = &o->runbook->cooldown;
    const char *primary = runbook_primary(o->runbook);
    int64_t failures = 0;

    for (size_t i = 0; i < o->request_count; i++) {
        struct seen seen;

        seen_init(&seen, judged, i);
        if (seen_uncountable(&seen, primary))
            w->doubt = true; /* it may have gone there unseen */
        else
            place(w, &seen, primary);
        for (size_t k = 0; k < seen.count; k++) {
            const struct attempt *a = seen.attempts[k];
            enum answer answer = answer_of(cooldown, a);

            if (strcmp(a->upstream, primary))
                continue;
            w->doubt = w->doubt || answer == OPEN_TO_DOUBT;
            if (answer == OPEN_TO_DOUBT)
                continue;
            failures = answer == COUNTS ? failures + 1 : 0;
            if (failures >= cooldown->after_failures)
                open_window(w, &seen, a);
        }
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    const struct runbook_cooldown *cooldown = &o->runbook->cooldown;
    struct window w = { 0 };

    if (!cooldown->declared || cooldown->for_ms <= 0 ||
        cooldown->after_failures <= 0) {
        finding_reason(finding, "the runbook declares no cooldown, or not its "
                                "figures");
        return;
    }
    walk(&w, judged);
    if (w.inside + w.skipped + w.returned + w.missing + w.early == 0) {
        finding_reason(finding, "no request fell into or after a cooldown");
        return;
    }
    finding_expect(finding,
                   "after %" PRId64 " failures nothing for %" PRId64
                   " ms, and then the primary again",
                   cooldown->after_failures, cooldown->for_ms);
    finding_observe(finding,
                    "within the time %zu requests went to the primary and %zu "
                    "did not; after it %zu did and %zu did not; %zu left it "
                    "out before",
                    w.inside, w.skipped, w.returned, w.missing, w.early);
    finding_reason(finding, "cooldown");
    finding->verdict =
        w.inside || w.missing || w.early ? VERDICT_FAIL : VERDICT_PASS;
}

const struct check check_cooldown = {
    .id = "cooldown",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is a failing upstream left alone for the declared time, and used "
            "again after it?",
    .judge = judge,
};
