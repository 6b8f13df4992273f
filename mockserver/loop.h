/*
 * loop: the mock's one thread: an epoll set, a heap of timers and nothing else.
 * Watches and timers are embedded in what they belong to; the loop owns none of
 * them. Both may be removed, and their owners freed, from inside any callback.
 */
#ifndef GATEDRILL_MOCKSERVER_LOOP_H
#define GATEDRILL_MOCKSERVER_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "common/err.h"

/* What to call when a descriptor is ready; events as epoll gives them. */
struct loop_watch {
    void (*ready)(struct loop_watch *watch, uint32_t events);
};

struct loop_timer {
    void (*fire)(struct loop_timer *timer);
    int64_t due_ns; /* CLOCK_MONOTONIC */
    size_t place;   /* 1 + index in the heap; 0: not armed */
};

#define LOOP_EVENTS 256

struct loop {
    int epoll_fd;
    int timer_fd;
    int64_t timer_fd_due_ns; /* what timer_fd is set to; 0: nothing */
    struct loop_timer **heap;
    size_t timer_count, timer_capacity;
    struct epoll_event events[LOOP_EVENTS];
    int event_next, event_count;
    bool stopped;
};

bool loop_init(struct loop *loop, struct err *err);
void loop_release(struct loop *loop);

/* Watches a descriptor; false with errno when the kernel refuses. */
bool loop_watch(struct loop *loop, int fd, uint32_t events,
                struct loop_watch *watch);
/* Changes what is watched for. Edge-triggered watches fire anew. */
void loop_rewatch(struct loop *loop, int fd, uint32_t events,
                  struct loop_watch *watch);
/* Stops watching, before the descriptor is closed; an event already fetched for
 * it is dropped. */
void loop_unwatch(struct loop *loop, int fd, struct loop_watch *watch);

/* Arms, or moves, a timer. It fires once, at due_ns or later, never earlier. */
void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t due_ns);
void loop_disarm(struct loop *loop, struct loop_timer *timer);

/* One turn: waits for events or the next timer (not at all when hurry), then
 * calls whom it concerns. */
void loop_turn(struct loop *loop, bool hurry);

#endif
