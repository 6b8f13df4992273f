/*
 * slot_pool: the slots of a run: idle ones are used again, a kind that cannot
 * be started is not tried for each case anew.
 */
#ifndef GATEDRILL_HARNESS_SLOT_POOL_H
#define GATEDRILL_HARNESS_SLOT_POOL_H

#include <pthread.h>

#include "harness/launch/slot.h"

struct slots {
    struct slot **items;
    size_t count, capacity;
    int64_t made;     /* numbers slots */
    int64_t starting; /* at this moment */
    /* A kind that could not be started is not tried again for each case. */
    struct slot_failure {
        struct slot_kind kind;
        struct err err;
    } * failures;
    size_t failure_count, failure_capacity;
    pthread_cond_t changed;
};

/*
 * A slot of that kind: an idle one, or a new one. drill->lock must not be held.
 * NULL and err when the gateway cannot be started.
 */
struct slot *slots_take(struct drill *drill, struct slot_kind kind, bool fresh,
                        struct err *err);
/* Gives it back, with the case that ran on it; spoiled ones, and those of a
 * per-case profile, are closed. */
void slots_give_back(struct drill *drill, struct slot *slot,
                     const char *case_id, bool keep);
void slots_close(struct drill *drill);

#endif
