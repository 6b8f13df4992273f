#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "harness/drill/drill.h"
#include "harness/drill/late_look.h"
#include "harness/drill/quarantine.h"
#include "harness/judge/seen.h"
#include "harness/leaks/canary.h"

/* Compiled at once: what that costs grows faster than their number. */
#define BATCH       256
#define FIRST_BATCH 32

/* Canaries of one process, and whose each is. */
struct wanted {
    struct canary *items;      /* texts are borrowed */
    struct late_case **owners; /* NULL: a key of the process */
    size_t count, capacity, owner_capacity;
};

/* A hit that no case has told of. */
struct news {
    struct late_case *owner;
    const struct late_slot *slot;
    const struct canary *canary;
    bool early; /* it was there before the first case */
    struct sink_hit hit;
};
struct sweep {
    struct drill *drill;
    struct news *news;
    size_t count, capacity;
};

static bool ran_on(const struct late_case *c, const struct late_slot *slot)
{
    for (size_t i = 0; i < c->slot_count; i++)
        if (strcmp(c->slots[i], slot->id) == 0)
            return true;
    return false;
}

static void want(struct wanted *wanted, const struct canary *canary,
                 struct late_case *owner)
{
    wanted->items = xgrow(wanted->items, wanted->count, &wanted->capacity,
                          sizeof *wanted->items);
    wanted->owners = xgrow(wanted->owners, wanted->count,
                           &wanted->owner_capacity, sizeof *wanted->owners);
    wanted->items[wanted->count] = *canary;
    wanted->owners[wanted->count++] = owner;
}

static void gather(struct wanted *out, const struct late *late,
                   const struct late_slot *slot)
{
    *out = (struct wanted){ 0 };
    for (size_t i = 0; i < slot->key_count; i++)
        want(out, &slot->keys[i], NULL);
    /* The last first. */
    for (size_t i = late->case_count; i-- > 0;)
        for (size_t k = 0;
             ran_on(&late->cases[i], slot) && k < late->cases[i].canary_count;
             k++)
            want(out, &late->cases[i].canaries[k], &late->cases[i]);
}

/* --- what is news -------------------------------------------------------- */

static bool has_told(const struct late_case *c, const struct sink_hit *hit)
{
    for (size_t i = 0; i < c->told_count; i++)
        if (!strcmp(c->told[i].canary, hit->canary) &&
            !strcmp(c->told[i].sink, hit->sink))
            return true;
    return false;
}

/* The case that answers for it; NULL: it is no news, or nobody's. */
static struct late_case *answers_for(const struct late *late,
                                     const struct late_slot *slot,
                                     struct late_case *owner,
                                     const struct sink_hit *hit)
{
    struct late_case *last = NULL;

    if (owner)
        return has_told(owner, hit) ? NULL : owner;
    for (size_t i = 0; i < late->case_count; i++) {
        if (!ran_on(&late->cases[i], slot))
            continue;
        if (has_told(&late->cases[i], hit))
            return NULL;
        last = &late->cases[i];
    }
    return last;
}

/* What came later says more than what was there at first. */
static bool is_noted(const struct sweep *sweep, const struct late_slot *slot,
                     const struct canary *canary, const struct sink_hit *hit)
{
    for (size_t i = 0; i < sweep->count; i++)
        if (sweep->news[i].slot == slot && !sweep->news[i].early &&
            sweep->news[i].canary->text == canary->text &&
            !strcmp(sweep->news[i].hit.sink, hit->sink))
            return true;
    return false;
}

static void note(struct sweep *sweep, const struct late_slot *slot,
                 const struct wanted *wanted, size_t index,
                 const struct sink_hit *hit, bool early)
{
    struct late_case *owner =
        answers_for(&sweep->drill->late, slot, wanted->owners[index], hit);

    if (!owner || !hit_is_leak(hit->how) ||
        (early && is_noted(sweep, slot, &wanted->items[index], hit)))
        return;
    sweep->news =
        xgrow(sweep->news, sweep->count, &sweep->capacity, sizeof *sweep->news);
    sweep->news[sweep->count++] =
        (struct news){ owner, slot, NULL, early, *hit };
    for (size_t i = 0; i < slot->key_count; i++)
        if (slot->keys[i].text == wanted->items[index].text)
            sweep->news[sweep->count - 1].canary = &slot->keys[i];
    for (size_t i = 0; i < owner->canary_count; i++)
        if (owner->canaries[i].text == wanted->items[index].text)
            sweep->news[sweep->count - 1].canary = &owner->canaries[i];
}

/* --- looking closely ----------------------------------------------------- */

/* What could not be read may hold anything. */
static void warn(const struct late_slot *slot, const struct observation *found)
{
    for (size_t i = 0; i < found->sink_count; i++)
        if (found->sinks[i].required && found->sinks[i].problem[0])
            log_line(LOG_WARNING, "%s: %s: not all searched at the end: %s",
                     slot->id, found->sinks[i].name, found->sinks[i].problem);
}

