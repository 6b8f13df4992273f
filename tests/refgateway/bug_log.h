/* bug_log: seeded bugs that make the line of a request say what is not so. */
#ifndef GATEDRILL_REFGATEWAY_BUG_LOG_H
#define GATEDRILL_REFGATEWAY_BUG_LOG_H

#include "tests/refgateway/access_log.h"
#include "tests/refgateway/tracing.h"

/* Changes the line; returns how often it is written, 1 without a bug. */
int bug_log(struct access_entry *log, const struct tracing *tracing);

#endif
