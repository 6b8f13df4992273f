/*
 * rehearsal: one client request through the reference gateway without a
 * socket and without a clock: the code that decides in it (course, hearing,
 * limits, policy, complaint) is the same, the wire and the time are made up.
 * Knows nothing of the harness, so that two readings of a runbook meet.
 */
#ifndef GATEDRILL_TESTS_PROPERTY_REHEARSAL_H
#define GATEDRILL_TESTS_PROPERTY_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/json.h"
#include "tests/refgateway/rules.h"

#define REHEARSAL_ATTEMPTS 32

enum rehearsal_end {
    REHEARSAL_END_OPEN, /* nothing more, and nobody hangs up */
    REHEARSAL_END_FIN,
    REHEARSAL_END_RST,
};

/* Bytes that come at once. at_ns counts from the request's arrival. */
struct rehearsal_piece {
    int64_t at_ns;
    size_t from, length; /* in the wire's bytes */
};

/* What an upstream does to one attempt. */
struct rehearsal_wire {
    bool refused;  /* no connection comes */
    bool overtook; /* the reset came before connect() had returned */
    struct buf bytes;
    struct rehearsal_piece *pieces; /* in order of time */
    size_t count, capacity;
    enum rehearsal_end end;
    int64_t end_ns;
};

struct rehearsal_attempt {
    char upstream[RULES_WORD_SIZE];
    int64_t ordinal;  /* at this upstream, from 1 */
    int64_t begin_ns; /* the request is there */
    int64_t over_ns;  /* the gateway has done with it */
    bool left;        /* ... by hanging up before the upstream's end */
};

/* Plays the upstream. *out is empty; it is released by the rehearsal. */
typedef void rehearsal_meet(void *user, const struct rehearsal_attempt *attempt,
                            struct rehearsal_wire *out);

struct rehearsal_plan {
    const struct json *runbook;
    bool stream;
    uint64_t seed;           /* of the dice, and of how slow everything is */
    int64_t wall_ms;         /* since the epoch, at time 0 */
    int64_t client_until_ns; /* then the client leaves */
    rehearsal_meet *meet;
    void *user;
};

struct rehearsal {
    struct rehearsal_attempt attempts[REHEARSAL_ATTEMPTS];
    size_t attempt_count;
    /* What the client gets. */
    struct buf answer;
    struct rehearsal_piece *pieces;
    size_t piece_count, piece_capacity;
    bool whole; /* by its framing; false: cut, or left by the client */
    bool left;  /* the client's time was over */
    int64_t end_ns;
};

/* Time 0 is the client's request. False when the reference gateway refuses the
 * runbook: why stands in err. */
bool rehearsal_run(struct rehearsal *out, const struct rehearsal_plan *plan,
                   struct err *err);
void rehearsal_release(struct rehearsal *rehearsal);

#endif
