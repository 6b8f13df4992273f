#include "common/bind.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bind_path(char *out, size_t size, const char *path, const char *key)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$";

    if (key[0] == '[')
        snprintf(out, size, "%s%s", path, key);
    else if (*key && !key[strspn(key, plain)])
        snprintf(out, size, "%s.%s", path, key);
    else
        snprintf(out, size, "%s[\"%s\"]", path, key);
}

void bind_path_index(char *out, size_t size, const char *path, size_t index)
{
    snprintf(out, size, "%s[%zu]", path, index);
}

void bind_show(char out[static BIND_SHOWN_SIZE], const struct json *node)
{
    char *text = json_print(node);
    size_t length = strlen(text);

    if (length < BIND_SHOWN_SIZE) {
        memcpy(out, text, length + 1);
    } else {
        length = BIND_SHOWN_SIZE - 4;
        while ((text[length] & 0xc0) == 0x80)
            length--;
        memcpy(out, text, length);
        memcpy(out + length, "...", 4);
    }
    free(text);
}

bool bind_bounded(const struct bind_row *row)
{
    return row->min || row->max;
}

void bind_range(char *out, size_t size, const struct bind_row *row)
{
    const char *unit = row->unit ? row->unit : "";
    const char *space = *unit ? " " : "";

    if (!bind_bounded(row))
        snprintf(out, size, "whole number%s%s", *unit ? " of " : "", unit);
    else if (row->max == INT64_MAX)
        snprintf(out, size, "%" PRId64 " or more%s%s", row->min, space, unit);
    else
        snprintf(out, size, "%" PRId64 "..%" PRId64 "%s%s", row->min, row->max,
                 space, unit);
}
