/*
 * lateness: how late this machine is while a run goes on, by two measures: how
 * late it wakes a sleeper, sampled every few ms by a thread of its own, and how
 * long the healthy requests took that go through the gateways before and after
 * each case. Upper time bounds of a case are widened by the worst of both seen
 * while it ran; so is, by the first, what was stamped after the fact. What the
 * mock sent itself is stamped before, and needs none.
 */
#ifndef GATEDRILL_HARNESS_LATENESS_H
#define GATEDRILL_HARNESS_LATENESS_H

#include <stdint.h>

void lateness_start(void);
void lateness_stop(void);
/* A healthy request that ended at at_ns took so long. */
void lateness_note_probe(int64_t at_ns, int64_t took_ns);
/* Worst between two times of clock_now_ns(), in ms, rounded up. */
int64_t lateness_worst_ms(int64_t from_ns, int64_t to_ns);
int64_t lateness_worst_probe_ms(int64_t from_ns, int64_t to_ns);
/* The shortest of the run; 0 before there was one. */
int64_t lateness_best_probe_ms(void);

#endif
