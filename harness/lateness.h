/*
 * lateness: how late this machine wakes a sleeper while a run goes on, sampled
 * every few ms by a thread of its own. Upper time bounds of a case are widened
 * by the worst seen while it ran; so is what was stamped after the fact. What
 * the mock sent itself is stamped before, and needs none.
 */
#ifndef GATEDRILL_HARNESS_LATENESS_H
#define GATEDRILL_HARNESS_LATENESS_H

#include <stdint.h>

void lateness_start(void);
void lateness_stop(void);
/* Worst between two times of clock_now_ns(), in ms, rounded up. */
int64_t lateness_worst_ms(int64_t from_ns, int64_t to_ns);

#endif
