/*
 * What the client sent against what arrived, field by field. Source: runbook
 * request.* and upstreams.<name>.model; scenario group N.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "harness/launch/profile.h"
#include "harness/judge/seen.h"

struct drift {
    char all[256];     /* "added /x, changed /model" */
    char against[256]; /* those the runbook does not allow */
};

/* A pointer stands in the list, or below one that does. */
static bool listed(const struct bind_texts *list, const char *pointer)
{
    for (size_t i = 0; i < list->count; i++) {
        size_t length = strlen(list->items[i]);

        if (!strncmp(list->items[i], pointer, length) &&
            (pointer[length] == '\0' || pointer[length] == '/'))
            return true;
    }
    return false;
}

static void note(struct drift *drift, const char *what, const char *pointer,
                 bool allowed)
{
    char text[128];

    snprintf(text, sizeof text, "%s %.100s", what,
             pointer[0] ? pointer : "the body");
    seen_add_word(drift->all, sizeof drift->all, ", ", text);
    if (!allowed)
        seen_add_word(drift->against, sizeof drift->against, ", ", text);
}

/* The model may change where the upstream has its own, into that one. */
static bool model_allowed(const struct seen *seen,
                          const struct attempt *attempt)
{
    const struct observation *o = seen->observation;
    const struct runbook_upstream *rule =
        runbook_upstream(o->runbook, attempt->upstream);

    if (rule && rule->model == CREDENTIAL_CLIENT)
        return false;
    if (!rule || rule->model < 0)
        return true;
    for (size_t i = 0; i < o->key_count; i++)
        if (!strcmp(o->keys[i].upstream, attempt->upstream) &&
            o->keys[i].model_fingerprint[0])
            return !strcmp(o->keys[i].model_fingerprint,
                           attempt->request.model_fingerprint);
    return true;
}

/* The fixture goes out with the client's model: where the upstream has its own,
 * that one must have come instead. */
static bool model_kept(const struct seen *seen, const struct attempt *attempt)
{
    const struct observation *o = seen->observation;
    const struct runbook_upstream *rule =
        runbook_upstream(o->runbook, attempt->upstream);

    return rule && rule->model == CREDENTIAL_OWN &&
           attempt->request.model_fingerprint[0] &&
           !model_allowed(seen, attempt);
}

/* Both lists stand in pointer order. */
static void compare_fields(struct drift *drift, const struct seen *seen,
                           const struct attempt *attempt)
{
    const struct runbook_request *rule = &seen->observation->runbook->request;
    const struct json_fields *sent = &seen->request->fields;
    const struct json_fields *came = &attempt->request.fields;
    size_t s = 0;
    size_t c = 0;

    while (s < sent->count || c < came->count) {
        int order = s == sent->count   ? 1
                    : c == came->count ? -1
                                       : strcmp(sent->items[s].pointer,
                                                came->items[c].pointer);
        const char *pointer =
            order > 0 ? came->items[c].pointer : sent->items[s].pointer;
        bool model = !strcmp(pointer, "/model");

        if (order < 0)
            note(drift, "removed", pointer,
                 listed(&rule->fields_removed, pointer));
        else if (order > 0)
            note(drift, "added", pointer, listed(&rule->fields_added, pointer));
        else if (strcmp(sent->items[s].fingerprint, came->items[c].fingerprint))
            note(drift, "changed", pointer,
                 listed(&rule->fields_changed, pointer) ||
                     (model && model_allowed(seen, attempt)));
        else if (model && model_kept(seen, attempt))
            note(drift, "kept", pointer, false);
        s += order <= 0;
        c += order >= 0;
    }
}

static bool client_sends(const struct seen *seen, const char *name)
{
    const struct profile *profile = seen->observation->profile;
    const struct step_header *headers = seen->phase->client.headers.items;

    for (size_t i = 0; i < seen->phase->client.headers.count; i++)
        if (!strcasecmp(headers[i].name, name))
            return true;
    for (size_t i = 0; profile && i < profile->client.headers.count; i++)
        if (!strcasecmp(profile->client.headers.items[i].name, name))
            return true;
    return false;
}

static void compare_headers(struct drift *drift, const struct seen *seen,
                            const struct attempt *attempt)
{
    const struct bind_texts *list =
        &seen->observation->runbook->request.headers_forwarded;

    for (size_t i = 0; i < list->count; i++)
        if (client_sends(seen, list->items[i]) &&
            !seen_has_header(attempt, list->items[i]))
            note(drift, "dropped header", list->items[i], false);
}

static void compare(struct drift *drift, const struct seen *seen,
                    const struct attempt *attempt)
{
    int64_t rule = seen->observation->runbook->request.body;

    compare_headers(drift, seen, attempt);
    if (attempt->request.body != ATTEMPT_BODY_COMPLETE)
        return;
    if (rule == BODY_BYTES_EQUAL &&
        strcmp(attempt->request.body_sha256, seen->request->body_sha256))
        note(drift, "changed the bytes of", "", false);
    if (!attempt->request.json && seen->request->fields.count > 0)
        note(drift, "no JSON any more:", "", false);
    else
        compare_fields(drift, seen, attempt);
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct runbook_request *rule = &seen->observation->runbook->request;
    struct drift drift = { "", "" };
    size_t looked = 0;

    for (size_t i = 0; i < seen->count; i++) {
        if (!seen->attempts[i]->request.method[0])
            continue;
        compare(&drift, seen, seen->attempts[i]);
        looked += seen->attempts[i]->request.body == ATTEMPT_BODY_COMPLETE;
    }
    finding_expect(finding, "what the client sent, but for declared changes");
    finding_observe(finding, "%s", drift.all[0] ? drift.all : "no change");
    if (rule->body < 0 || rule->body == BODY_ANY) {
        finding_reason(finding, rule->body < 0 ? "request.body is not declared"
                                               : "request.body is any");
        return;
    }
    if (looked == 0) {
        finding_reason(finding, "no attempt came with a whole body");
        return;
    }
    finding->verdict = drift.against[0] ? VERDICT_FAIL : VERDICT_PASS;
    finding_reason(finding, "request declares what may change");
    if (drift.against[0])
        finding_observe(finding, "%s", drift.against);
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_request_drift = {
    .id = "request_drift",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the request arrive as the client sent it, but for what the "
            "runbook allows?",
    .judge = judge,
};
