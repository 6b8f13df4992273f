/* bug_place: the seeded bugs that leak into some other place than the log and
 * stderr. */
#ifndef GATEDRILL_REFGATEWAY_BUG_PLACE_H
#define GATEDRILL_REFGATEWAY_BUG_PLACE_H

#include "tests/refgateway/access_log.h"

/* key: the upstream's; message: what the client said. */
void bug_place(struct access_log *log, const char *key, const char *message);
/* Before the log is closed. */
void bug_place_at_exit(struct access_log *log);

#endif
