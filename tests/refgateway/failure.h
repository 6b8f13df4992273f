/* failure: the log record of a request that failed, exported by OTLP: what
 * failed and how often it was tried, in words of ours. */
#ifndef GATEDRILL_REFGATEWAY_FAILURE_H
#define GATEDRILL_REFGATEWAY_FAILURE_H

#include "tests/refgateway/access_log.h"
#include "tests/refgateway/tracing.h"

/* Does nothing for a request that did not fail; exporter may be NULL. */
void failure_tell(struct exporter *exporter, const struct tracing *tracing,
                  const struct access_entry *log);

#endif
