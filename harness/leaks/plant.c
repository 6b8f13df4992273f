#include "harness/leaks/plant.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* memory of our own */
#include <zstd.h>

#include "common/json.h"
#include "common/xalloc.h"
#include "harness/leaks/lib_memory.h"
#include "harness/leaks/plant_run.h"

static void plant_as_is(struct buf *out, const char *text, size_t length)
{
    buf_add(out, text, length);
}

static void plant_json(struct buf *out, const char *text, size_t length)
{
    json_quote(out, text, length);
}

static void plant_json_twice(struct buf *out, const char *text, size_t length)
{
    struct buf once = { 0 };

    json_quote(&once, text, length);
    json_quote(out, once.data, once.length);
    xwipe(once.data, once.length);
    buf_release(&once);
}

static void each_byte(struct buf *out, const char *text, size_t length,
                      const char *format)
{
    for (size_t i = 0; i < length; i++) {
        char one[16];
        int used = 0;

        for (const char *at = format; *at; at++) {
            if (*at != '$') {
                one[used++] = *at;
                continue;
            }
            one[used++] = "0123456789abcdef"[(uint8_t)text[i] >> 4];
            one[used++] = "0123456789abcdef"[(uint8_t)text[i] & 15];
        }
        buf_add(out, one, (size_t)used);
    }
}

/* Latin-1 and ASCII only, as canaries are. */
static void each_letter(struct buf *out, const char *text, size_t length,
                        const char *before, const char *after)
{
    for (size_t i = 0; i < length; i++) {
        unsigned point = (uint8_t)text[i];

        if ((point & 0xe0) == 0xc0 && i + 1 < length)
            point = (point & 0x1f) << 6 | ((uint8_t)text[++i] & 0x3f);
        buf_printf(out, "%s%04x%s", before, point, after);
    }
}

static void plant_json_unicode(struct buf *out, const char *text, size_t length)
{
    each_letter(out, text, length, "\\u", "");
}

static void plant_bytes(struct buf *out, const char *text, size_t length)
{
    each_byte(out, text, length, "\\x$");
}

static void plant_percent(struct buf *out, const char *text, size_t length)
{
    each_byte(out, text, length, "%$");
}

static void plant_percent_twice(struct buf *out, const char *text,
                                size_t length)
{
    each_byte(out, text, length, "%25$");
}

static void plant_entity(struct buf *out, const char *text, size_t length)
{
    each_letter(out, text, length, "&#x", ";");
}

static void plant_upper(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] & ~0x20)
                                                  : text[i];

        buf_add(out, &c, 1);
    }
}

/* So many bytes, and what is left of the letter they end in. */
static size_t piece(const char *text, size_t length, size_t size)
{
    if (length <= size)
        return length;
    while (size < length && ((uint8_t)text[size] & 0xc0) == 0x80)
        size++;
    return size;
}

static void in_pieces(struct buf *out, const char *text, size_t length,
                      size_t size, const char *before, const char *after)
{
    for (size_t at = 0, now; at < length; at += now) {
        now = piece(text + at, length - at, size);
        buf_add_text(out, before);
        buf_add(out, text + at, now);
        buf_add_text(out, after);
    }
}

static void plant_lines(struct buf *out, const char *text, size_t length)
{
    in_pieces(out, text, length, 7, "", "\n    ");
}

static void plant_octal(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        buf_printf(out, "\\%03o", (unsigned)(uint8_t)text[i]);
}

/* b'...', as Python shows bytes. */
static void plant_python(struct buf *out, const char *text, size_t length)
{
    buf_add_text(out, "b'");
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if (c == '\n')
            buf_add_text(out, "\\n");
        else if (c == '\\' || c == '\'')
            buf_printf(out, "\\%c", c);
        else if ((uint8_t)c < 32 || (uint8_t)c > 126)
            buf_printf(out, "\\x%02x", (unsigned)(uint8_t)c);
        else
            buf_add(out, &c, 1);
    }
    buf_add_text(out, "'");
}

