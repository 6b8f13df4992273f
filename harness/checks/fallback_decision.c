/* Source: contracts.md section 4, fallback_decision. */
#include <string.h>

#include "harness/judge/seen.h"

/* All its attempts at a fallback are at ports that refuse: none is seen. */
static bool fallback_unseen(const struct seen *seen,
                            const struct allowed_path *path)
{
    const char *primary = runbook_primary(seen->observation->runbook);

    for (size_t i = 0; i < path->count; i++)
        if (strcmp(path->attempts[i].upstream, primary) != 0 &&
            !seen_uncountable(seen, path->attempts[i].upstream))
            return false;
    return true;
}

/* Where what the client gets is not judged, success is not either. */
static bool decision_fits(const struct seen *request,
                          const struct allowed_path *path, enum decision seen)
{
    if (path->decision == DECISION_FALLBACK_USED &&
        fallback_unseen(request, path))
        return seen != DECISION_FALLBACK_USED && seen != DECISION_UNKNOWN &&
               (seen == DECISION_PRIMARY_USED) ==
                   (path->outcome == CLIENT_SUCCESS);
    if (path->outcome == CLIENT_ANY && path->decision != DECISION_FALLBACK_USED)
        return seen != DECISION_FALLBACK_USED;
    return path->decision == seen;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    enum decision decision = seen_decision(seen);

    if (decision == DECISION_UNKNOWN &&
        seen->trace->outcome != TRACE_OUTCOME_SUCCESS) {
        finding_reason(finding, "whether a fallback that refuses connections "
                                "was tried cannot be seen");
        return;
    }
    finding->verdict = VERDICT_FAIL;
    finding_observe(finding, "%s", decision_names[decision]);
    for (size_t i = 0; i < seen->allowed->path_count; i++) {
        const struct allowed_path *path = &seen->allowed->paths[i];

        if (!seen_in_time(seen, path))
            continue;
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      decision_names[path->decision]);
        if (!decision_fits(seen, path, decision) ||
            finding->verdict == VERDICT_PASS)
            continue;
        finding->verdict = VERDICT_PASS;
        finding_reason(finding, "%s", seen_why(path));
    }
    if (finding->verdict == VERDICT_FAIL && seen->allowed->path_count)
        finding_reason(finding, "%s", seen_why(&seen->allowed->paths[0]));
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request,
               CHECK_NEEDS_PATHS | CHECK_NOT_AFTER_REFUSAL);
}

const struct check check_fallback_decision = {
    .id = "fallback_decision",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Did the gateway use its fallback when, and only when, the runbook "
            "says so?",
    .judge = judge,
};
