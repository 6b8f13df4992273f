#include "tests/refgateway/envelope.h"

#include "tests/refgateway/otlp_code.h"

#define SERVICE "gatedrill-refgw"

const char *const envelope_paths[] = { "/v1/traces", "/v1/logs",
                                       "/v1/metrics" };

static const struct {
    const char *resource, *scope, *items;
} members[] = {
    [ENVELOPE_SPANS] = { "resourceSpans", "scopeSpans", "spans" },
    [ENVELOPE_LOGS] = { "resourceLogs", "scopeLogs", "logRecords" },
    [ENVELOPE_METRICS] = { "resourceMetrics", "scopeMetrics", "metrics" },
};

static const struct span_attribute service = { .key = "service.name",
                                               .text = (char[]){ SERVICE } };

static void write_json(struct buf *out, enum envelope_signal signal,
                       const struct buf *batch,
                       const struct span_attribute *more)
{
    buf_printf(out, "{\"%s\":[{\"resource\":{\"attributes\":[",
               members[signal].resource);
    code_json_attribute(out, &service);
    if (more) {
        buf_add_text(out, ",");
        code_json_attribute(out, more);
    }
    buf_printf(out, "]},\"%s\":[{\"scope\":{\"name\":\"" SERVICE "\"},\"%s\":[",
               members[signal].scope, members[signal].items);
    buf_add(out, batch->data, batch->length);
    buf_add_text(out, "]}]}]}");
}

/* The same numbers whatever the signal. */
static void write_protobuf(struct buf *out, const struct buf *batch,
                           const struct span_attribute *more)
{
    struct buf resource = { 0 }, outer = { 0 }, scope = { 0 };

    code_attribute(&resource, 1, &service);
    if (more)
        code_attribute(&resource, 1, more);
    code_inner(&outer, 1, &resource);
    code_text(&resource, 1, SERVICE);
    code_inner(&scope, 1, &resource);
    buf_add(&scope, batch->data, batch->length);
    code_inner(&outer, 2, &scope);
    code_inner(out, 1, &outer);
}

void envelope_write(struct buf *out, enum envelope_signal signal,
                    const struct buf *batch, enum span_coding coding,
                    const struct span_attribute *more)
{
    if (coding == SPAN_JSON)
        write_json(out, signal, batch, more);
    else
        write_protobuf(out, batch, more);
}
