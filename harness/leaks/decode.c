#include "harness/leaks/decode.h"

#include <string.h>

#include "harness/leaks/letter.h"

#define DUMP_LINE_BYTES  16  /* then come the same as letters */
#define DUMP_PREFIX_MOST 160 /* of a log line before a dump's offset */
#define OFFSET_DIGITS    4
#define PAIRS_MOST       4 /* of plain letters, in UTF-16 */

const char *const decode_names[] = {
    [DECODE_BASE64] = "base64",       [DECODE_HEX] = "hex",
    [DECODE_DUMP] = "hexdump",        [DECODE_HEXES] = "bytes",
    [DECODE_NUMBERS] = "bytes",       [DECODE_OCTALS] = "bytes",
    [DECODE_UTF16_LITTLE] = "utf-16", [DECODE_UTF16_BIG] = "utf-16",
};

/* Where in a run the last letter stood. */
enum {
    AT_WORD,   /* of a dump: before its offset */
    AT_OFFSET, /* behind it */
    AT_BYTES,
    AT_REST,  /* of a dump: the same as letters */
    AT_BREAK, /* behind a line end */
    AT_PREFIX /* behind 0x */
};

void decode_begin(struct decode *decode, const struct decode_run *run)
{
    decode->kind = run->kind;
    decode->escaped = run->escaped;
    decode->state = run->kind == DECODE_DUMP ? AT_WORD : AT_BYTES;
    decode->value = decode->digits = 0;
    decode->column = decode->blanks = decode->made = decode->filled = 0;
}

static void put(struct decode *decode, unsigned byte)
{
    decode->output[decode->filled++] = (char)(byte & 255);
    decode->made++;
}

/* Behind a line end whose line held no broken group, indentation may follow. */
static bool take_break(struct decode *decode, unsigned c, unsigned group)
{
    if (c == '\r')
        return true;
    if (c == ' ' || c == '\t')
        return decode->state == AT_BREAK;
    if (c != '\n' || decode->state == AT_BREAK || decode->column % group)
        return false;
    decode->state = AT_BREAK;
    decode->column = 0;
    return true;
}

static bool take_base64(struct decode *decode, unsigned c)
{
    int value = letter_base64[c];

    if (value < 0)
        return take_break(decode, c, 4);
    decode->state = AT_BYTES;
    decode->value = decode->value << 6 | (unsigned)value;
    decode->column++;
    if (++decode->digits == 4) {
        put(decode, decode->value >> 16);
        put(decode, decode->value >> 8);
        put(decode, decode->value);
        decode->value = decode->digits = 0;
    }
    return true;
}

static bool take_hex(struct decode *decode, unsigned c)
{
    int value = letter_digit(c, 16);

    if (value < 0)
        return take_break(decode, c, 2);
    decode->state = AT_BYTES;
    decode->value = decode->value << 4 | (unsigned)value;
    decode->column++;
    if (++decode->digits == 2) {
        put(decode, decode->value);
        decode->value = decode->digits = 0;
    }
    return true;
}

/* A number of a list is over. */
static bool end_number(struct decode *decode, unsigned base)
{
    bool prefixed = decode->state == AT_PREFIX;
    bool ok = decode->value < 256;

    if (base == 16)
        ok = prefixed ? decode->digits <= 2 : decode->digits == 2;
    if (base == 8)
        ok = ok && decode->digits == 3;
    if (decode->digits && ok)
        put(decode, decode->value);
    ok = ok || !decode->digits;
    decode->value = decode->digits = 0;
    decode->state = AT_BYTES;
    return ok;
}

static bool take_number(struct decode *decode, unsigned c)
{
    unsigned base = decode->kind == DECODE_HEXES     ? 16
                    : decode->kind == DECODE_NUMBERS ? 10
                                                     : 8;
    int value = letter_digit(c, base);

    if (value >= 0) {
        decode->value = decode->value * base + (unsigned)value;
        return ++decode->digits <= 3;
    }
    if ((c | 0x20) == 'x' && base == 16 && decode->digits == 1 &&
        !decode->value) {
        decode->digits = 0;
        decode->state = AT_PREFIX;
        return true;
    }
    return letter_classes[c] & LETTER_SEPARATES && end_number(decode, base);
}

/* --- dumps: an offset, bytes in hex, the same as letters ------------------ */

static void begin_word(struct decode *decode)
{
    decode->value = decode->digits = 0;
}

/* Digits that are over and no bytes: an offset, or a word before it. */
static void end_word(struct decode *decode)
{
    decode->state = decode->digits >= OFFSET_DIGITS && decode->digits <= 16
                        ? AT_OFFSET
                        : AT_WORD;
    begin_word(decode);
}

