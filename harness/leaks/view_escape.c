#include "harness/leaks/view.h"

#include <string.h>

static int digit(char c, unsigned base)
{
    int value = -1;

    if (c >= '0' && c <= '9')
        value = c - '0';
    else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
        value = (c | 0x20) - 'a' + 10;
    return value >= 0 && (unsigned)value < base ? value : -1;
}

/* Digits from `at` on, at most `most` of them. Returns how many. */
static size_t number(const char *bytes, size_t length, size_t at, size_t most,
                     unsigned base, unsigned *value)
{
    size_t count = 0;

    *value = 0;
    while (count < most && at + count < length &&
           digit(bytes[at + count], base) >= 0) {
        *value = *value * base + (unsigned)digit(bytes[at + count], base);
        count++;
    }
    return count;
}

/* 0 for what is no code point. */
static size_t put_utf8(char out[static 4], unsigned point)
{
    if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000))
        return 0;
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* \u0041, a pair of surrogates, or Rust's \u{41}. */
static size_t unicode(const char *bytes, size_t length, char out[static 4],
                      size_t *out_length)
{
    unsigned point, low;
    size_t used = 6;

    if (length > 2 && bytes[2] == '{') {
        size_t digits = number(bytes, length, 3, 6, 16, &point);

        used = 4 + digits;
        if (!digits || used > length || bytes[used - 1] != '}')
            return 0;
    } else if (number(bytes, length, 2, 4, 16, &point) != 4) {
        return 0;
    }
    if (point >= 0xd800 && point < 0xdc00 && length >= 12 && bytes[6] == '\\' &&
        bytes[7] == 'u' && number(bytes, length, 8, 4, 16, &low) == 4 &&
        low >= 0xdc00 && low < 0xe000) {
        point = 0x10000 + ((point & 0x3ff) << 10 | (low & 0x3ff));
        used = 12;
    }
    *out_length = put_utf8(out, point);
    return *out_length ? used : 0;
}

static size_t backslash(const char *bytes, size_t length, char out[static 4],
                        size_t *out_length)
{
    static const char letters[] = "\"\\/'bfnrt0", meant[] = "\"\\/'\b\f\n\r\t";
    const char *letter;
    unsigned value;

    if (length < 2)
        return 0;
    if (bytes[1] == 'u')
        return unicode(bytes, length, out, out_length);
    *out_length = 1;
    if (bytes[1] == 'x') {
        if (number(bytes, length, 2, 2, 16, &value) != 2)
            return 0;
        out[0] = (char)value;
        return 4;
    }
    if (number(bytes, length, 1, 3, 8, &value) == 3 && value < 256) {
        out[0] = (char)value;
        return 4;
    }
    letter = bytes[1] ? strchr(letters, bytes[1]) : NULL;
    if (!letter)
        return 0;
    out[0] = meant[letter - letters];
    return 2;
}

static size_t percent(const char *bytes, size_t length, char out[static 4],
                      size_t *out_length)
{
    unsigned value;

    if (number(bytes, length, 1, 2, 16, &value) != 2)
        return 0;
    out[0] = (char)value;
    *out_length = 1;
    return 3;
}

static const struct {
    const char *name;
    unsigned point;
} entities[] = {
    { "amp;", '&' },    { "lt;", '<' },        { "gt;", '>' },
    { "quot;", '"' },   { "apos;", '\'' },     { "sol;", '/' },
    { "plus;", '+' },   { "bsol;", '\\' },     { "NewLine;", '\n' },
    { "nbsp;", 0xa0 },  { "eacute;", 0xe9 },   { "equals;", '=' },
    { "colon;", ':' },  { "num;", '#' },       { "percnt;", '%' },
    { "lowbar;", '_' }, { "hyphen;", 0x2010 }, { NULL, 0 }
};

static size_t entity(const char *bytes, size_t length, char out[static 4],
                     size_t *out_length)
{
    unsigned point = 0;
    size_t digits, prefix = 2;

    if (length > 2 && bytes[1] == '#') {
        bool hex = (bytes[2] | 0x20) == 'x';

        prefix += hex;
        digits = number(bytes, length, prefix, 7, hex ? 16 : 10, &point);
        if (!digits || prefix + digits >= length ||
            bytes[prefix + digits] != ';')
            return 0;
        *out_length = put_utf8(out, point);
        return *out_length ? prefix + digits + 1 : 0;
    }
    for (size_t i = 0; entities[i].name; i++) {
        size_t name = strlen(entities[i].name);

        if (length <= name || bytes[1] != entities[i].name[0] ||
            memcmp(bytes + 1, entities[i].name, name) != 0)
            continue;
        *out_length = put_utf8(out, entities[i].point);
        return 1 + name;
    }
    return 0;
}

size_t view_escape(const char *bytes, size_t length, char out[static 4],
                   size_t *out_length, unsigned *kind)
{
    *out_length = 0;
    if (!length)
        return 0;
    switch (bytes[0]) {
    case '\\':
        *kind = TAPE_JSON;
        return backslash(bytes, length, out, out_length);
    case '%':
        *kind = TAPE_PERCENT;
        return percent(bytes, length, out, out_length);
    case '&':
        *kind = TAPE_ENTITY;
        return entity(bytes, length, out, out_length);
    default:
        return 0;
    }
}
