/* After a refused credential: no further attempt, nothing that looks like an
 * answer, a declared status. Source: runbook auth; scenario group S1. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

static bool is_2xx(int64_t status)
{
    return status >= 200 && status < 300;
}

static bool has_status(const struct bind_ints *statuses, int64_t status)
{
    for (size_t i = 0; i < statuses->count; i++)
        if (statuses->items[i] == status)
            return true;
    return false;
}

/* Attempts that may follow the refused one at the same upstream: where keys
 * are rotated it is the last of them. */
static size_t may_follow(const struct seen *seen)
{
    const struct runbook_auth *auth = &seen->observation->runbook->auth;

    return auth->known_good_retry == 1 &&
           seen->phase->client.credential == CASE_CREDENTIAL_VALID;
}

/* An attempt after the refused one that nothing allows; NULL: none. */
static const struct attempt *attempt_too_many(const struct seen *seen)
{
    const struct attempt *refused = seen->attempts[seen->refused_at];
    size_t left = may_follow(seen);

    for (size_t i = seen->refused_at + 1; i < seen->count; i++) {
        bool same = !strcmp(seen->attempts[i]->upstream, refused->upstream);

        if (!same || left == 0)
            return seen->attempts[i];
        left--;
    }
    return NULL;
}

/* A refusal must be shown with auth.client_status; where another failure came
 * before it, that may be shown instead. */
static bool status_declared(const struct seen *seen)
{
    for (size_t i = 0; i < seen->refused_at; i++) {
        int64_t status = seen->attempts[i]->delivered.status;

        if (status != 401 && status != 403)
            return false;
    }
    return seen->observation->runbook->auth.client_status.count > 0;
}

static void describe(const struct seen *seen, struct finding *finding,
                     int64_t status)
{
    const struct bind_ints *statuses =
        &seen->observation->runbook->auth.client_status;
    char list[96] = "an error";

    if (status_declared(seen)) {
        list[0] = '\0';
        for (size_t i = 0; i < statuses->count; i++) {
            char text[16];

            snprintf(text, sizeof text, "%" PRId64, statuses->items[i]);
            seen_add_word(list, sizeof list, " or ", text);
        }
    }
    finding_expect(finding, "no attempt after the %" PRId64 ", client gets %s",
                   status, list);
}

static void judge_refused(const struct seen *seen, struct finding *finding)
{
    const struct runbook *runbook = seen->observation->runbook;
    const struct attempt *refused = seen->attempts[seen->refused_at];
    const struct attempt *more = attempt_too_many(seen);
    const struct http_trace *trace = seen->trace;
    const struct attempt *last = seen->attempts[seen->count - 1];
    bool answered = last != refused && !more && is_2xx(last->delivered.status);

    describe(seen, finding, refused->delivered.status);
    finding_reason(finding, "auth.on_%" PRId64 " declares it",
                   refused->delivered.status);
    finding->verdict = VERDICT_FAIL;
    if (more) {
        finding_observe(finding,
                        "after the %" PRId64 " of %s came attempt %" PRId64
                        " at %s; client got %" PRId64,
                        refused->delivered.status, refused->upstream,
                        more->ordinal, more->upstream, trace->status);
        return;
    }
    finding_observe(finding, "no further attempt; client got %" PRId64 " (%s)",
                    trace->status, trace_outcome_names[trace->outcome]);
    if (answered || (!is_2xx(trace->status) && trace->head_complete &&
                     (!status_declared(seen) ||
                      has_status(&runbook->auth.client_status, trace->status))))
        finding->verdict = VERDICT_PASS;
}

/* The client's own key is wrong and the gateway checks it. */
static void judge_client_key(const struct seen *seen, struct finding *finding)
{
    const struct http_trace *trace = seen->trace;

    finding_expect(finding, "no attempt, client gets 4xx");
    finding_reason(finding, "auth.client_keys is checked");
    finding_observe(finding, "%zu attempts, client got %" PRId64, seen->count,
                    trace->status);
    finding->verdict =
        seen->count == 0 && trace->status >= 400 && trace->status < 500
            ? VERDICT_PASS
            : VERDICT_FAIL;
}

/* The client's own key is wrong: by the scenario, or since it is the one that
 * the upstream gets. */
static bool has_bad_client_key(const struct seen *seen)
{
    const struct runbook *runbook = seen->observation->runbook;
    const struct runbook_upstream *primary =
        runbook_upstream(runbook, runbook_primary(runbook));

    switch ((enum case_credential)seen->phase->client.credential) {
    case CASE_CREDENTIAL_NONE:
    case CASE_CREDENTIAL_INVALID_AT_CLIENT:
        return true;
    case CASE_CREDENTIAL_INVALID_AT_UPSTREAM:
        return primary && primary->credential == CREDENTIAL_CLIENT;
    case CASE_CREDENTIAL_VALID:
        break;
    }
    return false;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    bool bad_client_key = has_bad_client_key(seen);

    if (seen->refused_at != SEEN_NONE)
        judge_refused(seen, finding);
    else if (bad_client_key && seen->observation->runbook->auth.client_keys ==
                                   CLIENT_KEYS_CHECKED)
        judge_client_key(seen, finding);
    else
        finding_reason(finding, "no upstream refused a credential for which "
                                "the runbook says fail_closed");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_auth_fail_closed = {
    .id = "auth_fail_closed",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does a refused credential end the request, without another "
            "attempt and without a success?",
    .judge = judge,
};
