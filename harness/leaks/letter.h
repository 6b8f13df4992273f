/* letter: what one letter of a coded run is, however the run itself was
 * escaped. Pure. */
#ifndef GATEDRILL_HARNESS_LETTER_H
#define GATEDRILL_HARNESS_LETTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum letter_class {
    LETTER_BASE64 = 1, /* of either alphabet */
    LETTER_LIST = 2,   /* of a dump or a list of numbers */
    LETTER_SEPARATES = 4,
    LETTER_DECIMAL = 8,
    LETTER_HEX = 16 /* a to f */
};
extern const uint8_t letter_classes[256];
extern const int8_t letter_base64[256]; /* -1: none of it */

/* -1: none. */
static inline int letter_digit(unsigned c, unsigned base)
{
    unsigned class = letter_classes[c];

    if (class & LETTER_DECIMAL)
        return c - '0' < base ? (int)(c - '0') : -1;
    return class & LETTER_HEX && base == 16 ? (int)((c | 0x20) - 'a' + 10) : -1;
}

enum letter_escapes {
    LETTER_AS_IS,
    LETTER_ESCAPED,    /* once, as in JSON */
    LETTER_ANY_ESCAPES /* JSON in JSON, URLs */
};
#define LETTER_MOST 16 /* bytes that an escape takes */
/* What begins with a backslash or '%': the letter it stands for, and how many
 * bytes it takes; 0: an escape that is none, or that is cut off. */
size_t letter_unescape(const char *bytes, size_t length,
                       enum letter_escapes escapes, unsigned *out);

/* The same for the first letter of any bytes. */
static inline size_t letter_next(const char *bytes, size_t length,
                                 enum letter_escapes escapes, unsigned *out)
{
    *out = (uint8_t)bytes[0];
    if (escapes == LETTER_AS_IS || (*out != '\\' && *out != '%'))
        return 1;
    return letter_unescape(bytes, length, escapes, out);
}

#endif
