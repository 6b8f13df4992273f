/* What is counted as points of OTLP, cumulative. */
#include <inttypes.h>
#include <string.h>

#include "common/json.h"
#include "tests/refgateway/meter_parts.h"
#include "tests/refgateway/otlp_code.h"

#define CUMULATIVE 2

struct span_time {
    int64_t start_ns, now_ns;
};

static struct span_attribute attribute_of(const struct meter_own_label *label)
{
    return (struct span_attribute){ .key = label->name, .text = label->value };
}

/* --- JSON ---------------------------------------------------------------- */

static void json_numbers(struct buf *out, const struct meter_row *row,
                         const struct meter_series *series)
{
    buf_printf(out,
               ",\"count\":\"%" PRId64 "\",\"sum\":%.9g,\"bucketCounts\":[",
               series->count, series->sum);
    for (size_t i = 0; i <= row->bound_count; i++)
        buf_printf(out, "%s\"%" PRId64 "\"", i ? "," : "", series->buckets[i]);
    buf_add_text(out, "],\"explicitBounds\":[");
    for (size_t i = 0; i < row->bound_count; i++)
        buf_printf(out, "%s%g", i ? "," : "", row->bounds[i]);
    buf_add_text(out, "]");
}

static void json_point(struct buf *out, const struct meter_row *row,
                       const struct meter_series *series,
                       const struct span_time *time)
{
    buf_printf(out,
               "{\"startTimeUnixNano\":\"%" PRId64
               "\",\"timeUnixNano\":\"%" PRId64 "\"",
               time->start_ns, time->now_ns);
    if (row->bounds)
        json_numbers(out, row, series);
    else
        buf_printf(out, ",\"asInt\":\"%" PRId64 "\"", series->count);
    buf_add_text(out, ",\"attributes\":[");
    for (size_t i = 0; i < series->label_count; i++) {
        struct span_attribute one = attribute_of(&series->labels[i]);

        buf_add_text(out, i ? "," : "");
        code_json_attribute(out, &one);
    }
    buf_add_text(out, "]}");
}

static void json_metric(struct buf *out, const struct meter *meter,
                        enum meter_family family, const struct span_time *time)
{
    const struct meter_row *row = &meter_rows[family];
    bool first = true;

    buf_printf(out,
               "%s{\"name\":\"%s\",\"unit\":\"%s\",\"%s\":{"
               "\"aggregationTemporality\":%d,%s\"dataPoints\":[",
               out->length ? "," : "", row->otlp, row->unit,
               row->bounds ? "histogram" : "sum", CUMULATIVE,
               row->bounds ? "" : "\"isMonotonic\":true,");
    for (size_t i = 0; i < meter->count; i++) {
        if (meter->series[i].family != family)
            continue;
        buf_add_text(out, first ? "" : ",");
        json_point(out, row, &meter->series[i], time);
        first = false;
    }
    buf_add_text(out, "]}}");
}

/* --- protobuf ------------------------------------------------------------ */

static int64_t bits_of(double value)
{
    int64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void protobuf_point(struct buf *out, const struct meter_row *row,
                           const struct meter_series *series,
                           const struct span_time *time)
{
    struct buf point = { 0 };

    code_fixed(&point, 2, time->start_ns);
    code_fixed(&point, 3, time->now_ns);
    if (row->bounds) {
        code_fixed(&point, 4, series->count);
        code_fixed(&point, 5, bits_of(series->sum));
        for (size_t i = 0; i <= row->bound_count; i++)
            code_fixed(&point, 6, series->buckets[i]);
        for (size_t i = 0; i < row->bound_count; i++)
            code_fixed(&point, 7, bits_of(row->bounds[i]));
    } else {
        code_fixed(&point, 6, series->count);
    }
    for (size_t i = 0; i < series->label_count; i++) {
        struct span_attribute one = attribute_of(&series->labels[i]);

        code_attribute(&point, row->bounds ? 9 : 7, &one);
    }
    code_inner(out, 1, &point);
}

static void protobuf_metric(struct buf *out, const struct meter *meter,
                            enum meter_family family,
                            const struct span_time *time)
{
    const struct meter_row *row = &meter_rows[family];
    struct buf metric = { 0 }, points = { 0 };

    code_text(&metric, 1, row->otlp);
    code_text(&metric, 3, row->unit);
    for (size_t i = 0; i < meter->count; i++)
        if (meter->series[i].family == family)
            protobuf_point(&points, row, &meter->series[i], time);
    code_number(&points, 2, CUMULATIVE);
    if (!row->bounds)
        code_number(&points, 3, 1); /* monotonic */
    code_inner(&metric, row->bounds ? 9 : 7, &points);
    code_inner(out, 2, &metric);
}

static bool has_points(const struct meter *meter, enum meter_family family)
{
    for (size_t i = 0; i < meter->count; i++)
        if (meter->series[i].family == family)
            return true;
    return false;
}

bool meter_write_otlp(struct buf *batch, struct meter *meter,
                      enum span_coding coding, int64_t start_ns, int64_t now_ns)
{
    const struct span_time time = { start_ns, now_ns };
    bool changed;

    pthread_mutex_lock(&meter->lock);
    changed = meter->changed;
    meter->changed = false;
    for (enum meter_family family = 0; changed && family < METER_FAMILIES;
         family++) {
        if (!meter_rows[family].otlp || !has_points(meter, family))
            continue;
        if (coding == SPAN_JSON)
            json_metric(batch, meter, family, &time);
        else
            protobuf_metric(batch, meter, family, &time);
    }
    pthread_mutex_unlock(&meter->lock);
    return changed;
}
