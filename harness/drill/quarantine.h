/* quarantine: the files in which something leaked are kept apart. */
#ifndef GATEDRILL_HARNESS_QUARANTINE_H
#define GATEDRILL_HARNESS_QUARANTINE_H

#include "harness/judge/observation.h"
#include "harness/leaks/sink.h"

struct drill;

/* Copies those files of a process's sinks that a hit is in. A page that is no
 * file is not kept. slot: how the process is called. */
void quarantine_sinks(struct drill *drill, const char *slot,
                      const struct sink_set *sinks, const struct sink_hit *hits,
                      size_t count);

#endif
