/* bug_state: what seeded bugs remember from one request to the next: upstreams
 * that are no longer tried. The gateway itself remembers nothing. */
#ifndef GATEDRILL_REFGATEWAY_BUG_STATE_H
#define GATEDRILL_REFGATEWAY_BUG_STATE_H

#include "tests/refgateway/policy.h"

/* The current upstream failed so, and next is what follows. */
void bug_state_note(size_t upstream, const struct result *result,
                    const struct move *next);
/* Moves the first attempt away from an upstream that is remembered. */
void bug_state_bend(size_t *upstream, size_t count);

#endif
