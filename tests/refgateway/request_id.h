/*
 * request_id: by what a client request is called in the log, at the upstreams
 * and in its answer. Pure but for a fresh one.
 */
#ifndef GATEDRILL_REFGATEWAY_REQUEST_ID_H
#define GATEDRILL_REFGATEWAY_REQUEST_ID_H

#include "tests/refgateway/rules.h"

#define REQUEST_ID_HEADER "X-Request-Id"
#define REQUEST_ID_SIZE   129

/* The client's, where it is kept and plain: 1 to 128 letters, digits, dots,
 * dashes, underscores; else one of our own. given: NULL for none. */
void request_id_choose(char out[static REQUEST_ID_SIZE],
                       const struct rules *rules, const char *given);

#endif
