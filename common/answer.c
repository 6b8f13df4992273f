#include "common/answer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

const char *const answer_shape_names[] = { "none",     "complete", "cut",
                                           "repeated", "spliced",  "gapped",
                                           "foreign",  NULL };

const char answer_characters[] = "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
                                 "\xf0\x9f\x98\x80 ";

/* Epochs of one case differ in the tag for certain, cases by chance of one in
 * 65,536. */
uint16_t answer_tag(struct drill_id id)
{
    uint64_t mixed = id.nonce * 0x9e3779b97f4a7c15u;

    return (uint16_t)((mixed >> 48) + id.epoch);
}

void answer_add_token(struct buf *out, const struct answer_token *token)
{
    buf_printf(out, "%s-%" PRId64 "-%" PRId64 "of%" PRId64 "-%04x ",
               token->upstream, token->attempt, token->index, token->count,
               (unsigned)token->tag);
}

/* A place in the text and its end. */
struct cursor {
    const char *at;
    const char *end;
};

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool take_text(struct cursor *c, const char *text)
{
    size_t length = strlen(text);

    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0)
        return false;
    c->at += length;
    return true;
}

static bool take_name(struct cursor *c, char out[static UPSTREAM_NAME_SIZE])
{
    size_t length = 0;

    while (c->at + length < c->end && length < UPSTREAM_NAME_SIZE &&
           is_name_byte(c->at[length]))
        length++;
    if (!length || length >= UPSTREAM_NAME_SIZE || c->at[0] < 'a')
        return false;
    memcpy(out, c->at, length);
    out[length] = '\0';
    c->at += length;
    return true;
}

/* 1 to 9 digits, no leading zero. */
static bool take_number(struct cursor *c, int64_t *out)
{
    size_t digits = 0;

    *out = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        if ((!digits && *c->at == '0') || digits == 9)
            return false;
        *out = *out * 10 + (*c->at - '0');
        c->at++;
        digits++;
    }
    return digits > 0;
}

/* Four digits; a further letter or digit means it is something else. */
static bool take_tag(struct cursor *c, uint16_t *out)
{
    unsigned value = 0;

    if (c->end - c->at < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        char digit = *c->at++;

        if (!is_name_byte(digit) || digit > 'f')
            return false;
        value = value * 16 +
                (unsigned)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    }
    *out = (uint16_t)value;
    return c->at == c->end || !is_name_byte(*c->at);
}

static bool take_token(struct cursor *c, struct answer_token *token)
{
    *token = (struct answer_token){ 0 };
    return take_name(c, token->upstream) && take_text(c, "-") &&
           take_number(c, &token->attempt) && take_text(c, "-") &&
           take_number(c, &token->index) && take_text(c, "of") &&
           take_number(c, &token->count) && take_text(c, "-") &&
           take_tag(c, &token->tag);
}

void answer_find_tokens(struct answer_tokens *out, const char *text,
                        size_t length)
{
    struct cursor c = { text, text + length };

    /* Tried at every byte: two answers glued together leave no space before
     * the second one's first token. */
    while (c.at < c.end) {
        struct cursor here = c;
        struct answer_token token;

        if (!take_token(&here, &token)) {
            c.at++;
            continue;
        }
        out->items =
            xgrow(out->items, out->count, &out->capacity, sizeof *out->items);
        out->items[out->count++] = token;
        c = here;
    }
}

void answer_tokens_release(struct answer_tokens *tokens)
{
    if (!tokens)
        return;
    free(tokens->items);
    *tokens = (struct answer_tokens){ 0 };
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

static bool repeats(const struct answer_tokens *tokens)
{
    int64_t *indexes = xcalloc(tokens->count, sizeof *indexes);
    bool twice = false;

    for (size_t i = 0; i < tokens->count; i++)
        indexes[i] = tokens->items[i].index;
    qsort(indexes, tokens->count, sizeof *indexes, compare);
    for (size_t i = 1; i < tokens->count; i++)
        twice = twice || indexes[i] == indexes[i - 1];
    free(indexes);
    return twice;
}

enum answer_shape answer_judge(const struct answer_tokens *tokens,
                               uint16_t expected_tag)
{
    const struct answer_token *first = tokens->items;
    bool spliced = false;
    bool in_order = true;

    if (!tokens->count)
        return ANSWER_NONE;
    for (size_t i = 0; i < tokens->count; i++) {
        const struct answer_token *token = &tokens->items[i];

        if (token->tag != expected_tag)
            return ANSWER_FOREIGN;
        spliced = spliced || strcmp(token->upstream, first->upstream) ||
                  token->attempt != first->attempt;
        in_order = in_order && token->index == (int64_t)i + 1 &&
                   token->count == first->count && token->index <= token->count;
    }
    if (spliced)
        return ANSWER_SPLICED;
    if (repeats(tokens))
        return ANSWER_REPEATED;
    if (!in_order)
        return ANSWER_GAPPED;
    return (int64_t)tokens->count == first->count ? ANSWER_COMPLETE
                                                  : ANSWER_CUT;
}
