#include "harness/drill/trial_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

void trial_break(struct trial *t, const struct err *err)
{
    if (!t->o->broken[0])
        snprintf(t->o->broken, sizeof t->o->broken, "%.100s: %.400s",
                 err->where, err->text);
}

static void trial_note_probes(struct observation *o,
                              const struct mock_probes *probes, bool before)
{
    for (size_t i = 0; i < probes->count; i++) {
        const struct mock_probe *probe = &probes->items[i];
        struct observed_refusal *found = NULL;

        if (!probe->expected_refused)
            continue;
        for (size_t j = 0; j < o->refusal_count; j++)
            if (strcmp(o->refusals[j].upstream, probe->upstream) == 0)
                found = &o->refusals[j];
        if (!found) {
            o->refusals = xrealloc(o->refusals, (o->refusal_count + 1) *
                                                    sizeof *o->refusals);
            found = &o->refusals[o->refusal_count++];
            *found = (struct observed_refusal){ .refused_before = true,
                                                .refused_after = true };
            snprintf(found->upstream, sizeof found->upstream, "%s",
                     probe->upstream);
        }
        if (before)
            found->refused_before &= probe->seen_refused;
        else
            found->refused_after &= probe->seen_refused;
    }
}

bool trial_lease(struct trial *t, struct drill_id id, bool note,
                 struct err *err)
{
    struct mock_probes probes = { 0 };
    bool ok =
        t->slot->kind.shared ||
        mock_control_lease(&t->drill->control, t->slot->id, id, &probes, err);

    if (ok && note)
        trial_note_probes(t->o, &probes, true);
    mock_probes_release(&probes);
    return ok;
}

void trial_lease_end(struct trial *t, bool note)
{
    struct mock_probes probes = { 0 };
    struct err err = { 0 };

    if (t->slot->kind.shared)
        return;
    if (!mock_control_lease_end(&t->drill->control, t->slot->id, &probes, &err))
        trial_break(t, &err);
    else if (note)
        trial_note_probes(t->o, &probes, false);
    mock_probes_release(&probes);
}

/* What the upstreams are to send, and what they are to look for. */
static void trial_plant_answers(const struct trial *t,
                                struct mock_script *script)
{
    static const struct {
        const char *where, *canary;
    } planted[] = {
        { "completion", "completion" },
        { "reasoning", "reasoning" },
        { "tool_call", "tool_call" },
        { "account", "commercial.usage" },
        { "account_header", "commercial.header" },
    };
    char *said = xasprintf("%s %s", trial_canary(t, "error_text"),
                           trial_canary(t, "commercial"));

    mock_script_plant(script, "error", said);
    xwipe(said, strlen(said));
    free(said);
    for (size_t i = 0; i < sizeof planted / sizeof planted[0]; i++)
        if (trial_canary(t, planted[i].canary)[0])
            mock_script_plant(script, planted[i].where,
                              trial_canary(t, planted[i].canary));
    for (size_t i = 0; i < t->o->canary_count; i++)
        if (t->o->canaries[i].kind == CANARY_PROMPT ||
            t->o->canaries[i].kind == CANARY_METADATA ||
            t->o->canaries[i].kind == CANARY_CREDENTIAL)
            mock_script_watch(script, t->o->canaries[i].id,
                              t->o->canaries[i].text);
}

bool trial_arm(struct trial *t, size_t phase, uint16_t epoch, struct err *err)
{
    const struct case_phase *p = &t->planned->drill_case.phases[phase];
    struct mock_script script;
    struct drill_id id = { t->id.nonce, epoch };

    if (!slot_script(&script, t->slot, p, err))
        return false;
    trial_plant_answers(t, &script);
    return mock_control_put(&t->drill->control, id, &script, err);
}
