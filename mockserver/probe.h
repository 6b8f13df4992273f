/*
 * probe: does this port take a connection? Asked by connecting, from the loop,
 * without waiting. The arrival of a probe at our own listener is neither a
 * connection nor an attempt.
 */
#ifndef GATEDRILL_MOCKSERVER_PROBE_H
#define GATEDRILL_MOCKSERVER_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "mockserver/loop.h"

struct listener;

struct probe {
    struct loop_watch watch;
    struct loop_timer deadline;
    struct listener *listener;
    int fd;           /* -1: not under way */
    bool connected;   /* the kernel says so */
    bool arrived;     /* our listener saw it */
    const char *seen; /* "refused", "accepted", or what else was met */
    void (*done)(struct probe *probe); /* once, maybe before start returns */
};

void probe_start(struct probe *probe, struct listener *listener,
                 void (*done)(struct probe *));
/* Gives up without calling done. */
void probe_stop(struct probe *probe);

/* True, once, for a connection from that port that is a probe of ours. */
bool probe_is_arrival(struct listener *listener, uint16_t peer_port);

#endif
