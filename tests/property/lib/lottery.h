/*
 * lottery: random runbooks and scripts, as JSON texts. Everything follows from
 * the seed, so that a sample can be played again.
 */
#ifndef GATEDRILL_TESTS_PROPERTY_LOTTERY_H
#define GATEDRILL_TESTS_PROPERTY_LOTTERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"

struct lottery {
    uint64_t state;
};

struct lottery lottery_of(uint64_t seed);
/* least <= n <= most */
int64_t lottery_number(struct lottery *lottery, int64_t least, int64_t most);
bool lottery_chance(struct lottery *lottery, int64_t percent);
/* One of a NULL-terminated list. */
const char *lottery_word(struct lottery *lottery, const char *const *words);

enum lottery_kind {
    /* Anything a runbook may say or leave out; any step. */
    LOTTERY_WILD,
    /* Everything declared, and steps that leave nobody a choice: what is seen
     * has one explanation, and each change to it has none. */
    LOTTERY_STRICT,
};

void lottery_runbook(struct buf *out, struct lottery *lottery,
                     enum lottery_kind kind);
/* The steps of one upstream: a JSON array. */
void lottery_script(struct buf *out, struct lottery *lottery,
                    enum lottery_kind kind, bool stream);

#endif
