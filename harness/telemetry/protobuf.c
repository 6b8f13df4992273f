#include "harness/telemetry/protobuf.h"

#define GROUP_END   4
#define NUMBER_MOST ((UINT64_C(1) << 29) - 1)
#define GROUPS_MOST 32

void protobuf_begin(struct protobuf_reader *out, const void *bytes,
                    size_t length)
{
    *out = (struct protobuf_reader){ .bytes = bytes, .length = length };
}

static bool read_varint(struct protobuf_reader *reader, uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;

        if (reader->at == reader->length)
            return false;
        byte = reader->bytes[reader->at++];
        /* Of the tenth byte one bit has room. */
        if (shift == 63 && byte > 1)
            return false;
        *out |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool read_fixed(struct protobuf_reader *reader, size_t size,
                       uint64_t *out)
{
    *out = 0;
    if (reader->length - reader->at < size)
        return false;
    for (size_t i = 0; i < size; i++)
        *out |= (uint64_t)reader->bytes[reader->at++] << (8 * i);
    return true;
}

static bool read_bytes(struct protobuf_reader *reader,
                       struct protobuf_field *out)
{
    uint64_t length;

    if (!read_varint(reader, &length) || length > reader->length - reader->at)
        return false;
    out->bytes = reader->bytes + reader->at;
    out->length = (size_t)length;
    reader->at += (size_t)length;
    return true;
}

/* Number and wire type; a wire type may be the end of a group. */
static bool read_tag(struct protobuf_reader *reader, uint32_t *number,
                     unsigned *wire)
{
    uint64_t tag;

    if (!read_varint(reader, &tag) || tag >> 3 == 0 || tag >> 3 > NUMBER_MOST)
        return false;
    *number = (uint32_t)(tag >> 3);
    *wire = (unsigned)(tag & 7);
    return true;
}

static bool read_value(struct protobuf_reader *reader, unsigned wire,
                       struct protobuf_field *out)
{
    switch (wire) {
    case PROTOBUF_VARINT:
        return read_varint(reader, &out->value);
    case PROTOBUF_FIXED64:
        return read_fixed(reader, 8, &out->value);
    case PROTOBUF_BYTES:
        return read_bytes(reader, out);
    case PROTOBUF_FIXED32:
        return read_fixed(reader, 4, &out->value);
    default:
        return false;
    }
}

/* Nobody sends groups any more; one that comes is passed over with what is in
 * it. number: of the group that was opened. */
static bool skip_group(struct protobuf_reader *reader, uint32_t number)
{
    uint32_t open[GROUPS_MOST] = { number };
    size_t depth = 1;

    while (depth) {
        struct protobuf_field ignored;
        unsigned wire;

        if (!read_tag(reader, &number, &wire))
            return false;
        if (wire == PROTOBUF_GROUP) {
            if (depth == GROUPS_MOST)
                return false;
            open[depth++] = number;
        } else if (wire == GROUP_END) {
            if (open[--depth] != number)
                return false;
        } else if (!read_value(reader, wire, &ignored)) {
            return false;
        }
    }
    return true;
}

bool protobuf_next(struct protobuf_reader *reader, struct protobuf_field *out)
{
    unsigned wire;

    *out = (struct protobuf_field){ 0 };
    if (reader->broken || reader->at == reader->length)
        return false;
    if (read_tag(reader, &out->number, &wire)) {
        out->wire = (enum protobuf_wire)wire;
        if (wire == PROTOBUF_GROUP ? skip_group(reader, out->number)
                                   : read_value(reader, wire, out))
            return true;
    }
    reader->broken = true;
    return false;
}
