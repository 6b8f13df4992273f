#include "harness/judge/metered.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

static bool has_label(const struct metrics_sample *sample,
                      const struct json *wanted, const struct names *names)
{
    struct err err;
    char *value =
        names_fill(names, json_text(wanted, ""), "$.telemetry.metrics", &err);
    bool has = value && !strcmp(metrics_label(sample, json_key(wanted)), value);

    free(value);
    return has;
}

static bool is_of(const struct profile_counter *counter,
                  const struct names *names,
                  const struct metrics_sample *sample)
{
    if (strcmp(sample->name, counter->name) != 0)
        return false;
    for (const struct json *label =
             counter->labels ? json_first(counter->labels) : NULL;
         label; label = json_next(label))
        if (!has_label(sample, label, names))
            return false;
    return true;
}

double metered_sum(const struct profile_counter *counter,
                   const struct names *names, const struct metrics *metrics)
{
    double sum = 0;

    for (size_t i = 0; i < metrics->count; i++)
        if (is_of(counter, names, &metrics->samples[i]))
            sum += metrics->samples[i].value;
    return sum;
}

/* "503" and "5xx"; "" for anything else. */
static const char *status_of(const struct profile_counter *counter,
                             const struct metrics_sample *sample)
{
    const char *status = metrics_label(sample, counter->status);
    bool known = strlen(status) == 3 && *status >= '1' && *status <= '5' &&
                 (strspn(status, "0123456789") == 3 ||
                  !strcmp(status + 1, "xx") || !strcmp(status + 1, "XX"));

    return known ? status : "";
}

static void add_status(struct metered_counter *out, const char *status,
                       double before, double after)
{
    size_t at = 0;

    while (at < out->by_count && strcmp(out->by[at].status, status) != 0)
        at++;
    if (at == METERED_STATUSES)
        return; /* more than there are: the whole tells */
    if (at == out->by_count)
        snprintf(out->by[out->by_count++].status, sizeof out->by->status, "%s",
                 status);
    out->by[at].before += before;
    out->by[at].after += after;
}

static void add_statuses(struct metered_counter *out,
                         const struct profile_counter *counter,
                         const struct names *names,
                         const struct metrics *metrics, bool after)
{
    for (size_t i = 0; i < metrics->count; i++) {
        const struct metrics_sample *sample = &metrics->samples[i];

        if (is_of(counter, names, sample))
            add_status(out, status_of(counter, sample),
                       after ? 0 : sample->value, after ? sample->value : 0);
    }
}

static void read_counter(struct metered_counter *out,
                         const struct profile_counter *counter,
                         const struct names *names,
                         const struct metrics *before,
                         const struct metrics *after)
{
    *out = (struct metered_counter){
        .before = metered_sum(counter, names, before),
        .after = metered_sum(counter, names, after),
    };
    for (size_t i = 0; i < after->count; i++) {
        const struct metrics_sample *sample = &after->samples[i];

        out->there |= !strcmp(sample->name, counter->name);
        if (is_of(counter, names, sample))
            out->least = fmin(out->least, sample->value);
    }
    if (!counter->status)
        return;
    add_statuses(out, counter, names, before, false);
    add_statuses(out, counter, names, after, true);
}

void metered_read(struct metered *out, const struct profile_metrics *declared,
                  const struct names *names,
                  const struct metrics before[METRIC_PLACES],
                  const struct metrics after[METRIC_PLACES])
{
    const struct profile_counter *counters = declared->counters.items;

    for (size_t i = 0; i < METRIC_PLACES; i++) {
        out->series[i] = (int64_t)after[i].count;
        out->fresh[i] = (int64_t)metrics_new_series(&before[i], &after[i]);
    }
    out->counter_count = declared->counters.count;
    if (out->counter_count > METERED_COUNTERS)
        out->counter_count = METERED_COUNTERS;
    for (size_t i = 0; i < out->counter_count; i++)
        read_counter(&out->counters[i], &counters[i], names,
                     &before[counters[i].from], &after[counters[i].from]);
}
