/*
 * inner: a text within another one, compressed or coded, that is undone piece
 * by piece and searched by a scan of its own.
 */
#ifndef GATEDRILL_HARNESS_INNER_H
#define GATEDRILL_HARNESS_INNER_H

#include "harness/leaks/decode.h"
#include "harness/leaks/scan.h"
#include "harness/leaks/unpack.h"

/* One of unpack and decode; owned. scan NULL: there is none. */
struct inner {
    struct unpack *unpack;
    struct decode *decode;
    struct scan *scan;
    const char *name; /* "gzip" */
    int64_t from;     /* of the text */
    size_t at;        /* in the window: what was not given yet */
};
/* Gives it what the window holds from `at` on; a decoded run that ended is
 * UNPACK_ENDED. */
enum unpack_state inner_feed(struct inner *inner, const char *window,
                             size_t filled);
/*
 * Adds what was found in it to hits, at from..to, and frees what it owns; from
 * and at stay. NULL, or why not everything in it was searched.
 */
const char *inner_end(struct inner *inner, int64_t to, struct scan_hits *hits);

#endif
