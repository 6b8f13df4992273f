/*
 * outcome: how a gateway that obeys its runbook may honestly see one attempt:
 * as a failure class, before or after the commit point, within a range of time.
 * Several, because some wire behaviours have more than one honest name (half a
 * status line and a close is malformed_head or eof_before_headers), because
 * chance decides a race, and because a runbook leaves things open. Pure.
 */
#ifndef GATEDRILL_HARNESS_OUTCOME_H
#define GATEDRILL_HARNESS_OUTCOME_H

#include "harness/oracle/effect.h"
#include "harness/oracle/runbook.h"

#define OUTCOMES_MOST 24
/* Two moments nearer than this cannot be told apart by a gateway that was not
 * scheduled in between. */
#define OUTCOME_RACE_MS 50

struct outcome {
    enum failure failure; /* FAILURE_NONE: an answer */
    int64_t status;       /* of the head, -1: none */
    const char *code;     /* error code of the body, borrowed; NULL: none */
    bool committed;       /* it failed after the answer had begun */
    bool passed_on; /* not the promised shape, and the runbook does not say that
                       the gateway looks */
    bool error_event; /* the upstream itself said so in the stream */
    bool claimed; /* a body-level class that retry, fallback or client_errors
                     name */
    bool pending; /* does not end by itself: only total_ms can end it */
    /* From the request complete to the moment the gateway can know; most is
     * EFFECT_NEVER when pending. */
    struct span lasts_ms;
    /* From when on the answer may have begun for the client, and surely has;
     * least EFFECT_NEVER: it never begins, most EFFECT_NEVER: not surely. */
    struct span begins_ms;
    const char *reason; /* borrowed; a clause */
};

struct outcomes {
    struct outcome items[OUTCOMES_MOST];
    size_t count;
    /* Why a silence ends never: which declaration is missing; "" when every
     * outcome ends. */
    char uncovered[128];
};

/* last: it may be that no further attempt follows (last_attempt_exempt). */
void outcomes_of(struct outcomes *out, const struct effect *effect,
                 const struct runbook *runbook, bool last);

#endif
