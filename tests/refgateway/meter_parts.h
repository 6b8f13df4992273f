/* meter_parts: what a meter holds. Private to meter*.c. */
#ifndef GATEDRILL_REFGATEWAY_METER_PARTS_H
#define GATEDRILL_REFGATEWAY_METER_PARTS_H

#include <pthread.h>

#include "tests/refgateway/meter.h"

struct meter_row {
    const char *page; /* its name there; NULL: it is not on the page */
    const char *otlp; /* likewise */
    const char *unit, *help;
    const double *bounds; /* of a histogram, ascending; NULL: it counts */
    size_t bound_count;
};
extern const struct meter_row meter_rows[METER_FAMILIES];

struct meter_own_label {
    const char *name;
    char *value; /* owned */
};
struct meter_series {
    enum meter_family family;
    struct meter_own_label labels[METER_LABELS];
    size_t label_count;
    int64_t count; /* of a histogram: how many were observed */
    double sum;
    int64_t buckets[METER_BUCKETS + 1]; /* each alone; the last is +Inf */
    char *example;                      /* owned; seeded bugs only */
};
struct meter {
    pthread_mutex_t lock;
    struct meter_series *series;
    size_t count, capacity;
    bool changed; /* since it was exported */
};

#endif
