/*
 * exposition: a metrics page, read: the text format of Prometheus (0.0.4, with
 * the quoted names of version 3) and OpenMetrics 1.0. Comments and timestamps
 * are passed over. Pure; any bytes may come. Source: Prometheus, "Exposition
 * formats"; OpenMetrics 1.0.
 */
#ifndef GATEDRILL_HARNESS_EXPOSITION_H
#define GATEDRILL_HARNESS_EXPOSITION_H

#include "common/err.h"
#include "harness/telemetry/metrics.h"

#define EXPOSITION_BYTES_MOST ((size_t)16 << 20)

/*
 * Reads a page. *out is filled on success and empty on failure; release with
 * metrics_release(). text is borrowed. ERR_SYNTAX with "line N" in where and
 * what is wrong, never a text of the page; also for a last line without its
 * end, which is one that was cut, and for a page beyond the bounds.
 */
bool exposition_read(struct metrics *out, const char *text, size_t length,
                     struct err *err);

#endif
