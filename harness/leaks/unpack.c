#include "harness/leaks/unpack.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#define ZSTD_STATIC_LINKING_ONLY /* memory of our own */
#include <zstd.h>

#include "common/xalloc.h"
#include "harness/leaks/lib_memory.h"

#define OUTPUT_BYTES  16384
#define ZSTD_WINDOW   24 /* log2 of the most memory a frame may ask for */
#define ZLIB_ANY_HEAD 32 /* gzip or zlib, as its head says */

/* The second byte of zlib's head is one of four, by level; that of level 2..5
 * is text ("x^") and too common to be tried. */
const struct unpack_magic unpack_magics[] = {
    { "gzip", "\x1f\x8b\x08", 3 },     { "zlib", "\x78\x01", 2 },
    { "zlib", "\x78\x9c", 2 },         { "zlib", "\x78\xda", 2 },
    { "zstd", "\x28\xb5\x2f\xfd", 4 }, { 0 }
};

struct unpack {
    z_stream zlib;
    ZSTD_DStream *zstd; /* NULL: it is zlib */
    int64_t made, most;
    char output[OUTPUT_BYTES];
};

struct unpack *unpack_new(size_t magic, int64_t most)
{
    const ZSTD_customMem memory = { lib_memory_take_bytes, lib_memory_give,
                                    NULL };
    struct unpack *unpack = xcalloc(1, sizeof *unpack);

    unpack->most = most;
    unpack->zlib.zalloc = lib_memory_take;
    unpack->zlib.zfree = lib_memory_give;
    if (strcmp(unpack_magics[magic].name, "zstd") == 0) {
        unpack->zstd = ZSTD_createDStream_advanced(memory);
        if (!unpack->zstd)
            xalloc_fail();
        ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW);
    } else if (inflateInit2(&unpack->zlib, MAX_WBITS + ZLIB_ANY_HEAD) != Z_OK) {
        xalloc_fail();
    }
    return unpack;
}

void unpack_free(struct unpack *unpack)
{
    if (!unpack)
        return;
    if (unpack->zstd)
        ZSTD_freeDStream(unpack->zstd);
    else
        inflateEnd(&unpack->zlib);
    xwipe(unpack, sizeof *unpack);
    free(unpack);
}

static enum unpack_state step_zlib(struct unpack *unpack, const char **bytes,
                                   size_t *length, size_t *made)
{
    z_stream *z = &unpack->zlib;
    int code;

    /* The library only reads it; its declaration does not say so. */
    z->next_in = (Bytef *)(uintptr_t)*bytes;
    z->avail_in = (uInt)*length;
    z->next_out = (Bytef *)unpack->output;
    z->avail_out = OUTPUT_BYTES;
    code = inflate(z, Z_NO_FLUSH);
    *bytes += *length - z->avail_in;
    *length = z->avail_in;
    *made = OUTPUT_BYTES - z->avail_out;
    if (code == Z_STREAM_END)
        return UNPACK_ENDED;
    return code == Z_OK || code == Z_BUF_ERROR ? UNPACK_MORE : UNPACK_BROKEN;
}

/* One step: takes from bytes, fills the output. */
static enum unpack_state step(struct unpack *unpack, const char **bytes,
                              size_t *length, size_t *made)
{
    if (unpack->zstd) {
        ZSTD_inBuffer in = { *bytes, *length, 0 };
        ZSTD_outBuffer out = { unpack->output, OUTPUT_BYTES, 0 };
        size_t code = ZSTD_decompressStream(unpack->zstd, &out, &in);

        *bytes += in.pos;
        *length -= in.pos;
        *made = out.pos;
        return ZSTD_isError(code) ? UNPACK_BROKEN
               : code == 0        ? UNPACK_ENDED
                                  : UNPACK_MORE;
    }
    return step_zlib(unpack, bytes, length, made);
}

enum unpack_state unpack_feed(
    struct unpack *unpack, const char *bytes, size_t length, size_t *used,
    void (*out)(void *context, const char *bytes, size_t length), void *context)
{
    enum unpack_state state = UNPACK_MORE;
    size_t made = 0, given = length;

    /* A full output may hide more behind the last byte of input. */
    while (state == UNPACK_MORE && (length > 0 || made == OUTPUT_BYTES)) {
        state = step(unpack, &bytes, &length, &made);
        unpack->made += (int64_t)made;
        if (made)
            out(context, unpack->output, made);
        if (unpack->made >= unpack->most && state == UNPACK_MORE)
            state = UNPACK_TOO_MUCH;
        if (!made && state == UNPACK_MORE)
            break;
    }
    *used = given - length;
    return state;
}
