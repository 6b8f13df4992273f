#include "tests/refgateway/meter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "tests/refgateway/meter_parts.h"

static const double seconds[] = { 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                  0.5,   0.75, 1,     2.5,  5,     7.5, 10 };
static const double tokens[] = { 1,       4,       16,       64,      256,
                                 1024,    4096,    16384,    65536,   262144,
                                 1048576, 4194304, 16777216, 67108864 };
#define BOUNDS(list) list, sizeof list / sizeof *list

const struct meter_row meter_rows[METER_FAMILIES] = {
    [METER_REQUESTS] = { "refgw_requests_total", NULL, "",
                         "Requests of clients, by what they were answered.",
                         NULL, 0 },
    [METER_ATTEMPTS] = { "refgw_upstream_attempts_total", NULL, "",
                         "Attempts at upstreams, by what came of them.", NULL,
                         0 },
    [METER_RETRIES] = { "refgw_retries_total", NULL, "",
                        "Attempts at an upstream beyond the first of a "
                        "request.",
                        NULL, 0 },
    [METER_TOKENS] = { "refgw_tokens_total", NULL, "",
                       "Tokens that answers say they took.", NULL, 0 },
    [METER_DURATION] = { "refgw_request_duration_seconds", NULL, "s",
                         "How long requests of clients took.",
                         BOUNDS(seconds) },
    [METER_SERVED] = { NULL, "http.server.request.duration", "s",
                       "Duration of HTTP server requests.", BOUNDS(seconds) },
    [METER_CALLED] = { NULL, "http.client.request.duration", "s",
                       "Duration of HTTP client requests.", BOUNDS(seconds) },
    [METER_USED] = { NULL, "gen_ai.client.token.usage", "{token}",
                     "Number of input and output tokens used.",
                     BOUNDS(tokens) },
    [METER_RESENT] = { NULL, "refgw.retries", "{retry}",
                       "Attempts at an upstream beyond the first of a "
                       "request.",
                       NULL, 0 },
};

struct meter *meter_new(void)
{
    struct meter *meter = xcalloc(1, sizeof *meter);

    pthread_mutex_init(&meter->lock, NULL);
    return meter;
}

void meter_free(struct meter *meter)
{
    if (!meter)
        return;
    for (size_t i = 0; i < meter->count; i++) {
        for (size_t k = 0; k < meter->series[i].label_count; k++)
            free(meter->series[i].labels[k].value);
        free(meter->series[i].example);
    }
    free(meter->series);
    pthread_mutex_destroy(&meter->lock);
    free(meter);
}

static bool has_labels(const struct meter_series *series,
                       const struct meter_label *labels, size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (!*labels[i].value)
            continue;
        if (at == series->label_count ||
            strcmp(series->labels[at].name, labels[i].name) != 0 ||
            strcmp(series->labels[at].value, labels[i].value) != 0)
            return false;
        at++;
    }
    return at == series->label_count;
}

/* The series with these labels, a new one where there is none. */
static struct meter_series *find(struct meter *meter, enum meter_family family,
                                 const struct meter_label *labels, size_t count)
{
    struct meter_series *series;

    meter->changed = true;
    for (size_t i = 0; i < meter->count; i++)
        if (meter->series[i].family == family &&
            has_labels(&meter->series[i], labels, count))
            return &meter->series[i];
    meter->series = xgrow(meter->series, meter->count, &meter->capacity,
                          sizeof *meter->series);
    series = &meter->series[meter->count++];
    *series = (struct meter_series){ .family = family };
    for (size_t i = 0; i < count; i++)
        if (*labels[i].value)
            series->labels[series->label_count++] =
                (struct meter_own_label){ labels[i].name,
                                          xstrdup(labels[i].value) };
    return series;
}

void meter_count(struct meter *meter, enum meter_family family,
                 const struct meter_label *labels, size_t count, int64_t by)
{
    if (!meter)
        return;
    pthread_mutex_lock(&meter->lock);
    find(meter, family, labels, count)->count += by;
    pthread_mutex_unlock(&meter->lock);
}

void meter_observe(struct meter *meter, enum meter_family family,
                   const struct meter_label *labels, size_t count, double value)
{
    const struct meter_row *row = &meter_rows[family];
    struct meter_series *series;
    size_t bucket = 0;

    if (!meter)
        return;
    while (bucket < row->bound_count && value > row->bounds[bucket])
        bucket++;
    pthread_mutex_lock(&meter->lock);
    series = find(meter, family, labels, count);
    series->buckets[bucket]++;
    series->count++;
    series->sum += value;
    pthread_mutex_unlock(&meter->lock);
}

void meter_example(struct meter *meter, enum meter_family family,
                   const char *text)
{
    if (!meter)
        return;
    pthread_mutex_lock(&meter->lock);
    for (size_t i = meter->count; i-- > 0;) {
        if (meter->series[i].family != family)
            continue;
        free(meter->series[i].example);
        meter->series[i].example = xstrdup(text);
        break;
    }
    pthread_mutex_unlock(&meter->lock);
}
