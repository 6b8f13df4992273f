/*
 * One id goes with a request all the way: on every attempt the same, and back
 * to the client, so that three parties' logs can be joined. Source: runbook
 * request.request_id; failure-catalogue section 4, S16.11.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/judge/seen.h"

/* What every attempt and the answer must carry: the client's, or whatever was
 * told first. "": nothing came yet. */
static const char *wanted(const struct seen *seen)
{
    const struct observed_request *request = seen->request;

    if (seen->observation->runbook->request.request_id == REQUEST_ID_KEPT &&
        request->request_id_fingerprint[0])
        return request->request_id_fingerprint;
    if (request->answer_id_fingerprint[0])
        return request->answer_id_fingerprint;
    for (size_t i = 0; i < seen->count; i++)
        if (seen->attempts[i]->request.method[0])
            return seen->attempts[i]->request.request_id_fingerprint;
    return "";
}

static const char *problem(const struct seen *seen, const char *id,
                           const char *want)
{
    if (!id[0])
        return "came without one";
    if (seen->observation->runbook->request.request_id == REQUEST_ID_MAPPED &&
        !strcmp(id, seen->request->request_id_fingerprint))
        return "came with the client's";
    return strcmp(id, want) ? "came with another one" : NULL;
}

static void judge_attempts(const struct seen *seen, const char *want,
                           struct finding *finding)
{
    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        const char *text =
            problem(seen, attempt->request.request_id_fingerprint, want);

        if (!attempt->request.method[0])
            continue;
        if (finding->verdict == VERDICT_NOT_APPLICABLE)
            finding->verdict = VERDICT_PASS;
        if (!text)
            continue;
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "attempt %" PRId64 " at %s %s",
                        attempt->ordinal, attempt->upstream, text);
        return;
    }
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    int64_t rule = seen->observation->runbook->request.request_id;
    const char *answer = seen->request->answer_id_fingerprint;
    const char *want = rule < 0 ? "" : wanted(seen);

    finding_reason(finding, rule < 0 ? "request.request_id is not declared"
                                     : "neither attempt nor answer was seen");
    if (rule < 0)
        return;
    finding_expect(finding,
                   "%s X-Request-Id on every attempt and in the "
                   "answer",
                   rule == REQUEST_ID_KEPT &&
                           seen->request->request_id_fingerprint[0]
                       ? "the client's"
                       : "one");
    finding_observe(finding, "so it is");
    judge_attempts(seen, want, finding);
    if (finding->verdict != VERDICT_FAIL && seen->trace->head_complete) {
        const char *text = problem(seen, answer, want);

        finding->verdict = text ? VERDICT_FAIL : VERDICT_PASS;
        if (text)
            finding_observe(finding, "the answer %s", text);
    }
    if (finding->verdict != VERDICT_NOT_APPLICABLE)
        finding_reason(finding, "request.request_id declares it");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_request_id = {
    .id = "request_id",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Does one X-Request-Id go with a request to every attempt and "
            "back?",
    .judge = judge,
};
