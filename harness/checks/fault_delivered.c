/* Was what the scenario planned really done on the wire? Nothing else proves
 * anything otherwise. Source: design rule "planned is not delivered". */
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

static bool hold(struct finding *finding, const char *observed,
                 const char *reason)
{
    finding->verdict = VERDICT_HOLD;
    finding_observe(finding, "%s", observed);
    finding_reason(finding, "%s", reason);
    return false;
}

static bool probed(const struct observation *o, struct finding *finding)
{
    if (o->broken[0])
        return hold(finding, o->broken, "the case could not be carried out");
    if (o->probe_before.made && !o->probe_before.healthy)
        return hold(finding, o->probe_before.text,
                    "poisoned: a healthy request before the case failed");
    return true;
}

static const char must_be_closed[] =
    "the port was to refuse connections, or to leave them unanswered";

static bool refuses_in(const struct case_phase *phase, const char *upstream)
{
    for (size_t u = 0; u < phase->upstream_count; u++) {
        const struct case_upstream *one = &phase->upstreams[u];

        if (!strcmp(one->name, upstream) && one->script.count > 0 &&
            fault_is_closed_port(one->script.steps[0].fault))
            return true;
    }
    return false;
}

static const struct case_phase *phase_of(const struct observation *o,
                                         const struct attempt *attempt)
{
    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].epoch == attempt->id.epoch)
            return &o->drill_case->phases[o->requests[i].phase];
    return NULL;
}

static bool refusal_proven(const struct observation *o, const char *upstream,
                           struct finding *finding)
{
    char text[128];

    for (size_t i = 0; i < o->refusal_count; i++) {
        const struct observed_refusal *refusal = &o->refusals[i];

        if (strcmp(refusal->upstream, upstream))
            continue;
        if (refusal->refused_before && refusal->refused_after)
            return true;
        snprintf(text, sizeof text, "%s did not do so %s", upstream,
                 refusal->refused_before ? "after the case"
                                         : "before the case");
        return hold(finding, text, must_be_closed);
    }
    snprintf(text, sizeof text, "nothing tried whether %s does", upstream);
    return hold(finding, text, must_be_closed);
}

static bool refusals_proven(const struct observation *o,
                            struct finding *finding)
{
    for (size_t p = 0; p < o->drill_case->phase_count; p++) {
        const struct case_phase *phase = &o->drill_case->phases[p];

        for (size_t u = 0; u < phase->upstream_count; u++) {
            const char *name = phase->upstreams[u].name;

            if (refuses_in(phase, name) && !refusal_proven(o, name, finding))
                return false;
        }
    }
    return true;
}

/* Which fault the attempt had to meet, by the case's own script. */
static const char *fault_of(const struct judged *judged,
                            const struct attempt *attempt)
{
    const struct observation *o = judged->observation;

    for (size_t i = 0; i < o->request_count; i++) {
        struct seen seen;
        const struct step *step;

        if (o->requests[i].epoch != attempt->id.epoch)
            continue;
        seen_init(&seen, judged, i);
        step = seen_step(&seen, attempt);
        return step ? fault_rows[step->fault].name : NULL;
    }
    return NULL;
}

static bool met(const struct judged *judged, const struct attempt *attempt,
                struct finding *finding)
{
    const char *fault = fault_of(judged, attempt);
    char text[200];

    if (attempt->contradiction) {
        snprintf(text, sizeof text,
                 "attempt %d at %s carries the drill id of another case",
                 (int)attempt->ordinal, attempt->upstream);
        return hold(finding, text, "lease and drill id contradict each other");
    }
    if (attempt->other_route)
        return true;
    if (fault && attempt->planned.fault[0] &&
        strcmp(fault, attempt->planned.fault)) {
        snprintf(text, sizeof text, "attempt %d at %s met %s, not %s",
                 (int)attempt->ordinal, attempt->upstream,
                 attempt->planned.fault, fault);
        return hold(finding, text, "another step was acted");
    }
    /* A gateway that hangs up first is judged for it elsewhere. */
    if (attempt->delivered.faithful || attempt->delivered.peer_closed_first ||
        attempt->delivered.end == ATTEMPT_END_OPEN)
        return true;
    snprintf(text, sizeof text, "attempt %d at %s: %s", (int)attempt->ordinal,
             attempt->upstream, attempt->delivered.deviation);
    return hold(finding, text, "the wire did not do what was planned");
}

/* An answer whose maker the journal does not know. */
static bool journal_complete(const struct judged *judged,
                             struct finding *finding)
{
    const struct observation *o = judged->observation;

    for (size_t i = 0; i < o->request_count; i++) {
        const struct answer_tokens *tokens = &o->requests[i].trace.tokens;

        for (size_t k = 0; k < tokens->count; k++) {
            const struct answer_token *token = &tokens->items[k];
            bool known = token->tag != o->requests[i].trace.tag;

            for (size_t a = 0; a < o->attempt_count && !known; a++)
                known = o->attempts[a].id.epoch == o->requests[i].epoch &&
                        o->attempts[a].ordinal == token->attempt &&
                        !strcmp(o->attempts[a].upstream, token->upstream);
            if (!known)
                return hold(finding,
                            "the client has output of an attempt that the "
                            "journal does not hold",
                            "the journal is not complete");
        }
    }
    return true;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    size_t left = 0;

    finding_expect(finding, "every attempt meets its planned step on the wire");
    if (!probed(o, finding) || !refusals_proven(o, finding))
        return;
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];
        const struct case_phase *phase = phase_of(o, attempt);

        if (phase && refuses_in(phase, attempt->upstream)) {
            hold(finding, "an attempt came in", must_be_closed);
            return;
        }
        if (!met(judged, attempt, finding))
            return;
        left += !attempt->delivered.faithful &&
                attempt->delivered.peer_closed_first;
    }
    if (!journal_complete(judged, finding))
        return;
    finding->verdict = VERDICT_PASS;
    finding_observe(finding, "%zu attempts did%s", o->attempt_count,
                    left ? "; some were left early by the gateway" : "");
}

const struct check check_fault_delivered = {
    .id = "fault_delivered",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_PRECONDITION,
    .text = "Was every planned fault really delivered on the wire?",
    .judge = judge,
};
