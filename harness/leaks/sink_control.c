#include "harness/leaks/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/leaks/plant.h"
#include "harness/leaks/scan_hits.h"

#define NOISE_BYTES  40
#define MASKED_FIRST 8
#define MASKED_LAST  4

static const char masked_name[] = "masked";

/* What was written where. */
struct planted {
    size_t canary;
    const char *how;
    int64_t from, to;
    bool found;
};
struct planting {
    struct buf text;
    struct planted *items;
    size_t count, capacity;
};

static void add_noise(struct planting *planting)
{
    size_t least = planting->text.length + NOISE_BYTES;

    while (planting->text.length < least)
        buf_add_text(&planting->text, "noise ");
}

static void note(struct planting *planting, size_t canary, const char *how,
                 size_t from)
{
    planting->items = xgrow(planting->items, planting->count,
                            &planting->capacity, sizeof *planting->items);
    planting->items[planting->count++] =
        (struct planted){ .canary = canary,
                          .how = how,
                          .from = (int64_t)from,
                          .to = (int64_t)planting->text.length };
}

static void plant_coded(struct planting *planting, const struct canary *canary,
                        size_t index)
{
    for (const struct coder *coder = coders; coder->name; coder++) {
        if (coder->traits & CODER_DERIVED)
            continue;
        for (size_t phase = 0; phase < coder->phases; phase++) {
            struct coded coded;
            size_t from;

            coder_encode(&coded, coder, canary->text, phase);
            add_noise(planting);
            from = planting->text.length;
            buf_add(&planting->text, coded.bytes.data, coded.bytes.length);
            note(planting, index, coder->name, from);
            coded_release(&coded);
        }
    }
}

/* What compresses does so with all of them at once: its setting up is most of
 * its cost. */
static void plant_packed(struct planting *planting, const struct plant *plant,
                         const struct observation *o, size_t first)
{
    struct buf texts = { 0 };
    size_t from;

    for (size_t c = first; c < o->canary_count; c++)
        buf_printf(&texts, "%s\n", o->canaries[c].text);
    add_noise(planting);
    from = planting->text.length;
    plant->write(&planting->text, buf_text(&texts), texts.length);
    for (size_t c = first; c < o->canary_count; c++)
        note(planting, c, plant->name, from);
    xwipe(texts.data, texts.length);
    buf_release(&texts);
}

/* Of a key a few letters around a mask, which is no whole key. */
static void plant_masked(struct planting *planting, const char *key,
                         size_t index)
{
    size_t length = strlen(key), from;

    if (length < MASKED_FIRST + MASKED_LAST)
        return;
    add_noise(planting);
    from = planting->text.length;
    buf_printf(&planting->text, "%.*s***%s ", MASKED_FIRST, key,
               key + length - MASKED_LAST);
    note(planting, index, masked_name, from);
}

static void plant_all(struct planting *planting, const struct observation *o,
                      size_t first)
{
    for (const struct plant *plant = plants; plant->name; plant++) {
        if (plant->packs) {
            plant_packed(planting, plant, o, first);
            continue;
        }
        for (size_t c = first; c < o->canary_count; c++) {
            const char *text = o->canaries[c].text;
            size_t from;

            add_noise(planting);
            from = planting->text.length;
            plant->write(&planting->text, text, strlen(text));
            note(planting, c, plant->name, from);
        }
    }
    for (size_t c = first; c < o->canary_count; c++)
        plant_coded(planting, &o->canaries[c], c);
    for (size_t c = first; c < o->canary_count; c++)
        if (o->canaries[c].kind == CANARY_CREDENTIAL)
            plant_masked(planting, o->canaries[c].text, c);
    add_noise(planting);
}

/* A file with this text, searched as a sink is. It has no name: what looks
 * into the gateway's folder for another case must not find it. */
static bool search_scratch(struct scan_set *set, const struct buf *text,
                           struct scan_hits *hits)
{
    int fd = memfd_create("detector-control", MFD_CLOEXEC);
    bool ok =
        fd >= 0 && write(fd, text->data, text->length) == (ssize_t)text->length;
    int64_t bytes = 0;

    if (ok)
        ok = !sink_search(set, fd, 0, (int64_t)text->length, SCAN_NOTES_MOST,
                          hits, &bytes) &&
             bytes == (int64_t)text->length;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Marks what a hit shows; false when it shows nothing that was planted. */
static bool mark_found(struct planting *planting, const struct observation *o,
                       const struct scan_hit *hit)
{
    bool right = false;

    for (size_t i = 0; i < planting->count; i++) {
        struct planted *planted = &planting->items[i];

        /* Of several masks that leave as much, one is told. */
        if (planted->how == masked_name && planted->canary == hit->canary &&
            hit->head == MASKED_FIRST && hit->tail == MASKED_LAST)
            planted->found = true;
        /* One key may have two names. */
        if (hit->from >= planted->to || planted->from >= hit->to ||
            strcmp(o->canaries[planted->canary].text,
                   o->canaries[hit->canary].text) != 0)
            continue;
        right = true;
        planted->found |=
            planted->canary == hit->canary && hit->how == HIT_FULL;
    }
    return right;
}

/* The noise alone must give nothing. */
static bool noise_is_clean(struct scan_set *set)
{
    struct planting noise = { 0 };
    struct scan_hits hits = { 0 };
    bool ok;

    add_noise(&noise);
    ok = search_scratch(set, &noise.text, &hits) && hits.count == 0;
    scan_hits_release(&hits);
    buf_release(&noise.text);
    return ok;
}

static bool all_found(struct scan_set *set, struct observation *o, size_t first)
{
    struct planting planting = { 0 };
    struct scan_hits hits = { 0 };
    bool ok;

    plant_all(&planting, o, first);
    ok = search_scratch(set, &planting.text, &hits);
    for (size_t i = 0; ok && i < hits.count; i++)
        ok = mark_found(&planting, o, &hits.items[i]);
    for (size_t i = 0; ok && i < planting.count; i++) {
        ok = planting.items[i].found;
        if (!ok)
            snprintf(o->detector_missed, sizeof o->detector_missed, "%s as %s",
                     o->canaries[planting.items[i].canary].id,
                     planting.items[i].how);
    }
    xwipe(planting.text.data, planting.text.length);
    buf_release(&planting.text);
    free(planting.items);
    scan_hits_release(&hits);
    return ok;
}

void sink_control(struct scan_set *set, struct observation *o, size_t first)
{
    o->detector_missed[0] = '\0';
    o->detector_control = o->canary_count > first && noise_is_clean(set) &&
                          all_found(set, o, first);
}
