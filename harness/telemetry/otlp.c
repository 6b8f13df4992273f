#include "harness/telemetry/otlp_table.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

const char *const otlp_signal_names[] = { "traces", "metrics", "logs", NULL };

#define NOWHERE SIZE_MAX
#define ROW(json, number, how, type, member)                                   \
    {                                                                          \
        json, number, OTLP_AS_##how, offsetof(struct type, member), 0, NULL    \
    }
#define ID(json, number, type, member, bytes)                                  \
    {                                                                          \
        json, number, OTLP_AS_ID, offsetof(struct type, member), bytes, NULL   \
    }
#define SUB(json, number, how, type, member, message)                          \
    {                                                                          \
        json, number, OTLP_AS_##how, offsetof(struct type, member), 0, message \
    }
#define MESSAGE(name, type)                                                    \
    static const struct otlp_message name = { sizeof(struct type), NOWHERE,    \
                                              name##_rows, 0, 0 }

static const struct otlp_message attribute;
static const struct otlp_message value;

/* ArrayValue and KeyValueList: read into the value that holds them. */
static const struct otlp_row array_rows[] = {
    SUB("values", 1, LIST, otlp_value, values, &value), { 0 }
};
static const struct otlp_row map_rows[] = {
    SUB("values", 1, LIST, otlp_value, map, &attribute), { 0 }
};
MESSAGE(array, otlp_value);
MESSAGE(map, otlp_value);

static const struct otlp_row value_rows[] = {
    { "stringValue", 1, OTLP_AS_STRING, offsetof(struct otlp_value, text),
      offsetof(struct otlp_value, length), NULL },
    ROW("boolValue", 2, BOOL, otlp_value, number),
    ROW("intValue", 3, INT, otlp_value, number),
    ROW("doubleValue", 4, DOUBLE, otlp_value, real),
    { "arrayValue", 5, OTLP_AS_MESSAGE, 0, 0, &array },
    { "kvlistValue", 6, OTLP_AS_MESSAGE, 0, 0, &map },
    { "bytesValue", 7, OTLP_AS_BYTES, offsetof(struct otlp_value, text),
      offsetof(struct otlp_value, length), NULL },
    { 0 }
};
static const struct otlp_message value = { sizeof(struct otlp_value),
                                           offsetof(struct otlp_value, kind),
                                           value_rows, 1, 7 };
static const struct otlp_row attribute_rows[] = {
    ROW("key", 1, TEXT, otlp_attribute, key),
    SUB("value", 2, MESSAGE, otlp_attribute, value, &value),
    { 0 }
};
static const struct otlp_message attribute = { sizeof(struct otlp_attribute),
                                               NOWHERE, attribute_rows, 0, 0 };

#define ATTRIBUTES(number, type)                                               \
    SUB("attributes", number, LIST, type, attributes, &attribute)

static const struct otlp_row event_rows[] = {
    ROW("timeUnixNano", 1, FIXED, otlp_event, time_ns),
    ROW("name", 2, TEXT, otlp_event, name),
    ATTRIBUTES(3, otlp_event),
    { 0 }
};
MESSAGE(event, otlp_event);
static const struct otlp_row link_rows[] = {
    ID("traceId", 1, otlp_link, trace_id, 16),
    ID("spanId", 2, otlp_link, span_id, 8),
    ATTRIBUTES(4, otlp_link),
    { 0 }
};
MESSAGE(link, otlp_link);
/* Status, read into its span. */
static const struct otlp_row status_rows[] = {
    ROW("message", 2, TEXT, otlp_span, status.message),
    ROW("code", 3, INT, otlp_span, status.code),
    { 0 }
};
MESSAGE(status, otlp_span);
static const struct otlp_row span_rows[] = {
    ID("traceId", 1, otlp_span, trace_id, 16),
    ID("spanId", 2, otlp_span, span_id, 8),
    ID("parentSpanId", 4, otlp_span, parent_id, 8),
    ROW("name", 5, TEXT, otlp_span, name),
    ROW("kind", 6, INT, otlp_span, kind),
    ROW("startTimeUnixNano", 7, FIXED, otlp_span, start_ns),
    ROW("endTimeUnixNano", 8, FIXED, otlp_span, end_ns),
    ATTRIBUTES(9, otlp_span),
    SUB("events", 11, LIST, otlp_span, events, &event),
    SUB("links", 13, LIST, otlp_span, links, &link),
    { "status", 15, OTLP_AS_MESSAGE, 0, 0, &status },
    { 0 }
};
MESSAGE(span, otlp_span);

static const struct otlp_row number_rows[] = {
    ROW("asDouble", 4, DOUBLE, otlp_point, real),
    ROW("asInt", 6, FIXED, otlp_point, integer),
    ATTRIBUTES(7, otlp_point),
    { 0 }
};
static const struct otlp_message number_point = {
    sizeof(struct otlp_point), offsetof(struct otlp_point, which), number_rows,
    4, 6
};
static const struct otlp_row histogram_rows[] = {
    ROW("count", 4, FIXED, otlp_point, count),
    ROW("sum", 5, DOUBLE, otlp_point, real),
    ATTRIBUTES(9, otlp_point),
    { 0 }
};
MESSAGE(histogram, otlp_point);
static const struct otlp_row exponential_rows[] = {
    ATTRIBUTES(1, otlp_point),
    ROW("count", 4, FIXED, otlp_point, count),
    ROW("sum", 5, DOUBLE, otlp_point, real),
    { 0 }
};
MESSAGE(exponential, otlp_point);
static const struct otlp_row summary_rows[] = {
    ROW("count", 4, FIXED, otlp_point, count),
    ROW("sum", 5, DOUBLE, otlp_point, real),
    ATTRIBUTES(7, otlp_point),
    { 0 }
};
MESSAGE(summary, otlp_point);

/* Gauge, Sum ...: read into the metric that holds them. */
#define POINTS(name, point)                                                    \
    static const struct otlp_row name##_rows[] = {                             \
        SUB("dataPoints", 1, LIST, otlp_metric, points, &point),               \
        ROW("aggregationTemporality", 2, INT, otlp_metric, temporality),       \
        { 0 }                                                                  \
    };                                                                         \
    MESSAGE(name, otlp_metric)
