#include "tests/refgateway/otlp_code.h"

#include <inttypes.h>
#include <string.h>

#include "common/digest.h"
#include "common/json.h"

void code_json_attribute(struct buf *out, const struct span_attribute *one)
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

static void code_varint(struct buf *out, uint64_t value)
{
    do {
        unsigned char byte = (unsigned char)(value & 0x7f);

        value >>= 7;
        if (value)
            byte |= 0x80;
        buf_add(out, &byte, 1);
    } while (value);
}

void code_number(struct buf *out, unsigned field, uint64_t value)
{
    code_varint(out, field << 3);
    code_varint(out, value);
}

void code_fixed(struct buf *out, unsigned field, int64_t value)
{
    unsigned char bytes[8];

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((uint64_t)value >> (8 * i));
    code_varint(out, field << 3 | 1);
    buf_add(out, bytes, sizeof bytes);
}

static void code_bytes(struct buf *out, unsigned field, const void *bytes,
                       size_t length)
{
    code_varint(out, field << 3 | 2);
    code_varint(out, length);
    buf_add(out, bytes, length);
}

void code_text(struct buf *out, unsigned field, const char *text)
{
    code_bytes(out, field, text, strlen(text));
}

void code_inner(struct buf *out, unsigned field, struct buf *inner)
{
    code_bytes(out, field, buf_text(inner), inner->length);
    buf_release(inner);
}

void code_id(struct buf *out, unsigned field, const char *hex)
{
    uint8_t bytes[16];
    size_t length = strlen(hex) / 2;

    if (length && digest_from_hex(bytes, length, hex))
        code_bytes(out, field, bytes, length);
}

void code_attribute(struct buf *out, unsigned field,
                    const struct span_attribute *one)
{
    struct buf pair = { 0 }, value = { 0 };

    if (one->text)
        code_text(&value, 1, one->text);
    else
        code_number(&value, 3, (uint64_t)one->number);
    code_text(&pair, 1, one->key);
    code_inner(&pair, 2, &value);
    code_inner(out, field, &pair);
}
