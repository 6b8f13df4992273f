/* dialect: how an upstream words its answers and errors. One file in dialects/
 * and one row in dialect_table.h. Shapes: CometAPI's documentation and live
 * probes, new-api and one-api sources, OpenAI's reference (docs/dialects.md).
 */
#ifndef GATEDRILL_MOCKSERVER_DIALECT_H
#define GATEDRILL_MOCKSERVER_DIALECT_H

#include <stdint.h>

#include "common/buf.h"

struct dialect_error {
    int64_t status;
    const char *code;    /* NULL: the dialect's own for the status */
    const char *type;    /* NULL: the dialect's own */
    const char *message; /* NULL: the dialect's own */
    const char *canary;  /* to stand inside the message; may be NULL */
    const char *request_id;
};

struct dialect {
    const char *name;              /* "cometapi" */
    const char *request_id_header; /* "x-cometapi-request-id" */
    void (*error_body)(struct buf *out, const struct dialect_error *error);
};

extern const struct dialect *const dialects[]; /* NULL-terminated; first is
                                                  the default */
const struct dialect *dialect_find(const char *name);

#endif
