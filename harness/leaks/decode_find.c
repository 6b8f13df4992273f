#include "harness/leaks/decode.h"

#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/letter.h"

/* Text is looked at every so many bytes: what is long enough to be decoded
 * holds two such places next to each other. */
#define STEP_BYTES 16

#define LETTERS_LEAST 40 /* of base64 and hex: shorter ones are needles */
#define NUMBERS_LEAST 12
#define UNITS_LEAST   16 /* of UTF-16 */
#define DUMP_SURE     16 /* more than one line */

#define GROUP_DIGITS 8   /* and no more without a separator */
#define LINE_MOST    200 /* before the place that was looked at */
#define TRIAL_MOST   400 /* bytes of a run that say what it is */

static unsigned class_of(char c)
{
    return letter_classes[(uint8_t)c];
}

/* --- base64 and hex -------------------------------------------------------
 */

/* Of a run, or of an escape within one. */
static bool is_letter(const char *bytes, size_t length, size_t at)
{
    if (letter_base64[(uint8_t)bytes[at]] >= 0)
        return true;
    if (bytes[at] == '\\' && at + 1 < length)
        return bytes[at + 1] == '/' || bytes[at + 1] == '\\';
    return bytes[at] == '%' && at + 2 < length && bytes[at + 1] == '2' &&
           strchr("bBfF", bytes[at + 2]);
}

/* An escape before the run whose last letters look like the run's first. */
static size_t skip_escape(const char *bytes, size_t from, size_t start)
{
    if (start == from)
        return start;
    if (bytes[start - 1] == '%')
        return start + 2;
    if (bytes[start - 1] != '\\')
        return start;
    return start + (bytes[start] == 'u' ? 5 : bytes[start] != '/');
}

static bool find_letters(struct decode_run *out, const char *bytes,
                         size_t length, size_t from, size_t at)
{
    size_t start = at, end = at;
    bool hex = true;

    /* Most often a shorter word begins in between. */
    while (start > at - STEP_BYTES && is_letter(bytes, length, start))
        start--;
    if (start > at - STEP_BYTES)
        return false;
    while (start > from && is_letter(bytes, length, start - 1))
        start--;
    start = skip_escape(bytes, from, start);
    while (end < length && end < start + LETTERS_LEAST &&
           is_letter(bytes, length, end))
        end++;
    if (end < start + LETTERS_LEAST)
        return false;
    for (size_t i = start; hex && i < end; i++)
        hex = letter_digit((uint8_t)bytes[i], 16) >= 0;
    *out = (struct decode_run){ .kind = hex ? DECODE_HEX : DECODE_BASE64,
                                .from = start };
    return true;
}

/* --- dumps and lists ------------------------------------------------------
 */

static void nowhere(void *context, const char *bytes, size_t length)
{
    (void)context;
    (void)bytes;
    (void)length;
}

/* How many bytes the beginning of a run would give. */
static size_t try_run(const struct decode_run *run, const char *bytes,
                      size_t length, size_t *used)
{
    struct decode decode;

    decode_begin(&decode, run);
    length -= run->from;
    if (length > TRIAL_MOST)
        length = TRIAL_MOST;
    if (decode_feed(&decode, bytes + run->from, length, used, nowhere, NULL))
        decode_end(&decode, nowhere, NULL);
    /* A trial gives less than is kept at once. */
    xwipe(decode.output, decode.made);
    return decode.made;
}

static size_t line_start(const char *bytes, size_t from, size_t at)
{
    size_t least = at - from > LINE_MOST ? at - LINE_MOST : from;

    while (at > least && bytes[at - 1] != '\n' &&
           !(bytes[at - 1] == 'n' && at - 1 > least && bytes[at - 2] == '\\'))
        at--;
    return at;
}

static bool find_dump(struct decode_run *out, const char *bytes, size_t length,
                      size_t from, size_t at)
{
    struct decode_run run = { .kind = DECODE_DUMP,
                              .from = line_start(bytes, from, at) };
    size_t used, raw, escaped;

    run.from += bytes[run.from] == '\n';
    raw = try_run(&run, bytes, length, &used);

    *out = run;
    if (raw > DUMP_SURE)
        return true;
    run.escaped = true;
    escaped = try_run(&run, bytes, length, &used);
    if (escaped > raw)
        *out = run;
    return (escaped > raw ? escaped : raw) >= NUMBERS_LEAST;
}

