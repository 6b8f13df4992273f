/*
 * decode: runs of letters that stand for bytes (base64, hex, dumps, lists of
 * numbers, UTF-16), found in a text of any kind and undone piece by piece. What
 * comes out is searched as a text of its own: what a program escaped, packed
 * or coded before it wrote the run is seen there, which no needle shows.
 */
#ifndef GATEDRILL_HARNESS_DECODE_H
#define GATEDRILL_HARNESS_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum decode_kind {
    DECODE_BASE64,  /* both alphabets, lines of any multiple of four */
    DECODE_HEX,     /* 736b2d */
    DECODE_DUMP,    /* of hexdump -C, xxd, curl --trace, Go, Netty ... */
    DECODE_HEXES,   /* 73 6b 2d, 73:6b:2d, 0x73, 0x6b, 0x2d */
    DECODE_NUMBERS, /* 115, 107, 45, a line each too */
    DECODE_OCTALS,  /* 163 153 055 */
    DECODE_UTF16_LITTLE,
    DECODE_UTF16_BIG
};
extern const char *const decode_names[]; /* as hits are called: "hexdump" */

struct decode_run {
    enum decode_kind kind;
    bool escaped; /* a dump whose line ends are written "\n" */
    size_t from;
};
/* The next run that is long enough to be worth it, from `from` on. */
bool decode_find(struct decode_run *out, const char *bytes, size_t length,
                 size_t from);
/* So far before the end of a text a run may begin that is not told yet. */
#define DECODE_BACK 256

#define DECODE_OUTPUT_BYTES 8192
struct decode {
    enum decode_kind kind;
    bool escaped;
    int state;
    unsigned value, digits; /* of the group or word at hand */
    size_t column;          /* letters in this line; of a dump: bytes */
    size_t blanks;          /* in a row */
    size_t made, filled;
    char output[DECODE_OUTPUT_BYTES];
};
void decode_begin(struct decode *decode, const struct decode_run *run);
/* False when the run ended; used is how many of the bytes belong to it. out is
 * called with what they stand for, in order. */
bool decode_feed(struct decode *decode, const char *bytes, size_t length,
                 size_t *used,
                 void (*out)(void *context, const char *bytes, size_t length),
                 void *context);
/* What the last letters of a run that was cut off stand for. */
void decode_end(struct decode *decode,
                void (*out)(void *context, const char *bytes, size_t length),
                void *context);

#endif
