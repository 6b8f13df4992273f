#include <inttypes.h>
#include <string.h>

#include "common/json.h"
#include "tests/refgateway/otlp_code.h"
#include "tests/refgateway/span.h"

static void json_span(struct buf *out, const struct span *span)
{
    buf_printf(out,
               "%s{\"traceId\":\"%s\",\"spanId\":\"%s\","
               "\"parentSpanId\":\"%s\",\"name\":",
               out->length ? "," : "", span->trace_id, span->id, span->parent);
    json_quote(out, span->name, strlen(span->name));
    buf_printf(out,
               ",\"kind\":%d,\"startTimeUnixNano\":\"%" PRId64
               "\",\"endTimeUnixNano\":\"%" PRId64 "\",\"attributes\":[",
               (int)span->kind, span->start_ns, span->end_ns);
    for (size_t i = 0; i < span->count; i++) {
        buf_add_text(out, i ? "," : "");
        code_json_attribute(out, &span->attributes[i]);
    }
    buf_add_text(out, "]");
    if (span->event) {
        buf_printf(out, ",\"events\":[{\"name\":\"%s\",\"attributes\":[",
                   span->event);
        code_json_attribute(out, &span->said);
        buf_add_text(out, "]}]");
    }
    buf_printf(out, ",\"status\":{%s}}", span->error ? "\"code\":2" : "");
}

static void protobuf_span(struct buf *out, const struct span *span)
{
    struct buf message = { 0 }, inner = { 0 };

    code_id(&message, 1, span->trace_id);
    code_id(&message, 2, span->id);
    code_id(&message, 4, span->parent);
    code_text(&message, 5, span->name);
    code_number(&message, 6, span->kind);
    code_fixed(&message, 7, span->start_ns);
    code_fixed(&message, 8, span->end_ns);
    for (size_t i = 0; i < span->count; i++)
        code_attribute(&message, 9, &span->attributes[i]);
    if (span->event) {
        code_text(&inner, 2, span->event);
        code_attribute(&inner, 3, &span->said);
        code_inner(&message, 11, &inner);
    }
    if (span->error)
        code_number(&inner, 3, 2);
    code_inner(&message, 15, &inner);
    code_inner(out, 2, &message);
}

void span_write(struct buf *batch, const struct span *span,
                enum span_coding coding)
{
    if (coding == SPAN_JSON)
        json_span(batch, span);
    else
        protobuf_span(batch, span);
}
