#include "harness/launch/profile_metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/launch/profile.h"

const char *const metric_count_names[] = { "retries_total",
                                           "retries_primary",
                                           "attempts_total",
                                           "requests_total",
                                           "input_tokens",
                                           "output_tokens",
                                           NULL };
const char *const metric_place_names[] = { "page", "otlp", NULL };

static const struct bind_row counter_table[] = {
    { .key = "counts",
      .kind = BIND_ENUM,
      .required = true,
      .names = metric_count_names,
      .missing = -1,
      .offset = offsetof(struct profile_counter, counts),
      .doc = "What it counts" },
    { .key = "from",
      .kind = BIND_ENUM,
      .names = metric_place_names,
      .missing = -1,
      .offset = offsetof(struct profile_counter, from),
      .doc = "Where it stands; page where the profile has one, else otlp" },
    { .key = "name",
      .kind = BIND_TEXT,
      .required = true,
      .pattern = ".",
      .offset = offsetof(struct profile_counter, name),
      .doc = "The name of its samples; of a histogram by OTLP with _count or "
             "_sum behind it" },
    { .key = "labels",
      .kind = BIND_JSON,
      .offset = offsetof(struct profile_counter, labels),
      .doc = "Labels that its samples have, as an object of texts" },
    { .key = "upstream",
      .kind = BIND_TEXT,
      .offset = offsetof(struct profile_counter, upstream),
      .doc = "It counts what went to this upstream alone" },
    { .key = "status",
      .kind = BIND_TEXT,
      .offset = offsetof(struct profile_counter, status),
      .doc = "The label that holds the status: 503 or 5xx" },
    { 0 }
};

const struct bind_row profile_metrics_table[] = {
    { .key = "url",
      .kind = BIND_TEXT,
      .offset = offsetof(struct profile_metrics, url),
      .doc = "The page: the URL of a sink of kind http; default: the first" },
    { .key = "flush_ms",
      .kind = BIND_INT,
      .min = 0,
      .max = 60000,
      .missing = 2000,
      .unit = "ms",
      .offset = offsetof(struct profile_metrics, flush_ms),
      .doc = "What happened is counted so long after the answer" },
    { .key = "series_max",
      .kind = BIND_INT,
      .min = 0,
      .max = 100000,
      .missing = -1,
      .offset = offsetof(struct profile_metrics, series_max),
      .doc = "How many new series requests for 50 random models may make, at "
             "each place" },
    { .key = "counters",
      .kind = BIND_LIST,
      .table = counter_table,
      .item_size = sizeof(struct profile_counter),
      .max = PROFILE_COUNTERS_MOST,
      .offset = offsetof(struct profile_metrics, counters),
      .doc = "Counters whose figures are compared" },
    { 0 }
};

static bool wrong(const struct profile *profile, const char *pointer,
                  const char *what, struct err *err)
{
    char where[512];

    snprintf(where, sizeof where, "%s: $.telemetry.%s", profile->path, pointer);
    err_set(err, ERR_SCHEMA, where, "%s", what);
    return false;
}

/* The page is searched for secrets too: it must be a sink. */
static bool find_page(struct profile_metrics *out,
                      const struct profile *profile, struct err *err)
{
    const struct profile_sink *sinks = profile->sinks.items;

    for (size_t i = 0; i < profile->sinks.count; i++) {
        if (sinks[i].kind != SINK_HTTP || !sinks[i].url)
            continue;
        if (!out->url)
            out->url = xstrdup(sinks[i].url);
        if (!strcmp(out->url, sinks[i].url))
            return true;
    }
    return !out->url || wrong(profile, "metrics.url",
                              "is not the URL of a sink of kind http", err);
}

static bool check_labels(const struct profile *profile,
                         const struct json *labels, struct err *err)
{
    if (!labels)
        return true;
    if (json_kind(labels) != JSON_OBJECT)
        return wrong(profile, "metrics.counters.labels",
                     "must be an object of texts", err);
    for (const struct json *at = json_first(labels); at; at = json_next(at))
        if (json_kind(at) != JSON_STRING)
            return wrong(profile, "metrics.counters.labels",
                         "must be an object of texts", err);
    return true;
}

