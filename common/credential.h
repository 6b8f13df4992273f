/*
 * credential: the one list of headers in which a credential may come. What the
 * mock accepts, what the journal fingerprints, and what every writer of ours
 * must never print are the same list.
 */
#ifndef GATEDRILL_COMMON_CREDENTIAL_H
#define GATEDRILL_COMMON_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

/* Lower case, NULL-terminated: authorization, x-api-key, api-key,
 * x-goog-api-key, proxy-authorization, cookie. */
extern const char *const credential_headers[];

bool credential_is_header(const char *name); /* any case */
/* The key inside a header value: what follows "Bearer " (any case) in an
 * authorization header, else the whole value. Borrowed. */
const char *credential_key(const char *header, const char *value);

#endif
