/*
 * What the runbook keeps from the client is not in its answer. Source: runbook
 * response.headers_removed; failure-catalogue K12, S14.11.
 */
#include <stdlib.h>

#include "harness/judge/seen.h"

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct bind_texts *removed =
        &seen->observation->runbook->response.headers_removed;

    finding_reason(finding, removed->count
                                ? "the client got no answer"
                                : "response.headers_removed is not declared");
    if (!removed->count || !seen->trace->head_complete)
        return;
    finding->verdict = VERDICT_PASS;
    finding_expect(finding, "none of the %zu headers that are removed",
                   removed->count);
    finding_observe(finding, "none");
    finding_reason(finding, "response.headers_removed declares it");
    for (size_t i = 0; i < removed->count; i++) {
        char *value = http_trace_header(seen->trace, removed->items[i]);

        if (!value)
            continue;
        free(value);
        finding->verdict = VERDICT_FAIL;
        finding_expect(finding, "no header %s", removed->items[i]);
        finding_observe(finding, "it is there");
        return;
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_response_headers = {
    .id = "response_headers",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the client get none of the headers that are kept from it?",
    .judge = judge,
};
