/*
 * watch: knows whether the client is still there, and whether we are being
 * stopped. One epoll descriptor a request: readable as soon as either has
 * happened, so that it can stand in any wait beside the upstream's socket.
 * A client that has shut down its sending side counts as gone.
 */
#ifndef GATEDRILL_REFGATEWAY_WATCH_H
#define GATEDRILL_REFGATEWAY_WATCH_H

#include <stdbool.h>
#include <stdint.h>

enum watch_state { WATCH_HERE, WATCH_LEFT, WATCH_STOPPING };

struct watch {
    int epoll;
};

/* Both descriptors are borrowed. stop_fd becomes readable when we stop.
 * False when the system has no descriptor left. */
bool watch_open(struct watch *watch, int client_fd, int stop_fd);
void watch_close(struct watch *watch);
enum watch_state watch_look(const struct watch *watch);
/* Sleeps until until_ns (CLOCK_MONOTONIC), never less, unless the state
 * changes before. */
enum watch_state watch_sleep(const struct watch *watch, int64_t until_ns);

#endif
