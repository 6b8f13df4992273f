#include "harness/telemetry/otlp_metrics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define AS_INT 6 /* otlp_point.which */

enum { SUM = 7, HISTOGRAM = 9, EXPONENTIAL = 10, SUMMARY = 11 };

/* NULL for what is no label: lists and maps. */
static char *text_of(const struct otlp_value *value)
{
    switch (value->kind) {
    case OTLP_VALUE_TEXT:
        return xstrndup(value->text, value->length);
    case OTLP_VALUE_BOOL:
        return xstrdup(value->number ? "true" : "false");
    case OTLP_VALUE_INT:
        return xasprintf("%" PRId64, value->number);
    case OTLP_VALUE_DOUBLE:
        return xasprintf("%g", value->real);
    default:
        return NULL;
    }
}

static void add_labels(struct metrics_sample *sample,
                       const struct otlp_list *attributes, const char *before,
                       const char *const *only)
{
    const struct otlp_attribute *all = attributes->items;

    for (size_t i = 0; i < attributes->count; i++) {
        const char *key = all[i].key.text ? all[i].key.text : "";
        bool wanted = !only;
        char *name, *text;

        for (size_t k = 0; only && only[k]; k++)
            wanted |= !strcmp(only[k], key);
        text = wanted && *key ? text_of(&all[i].value) : NULL;
        if (!text)
            continue;
        name = xasprintf("%s%s", before, key);
        metrics_add_label(sample, name, strlen(name), text);
        free(name);
    }
}

struct place {
    struct metrics *out;
    const struct otlp_list *resource;
    const struct otlp_metric *metric;
};

static bool add_sample(const struct place *at, const struct otlp_point *point,
                       const char *suffix, double value)
{
    static const char *const instance[] = { "service.instance.id",
                                            "process.pid", NULL };
    char *name = xasprintf("%s%s", at->metric->name.text, suffix);
    struct metrics_sample *sample = metrics_add(at->out, name, strlen(name));

    free(name);
    if (!sample)
        return false;
    sample->value = value;
    sample->delta = at->metric->temporality == OTLP_DELTA;
    add_labels(sample, &point->attributes, "", NULL);
    add_labels(sample, at->resource, "resource.", instance);
    return true;
}

static bool add_point(const struct place *at, const struct otlp_point *point)
{
    int64_t kind = at->metric->kind;

    if (kind == HISTOGRAM || kind == EXPONENTIAL || kind == SUMMARY)
        return add_sample(at, point, "_count", (double)point->count) &&
               add_sample(at, point, "_sum", point->real);
    return add_sample(at, point, "",
                      point->which == AS_INT ? (double)point->integer
                                             : point->real);
}

static bool add_metrics(struct metrics *out, const struct otlp_list *resource,
                        const struct otlp_scope *scope)
{
    const struct otlp_metric *metrics = scope->metrics.items;

    for (size_t i = 0; i < scope->metrics.count; i++) {
        const struct place at = { out, resource, &metrics[i] };
        const struct otlp_point *points = metrics[i].points.items;

        for (size_t k = 0; metrics[i].name.text && k < metrics[i].points.count;
             k++)
            if (!add_point(&at, &points[k]))
                return false;
    }
    return true;
}

bool otlp_metrics_add(struct metrics *out, const struct otlp_request *request)
{
    const struct otlp_resource *resources = request->resources.items;

    if (request->signal != OTLP_METRICS)
        return true;
    for (size_t i = 0; i < request->resources.count; i++) {
        const struct otlp_scope *scopes = resources[i].scopes.items;

        for (size_t k = 0; k < resources[i].scopes.count; k++)
            if (!add_metrics(out, &resources[i].resource.attributes,
                             &scopes[k]))
                return false;
    }
    return true;
}