POINTS(numbers, number_point);
POINTS(histograms, histogram);
POINTS(exponentials, exponential);
POINTS(summaries, summary);

static const struct otlp_row metric_rows[] = {
    ROW("name", 1, TEXT, otlp_metric, name),
    ROW("unit", 3, TEXT, otlp_metric, unit),
    { "gauge", 5, OTLP_AS_MESSAGE, 0, 0, &numbers },
    { "sum", 7, OTLP_AS_MESSAGE, 0, 0, &numbers },
    { "histogram", 9, OTLP_AS_MESSAGE, 0, 0, &histograms },
    { "exponentialHistogram", 10, OTLP_AS_MESSAGE, 0, 0, &exponentials },
    { "summary", 11, OTLP_AS_MESSAGE, 0, 0, &summaries },
    { 0 }
};
static const struct otlp_message metric = { sizeof(struct otlp_metric),
                                            offsetof(struct otlp_metric, kind),
                                            metric_rows, 5, 11 };

static const struct otlp_row record_rows[] = {
    ROW("timeUnixNano", 1, FIXED, otlp_log, time_ns),
    ROW("severityNumber", 2, INT, otlp_log, severity),
    ROW("severityText", 3, TEXT, otlp_log, severity_text),
    SUB("body", 5, MESSAGE, otlp_log, body, &value),
    ATTRIBUTES(6, otlp_log),
    ID("traceId", 9, otlp_log, trace_id, 16),
    ID("spanId", 10, otlp_log, span_id, 8),
    ROW("eventName", 12, TEXT, otlp_log, event_name),
    { 0 }
};
MESSAGE(record, otlp_log);

/* InstrumentationScope and Resource, read into what holds them. */
static const struct otlp_row scope_rows[] = {
    ROW("name", 1, TEXT, otlp_scope, scope.name),
    ROW("version", 2, TEXT, otlp_scope, scope.version),
    SUB("attributes", 3, LIST, otlp_scope, scope.attributes, &attribute),
    { 0 }
};
MESSAGE(scope, otlp_scope);
static const struct otlp_row resource_rows[] = {
    SUB("attributes", 1, LIST, otlp_resource, resource.attributes, &attribute),
    { 0 }
};
MESSAGE(resource, otlp_resource);

