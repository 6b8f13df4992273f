#include "harness/leaks/letter.h"

#include <string.h>

/* '-' and '_' are '+' and '/' of the URL's alphabet. */
const int8_t letter_base64[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, 62, -1, 62, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60,
    61, -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
    11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1,
    63, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42,
    43, 44, 45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1
};

/* Sums of enum letter_class. */
const uint8_t letter_classes[256] = {
    0,  0, 0,  0,  0,  0,  0,  0,  0,  6,  6,  0,  0,  6,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  6,  0,  6,  0,  0,  0,
    0,  6, 6,  6,  0,  1,  6,  7,  0,  1,  11, 11, 11, 11, 11, 11, 11, 11, 11,
    11, 6, 6,  6,  0,  6,  0,  0,  19, 19, 19, 19, 19, 19, 1,  1,  1,  1,  1,
    1,  1, 1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  3,  1,  1,  6,  0,  6,  0,
    1,  0, 19, 19, 19, 19, 19, 19, 1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
    1,  1, 1,  1,  1,  1,  3,  1,  1,  6,  6,  6,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
    0,  0, 0,  0,  0,  0,  0,  0,  0
};

/* Behind the backslashes. Returns how many bytes it takes, 0: it is none. */
static size_t named(const char *bytes, size_t length, unsigned *out)
{
    static const char names[] = "nrt/\"\\", meant[] = "\n\r\t/\"\\";
    const char *name;

    if (!length || !bytes[0])
        return 0;
    if (bytes[0] == 'u') {
        *out = 0;
        for (size_t i = 1; i < 5; i++) {
            int value = i < length ? letter_digit((uint8_t)bytes[i], 16) : -1;

            if (value < 0)
                return 0;
            *out = *out << 4 | (unsigned)value;
        }
        return *out < 256 ? 5 : 0;
    }
    name = strchr(names, bytes[0]);
    if (!name)
        return 0;
    *out = (unsigned)meant[name - names];
    return 1;
}

static size_t backslash(const char *bytes, size_t length, size_t most,
                        unsigned *out)
{
    size_t count = 0, used;

    while (count < most && count < length && bytes[count] == '\\')
        count++;
    used = named(bytes + count, length - count, out);
    return used ? count + used : 0;
}

/* %2B, %252B. */
static size_t percent(const char *bytes, size_t length, unsigned *out)
{
    size_t at = 1;
    int high, low;

    while (at + 2 <= length && at + 6 < LETTER_MOST && bytes[at] == '2' &&
           bytes[at + 1] == '5') {
        /* Another one, or its beginning. */
        at += 2;
        if (at + 2 > length)
            return 0;
    }
    if (at + 2 > length)
        return 0;
    high = letter_digit((uint8_t)bytes[at], 16);
    low = letter_digit((uint8_t)bytes[at + 1], 16);
    if (high < 0 || low < 0)
        return 0;
    *out = (unsigned)(high << 4 | low);
    return at + 2;
}

size_t letter_unescape(const char *bytes, size_t length,
                       enum letter_escapes escapes, unsigned *out)
{
    if (bytes[0] == '\\')
        return backslash(bytes, length,
                         escapes == LETTER_ESCAPED ? 1 : LETTER_MOST - 6, out);
    if (escapes == LETTER_ANY_ESCAPES)
        return percent(bytes, length, out);
    *out = '%';
    return 1;
}
