/* fixture: the approved request the drill sends, from
 * scenarios/fixtures/<name>.json: minimal, synthetic, versioned. */
#ifndef GATEDRILL_HARNESS_FIXTURE_H
#define GATEDRILL_HARNESS_FIXTURE_H

#include "common/bind.h"
#include "common/drill_id.h"

struct fixture {
    char *name, *version;
    char sha256[65];
    struct json *body; /* "${model}", "${drill_id}", "${canary}" inside */
};
bool fixture_load(struct fixture *out, const char *scenarios_root,
                  const char *name, struct err *err);
void fixture_release(struct fixture *fixture);

struct fixture_fill {
    const char *model;
    struct drill_id id;
    const char *canary; /* prompt canary */
    bool stream;        /* adds "stream": true */
    int64_t body_bytes; /* pads the last message to about this size; -1 */
};
/* The request body, JSON text. Caller frees. */
char *fixture_body(const struct fixture *fixture,
                   const struct fixture_fill *fill);
extern const struct bind_row fixture_table[];

#endif
