/* hit_name: how a hit is called: what must be undone to read it, outermost
 * first: "gzip+json+base64", "plain, case folded". */
#ifndef GATEDRILL_HARNESS_HIT_NAME_H
#define GATEDRILL_HARNESS_HIT_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* kinds: what views undid (tape.h); coding: a coder's name. */
void hit_name(char *out, size_t size, unsigned kinds, const char *coding,
              bool folded);
/* inner: as it is called within what is called outer. */
void hit_name_within(char *out, size_t size, const char *outer,
                     const char *inner);

#endif
