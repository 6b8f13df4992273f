/* Source: runbook client_errors and auth.client_status. */
#include <inttypes.h>
#include <stdio.h>

#include "harness/judge/seen.h"

static bool is_2xx(int64_t status)
{
    return status >= 200 && status < 300;
}

static bool in_rule(const struct allowed_path *path, int64_t status)
{
    const struct status_rule *rule = &path->status;

    if (rule->same)
        return status == path->upstream_status;
    if (!rule->declared)
        return status >= 400;
    for (size_t i = 0; i < rule->count; i++)
        if (rule->statuses[i] == status)
            return true;
    return false;
}

static bool status_fits(const struct allowed_path *path, int64_t status)
{
    switch (path->outcome) {
    case CLIENT_ANY:
        return true;
    case CLIENT_SUCCESS:
        return path->status.declared ? in_rule(path, status) : is_2xx(status);
    case CLIENT_ERROR:
        break;
    }
    /* Once the answer has begun its status is out; a gateway that held it back
     * may still tell the truth. */
    if (path->committed)
        return is_2xx(status) || status >= 400;
    return in_rule(path, status);
}

static void add_expected(struct finding *finding,
                         const struct allowed_path *path)
{
    char text[32];

    if (path->outcome == CLIENT_ANY) {
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      "any");
        return;
    }
    if (path->outcome == CLIENT_SUCCESS && !path->status.declared) {
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      "2xx");
        return;
    }
    if (path->committed) {
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      "2xx, already out");
        return;
    }
    if (path->status.same) {
        snprintf(text, sizeof text, "%" PRId64, path->upstream_status);
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      text);
    } else if (!path->status.declared) {
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      "any of 400 and above");
    }
    for (size_t i = 0; i < path->status.count; i++) {
        snprintf(text, sizeof text, "%" PRId64, path->status.statuses[i]);
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      text);
    }
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    int64_t status = seen->trace->status;

    if (!seen->trace->head_complete) {
        finding_reason(finding, "no status came; client_outcome judges that");
        return;
    }
    finding->verdict = VERDICT_FAIL;
    finding_observe(finding, "%" PRId64, status);
    for (size_t i = 0; i < seen->allowed->path_count; i++) {
        const struct allowed_path *path = &seen->allowed->paths[i];

        if (!seen_candidate(seen, i))
            continue;
        add_expected(finding, path);
        if (finding->verdict == VERDICT_PASS)
            continue;
        finding_reason(finding, "%s", path->end_reason);
        if (status_fits(path, status))
            finding->verdict = VERDICT_PASS;
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request,
               CHECK_NEEDS_PATHS | CHECK_NOT_AFTER_REFUSAL);
}

const struct check check_client_status = {
    .id = "client_status",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the client get a status that the runbook allows?",
    .judge = judge,
};
