/* listen: the ports the gateway answers on. */
#ifndef GATEDRILL_REFGATEWAY_LISTEN_H
#define GATEDRILL_REFGATEWAY_LISTEN_H

#include "common/buf.h"
#include "common/err.h"

/* ADDR:PORT or [ADDR]:PORT, both in figures. A listening socket; -1 and err on
 * failure: ERR_USAGE names the option, ERR_NET the address. */
int listen_on(const char *text, const char *option, struct err *err);
/* "http://127.0.0.1:40001" */
void listen_write_url(struct buf *out, int fd);

#endif
