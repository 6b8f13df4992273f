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
/* Which part of a sink is searched. */
enum late_part {
    LATE_WHOLE,
    LATE_SINCE_READY, /* what came when the gateway was ready */
    /* All but what it may have been given: a database, files that were there
     * before it ran. */
    LATE_NOT_GIVEN,
};
/* Adds to o->hits what of set, which was made of o's canaries, stands in that
 * part of it, and to o->sinks what became of it. */
void late_search(struct observation *o, struct scan_set *set,
                 const struct sink *sink, const struct page *page,
                 enum late_part part);

#endif
