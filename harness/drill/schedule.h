/* schedule: which case runs when and beside what. As many at once as the waits
 * ask for (not the cores), but none is begun while the machine has more to do
 * than it bears; the longest first, an ordered suite one by one. */
#ifndef GATEDRILL_HARNESS_SCHEDULE_H
#define GATEDRILL_HARNESS_SCHEDULE_H

#include "harness/drill/drill.h"

/* Cases at once: they wait far more than they work, so many; fewer where each
 * one needs a gateway process of its own. Pure. */
int64_t schedule_jobs(size_t cases, enum process_reuse reuse);
/* Runs every case of the drill; returns when all have an answer or the run was
 * cancelled. */
void schedule_run(struct drill *drill);

#endif
