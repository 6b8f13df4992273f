/*
 * literal: many fixed byte strings looked for at once, in a text of any length.
 * The only file that knows Vectorscan. A set belongs to one thread.
 */
#ifndef GATEDRILL_HARNESS_LITERAL_H
#define GATEDRILL_HARNESS_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

struct literal {
    const char *bytes; /* any, NUL too; borrowed for the compilation */
    size_t length;     /* 1 or more */
    bool folded;       /* ASCII letters match in either case */
};

struct literal_set;

/* first: the index of items[0]. NULL and err (ERR_STATE) when Vectorscan
 * refuses. */
struct literal_set *literal_set_new(const struct literal *items, size_t count,
                                    size_t first, struct err *err);
void literal_set_free(struct literal_set *set);

/* index: which literal; end: offset behind it, from the text's beginning. */
typedef void literal_found(void *context, size_t index, size_t end);
/*
 * A text in pieces: begin, then any number of pieces. What stands across the
 * border of two pieces is found. Every literal that ends at an offset is told
 * once, in rising order of the offsets. False when the search itself failed.
 */
bool literal_begin(struct literal_set *set);
bool literal_piece(struct literal_set *set, const char *bytes, size_t length,
                   literal_found *found, void *context);

#endif