/* --- what puts pieces together ------------------------------------------- */

/* Two halves, each a text in a log record that is JSON. */
static void plant_json_records(struct buf *out, const char *text, size_t length)
{
    size_t half = piece(text, length, (length + 1) / 2);

    buf_add_text(out, "\n{\"level\":\"debug\",\"msg\":");
    json_quote(out, text, half);
    buf_add_text(out, "}\n{\"level\":\"debug\",\"msg\":");
    json_quote(out, text + half, length - half);
    buf_add_text(out, "}\n");
}

/* Two halves, each a text in an attribute of OTLP's protobuf form. */
static void plant_attributes(struct buf *out, const char *text, size_t length)
{
    size_t half = piece(text, length, (length + 1) / 2);
    size_t parts[] = { half, length - half };

    for (size_t i = 0; i < 2; i++) {
        buf_printf(out, "\x4a%c\x0a\x04part\x12%c\x0a%c", (int)parts[i] + 10,
                   (int)parts[i] + 2, (int)parts[i]);
        buf_add(out, text, parts[i]);
        text += parts[i];
    }
}

/* Two halves, each in a log record of its own. */
static void plant_records(struct buf *out, const char *text, size_t length)
{
    in_pieces(out, text, length, (length + 1) / 2,
              "\n2026-01-02T03:04:05Z INFO message ", " end");
}

/* The deltas of a stream: each is JSON. */
static void plant_events(struct buf *out, const char *text, size_t length)
{
    for (size_t at = 0, now; at < length; at += now) {
        now = piece(text + at, length - at, 6);
        buf_add_text(out, "data: {\"choices\":[{\"index\":0,\"delta\":"
                          "{\"content\":");
        json_quote(out, text + at, now);
        buf_add_text(out, "}}]}\n\n");
    }
}

/* The same of a tool call: its arguments are JSON in pieces, and a piece may
 * end within an escape. */
static void plant_arguments(struct buf *out, const char *text, size_t length)
{
    struct buf inner = { 0 };

    json_quote(&inner, text, length);
    for (size_t at = 1, now; at + 1 < inner.length; at += now) {
        now = piece(inner.data + at, inner.length - 1 - at, 7);
        buf_add_text(out, "data: {\"choices\":[{\"index\":0,\"delta\":"
                          "{\"tool_calls\":[{\"index\":0,\"function\":{"
                          "\"arguments\":");
        json_quote(out, inner.data + at, now);
        buf_add_text(out, "}}]}}]}\n\n");
    }
    xwipe(inner.data, inner.length);
    buf_release(&inner);
}

/* What a form's body holds: reserved letters escaped, a blank as a plus. */
static void plant_form(struct buf *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = text[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            buf_add(out, &c, 1);
        else if (c == ' ')
            buf_add_text(out, "+");
        else
            each_byte(out, &c, 1, "%$");
    }
}

/* As Go and .NET write JSON: markup and what is not ASCII as code points. */
static void plant_json_markup(struct buf *out, const char *text, size_t length)
{
    struct buf quoted = { 0 };

    json_quote(&quoted, text, length);
    for (size_t i = 0; i < quoted.length; i++) {
        char c = quoted.data[i];

        if ((c & 0x80) && i + 1 < quoted.length)
            each_letter(out, &quoted.data[i++], 2, "\\u", "");
        else if (strchr("<>&+'", c))
            each_letter(out, &c, 1, "\\u", "");
        else
            buf_add(out, &c, 1);
    }
    xwipe(quoted.data, quoted.length);
    buf_release(&quoted);
}

