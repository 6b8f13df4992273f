/* bug_retry_after: seeded bugs that read Retry-After wrongly. */
#ifndef GATEDRILL_REFGATEWAY_BUG_RETRY_AFTER_H
#define GATEDRILL_REFGATEWAY_BUG_RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/refgateway/retry_after.h"

/* True when the active bug reads these headers in its own way: *told_ms is as
 * of retry_after_told_ms(). */
bool bug_retry_after(int64_t *told_ms,
                     const struct retry_after_headers *headers);
/* True when the active bug takes a told wait of nothing for no wait at all, the
 * backoff included. */
bool bug_retry_after_is_now(void);

#endif
