/*
 * turn: which step of a staged script an attempt meets: one where for_ms or
 * when decides beside the number. Pure but for what it keeps in the case; the
 * caller says what time it is.
 */
#ifndef GATEDRILL_MOCKSERVER_TURN_H
#define GATEDRILL_MOCKSERVER_TURN_H

#include "mockserver/cases.h"

/* One attempt asking for its step. */
struct turn {
    uint16_t epoch;
    const char *upstream; /* borrowed */
    int64_t key;          /* from 1; 0: none that is known */
    int64_t now_ns;
};

/* The step this attempt would meet; NULL: none is for its key, so that the
 * upstream is healthy, or there is no script. */
const struct step *turn_look(const struct mock_case *of,
                             const struct turn *turn);
/* The same, and it has met it. */
const struct step *turn_take(struct mock_case *of, const struct turn *turn);
/* Takes the last one of that epoch and key back. */
void turn_untake(struct mock_case *of, const struct turn *turn);

#endif
