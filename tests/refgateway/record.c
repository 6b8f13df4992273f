#include "tests/refgateway/record.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/xalloc.h"
#include "tests/refgateway/otlp_code.h"

void record_text(struct record *record, const char *key, const char *text)
{
    assert(record->count < RECORD_ATTRIBUTES);
    record->attributes[record->count++] =
        (struct span_attribute){ .key = key, .text = xstrdup(text) };
}

void record_number(struct record *record, const char *key, int64_t number)
{
    assert(record->count < RECORD_ATTRIBUTES);
    record->attributes[record->count++] =
        (struct span_attribute){ .key = key, .number = number };
}

void record_release(struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        free(record->attributes[i].text);
    free(record->body);
    *record = (struct record){ 0 };
}

static void json_record(struct buf *out, const struct record *record)
{
    buf_printf(out,
               "%s{\"timeUnixNano\":\"%" PRId64 "\",\"severityNumber\":%d,"
               "\"severityText\":\"ERROR\",\"body\":{\"stringValue\":",
               out->length ? "," : "", record->time_ns, RECORD_ERROR);
    json_quote(out, record->body, strlen(record->body));
    buf_add_text(out, "},\"attributes\":[");
    for (size_t i = 0; i < record->count; i++) {
        buf_add_text(out, i ? "," : "");
        code_json_attribute(out, &record->attributes[i]);
    }
    buf_add_text(out, "]");
    if (record->event)
        buf_printf(out, ",\"eventName\":\"%s\"", record->event);
    buf_printf(out, ",\"traceId\":\"%s\",\"spanId\":\"%s\"}", record->trace_id,
               record->span_id);
}

static void protobuf_record(struct buf *out, const struct record *record)
{
    struct buf message = { 0 }, inner = { 0 };

    code_fixed(&message, 1, record->time_ns);
    code_number(&message, 2, RECORD_ERROR);
    code_text(&message, 3, "ERROR");
    code_text(&inner, 1, record->body);
    code_inner(&message, 5, &inner);
    for (size_t i = 0; i < record->count; i++)
        code_attribute(&message, 6, &record->attributes[i]);
    code_id(&message, 9, record->trace_id);
    code_id(&message, 10, record->span_id);
    if (record->event)
        code_text(&message, 12, record->event);
    code_inner(out, 2, &message);
}

void record_write(struct buf *batch, const struct record *record,
                  enum span_coding coding)
{
    if (coding == SPAN_JSON)
        json_record(batch, record);
    else
        protobuf_record(batch, record);
}
