/* The page for Prometheus, text format 0.0.4. */
#include <inttypes.h>
#include <string.h>

#include "tests/refgateway/meter_parts.h"

static void add_value(struct buf *out, const char *value)
{
    for (; *value; value++) {
        if (*value == '\n')
            buf_add_text(out, "\\n");
        else if (*value == '\\' || *value == '"')
            buf_printf(out, "\\%c", *value);
        else
            buf_add(out, value, 1);
    }
}

/* more: a further label, as it stands; "": none. */
static void add_labels(struct buf *out, const struct meter_series *series,
                       const char *more)
{
    const char *between = "{";

    for (size_t i = 0; i < series->label_count; i++) {
        buf_printf(out, "%s%s=\"", between, series->labels[i].name);
        add_value(out, series->labels[i].value);
        buf_add_text(out, "\"");
        between = ",";
    }
    if (*more)
        buf_printf(out, "%s%s", between, more);
    if (*more || series->label_count)
        buf_add_text(out, "}");
}

static void add_histogram(struct buf *out, const struct meter_row *row,
                          const struct meter_series *series)
{
    int64_t so_far = 0;

    for (size_t i = 0; i <= row->bound_count; i++) {
        struct buf bound = { 0 };

        if (i < row->bound_count)
            buf_printf(&bound, "le=\"%g\"", row->bounds[i]);
        else
            buf_add_text(&bound, "le=\"+Inf\"");
        so_far += series->buckets[i];
        buf_printf(out, "%s_bucket", row->page);
        add_labels(out, series, bound.data);
        buf_printf(out, " %" PRId64 "\n", so_far);
        buf_release(&bound);
    }
    buf_printf(out, "%s_sum", row->page);
    add_labels(out, series, "");
    buf_printf(out, " %.9g\n%s_count", series->sum, row->page);
    add_labels(out, series, "");
    buf_printf(out, " %" PRId64 "\n", series->count);
}

static void add_counter(struct buf *out, const struct meter_row *row,
                        const struct meter_series *series)
{
    buf_add_text(out, row->page);
    add_labels(out, series, "");
    buf_printf(out, " %" PRId64, series->count);
    if (series->example) {
        buf_add_text(out, " # {request=\"");
        add_value(out, series->example);
        buf_add_text(out, "\"} 1");
    }
    buf_add_text(out, "\n");
}

void meter_write_page(struct buf *out, struct meter *meter)
{
    pthread_mutex_lock(&meter->lock);
    for (enum meter_family family = 0; family < METER_FAMILIES; family++) {
        const struct meter_row *row = &meter_rows[family];

        if (!row->page)
            continue;
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->page, row->help,
                   row->page, row->bounds ? "histogram" : "counter");
        for (size_t i = 0; i < meter->count; i++) {
            if (meter->series[i].family != family)
                continue;
            if (row->bounds)
                add_histogram(out, row, &meter->series[i]);
            else
                add_counter(out, row, &meter->series[i]);
        }
    }
    pthread_mutex_unlock(&meter->lock);
}
