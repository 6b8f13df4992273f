/* effect_change: what modifiers and cuts make of a message. Private to
 * effect*.c. */
#ifndef GATEDRILL_HARNESS_EFFECT_CHANGE_H
#define GATEDRILL_HARNESS_EFFECT_CHANGE_H

#include "harness/oracle/effect.h"

/* Content events of a scripted stream, and the moment of number n, from 1,
 * after the head; the first comes at once. */
int64_t effect_event_count(const struct step *step);
int64_t effect_interval_ms(const struct step *step);
int64_t effect_event_at_ms(const struct step *step, int64_t n);

/* Lays the step's framing over a message: when the close ends it, a cut cannot
 * be seen. */
void effect_frame(struct effect *e, const struct step *step);
/* Silence for so long before the connection ends. */
void effect_linger(struct effect *e, int64_t ms);
/* Sends it in pieces of so many bytes every so often. */
void effect_pace(struct effect *e, const struct step *step, int64_t bytes,
                 int64_t every_ms);
/* Everything happens so much later. */
void effect_delay(struct effect *e, int64_t ms);
/* Ends it at a point. EFFECT_END_COMPLETE changes nothing. */
void effect_cut(struct effect *e, const struct step *step, struct point at,
                enum effect_end end);
/* How a step's end modifier ends an exchange. */
enum effect_end effect_end_of(enum step_end how);

#endif
