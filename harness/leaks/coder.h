/*
 * coder: how a text looks when a program has written it down in another way
 * that leaves nothing of the text literally: base64, hex, UTF-16. One row an
 * encoding. Escapes, line ends and compression are not here but in views, which
 * undo them. Source: section 6.2 of the contract notes.
 */
#ifndef GATEDRILL_HARNESS_CODER_H
#define GATEDRILL_HARNESS_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

/* What an encoder fills: bytes, and in start[i], i = 0..length, where in them
 * what follows from byte i of the text begins. */
struct coded {
    struct buf bytes;
    size_t *start;
    size_t length; /* of the text */
};
void coded_release(struct coded *coded);

enum coder_trait {
    CODER_FOLDS = 1,       /* hex: upper or lower case says nothing */
    CODER_DERIVED = 2,     /* the text does not follow from it */
    CODER_CREDENTIALS = 4, /* of interest for credentials only */
    CODER_EVERY_PIECE = 8, /* 16 bytes from anywhere, not only its beginning */
    CODER_TELLS_FOLDED = 16, /* another case is found, and said */
    CODER_BOTH_ENDS = 32     /* common enough to be looked for by its end too */
};
struct coder {
    const char *name; /* "base64" */
    unsigned traits;
    size_t phases;      /* base64: how a text may lie across groups of 3 */
    size_t bits;        /* of a character, where groups straddle bytes; or 0 */
    const char *detail; /* alphabet, what stands between numbers, digest */
    void (*encode)(struct coded *out, const struct coder *coder,
                   const char *text, size_t phase);
};
extern const struct coder coders[]; /* ends with a row without a name; the
                                       first is plain */

void coder_encode(struct coded *out, const struct coder *coder,
                  const char *text, size_t phase);

#endif
