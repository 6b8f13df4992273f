#include "harness/drill/trial_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/canary.h"

static struct canary *trial_add_canary(struct observation *o)
{
    o->canaries =
        xrealloc(o->canaries, (o->canary_count + 1) * sizeof *o->canaries);
    o->canaries[o->canary_count] = (struct canary){ 0 };
    return &o->canaries[o->canary_count++];
}

/* Who sends it where: the client by a name in its fixture, a header or its
 * query; an upstream where a step asks for it, or in each answer, each error.
 */
enum planting {
    IN_FIXTURE,
    IN_HEADER,
    IN_QUERY,
    IN_ANSWERS,
    IN_ERRORS,
    IN_REASONING,
    IN_TOOL_CALL,
    IN_USAGE,
    IN_ACCOUNT_HEADER,
};

/* What is planted besides keys; made where the case uses it. */
static const struct planted {
    const char *id;
    enum canary_kind kind;
    enum canary_place place;
    enum planting in;
    const char *name; /* in a fixture, a header, a query */
} texts[] = {
    { "prompt", CANARY_PROMPT, CANARY_IN_TEXT, IN_FIXTURE, "${canary}" },
    { "completion", CANARY_COMPLETION, CANARY_IN_TEXT, IN_ANSWERS, NULL },
    { "error_text", CANARY_ERROR_TEXT, CANARY_IN_TEXT, IN_ERRORS, NULL },
    { "commercial", CANARY_COMMERCIAL, CANARY_IN_TEXT, IN_ERRORS, NULL },
    { "system_prompt", CANARY_PROMPT, CANARY_IN_TEXT, IN_FIXTURE,
      "${canary.system" },
    { "tool_arguments", CANARY_PROMPT, CANARY_IN_TEXT, IN_FIXTURE,
      "${canary.tools" },
    { "header", CANARY_METADATA, CANARY_IN_HEADER, IN_HEADER,
      "${canary.header}" },
    { "query.key", CANARY_CREDENTIAL, CANARY_IN_HEADER, IN_QUERY,
      "${canary.query_key}" },
    { "reasoning", CANARY_COMPLETION, CANARY_IN_TEXT, IN_REASONING, NULL },
    { "tool_call", CANARY_COMPLETION, CANARY_IN_TEXT, IN_TOOL_CALL, NULL },
    { "commercial.usage", CANARY_COMMERCIAL, CANARY_IN_TEXT, IN_USAGE, NULL },
    { "commercial.header", CANARY_COMMERCIAL, CANARY_IN_HEADER,
      IN_ACCOUNT_HEADER, NULL },
};

static bool client_names(const struct trial *t, const struct planted *planted,
                         const struct case_client *client)
{
    const struct step_header *headers = client->headers.items;

    if (planted->in == IN_FIXTURE)
        return fixture_names(drill_fixture(t->drill, client->fixture),
                             planted->name);
    if (planted->in == IN_QUERY)
        return client->query && strstr(client->query, planted->name);
    for (size_t i = 0; planted->in == IN_HEADER && i < client->headers.count;
         i++)
        if (strstr(headers[i].value, planted->name))
            return true;
    return false;
}

static bool step_asks(const struct step *step, enum planting in)
{
    switch (in) {
    case IN_REASONING:
        return step->reasoning == 1;
    case IN_TOOL_CALL:
        return step->tool_calls == 1;
    case IN_USAGE:
        return step->account == STEP_ACCOUNT_USAGE ||
               step->account == STEP_ACCOUNT_BOTH;
    case IN_ACCOUNT_HEADER:
        return step->account == STEP_ACCOUNT_HEADER ||
               step->account == STEP_ACCOUNT_BOTH;
    default:
        return false;
    }
}

static bool script_asks(const struct case_upstream *upstream, enum planting in)
{
    for (size_t i = 0; i < upstream->script.count; i++)
        if (step_asks(&upstream->script.steps[i], in))
            return true;
    return false;
}

static bool is_used(const struct trial *t, const struct planted *planted)
{
    const struct drill_case *c = &t->planned->drill_case;

    if (planted->in == IN_ANSWERS || planted->in == IN_ERRORS)
        return true;
    for (size_t i = 0; i < c->phase_count; i++) {
        if (client_names(t, planted, &c->phases[i].client))
            return true;
        for (size_t u = 0; u < c->phases[i].upstream_count; u++)
            if (script_asks(&c->phases[i].upstreams[u], planted->in))
                return true;
    }
    return false;
}

