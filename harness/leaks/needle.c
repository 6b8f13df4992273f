#include "harness/leaks/needle.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/canary.h"

#define ANCHOR_BYTES 8 /* of the canary: by chance once in 10^12 bytes */

size_t needle_least(const struct canary *canary)
{
    size_t least = canary->kind == CANARY_CREDENTIAL ? NEEDLE_LEAST_CREDENTIAL
                                                     : NEEDLE_LEAST_TEXT;
    size_t length = strlen(canary->text);

    return length < least ? length : least;
}

/* The coded bytes that follow from bytes from..to of the canary alone. */
static void add_anchor(struct needle_set *set, size_t index, size_t from,
                       size_t to)
{
    const struct needle *needle = &set->needles[index];
    const struct coded *coded = &needle->coded;
    size_t start = coded->start[from], end = coded->start[to];

    /* A character that straddles the border belongs to what follows. */
    if (needle->coder->bits && to < coded->length && 8 % needle->coder->bits)
        end--;
    if (end <= start)
        return;
    set->anchors[set->anchor_count++] = (struct needle_anchor){
        .needle = index, .at = start, .length = end - start
    };
}

/* The first piece of a canary's own part, and the last where that is worth a
 * literal; of plain text every piece, so that 16 bytes from anywhere hold one.
 */
static void add_anchors(struct needle_set *set, size_t index)
{
    const struct needle *needle = &set->needles[index];
    const struct canary *canary = &set->canaries[needle->canary];
    size_t length = needle->coded.length, fixed = canary_fixed_length(canary);
    bool all = needle->coder->traits & CODER_EVERY_PIECE;

    if (length < fixed + ANCHOR_BYTES ||
        (needle->coder->traits & CODER_DERIVED)) {
        add_anchor(set, index, 0, length);
        return;
    }
    for (size_t at = fixed; at + ANCHOR_BYTES <= length; at += ANCHOR_BYTES) {
        add_anchor(set, index, at, at + ANCHOR_BYTES);
        if (!all)
            break;
    }
    if (needle->coder->traits & CODER_BOTH_ENDS)
        add_anchor(set, index, length - ANCHOR_BYTES, length);
}

static size_t needles_of(const struct canary *canary)
{
    size_t count = 0;

    for (const struct coder *coder = coders; coder->name; coder++)
        if (canary->kind == CANARY_CREDENTIAL ||
            !(coder->traits & CODER_CREDENTIALS))
            count += coder->phases;
    return count;
}

static void add_needles(struct needle_set *set, size_t canary)
{
    const struct canary *from = &set->canaries[canary];

    for (const struct coder *coder = coders; coder->name; coder++) {
        if (from->kind != CANARY_CREDENTIAL &&
            (coder->traits & CODER_CREDENTIALS))
            continue;
        for (size_t phase = 0; phase < coder->phases; phase++) {
            struct needle *needle = &set->needles[set->needle_count++];

            needle->canary = canary;
            needle->coder = coder;
            coder_encode(&needle->coded, coder, from->text, phase);
            if (needle->coded.bytes.length > set->longest)
                set->longest = needle->coded.bytes.length;
        }
    }
}

static struct literal_set *compile(const struct needle_set *set,
                                   const struct literal *more,
                                   size_t more_count, struct err *err)
{
    size_t first = set->base ? set->base->anchor_count : 0;
    size_t count = set->anchor_count - first + more_count;
    struct literal *literals = xcalloc(count + 1, sizeof *literals);
    struct literal_set *out;

    for (size_t i = first; i < set->anchor_count; i++) {
        const struct needle_anchor *anchor = &set->anchors[i];
        const struct needle *needle = &set->needles[anchor->needle];

        literals[i - first] = (struct literal){
            .bytes = needle->coded.bytes.data + anchor->at,
            .length = anchor->length,
            .folded =
                needle->coder->traits & (CODER_FOLDS | CODER_TELLS_FOLDED),
        };
    }
    for (size_t i = 0; i < more_count; i++)
        literals[set->anchor_count - first + i] = more[i];
    out = literal_set_new(literals, count, first, err);
    free(literals);
    return out;
}

