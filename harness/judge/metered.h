/*
 * metered: by how much the counters that a profile names went up while a case
 * ran, and how many series came in: figures alone, no label. Pure.
 */
#ifndef GATEDRILL_HARNESS_METERED_H
#define GATEDRILL_HARNESS_METERED_H

#include <stdint.h>

#include "harness/launch/names.h"
#include "harness/launch/profile.h"
#include "harness/telemetry/metrics.h"

#define METERED_COUNTERS (PROFILE_COUNTERS_MOST + 1)
#define METERED_STATUSES 16

struct metered_counter {
    bool there; /* a sample of that name stands at its place at the end */
    double before, after;
    double least; /* of its samples at the end: a count cannot be negative */
    struct {
        char status[8]; /* "503", "5xx"; "" for any other word or none */
        double before, after;
    } by[METERED_STATUSES];
    size_t by_count; /* only where the profile names a label for it */
};
struct metered {
    bool alone;  /* the process served this case alone */
    bool looked; /* it was read before and after, or problem says why not */
    char problem[METRIC_PLACES][96]; /* "": both readings are there */
    int64_t series[METRIC_PLACES];   /* at the end */
    int64_t fresh[METRIC_PLACES];    /* of these, not there before */
    struct metered_counter counters[METERED_COUNTERS]; /* as declared */
    size_t counter_count;
};

/* Fills series, fresh and counters; names: for "${...}" in labels. before and
 * after by enum metric_place. */
void metered_read(struct metered *out, const struct profile_metrics *declared,
                  const struct names *names,
                  const struct metrics before[METRIC_PLACES],
                  const struct metrics after[METRIC_PLACES]);
/* The sum of a declared counter. */
double metered_sum(const struct profile_counter *counter,
                   const struct names *names, const struct metrics *metrics);

#endif
