#include "harness/evidence/forbidden.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/canary.h"
#include "harness/leaks/needle.h"
#include "harness/leaks/view.h"

#define WINDOW         8
#define BITS_FIRST     12
#define FILTER_BITS    3 /* more than a bucket's number has */
#define CONCEALED_MOST 64

/* --- what is looked for -------------------------------------------------- */

/* Letters that an anchor may be written with in each other's place, as
 * needle_stands() sees it, are one: cases, and the alphabets of base64. */
static uint8_t folded(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c | 0x20);
    if (c == ' ' || c == '-')
        return '+';
    return (uint8_t)(c == '_' ? '/' : c);
}

/* The high bits of a product with an odd constant. */
static uint64_t hash_of(uint64_t window)
{
    return window * 0x9e3779b97f4a7c15ULL;
}

static uint64_t next_window(uint64_t window, char c)
{
    return window >> 8 | (uint64_t)folded(c) << (8 * (WINDOW - 1));
}

/* Of a bucket, which is some of them. */
static size_t part_of(const struct forbidden *set, uint64_t hash)
{
    return (size_t)(hash >> (64 - set->bits - FILTER_BITS));
}

static void link_in(struct forbidden *set, size_t index)
{
    struct forbidden_mark *mark = &set->marks[index];
    size_t part = part_of(set, mark->hash);
    uint32_t *bucket = &set->buckets[part >> FILTER_BITS];

    set->filter[part / 8] |= (uint8_t)(1U << part % 8);
    mark->next = *bucket;
    *bucket = (uint32_t)(index + 1);
}

/* At least two buckets a mark: nearly all parts of them are empty. What is left
 * behind is wiped. */
static void make_room(struct forbidden *set)
{
    struct forbidden_mark *old = set->marks;

    if (set->bits && set->mark_count * 2 < (size_t)1 << set->bits)
        return;
    set->bits = set->bits ? set->bits + 2 : BITS_FIRST;
    set->marks = xcalloc((size_t)1 << (set->bits - 1), sizeof *set->marks);
    if (old)
        memcpy(set->marks, old, set->mark_count * sizeof *old);
    xwipe(old, set->mark_count * sizeof *old);
    free(old);
    free(set->buckets);
    free(set->filter);
    set->buckets = xcalloc((size_t)1 << set->bits, sizeof *set->buckets);
    set->filter = xcalloc((size_t)1 << set->bits, sizeof *set->filter);
    for (size_t i = 0; i < set->mark_count; i++)
        link_in(set, i);
}

/* False for an anchor too short to be looked for. */
static bool hash_anchor(uint64_t *hash, const struct needle_set *needles,
                        size_t anchor)
{
    const struct needle_anchor *at = &needles->anchors[anchor];
    const char *bytes = needles->needles[at->needle].coded.bytes.data + at->at;
    uint64_t window = 0;

    if (at->length < WINDOW)
        return false;
    for (size_t i = 0; i < WINDOW; i++)
        window = next_window(window, bytes[i]);
    *hash = hash_of(window);
    return true;
}

static bool is_there(const struct forbidden *set, const char *text,
                     uint64_t hash)
{
    size_t k = set->bits ? set->buckets[part_of(set, hash) >> FILTER_BITS] : 0;

    for (; k; k = set->marks[k - 1].next)
        if (strcmp(set->items[set->marks[k - 1].item].text, text) == 0)
            return true;
    return false;
}

static void add_marks(struct forbidden *set, const struct needle_set *needles)
{
    uint64_t hash;

    for (size_t i = 0; i < needles->anchor_count; i++) {
        if (!hash_anchor(&hash, needles, i))
            continue;
        make_room(set);
        set->marks[set->mark_count++] =
            (struct forbidden_mark){ .hash = hash,
                                     .item = (uint32_t)(set->count - 1),
                                     .anchor = (uint32_t)i,
                                     .length =
                                         (uint32_t)needles->anchors[i].length };
        link_in(set, set->mark_count - 1);
    }
}

void forbidden_add(struct forbidden *set, const struct canary *canary)
{
    struct needle_set needles;
    uint64_t hash;

    if (strlen(canary->text) < FORBIDDEN_LEAST)
        return;
    needle_set_fill(&needles, canary, 1);
    /* The first anchor is a piece of the text as it is. */
    if (hash_anchor(&hash, &needles, 0) && !is_there(set, canary->text, hash)) {
        set->items =
            xgrow(set->items, set->count, &set->capacity, sizeof *set->items);
        canary_copy(&set->items[set->count++], canary);
        add_marks(set, &needles);
        if (needles.longest > set->longest)
            set->longest = needles.longest;
    }
    needle_set_release(&needles);
}