void trial_plant(struct trial *t)
{
    const struct canary *keys[2 + SLOT_UPSTREAMS * SLOT_KEYS];
    size_t count = 0;
    char label[512];

    keys[count++] = &t->slot->client_key;
    keys[count++] = &t->slot->bad_client_key;
    for (size_t i = 0; i < t->slot->upstream_count; i++)
        for (size_t k = 0; k < t->slot->key_counts[i]; k++)
            keys[count++] = &t->slot->keys[i][k];
    for (size_t i = 0; i < count; i++)
        canary_copy(trial_add_canary(t->o), keys[i]);
    t->key_count = count;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct canary *canary;

        if (!is_used(t, &texts[i]))
            continue;
        canary = trial_add_canary(t->o);
        snprintf(label, sizeof label, "%s#%lld/%s", t->planned->drill_case.id,
                 (long long)t->planned->repeat, texts[i].id);
        canary_make(canary, texts[i].kind, texts[i].place, texts[i].id,
                    t->drill->seed, label, t->drill->control.fingerprint_key);
        run_folder_forbid(&t->drill->folder, canary);
    }
}

const char *trial_canary(const struct trial *t, const char *id)
{
    for (size_t i = 0; i < t->o->canary_count; i++)
        if (strcmp(t->o->canaries[i].id, id) == 0)
            return t->o->canaries[i].text;
    return "";
}

static const struct planted *planted_of(const struct canary *canary)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!strcmp(texts[i].id, canary->id))
            return &texts[i];
    return NULL;
}

/* Whether the upstream saw it: in a text, or as a key. */
static bool mock_saw(const struct attempt *attempt, const struct canary *canary)
{
    size_t length = strlen(canary->id);

    for (size_t i = 0; i < attempt->request.canary_count; i++)
        if (!strncmp(attempt->request.canaries[i], canary->id, length) &&
            attempt->request.canaries[i][length] == '@')
            return true;
    for (size_t i = 0; i < attempt->request.credential_count; i++)
        if (!strcmp(attempt->request.credentials[i].fingerprint,
                    canary->fingerprint))
            return true;
    return false;
}

/* Whether the script of the attempt's upstream has it sent with an answer. */
static bool was_asked(const struct trial *t, const struct attempt *attempt,
                      enum planting in)
{
    const struct drill_case *c = &t->planned->drill_case;

    for (size_t p = 0; p < c->phase_count; p++)
        for (size_t u = 0; u < c->phases[p].upstream_count; u++) {
            const struct case_upstream *upstream = &c->phases[p].upstreams[u];

            if (!strcmp(upstream->name, attempt->upstream) &&
                script_asks(upstream, in))
                return true;
        }
    return false;
}

/* Whether the mock sent it. */
static bool was_sent(const struct trial *t, const struct attempt *attempt,
                     enum planting in)
{
    int64_t status = attempt->delivered.status;

    switch (in) {
    case IN_ANSWERS:
        return status == 200;
    case IN_ERRORS:
        return status >= 400;
    case IN_REASONING:
    case IN_TOOL_CALL:
    case IN_USAGE:
        return status == 200 && was_asked(t, attempt, in);
    case IN_ACCOUNT_HEADER:
        return attempt->delivered.head_complete && was_asked(t, attempt, in);
    default:
        return false;
    }
}

/* Whether a client was told to present this key. */
static bool was_presented(const struct trial *t, const struct canary *canary)
{
    const struct drill_case *c = &t->planned->drill_case;

    for (size_t i = 0; i < c->phase_count; i++) {
        int64_t credential = c->phases[i].client.credential;

        if (credential != CASE_CREDENTIAL_NONE &&
            !strcmp(trial_client_key(t, credential), canary->text))
            return true;
    }
    return false;
}

/* A request of the client's has gone out whole. */
static bool any_sent(const struct observation *o)
{
    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].trace.sent_ns)
            return true;
    return false;
}

bool trial_reached(const struct trial *t, const struct canary *canary)
{
    const struct planted *planted = planted_of(canary);
    const struct observation *o = t->o;

    for (size_t i = 0; i < o->attempt_count; i++)
        if (mock_saw(&o->attempts[i], canary) ||
            (planted && was_sent(t, &o->attempts[i], planted->in)))
            return true;
    /* What the client sends has come to the gateway with its request. */
    if (!any_sent(o))
        return false;
    return planted ? planted->in <= IN_QUERY : was_presented(t, canary);
}
