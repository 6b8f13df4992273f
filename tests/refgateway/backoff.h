/* backoff: how long to wait before an attempt. Pure: the dice are an argument.
 */
#ifndef GATEDRILL_REFGATEWAY_BACKOFF_H
#define GATEDRILL_REFGATEWAY_BACKOFF_H

#include <stdint.h>

#include "tests/refgateway/rules.h"

/* d = min(cap, base x factor^retry) in ms; retry is 0 for the first one at an
 * upstream. 0 when no backoff is declared. */
int64_t backoff_delay_ms(const struct rules_backoff *backoff, int64_t retry);

/*
 * The wait in ms. Without told_ms: none d, full 0..d, equal d/2..d, additive
 * d..2d. told_ms (-1: nothing told) is a lower bound and the jitter comes on
 * top of it, so that waiters who were told the same do not come back at once.
 * unit   the dice, 0 <= unit < 1
 */
int64_t backoff_wait_ms(const struct rules_backoff *backoff, int64_t retry,
                        int64_t told_ms, double unit);

#endif
