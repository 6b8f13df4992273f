/*
 * envelope: the export request around a batch of spans, of log records
 * or of metrics. Pure.
 */
#ifndef GATEDRILL_REFGATEWAY_ENVELOPE_H
#define GATEDRILL_REFGATEWAY_ENVELOPE_H

#include "tests/refgateway/span.h"

enum envelope_signal {
    ENVELOPE_SPANS,
    ENVELOPE_LOGS,
    ENVELOPE_METRICS,
    ENVELOPE_SIGNALS
};
extern const char *const envelope_paths[]; /* "/v1/traces" ... */

/* more: one further attribute of the resource; NULL: none. */
void envelope_write(struct buf *out, enum envelope_signal signal,
                    const struct buf *batch, enum span_coding coding,
                    const struct span_attribute *more);

#endif
