#include "mockserver/encode.h"

#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

#include "common/xalloc.h"

#define GZIP_WINDOW (15 + 16) /* zlib.h: 16 more writes a gzip header */

static void encode_open(z_stream *zip)
{
    int ready;

    *zip = (z_stream){ 0 };
    ready = deflateInit2(zip, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 8,
                         Z_DEFAULT_STRATEGY);
    /* No other failure: the parameters are constants. */
    if (ready != Z_OK)
        xalloc_fail();
}

static void encode_add(struct buf *out, z_stream *zip, const void *bytes,
                       size_t length, int flush)
{
    unsigned char room[8192];

    zip->next_in = (Bytef *)(uintptr_t)bytes;
    zip->avail_in = (uInt)length;
    do {
        int done;

        zip->next_out = room;
        zip->avail_out = sizeof room;
        done = deflate(zip, flush);
        assert(done != Z_STREAM_ERROR);
        (void)done;
        buf_add(out, room, sizeof room - zip->avail_out);
    } while (!zip->avail_out);
}

static void encode_gzip(struct draft *draft)
{
    struct buf coded = { 0 };
    size_t at = 0;
    z_stream zip;

    encode_open(&zip);
    for (size_t i = 0; i < draft->piece_count; i++) {
        struct piece *piece = &draft->pieces[i];
        size_t before = coded.length;

        encode_add(&coded, &zip, draft->body.data + at, piece->length,
                   i + 1 < draft->piece_count ? Z_SYNC_FLUSH : Z_FINISH);
        at += piece->length;
        piece->length = coded.length - before;
    }
    deflateEnd(&zip);
    buf_release(&draft->body);
    draft->body = coded;
}

static void encode_zeros(struct buf *out)
{
    static const char zeros[65536];
    z_stream zip;

    encode_open(&zip);
    for (size_t sent = 0; sent < ENCODE_BOMB_BYTES; sent += sizeof zeros)
        encode_add(out, &zip, zeros, sizeof zeros, Z_NO_FLUSH);
    encode_add(out, &zip, zeros, 0, Z_FINISH);
    deflateEnd(&zip);
}

/* Always the same bytes, and they take some 60 ms of the one thread: made
 * once. */
static void encode_bomb(struct draft *draft)
{
    static struct buf bomb;

    if (!bomb.length)
        encode_zeros(&bomb);
    buf_clear(&draft->body);
    draft->piece_count = 0;
    draft_add_piece(draft, PIECE_PLAIN, 0, bomb.data, bomb.length);
}

/* Keeps the first half; an event that is cut is none. */
static void encode_cut(struct draft *draft)
{
    size_t left = draft->body.length / 2, kept = 0;

    draft->body.length = left;
    for (size_t i = 0; i < draft->piece_count && left; i++, kept++) {
        struct piece *piece = &draft->pieces[i];

        if (piece->length > left) {
            piece->length = left;
            piece->kind = PIECE_PLAIN;
        }
        left -= piece->length;
    }
    draft->piece_count = kept;
}

void encode_draft(struct draft *draft, enum step_encoding encoding)
{
    if (!draft->piece_count)
        return;
    if (encoding == STEP_ENCODING_GZIP ||
        encoding == STEP_ENCODING_GZIP_TRUNCATED)
        encode_gzip(draft);
    if (encoding == STEP_ENCODING_GZIP_TRUNCATED)
        encode_cut(draft);
    if (encoding == STEP_ENCODING_GZIP_BOMB)
        encode_bomb(draft);
    draft_remove_header(draft, "Content-Encoding");
    draft_add_header(draft, "Content-Encoding",
                     encoding == STEP_ENCODING_UNKNOWN ? "br" : "gzip");
}
