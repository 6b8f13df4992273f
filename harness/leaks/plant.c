#include "harness/leaks/plant.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "common/json.h"
#include "common/xalloc.h"

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

static void pack_zlib(struct buf *out, const char *text, size_t length,
                      int window_bits)
{
    z_stream z = { 0 };
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

/* Behind words: a few letters alone would not be made smaller, and stand in the
 * frame as they are. */
static void plant_zstd(struct buf *out, const char *text, size_t length)
{
    struct buf whole = { 0 };
    size_t most, size;
    char *packed;

    for (int i = 0; i < 60; i++)
        buf_printf(&whole, "%d words ", i * 7);
    buf_add(&whole, text, length);
    most = ZSTD_compressBound(whole.length);
    packed = xcalloc(most, 1);
    size = ZSTD_compress(packed, most, whole.data, whole.length, 1);
    if (ZSTD_isError(size))
        xalloc_fail();
    buf_add(out, packed, size);
    free(packed);
    xwipe(whole.data, whole.length);
    buf_release(&whole);
}

const struct plant plants[] = { { "plain", plant_as_is, false },
                                { "json", plant_json, false },
                                { "json-twice", plant_json_twice, false },
                                { "json-unicode", plant_json_unicode, false },
                                { "json-bytes", plant_bytes, false },
                                { "percent", plant_percent, false },
                                { "percent-twice", plant_percent_twice, false },
                                { "entity", plant_entity, false },
                                { "upper", plant_upper, false },
                                { "lines", plant_lines, false },
                                { "records", plant_records, false },
                                { "events", plant_events, false },
                                { "gzip", plant_gzip, true },
                                { "zlib", plant_zlib, true },
                                { "zstd", plant_zstd, true },
                                { 0 } };
