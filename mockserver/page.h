/* page: the HTML page an edge server shows where JSON was promised. */
#ifndef GATEDRILL_MOCKSERVER_PAGE_H
#define GATEDRILL_MOCKSERVER_PAGE_H

#include <stdint.h>

#include "common/buf.h"

/* message and canary may be NULL; both are escaped. */
void page_write(struct buf *out, int64_t status, const char *message,
                const char *canary);

#endif
