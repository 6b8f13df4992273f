/*
 * forbidden: the texts that nothing of ours may hold, and the search for any of
 * them in what is about to be written: whole or in part, in every coding and
 * below every escape that the detector knows (docs/detection.md). There are
 * thousands, more with every case, and each record is looked through: the first
 * eight bytes of each anchor stand in a hash table, so that a search costs the
 * same however many there are. (A compiled set, as in literal.h, would have to
 * be made anew each time.) Pure.
 */
#ifndef GATEDRILL_HARNESS_FORBIDDEN_H
#define GATEDRILL_HARNESS_FORBIDDEN_H

#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "harness/judge/observation.h"

#define FORBIDDEN_LEAST 8 /* bytes; shorter texts are words, not secrets */

struct forbidden {
    struct canary *items;
    size_t count, capacity;
    struct forbidden_mark {
        uint64_t hash; /* of the anchor's beginning; as secret as that */
        uint32_t item, anchor, length;
        uint32_t next; /* in the same bucket: index + 1; 0: none */
    } * marks;
    size_t mark_count; /* there is room for half as many as buckets */
    uint32_t *buckets; /* index + 1 of the first; 0: empty */
    uint8_t *filter;   /* a bit for each of eight parts of a bucket */
    unsigned bits;     /* there are 2^bits buckets */
    size_t longest;    /* coded text */
};

/* Copied. A text shorter than FORBIDDEN_LEAST or already there is left out. */
void forbidden_add(struct forbidden *set, const struct canary *canary);

struct forbidden_place {
    const char *id;     /* of the secret; borrowed */
    const char *coding; /* a name of coder.h */
    size_t from, to;    /* of the bytes looked through */
};
/* The first place seen where one stands: all of it, 16 bytes of a text or 12 of
 * a credential, or a digest of a credential. place may be NULL. Returns the id;
 * NULL: none does. */
const char *forbidden_find(const struct forbidden *set, const char *bytes,
                           size_t length, struct forbidden_place *place);
/* Puts "[id]" in the place of each. */
void forbidden_conceal(const struct forbidden *set, struct buf *text);
/* Wipes the texts. */
void forbidden_release(struct forbidden *set);

#endif
