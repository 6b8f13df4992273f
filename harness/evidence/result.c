#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/oracle/effect.h"
#include "harness/evidence/evidence.h"
#include "harness/evidence/evidence_seen.h"

const char *const probe_kind_names[] = { "happy_path", "invalid_credential",
                                         "fault", NULL };

/* An answer that every gateway can read and pass on as it is, with its text
 * where a profile's `consumes` looks for it: not in a call's arguments. */
static bool step_healthy(const struct step *step, bool stream)
{
    const struct effect_context context = { .stream = stream,
                                            .credential_accepted = true };
    struct effect effect;

    effect_of(&effect, step, &context);
    return step->fault == FAULT_none && effect.status == 200 &&
           effect.content == EFFECT_CONTENT_ANSWER && effect.finish &&
           effect.end == EFFECT_END_COMPLETE && !effect.head_may_be_refused &&
           step->tool_calls != 1;
}

static bool phase_healthy(const struct case_phase *phase)
{
    for (size_t i = 0; i < phase->upstream_count; i++)
        for (size_t k = 0; k < phase->upstreams[i].script.count; k++)
            if (!step_healthy(&phase->upstreams[i].script.steps[k],
                              phase->client.stream))
                return false;
    return true;
}

enum probe_kind probe_kind(const struct drill_case *drill_case)
{
    enum probe_kind kind = PROBE_HAPPY_PATH;

    for (size_t i = 0; i < drill_case->phase_count; i++) {
        const struct case_phase *phase = &drill_case->phases[i];

        /* A client that leaves, or asks elsewhere, has no answer to show. */
        if (!phase_healthy(phase) || phase->client.abort.when ||
            phase->client.path)
            return PROBE_FAULT;
        if (phase->client.credential == CASE_CREDENTIAL_NONE)
            return PROBE_FAULT;
        if (phase->client.credential != CASE_CREDENTIAL_VALID)
            kind = PROBE_INVALID_CREDENTIAL;
    }
    return kind;
}

static char *copy(const char *text)
{
    return xstrdup(text ? text : "");
}

struct result *result_new(const struct drill_case *drill_case,
                          const char *test_id)
{
    struct result *result = xcalloc(1, sizeof *result);

    snprintf(result->test_id, sizeof result->test_id, "%s", test_id);
    result->case_id = copy(drill_case->id);
    result->scenario = copy(drill_case->scenario);
    result->family = copy(drill_case->family);
    result->title = copy(drill_case->title);
    result->evidence_type = drill_case->evidence_type;
    result->probe = probe_kind(drill_case);
    result->variant = drill_case->variant != NULL;
    result->number = drill_case->number;
    result->repeat = 1;
    return result;
}

/* The first finding with the case's verdict says why. */
void result_give_reason(struct result *result)
{
    for (size_t i = 0; i < result->findings.count; i++) {
        const struct finding *f = &result->findings.items[i];
        const char *why = f->verdict == VERDICT_FAIL || !f->reason[0]
                              ? f->observed
                              : f->reason;

        if (f->verdict != result->verdict || f->severity == SEVERITY_ADVISORY)
            continue;
        snprintf(result->reason, sizeof result->reason, "%s: %.200s", f->check,
                 why);
        return;
    }
    snprintf(result->reason, sizeof result->reason,
             "no check had anything to judge");
}

void result_judge(struct result *result, const struct run *run,
                  const struct judged *judged, struct findings *findings,
                  time_t when, int64_t wall_ms)
{
    result->verdict = verdict_of(findings);
    /* A case that ran and proved nothing is no pass, and no exemption either.
     */
    if (result->verdict == VERDICT_NOT_APPLICABLE)
        result->verdict = VERDICT_HOLD;
    result->wall_ms = wall_ms;
    result->record = evidence_record(run, judged, findings, result, when);
    result->history = evidence_history(judged, findings, result->test_id);
    result->findings = *findings;
    *findings = (struct findings){ 0 };
    if (result->verdict != VERDICT_PASS)
        result_give_reason(result);
    evidence_history_result(result->history, result);
}

void result_skip(struct result *result, const char *reason)
{
    result->verdict = VERDICT_NOT_APPLICABLE;
    snprintf(result->reason, sizeof result->reason, "%s", reason);
    result->history = json_new_object();
    json_add_text(result->history, "kind", "case");
    json_add_text(result->history, "test_id", result->test_id);
    evidence_history_result(result->history, result);
}

void result_forget_history(struct result *result)
{
    json_free(result->history);
    result->history = NULL;
}

void result_free(struct result *result)
{
    if (!result)
        return;
    free(result->case_id);
    free(result->scenario);
    free(result->family);
    free(result->title);
    findings_release(&result->findings);
    for (size_t i = 0; result->names && result->names[i]; i++)
        free(result->names[i]);
    free(result->names);
    json_free(result->record);
    json_free(result->history);
    free(result);
}

void result_list_add(struct result_list *list, struct result *result)
{
    list->items = xgrow(list->items, list->count, &list->capacity,
                        sizeof(struct result *));
    list->items[list->count++] = result;
}
