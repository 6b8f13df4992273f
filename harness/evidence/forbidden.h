/*
 * forbidden: the texts that no file of ours may hold, and the search for any of
 * them in what is about to be written. There are thousands, more with every
 * case, and each record is looked through: a window of eight bytes of each text
 * stands in a hash table, so that a search costs the same however many there
 * are. (A compiled set, as in literal.h, would have to be made anew each time.)
 * Pure.
 */
#ifndef GATEDRILL_HARNESS_FORBIDDEN_H
#define GATEDRILL_HARNESS_FORBIDDEN_H

#include <stddef.h>
#include <stdint.h>

#define FORBIDDEN_LEAST 8 /* bytes; shorter texts are words, not secrets */

struct forbidden {
    struct forbidden_text {
        char *id;
        char *text; /* secret */
        size_t length;
        size_t at;       /* where in text its window begins */
        uint64_t window; /* its bytes there */
        size_t next;     /* in the same bucket: index + 1; 0: none */
    } * items;
    size_t count, capacity;
    size_t *buckets; /* index + 1 of the first; 0: empty */
    unsigned bits;   /* there are 2^bits of them */
};

/* Copies both. A text shorter than FORBIDDEN_LEAST or already there is left
 * out. */
void forbidden_add(struct forbidden *set, const char *id, const char *text);
/* The id of one that stands in the bytes; NULL: none does. */
const char *forbidden_find(const struct forbidden *set, const char *bytes,
                           size_t length);
/* Wipes the texts. */
void forbidden_release(struct forbidden *set);

#endif
