/*
 * What the gateway's counters went up by is what was seen: attempts, retries,
 * requests by their final status, tokens. Judged on a process that serves one
 * case alone: on another one other cases count too. Source: profile
 * telemetry.metrics; invariant V10; failure-catalogue P12 to P16, P19.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "harness/judge/counted.h"
#include "harness/judge/seen.h"

struct tally {
    const struct judged *judged;
    char impossible[160], wrong[256], back[128];
    size_t compared;
    const char *why_not;
};

static void say_rise(struct tally *tally, const struct profile_counter *counter,
                     const char *status, double rise,
                     const struct counted *truth)
{
    char text[192], range[48];

    if (truth->least == truth->most)
        snprintf(range, sizeof range, "%" PRId64, truth->least);
    else
        snprintf(range, sizeof range, "%" PRId64 " to %" PRId64, truth->least,
                 truth->most);
    snprintf(text, sizeof text, "%.80s%s%s rose by %g, not %s", counter->name,
             *status ? " of status " : "", status, rise, range);
    seen_add_word(tally->wrong, sizeof tally->wrong, "; ", text);
}

static void compare(struct tally *tally, const struct profile_counter *counter,
                    const char *status, double before, double after)
{
    struct counted truth;
    double rise = after - before;

    if (*status)
        counted_status(&truth, tally->judged, counter, status);
    else
        counted_total(&truth, tally->judged, counter);
    if (truth.why) {
        tally->why_not = truth.why;
        return;
    }
    tally->compared++;
    if (rise < 0)
        seen_add_word(tally->back, sizeof tally->back, ", ", counter->name);
    else if (!(rise >= (double)truth.least && rise <= (double)truth.most))
        say_rise(tally, counter, status, rise, &truth);
}

/* What the client got and what each upstream said: a status that no label
 * tells of at all is missed in the whole. */
static void compare_statuses(struct tally *tally,
                             const struct profile_counter *counter,
                             const struct metered_counter *read)
{
    for (size_t i = 0; i < read->by_count; i++)
        if (read->by[i].status[0])
            compare(tally, counter, read->by[i].status, read->by[i].before,
                    read->by[i].after);
}

static void judge_counter(struct tally *tally,
                          const struct profile_counter *counter,
                          const struct metered_counter *read)
{
    char text[160];

    if (!isfinite(read->after) || read->least < 0) {
        snprintf(text, sizeof text, "%.80s stands at %g", counter->name,
                 isfinite(read->after) ? read->least : read->after);
        seen_add_word(tally->impossible, sizeof tally->impossible, "; ", text);
        tally->compared++;
        return;
    }
    compare(tally, counter, "", read->before, read->after);
    compare_statuses(tally, counter, read);
}

/* NULL, or why there is nothing to judge. */
static const char *cannot(const struct observation *o)
{
    if (!o->profile || !o->profile->metrics.counters.count)
        return "the profile names no counters (telemetry.metrics)";
    if (!o->metered.alone)
        return "other cases ran on this process and are counted too";
    return NULL;
}

static bool is_read(const struct observation *o, struct finding *finding)
{
    const struct profile_counter *counters = o->profile->metrics.counters.items;

    for (size_t i = 0; i < o->profile->metrics.counters.count; i++) {
        const char *problem = o->metered.problem[counters[i].from];

        if (o->metered.looked && !problem[0])
            continue;
        finding->verdict = VERDICT_HOLD;
        finding_observe(finding, "%s: %s", metric_place_names[counters[i].from],
                        problem[0] ? problem : "was not read");
        finding_reason(finding, "without both readings nothing can be said");
        return false;
    }
    return true;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    struct tally tally = { .judged = judged };
    const char *reason = cannot(o);

    if (reason) {
        finding_reason(finding, "%s", reason);
        return;
    }
    if (!is_read(o, finding))
        return;
    for (size_t i = 0; i < o->metered.counter_count; i++)
        judge_counter(
            &tally,
            (const struct profile_counter *)o->profile->metrics.counters.items +
                i,
            &o->metered.counters[i]);
    if (!tally.compared) {
        finding_reason(finding, "%s", tally.why_not ? tally.why_not : "none");
        return;
    }
    finding_expect(finding, "what the mock and the client saw");
    finding_observe(finding, "%zu figures agree", tally.compared);
    finding_reason(finding, "the counters of telemetry.metrics");
    finding->verdict = VERDICT_PASS;
    if (tally.wrong[0]) {
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "%s", tally.wrong);
    }
    if (tally.back[0]) {
        finding->verdict = VERDICT_HOLD;
        finding_observe(finding, "%s went back", tally.back);
        finding_reason(finding, "it was reset, or its process is another one");
    }
    if (tally.impossible[0]) {
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "%s", tally.impossible);
    }
}

const struct check check_metric_truth = {
    .id = "metric_truth",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Do the gateway's counters go up by what was seen?",
    .judge = judge,
};
