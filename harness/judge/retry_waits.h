/*
 * retry_waits: the waits before the same retry of many client requests, for
 * what only many samples show (spread, growth). Pure.
 */
#ifndef GATEDRILL_HARNESS_RETRY_WAITS_H
#define GATEDRILL_HARNESS_RETRY_WAITS_H

#include "harness/judge/check.h"

struct retry_waits {
    double *ms; /* rising */
    size_t count;
};

/* Before retry number `retry` (from 1) at the primary, over the requests of a
 * phase; from the first byte of the answer that failed: earlier nobody could
 * know. Release it. */
struct retry_waits retry_waits_collect(const struct judged *judged,
                                       size_t phase, size_t retry);
void retry_waits_release(struct retry_waits *waits);

/* d of the declared backoff before that retry; -1: base or factor is not
 * declared. */
int64_t retry_waits_declared_ms(const struct runbook *runbook, size_t retry);

#endif
