/* Spans as the reference gateway writes them, byte by byte. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "tests/refgateway/envelope.h"
#include "tests/refgateway/record.h"
#include "tests/refgateway/span.h"

#define TRACE "000102030405060708090a0b0c0d0e0f"

static void make(struct span *span)
{
    *span = (struct span){ .trace_id = TRACE,
                           .id = "1011121314151617",
                           .parent = "",
                           .name = xstrdup("POST"),
                           .kind = SPAN_CLIENT,
                           .start_ns = 1,
                           .end_ns = 258,
                           .error = true };
    span_text(span, "a", "\"");
    span_number(span, "b", 300);
}

Test(refgw_span, is_json_with_integers_as_text)
{
    struct span span;
    struct buf batch = { 0 }, request = { 0 };

    make(&span);
    span_write(&batch, &span, SPAN_JSON);
    span_write(&batch, &span, SPAN_JSON);
    envelope_write(&request, ENVELOPE_SPANS, &batch, SPAN_JSON, NULL);
    cr_expect(strstr(buf_text(&request),
                     "{\"traceId\":\"" TRACE
                     "\",\"spanId\":\"1011121314151617\","
                     "\"parentSpanId\":\"\",\"name\":\"POST\",\"kind\":3,"
                     "\"startTimeUnixNano\":\"1\",\"endTimeUnixNano\":\"258\","
                     "\"attributes\":[{\"key\":\"a\",\"value\":{"
                     "\"stringValue\":\"\\\"\"}},{\"key\":\"b\",\"value\":{"
                     "\"intValue\":\"300\"}}],\"status\":{\"code\":2}},{"),
              "%s", buf_text(&request));
    cr_expect_eq(strncmp(buf_text(&request), "{\"resourceSpans\":[", 18), 0);
    span_release(&span);
    buf_release(&batch);
    buf_release(&request);
}

Test(refgw_span, is_protobuf_with_fields_in_order)
{
    static const char wanted[] =
        "\x12\x4e" /* spans, 78 bytes */
        "\x0a\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
        "\x0f"                                     /* trace_id */
        "\x12\x08\x10\x11\x12\x13\x14\x15\x16\x17" /* span_id */
        "\x2a\x04POST"                             /* name */
        "\x30\x03"                                 /* kind */
        "\x39\x01\x00\x00\x00\x00\x00\x00\x00"     /* start */
        "\x41\x02\x01\x00\x00\x00\x00\x00\x00"     /* end */
        "\x4a\x08\x0a\x01"
        "a\x12\x03\x0a\x01\"" /* a */
        "\x4a\x08\x0a\x01"
        "b\x12\x03\x18\xac\x02" /* b */
        "\x7a\x02\x18\x02";     /* status */
    struct span span;
    struct buf batch = { 0 };

    make(&span);
    span_write(&batch, &span, SPAN_PROTOBUF);
    cr_assert_eq(batch.length, sizeof wanted - 1, "%zu", batch.length);
    cr_expect_eq(memcmp(batch.data, wanted, batch.length), 0);
    span_release(&span);
    buf_release(&batch);
}

Test(refgw_span, an_event_has_its_attribute_in_both)
{
    struct span span;
    struct buf batch = { 0 };

    make(&span);
    span.event = "said";
    span.said = (struct span_attribute){ .key = "what", .text = xstrdup("x") };
    span_write(&batch, &span, SPAN_JSON);
    cr_expect(strstr(buf_text(&batch),
                     "\"events\":[{\"name\":\"said\",\"attributes\":[{\"key\":"
                     "\"what\",\"value\":{\"stringValue\":\"x\"}}]}]"));
    buf_clear(&batch);
    span_write(&batch, &span, SPAN_PROTOBUF);
    cr_expect(memmem(
        batch.data, batch.length,
        "\x5a\x13\x12\x04said\x1a\x0b\x0a\x04what\x12\x03\x0a\x01x", 21));
    span_release(&span);
    buf_release(&batch);
}

static void make_record(struct record *record)
{
    *record = (struct record){ .trace_id = TRACE,
                               .span_id = "1011121314151617",
                               .event = "said",
                               .time_ns = 258,
                               .body = xstrdup("it \"failed\"") };
    record_text(record, "a", "x");
    record_number(record, "b", 300);
}

Test(refgw_span, a_log_record_is_json)
{
    struct record record;
    struct buf batch = { 0 }, request = { 0 };
    struct span_attribute more = { .key = "more", .text = (char[]){ "y" } };

    make_record(&record);
    record_write(&batch, &record, SPAN_JSON);
    record_write(&batch, &record, SPAN_JSON);
    envelope_write(&request, ENVELOPE_LOGS, &batch, SPAN_JSON, &more);
    cr_expect(
        strstr(buf_text(&request),
               "{\"timeUnixNano\":\"258\",\"severityNumber\":17,"
               "\"severityText\":\"ERROR\",\"body\":{\"stringValue\":"
               "\"it \\\"failed\\\"\"},\"attributes\":[{\"key\":\"a\","
               "\"value\":{\"stringValue\":\"x\"}},{\"key\":\"b\","
               "\"value\":{\"intValue\":\"300\"}}],\"eventName\":\"said\","
               "\"traceId\":\"" TRACE "\",\"spanId\":\"1011121314151617\"},{"),
        "%s", buf_text(&request));
    cr_expect_eq(strncmp(buf_text(&request), "{\"resourceLogs\":[", 17), 0);
    cr_expect(strstr(buf_text(&request), "{\"key\":\"more\",\"value\":{"
                                         "\"stringValue\":\"y\"}}]}"));
    record_release(&record);
    buf_release(&batch);
    buf_release(&request);
}

Test(refgw_span, a_log_record_is_protobuf)
{
    static const char wanted[] =
        "\x12\x57"                             /* log_records, 87 bytes */
        "\x09\x02\x01\x00\x00\x00\x00\x00\x00" /* time */
        "\x10\x11"                             /* severity_number */
        "\x1a\x05"
        "ERROR"
        "\x2a\x0d\x0a\x0bit \"failed\"" /* body */
        "\x32\x08\x0a\x01"
        "a\x12\x03\x0a\x01x" /* a */
        "\x32\x08\x0a\x01"
        "b\x12\x03\x18\xac\x02" /* b */
        "\x4a\x10\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e"
        "\x0f"                                     /* trace_id */
        "\x52\x08\x10\x11\x12\x13\x14\x15\x16\x17" /* span_id */
        "\x62\x04said";                            /* event_name */
    struct record record;
    struct buf batch = { 0 };

    make_record(&record);
    record_write(&batch, &record, SPAN_PROTOBUF);
    cr_assert_eq(batch.length, sizeof wanted - 1, "%zu", batch.length);
    cr_expect_eq(memcmp(batch.data, wanted, batch.length), 0);
    record_release(&record);
    buf_release(&batch);
}
