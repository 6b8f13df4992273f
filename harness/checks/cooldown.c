/*
 * After so many failures in a row the primary is left alone for the declared
 * time, and comes back after it. Judged over the requests of the case. Source:
 * runbook cooldown; failure-catalogue O01, O06, D20.
 */
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "harness/failure_class.h"
#include "harness/seen.h"

struct window {
    int64_t from_ns; /* the failure that made it, over; 0: none yet */
    int64_t to_ns;
    size_t windows;
    size_t inside;   /* requests begun inside that went to the primary */
    size_t skipped;  /* and that did not */
    size_t returned; /* begun after it that went to the primary */
    size_t missing;  /* and that did not */
};

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

/* A request belongs to the last window that was open before it began. */
static void place(struct window *w, const struct seen *seen,
                  const char *primary)
{
    int64_t slack_ns = seen->observation->tolerance_ms * NS_PER_MS;
    int64_t start_ns = seen->trace->start_ns;
    bool there = went_to(seen, primary);

    if (!w->from_ns || start_ns < w->from_ns + slack_ns)
        return;
    if (seen->trace->end_ns < w->to_ns - slack_ns) {
        w->inside += there;
        w->skipped += !there;
    } else if (start_ns > w->to_ns + slack_ns) {
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
        place(w, &seen, primary);
        for (size_t k = 0; k < seen.count; k++) {
            const struct attempt *a = seen.attempts[k];
            enum answer answer = answer_of(cooldown, a);

            if (strcmp(a->upstream, primary) || answer == OPEN_TO_DOUBT)
                continue;
            failures = answer == COUNTS ? failures + 1 : 0;
            if (failures < cooldown->after_failures)
                continue;
            w->from_ns = seen_over_ns(&seen, a);
            w->to_ns = w->from_ns + cooldown->for_ms * NS_PER_MS;
            w->windows++;
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
    if (w.inside + w.skipped + w.returned + w.missing == 0) {
        finding_reason(finding, "no request fell into or after a cooldown");
        return;
    }
    finding_expect(finding,
                   "after %" PRId64 " failures nothing for %" PRId64
                   " ms, and then the primary again",
                   cooldown->after_failures, cooldown->for_ms);
    finding_observe(finding,
                    "within the time %zu requests went to the primary and %zu "
                    "did not; after it %zu did and %zu did not",
                    w.inside, w.skipped, w.returned, w.missing);
    finding_reason(finding, "cooldown");
    finding->verdict = w.inside || w.missing ? VERDICT_FAIL : VERDICT_PASS;
}

const struct check check_cooldown = {
    .id = "cooldown",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is a failing upstream left alone for the declared time, and used "
            "again after it?",
    .judge = judge,
};
