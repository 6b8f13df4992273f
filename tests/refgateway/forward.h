/* forward: which headers of a client's request go on to the upstreams. */
#ifndef GATEDRILL_REFGATEWAY_FORWARD_H
#define GATEDRILL_REFGATEWAY_FORWARD_H

#include <microhttpd.h>

#include "tests/refgateway/rules.h"
#include "tests/refgateway/settings.h"

/* Besides: the idempotency key, the request id, three for seeded bugs. */
#define FORWARD_MOST (RULES_WORDS + 5)

/* Those of request.headers_forwarded that the client sent, behind the
 * idempotency key where request.idempotency_key asks for one. Returns how many;
 * the caller frees each name and value. request_id: sent as well where
 * request.request_id is declared. */
size_t forward_headers(struct call_header out[static FORWARD_MOST],
                       const struct rules *rules, const char *request_id,
                       struct MHD_Connection *connection);

#endif
