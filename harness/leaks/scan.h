/*
 * scan: searches a text of any length for canaries in every coding and below
 * every escape and compression, in memory that is bounded by a window. Two
 * windows overlap by more than a canary takes in any of its forms.
 */
#ifndef GATEDRILL_HARNESS_SCAN_H
#define GATEDRILL_HARNESS_SCAN_H

#include "harness/leaks/needle.h"

#define SCAN_WINDOW_BYTES  131072
#define SCAN_OVERLAP_BYTES 16384
#define SCAN_UNPACK_DEPTH  2                    /* gzip in gzip */
#define SCAN_DECODE_DEPTH  2                    /* base64 in base64 */
#define SCAN_UNPACK_MOST   ((int64_t)256 << 20) /* bytes out of one stream */

/* What was found: never the value. */
struct scan_hit {
    size_t canary;      /* index */
    char encoding[48];  /* "plain", "json+base64", "gzip+hex", "plain, split" */
    enum hit_class how; /* whole, in part, or a digest of it */
    int64_t from, to;   /* bytes of the text; of a compressed part: all of it */
    size_t first, last; /* bytes of the canary that were seen */
    /* A key around a mask (masked.h): its letters before and behind it, which
     * together are `last`. Else 0. */
    size_t head, tail;
};
struct scan_hits {
    struct scan_hit *items; /* by canary, then by place */
    size_t count, capacity;
};
void scan_hits_release(struct scan_hits *hits);

/* Canaries compiled once for many scans, one at a time. */
struct scan_set {
    struct needle_set needles;
    /* Indexes of the further literals; of masked keys two each. */
    size_t magic_first, event_first, masked_first;
    size_t *masked; /* canaries */
};
/* canaries: borrowed. ERR_STATE when the search engine refuses. */
bool scan_set_init(struct scan_set *out, const struct canary *canaries,
                   size_t count, struct err *err);
/* The same where base was made of the first canaries already (needle.h). */
bool scan_set_init_upon(struct scan_set *out, const struct needle_set *base,
                        const struct canary *canaries, size_t count,
                        struct err *err);
void scan_set_release(struct scan_set *set);

struct scan;
struct scan *scan_new(struct scan_set *set, int64_t base);
void scan_feed(struct scan *scan, const void *bytes, size_t length);
/*
 * Ends and frees the scan. Of each canary the first `most` places are told.
 * Returns NULL, or why not everything was searched (a fixed text).
 */
const char *scan_end(struct scan *scan, size_t most, struct scan_hits *out);

/* The three in one, for what is in memory. */
const char *scan_bytes(struct scan_set *set, const void *bytes, size_t length,
                       size_t most, struct scan_hits *out);

#endif
