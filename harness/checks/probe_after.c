/* A healthy request after the case. A gateway may remember what it met; that
 * it does is worth knowing, and a case of its own judges it. Source: V12. */
#include "harness/judge/seen.h"

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;

    finding_expect(finding, "a healthy request after the case succeeds");
    if (!o->probe_after.made) {
        finding_reason(finding, "no request was made after the case");
        return;
    }
    if (o->probe_after.healthy) {
        finding->verdict = VERDICT_PASS;
        finding_observe(finding, "it does");
        return;
    }
    finding_observe(finding, "%s", o->probe_after.text);
    if (o->runbook->cooldown.declared) {
        finding_reason(finding, "a cooldown is declared");
        return;
    }
    finding->verdict = VERDICT_FAIL;
    finding_reason(finding, "the gateway remembers the failure, and no "
                            "cooldown is declared");
}

const struct check check_probe_after = {
    .id = "probe_after",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_ADVISORY,
    .text = "Does a healthy request succeed after the case?",
    .judge = judge,
};