/* What numbers of this look are: hex where a letter says so, decimal between
 * commas, octal where each has three digits. */
static bool find_kind(struct decode_run *run, const char *bytes, size_t length,
                      size_t *used)
{
    static const enum decode_kind kinds[] = { DECODE_HEXES, DECODE_NUMBERS,
                                              DECODE_OCTALS };
    size_t ends[3];
    bool fits[3], letters = false, commas = false;

    for (size_t i = 0; i < 3; i++) {
        run->kind = kinds[i];
        fits[i] = try_run(run, bytes, length, &ends[i]) >= NUMBERS_LEAST;
        *used = i == 0 || ends[i] > *used ? ends[i] : *used;
    }
    for (size_t i = run->from; i < run->from + *used; i++) {
        letters = letters || (bytes[i] | 0x20) >= 'a';
        commas = commas || bytes[i] == ',';
    }
    if (fits[0] && (letters || !(fits[2] || (fits[1] && commas))))
        run->kind = DECODE_HEXES;
    else if (fits[1] && (commas || !fits[2]))
        run->kind = DECODE_NUMBERS;
    return fits[0] || fits[1] || fits[2];
}

/* A line end that was escaped may stand between two numbers. */
static bool is_listed(const char *bytes, size_t at)
{
    return class_of(bytes[at]) & LETTER_LIST || bytes[at] == '\\' ||
           (bytes[at] == 'n' && bytes[at - 1] == '\\');
}

/* Between two places that were looked at: numbers of few digits and what
 * separates them, nothing else. Blanks alone, and longer numbers, are none. */
static bool looks_like_numbers(const char *bytes)
{
    size_t separators = 0, digits = 0;

    for (size_t i = 1; i <= STEP_BYTES; i++) {
        bool separates = class_of(bytes[i]) & LETTER_SEPARATES;

        digits = separates ? 0 : digits + 1;
        if (digits > GROUP_DIGITS || !is_listed(bytes, i))
            return false;
        separators += separates;
    }
    return separators >= 2 && separators + 3 <= STEP_BYTES;
}

static bool find_list(struct decode_run *out, const char *bytes, size_t length,
                      size_t from, size_t at)
{
    struct decode_run run = { .from = at - STEP_BYTES };
    size_t least = at - from > LINE_MOST ? at - LINE_MOST : from;

    if (!looks_like_numbers(bytes + at - STEP_BYTES))
        return false;
    if (find_dump(out, bytes, length, from, at))
        return true;
    while (run.from > least && class_of(bytes[run.from - 1]) & LETTER_LIST)
        run.from--;
    while (run.from < at) {
        size_t used = 0;

        if (find_kind(&run, bytes, length, &used)) {
            *out = run;
            return true;
        }
        /* Behind the number that is none. */
        run.from += used;
        while (run.from < at && !(class_of(bytes[run.from]) & LETTER_SEPARATES))
            run.from++;
        run.from++;
    }
    return false;
}

/* --- UTF-16 --------------------------------------------------------------- */

/* Letters with a NUL behind each; before each in the other byte order. */
static bool find_units(struct decode_run *out, const char *bytes, size_t length,
                       size_t from, size_t at)
{
    size_t start = bytes[at] ? at : at + 1, count = 0;

    while (start >= from + 2 && bytes[start - 2] && !bytes[start - 1])
        start -= 2;
    while (count < UNITS_LEAST && start + 2 * count + 1 < length &&
           bytes[start + 2 * count] && !bytes[start + 2 * count + 1])
        count++;
    if (count < UNITS_LEAST)
        return false;
    *out = (struct decode_run){ .kind = DECODE_UTF16_LITTLE, .from = start };
    if (start > from && !bytes[start - 1])
        *out = (struct decode_run){ DECODE_UTF16_BIG, false, start - 1 };
    return true;
}

bool decode_find(struct decode_run *out, const char *bytes, size_t length,
                 size_t from)
{
    unsigned last = 0;

    for (size_t at = from; at + 1 < length; at += STEP_BYTES) {
        unsigned class = class_of(bytes[at]), both = class & last;

        last = class;
        if (both & LETTER_BASE64 && find_letters(out, bytes, length, from, at))
            return true;
        if (both & LETTER_LIST && find_list(out, bytes, length, from, at))
            return true;
        if (!bytes[at] != !bytes[at + 1] &&
            find_units(out, bytes, length, from, at))
            return true;
    }
    return false;
}
