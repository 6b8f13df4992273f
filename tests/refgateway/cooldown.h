/*
 * cooldown: which upstreams are left out for a time, over all requests. Times
 * are CLOCK_MONOTONIC ns and come from the caller. Any thread may call.
 */
#ifndef GATEDRILL_REFGATEWAY_COOLDOWN_H
#define GATEDRILL_REFGATEWAY_COOLDOWN_H

#include <stdint.h>

#include "tests/refgateway/policy.h"
#include "tests/refgateway/rules.h"

/* Zeroed: nobody is left out. By upstream, in the order of the settings. */
struct cooldown {
    struct {
        int64_t failures; /* in a row: only a success ends the count */
        int64_t out_until_ns;
    } at[RULES_UPSTREAMS];
};

/* An attempt at an upstream is over. */
void cooldown_note(struct cooldown *cooldown, const struct rules *rules,
                   size_t upstream, const struct result *result,
                   int64_t now_ns);
/* Puts into progress until when each upstream is left out. */
void cooldown_look(const struct cooldown *cooldown, struct progress *progress);

#endif
