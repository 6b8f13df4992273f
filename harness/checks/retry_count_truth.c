/*
 * What the gateway says of its attempts is what the ledger holds. Source:
 * profile telemetry.retry_count; invariant V10; failure-catalogue P12 to P16.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/judge/seen.h"

static const char *const counted_names[] = {
    [SEEN_RETRIES_TOTAL] = "retries_total",
    [SEEN_RETRIES_PRIMARY] = "retries_primary",
    [SEEN_ATTEMPTS_TOTAL] = "attempts_total",
    NULL
};

/* Which number it is; -1: a word that we do not know. */
static int counted_of(const struct profile *profile)
{
    const struct json *node =
        json_pointer(profile->telemetry, "/retry_count/counts");
    const char *word = json_text(node, counted_names[SEEN_RETRIES_TOTAL]);

    for (int i = 0; counted_names[i]; i++)
        if (!strcmp(counted_names[i], word))
            return i;
    return -1;
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
    counts = seen_ledger(seen, (enum seen_counted)counted);
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