static bool check_counter(const struct profile_metrics *metrics,
                          struct profile_counter *counter,
                          const struct profile *profile, struct err *err)
{
    bool known = !counter->upstream;

    if (counter->from < 0)
        counter->from = metrics->url ? METRIC_ON_PAGE : METRIC_BY_OTLP;
    if (counter->from == METRIC_ON_PAGE && !metrics->url)
        return wrong(profile, "metrics.counters.from",
                     "page needs a sink of kind http", err);
    if (counter->from == METRIC_BY_OTLP &&
        !profile_has_sink(profile, SINK_OTLP))
        return wrong(profile, "metrics.counters.from",
                     "otlp needs a sink of that kind", err);
    for (size_t i = 0; i < profile->upstreams.count; i++)
        known |= counter->upstream &&
                 !strcmp(profile->upstreams.keys[i], counter->upstream);
    if (!known)
        return wrong(profile, "metrics.counters.upstream",
                     "is no upstream of the profile", err);
    if (counter->upstream && counter->counts > METRIC_ATTEMPTS)
        return wrong(profile, "metrics.counters.upstream",
                     "is for attempts and retries", err);
    if (counter->status && counter->counts != METRIC_ATTEMPTS &&
        counter->counts != METRIC_REQUESTS)
        return wrong(profile, "metrics.counters.status",
                     "is for attempts_total and requests_total", err);
    return check_labels(profile, counter->labels, err);
}

/* Points come when the gateway likes: by a count of every request one knows
 * that an export has what came before. */
static bool check_otlp(const struct profile_metrics *metrics,
                       const struct profile *profile, struct err *err)
{
    const struct profile_counter *counters = metrics->counters.items;
    bool any = false, timely = false;

    for (size_t i = 0; i < metrics->counters.count; i++) {
        bool otlp = counters[i].from == METRIC_BY_OTLP;

        any |= otlp;
        timely |= otlp && (counters[i].counts == METRIC_REQUESTS ||
                           counters[i].counts == METRIC_ATTEMPTS);
    }
    return !any || timely ||
           wrong(profile, "metrics.counters",
                 "otlp needs a counter of requests_total or attempts_total "
                 "there too: by it one knows that an export is up to date",
                 err);
}

/* The short form, beside the header that says the same:
 * "retry_count": {"metric": {"name": ...}, "counts": "retries_total"}. */
static bool add_retry_count(struct profile_metrics *out,
                            const struct profile *profile, struct err *err)
{
    const struct json *said = json_pointer(profile->telemetry, "/retry_count");
    const struct json *metric = json_pointer(said, "/metric");
    struct json *whole;
    struct profile_counter *counter;
    char where[512];
    bool ok;

    if (!metric)
        return true;
    snprintf(where, sizeof where, "%s: $.telemetry.retry_count.metric",
             profile->path);
    if (json_kind(metric) != JSON_OBJECT)
        return wrong(profile, "retry_count.metric", "must be an object", err);
    whole = json_copy(metric);
    json_set(whole, "counts",
             json_new_text(json_get_text(said, "counts",
                                         metric_count_names[METRIC_RETRIES])));
    out->counters.items =
        xrealloc(out->counters.items,
                 (out->counters.count + 1) * sizeof(struct profile_counter));
    counter =
        (struct profile_counter *)out->counters.items + out->counters.count;
    ok = bind_read(counter, sizeof *counter, counter_table, whole, where,
                   BIND_STRICT, err);
    out->counters.count += ok;
    json_free(whole);
    return ok;
}

bool profile_metrics_read(struct profile_metrics *out,
                          const struct profile *profile, struct err *err)
{
    const struct json *node = json_pointer(profile->telemetry, "/metrics");
    struct json *none = json_new_object();
    struct profile_counter *counters;
    char where[512];
    bool ok;

    snprintf(where, sizeof where, "%s: $.telemetry.metrics", profile->path);
    ok = bind_read(out, sizeof *out, profile_metrics_table, node ? node : none,
                   where, BIND_STRICT, err);
    json_free(none);
    out->declared = node != NULL;
    ok = ok && find_page(out, profile, err) &&
         add_retry_count(out, profile, err);
    counters = out->counters.items;
    out->declared |= out->counters.count > 0;
    for (size_t i = 0; ok && i < out->counters.count; i++)
        ok = check_counter(out, &counters[i], profile, err);
    ok = ok && check_otlp(out, profile, err);
    if (!ok)
        profile_metrics_release(out);
    return ok;
}

void profile_metrics_release(struct profile_metrics *metrics)
{
    bind_release(metrics, profile_metrics_table);
    *metrics = (struct profile_metrics){ 0 };
}
