/*
 * record: one log record of OpenTelemetry as this gateway exports it: of a
 * request that failed. Pure. Source: opentelemetry-proto v1, logs.
 */
#ifndef GATEDRILL_REFGATEWAY_RECORD_H
#define GATEDRILL_REFGATEWAY_RECORD_H

#include "tests/refgateway/span.h"

#define RECORD_ATTRIBUTES 8
#define RECORD_ERROR      17 /* severity number of ERROR */

struct record {
    const char *trace_id, *span_id; /* hex, borrowed */
    const char *event;              /* a literal; NULL: none */
    int64_t time_ns;                /* since the epoch */
    char *body;                     /* owned */
    struct span_attribute attributes[RECORD_ATTRIBUTES];
    size_t count;
};
void record_text(struct record *record, const char *key, const char *text);
void record_number(struct record *record, const char *key, int64_t number);
void record_release(struct record *record);

/* Appends one record to those of a batch. */
void record_write(struct buf *batch, const struct record *record,
                  enum span_coding coding);

#endif
