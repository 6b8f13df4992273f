#include <string.h>

#include "common/digest.h"
#include "harness/telemetry/otlp_table.h"
#include "harness/telemetry/protobuf.h"

static const enum protobuf_wire wires[] = {
    [OTLP_AS_TEXT] = PROTOBUF_BYTES,    [OTLP_AS_STRING] = PROTOBUF_BYTES,
    [OTLP_AS_BYTES] = PROTOBUF_BYTES,   [OTLP_AS_ID] = PROTOBUF_BYTES,
    [OTLP_AS_BOOL] = PROTOBUF_VARINT,   [OTLP_AS_INT] = PROTOBUF_VARINT,
    [OTLP_AS_FIXED] = PROTOBUF_FIXED64, [OTLP_AS_DOUBLE] = PROTOBUF_FIXED64,
    [OTLP_AS_MESSAGE] = PROTOBUF_BYTES, [OTLP_AS_LIST] = PROTOBUF_BYTES,
};

static bool wrong(struct otlp_reading *reading, const struct otlp_row *row,
                  const char *what)
{
    err_set(reading->err, ERR_SCHEMA, row->json, "%s", what);
    return false;
}

static bool read_message(struct otlp_reading *reading, void *at,
                         const struct otlp_message *message, const void *bytes,
                         size_t length);

static bool read_inner(struct otlp_reading *reading, void *at,
                       const struct otlp_row *row,
                       const struct protobuf_field *field)
{
    bool ok;

    if (row->how == OTLP_AS_LIST)
        at = otlp_add(reading, at, row);
    if (!at || !otlp_enter(reading, row))
        return false;
    ok = read_message(reading, at, row->message, field->bytes, field->length);
    reading->depth--;
    return ok;
}

static bool read_id(struct otlp_reading *reading, char *out,
                    const struct otlp_row *row,
                    const struct protobuf_field *field)
{
    if (field->length == 0)
        return true;
    if (field->length != row->extra)
        return wrong(reading, row, "an id of another length");
    digest_to_hex(out, field->bytes, field->length);
    out[2 * row->extra] = '\0';
    return true;
}

static bool read_member(struct otlp_reading *reading, void *at,
                        const struct otlp_row *row,
                        const struct protobuf_field *field)
{
    char *member = (char *)at + row->offset;

    if (field->wire != wires[row->how])
        return wrong(reading, row, "a field of another wire type");
    switch (row->how) {
    case OTLP_AS_TEXT:
    case OTLP_AS_STRING:
    case OTLP_AS_BYTES:
        otlp_put_text(at, row, field->bytes, field->length);
        return true;
    case OTLP_AS_ID:
        return read_id(reading, member, row, field);
    case OTLP_AS_MESSAGE:
    case OTLP_AS_LIST:
        return read_inner(reading, member, row, field);
    default:
        memcpy(member, &field->value, sizeof field->value);
        return true;
    }
}

static const struct otlp_row *find_row(const struct otlp_message *message,
                                       uint32_t number)
{
    for (const struct otlp_row *row = message->rows; row->json; row++)
        if (row->number == number)
            return row;
    return NULL;
}

static bool read_message(struct otlp_reading *reading, void *at,
                         const struct otlp_message *message, const void *bytes,
                         size_t length)
{
    struct protobuf_reader reader;
    struct protobuf_field field;

    protobuf_begin(&reader, bytes, length);
    while (protobuf_next(&reader, &field)) {
        const struct otlp_row *row = find_row(message, field.number);

        if (!row)
            continue;
        if (!read_member(reading, at, row, &field))
            return false;
        otlp_note(at, message, row);
    }
    if (reader.broken)
        err_set(reading->err, ERR_SYNTAX, "request",
                "not protobuf, or cut: byte %zu of a message of %zu", reader.at,
                length);
    return !reader.broken;
}

bool otlp_read_protobuf(struct otlp_request *out, enum otlp_signal signal,
                        const void *bytes, size_t length, struct err *err)
{
    struct otlp_reading reading = { .err = err };

    *out = (struct otlp_request){ .signal = signal };
    if (read_message(&reading, out, otlp_requests[signal], bytes, length))
        return true;
    otlp_release(out);
    return false;
}