/* Groups of one, two or four bytes; before the first one eight digits are
 * another offset: what stood there was a number of a log line. */
static void end_group(struct decode *decode, unsigned c)
{
    unsigned bytes = decode->digits / 2;
    bool whole = decode->digits % 2 == 0 && bytes <= 4 && bytes != 3;

    if (!decode->digits)
        return;
    if (decode->column == 0 && (!whole || c == ':' || bytes == 4)) {
        end_word(decode);
        return;
    }
    if (!whole) {
        decode->state = AT_REST;
        return;
    }
    for (unsigned i = bytes; i--;)
        put(decode, decode->value >> (8 * i));
    decode->column += bytes;
    begin_word(decode);
    if (decode->column >= DUMP_LINE_BYTES)
        decode->state = AT_REST;
}

static bool end_line(struct decode *decode)
{
    /* hexdump writes "*" for lines that repeat. */
    bool ok = decode->column > 0 || decode->blanks == 1;

    if (decode->state == AT_BYTES)
        end_group(decode, '\n');
    ok = ok || decode->column > 0;
    decode->state = AT_WORD;
    begin_word(decode);
    decode->column = decode->blanks = 0;
    return ok;
}

static bool is_blank(unsigned c)
{
    return c == ' ' || c == '\t';
}

static bool take_word(struct decode *decode, unsigned c, int value)
{
    bool first = decode->blanks++ == 0;

    if (decode->blanks > DUMP_PREFIX_MOST)
        return false;
    if (value >= 0) {
        /* Digits behind a letter of a word are none: 17 are too many. */
        decode->digits += decode->digits <= 16;
    } else if (is_blank(c) || c == ':' || c == '|' || c == '\r') {
        end_word(decode);
    } else if (c == '*' && first) {
        decode->blanks = 1;
    } else {
        /* A letter spoils the word; what is none begins another. */
        bool letter = letter_base64[c] >= 0 && c != '-' && c != '/' && c != '+';

        decode->digits =
            letter && !((c | 0x20) == 'x' && decode->digits == 1) ? 17 : 0;
    }
    if (decode->state == AT_OFFSET)
        decode->blanks = 0;
    return true;
}

static void take_byte(struct decode *decode, unsigned c, int value)
{
    if (value >= 0) {
        decode->state = AT_BYTES;
        decode->value = decode->value << 4 | (unsigned)value;
        decode->digits++;
        decode->blanks = 0;
        return;
    }
    if (is_blank(c) || c == '-' || c == ':' || c == '|' || c == '\r')
        end_group(decode, c);
    else
        decode->state = decode->column ? AT_REST : AT_WORD;
    decode->blanks = is_blank(c) ? decode->blanks + 1 : 0;
    if (decode->column && (c == '|' || decode->blanks > 2))
        decode->state = AT_REST;
    if (decode->state == AT_WORD)
        decode->digits = is_blank(c) ? 0 : 17;
}

static bool take_dump(struct decode *decode, unsigned c)
{
    int value = letter_digit(c, 16);

    if (c == '\n')
        return end_line(decode);
    if (decode->state == AT_WORD)
        return take_word(decode, c, value);
    if (decode->state != AT_REST)
        take_byte(decode, c, value);
    return true;
}

/* --- UTF-16 ----------------------------------------------------------------
 */

static bool is_letter(unsigned c)
{
    return (c >= ' ' && c < 0x7f) || c == '\n';
}

static bool take_unit(struct decode *decode, unsigned c)
{
    unsigned unit;

    decode->value = decode->value << 8 | c;
    if (++decode->digits < 2)
        return true;
    unit = decode->kind == DECODE_UTF16_BIG
               ? decode->value
               : decode->value >> 8 | (decode->value & 255) << 8;
    decode->value = decode->digits = 0;
    /* Two plain letters in a unit, a few times in a row: the text behind. */
    decode->blanks =
        is_letter(unit & 255) && is_letter(unit >> 8) ? decode->blanks + 1 : 0;
    if (!unit || decode->blanks >= PAIRS_MOST)
        return false;
    if (unit < 0x80) {
        put(decode, unit);
    } else if (unit < 0x800) {
        put(decode, 0xc0 | unit >> 6);
        put(decode, 0x80 | (unit & 0x3f));
    } else {
        put(decode, 0xe0 | unit >> 12);
        put(decode, 0x80 | (unit >> 6 & 0x3f));
        put(decode, 0x80 | (unit & 0x3f));
    }
    return true;
}

/* ------------------------------------------------------------------------ */

