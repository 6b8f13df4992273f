/*
 * machine_load: is a core free for one more case? Cases wait far more than they
 * work, so many run at once; but a machine with more to do than it has cores
 * makes every timer of a gateway late, and what it then does says nothing about
 * its runbook. Linux, /proc/loadavg.
 */
#ifndef GATEDRILL_HARNESS_MACHINE_LOAD_H
#define GATEDRILL_HARNESS_MACHINE_LOAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Threads that run or could run at this moment, of the whole machine, from the
 * text of /proc/loadavg ("0.92 1.85 3.52 1/88 24116": 1). -1: not such a text.
 * Pure. */
int64_t machine_load_runnable(const char *loadavg);

/* Returns when no more than four times as many threads could run as there are
 * cores online, after most_ms at the latest, when *cancelled is set, and at
 * once where the kernel does not say. False: it is as busy as before. */
bool machine_load_settle(int64_t most_ms, const atomic_int *cancelled);

/* How long to wait the next time, in ms: less where waiting did not help, since
 * the load is then somebody else's and stays. Pure. */
#define MACHINE_LOAD_MOST_MS  100
#define MACHINE_LOAD_LEAST_MS 20
int64_t machine_load_patience(int64_t last_ms, bool settled);

#endif
