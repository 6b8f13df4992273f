/*
 * One client span for each attempt that arrived, at each upstream. Source:
 * OpenTelemetry HTTP spans: a resent request has a span of its own; profile
 * telemetry.spans.promises.
 */
#include <stdio.h>
#include <string.h>

#include "harness/judge/told.h"

struct tally {
    char told[200], arrived[200];
    bool same;
};

static void count(struct tally *tally, const char *upstream, size_t spans,
                  size_t attempts, bool left)
{
    char text[64];

    if (spans || attempts) {
        snprintf(text, sizeof text, "%s %zu", upstream, spans);
        seen_add_word(tally->told, sizeof tally->told, ", ", text);
        snprintf(text, sizeof text, "%s %zu", upstream, attempts);
        seen_add_word(tally->arrived, sizeof tally->arrived, ", ", text);
    }
    /* Who hangs up when its client leaves may have begun one that never
     * arrived. */
    if (spans != attempts && !(left && spans == attempts + 1))
        tally->same = false;
}

static void judge_request(const struct seen *seen, const struct told *told,
                          struct finding *finding)
{
    const struct observation *o = seen->observation;
    bool left = seen->trace->outcome == TRACE_OUTCOME_LEFT;
    struct tally tally = { .same = true };
    size_t nowhere = told_spans_at(told, o, NULL);
    size_t judged = 0;

    for (size_t i = 0; i < o->endpoint_count; i++) {
        const char *upstream = o->endpoints[i].upstream;

        if (seen_uncountable(seen, upstream))
            continue;
        judged++;
        count(&tally, upstream, told_spans_at(told, o, upstream),
              told_attempts_at(seen, upstream), left);
    }
    if (!judged) {
        finding_reason(finding, "attempts cannot be counted here");
        return;
    }
    if (nowhere)
        count(&tally, "no upstream", nowhere, 0, false);
    finding_expect(finding, "client spans: %s",
                   tally.arrived[0] ? tally.arrived : "none");
    finding_observe(finding, "%s", tally.told[0] ? tally.told : "none");
    finding_reason(finding, "one span for each attempt that arrived");
    finding->verdict = tally.same ? VERDICT_PASS : VERDICT_FAIL;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    told_each(judged, finding, PROMISE_ATTEMPTS, judge_request);
}

const struct check check_span_per_attempt = {
    .id = "span_per_attempt",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the gateway tell of each attempt by a span of its own?",
    .judge = judge,
};
