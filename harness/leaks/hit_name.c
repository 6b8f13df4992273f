#include "harness/leaks/hit_name.h"

#include <stdio.h>
#include <string.h>

#include "harness/leaks/coder.h"
#include "harness/leaks/tape.h"

static const struct {
    unsigned kind;
    const char *name;
} kind_names[] = {
    { TAPE_JSON, "json" },
    { TAPE_PERCENT, "percent" },
    { TAPE_ENTITY, "entity" },
};

static void add_name(char *out, size_t size, const char *name)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%s", used ? "+" : "", name);
}

void hit_name(char *out, size_t size, unsigned kinds, const char *coding,
              bool folded)
{
    out[0] = '\0';
    for (unsigned depth = 0; depth < TAPE_UNESCAPES; depth++)
        for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
            if (kinds & kind_names[i].kind << (depth * TAPE_ESCAPE_KINDS))
                add_name(out, size, kind_names[i].name);
    if (kinds & TAPE_EVENTS)
        add_name(out, size, "events");
    if (kinds & TAPE_LINES)
        add_name(out, size, "lines");
    if (strcmp(coding, coders[0].name) != 0 || !out[0])
        add_name(out, size, coding);
    if (folded) {
        size_t used = strlen(out);

        snprintf(out + used, size - used, ", case folded");
    }
}

void hit_name_within(char *out, size_t size, const char *outer,
                     const char *inner)
{
    if (strcmp(inner, coders[0].name) == 0)
        snprintf(out, size, "%s", outer);
    else
        snprintf(out, size, "%s+%.40s", outer, inner);
}
