/*
 * debug: with LOG_LEVEL=debug in the environment, what a request is made of
 * stands on stderr, step by step: names of headers, sizes, times; never a value
 * or a body.
 */
#ifndef GATEDRILL_REFGATEWAY_DEBUG_H
#define GATEDRILL_REFGATEWAY_DEBUG_H

#include <microhttpd.h>

#include "tests/refgateway/call.h"

/* Once, before any request. */
void debug_begin(void);
/* What a client sends. */
void debug_request(struct MHD_Connection *connection, const char *request_id,
                   size_t body_bytes);
/* What goes to an upstream, and what came of it, after so many ms. */
void debug_call(const struct call_plan *plan);
void debug_result(const struct result *result, const char *body,
                  int64_t took_ms);

#endif