static void pack_zlib(struct buf *out, const char *text, size_t length,
                      int window_bits)
{
    z_stream z = { .zalloc = lib_memory_take, .zfree = lib_memory_give };
    uint8_t packed[1024];
    int code;

    if (deflateInit2(&z, 1, Z_DEFLATED, window_bits, 1, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        xalloc_fail();
    /* The library only reads it; its declaration does not say so. */
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)length;
    do {
        z.next_out = packed;
        z.avail_out = sizeof packed;
        code = deflate(&z, Z_FINISH);
        buf_add(out, packed, sizeof packed - z.avail_out);
    } while (code == Z_OK || code == Z_BUF_ERROR);
    deflateEnd(&z);
}

static void plant_gzip(struct buf *out, const char *text, size_t length)
{
    pack_zlib(out, text, length, 9 + 16);
}

static void plant_zlib(struct buf *out, const char *text, size_t length)
{
    pack_zlib(out, text, length, 15);
}

static void plant_base64_gzip(struct buf *out, const char *text, size_t length)
{
    struct buf packed = { 0 };

    plant_gzip(&packed, text, length);
    plant_add_base64(out, packed.data, packed.length, 0);
    plant_wipe(&packed);
}

static void plant_hexdump_gzip(struct buf *out, const char *text, size_t length)
{
    struct buf packed = { 0 };

    plant_gzip(&packed, text, length);
    plant_add_dump(out, packed.data, packed.length, 1, "  ");
    plant_wipe(&packed);
}

/* Behind words: a few letters alone would not be made smaller, and stand in the
 * frame as they are. */
static void plant_zstd(struct buf *out, const char *text, size_t length)
{
    struct buf whole = { 0 };
    const ZSTD_customMem memory = { lib_memory_take_bytes, lib_memory_give,
                                    NULL };
    ZSTD_CCtx *context;
    size_t most, size;
    char *packed;

    for (int i = 0; i < 60; i++)
        buf_printf(&whole, "%d words ", i * 7);
    buf_add(&whole, text, length);
    most = ZSTD_compressBound(whole.length);
    packed = xcalloc(most, 1);
    context = ZSTD_createCCtx_advanced(memory);
    if (!context)
        xalloc_fail();
    size =
        ZSTD_compressCCtx(context, packed, most, whole.data, whole.length, 1);
    if (ZSTD_isError(size))
        xalloc_fail();
    ZSTD_freeCCtx(context);
    buf_add(out, packed, size);
    free(packed);
    xwipe(whole.data, whole.length);
    buf_release(&whole);
}

const struct plant plants[] = {
    { "plain", plant_as_is, false, false },
    { "json", plant_json, false, false },
    { "json-twice", plant_json_twice, false, false },
    { "json-unicode", plant_json_unicode, false, false },
    { "json-bytes", plant_bytes, false, false },
    { "octal", plant_octal, false, false },
    { "python-bytes", plant_python, false, false },
    { "json-markup", plant_json_markup, false, false },
    { "percent", plant_percent, false, false },
    { "form", plant_form, false, false },
    { "percent-twice", plant_percent_twice, false, false },
    { "entity", plant_entity, false, false },
    { "upper", plant_upper, false, false },
    { "lines", plant_lines, false, false },
    { "records", plant_records, false, false },
    { "json-records", plant_json_records, false, false },
    { "attributes", plant_attributes, false, false },
    { "events", plant_events, false, false },
    { "arguments", plant_arguments, false, false },
    { "base64-body", plant_base64_body, false, false },
    { "base64-mime", plant_base64_mime, false, false },
    { "base64-twice", plant_base64_twice, false, true },
    { "hex-body", plant_hex_body, false, false },
    { "hexdump", plant_hexdump, false, true },
    { "xxd", plant_xxd, false, true },
    { "hex-array", plant_hex_array, false, true },
    { "number-lines", plant_number_lines, false, false },
    { "utf-16le", plant_utf16_little, false, true },
    { "utf-16be", plant_utf16_big, false, true },
    { "gzip", plant_gzip, true, false },
    { "zlib", plant_zlib, true, false },
    { "zstd", plant_zstd, true, false },
    { "base64-gzip", plant_base64_gzip, true, true },
    { "hexdump-gzip", plant_hexdump_gzip, true, true },
    { 0 }
};
