/*
 * exporter: sends spans, log records and metrics by OTLP/HTTP, in batches, from
 * a thread of its own: a request waits for nobody. Set up as OpenTelemetry's
 * exporters are, by OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_PROTOCOL
 * (http/protobuf, the default, or http/json). Metrics go out before the spans
 * of the requests that they count.
 */
#ifndef GATEDRILL_REFGATEWAY_EXPORTER_H
#define GATEDRILL_REFGATEWAY_EXPORTER_H

#include "common/err.h"
#include "tests/refgateway/meter.h"
#include "tests/refgateway/record.h"
#include "tests/refgateway/span.h"

struct exporter;

/* *out is NULL without an endpoint. meter is borrowed; NULL: none. False and
 * err: ERR_STATE. */
bool exporter_start(struct exporter **out, struct meter *meter,
                    struct err *err);
/* Takes what there is, several spans at once; exporter may be NULL. */
void exporter_add(struct exporter *exporter, const struct span *spans,
                  size_t count);
void exporter_add_record(struct exporter *exporter,
                         const struct record *record);
/* Sends what is left, then ends. NULL is fine. */
void exporter_stop(struct exporter *exporter);

#endif
