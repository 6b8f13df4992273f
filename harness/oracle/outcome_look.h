/* outcome_look: one look at an effect, and what is put together from it.
 * Private to outcome*.c. */
#ifndef GATEDRILL_HARNESS_OUTCOME_LOOK_H
#define GATEDRILL_HARNESS_OUTCOME_LOOK_H

#include "harness/oracle/outcome.h"

/* From when on the answer may have begun for the client, and from when on it
 * surely has; EFFECT_NEVER: never. */
struct commit {
    int64_t may_ms, sure_ms;
};

enum firing { FIRES_NOT, FIRES_MAYBE, FIRES_SURELY };

/* A declared limit that may run out. */
struct timer {
    enum failure failure;
    enum firing firing;
    struct span at;
    const char *reason;
};
#define TIMERS_MOST 4

struct look {
    const struct effect *effect;
    const struct runbook *runbook;
    bool last;
    struct commit commit;
    struct outcomes natural; /* what happens if no limit runs out */
    struct timer timers[TIMERS_MOST];
    size_t timer_count;
};

bool span_is_never(struct span span);
/* A limit and an event this near to each other race. */
int64_t look_margin(int64_t limit_ms);
void look_add(struct outcomes *out, const struct outcome *outcome);
/* Adds a failure as it is seen before the commit point (where its class is
 * `before`), after it, or both. */
void look_add_failure(const struct look *look, struct outcomes *out,
                      struct outcome outcome, enum failure before);
struct outcome look_made(const struct look *look, enum failure failure,
                         struct span at, const char *reason);

/* Fills look->natural: what the upstream leads to by itself. */
void look_at_natural(struct look *look);
/* Fills look->timers: which declared limits run out. */
void look_at_timers(struct look *look);

#endif
