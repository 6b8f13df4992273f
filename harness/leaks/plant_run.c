#include "harness/leaks/plant_run.h"

#include <stdint.h>

#include "common/json.h"
#include "common/xalloc.h"

void plant_add_base64(struct buf *out, const char *bytes, size_t length,
                      size_t line)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
                                  "nopqrstuvwxyz0123456789+/";

    for (size_t i = 0, column = 0; i < length; i += 3, column += 4) {
        unsigned value = 0;

        for (size_t k = 0; k < 3; k++)
            value = value << 8 | (i + k < length ? (uint8_t)bytes[i + k] : 0U);
        if (line && column == line) {
            buf_add_text(out, "\r\n");
            column = 0;
        }
        for (size_t k = 0; k < 4; k++)
            buf_add(out,
                    i + k <= length ? &letters[value >> (18 - 6 * k) & 63]
                                    : "=",
                    1);
    }
}

/* A body, as gateways log them: the text is a member of it. */
static struct buf body_of(const char *text, size_t length)
{
    struct buf body = { 0 };

    buf_add_text(&body, "{\"role\":\"user\",\"content\":");
    json_quote(&body, text, length);
    buf_add_text(&body, ",\"n\":1}");
    return body;
}

void plant_wipe(struct buf *buf)
{
    xwipe(buf->data, buf->length);
    buf_release(buf);
}

void plant_base64_body(struct buf *out, const char *text, size_t length)
{
    struct buf body = body_of(text, length);

    plant_add_base64(out, body.data, body.length, 0);
    plant_wipe(&body);
}

void plant_base64_mime(struct buf *out, const char *text, size_t length)
{
    struct buf body = body_of(text, length);

    plant_add_base64(out, body.data, body.length, 76);
    plant_wipe(&body);
}

void plant_base64_twice(struct buf *out, const char *text, size_t length)
{
    struct buf once = { 0 };

    plant_base64_body(&once, text, length);
    plant_add_base64(out, once.data, once.length, 0);
    plant_wipe(&once);
}

void plant_hex_body(struct buf *out, const char *text, size_t length)
{
    struct buf body = body_of(text, length);

    for (size_t i = 0; i < body.length; i++)
        buf_printf(out, "%02x", (unsigned)(uint8_t)body.data[i]);
    plant_wipe(&body);
}

void plant_add_dump(struct buf *out, const char *bytes, size_t length,
                    size_t group, const char *after_offset)
{
    for (size_t line = 0; line < length; line += 16) {
        buf_printf(out, "\n%08zx%s", line, after_offset);
        for (size_t i = line; i < line + 16; i++) {
            if (i < length)
                buf_printf(out, "%02x", (unsigned)(uint8_t)bytes[i]);
            else
                buf_add_text(out, "  ");
            if ((i + 1) % group == 0)
                buf_add_text(out, group == 1 && i % 16 == 7 ? "  " : " ");
        }
        buf_add_text(out, " |");
        for (size_t i = line; i < line + 16 && i < length; i++)
            buf_add(out, bytes[i] > 31 && bytes[i] < 127 ? &bytes[i] : ".", 1);
        buf_add_text(out, "|");
    }
    buf_add_text(out, "\n");
}

void plant_hexdump(struct buf *out, const char *text, size_t length)
{
    struct buf body = body_of(text, length);

    plant_add_dump(out, body.data, body.length, 1, "  ");
    plant_wipe(&body);
}

void plant_xxd(struct buf *out, const char *text, size_t length)
{
    struct buf body = body_of(text, length);

    plant_add_dump(out, body.data, body.length, 2, ": ");
    plant_wipe(&body);
}

/* A source file's array: some a line. */
void plant_hex_array(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "%s0x%02x,", i % 12 ? " " : "\n  ",
                   (unsigned)(uint8_t)text[i]);
}

/* Pretty-printed JSON: one a line. */
void plant_number_lines(struct buf *out, const char *text, size_t length)
{
    buf_add_text(out, "\n[");
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "\n    %u,", (unsigned)(uint8_t)text[i]);
    buf_add_text(out, "\n    0\n]\n");
}

static void add_utf16(struct buf *out, const char *text, size_t length,
                      bool big)
{
    struct buf body = body_of(text, length);

    for (size_t i = 0; i < body.length; i++) {
        unsigned point = (uint8_t)body.data[i];
        char pair[2];

        if ((point & 0xe0) == 0xc0 && i + 1 < body.length)
            point = (point & 0x1f) << 6 | ((uint8_t)body.data[++i] & 0x3f);
        pair[big] = (char)(point & 0xff);
        pair[!big] = (char)(point >> 8);
        buf_add(out, pair, 2);
    }
    plant_wipe(&body);
}

void plant_utf16_little(struct buf *out, const char *text, size_t length)
{
    add_utf16(out, text, length, false);
}

void plant_utf16_big(struct buf *out, const char *text, size_t length)
{
    add_utf16(out, text, length, true);
}
