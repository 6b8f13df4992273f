/*
 * The trap is a listener that no configuration names. What comes in there was
 * sent by following what an upstream said, with the credential in it or not.
 * Where redirects are followed by declaration, a credential must still not get
 * there (RFC 9110 15.4). Source: invariant V4; runbook redirects;
 * failure-catalogue K07, K14.
 */
#include <string.h>

#include "harness/judge/seen.h"

#define TRAP "trap"

static bool has_trap(const struct profile *profile)
{
    for (size_t i = 0; profile && i < profile->upstreams.count; i++)
        if (!strcmp(profile->upstreams.keys[i], TRAP))
            return true;
    return false;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    bool followed = o->runbook->redirects == REDIRECTS_FOLLOWED;
    size_t count = 0, credentials = 0;

    if (!has_trap(o->profile)) {
        finding_reason(finding, "the profile has no upstream \"%s\"", TRAP);
        return;
    }
    for (size_t i = 0; i < o->attempt_count; i++) {
        if (strcmp(o->attempts[i].upstream, TRAP))
            continue;
        count++;
        credentials += o->attempts[i].request.credential_count > 0;
    }
    finding->verdict =
        (followed ? credentials : count) ? VERDICT_FAIL : VERDICT_PASS;
    finding_expect(finding, "%s arrives at the trap",
                   followed ? "no credential" : "nothing");
    finding_reason(finding, followed ? "redirects are followed by declaration"
                                     : "no configuration names it");
    if (count)
        finding_observe(finding, "%zu requests, %zu of them with a credential",
                        count, credentials);
    else
        finding_observe(finding, "nothing did");
}

const struct check check_trap_silent = {
    .id = "trap_silent",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Does nothing go to a place that no configuration names?",
    .judge = judge,
};
