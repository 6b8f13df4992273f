/* nearest: which known word was meant by an unknown one. For keys of our file
 * formats and for options: a message that names the right word saves a look
 * into the documentation. */
#ifndef GATEDRILL_COMMON_NEAREST_H
#define GATEDRILL_COMMON_NEAREST_H

#include <stddef.h>

#define NEAREST_MOST 2 /* edits; beyond that it is another word */

/* Start with { .word = "stauts" }, consider every known word, read best. */
struct nearest {
    const char *word;
    const char *best; /* NULL: none is near; of equals the first */
    size_t distance;  /* of best */
};

void nearest_consider(struct nearest *nearest, const char *known);

/* Insertions, deletions, replacements and swaps of neighbours that lead from a
 * to b; anything above NEAREST_MOST is NEAREST_MOST + 1. */
size_t nearest_distance(const char *a, const char *b);

#endif
