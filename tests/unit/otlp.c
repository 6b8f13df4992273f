/* The readers of what a gateway exports: bytes by hand, sound and hostile. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "harness/telemetry/otlp.h"
#include "harness/telemetry/protobuf.h"

/* --- protobuf by hand ---------------------------------------------------- */

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

static void put_fixed(struct buf *out, unsigned field, uint64_t value)
{
    put_varint(out, field << 3 | 1);
    for (int i = 0; i < 8; i++) {
        unsigned char byte = (unsigned char)(value >> (8 * i));

        buf_add(out, &byte, 1);
    }
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

/* Wraps what is in it into a field of its own. */
static void wrap(struct buf *at, unsigned field)
{
    struct buf outer = { 0 };

    put_bytes(&outer, field, buf_text(at), at->length);
    buf_release(at);
    *at = outer;
}

static void put_inner(struct buf *out, unsigned field, struct buf *inner)
{
    put_bytes(out, field, buf_text(inner), inner->length);
    buf_release(inner);
}

static void put_attribute(struct buf *out, unsigned field, const char *key,
                          unsigned how, const char *text, uint64_t number)
{
    struct buf pair = { 0 }, value = { 0 };

    put_text(&pair, 1, key);
    if (text)
        put_text(&value, how, text);
    else
        put_number(&value, how, number);
    put_inner(&pair, 2, &value);
    put_inner(out, field, &pair);
}

static const unsigned char trace_id[] = "0123456789abcdef";

static void make_span(struct buf *span)
{
    struct buf inner = { 0 };

    put_bytes(span, 1, trace_id, 16);
    put_bytes(span, 2, "ABCDEFGH", 8);
    put_bytes(span, 4, "", 0);
    put_text(span, 5, "POST");
    put_number(span, 6, 3);
    put_fixed(span, 7, UINT64_C(1700000000000000001));
    put_attribute(span, 9, "http.request.method", 1, "POST", 0);
    put_attribute(span, 9, "http.response.status_code", 3, NULL, 503);
    put_number(span, 99, 7); /* of a later version */
    put_text(&inner, 2, "gen_ai.content.prompt");
    put_attribute(&inner, 3, "gen_ai.prompt", 1, "hello", 0);
    put_inner(span, 11, &inner);
    put_bytes(&inner, 1, trace_id, 16);
    put_inner(span, 13, &inner);
    put_text(&inner, 2, "bad");
    put_number(&inner, 3, 2);
    put_inner(span, 15, &inner);
}

static void make_traces(struct buf *out)
{
    struct buf scope = { 0 };

    make_span(out);
    wrap(out, 2);
    put_text(&scope, 1, "lib");
    put_inner(out, 1, &scope);
    wrap(out, 2);
    put_attribute(&scope, 1, "service.name", 1, "gw", 0);
    put_inner(out, 1, &scope);
    wrap(out, 1);
}

static const struct otlp_scope *first_scope(const struct otlp_request *request)
{
    const struct otlp_resource *resource = request->resources.items;

    cr_assert_eq(request->resources.count, 1);
    cr_assert_eq(resource->scopes.count, 1);
    return resource->scopes.items;
}

/* The same span, however it was written. */
static void expect_span(const struct otlp_request *request)
{
    const struct otlp_scope *scope = first_scope(request);
    const struct otlp_resource *resource = request->resources.items;
    const struct otlp_span *span = scope->spans.items;
    const struct otlp_event *event = span->events.items;
    const struct otlp_link *link = span->links.items;

    cr_assert_eq(scope->spans.count, 1);
    cr_expect_str_eq(scope->scope.name.text, "lib");
    cr_expect_str_eq(
        otlp_find(&resource->resource.attributes, "service.name")->text, "gw");
    cr_expect_str_eq(span->trace_id, "30313233343536373839616263646566");
    cr_expect_str_eq(span->span_id, "4142434445464748");
    cr_expect_str_eq(span->parent_id, "");
    cr_expect_str_eq(span->name.text, "POST");
    cr_expect_eq(span->kind, OTLP_SPAN_CLIENT);
    cr_expect_eq(span->start_ns, INT64_C(1700000000000000001));
    cr_expect_eq(span->status.code, OTLP_STATUS_ERROR);
    cr_expect_str_eq(span->status.message.text, "bad");
    cr_assert_eq(span->attributes.count, 2);
    cr_expect_eq(
        otlp_find(&span->attributes, "http.response.status_code")->number, 503);
    cr_expect_null(otlp_find(&span->attributes, "http.status_code"));
    cr_assert_eq(span->events.count, 1);
    cr_expect_str_eq(event->name.text, "gen_ai.content.prompt");
    cr_expect_str_eq(otlp_find(&event->attributes, "gen_ai.prompt")->text,
                     "hello");
    cr_assert_eq(span->links.count, 1);
    cr_expect_str_eq(link->trace_id, span->trace_id);
}

static const char json_traces[] =
    "{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":"
    "\"service.name\",\"value\":{\"stringValue\":\"gw\"}}]},\"later\":{},"
    "\"scopeSpans\":[{\"scope\":{\"name\":\"lib\"},\"spans\":[{"
    "\"traceId\":\"30313233343536373839616263646566\","
    "\"spanId\":\"4142434445464748\",\"parentSpanId\":\"\","
    "\"name\":\"POST\",\"kind\":3,"
    "\"startTimeUnixNano\":\"1700000000000000001\","
    "\"attributes\":[{\"key\":\"http.request.method\",\"value\":{"
    "\"stringValue\":\"POST\"}},{\"key\":\"http.response.status_code\","
    "\"value\":{\"intValue\":503}}],"
    "\"events\":[{\"name\":\"gen_ai.content.prompt\",\"attributes\":[{\"key\":"
    "\"gen_ai.prompt\",\"value\":{\"stringValue\":\"hello\"}}]}],"
    "\"links\":[{\"traceId\":\"30313233343536373839616263646566\"}],"
    "\"status\":{\"message\":\"bad\",\"code\":2}}]}]}]}";

Test(otlp, the_same_span_is_read_from_both_codings)
{
    struct otlp_request request;
    struct buf bytes = { 0 };
    struct err err = { 0 };

    make_traces(&bytes);
    cr_assert(otlp_read_protobuf(&request, OTLP_TRACES, bytes.data,
                                 bytes.length, &err),
              "%s: %s", err.where, err.text);
    expect_span(&request);
    otlp_release(&request);
    buf_release(&bytes);
    cr_assert(otlp_read_json(&request, OTLP_TRACES, json_traces,
                             strlen(json_traces), &err),
              "%s: %s", err.where, err.text);
    expect_span(&request);
    otlp_release(&request);
}

Test(otlp, values_of_every_kind_are_read_from_json)
{
    static const char text[] =
        "{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[{\"body\":{"
        "\"kvlistValue\":{\"values\":[{\"key\":\"a\",\"value\":{\"arrayValue\":"
        "{\"values\":[{\"boolValue\":true},{\"intValue\":\"-5\"},"
        "{\"doubleValue\":1.5},{\"doubleValue\":\"NaN\"},"
        "{\"bytesValue\":\"aGk=\"},{}]}}}]}},\"eventName\":\"gen_ai.choice\","
        "\"severityText\":null}]}]}]}";
    struct otlp_request request;
    struct err err = { 0 };
    const struct otlp_log *log;
    const struct otlp_attribute *member;
    const struct otlp_value *items;

    cr_assert(otlp_read_json(&request, OTLP_LOGS, text, strlen(text), &err),
              "%s: %s", err.where, err.text);
    log = first_scope(&request)->logs.items;
    cr_expect_str_eq(log->event_name.text, "gen_ai.choice");
    cr_expect_null(log->severity_text.text);
    cr_assert_eq(log->body.kind, OTLP_VALUE_MAP);
    member = log->body.map.items;
    cr_expect_str_eq(member->key.text, "a");
    cr_assert_eq(member->value.kind, OTLP_VALUE_LIST);
    cr_assert_eq(member->value.values.count, 6);
    items = member->value.values.items;
    cr_expect(items[0].kind == OTLP_VALUE_BOOL && items[0].number == 1);
    cr_expect(items[1].kind == OTLP_VALUE_INT && items[1].number == -5);
    cr_expect(items[2].kind == OTLP_VALUE_DOUBLE && items[2].real > 1.4);
    cr_expect(items[3].kind == OTLP_VALUE_DOUBLE &&
              !(items[3].real < 0 || items[3].real >= 0));
    cr_expect(items[4].kind == OTLP_VALUE_BYTES && items[4].length == 2 &&
              !memcmp(items[4].text, "hi", 2));
    cr_expect(items[5].kind == OTLP_VALUE_EMPTY);
    otlp_release(&request);
}

Test(otlp, points_of_every_kind_of_metric_have_their_attributes)
{
    /* metric member, point's attributes */
    static const unsigned kinds[][2] = {
        { 5, 7 }, { 7, 7 }, { 9, 9 }, { 10, 1 }, { 11, 7 }
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct otlp_request request;
        struct buf bytes = { 0 }, name = { 0 };
        struct err err = { 0 };
        const struct otlp_metric *metric;
        const struct otlp_point *point;

        put_attribute(&bytes, kinds[i][1], "http.route", 1, "/v1", 0);
        wrap(&bytes, 1);
        wrap(&bytes, kinds[i][0]);
        put_text(&name, 1, "calls");
        buf_add(&bytes, name.data, name.length);
        buf_release(&name);
        wrap(&bytes, 2);
        wrap(&bytes, 2);
        wrap(&bytes, 1);
        cr_assert(otlp_read_protobuf(&request, OTLP_METRICS, bytes.data,
                                     bytes.length, &err),
                  "%u: %s: %s", kinds[i][0], err.where, err.text);
        metric = first_scope(&request)->metrics.items;
        cr_expect_str_eq(metric->name.text, "calls");
        cr_assert_eq(metric->points.count, 1);
        point = metric->points.items;
        cr_expect_str_eq(otlp_find(&point->attributes, "http.route")->text,
                         "/v1");
        otlp_release(&request);
        buf_release(&bytes);
    }
}

Test(otlp, an_empty_request_is_one)
{
    struct otlp_request request;
    struct err err = { 0 };

    cr_assert(otlp_read_protobuf(&request, OTLP_TRACES, "", 0, &err));
    cr_expect_eq(request.resources.count, 0);
    otlp_release(&request);
    cr_assert(otlp_read_json(&request, OTLP_TRACES, "{}", 2, &err));
    otlp_release(&request);
}

/* --- hostile ------------------------------------------------------------- */

Test(otlp, bytes_cut_anywhere_or_changed_anywhere_do_no_harm)
{
    struct otlp_request request;
    struct buf bytes = { 0 };
    struct err err;
    size_t taken = 0;

    make_traces(&bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        taken += otlp_read_protobuf(&request, OTLP_TRACES, bytes.data, i, &err);
        otlp_release(&request);
        for (int bit = 0; bit < 8; bit++) {
            bytes.data[i] = (char)(bytes.data[i] ^ (1 << bit));
            for (int signal = OTLP_TRACES; signal <= OTLP_LOGS; signal++) {
                otlp_read_protobuf(&request, (enum otlp_signal)signal,
                                   bytes.data, bytes.length, &err);
                otlp_release(&request);
            }
            bytes.data[i] = (char)(bytes.data[i] ^ (1 << bit));
        }
    }
    /* The whole is one field: only nothing at all is a request as well. */
    cr_expect_eq(taken, 1);
    buf_release(&bytes);
    for (size_t i = 0; i < strlen(json_traces); i++) {
        cr_expect(!otlp_read_json(&request, OTLP_TRACES, json_traces, i, &err));
        otlp_release(&request);
    }
}

static const struct {
    const char *text;
    size_t length;
} broken[] = {
    { "\x08", 1 },     /* no value */
    { "\x00\x01", 2 }, /* number 0 */
    { "\x0a\x05"
      "ab",
      4 },                                                  /* too long */
    { "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11 }, /* 65 bits */
    { "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 12 },
    { "\x0f", 1 },         /* wire type 7 */
    { "\x0c", 1 },         /* a group ends that never began */
    { "\x0b\x14", 2 },     /* another group ends */
    { "\x0b\x10\x01", 3 }, /* a group without its end */
    { "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10 }, /* length 2^63 - 1 */
};

Test(otlp, what_is_no_protobuf_is_told)
{
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct protobuf_reader reader;
        struct protobuf_field field;

        protobuf_begin(&reader, broken[i].text, broken[i].length);
        while (protobuf_next(&reader, &field))
            ;
        cr_expect(reader.broken, "row %zu", i);
    }
}

Test(otlp, a_group_is_passed_over_with_what_is_in_it)
{
    struct protobuf_reader reader;
    struct protobuf_field field;

    protobuf_begin(&reader, "\x0b\x13\x08\x01\x14\x0c\x10\x07", 8);
    cr_assert(protobuf_next(&reader, &field));
    cr_expect_eq(field.wire, PROTOBUF_GROUP);
    cr_assert(protobuf_next(&reader, &field));
    cr_expect(field.number == 2 && field.value == 7);
    cr_expect(!protobuf_next(&reader, &field) && !reader.broken);
}

Test(otlp, nesting_and_number_of_items_are_bounded)
{
    struct otlp_request request;
    struct buf bytes = { 0 };
    struct err err = { 0 };

    /* A list in a list ... as the body of a log record. */
    for (int i = 0; i < 40; i++) {
        wrap(&bytes, 1);
        wrap(&bytes, 5);
    }
    wrap(&bytes, 5);
    wrap(&bytes, 2);
    wrap(&bytes, 2);
    wrap(&bytes, 1);
    cr_expect(!otlp_read_protobuf(&request, OTLP_LOGS, bytes.data, bytes.length,
                                  &err));
    cr_expect(strstr(err.text, "deeper"), "%s", err.text);
    buf_clear(&bytes);
    for (int i = 0; i < OTLP_ITEMS_MOST + 1; i++)
        put_bytes(&bytes, 1, "", 0);
    cr_expect(!otlp_read_protobuf(&request, OTLP_LOGS, bytes.data, bytes.length,
                                  &err));
    cr_expect(strstr(err.text, "more than"), "%s", err.text);
    buf_release(&bytes);
}

#define SPAN(members)                                                          \
    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{" members "}]}]}]}"

