/* schedule: which case runs when and beside what. As many at once as the waits
 * ask for (not the cores), the longest first, an ordered suite one by one. */
#ifndef GATEDRILL_HARNESS_SCHEDULE_H
#define GATEDRILL_HARNESS_SCHEDULE_H

#include "harness/drill.h"

/* So many that the whole costs about its longest case. Pure. */
int64_t schedule_jobs(const int64_t *longest_ms, size_t count);
/* Runs every case of the drill; returns when all have an answer or the run was
 * cancelled. */
void schedule_run(struct drill *drill);

#endif
