/* canary: planted secrets, fresh per run and place, derived from the run's
 * seed so that a run can be scanned again. struct canary: observation.h. */
#ifndef GATEDRILL_HARNESS_CANARY_H
#define GATEDRILL_HARNESS_CANARY_H

#include "harness/judge/observation.h"

/* Where it is planted: a text of JSON may hold anything; a header's value and a
 * URL letters and digits only. */
enum canary_place { CANARY_IN_TEXT, CANARY_IN_HEADER };
/*
 * id     how records call it
 * label  what makes it differ from others of the run ("slot-3/primary.key")
 * key    the run's fingerprint key
 * Credentials: "sk-" + 48 alphanumerics, wherever they are. Texts: 40 of
 * [a-z0-9] behind a word for their kind, and in their middle, in a text, a
 * quote, a backslash, a line end, <&/+, spaces and a letter beyond ASCII.
 */
void canary_make(struct canary *out, enum canary_kind kind,
                 enum canary_place place, const char *id, uint64_t seed,
                 const char *label,
                 const uint8_t key[static FINGERPRINT_KEY_BYTES]);
void canary_copy(struct canary *out, const struct canary *from);
/* How many bytes at the text's beginning every canary of its kind has. */
size_t canary_fixed_length(const struct canary *canary);
/* False for a byte of its special part, which is the same in every text. */
bool canary_is_own(const struct canary *canary, size_t at);
/* Wipes the text. */
void canary_release(struct canary *canary);

#endif
