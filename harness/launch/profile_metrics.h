/*
 * profile_metrics: what a profile says of the gateway's counters
 * (telemetry.metrics): where they stand and what each of them counts. Words:
 * docs/gateway-profile.md.
 */
#ifndef GATEDRILL_HARNESS_PROFILE_METRICS_H
#define GATEDRILL_HARNESS_PROFILE_METRICS_H

#include "common/bind.h"

struct profile;

#define PROFILE_COUNTERS_MOST 31 /* and that of retry_count */

/* What a counter says it counts. */
enum metric_count {
    METRIC_RETRIES,         /* attempts minus upstreams tried */
    METRIC_RETRIES_PRIMARY, /* attempts at the primary minus one */
    METRIC_ATTEMPTS,
    METRIC_REQUESTS, /* of clients */
    METRIC_INPUT_TOKENS,
    METRIC_OUTPUT_TOKENS,
};
extern const char *const metric_count_names[];

enum metric_place { METRIC_ON_PAGE, METRIC_BY_OTLP, METRIC_PLACES };
extern const char *const metric_place_names[];

struct profile_counter {
    int64_t counts; /* enum metric_count */
    int64_t from;   /* enum metric_place; -1: the page where there is one */
    char *name;
    struct json *labels; /* texts that its samples have; ${...}; or NULL */
    char *upstream;      /* it counts this one's alone; NULL: all */
    char *status;        /* the label that holds the status; NULL: none does */
};
struct profile_metrics {
    bool declared;
    char *url; /* of the page, as a sink of kind http has it; NULL: none */
    int64_t flush_ms;          /* a count is told so long after the answer */
    int64_t series_max;        /* new ones, whatever clients ask for; -1 */
    struct bind_list counters; /* struct profile_counter */
};

/*
 * Reads telemetry.metrics of a profile whose other members are read, and
 * telemetry.retry_count.metric as one counter more. ERR_SCHEMA for what is
 * none, for a page that is no sink of kind http, for OTLP without a sink.
 */
bool profile_metrics_read(struct profile_metrics *out,
                          const struct profile *profile, struct err *err);
void profile_metrics_release(struct profile_metrics *metrics);
extern const struct bind_row profile_metrics_table[];

#endif
