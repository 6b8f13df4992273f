#include "harness/evidence/forbidden.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define WINDOW     sizeof(uint64_t)
#define BITS_FIRST 10

static uint64_t window_at(const char *bytes)
{
    uint64_t window;

    memcpy(&window, bytes, sizeof window);
    return window;
}

/* Multiplicative hashing: the high bits of a product with an odd constant. */
static size_t bucket_of(const struct forbidden *set, uint64_t window)
{
    return (size_t)((window * 0x9e3779b97f4a7c15ULL) >> (64 - set->bits));
}

static void link_in(struct forbidden *set, size_t index)
{
    struct forbidden_text *one = &set->items[index];
    size_t *bucket = &set->buckets[bucket_of(set, one->window)];

    one->next = *bucket;
    *bucket = index + 1;
}

/* At least four buckets a text: nearly all of them are empty. */
static void make_room(struct forbidden *set)
{
    if (set->bits && set->count * 4 <= (size_t)1 << set->bits)
        return;
    set->bits = set->bits ? set->bits + 2 : BITS_FIRST;
    free(set->buckets);
    set->buckets = xcalloc((size_t)1 << set->bits, sizeof *set->buckets);
    for (size_t i = 0; i < set->count; i++)
        link_in(set, i);
}

void forbidden_add(struct forbidden *set, const char *id, const char *text)
{
    size_t length = strlen(text);
    struct forbidden_text *one;

    if (length < FORBIDDEN_LEAST || forbidden_find(set, text, length))
        return;
    set->items =
        xgrow(set->items, set->count, &set->capacity, sizeof *set->items);
    one = &set->items[set->count];
    /* From the middle: beginnings are often alike. */
    *one = (struct forbidden_text){ .id = xstrdup(id),
                                    .text = xstrdup(text),
                                    .length = length,
                                    .at = (length - WINDOW) / 2 };
    one->window = window_at(one->text + one->at);
    set->count++;
    if (set->bits && set->count * 4 <= (size_t)1 << set->bits)
        link_in(set, set->count - 1);
    else
        make_room(set);
}

const char *forbidden_find(const struct forbidden *set, const char *bytes,
                           size_t length)
{
    if (!set->count)
        return NULL;
    for (size_t i = 0; i + WINDOW <= length; i++) {
        uint64_t window = window_at(bytes + i);

        for (size_t k = set->buckets[bucket_of(set, window)]; k;
             k = set->items[k - 1].next) {
            const struct forbidden_text *one = &set->items[k - 1];

            if (one->window == window && i >= one->at &&
                one->length <= length - (i - one->at) &&
                !memcmp(bytes + i - one->at, one->text, one->length))
                return one->id;
        }
    }
    return NULL;
}

void forbidden_release(struct forbidden *set)
{
    for (size_t i = 0; i < set->count; i++) {
        free(set->items[i].id);
        xwipe(set->items[i].text, set->items[i].length);
        free(set->items[i].text);
    }
    free(set->items);
    free(set->buckets);
    *set = (struct forbidden){ 0 };
}
