/*
 * What the gateway says of its attempts is what the ledger holds. Source:
 * profile telemetry.retry_count; invariant V10; failure-catalogue P12 to P16.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/judge/seen.h"

enum counted { RETRIES_TOTAL, RETRIES_PRIMARY, ATTEMPTS_TOTAL };
static const char *const counted_names[] = { "retries_total", "retries_primary",
                                             "attempts_total", NULL };

/* Which number it is; -1: a word that we do not know. */
static int counted_of(const struct profile *profile)
{
    const struct json *node =
        json_pointer(profile->telemetry, "/retry_count/counts");
    const char *word = json_text(node, counted_names[RETRIES_TOTAL]);

    for (int i = 0; counted_names[i]; i++)
        if (!strcmp(counted_names[i], word))
            return i;
    return -1;
}

static size_t upstreams_tried(const struct seen *seen)
{
    size_t tried = 0;

    for (size_t i = 0; i < seen->count; i++) {
        bool before = false;

        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(seen->attempts[i]->upstream,
                             seen->attempts[k]->upstream);
        tried += !before;
    }
    return tried;
}

static int64_t ledger(const struct seen *seen, int counted)
{
    const char *primary = runbook_primary(seen->observation->runbook);
    int64_t at_primary = 0;

    for (size_t i = 0; i < seen->count; i++)
        at_primary += !strcmp(seen->attempts[i]->upstream, primary);
    if (counted == ATTEMPTS_TOTAL)
        return (int64_t)seen->count;
    if (counted == RETRIES_PRIMARY)
        return at_primary > 0 ? at_primary - 1 : 0;
    return (int64_t)(seen->count - upstreams_tried(seen));
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct observation *o = seen->observation;
    int64_t said = seen->request->reported_retries;
    int counted = counted_of(o->profile);
    int64_t counts;

    if (counted < 0 || seen->allowed->uncountable_count > 0) {
        finding_reason(finding, "attempts cannot be counted here");
        return;
    }
    if (seen->count == 0) {
        finding_reason(finding, "no attempt was made");
        return;
    }
    if (!seen->trace->head_complete) {
        finding_reason(finding, "no head came that could hold it");
        return;
    }
    counts = ledger(seen, counted);
    finding_expect(finding, "%s %" PRId64, counted_names[counted], counts);
    finding_reason(finding, "header %s, against the attempts seen",
                   o->profile->retry_count_header);
    finding->verdict = said == counts ? VERDICT_PASS : VERDICT_FAIL;
    if (said < 0)
        finding_observe(finding, "no such header, or no count in it");
    else
        finding_observe(finding, "%" PRId64, said);
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct profile *profile = judged->observation->profile;

    if (!profile || !profile->retry_count_header) {
        finding_reason(finding, "the profile names no header that counts");
        return;
    }
    check_each(judged, finding, judge_request, 0);
}

const struct check check_retry_count_truth = {
    .id = "retry_count_truth",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Is the retry count the gateway reports the one that was seen?",
    .judge = judge,
};
