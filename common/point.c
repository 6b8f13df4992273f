#include "common/step.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    enum point_at at;
} plain_points[] = {
    { "accept", POINT_ACCEPT },   { "request_head", POINT_REQUEST_HEAD },
    { "request", POINT_REQUEST }, { "status_line", POINT_STATUS_LINE },
    { "headers", POINT_HEADERS }, { "headers_end", POINT_HEADERS_END },
    { "end", POINT_END },
};
#define PLAIN_POINTS (sizeof plain_points / sizeof *plain_points)

/* Up to nine digits and nothing else before `end`. */
static bool read_value(int64_t *out, const char *text, const char *end)
{
    size_t digits = strspn(text, "0123456789");

    if (!digits || digits > 9 || strcmp(text + digits, end) != 0)
        return false;
    *out = 0;
    for (size_t i = 0; i < digits; i++)
        *out = *out * 10 + (text[i] - '0');
    return true;
}

bool point_parse(struct point *out, const char *text)
{
    int64_t value;

    for (size_t i = 0; i < PLAIN_POINTS; i++) {
        if (!strcmp(plain_points[i].name, text)) {
            *out = (struct point){ .at = plain_points[i].at };
            return true;
        }
    }
    if (!strncmp(text, "body:", 5) && read_value(&value, text + 5, "%")) {
        *out = (struct point){ POINT_BODY_PERCENT, value };
        return value <= 100;
    }
    if (!strncmp(text, "body:", 5) && read_value(&value, text + 5, "")) {
        *out = (struct point){ POINT_BODY_BYTES, value };
        return true;
    }
    if (!strncmp(text, "event:", 6) && read_value(&value, text + 6, "")) {
        *out = (struct point){ POINT_EVENT, value };
        return true;
    }
    return false;
}

void point_format(char out[static 32], struct point point)
{
    out[0] = '\0';
    if (point.at == POINT_BODY_PERCENT)
        snprintf(out, 32, "body:%" PRId64 "%%", point.value);
    if (point.at == POINT_BODY_BYTES)
        snprintf(out, 32, "body:%" PRId64, point.value);
    if (point.at == POINT_EVENT)
        snprintf(out, 32, "event:%" PRId64, point.value);
    for (size_t i = 0; i < PLAIN_POINTS; i++) {
        if (plain_points[i].at == point.at)
            snprintf(out, 32, "%s", plain_points[i].name);
    }
}
