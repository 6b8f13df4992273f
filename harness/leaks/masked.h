/*
 * masked: what is left of a key where it was masked: its first and its last
 * letters around asterisks, dots or a word in brackets ("sk-abcde***wxyz"). Few
 * letters are evidence in that context only. Pure.
 */
#ifndef GATEDRILL_HARNESS_MASKED_H
#define GATEDRILL_HARNESS_MASKED_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/judge/observation.h"

/* Of its own letters, first or last, a residue shows so many at least: chance
 * makes them once in 10^7 masks. Fewer are too few to tell whose key it was. */
#define MASKED_LEAST 4

/* What to look for: of the key's beginning, of its end. Returns its length; 0:
 * the key is too short. */
size_t masked_literal(const struct canary *key, bool of_end, const char **text);

struct masked {
    size_t from, to;   /* in the bytes */
    size_t head, tail; /* letters of the key that are left */
};
/* The literal was found in bytes and ends at end: true when it is part of a
 * masked key. */
bool masked_read(struct masked *out, const struct canary *key, bool of_end,
                 const char *bytes, size_t length, size_t end);

#endif
