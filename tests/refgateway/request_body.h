/* request_body: the client's JSON, sent on as it came but for the model. Pure.
 */
#ifndef GATEDRILL_REFGATEWAY_REQUEST_BODY_H
#define GATEDRILL_REFGATEWAY_REQUEST_BODY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct request_body {
    const char *text; /* borrowed */
    size_t length;
    bool stream; /* "stream": true */
    /* Where the top-level "model" value stands; both 0 when there is none. */
    size_t model_start, model_end;
};

/* False when the text is not one strict JSON object. */
bool request_body_read(struct request_body *out, const char *text,
                       size_t length);
/* The body for an upstream: model in place of the client's, every other byte
 * as it came, so that no number or escape changes its meaning. NULL: as it
 * came; without a model in the request nothing is added. */
void request_body_write(struct buf *out, const struct request_body *body,
                        const char *model);

#endif
