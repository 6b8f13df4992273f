/*
 * meter: what this gateway counts, and the two ways in which it tells: a page
 * for Prometheus, and points for OTLP. Labels are names, statuses and words of
 * ours: however many clients come and whatever they ask for, the series are
 * few.
 */
#ifndef GATEDRILL_REFGATEWAY_METER_H
#define GATEDRILL_REFGATEWAY_METER_H

#include <stdint.h>

#include "common/buf.h"
#include "tests/refgateway/span.h"

#define METER_LABELS  6
#define METER_BUCKETS 16

enum meter_family {
    /* On the page. */
    METER_REQUESTS, /* route, status, model */
    METER_ATTEMPTS, /* upstream, status, error */
    METER_RETRIES,  /* upstream */
    METER_TOKENS,   /* kind */
    METER_DURATION, /* histogram: route */
    /* By OTLP. */
    METER_SERVED, /* histogram http.server.request.duration */
    METER_CALLED, /* histogram http.client.request.duration */
    METER_USED,   /* histogram gen_ai.client.token.usage */
    METER_RESENT, /* sum refgw.retries */
    METER_FAMILIES
};

struct meter_label {
    const char *name; /* a literal */
    const char *value;
};

struct meter;
struct meter *meter_new(void);
void meter_free(struct meter *meter); /* NULL is fine */

/* Adds to the series with these labels; values are copied, an empty one is no
 * label. meter NULL: nothing is done. */
void meter_count(struct meter *meter, enum meter_family family,
                 const struct meter_label *labels, size_t count, int64_t by);
/* The same for a histogram. */
void meter_observe(struct meter *meter, enum meter_family family,
                   const struct meter_label *labels, size_t count,
                   double value);
/* Seeded: a text beside the last sample of the family, as its example. */
void meter_example(struct meter *meter, enum meter_family family,
                   const char *text);

/* The page, text format 0.0.4. */
void meter_write_page(struct buf *out, struct meter *meter);
/* A batch for an export request with all points, cumulative; false when nothing
 * was counted since the last one. start_ns: when counting began; both since the
 * epoch. */
bool meter_write_otlp(struct buf *batch, struct meter *meter,
                      enum span_coding coding, int64_t start_ns,
                      int64_t now_ns);

#endif
