#include "harness/leaks/scan_hits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/canary.h"

#define CANARY_MOST 256 /* bytes of a canary that pieces can make up */

void scan_hits_release(struct scan_hits *hits)
{
    free(hits->items);
    *hits = (struct scan_hits){ 0 };
}

static size_t shown(const struct scan_hit *hit)
{
    return hit->last - hit->first;
}

static bool is_masked(const struct scan_hit *hit)
{
    return hit->head + hit->tail > 0;
}

/* A digest says nothing about the bytes; a whole one beats its own pieces, and
 * a masked key the letters that are left of it. */
static bool shows_more(const struct scan_hit *a, const struct scan_hit *b)
{
    if (a->how != b->how)
        return a->how < b->how;
    if (shown(a) != shown(b))
        return shown(a) > shown(b);
    return is_masked(a) && !is_masked(b);
}

static bool overlap(const struct scan_hit *a, const struct scan_hit *b)
{
    return a->canary == b->canary && a->from < b->to && b->from < a->to;
}

/* Leaves out what shows less of the same place. False when what is there shows
 * as much. */
static bool make_room(struct scan_hits *hits, const struct scan_hit *hit)
{
    size_t kept = 0;

    for (size_t i = 0; i < hits->count; i++)
        if (overlap(&hits->items[i], hit) && !shows_more(hit, &hits->items[i]))
            return false;
    for (size_t i = 0; i < hits->count; i++)
        if (!overlap(&hits->items[i], hit))
            hits->items[kept++] = hits->items[i];
    hits->count = kept;
    return true;
}

void scan_hits_note(struct scan_hits *hits, const struct scan_hit *hit)
{
    size_t known = 0, least = 0;

    if (!make_room(hits, hit))
        return;
    for (size_t i = 0; i < hits->count; i++) {
        const struct scan_hit *old = &hits->items[i];

        if (old->canary != hit->canary)
            continue;
        if (!known++ || shows_more(&hits->items[least], old))
            least = i;
    }
    if (known >= SCAN_NOTES_MOST) {
        if (shows_more(hit, &hits->items[least]))
            hits->items[least] = *hit;
        return;
    }
    hits->items =
        xgrow(hits->items, hits->count, &hits->capacity, sizeof *hits->items);
    hits->items[hits->count++] = *hit;
}

static int by_canary_and_place(const void *a, const void *b)
{
    const struct scan_hit *left = a, *right = b;

    if (left->canary != right->canary)
        return left->canary < right->canary ? -1 : 1;
    return left->from < right->from ? -1 : left->from > right->from;
}

/* How many hits from i on are pieces of one canary, each near the one before.
 */
static size_t neighbours(const struct scan_hits *hits, size_t i)
{
    size_t count = 1;

    while (!is_masked(&hits->items[i]) && i + count < hits->count &&
           hits->items[i + count].how == HIT_PARTIAL &&
           !is_masked(&hits->items[i + count]) &&
           hits->items[i + count].canary == hits->items[i].canary &&
           hits->items[i + count].from - hits->items[i + count - 1].to <=
               SCAN_NEAR_BYTES)
        count++;
    return count;
}

/* How many of the canary's own bytes the pieces show together: the others stand
 * in every text beside it. whole: all of them. What breaks lines eats blanks,
 * and what escapes a text before it encodes it leaves only the letters. */
static size_t together(const struct scan_hit *pieces, size_t count,
                       const struct canary *canary, bool *whole)
{
    bool seen[CANARY_MOST] = { false };
    size_t sum = 0;

    for (size_t i = 0; i < count; i++)
        for (size_t b = pieces[i].first; b < pieces[i].last && b < CANARY_MOST;
             b++) {
            sum += !seen[b] && canary_is_own(canary, b);
            seen[b] = true;
        }
    *whole = strlen(canary->text) <= CANARY_MOST;
    for (size_t b = 0; *whole && canary->text[b]; b++)
        *whole = seen[b] || !canary_is_own(canary, b);
    return sum;
}

/* Pieces that are the whole canary, or enough of it although none is alone. */
static bool join(struct scan_hit *pieces, size_t count,
                 const struct needle_set *set)
{
    const struct canary *canary = &set->canaries[pieces[0].canary];
    size_t longest = 0, sum;
    char encoding[sizeof pieces->encoding];
    bool whole;

    sum = together(pieces, count, canary, &whole);
    for (size_t i = 0; i < count; i++)
        if (shown(&pieces[i]) > longest)
            longest = shown(&pieces[i]);
    if (!whole &&
        (longest >= needle_least(canary) || sum < needle_least(canary)))
        return false;
    pieces[0].how = whole ? HIT_FULL : HIT_PARTIAL;
    pieces[0].first = 0;
    pieces[0].last = sum;
    pieces[0].to = pieces[count - 1].to;
    memcpy(encoding, pieces[0].encoding, sizeof encoding);
    snprintf(pieces[0].encoding, sizeof pieces[0].encoding, "%.38s, split",
             encoding);
    return true;
}

/* Whether another mask of the same key leaves as much of it on both sides: what
 * a runbook allows is asked of the most that is left. */
static bool is_less(const struct scan_hits *hits, size_t i)
{
    const struct scan_hit *hit = &hits->items[i];

    for (size_t k = 0; k < hits->count; k++) {
        const struct scan_hit *other = &hits->items[k];
        bool same = other->head == hit->head && other->tail == hit->tail;

        if (k != i && is_masked(other) && other->canary == hit->canary &&
            other->head >= hit->head && other->tail >= hit->tail &&
            (!same || k < i))
            return true;
    }
    return false;
}

static void drop_lesser_masks(struct scan_hits *hits)
{
    size_t kept = 0;
    bool *less = xcalloc(hits->count + 1, sizeof *less);

    for (size_t i = 0; i < hits->count; i++)
        less[i] = is_masked(&hits->items[i]) && is_less(hits, i);
    for (size_t i = 0; i < hits->count; i++)
        if (!less[i])
            hits->items[kept++] = hits->items[i];
    hits->count = kept;
    free(less);
}

void scan_hits_conclude(struct scan_hits *hits, const struct needle_set *set,
                        size_t most)
{
    size_t kept = 0, told = 0, next;

    if (hits->count)
        qsort(hits->items, hits->count, sizeof *hits->items,
              by_canary_and_place);
    drop_lesser_masks(hits);
    for (size_t i = 0; i < hits->count; i = next) {
        struct scan_hit *hit = &hits->items[i];
        size_t count = neighbours(hits, i);

        next = i + 1;
        if (hit->how == HIT_PARTIAL && !is_masked(hit)) {
            if (count > 1 && join(hit, count, set))
                next = i + count;
            else if (shown(hit) < needle_least(&set->canaries[hit->canary]))
                continue;
        }
        if (kept && hits->items[kept - 1].canary != hit->canary)
            told = 0;
        if (is_masked(hit) || told++ < most)
            hits->items[kept++] = *hit;
    }
    hits->count = kept;
}
