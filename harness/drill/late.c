#include "harness/drill/late.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/drill/drill.h"
#include "harness/drill/late_look.h"
#include "harness/leaks/canary.h"

#define PAGE_BYTES_KEPT 65536

/* --- cases --------------------------------------------------------------- */

static bool is_text_of(const struct canary *canary, const char *text)
{
    return canary->text && strcmp(canary->text, text) == 0;
}

static bool is_of_slot(const struct slot *slot, const char *text)
{
    if (is_text_of(&slot->client_key, text) ||
        is_text_of(&slot->bad_client_key, text) ||
        is_text_of(&slot->good_key, text))
        return true;
    for (size_t i = 0; i < slot->upstream_count; i++)
        for (size_t k = 0; k < slot->key_counts[i]; k++)
            if (is_text_of(&slot->keys[i][k], text))
                return true;
    return false;
}

static void copy_canaries(struct late_case *c, const struct slot *slot,
                          const struct observation *o)
{
    c->canaries = xcalloc(o->canary_count + 1, sizeof *c->canaries);
    for (size_t i = 0; i < o->canary_count; i++)
        if (!is_of_slot(slot, o->canaries[i].text))
            canary_copy(&c->canaries[c->canary_count++], &o->canaries[i]);
}

static void copy_told(struct late_case *c, const struct observation *o)
{
    free(c->told);
    c->told = xcalloc(o->hit_count + 1, sizeof *c->told);
    c->told_count = 0;
    for (size_t i = 0; i < o->hit_count; i++) {
        struct late_told *told = &c->told[c->told_count];

        /* A digest, or a rest of it, does not stand for the text. */
        if (!hit_is_leak(o->hits[i].how))
            continue;
        memcpy(told->canary, o->hits[i].canary, sizeof told->canary);
        memcpy(told->sink, o->hits[i].sink, sizeof told->sink);
        c->told_count++;
    }
}

static struct late_case *case_of(struct late *late,
                                 struct planned_case *planned)
{
    for (size_t i = 0; i < late->case_count; i++)
        if (late->cases[i].planned == planned)
            return &late->cases[i];
    late->cases = xgrow(late->cases, late->case_count, &late->case_capacity,
                        sizeof *late->cases);
    late->cases[late->case_count] = (struct late_case){ .planned = planned };
    return &late->cases[late->case_count++];
}

void late_add_case(struct drill *drill, struct planned_case *planned,
                   const struct slot *slot, const struct observation *o)
{
    struct late_case *c;

    pthread_mutex_lock(&drill->lock);
    c = case_of(&drill->late, planned);
    if (c->slot_count < sizeof c->slots / sizeof *c->slots)
        snprintf(c->slots[c->slot_count++], LATE_ID_SIZE, "%s", slot->id);
    if (!c->canaries)
        copy_canaries(c, slot, o);
    copy_told(c, o);
    pthread_mutex_unlock(&drill->lock);
}

/* --- slots --------------------------------------------------------------- */

static void copy_keys(struct late_slot *out, const struct slot *slot)
{
    const struct canary *singles[] = { &slot->client_key, &slot->bad_client_key,
                                       &slot->good_key };

    out->keys = xcalloc(3 + SLOT_UPSTREAMS * SLOT_KEYS, sizeof *out->keys);
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (singles[i]->text)
            canary_copy(&out->keys[out->key_count++], singles[i]);
    for (size_t i = 0; i < slot->upstream_count; i++)
        for (size_t k = 0; k < slot->key_counts[i]; k++)
            canary_copy(&out->keys[out->key_count++], &slot->keys[i][k]);
}

/* Hundreds of processes may end before the run does: of their long pages only
 * those are kept that are suspect. */
static void keep_short(struct run_folder *folder, const struct sink *sink,
                       struct page *page)
{
    bool suspect;

    if (page->text.length <= PAGE_BYTES_KEPT)
        return;
    pthread_rwlock_rdlock(&folder->forbidding);
    suspect = late_suspects(&folder->forbidden, sink, page);
    pthread_rwlock_unlock(&folder->forbidding);
    if (!suspect)
        page_release(page);
}

/* A database can be read afterwards, all the rest goes with its process. */
static void take_pages(struct late_slot *out, struct run_folder *folder)
{
    out->pages = xcalloc(out->sinks.count + 1, sizeof *out->pages);
    for (size_t i = 0; i < out->sinks.count; i++) {
        const struct sink *sink = &out->sinks.items[i];

        if (!sink->source || sink->source == &source_sqlite)
            continue;
        sink->source->fetch(&out->pages[i], &sink->target);
        keep_short(folder, sink, &out->pages[i]);
    }
}

void late_add_slot(struct drill *drill, struct slot *slot)
{
    struct late *late = &drill->late;
    struct late_slot taken = { .runbook = slot->runbook, .sinks = slot->sinks };

    if (!slot->sinks.count)
        return;
    slot->sinks = (struct sink_set){ 0 };
    snprintf(taken.id, sizeof taken.id, "%s", slot->id);
    copy_keys(&taken, slot);
    take_pages(&taken, &drill->folder);
    /* Their receivers go now, with all that arrived in the files. */
    for (size_t i = 0; i < taken.sinks.count; i++)
        taken.sinks.items[i].drain = NULL;
    pthread_mutex_lock(&drill->lock);
    late->slots = xgrow(late->slots, late->slot_count, &late->slot_capacity,
                        sizeof *late->slots);
    late->slots[late->slot_count++] = taken;
    pthread_mutex_unlock(&drill->lock);
}

static void release_canaries(struct canary *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        canary_release(&items[i]);
    free(items);
}

void late_release(struct late *late)
{
    for (size_t i = 0; i < late->slot_count; i++) {
        struct late_slot *slot = &late->slots[i];

        for (size_t s = 0; s < slot->sinks.count; s++)
            page_release(&slot->pages[s]);
        free(slot->pages);
        sink_set_release(&slot->sinks);
        release_canaries(slot->keys, slot->key_count);
    }
    for (size_t i = 0; i < late->case_count; i++) {
        release_canaries(late->cases[i].canaries, late->cases[i].canary_count);
        free(late->cases[i].told);
    }
    free(late->slots);
    free(late->cases);
    *late = (struct late){ 0 };
}
