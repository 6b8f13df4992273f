#include <inttypes.h>
#include <string.h>

#include "common/digest.h"
#include "common/json.h"
#include "tests/refgateway/span.h"

#define SERVICE "gatedrill-refgw"

/* --- JSON ---------------------------------------------------------------- */

static void json_attribute(struct buf *out, const struct span_attribute *one)
{
    buf_printf(out, "{\"key\":\"%s\",\"value\":{", one->key);
    if (one->text) {
        buf_add_text(out, "\"stringValue\":");
        json_quote(out, one->text, strlen(one->text));
    } else {
        buf_printf(out, "\"intValue\":\"%" PRId64 "\"", one->number);
    }
    buf_add_text(out, "}}");
}

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
        json_attribute(out, &span->attributes[i]);
    }
    buf_add_text(out, "]");
    if (span->event) {
        buf_printf(out, ",\"events\":[{\"name\":\"%s\",\"attributes\":[",
                   span->event);
        json_attribute(out, &span->said);
        buf_add_text(out, "]}]");
    }
    buf_printf(out, ",\"status\":{%s}}", span->error ? "\"code\":2" : "");
}

static void json_request(struct buf *out, const struct buf *batch)
{
    buf_add_text(out, "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{"
                      "\"key\":\"service.name\",\"value\":{\"stringValue\":"
                      "\"" SERVICE "\"}}]},\"scopeSpans\":[{\"scope\":{"
                      "\"name\":\"" SERVICE "\"},\"spans\":[");
    buf_add(out, batch->data, batch->length);
    buf_add_text(out, "]}]}]}");
}

/* --- protobuf ------------------------------------------------------------ */

static void put_varint(struct buf *out, uint64_t value)
{
    do {
        unsigned char byte = (unsigned char)(value & 0x7f);

        value >>= 7;
        if (value)
            byte |= 0x80;
        buf_add(out, &byte, 1);
    } while (value);
}

static void put_number(struct buf *out, unsigned field, uint64_t value)
{
    put_varint(out, field << 3);
    put_varint(out, value);
}

static void put_fixed(struct buf *out, unsigned field, int64_t value)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    put_varint(out, field << 3 | 1);
    buf_add(out, bytes, sizeof bytes);
}

static void put_bytes(struct buf *out, unsigned field, const void *bytes,
                      size_t length)
{
    put_varint(out, field << 3 | 2);
    put_varint(out, length);
    buf_add(out, bytes, length);
}

static void put_text(struct buf *out, unsigned field, const char *text)
{
    put_bytes(out, field, text, strlen(text));
}

/* A message in another; the inner one is done with. */
static void put_inner(struct buf *out, unsigned field, struct buf *inner)
{
    put_bytes(out, field, buf_text(inner), inner->length);
    buf_release(inner);
}

static void put_id(struct buf *out, unsigned field, const char *hex)
{
    uint8_t bytes[16];
    size_t length = strlen(hex) / 2;

    if (length && digest_from_hex(bytes, length, hex))
        put_bytes(out, field, bytes, length);
}

static void put_attribute(struct buf *out, unsigned field,
                          const struct span_attribute *one)
{
    struct buf pair = { 0 }, value = { 0 };

    if (one->text)
        put_text(&value, 1, one->text);
    else
        put_number(&value, 3, (uint64_t)one->number);
    put_text(&pair, 1, one->key);
    put_inner(&pair, 2, &value);
    put_inner(out, field, &pair);
}

static void protobuf_span(struct buf *out, const struct span *span)
{
    struct buf message = { 0 }, inner = { 0 };

    put_id(&message, 1, span->trace_id);
    put_id(&message, 2, span->id);
    put_id(&message, 4, span->parent);
    put_text(&message, 5, span->name);
    put_number(&message, 6, span->kind);
    put_fixed(&message, 7, span->start_ns);
    put_fixed(&message, 8, span->end_ns);
    for (size_t i = 0; i < span->count; i++)
        put_attribute(&message, 9, &span->attributes[i]);
    if (span->event) {
        put_text(&inner, 2, span->event);
        put_attribute(&inner, 3, &span->said);
        put_inner(&message, 11, &inner);
    }
    if (span->error)
        put_number(&inner, 3, 2);
    put_inner(&message, 15, &inner);
    put_inner(out, 2, &message);
}

static void protobuf_request(struct buf *out, const struct buf *batch)
{
    const struct span_attribute service = { .key = "service.name",
                                            .text = (char[]){ SERVICE } };
    struct buf resource = { 0 }, outer = { 0 }, scope = { 0 };

    put_attribute(&resource, 1, &service);
    put_inner(&outer, 1, &resource);
    put_text(&resource, 1, SERVICE);
    put_inner(&scope, 1, &resource);
    buf_add(&scope, batch->data, batch->length);
    put_inner(&outer, 2, &scope);
    put_inner(out, 1, &outer);
}

void span_write(struct buf *batch, const struct span *span,
                enum span_coding coding)
{
    if (coding == SPAN_JSON)
        json_span(batch, span);
    else
        protobuf_span(batch, span);
}

void span_write_request(struct buf *out, const struct buf *batch,
                        enum span_coding coding)
{
    if (coding == SPAN_JSON)
        json_request(out, batch);
    else
        protobuf_request(out, batch);
}