static bool (*const takes[])(struct decode *decode, unsigned c) = {
    [DECODE_BASE64] = take_base64,     [DECODE_HEX] = take_hex,
    [DECODE_DUMP] = take_dump,         [DECODE_HEXES] = take_number,
    [DECODE_NUMBERS] = take_number,    [DECODE_OCTALS] = take_number,
    [DECODE_UTF16_LITTLE] = take_unit, [DECODE_UTF16_BIG] = take_unit,
};

/* Whether "\n" stands for a line end in it. */
static enum letter_escapes escapes_of(const struct decode *decode)
{
    if (decode->kind >= DECODE_UTF16_LITTLE)
        return LETTER_AS_IS;
    if (decode->kind == DECODE_DUMP)
        return decode->escaped ? LETTER_ESCAPED : LETTER_AS_IS;
    return LETTER_ANY_ESCAPES;
}

/* Most of a base64 text: four letters without an escape among them. Returns how
 * many were taken. */
static size_t take_quads(struct decode *decode, const char *bytes,
                         size_t length)
{
    const uint8_t *at = (const uint8_t *)bytes;
    size_t used = 0;

    if (decode->digits)
        return 0;
    while (used + 4 <= length && decode->filled + 3 <= DECODE_OUTPUT_BYTES) {
        int a = letter_base64[at[used]], b = letter_base64[at[used + 1]];
        int c = letter_base64[at[used + 2]], d = letter_base64[at[used + 3]];
        unsigned value;

        if ((a | b | c | d) < 0)
            break;
        value = (unsigned)(a << 18 | b << 12 | c << 6 | d);
        put(decode, value >> 16);
        put(decode, value >> 8);
        put(decode, value);
        used += 4;
    }
    decode->column += used;
    if (used)
        decode->state = AT_BYTES;
    return used;
}

static void flush(struct decode *decode,
                  void (*out)(void *context, const char *bytes, size_t length),
                  void *context)
{
    if (decode->filled)
        out(context, decode->output, decode->filled);
    decode->filled = 0;
}

void decode_end(struct decode *decode,
                void (*out)(void *context, const char *bytes, size_t length),
                void *context)
{
    if (decode->kind == DECODE_BASE64 && decode->digits > 1) {
        unsigned value = decode->value << (6 * (4 - decode->digits));

        put(decode, value >> 16);
        if (decode->digits == 3)
            put(decode, value >> 8);
    }
    if (decode->kind == DECODE_NUMBERS || decode->kind == DECODE_HEXES ||
        decode->kind == DECODE_OCTALS)
        (void)takes[decode->kind](decode, ' ');
    if (decode->kind == DECODE_DUMP)
        (void)end_line(decode);
    decode->digits = 0;
    flush(decode, out, context);
}

/* What follows a run may be the beginning of another one, and was taken for a
 * part of it: the line behind a dump, the letters behind UTF-16. */
static void give_back(const struct decode *decode, size_t line, size_t *used)
{
    size_t units = 2 * PAIRS_MOST;

    if (decode->kind == DECODE_DUMP)
        *used = line ? line : *used;
    else if (decode->kind >= DECODE_UTF16_LITTLE)
        *used -= units < *used ? units : *used;
}

bool decode_feed(struct decode *decode, const char *bytes, size_t length,
                 size_t *used,
                 void (*out)(void *context, const char *bytes, size_t length),
                 void *context)
{
    enum letter_escapes escapes = escapes_of(decode);
    size_t line = 0; /* begins here */

    *used = 0;
    while (*used < length) {
        unsigned c;
        size_t taken;

        /* Room for what one letter may lead to. */
        if (decode->filled + 8 > DECODE_OUTPUT_BYTES)
            flush(decode, out, context);
        if (decode->kind == DECODE_BASE64) {
            *used += take_quads(decode, bytes + *used, length - *used);
            if (*used == length)
                break;
            if (decode->filled + 8 > DECODE_OUTPUT_BYTES)
                continue;
        }
        if (decode->state == AT_REST && escapes == LETTER_AS_IS) {
            const char *next = memchr(bytes + *used, '\n', length - *used);

            *used = next ? (size_t)(next - bytes) : length;
            if (!next)
                break;
        }
        taken = letter_next(bytes + *used, length - *used, escapes, &c);
        /* An escape that is cut by the border goes on behind it. */
        if (!taken && length - *used < LETTER_MOST)
            break;
        if (!taken || !takes[decode->kind](decode, c)) {
            decode_end(decode, out, context);
            give_back(decode, line, used);
            return false;
        }
        *used += taken;
        if (c == '\n')
            line = *used;
    }
    flush(decode, out, context);
    return true;
}
