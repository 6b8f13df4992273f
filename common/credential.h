/*
 * credential: the one list of places in which a credential may come: headers of
 * a request or an answer, parameters of a URL. What the mock accepts a key in,
 * what the journal names by a fingerprint, what no telemetry may capture: all
 * of it reads this list (docs/credentials.md). tests/layers.sh sees that there
 * is no second one.
 */
#ifndef GATEDRILL_COMMON_CREDENTIAL_H
#define GATEDRILL_COMMON_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

enum credential_place {
    CREDENTIAL_REQUEST, /* a request's header */
    CREDENTIAL_ANSWER,  /* an answer's header */
    CREDENTIAL_QUERY,   /* a parameter of a URL */
};

struct credential_row {
    enum credential_place place;
    const char *name; /* lower case */
    bool accepted;    /* a healthy upstream takes a key there; anywhere else it
                         is noticed, and opens nothing */
    const char *text; /* whose it is */
};
extern const struct credential_row credential_rows[]; /* ends with { 0 } */

/* The row of a name (any case) in a place; NULL: no credential comes there. */
const struct credential_row *credential_find(enum credential_place place,
                                             const char *name, size_t length);
/* Of a request; any case. */
bool credential_is_header(const char *name);
/* The key inside a header value: what follows "Bearer " (any case) in a header
 * that names a scheme, else the whole value. Borrowed. */
const char *credential_key(const char *header, const char *value);

#endif
