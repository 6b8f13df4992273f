#include "common/drill_id.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define PREFIX        "gd-"
#define PREFIX_LENGTH 3
#define DIGITS        16

void drill_id_format(char out[static DRILL_ID_SIZE], struct drill_id id)
{
    snprintf(out, DRILL_ID_SIZE, PREFIX "%012" PRIx64 "%04x",
             id.nonce & 0xffffffffffff, (unsigned)id.epoch);
}

/* Lower case only: that is how we write it, and nobody else does. */
static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly 16 digits after the prefix; a 17th makes it something else. */
static bool read_at(uint64_t *value, const char *text, size_t length)
{
    if (length < PREFIX_LENGTH + DIGITS ||
        memcmp(text, PREFIX, PREFIX_LENGTH) != 0)
        return false;
    *value = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        int digit = digit_value(text[PREFIX_LENGTH + i]);

        if (digit < 0)
            return false;
        *value = *value << 4 | (uint64_t)digit;
    }
    if (length > PREFIX_LENGTH + DIGITS &&
        digit_value(text[PREFIX_LENGTH + DIGITS]) >= 0)
        return false;
    return *value >> 16 != 0;
}

static struct drill_id id_of(uint64_t value)
{
    return (struct drill_id){ .nonce = value >> 16,
                              .epoch = (uint16_t)(value & 0xffff) };
}

bool drill_id_parse(struct drill_id *out, const char *text)
{
    uint64_t value;

    if (strlen(text) != DRILL_ID_SIZE - 1 ||
        !read_at(&value, text, DRILL_ID_SIZE - 1))
        return false;
    *out = id_of(value);
    return true;
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

size_t drill_id_find(struct drill_id *out, const void *bytes, size_t length)
{
    const char *at = bytes;
    const char *end = at + length;
    uint64_t *found = NULL;
    size_t count = 0;
    size_t capacity = 0;
    size_t distinct = 0;

    while (length && (at = memmem(at, (size_t)(end - at), PREFIX,
                                  PREFIX_LENGTH)) != NULL) {
        uint64_t value;

        if (read_at(&value, at, (size_t)(end - at))) {
            found = xgrow(found, count, &capacity, sizeof *found);
            found[count++] = value;
            *out = id_of(value);
        }
        at += PREFIX_LENGTH;
    }
    if (count)
        qsort(found, count, sizeof *found, compare);
    for (size_t i = 0; i < count; i++)
        distinct += i == 0 || found[i] != found[i - 1];
    free(found);
    return distinct;
}
