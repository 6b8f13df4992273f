/* bug_request: what seeded bugs do to an attempt before it goes out: keys,
 * models, addresses and bodies that get mixed up from one attempt to the next.
 * Without a bug it changes nothing. */
#ifndef GATEDRILL_REFGATEWAY_BUG_REQUEST_H
#define GATEDRILL_REFGATEWAY_BUG_REQUEST_H

#include "tests/refgateway/call.h"
#include "tests/refgateway/relay.h"

/* body holds what call->body points to, and may be rewritten. */
/* With it a client names the upstream, where a bug lets it. */
#define BUG_ROUTING_HEADER "x-upstream-url"

/* When the first attempt of the request that this thread serves began. */
int64_t bug_request_began_ns(void);

void bug_request(struct call_plan *call, struct buf *body,
                 const struct relay_plan *plan,
                 const struct progress *progress);

/* The headers of an attempt, with the request id as a seeded bug has it;
 * returns how many. */
size_t bug_request_id(struct call_header *headers, size_t count, bool is_later);

#endif
