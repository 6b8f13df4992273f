#include "tests/refgateway/bug_write.h"

#include <stdint.h>
#include <zlib.h>

#include "common/json.h"
#include "common/xalloc.h"

#define PREVIEW_BYTES 16
#define WRAP_BYTES    10

void bug_write_plain(struct buf *out, const char *text, size_t length)
{
    buf_add(out, text, length);
}

void bug_write_base64(struct buf *out, const char *text, size_t length)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr"
                                  "stuvwxyz0123456789+/";
    const uint8_t *bytes = (const uint8_t *)text;

    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)bytes[i] << 16 |
                         (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        char four[4] = { letters[group >> 18], letters[group >> 12 & 63],
                         left > 1 ? letters[group >> 6 & 63] : '=',
                         left > 2 ? letters[group & 63] : '=' };

        buf_add(out, four, 4);
    }
}

void bug_write_hex(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "%02X", (unsigned)(uint8_t)text[i]);
}

void bug_write_percent(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "%%%02X", (unsigned)(uint8_t)text[i]);
}

/* Code points of one or two bytes of UTF-8. */
void bug_write_unicode(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned point = (uint8_t)text[i];

        if ((point & 0xe0) == 0xc0 && i + 1 < length)
            point = (point & 0x1f) << 6 | ((uint8_t)text[++i] & 0x3f);
        buf_printf(out, "\\u%04X", point);
    }
}

void bug_write_entities(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "&#%u;", (unsigned)(uint8_t)text[i]);
}

void bug_write_upper(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "%c",
                   text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
}

void bug_write_utf16(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char unit[2] = { 0, text[i] };

        buf_add(out, unit, sizeof unit);
    }
}

static void write_list(struct buf *out, const char *text, size_t length,
                       const char *between)
{
    buf_add_text(out, "[");
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "%s%u", i ? between : "", (unsigned)(uint8_t)text[i]);
    buf_add_text(out, "]");
}

void bug_write_go_bytes(struct buf *out, const char *text, size_t length)
{
    write_list(out, text, length, " ");
}

void bug_write_java_bytes(struct buf *out, const char *text, size_t length)
{
    write_list(out, text, length, ", ");
}

void bug_write_json_twice(struct buf *out, const char *text, size_t length)
{
    struct buf once = { 0 };

    bug_write_unicode(&once, text, length);
    json_quote(out, once.data, once.length);
    buf_release(&once);
}

static void deflate_whole(struct buf *out, const char *text, size_t length,
                          int window_bits)
{
    uint8_t packed[512];
    z_stream z = { .next_in = (Bytef *)(uintptr_t)text,
                   .avail_in = (uInt)length };

    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        xalloc_fail();
    do {
        z.next_out = packed;
        z.avail_out = sizeof packed;
        deflate(&z, Z_FINISH);
        buf_add(out, packed, sizeof packed - z.avail_out);
    } while (z.avail_out == 0);
    deflateEnd(&z);
}

void bug_write_gzip(struct buf *out, const char *text, size_t length)
{
    deflate_whole(out, text, length, 15 + 16);
}

void bug_write_zlib(struct buf *out, const char *text, size_t length)
{
    deflate_whole(out, text, length, 15);
}

void bug_write_two_records(struct buf *out, const char *text, size_t length)
{
    buf_add(out, text, length / 2);
    buf_add_text(out, "\n{\"time\":\"2026-01-02T03:04:05Z\",\"more\":\"");
    buf_add(out, text + length / 2, length - length / 2);
    buf_add_text(out, "\"}");
}

void bug_write_wrapped(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i += WRAP_BYTES) {
        buf_add(out, text + i,
                length - i < WRAP_BYTES ? length - i : WRAP_BYTES);
        buf_add_text(out, "\r\n\t");
    }
}

void bug_write_preview(struct buf *out, const char *text, size_t length)
{
    buf_add(out, text, length < PREVIEW_BYTES ? length : PREVIEW_BYTES);
    buf_add_text(out, "...");
}
