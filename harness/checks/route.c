/* Source: the profile's route; contracts.md section 4, route drift. */
#include "harness/judge/seen.h"

/* Whoever asked for another path may see it passed on. */
static bool client_chose(const struct observation *o,
                         const struct attempt *attempt)
{
    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].epoch == attempt->id.epoch)
            return o->drill_case->phases[o->requests[i].phase].client.path;
    return false;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    const struct attempt *other = NULL;
    size_t looked = 0;
    size_t others = 0;

    finding_expect(finding, "every attempt on the documented route");
    finding_reason(finding, "no attempt came with a request head");
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];

        if (attempt->foreign || !attempt->request.method[0] ||
            client_chose(o, attempt))
            continue;
        looked++;
        if (!attempt->other_route)
            continue;
        others++;
        other = attempt;
    }
    if (looked == 0)
        return;
    finding_reason(finding, "the profile's route template");
    if (other) {
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "%zu of %zu elsewhere, such as %s %.120s",
                        others, looked, other->request.method,
                        other->request.target);
        return;
    }
    finding->verdict = VERDICT_PASS;
    finding_observe(finding, "%zu attempts did", looked);
}

const struct check check_route = {
    .id = "route",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does every attempt go to the documented route?",
    .judge = judge,
};