/* The three requests differ in the innermost list alone. */
#define REQUEST(name, outer, middle, inner, member, item)                      \
    static const struct otlp_row name##_scope_rows[] = {                       \
        { "scope", 1, OTLP_AS_MESSAGE, 0, 0, &scope },                         \
        SUB(inner, 2, LIST, otlp_scope, member, &item),                        \
        { 0 }                                                                  \
    };                                                                         \
    MESSAGE(name##_scope, otlp_scope);                                         \
    static const struct otlp_row name##_resource_rows[] = {                    \
        { "resource", 1, OTLP_AS_MESSAGE, 0, 0, &resource },                   \
        SUB(middle, 2, LIST, otlp_resource, scopes, &name##_scope),            \
        { 0 }                                                                  \
    };                                                                         \
    MESSAGE(name##_resource, otlp_resource);                                   \
    static const struct otlp_row name##_rows[] = {                             \
        SUB(outer, 1, LIST, otlp_request, resources, &name##_resource), { 0 }  \
    };                                                                         \
    MESSAGE(name, otlp_request)
REQUEST(traces, "resourceSpans", "scopeSpans", "spans", spans, span);
REQUEST(metrics, "resourceMetrics", "scopeMetrics", "metrics", metrics, metric);
REQUEST(logs, "resourceLogs", "scopeLogs", "logRecords", logs, record);

const struct otlp_message *const otlp_requests[] = { &traces, &metrics, &logs };

void *otlp_add(struct otlp_reading *reading, struct otlp_list *list,
               const struct otlp_row *row)
{
    size_t size = row->message->size;
    char *items;

    if (++reading->items > OTLP_ITEMS_MOST) {
        err_set(reading->err, ERR_SCHEMA, row->json,
                "more than %d items in one request", OTLP_ITEMS_MOST);
        return NULL;
    }
    items = xgrow(list->items, list->count, &list->capacity, size);
    list->items = items;
    memset(items + list->count * size, 0, size);
    return items + list->count++ * size;
}

bool otlp_enter(struct otlp_reading *reading, const struct otlp_row *row)
{
    if (reading->depth == OTLP_DEPTH_MOST) {
        err_set(reading->err, ERR_SCHEMA, row->json, "nested deeper than %d",
                OTLP_DEPTH_MOST);
        return false;
    }
    reading->depth++;
    return true;
}

void otlp_note(void *at, const struct otlp_message *message,
               const struct otlp_row *row)
{
    int64_t number = row->number;

    if (message->which != NOWHERE && row->number >= message->least &&
        row->number <= message->most)
        memcpy((char *)at + message->which, &number, sizeof number);
}

void otlp_put_text(void *at, const struct otlp_row *row, const void *bytes,
                   size_t length)
{
    char **text = (char **)(void *)((char *)at + row->offset);
    size_t *kept =
        row->how == OTLP_AS_TEXT
            ? &((struct otlp_text *)(void *)((char *)at + row->offset))->length
            : (size_t *)(void *)((char *)at + row->extra);

    free(*text);
    *text = xcalloc(length + 1, 1);
    if (length)
        memcpy(*text, bytes, length);
    *kept = length;
}

static void release_list(struct otlp_list *list,
                         const struct otlp_message *message)
{
    char *items = list->items;

    for (size_t i = 0; i < list->count; i++)
        otlp_release_message(items + i * message->size, message);
    free(items);
    *list = (struct otlp_list){ 0 };
}

void otlp_release_message(void *at, const struct otlp_message *message)
{
    for (const struct otlp_row *row = message->rows; row->json; row++) {
        void *member = (char *)at + row->offset;

        if (row->how == OTLP_AS_LIST) {
            release_list(member, row->message);
        } else if (row->how == OTLP_AS_MESSAGE) {
            otlp_release_message(member, row->message);
        } else if (row->how <= OTLP_AS_BYTES) {
            free(*(char **)member);
            *(char **)member = NULL;
        }
    }
}

void otlp_release(struct otlp_request *request)
{
    otlp_release_message(request, otlp_requests[request->signal]);
    *request = (struct otlp_request){ 0 };
}

const struct otlp_value *otlp_find(const struct otlp_list *attributes,
                                   const char *key)
{
    const struct otlp_attribute *all = attributes->items;

    for (size_t i = 0; i < attributes->count; i++)
        if (all[i].key.text && !strcmp(all[i].key.text, key))
            return &all[i].value;
    return NULL;
}
