/*
 * counted: by how much a counter must have gone up in a case, by what the mock
 * and the client saw of it. Where that cannot be said to the last one, it is a
 * range; where nothing can be said, why not. Pure.
 */
#ifndef GATEDRILL_HARNESS_COUNTED_H
#define GATEDRILL_HARNESS_COUNTED_H

#include "harness/judge/check.h"
#include "harness/launch/profile_metrics.h"

struct counted {
    const char *why; /* nothing can be said; NULL: this holds: */
    int64_t least, most;
};

void counted_total(struct counted *out, const struct judged *judged,
                   const struct profile_counter *counter);
/* The same of one status, or a class of them: "503", "5xx". */
void counted_status(struct counted *out, const struct judged *judged,
                    const struct profile_counter *counter, const char *status);

#endif
