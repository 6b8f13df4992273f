/* bug_client: what seeded bugs log of the head of a client's request, and must
 * not. Without a bug it writes nothing. */
#ifndef GATEDRILL_REFGATEWAY_BUG_CLIENT_H
#define GATEDRILL_REFGATEWAY_BUG_CLIENT_H

#include <microhttpd.h>

#include "tests/refgateway/access_log.h"

void bug_client(struct access_log *log, struct MHD_Connection *connection);

#endif
