/*
 * needle: what is looked for: every canary in every coding, and the short
 * pieces of them by which a search notices that one may be there. What was
 * noticed is then compared letter by letter in both directions, which tells how
 * much of the canary stands there.
 */
#ifndef GATEDRILL_HARNESS_NEEDLE_H
#define GATEDRILL_HARNESS_NEEDLE_H

#include "harness/leaks/coder.h"
#include "harness/leaks/literal.h"
#include "harness/judge/observation.h"

/* How much of a canary gives it away. A preview shows 16 bytes; of a key fewer
 * are enough, since chance does not make them. */
#define NEEDLE_LEAST_TEXT       16
#define NEEDLE_LEAST_CREDENTIAL 12

struct needle {
    size_t canary; /* index */
    const struct coder *coder;
    struct coded coded;
};
struct needle_anchor {
    size_t needle, at, length;
};
struct needle_set {
    const struct canary *canaries; /* borrowed */
    size_t canary_count;
    struct needle *needles;
    size_t needle_count;
    struct needle_anchor *anchors;
    size_t anchor_count;
    size_t longest; /* needle, in bytes */
    struct literal_set *literals;
    /* Compiled before, of the first canaries; NULL: there is none. */
    const struct needle_set *base;
};

/* more: literals to be looked for in the same pass; their indexes follow those
 * of the anchors. base: NULL, or a set of the first canaries without more,
 * borrowed: those are not compiled again. Errors: ERR_STATE from the search
 * engine. */
bool needle_set_init(struct needle_set *out, const struct canary *canaries,
                     size_t count, const struct literal *more,
                     size_t more_count, const struct needle_set *base,
                     struct err *err);
/* A whole text; found gets the indexes of anchors, then of more. One search at
 * a time of sets that share a base. False when the search itself failed. */
bool needle_set_search(const struct needle_set *set, const char *bytes,
                       size_t length, literal_found *found, void *context);
void needle_set_release(struct needle_set *set);
/* Needles and anchors alone, for a search of another kind: literals stays
 * NULL. */
void needle_set_fill(struct needle_set *out, const struct canary *canaries,
                     size_t count);

/* One place where a needle stands, or a part of it. */
struct needle_match {
    size_t needle;
    size_t from, to;    /* in the bytes searched */
    size_t first, last; /* of the canary, in bytes; last is behind it */
    bool whole;
    bool folded; /* only when upper and lower case are taken for one */
};
/* Whether anchor, which would end at end, stands there letter by letter. */
bool needle_stands(const struct needle_set *set, size_t anchor,
                   const char *bytes, size_t end);
/* anchor was found in bytes and ends at end. Pure. */
void needle_extend(struct needle_match *out, const struct needle_set *set,
                   size_t anchor, const char *bytes, size_t length, size_t end);
/* How many bytes of it make a finding. */
size_t needle_least(const struct canary *canary);

#endif
