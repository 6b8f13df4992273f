#include "harness/launch/slot_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/drill/drill.h"

/* Gateways that start at once: all together would make each one look slow. */
#define SLOTS_STARTING_MOST 6

static bool slot_kind_equal(struct slot_kind a, struct slot_kind b)
{
    return a.wrong_key == b.wrong_key && a.shared == b.shared &&
           strcmp(a.variant ? a.variant : "", b.variant ? b.variant : "") == 0;
}

static const struct err *slots_failure(const struct slots *slots,
                                       struct slot_kind kind)
{
    for (size_t i = 0; i < slots->failure_count; i++)
        if (slot_kind_equal(slots->failures[i].kind, kind))
            return &slots->failures[i].err;
    return NULL;
}

/* An idle slot, or the one that is shared; waits while that is being made. */
static struct slot *slots_find(struct drill *drill, struct slot_kind kind)
{
    struct slots *slots = &drill->slots;

again:
    for (size_t i = 0; i < slots->count; i++) {
        struct slot *slot = slots->items[i];

        if (slot->spoiled || !slot_kind_equal(slot->kind, kind))
            continue;
        if (kind.shared && slot->opening) {
            pthread_cond_wait(&slots->changed, &drill->lock);
            goto again;
        }
        if (kind.shared || slot->users == 0)
            return slot;
    }
    return NULL;
}

static void slots_remove(struct slots *slots, const struct slot *slot)
{
    for (size_t i = 0; i < slots->count; i++) {
        if (slots->items[i] == slot) {
            slots->items[i] = slots->items[--slots->count];
            return;
        }
    }
}

static void slots_note_failure(struct slots *slots, struct slot_kind kind,
                               const struct err *err)
{
    slots->failures = xgrow(slots->failures, slots->failure_count,
                            &slots->failure_capacity, sizeof *slots->failures);
    slots->failures[slots->failure_count++] =
        (struct slot_failure){ kind, *err };
}

struct slot *slots_take(struct drill *drill, struct slot_kind kind, bool fresh,
                        struct err *err)
{
    struct slots *slots = &drill->slots;
    const struct err *failure;
    struct slot *slot = NULL;
    int64_t number;
    bool ok;

    pthread_mutex_lock(&drill->lock);
    if (!fresh)
        slot = slots_find(drill, kind);
    failure = slots_failure(slots, kind);
    if (slot || failure) {
        if (slot)
            slot->users++;
        else
            *err = *failure;
        pthread_mutex_unlock(&drill->lock);
        return slot;
    }
    slot = xcalloc(1, sizeof *slot);
    slot->kind = kind;
    slot->opening = true;
    slot->users = 1;
    slots->items = xgrow(slots->items, slots->count, &slots->capacity,
                         sizeof(struct slot *));
    slots->items[slots->count++] = slot;
    number = ++slots->made;
    while (slots->starting >= SLOTS_STARTING_MOST)
        pthread_cond_wait(&slots->changed, &drill->lock);
    slots->starting++;
    pthread_mutex_unlock(&drill->lock);

    struct slot *made = xcalloc(1, sizeof *made);
    ok = slot_open(made, drill, kind, number, err);

    pthread_mutex_lock(&drill->lock);
    slots->starting--;
    slots_remove(slots, slot);
    free(slot);
    if (ok) {
        made->users = 1;
        slots->items = xgrow(slots->items, slots->count, &slots->capacity,
                             sizeof(struct slot *));
        slots->items[slots->count++] = made;
    } else {
        slots_note_failure(slots, kind, err);
        free(made);
        made = NULL;
    }
    pthread_cond_broadcast(&slots->changed);
    pthread_mutex_unlock(&drill->lock);
    return made;
}

void slots_give_back(struct drill *drill, struct slot *slot,
                     const char *case_id, bool keep)
{
    bool close_it;

    pthread_mutex_lock(&drill->lock);
    slot->users--;
    snprintf(slot->before, sizeof slot->before, "%s", case_id);
    slot->spoiled |= !keep;
    close_it = slot->spoiled && slot->users == 0;
    if (close_it)
        slots_remove(&drill->slots, slot);
    pthread_mutex_unlock(&drill->lock);
    if (close_it) {
        slot_close(slot, drill);
        free(slot);
    }
}

void slots_close(struct drill *drill)
{
    struct slots *slots = &drill->slots;

    for (size_t i = 0; i < slots->count; i++)
        late_add_slot(drill, slots->items[i]);
    for (size_t i = 0; i < slots->count; i++)
        gateway_ask_to_stop(&slots->items[i]->gateway);
    for (size_t i = 0; i < slots->count; i++) {
        slot_close(slots->items[i], drill);
        free(slots->items[i]);
    }
    free(slots->items);
    free(slots->failures);
    slots->items = NULL;
    slots->failures = NULL;
    slots->count = slots->failure_count = 0;
}
