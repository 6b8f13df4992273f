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

/* What is planted besides keys. What has a name in a scenario is made where the
 * case's client sends it. */
static const struct {
    const char *id;
    enum canary_kind kind;
    enum canary_place place;
    const char *name; /* "${canary.header}"; NULL: in every case */
} texts[] = {
    { "prompt", CANARY_PROMPT, CANARY_IN_TEXT, NULL },
    { "completion", CANARY_COMPLETION, CANARY_IN_TEXT, NULL },
    { "error_text", CANARY_ERROR_TEXT, CANARY_IN_TEXT, NULL },
    { "commercial", CANARY_COMMERCIAL, CANARY_IN_TEXT, NULL },
    { "header", CANARY_METADATA, CANARY_IN_HEADER, "${canary.header}" },
};

static bool names_it(const struct case_client *client, const char *name)
{
    const struct step_header *headers = client->headers.items;

    for (size_t i = 0; i < client->headers.count; i++)
        if (strstr(headers[i].value, name))
            return true;
    return false;
}

static bool is_used(const struct drill_case *c, const char *name)
{
    for (size_t i = 0; i < c->phase_count; i++)
        if (names_it(&c->phases[i].client, name))
            return true;
    return false;
}

void trial_plant(struct trial *t)
{
    const struct canary *keys[2 + SLOT_UPSTREAMS * SLOT_KEYS];
    size_t count = 0;
    char label[512];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct canary *canary;

        if (texts[i].name && !is_used(&t->planned->drill_case, texts[i].name))
            continue;
        canary = trial_add_canary(t->o);
        snprintf(label, sizeof label, "%s#%lld/%s", t->planned->drill_case.id,
                 (long long)t->planned->repeat, texts[i].id);
        canary_make(canary, texts[i].kind, texts[i].place, texts[i].id,
                    t->drill->seed, label, t->drill->control.fingerprint_key);
        run_folder_forbid(&t->drill->folder, canary);
    }
    keys[count++] = &t->slot->client_key;
    keys[count++] = &t->slot->bad_client_key;
    for (size_t i = 0; i < t->slot->upstream_count; i++)
        for (size_t k = 0; k < t->slot->key_counts[i]; k++)
            keys[count++] = &t->slot->keys[i][k];
    for (size_t i = 0; i < count; i++)
        canary_copy(trial_add_canary(t->o), keys[i]);
}

const char *trial_canary(const struct trial *t, const char *id)
{
    for (size_t i = 0; i < t->o->canary_count; i++)
        if (strcmp(t->o->canaries[i].id, id) == 0)
            return t->o->canaries[i].text;
    return "";
}

bool trial_reached(const struct trial *t, const struct canary *canary)
{
    const struct observation *o = t->o;
    char wanted[48];

    snprintf(wanted, sizeof wanted, "%s@", canary->id);
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];

        for (size_t j = 0; j < attempt->request.canary_count; j++)
            if (strncmp(attempt->request.canaries[j], wanted, strlen(wanted)) ==
                0)
                return true;
        for (size_t j = 0; j < attempt->request.credential_count; j++)
            if (strcmp(attempt->request.credentials[j].fingerprint,
                       canary->fingerprint) == 0)
                return true;
        if ((canary->kind == CANARY_ERROR_TEXT ||
             canary->kind == CANARY_COMMERCIAL) &&
            attempt->delivered.status >= 400)
            return true;
        if (canary->kind == CANARY_COMPLETION &&
            attempt->delivered.status == 200)
            return true;
    }
    /* The client did send its key, its prompt and what is beside it. */
    return o->request_count &&
           (strcmp(canary->id, "client.key") == 0 ||
            canary->kind == CANARY_PROMPT || canary->kind == CANARY_METADATA);
}
