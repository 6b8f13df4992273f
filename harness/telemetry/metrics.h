/*
 * metrics: what a gateway counts, as samples, wherever they come from: a page
 * in the text format of Prometheus (exposition.h), or points of OTLP. Values of
 * labels may hold anything a gateway took from a request: they are looked at
 * and let go, never written. Pure.
 */
#ifndef GATEDRILL_HARNESS_METRICS_H
#define GATEDRILL_HARNESS_METRICS_H

#include <stdbool.h>
#include <stddef.h>

#define METRICS_SAMPLES_MOST 100000 /* of one reading */
#define METRICS_LABELS_MOST  64     /* of one sample */

struct metrics_label {
    char *name, *value;
};
struct metrics_sample {
    char *name;
    struct metrics_label *labels; /* by name, each once */
    size_t label_count, label_capacity;
    /* Of the example request that may stand beside a sample. */
    struct metrics_label *exemplar;
    size_t exemplar_count, exemplar_capacity;
    double value;
    bool delta; /* since the last reading; else since the beginning */
};
struct metrics {
    struct metrics_sample *samples;
    size_t count, capacity;
};
/* Labels go with what is released, wiped. */
void metrics_release(struct metrics *metrics);
/* A sample at the end, without labels; NULL when there are too many. */
struct metrics_sample *metrics_add(struct metrics *metrics, const char *name,
                                   size_t length);
/* A label, in its place. value is taken over; false, and value freed, when the
 * name is there already or there are too many. */
bool metrics_add_label(struct metrics_sample *sample, const char *name,
                       size_t length, char *value);
bool metrics_add_exemplar(struct metrics_sample *sample, const char *name,
                          size_t length, char *value);
void metrics_sample_release(struct metrics_sample *sample);

/* Takes over what came later: a value in the place of that of its series, or
 * added to it. from is empty afterwards; false: there was no room for all. */
bool metrics_merge(struct metrics *into, struct metrics *from);
void metrics_copy(struct metrics *out, const struct metrics *from);

/* The value of a label; "" for one that is not there, which to Prometheus is
 * the same. Borrowed. */
const char *metrics_label(const struct metrics_sample *sample,
                          const char *name);
/* How many samples there are whose name and labels are not in before, each
 * once: series that are new. */
size_t metrics_new_series(const struct metrics *before,
                          const struct metrics *after);
/* The same, one by one, in order of name and labels. */
void metrics_each_new(const struct metrics *before, const struct metrics *after,
                      void (*take)(void *user,
                                   const struct metrics_sample *sample),
                      void *user);

#endif
