/* late_look: looking through one sink of a process that has ended: quickly for
 * anything secret of the run, then closely. Private to late*.c. */
#ifndef GATEDRILL_HARNESS_LATE_LOOK_H
#define GATEDRILL_HARNESS_LATE_LOOK_H

#include "harness/evidence/forbidden.h"
#include "harness/leaks/sink.h"

/* page: what was fetched of it, {0} of files and databases. True when some
 * secret of the run may stand there. */
bool late_suspects(const struct forbidden *secrets, const struct sink *sink,
                   const struct page *page);
/* Adds to o->hits what of set, which was made of o's canaries, stands in the
 * whole of it. */
void late_search(struct observation *o, struct scan_set *set,
                 const struct sink *sink, const struct page *page);

#endif
