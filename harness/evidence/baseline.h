/*
 * baseline: this run against an earlier one, case by case (--baseline RUN).
 * Pure.
 */
#ifndef GATEDRILL_HARNESS_BASELINE_H
#define GATEDRILL_HARNESS_BASELINE_H

#include "harness/evidence/evidence.h"

/* One kind of difference. Of several runs of a case the worst counts. */
enum baseline_change {
    BASELINE_SAME,
    BASELINE_BETTER, /* failed or was hold, and passes */
    BASELINE_WORSE,  /* did not fail, and fails */
    BASELINE_LOST,   /* was judged, and is hold, not applicable or missing */
    BASELINE_NEW,    /* was not in the earlier run */
};
/* present: the case is in the run at all. */
enum baseline_change baseline_change(bool was_present, enum verdict was,
                                     bool is_present, enum verdict is);

/*
 * A line for each case that got better or worse, was lost or is new, and one
 * for all. wanted() says whether a case that is missing was asked for in this
 * run (NULL: all were). False when something got worse or was lost.
 */
bool baseline_compare(struct buf *out, const struct run *was,
                      const struct run *is,
                      bool (*wanted)(const void *context, const char *case_id),
                      const void *context);

#endif
