/*
 * mutation: one-off changes to a history that was allowed. Each makes of a
 * gateway that obeys one that does not, and names the checks of which at least
 * one must fail it.
 */
#ifndef GATEDRILL_TESTS_PROPERTY_MUTATION_H
#define GATEDRILL_TESTS_PROPERTY_MUTATION_H

#include "tests/property/lib/scene.h"

struct mutation {
    const char *name;
    const char *checks; /* space separated */
    /* False: this history has no place for it; then it is unchanged. */
    bool (*apply)(struct stage *stage);
};

extern const struct mutation mutations[]; /* ends with a row without a name */

#endif
