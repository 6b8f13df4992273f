/* report_parts: what several reports say alike. Pure. */
#ifndef GATEDRILL_HARNESS_REPORT_PARTS_H
#define GATEDRILL_HARNESS_REPORT_PARTS_H

#include "harness/evidence/report.h"

/* The run's results, worst verdict first, within one verdict in case order.
 * run->results.count borrowed pointers; caller frees the array. */
const struct result **report_worst_first(const struct run *run);

/* How the cases of one family ended; rows in order of first appearance. */
struct family_row {
    const char *name; /* borrowed from a result */
    int64_t count[4]; /* by enum verdict */
};
struct family_rows {
    struct family_row *items;
    size_t count, capacity;
};
void report_families(struct family_rows *out, const struct run *run);
/* Those that were judged: pass, fail and hold. */
int64_t family_ran(const struct family_row *row);
void family_rows_release(struct family_rows *rows);

/* "gatedrill repro out/2026.../records/012-....json": to be copied into a
 * shell. */
void report_repro(struct buf *out, const struct run *run,
                  const struct result *result);

/* The findings that made a result what it is: failed ones of a fail, held ones
 * of a hold. NULL when there is none left after `from`; *from moves on. */
const struct finding *report_next_finding(const struct result *result,
                                          size_t *from);

/* Words and totals of the two results: "fail", "3 of 46 judged cases failed".
 */
void report_conformance(struct buf *out, const struct run *run);
void report_promotion(struct buf *out, const struct run *run);

#endif
