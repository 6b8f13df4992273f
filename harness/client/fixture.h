/* fixture: the approved request the drill sends, from
 * scenarios/fixtures/<name>.json: minimal, synthetic, versioned. */
#ifndef GATEDRILL_HARNESS_FIXTURE_H
#define GATEDRILL_HARNESS_FIXTURE_H

#include "common/bind.h"
#include "common/drill_id.h"

struct fixture {
    char *name, *version;
    char sha256[65];
    struct json *body; /* "${model}", "${drill_id}", "${canary}" and
                          other names of fixture_fill inside */
};
bool fixture_load(struct fixture *out, const char *scenarios_root,
                  const char *name, struct err *err);
void fixture_release(struct fixture *fixture);

struct fixture_fill {
    const char *model;
    struct drill_id id;
    /* What is planted; NULL is nothing. */
    const char *canary; /* the prompt's */
    const char *system; /* in a system message */
    const char *tools;  /* in definitions and arguments of tools */
    bool stream;        /* adds "stream": true */
    int64_t body_bytes; /* pads the last message to about this size; -1 */
};
/* The request body, JSON text. Caller frees. */
char *fixture_body(const struct fixture *fixture,
                   const struct fixture_fill *fill);
/* True when that name, such as "${canary.tools}", stands in its body. */
bool fixture_names(const struct fixture *fixture, const char *name);
extern const struct bind_row fixture_table[];

#endif