/* --- looking ------------------------------------------------------------- */

/* Behind a match: where what follows it begins, since its last letter may have
 * been an escape. */
static size_t end_of(const struct tape *tape, size_t to)
{
    return (size_t)(to < tape->length ? tape_origin(tape, to)
                                      : tape_origin(tape, to - 1) + 1);
}

/* Whether a text of which an anchor may end at `end` is really there. */
static bool confirm(const struct forbidden *set,
                    const struct forbidden_mark *mark, const struct tape *tape,
                    size_t end, struct forbidden_place *place)
{
    const struct canary *canary = &set->items[mark->item];
    struct needle_set needles;
    struct needle_match match;
    bool there;

    if (end > tape->length)
        return false;
    needle_set_fill(&needles, canary, 1);
    there = needle_stands(&needles, mark->anchor, tape->data, end);
    if (there) {
        needle_extend(&match, &needles, mark->anchor, tape->data, tape->length,
                      end);
        there = match.whole || match.last - match.first >= needle_least(canary);
        *place = (struct forbidden_place){
            .id = canary->id,
            .coding = needles.needles[match.needle].coder->name,
            .from = (size_t)tape_origin(tape, match.from),
            .to = end_of(tape, match.to),
        };
    }
    needle_set_release(&needles);
    return there;
}

static bool look(const struct forbidden *set, const struct tape *tape,
                 struct forbidden_place *place)
{
    uint64_t window = 0;

    for (size_t i = 0; i < tape->length; i++) {
        uint64_t hash;
        size_t part;

        window = next_window(window, tape->data[i]);
        hash = hash_of(window);
        part = part_of(set, hash);
        if (i + 1 < WINDOW || !(set->filter[part / 8] >> part % 8 & 1))
            continue;
        for (size_t k = set->buckets[part >> FILTER_BITS]; k;
             k = set->marks[k - 1].next) {
            const struct forbidden_mark *mark = &set->marks[k - 1];

            if (mark->hash == hash &&
                confirm(set, mark, tape, i + 1 - WINDOW + mark->length, place))
                return true;
        }
    }
    return false;
}

/* Which views are made of which; the first is the text itself. */
static const struct {
    size_t of;
    view *make;
} views[] = {
    { 0, NULL },          { 0, view_unescape }, { 1, view_unescape },
    { 2, view_unescape }, { 0, view_lines },    { 1, view_lines },
};
#define VIEWS (sizeof views / sizeof *views)

const char *forbidden_find(const struct forbidden *set, const char *bytes,
                           size_t length, struct forbidden_place *place)
{
    struct forbidden_place here = { 0 };
    struct tape_mark beginning = { 0 };
    struct tape tapes[VIEWS] = { 0 }, text = { .length = length,
                                               .marks = &beginning,
                                               .mark_count = 1 };
    bool found;

    if (!set->count)
        return NULL;
    /* A view reads it and writes another one. */
    memcpy(&text.data, &bytes, sizeof bytes);
    found = look(set, &text, &here);
    for (size_t i = 1; i < VIEWS && !found; i++) {
        const struct tape *of = views[i].of ? &tapes[views[i].of] : &text;
        const struct view_request request = { .reach = set->longest };

        if (of->length)
            views[i].make(&tapes[i], of, &request);
        found = look(set, &tapes[i], &here);
    }
    for (size_t i = 1; i < VIEWS; i++)
        tape_release(&tapes[i]);
    if (place)
        *place = here;
    return found ? here.id : NULL;
}

void forbidden_conceal(const struct forbidden *set, struct buf *text)
{
    struct forbidden_place place;

    for (size_t i = 0; text->length; i++) {
        struct buf safe = { 0 };
        bool found = forbidden_find(set, text->data, text->length, &place);

        if (!found)
            return;
        /* More than anybody needs to read. */
        if (i == CONCEALED_MOST)
            place.from = 0, place.to = text->length;
        buf_add(&safe, text->data, place.from);
        buf_printf(&safe, "[%s]", place.id);
        buf_add(&safe, text->data + place.to, text->length - place.to);
        xwipe(text->data, text->length);
        buf_release(text);
        *text = safe;
    }
}

void forbidden_release(struct forbidden *set)
{
    for (size_t i = 0; i < set->count; i++)
        canary_release(&set->items[i]);
    xwipe(set->marks, set->mark_count * sizeof *set->marks);
    free(set->items);
    free(set->marks);
    free(set->buckets);
    free(set->filter);
    *set = (struct forbidden){ 0 };
}
