/* bug_leak: what seeded bugs write into the log or to stderr about a request
 * that is over, and must not. Without a bug it writes nothing. */
#ifndef GATEDRILL_REFGATEWAY_BUG_LEAK_H
#define GATEDRILL_REFGATEWAY_BUG_LEAK_H

#include "tests/refgateway/access_log.h"
#include "tests/refgateway/relay.h"

/* request: the client's body. */
void bug_leak(struct access_log *log, const struct relay *relay,
              const char *request);

/* What the client said, as its JSON means it. Caller frees. */
char *bug_leak_message(const char *request);
/* What an upstream answered that failed. */
void bug_leak_refusal(const struct buf *body);

#endif
