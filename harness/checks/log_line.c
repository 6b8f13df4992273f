/*
 * Every client request has its line in the gateway's log, and but one: also
 * that which failed, and among others at the same time. Source: profile
 * telemetry.json_log; failure-catalogue P13, P15, P18, S16.12.
 */
#include "harness/judge/logged.h"

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct observation *o = seen->observation;
    bool promised = o->profile->log.every_request;
    struct logged logged;

    logged_init(&logged, seen);
    finding_expect(finding, "one line for the request");
    finding_reason(finding, promised ? "telemetry.json_log.every_request"
                                     : "telemetry.json_log");
    finding_observe(finding, "%zu lines with its id", logged.count);
    if (logged.count == 1 && logged.apart) {
        finding->verdict = VERDICT_PASS;
        return;
    }
    if (!logged.count && seen->count == 0 && !seen->trace->head_complete) {
        finding_reason(finding, "the gateway may not have met this request");
        return;
    }
    finding->verdict = VERDICT_HOLD;
    if (!seen->request->log_id[0])
        finding_reason(finding, "its id is not known: the answer told none");
    else if (!logged.apart)
        finding_reason(finding, "other requests have the same id");
    else if (!logged.count && o->log.nameless)
        finding_reason(finding,
                       "%zu lines without an id: whose they are "
                       "cannot be said",
                       o->log.nameless);
    else if (!o->log.read)
        finding_reason(finding, "the log %s", o->log.problem);
    else if (!logged.count && o->log.moved)
        finding_reason(finding, "the log was rotated or cut meanwhile: what "
                                "was never seen may hold the line");
    else if (promised)
        finding->verdict = VERDICT_FAIL;
    else
        finding_reason(finding, "nobody promises a line for each request "
                                "(telemetry.json_log.every_request)");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct profile *profile = judged->observation->profile;

    if (!profile || !profile->log.declared) {
        finding_reason(finding, "the profile declares no JSON log "
                                "(telemetry.json_log)");
        return;
    }
    check_each(judged, finding, judge_request, 0);
}

const struct check check_log_line = {
    .id = "log_line",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Has each request one line of its own in the gateway's log?",
    .judge = judge,
};
