#include "harness/leaks/masked.h"

#include <string.h>

#include "harness/leaks/canary.h"

#define BRACKETED_MOST 32

/* What stands for letters that are not told, and how often it must to be a
 * mask: one dot ends a sentence. */
static const struct {
    const char *unit;
    size_t least;
} units[] = {
    { "*", 2 }, { ".", 2 }, { "\xe2\x80\xa6", 1 }, { "\xe2\x80\xa2", 2 },
    { "#", 3 },
};
/* Around a word: [REDACTED], <hidden>. */
static const char opening[] = "[<({", closing[] = "]>)}";

size_t masked_literal(const struct canary *key, bool of_end, const char **text)
{
    size_t length = strlen(key->text), fixed = canary_fixed_length(key);

    if (length < fixed + 2 * MASKED_LEAST)
        return 0;
    *text = of_end ? key->text + length - MASKED_LEAST : key->text;
    return of_end ? MASKED_LEAST : fixed + MASKED_LEAST;
}

static bool is_letter(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z');
}

/* Words, and what joins them. */
static bool is_inside(char c)
{
    return is_letter(c) || strchr(" _-*.:/", c) != NULL;
}

/* A mask that begins at `from`; its length, 0: there is none. */
static size_t mask_at(const char *bytes, size_t length, size_t from)
{
    const char *bracket;
    size_t at = from + 1;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t size = strlen(units[i].unit), count = 0;

        while (from + (count + 1) * size <= length &&
               !memcmp(bytes + from + count * size, units[i].unit, size))
            count++;
        if (count >= units[i].least)
            return count * size;
    }
    if (from >= length || !bytes[from] ||
        !(bracket = strchr(opening, bytes[from])))
        return 0;
    while (at < length && at - from < BRACKETED_MOST && bytes[at] &&
           is_inside(bytes[at]))
        at++;
    return at > from + 1 && at < length &&
                   bytes[at] == closing[bracket - opening]
               ? at + 1 - from
               : 0;
}

/* The same of one that ends at `to`. */
static size_t mask_before(const char *bytes, size_t to)
{
    const char *bracket;
    size_t at = to;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t size = strlen(units[i].unit), count = 0;

        while ((count + 1) * size <= to &&
               !memcmp(bytes + to - (count + 1) * size, units[i].unit, size))
            count++;
        if (count >= units[i].least)
            return count * size;
    }
    if (!to || !bytes[to - 1] || !(bracket = strchr(closing, bytes[to - 1])))
        return 0;
    for (at = to - 1; at > 0 && to - at < BRACKETED_MOST && bytes[at - 1] &&
                      is_inside(bytes[at - 1]);)
        at--;
    return at < to - 1 && at > 0 && bytes[at - 1] == opening[bracket - closing]
               ? to + 1 - at
               : 0;
}

/* How many of the key's first letters end at `to`. */
static size_t head_before(const char *key, const char *bytes, size_t to)
{
    for (size_t count = strlen(key) - 1; count > 0; count--)
        if (count <= to && !memcmp(bytes + to - count, key, count) &&
            (count == to || !is_letter(bytes[to - count - 1])))
            return count;
    return 0;
}

/* How many of its last ones begin at `from`, and nothing goes on behind. */
static size_t tail_at(const char *key, const char *bytes, size_t length,
                      size_t from)
{
    size_t letters = strlen(key);

    for (size_t count = letters - 1; count > 0; count--)
        if (from + count <= length &&
            !memcmp(bytes + from, key + letters - count, count) &&
            (from + count == length || !is_letter(bytes[from + count])))
            return count;
    return 0;
}

static bool read_from_head(struct masked *out, const char *key, size_t literal,
                           const char *bytes, size_t length, size_t end)
{
    size_t letters = strlen(key), mask;

    out->from = end - literal;
    out->head = literal;
    while (out->head < letters && out->from + out->head < length &&
           bytes[out->from + out->head] == key[out->head])
        out->head++;
    if (out->head == letters)
        return false;
    mask = mask_at(bytes, length, out->from + out->head);
    out->to = out->from + out->head + mask;
    out->tail = mask ? tail_at(key, bytes, length, out->to) : 0;
    out->to += out->tail;
    return mask > 0;
}

static bool read_from_tail(struct masked *out, const char *key, size_t literal,
                           const char *bytes, size_t length, size_t end)
{
    size_t letters = strlen(key), mask, from;

    if (end < length && is_letter(bytes[end]))
        return false;
    out->to = end;
    out->tail = literal;
    while (out->tail < letters && out->tail < end &&
           bytes[end - out->tail - 1] == key[letters - out->tail - 1])
        out->tail++;
    if (out->tail == letters)
        return false;
    from = end - out->tail;
    mask = mask_before(bytes, from);
    out->head = mask ? head_before(key, bytes, from - mask) : 0;
    out->from = from - mask - out->head;
    return mask > 0;
}

bool masked_read(struct masked *out, const struct canary *key, bool of_end,
                 const char *bytes, size_t length, size_t end)
{
    const char *literal;
    size_t size = masked_literal(key, of_end, &literal);

    *out = (struct masked){ 0 };
    if (of_end)
        return read_from_tail(out, key->text, size, bytes, length, end);
    return read_from_head(out, key->text, size, bytes, length, end);
}
