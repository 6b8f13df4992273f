/*
 * An answer that says Connection: close ends its connection for the gateway
 * too: what is sent on it all the same may be lost, and the retry that it takes
 * is one nobody declared. Source: RFC 9112 9.6; failure-catalogue M02.
 */
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "harness/judge/seen.h"

/* Connection is a list of words in any letters. */
static bool lists_close(const char *value)
{
    static const char close[] = "close";
    size_t length;

    for (; *value; value += length) {
        value += strspn(value, ", \t");
        length = strcspn(value, ", \t");
        if (length == sizeof close - 1 && !strncasecmp(value, close, length))
            return true;
    }
    return false;
}

static bool says_close(const struct step *step)
{
    const struct step_header *headers;

    if (!step)
        return false;
    headers = step->headers.items;
    for (size_t i = 0; i < step->headers.count; i++)
        if (!strcasecmp(headers[i].name, "Connection") &&
            lists_close(headers[i].value))
            return true;
    return false;
}

static bool answered(const struct attempt *attempt)
{
    return attempt->delivered.head_complete && attempt->delivered.faithful;
}

/* A later request on the same connection; NULL: there was none. */
static const struct attempt *sent_after(const struct observation *o,
                                        const struct attempt *attempt)
{
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *later = &o->attempts[i];

        if (later->connection == attempt->connection &&
            later->request_on_connection > attempt->request_on_connection)
            return later;
    }
    return NULL;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    finding_expect(finding, "no request on a connection whose answer said "
                            "Connection: close");
    finding_reason(finding, "no answer said Connection: close");
    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        const struct attempt *later;

        if (!says_close(seen_step(seen, attempt)) || !answered(attempt))
            continue;
        finding_reason(finding, "RFC 9112 9.6, always required");
        later = sent_after(seen->observation, attempt);
        if (later) {
            finding->verdict = VERDICT_FAIL;
            finding_observe(finding,
                            "attempt %" PRId64 " at %s came on the connection "
                            "of an answer that said close",
                            later->ordinal, later->upstream);
            return;
        }
        finding->verdict = VERDICT_PASS;
        finding_observe(finding, "none");
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_connection_end = {
    .id = "connection_end",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Is a connection left alone once an answer has said that it ends?",
    .judge = judge,
};
