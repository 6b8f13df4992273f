#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/masked.h"
#include "harness/leaks/scan.h"
#include "harness/leaks/unpack.h"
#include "harness/leaks/view.h"

struct literals {
    struct literal *items;
    size_t count, capacity;
};

static void add_literal(struct literals *out, const char *bytes, size_t length)
{
    out->items =
        xgrow(out->items, out->count, &out->capacity, sizeof *out->items);
    out->items[out->count++] =
        (struct literal){ .bytes = bytes, .length = length };
}

/* Of each key its beginning and its end. Returns whose they are. */
static size_t *add_masked(struct literals *out, const struct canary *canaries,
                          size_t count)
{
    size_t *owners = xcalloc(count + 1, sizeof *owners), found = 0;

    for (size_t i = 0; i < count; i++) {
        const char *head, *tail;
        size_t head_length, tail_length;

        if (canaries[i].kind != CANARY_CREDENTIAL)
            continue;
        head_length = masked_literal(&canaries[i], false, &head);
        tail_length = masked_literal(&canaries[i], true, &tail);
        if (!head_length || !tail_length)
            continue;
        owners[found++] = i;
        add_literal(out, head, head_length);
        add_literal(out, tail, tail_length);
    }
    return owners;
}

bool scan_set_init(struct scan_set *out, const struct canary *canaries,
                   size_t count, struct err *err)
{
    return scan_set_init_upon(out, NULL, canaries, count, err);
}

bool scan_set_init_upon(struct scan_set *out, const struct needle_set *base,
                        const struct canary *canaries, size_t count,
                        struct err *err)
{
    struct literals more = { 0 };
    size_t magics, events;
    bool ok;

    *out = (struct scan_set){ 0 };
    for (size_t i = 0; unpack_magics[i].name; i++)
        add_literal(&more, unpack_magics[i].bytes, unpack_magics[i].length);
    magics = more.count;
    for (size_t i = 0; view_event_keys[i]; i++)
        add_literal(&more, view_event_keys[i], strlen(view_event_keys[i]));
    events = more.count;
    out->masked = add_masked(&more, canaries, count);
    ok = needle_set_init(&out->needles, canaries, count, more.items, more.count,
                         base, err);
    free(more.items);
    if (!ok) {
        free(out->masked);
        return false;
    }
    out->magic_first = out->needles.anchor_count;
    out->event_first = out->magic_first + magics;
    out->masked_first = out->magic_first + events;
    return true;
}

void scan_set_release(struct scan_set *set)
{
    needle_set_release(&set->needles);
    free(set->masked);
    set->masked = NULL;
}