void needle_set_fill(struct needle_set *out, const struct canary *canaries,
                     size_t count)
{
    size_t needles = 0, anchors = 0;

    *out = (struct needle_set){ .canaries = canaries, .canary_count = count };
    for (size_t i = 0; i < count; i++)
        needles += needles_of(&canaries[i]);
    out->needles = xcalloc(needles + 1, sizeof *out->needles);
    for (size_t i = 0; i < count; i++)
        if (canaries[i].text[0])
            add_needles(out, i);
    for (size_t i = 0; i < out->needle_count; i++)
        anchors += out->needles[i].coded.length / ANCHOR_BYTES + 2;
    out->anchors = xcalloc(anchors + 1, sizeof *out->anchors);
    for (size_t i = 0; i < out->needle_count; i++)
        add_anchors(out, i);
}

bool needle_set_init(struct needle_set *out, const struct canary *canaries,
                     size_t count, const struct literal *more,
                     size_t more_count, const struct needle_set *base,
                     struct err *err)
{
    needle_set_fill(out, canaries, count);
    out->base = base;
    out->literals = compile(out, more, more_count, err);
    if (out->literals)
        return true;
    needle_set_release(out);
    return false;
}

bool needle_set_search(const struct needle_set *set, const char *bytes,
                       size_t length, literal_found *found, void *context)
{
    return (!set->base ||
            needle_set_search(set->base, bytes, length, found, context)) &&
           literal_begin(set->literals) &&
           literal_piece(set->literals, bytes, length, found, context);
}

void needle_set_release(struct needle_set *set)
{
    literal_set_free(set->literals);
    for (size_t i = 0; i < set->needle_count; i++)
        coded_release(&set->needles[i].coded);
    free(set->needles);
    free(set->anchors);
    *set = (struct needle_set){ 0 };
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Which characters another alphabet or a form's body writes instead. */
static bool stands_for(const struct coder *coder, char wanted, char there)
{
    if (coder == coders)
        return wanted == ' ' && there == '+';
    return coder->bits == 6 &&
           ((wanted == '+' && there == '-') || (wanted == '/' && there == '_'));
}

static bool same(const struct coder *coder, char wanted, char there,
                 bool *folded)
{
    if (wanted == there || stands_for(coder, wanted, there))
        return true;
    if (!(coder->traits & (CODER_FOLDS | CODER_TELLS_FOLDED)) ||
        lower(wanted) != lower(there))
        return false;
    *folded = *folded || (coder->traits & CODER_TELLS_FOLDED);
    return true;
}

bool needle_stands(const struct needle_set *set, size_t anchor,
                   const char *bytes, size_t end)
{
    const struct needle_anchor *at = &set->anchors[anchor];
    const struct needle *needle = &set->needles[at->needle];
    const char *wanted = needle->coded.bytes.data + at->at;
    bool folded = false;

    if (end < at->length)
        return false;
    for (size_t i = 0; i < at->length; i++)
        if (!same(needle->coder, wanted[i], bytes[end - at->length + i],
                  &folded))
            return false;
    return true;
}

/* Of the canary, when so many coded bytes of it are there. Where characters
 * straddle bytes the last one of a cut text says less, yet enough. */
static size_t last_shown(const struct needle *needle, size_t coded_bytes)
{
    const struct coded *coded = &needle->coded;
    bool straddles = needle->coder->bits && 8 % needle->coder->bits;
    size_t last = coded->length;

    while (last > 0 && (straddles ? coded->start[last - 1] >= coded_bytes
                                  : coded->start[last] > coded_bytes))
        last--;
    return last;
}

void needle_extend(struct needle_match *out, const struct needle_set *set,
                   size_t anchor, const char *bytes, size_t length, size_t end)
{
    const struct needle_anchor *at = &set->anchors[anchor];
    const struct needle *needle = &set->needles[at->needle];
    const struct coded *coded = &needle->coded;
    const char *wanted = coded->bytes.data;
    size_t a = at->at, b = at->at + at->length;

    *out = (struct needle_match){ .needle = at->needle,
                                  .from = end - at->length,
                                  .to = end };
    for (size_t i = a; i < b; i++)
        same(needle->coder, wanted[i], bytes[out->from + i - a], &out->folded);
    while (a > 0 && out->from > 0 &&
           same(needle->coder, wanted[a - 1], bytes[out->from - 1],
                &out->folded)) {
        a--;
        out->from--;
    }
    while (b < coded->bytes.length && out->to < length &&
           same(needle->coder, wanted[b], bytes[out->to], &out->folded)) {
        b++;
        out->to++;
    }
    while (coded->start[out->first] < a)
        out->first++;
    out->last = last_shown(needle, b);
    if (out->last < out->first)
        out->last = out->first;
    out->whole = a == 0 && b == coded->bytes.length;
}
