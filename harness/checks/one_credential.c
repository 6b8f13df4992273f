/*
 * Every attempt carries exactly one credential, and the right one: the
 * upstream's own, or the client's where the runbook passes it through. A key of
 * another upstream is wrong whatever is declared. Source: runbook
 * upstreams.<name>.credential; invariant V2.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/judge/seen.h"

static bool is_key_of(const struct observation *o, const char *fingerprint,
                      const char *upstream)
{
    for (size_t i = 0; i < o->key_count; i++)
        if (!strcmp(o->keys[i].upstream, upstream) &&
            !strcmp(o->keys[i].fingerprint, fingerprint))
            return true;
    return false;
}

/* Whose key it is that has no business here; NULL: nobody's we know. */
static const char *stranger(const struct observation *o,
                            const struct attempt *attempt,
                            const char *fingerprint, int64_t rule)
{
    bool clients = !strcmp(o->client_fingerprint, fingerprint);

    if (is_key_of(o, fingerprint, attempt->upstream))
        return NULL;
    if (clients)
        return rule == CREDENTIAL_OWN ? "the client" : NULL;
    for (size_t i = 0; i < o->key_count; i++)
        if (!strcmp(o->keys[i].fingerprint, fingerprint))
            return o->keys[i].upstream;
    return NULL;
}

static bool is_wanted(const struct observation *o,
                      const struct attempt *attempt, int64_t rule, size_t i)
{
    const char *fingerprint = attempt->request.credentials[i].fingerprint;

    if (rule == CREDENTIAL_CLIENT)
        return !strcmp(o->client_fingerprint, fingerprint);
    return is_key_of(o, fingerprint, attempt->upstream);
}

static bool sends(const struct case_client *client, const char *header)
{
    const struct step_header *headers = client->headers.items;

    for (size_t i = 0; i < client->headers.count; i++)
        if (!strcasecmp(headers[i].name, header))
            return true;
    return false;
}

/* Whether a credential counts. Not where the client's key is passed through
 * and the scenario makes the client send that header besides: it may be too. */
static bool counts(const struct observation *o, const struct attempt *attempt,
                   int64_t rule, size_t i)
{
    const char *header = attempt->request.credentials[i].header;

    for (size_t k = 0; rule == CREDENTIAL_CLIENT && k < o->request_count; k++)
        if (o->requests[k].epoch == attempt->id.epoch &&
            sends(&o->drill_case->phases[o->requests[k].phase].client, header))
            return false;
    return true;
}

/* What is wrong with the credentials of one attempt; false: nothing. */
static bool wrong(char *out, size_t size, const struct observation *o,
                  const struct attempt *attempt, int64_t rule)
{
    size_t counted = 0;
    size_t wanted = 0;

    for (size_t i = 0; i < attempt->request.credential_count; i++) {
        const struct attempt_credential *one = &attempt->request.credentials[i];
        const char *owner = stranger(o, attempt, one->fingerprint, rule);

        if (owner) {
            snprintf(out, size, "carries the key of %s in %s", owner,
                     one->header);
            return true;
        }
        if (!counts(o, attempt, rule, i))
            continue;
        counted++;
        wanted += is_wanted(o, attempt, rule, i);
    }
    if (rule < 0)
        return false;
    snprintf(out, size, "carries %zu credentials", counted);
    if (counted != (rule == CREDENTIAL_NONE ? 0U : 1U))
        return true;
    snprintf(out, size, "carries a key that is not the right one");
    return counted != wanted;
}

/* Without a key of the client's there is none to pass through. */
static bool client_sent_key(const struct observation *o,
                            const struct attempt *attempt)
{
    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].epoch == attempt->id.epoch)
            return o->drill_case->phases[o->requests[i].phase]
                       .client.credential != CASE_CREDENTIAL_NONE;
    return true;
}

static int64_t rule_of(const struct observation *o,
                       const struct attempt *attempt)
{
    const struct runbook_upstream *upstream =
        runbook_upstream(o->runbook, attempt->upstream);
    int64_t rule = upstream ? upstream->credential : -1;

    if (rule == CREDENTIAL_CLIENT && !client_sent_key(o, attempt))
        return CREDENTIAL_NONE;
    return rule;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    size_t looked = 0;
    size_t declared = 0;

    finding_expect(finding, "one credential per attempt, the right one");
    finding_reason(finding, "no attempt came with a request head");
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];
        int64_t rule = rule_of(o, attempt);
        char text[128];

        if (attempt->foreign || !attempt->request.method[0])
            continue;
        looked++;
        declared += rule >= 0;
        if (!wrong(text, sizeof text, o, attempt, rule))
            continue;
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "attempt %" PRId64 " at %s %s",
                        attempt->ordinal, attempt->upstream, text);
        finding_reason(finding,
                       rule < 0 ? "a key is for its own upstream"
                                : "upstreams.%s.credential declares it",
                       attempt->upstream);
        return;
    }
    if (looked == 0)
        return;
    finding_observe(finding, "%zu attempts looked at", looked);
    finding_reason(finding, "upstreams.*.credential is not declared");
    if (declared == 0)
        return;
    finding->verdict = VERDICT_PASS;
    finding_reason(finding, "upstreams.*.credential declares it");
}

const struct check check_one_credential = {
    .id = "one_credential",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does every attempt carry exactly one credential, and the right "
            "one?",
    .judge = judge,
};
