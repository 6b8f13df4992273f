/* names: what "${...}" stands for in a profile, and putting it in. */
#ifndef GATEDRILL_HARNESS_NAMES_H
#define GATEDRILL_HARNESS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct name {
    char *key;   /* "primary.port" */
    char *value; /* wiped on release: it may be a key */
};
struct names {
    struct name *items;
    size_t count, capacity;
};

void names_set(struct names *names, const char *key, const char *value);
void names_set_int(struct names *names, const char *key, long long value);
const char *names_find(const struct names *names, const char *key);
void names_release(struct names *names);

/*
 * A copy of text with every ${key} replaced; "$${" gives a literal "${".
 * where stands before the place in errors: an unknown name is ERR_SCHEMA with
 * the nearest known ones. NULL on error. Caller frees.
 */
char *names_fill(const struct names *names, const char *text, const char *where,
                 struct err *err);

#endif