/* One sink, for canaries from..to of those wanted, of which set was made. */
static void search_sink(struct sweep *sweep, const struct late_slot *slot,
                        size_t index, struct scan_set *set,
                        const struct wanted *wanted, size_t from, size_t to)
{
    /* In this order; the first only says whether there is anything. */
    static const enum late_part parts[] = { LATE_WHOLE, LATE_SINCE_READY,
                                            LATE_NOT_GIVEN };
    bool any = true;

    for (size_t p = 0; p < sizeof parts / sizeof *parts && any; p++) {
        struct observation found = { .runbook = slot->runbook,
                                     .canaries = wanted->items + from,
                                     .canary_count = to - from };

        late_search(&found, set, &slot->sinks.items[index], &slot->pages[index],
                    parts[p]);
        if (!p && !from)
            warn(slot, &found);
        any = p || found.hit_count;
        for (size_t i = 0; p && i < found.hit_count; i++)
            note(sweep, slot, wanted, from + found.hits[i].canary_index,
                 &found.hits[i], parts[p] == LATE_NOT_GIVEN);
        free(found.hits);
        free(found.sinks);
    }
}

/* Those sinks of the slot that are chosen. */
static bool search(struct sweep *sweep, const struct late_slot *slot,
                   const bool *chosen, const struct wanted *wanted, size_t from,
                   size_t to, struct err *err)
{
    struct scan_set set;

    if (!scan_set_init(&set, wanted->items + from, to - from, err))
        return false;
    for (size_t i = 0; i < slot->sinks.count; i++)
        if (chosen[i])
            search_sink(sweep, slot, i, &set, wanted, from, to);
    scan_set_release(&set);
    return true;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* For keys, and for what the last cases had, every sink; for all the rest, of
 * which there may be thousands, those that are suspect. */
static bool look_through(struct sweep *sweep, const struct late_slot *slot,
                         struct err *err)
{
    bool *chosen = xcalloc(slot->sinks.count + 1, sizeof *chosen);
    struct wanted wanted;
    size_t from;
    bool ok = true;

    gather(&wanted, &sweep->drill->late, slot);
    from = least(wanted.count, FIRST_BATCH);
    for (size_t i = 0; i < slot->sinks.count; i++)
        chosen[i] = true;
    if (from)
        ok = search(sweep, slot, chosen, &wanted, 0, from, err);
    for (size_t i = 0; i < slot->sinks.count && from < wanted.count; i++)
        chosen[i] = late_suspects(&sweep->drill->folder.forbidden,
                                  &slot->sinks.items[i], &slot->pages[i]);
    for (; from < wanted.count && ok; from += BATCH)
        ok = search(sweep, slot, chosen, &wanted, from,
                    least(from + BATCH, wanted.count), err);
    free(wanted.items);
    free(wanted.owners);
    free(chosen);
    return ok;
}

/* --- what it comes to ---------------------------------------------------- */

/* All news of one case, judged as its other hits were. */
static bool tell(struct sweep *sweep, const struct late_case *c,
                 struct err *err)
{
    struct planned_case *planned = c->planned;
    struct observation late = { .drill_case = &planned->drill_case,
                                .runbook = planned->runbook,
                                .profile = &sweep->drill->profile };
    const struct judged judged = { .observation = &late,
                                   .allowed = planned->allowed,
                                   .allowed_count =
                                       planned->drill_case.phase_count };
    struct finding finding = { .check = check_redaction.id,
                               .evidence_type = check_redaction.evidence_type,
                               .severity = check_redaction.severity };
    bool ok = true, early = true;

    late.hits = xcalloc(sweep->count, sizeof *late.hits);
    late.canaries = xcalloc(sweep->count, sizeof *late.canaries);
    for (size_t i = 0; i < sweep->count; i++) {
        if (sweep->news[i].owner != c)
            continue;
        early &= sweep->news[i].early;
        late.hits[late.hit_count++] = sweep->news[i].hit;
        late.canaries[late.canary_count++] = *sweep->news[i].canary;
    }
    check_redaction.judge(&judged, &finding);
    if (finding.verdict == VERDICT_FAIL) {
        finding_reason(&finding, "%s",
                       early ? "it was there before the first case"
                             : "found when the case was over: written late");
        result_add_late(planned->result, &late, &finding);
        for (size_t i = 0; i < sweep->count; i++)
            if (sweep->news[i].owner == c)
                quarantine_sinks(sweep->drill, sweep->news[i].slot->id,
                                 &sweep->news[i].slot->sinks,
                                 &sweep->news[i].hit, 1);
        ok = run_save_safely(&sweep->drill->folder, planned->result, err);
        result_forget_history(planned->result);
    }
    free(late.hits);
    free(late.canaries);
    return ok;
}

static bool tell_all(struct sweep *sweep, struct err *err)
{
    struct late *late = &sweep->drill->late;
    bool ok = true;

    for (size_t i = 0; i < late->case_count && ok; i++) {
        bool any = false;

        for (size_t k = 0; k < sweep->count; k++)
            any |= sweep->news[k].owner == &late->cases[i];
        if (any)
            ok = tell(sweep, &late->cases[i], err);
    }
    return ok;
}

bool late_sweep(struct drill *drill, struct err *err)
{
    struct late *late = &drill->late;
    struct sweep sweep = { .drill = drill };
    bool ok = true;

    for (size_t i = 0; i < late->slot_count && ok; i++)
        ok = look_through(&sweep, &late->slots[i], err);
    if (ok)
        ok = tell_all(&sweep, err);
    free(sweep.news);
    return ok;
}
