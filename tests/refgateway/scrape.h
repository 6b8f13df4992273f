/* scrape: the metrics page on a port of its own: GET /metrics. */
#ifndef GATEDRILL_REFGATEWAY_SCRAPE_H
#define GATEDRILL_REFGATEWAY_SCRAPE_H

#include "common/err.h"
#include "tests/refgateway/meter.h"

struct scrape;

/* listen_fd: bound and listening; owned from here on, also when NULL is
 * returned (err is set). meter is borrowed until scrape_stop(). */
struct scrape *scrape_start(struct meter *meter, int listen_fd,
                            struct err *err);
void scrape_stop(struct scrape *scrape); /* NULL is fine */

#endif
