/* canary: planted secrets, fresh per run and place, derived from the run's
 * seed so that a run can be scanned again. struct canary: observation.h. */
#ifndef GATEDRILL_HARNESS_CANARY_H
#define GATEDRILL_HARNESS_CANARY_H

#include "harness/judge/observation.h"

/* id: how records call it; label: what makes it differ from others of the run
 * ("slot-3/primary.key"). Credentials: "sk-" + 48 alphanumerics; texts: 24 or
 * more of [a-z0-9]. key: the run's fingerprint key. */
void canary_make(struct canary *out, enum canary_kind kind, const char *id,
                 uint64_t seed, const char *label,
                 const uint8_t key[static FINGERPRINT_KEY_BYTES]);
void canary_copy(struct canary *out, const struct canary *from);
/* How many bytes at the text's beginning every canary of its kind has. */
size_t canary_fixed_length(const struct canary *canary);
/* Wipes the text. */
void canary_release(struct canary *canary);

#endif
