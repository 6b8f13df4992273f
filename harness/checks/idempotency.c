/*
 * A request that is repeated carries the same Idempotency-Key, so that an
 * upstream which had worked already need not work twice. Source: runbook
 * request.idempotency_key; failure-catalogue J09, S13.9.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

/* The key that every attempt must bring; "": none. NULL: any, but one. */
static const char *wanted(const struct seen *seen, int64_t rule)
{
    const char *sent = seen->request->idempotency_fingerprint;

    if (rule == IDEMPOTENCY_ABSENT)
        return "";
    if (rule == IDEMPOTENCY_FORWARDED || sent[0])
        return sent;
    return NULL;
}

static const char *problem(const char *key, const char *want, const char *first)
{
    if (want && !want[0])
        return key[0] ? "came with a key" : NULL;
    if (!key[0])
        return "came without a key";
    if (want && strcmp(key, want))
        return "came with another key than the client's";
    return strcmp(key, first) ? "came with another key than the first" : NULL;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    int64_t rule = seen->observation->runbook->request.idempotency_key;
    const char *want = rule < 0 ? NULL : wanted(seen, rule);

    finding_reason(finding, rule < 0 ? "request.idempotency_key is not declared"
                                     : "no attempt came with a request head");
    finding_expect(finding, "%s",
                   want && !want[0] ? "no Idempotency-Key"
                   : want           ? "the client's Idempotency-Key"
                                    : "one Idempotency-Key for all attempts");
    for (size_t i = 0; rule >= 0 && i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        const char *first = seen->attempts[0]->request.idempotency_fingerprint;
        const char *text =
            problem(attempt->request.idempotency_fingerprint, want, first);

        if (!attempt->request.method[0])
            continue;
        finding_reason(finding, "request.idempotency_key declares it");
        finding->verdict = text ? VERDICT_FAIL : VERDICT_PASS;
        finding_observe(finding, "attempt %" PRId64 " at %s %s",
                        attempt->ordinal, attempt->upstream,
                        text ? text : "came with it");
        if (text)
            return;
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_idempotency = {
    .id = "idempotency",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does every attempt of a request carry the Idempotency-Key that "
            "the runbook promises?",
    .judge = judge,
};
