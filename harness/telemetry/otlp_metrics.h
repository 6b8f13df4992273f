/*
 * otlp_metrics: the points of an export request as samples: a gauge or a sum by
 * its name, a histogram or summary as NAME_count and NAME_sum. Attributes are
 * labels; what tells one process of a service from another is one too,
 * "resource.service.instance.id" and "resource.process.pid". Pure.
 */
#ifndef GATEDRILL_HARNESS_OTLP_METRICS_H
#define GATEDRILL_HARNESS_OTLP_METRICS_H

#include "harness/telemetry/metrics.h"
#include "harness/telemetry/otlp.h"

/* Adds to out; a request of another signal has none. False when there are more
 * than METRICS_SAMPLES_MOST. */
bool otlp_metrics_add(struct metrics *out, const struct otlp_request *request);

#endif
