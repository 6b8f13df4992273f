/*
 * stability: what the same case gave each time it ran (--repeat, --shuffle).
 * Pure.
 */
#ifndef GATEDRILL_HARNESS_STABILITY_H
#define GATEDRILL_HARNESS_STABILITY_H

#include "harness/evidence/evidence.h"

struct stability_row {
    const char *case_id;          /* borrowed from a result */
    int64_t count[4];             /* by enum verdict, over all its runs */
    int64_t ordered[4];           /* those of the first pass */
    const struct result *example; /* of the worst verdict; borrowed */
};
struct stability {
    struct stability_row *items; /* in order of first appearance */
    size_t count, capacity;
    int64_t most_runs; /* of one case */
};

/* shuffled_from: the first repeat of the pass in another order; 0: none. */
void stability_of(struct stability *out, const struct run *run,
                  int64_t shuffled_from);
void stability_release(struct stability *stability);
/* More than one verdict came. */
bool stability_mixed(const struct stability_row *row);
/* Each pass was of one mind, and they differ. */
bool stability_by_order(const struct stability_row *row);

/* A line for all, and one for each case that gave several verdicts; nothing
 * when every case ran once. */
void stability_write(struct buf *out, const struct run *run);

#endif