static const char *const wrong[] = {
    "[]",
    "{\"resourceSpans\":{}}",
    "{\"resourceSpans\":[1]}",
    SPAN("\"name\":1"),
    SPAN("\"kind\":\"CLIENT\""),
    SPAN("\"kind\":1.5"),
    SPAN("\"traceId\":\"MDEyMzQ1Njc4OWFiY2RlZg==\""),
    SPAN("\"startTimeUnixNano\":\"99999999999999999999\""),
    SPAN("\"attributes\":[{\"key\":\"a\",\"value\":{\"boolValue\":1}}]"),
    SPAN("\"attributes\":[{\"key\":\"a\",\"value\":{\"bytesValue\":\"*\"}}]"),
    SPAN("\"attributes\":[{\"key\":\"a\",\"value\":{\"doubleValue\":\"x\"}}]"),
    SPAN("\"status\":[]"),
};

Test(otlp, json_members_of_another_kind_are_told)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct otlp_request request;
        struct err err = { 0 };

        cr_expect(!otlp_read_json(&request, OTLP_TRACES, wrong[i],
                                  strlen(wrong[i]), &err),
                  "%s", wrong[i]);
        cr_expect_eq(err.code, ERR_SCHEMA, "%s", wrong[i]);
        otlp_release(&request);
    }
}

Test(otlp, ids_of_another_length_are_told)
{
    struct otlp_request request;
    struct buf bytes = { 0 };
    struct err err = { 0 };

    put_bytes(&bytes, 1, "short", 5);
    wrap(&bytes, 2);
    wrap(&bytes, 2);
    wrap(&bytes, 1);
    cr_expect(!otlp_read_protobuf(&request, OTLP_TRACES, bytes.data,
                                  bytes.length, &err));
    cr_expect_str_eq(err.where, "traceId");
    buf_release(&bytes);
}
