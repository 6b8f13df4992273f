/*
 * trial: one case carried out on one slot: healthy probe, arm, send, listen
 * until it is quiet, healthy probe again, look into the sinks. It acts and
 * collects an observation; it judges nothing.
 */
#ifndef GATEDRILL_HARNESS_TRIAL_H
#define GATEDRILL_HARNESS_TRIAL_H

#include "harness/drill/drill.h"
#include "harness/judge/observation.h"

/* Fills *out, always; what could not be done is out->broken. *poisoned: the
 * slot must not be used again. */
void trial_run(struct observation *out, struct drill *drill, struct slot *slot,
               const struct planned_case *planned, bool *poisoned);

/* How long the mock is listened to after the client's answer, for attempts
 * that come too late: beyond the longest wait a declared backoff can make. */
int64_t trial_quiet_ms(const struct runbook *runbook);

#endif
