/*
 * port: a TCP port on loopback for a program that insists on being told one.
 * Below the ephemeral range, since an outgoing connection may take any port in
 * it; held by a lock of ours from choice to release, so that two runs side by
 * side never choose the same.
 */
#ifndef GATEDRILL_HARNESS_PORT_H
#define GATEDRILL_HARNESS_PORT_H

#include <stdbool.h>

#include "common/err.h"

struct port {
    int number; /* 0: none */
    int lock;   /* an abstract unix socket named after the port */
};

bool port_take(struct port *out, struct err *err);
void port_release(struct port *port);

#endif
