/*
 * No planted secret in any log or other sink of the gateway that the runbook
 * forbids it in, and no credential in the client's response. Silence proves
 * nothing: at least one sink must have been live, and the detector must have
 * found what was put before it. Source: runbook redaction.forbid; V9.
 */
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

#define CLIENT_RESPONSE "client response"

static bool forbids(const struct observation *o, enum canary_kind kind)
{
    const struct bind_texts *forbid = &o->runbook->redaction.forbid;

    for (size_t i = 0; i < forbid->count; i++)
        if (!strcmp(forbid->items[i], canary_kind_names[kind]))
            return true;
    return false;
}

static const struct canary *canary_of(const struct observation *o,
                                      const char *id)
{
    for (size_t i = 0; i < o->canary_count; i++)
        if (!strcmp(o->canaries[i].id, id))
            return &o->canaries[i];
    return NULL;
}

/* Prompt and answer belong to the client; a credential to nobody's response. */
static bool is_leak(const struct observation *o, const struct sink_hit *hit)
{
    const struct canary *canary = canary_of(o, hit->canary);

    /* A digest names a key without giving it away. */
    if (!hit_is_leak(hit->how))
        return false;
    if (!canary)
        return true;
    if (!strcmp(hit->sink, CLIENT_RESPONSE))
        return canary->kind == CANARY_CREDENTIAL;
    return forbids(o, canary->kind);
}

static bool leaked(const struct observation *o, struct finding *finding)
{
    size_t count = 0;
    const struct sink_hit *first = NULL;

    for (size_t i = 0; i < o->hit_count; i++) {
        if (!is_leak(o, &o->hits[i]))
            continue;
        count++;
        if (!first)
            first = &o->hits[i];
    }
    if (!first)
        return false;
    finding->verdict = VERDICT_FAIL;
    finding_observe(finding, "%s stands in %s, %s%s (%zu places in all)",
                    first->canary, first->sink, first->encoding,
                    first->how == HIT_PARTIAL ? ", in part" : "", count);
    finding_reason(finding, "redaction.forbid, and no credential in a response "
                            "to the client");
    return true;
}

static void hold(struct finding *finding, const char *observed,
                 const char *reason)
{
    finding->verdict = VERDICT_HOLD;
    finding_observe(finding, "%s", observed);
    finding_reason(finding, "%s", reason);
}

static bool has_reached(const struct observation *o, const char *word)
{
    for (size_t i = 0; i < o->canary_count; i++)
        if (o->canaries[i].reached &&
            !strcmp(canary_kind_names[o->canaries[i].kind], word))
            return true;
    return false;
}

/* The forbidden kinds of which the gateway had a canary, or had none. */
static size_t list_kinds(char *out, size_t size, const struct observation *o,
                         bool reached)
{
    const struct bind_texts *forbid = &o->runbook->redaction.forbid;
    size_t count = 0;

    for (size_t i = 0; i < forbid->count; i++)
        if (has_reached(o, forbid->items[i]) == reached) {
            seen_add_word(out, size, ", ", forbid->items[i]);
            count++;
        }
    return count;
}

/* Why absence proves nothing; false: it does. */
static bool blind(const struct observation *o, struct finding *finding)
{
    size_t live = 0;
    char text[160];

    for (size_t i = 0; i < o->sink_count; i++) {
        const struct observed_sink *sink = &o->sinks[i];

        live += sink->live && !sink->problem[0];
        if (sink->required && sink->problem[0]) {
            snprintf(text, sizeof text, "%.60s: %.90s", sink->name,
                     sink->problem);
            hold(finding, text, "a required sink could not be read");
            return true;
        }
        if (sink->required && !sink->live) {
            hold(finding, sink->name,
                 "a required sink was silent: absence proves nothing");
            return true;
        }
    }
    if (live == 0) {
        hold(finding, "no sink was live", "in silence absence proves nothing");
        return true;
    }
    if (!o->detector_control) {
        snprintf(text, sizeof text, "the scanner did not find %s",
                 o->detector_missed[0] ? o->detector_missed
                                       : "what was put before it");
        hold(finding, text, "absence proves nothing");
        return true;
    }
    text[0] = '\0';
    if (!list_kinds(text, sizeof text, o, true)) {
        hold(finding, "nothing that is forbidden reached the gateway",
             "absence proves nothing");
        return true;
    }
    return false;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    char had[96] = "", missed[96] = "";
    size_t live = 0;

    finding_expect(finding, "no planted secret in a sink or as a credential in "
                            "the response");
    if (leaked(o, finding))
        return;
    if (!o->runbook->redaction.forbid.declared) {
        finding_reason(finding, "redaction.forbid is not declared");
        return;
    }
    if (o->request_count == 0) {
        finding_reason(finding, "no client request was made");
        return;
    }
    if (blind(o, finding))
        return;
    for (size_t i = 0; i < o->sink_count; i++)
        live += o->sinks[i].live;
    finding->verdict = VERDICT_PASS;
    list_kinds(had, sizeof had, o, true);
    list_kinds(missed, sizeof missed, o, false);
    finding_observe(
        finding, "none in %zu sinks, %zu of them live; it had %s%s%s",
        o->sink_count, live, had, missed[0] ? ", but no " : "", missed);
    finding_reason(finding, "redaction.forbid");
}

const struct check check_redaction = {
    .id = "redaction",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Do credentials, prompts and completions stay out of the gateway's "
            "logs and out of errors?",
    .judge = judge,
};
