/*
 * unpack: what was compressed is decompressed piece by piece, as far as it is
 * sound and within a bound. The only file of the harness that knows zlib and
 * zstd.
 */
#ifndef GATEDRILL_HARNESS_UNPACK_H
#define GATEDRILL_HARNESS_UNPACK_H

#include <stddef.h>
#include <stdint.h>

struct unpack_magic {
    const char *name; /* "gzip" */
    const char *bytes;
    size_t length;
};
extern const struct unpack_magic unpack_magics[]; /* ends with { 0 } */

enum unpack_state {
    UNPACK_MORE, /* all that was given is decompressed */
    UNPACK_ENDED,
    UNPACK_BROKEN, /* it was none, or it is cut or damaged */
    UNPACK_TOO_MUCH
};

struct unpack;
/* magic: index; most: bytes of output after which it is too much. */
struct unpack *unpack_new(size_t magic, int64_t most);
void unpack_free(struct unpack *unpack);
/* out is called with each piece of output, in order; used is how many of the
 * bytes belong to it. */
enum unpack_state unpack_feed(struct unpack *unpack, const char *bytes,
                              size_t length, size_t *used,
                              void (*out)(void *context, const char *bytes,
                                          size_t length),
                              void *context);

#endif
