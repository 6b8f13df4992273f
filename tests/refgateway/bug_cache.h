/* bug_cache: the answers that a seeded bug keeps, by the request's text. From
 * many threads; freed with the process. */
#ifndef GATEDRILL_REFGATEWAY_BUG_CACHE_H
#define GATEDRILL_REFGATEWAY_BUG_CACHE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

/* *out is borrowed for ever: nothing is ever replaced. */
bool bug_cache_find(struct buf *out, const char *request, size_t length);
void bug_cache_keep(const char *request, size_t length,
                    const struct buf *answer);

#endif
