/* Source: runbook retry.budget, retry.on, fallback; invariant V1. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

static void describe_allowed(const struct seen *seen, struct finding *finding)
{
    finding->expected[0] = '\0';
    for (size_t i = 0; i < seen->allowed->path_count; i++) {
        char text[128];

        if (!seen_in_time(seen, &seen->allowed->paths[i]))
            continue;
        seen_path_counts(text, sizeof text, seen, &seen->allowed->paths[i]);
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      text);
    }
}

static void describe_seen(const struct seen *seen, struct finding *finding)
{
    seen_counts(finding->observed, sizeof finding->observed, seen);
    for (size_t i = 0; i < seen->allowed->uncountable_count; i++) {
        char text[64];

        snprintf(text, sizeof text, "%s cannot be counted (refused)",
                 seen->allowed->uncountable[i]);
        seen_add_word(finding->observed, sizeof finding->observed, "; ", text);
    }
}

static bool same_counts(const struct seen *seen,
                        const struct allowed_path *path)
{
    char a[128], b[128];

    seen_counts(a, sizeof a, seen);
    seen_path_counts(b, sizeof b, seen, path);
    return !strcmp(a, b);
}

/* The scenario's own figures; each upstream it names. */
static void judge_override(const struct seen *seen, struct finding *finding)
{
    const struct allowed *allowed = seen->allowed;

    finding->verdict = VERDICT_PASS;
    finding->expected[0] = finding->observed[0] = '\0';
    for (size_t i = 0; i < allowed->attempts_override_count; i++) {
        const char *name = allowed->attempts_override[i].upstream;
        int64_t least = allowed->attempts_override[i].least;
        int64_t most = allowed->attempts_override[i].most;
        int64_t count = 0;
        char text[64];

        for (size_t k = 0; k < seen->count; k++)
            count += !strcmp(seen->attempts[k]->upstream, name);
        if (least == most)
            snprintf(text, sizeof text, "%s %" PRId64, name, least);
        else
            snprintf(text, sizeof text, "%s %" PRId64 " to %" PRId64, name,
                     least, most);
        seen_add_word(finding->expected, sizeof finding->expected, ", ", text);
        snprintf(text, sizeof text, "%s %" PRId64, name, count);
        seen_add_word(finding->observed, sizeof finding->observed, ", ", text);
        if (count < least || count > most)
            finding->verdict = VERDICT_FAIL;
    }
    finding_reason(finding, "the scenario expects it");
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct allowed *allowed = seen->allowed;
    bool counts_fit = false;

    if (allowed->attempts_override_count > 0) {
        judge_override(seen, finding);
        return;
    }
    if (allowed->not_judged[0]) {
        finding_reason(finding, "%s", allowed->not_judged);
        return;
    }
    describe_allowed(seen, finding);
    describe_seen(seen, finding);
    for (size_t i = 0; i < allowed->path_count; i++) {
        if (seen_fits(seen, &allowed->paths[i])) {
            finding->verdict = VERDICT_PASS;
            finding_reason(finding, "%s", seen_why(&allowed->paths[i]));
            return;
        }
        counts_fit = counts_fit || same_counts(seen, &allowed->paths[i]);
    }
    finding->verdict = VERDICT_FAIL;
    finding_reason(finding, "%s",
                   counts_fit ? "the numbers are right and the order or the "
                                "time is not"
                   : allowed->path_count ? seen_why(&allowed->paths[0])
                                         : "no attempt is allowed");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_attempts_per_upstream = {
    .id = "attempts_per_upstream",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Did each upstream get as many attempts, in the order, as the "
            "runbook declares?",
    .judge = judge,
};
