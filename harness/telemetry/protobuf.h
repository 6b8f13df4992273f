/*
 * protobuf: the wire format, field by field, from bytes that nobody vouches
 * for. Pure; reads only, allocates nothing. Source: the protocol buffers
 * encoding guide (varint, fixed64, length-delimited, fixed32).
 */
#ifndef GATEDRILL_HARNESS_PROTOBUF_H
#define GATEDRILL_HARNESS_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum protobuf_wire {
    PROTOBUF_VARINT = 0,
    PROTOBUF_FIXED64 = 1,
    PROTOBUF_BYTES = 2,
    PROTOBUF_GROUP = 3, /* begins; skipped whole, its end is never told */
    PROTOBUF_FIXED32 = 5,
};

struct protobuf_field {
    uint32_t number; /* 1 to 2^29 - 1 */
    enum protobuf_wire wire;
    uint64_t value;       /* varint, fixed64, fixed32 */
    const uint8_t *bytes; /* PROTOBUF_BYTES; borrowed */
    size_t length;
};

struct protobuf_reader {
    const uint8_t *bytes; /* borrowed */
    size_t length, at;
    bool broken;
};

void protobuf_begin(struct protobuf_reader *out, const void *bytes,
                    size_t length);
/* The next field. False at the end, and where the bytes are no protobuf:
 * reader->broken says which. */
bool protobuf_next(struct protobuf_reader *reader, struct protobuf_field *out);

#endif
