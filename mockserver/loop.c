#include "mockserver/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

bool loop_init(struct loop *loop, struct err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

    *loop = (struct loop){ .epoll_fd = -1, .timer_fd = -1 };
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd =
        timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->epoll_fd < 0 || loop->timer_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event)) {
        err_set_errno(err, ERR_IO, "event loop");
        loop_release(loop);
        return false;
    }
    return true;
}

void loop_release(struct loop *loop)
{
    if (!loop)
        return;
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    if (loop->timer_fd >= 0)
        close(loop->timer_fd);
    free(loop->heap);
    *loop = (struct loop){ .epoll_fd = -1, .timer_fd = -1 };
}

bool loop_watch(struct loop *loop, int fd, uint32_t events,
                struct loop_watch *watch)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };

    return !epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

void loop_rewatch(struct loop *loop, int fd, uint32_t events,
                  struct loop_watch *watch)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };

    epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, fd, &event);
}

void loop_unwatch(struct loop *loop, int fd, struct loop_watch *watch)
{
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
    for (int i = loop->event_next; i < loop->event_count; i++)
        if (loop->events[i].data.ptr == watch)
            loop->events[i].events = 0;
}

static void loop_put(struct loop *loop, size_t index, struct loop_timer *timer)
{
    loop->heap[index] = timer;
    timer->place = index + 1;
}

static void loop_sift_up(struct loop *loop, size_t index)
{
    struct loop_timer *timer = loop->heap[index];

    while (index > 0) {
        size_t parent = (index - 1) / 2;

        if (loop->heap[parent]->due_ns <= timer->due_ns)
            break;
        loop_put(loop, index, loop->heap[parent]);
        index = parent;
    }
    loop_put(loop, index, timer);
}

static void loop_sift_down(struct loop *loop, size_t index)
{
    struct loop_timer *timer = loop->heap[index];

    for (;;) {
        size_t child = 2 * index + 1;

        if (child >= loop->timer_count)
            break;
        if (child + 1 < loop->timer_count &&
            loop->heap[child + 1]->due_ns < loop->heap[child]->due_ns)
            child++;
        if (timer->due_ns <= loop->heap[child]->due_ns)
            break;
        loop_put(loop, index, loop->heap[child]);
        index = child;
    }
    loop_put(loop, index, timer);
}

void loop_arm(struct loop *loop, struct loop_timer *timer, int64_t due_ns)
{
    loop_disarm(loop, timer);
    timer->due_ns = due_ns;
    loop->heap = xgrow(loop->heap, loop->timer_count, &loop->timer_capacity,
                       sizeof(struct loop_timer *));
    loop_put(loop, loop->timer_count, timer);
    loop_sift_up(loop, loop->timer_count++);
}

void loop_disarm(struct loop *loop, struct loop_timer *timer)
{
    size_t index;
    struct loop_timer *last;

    if (!timer->place)
        return;
    index = timer->place - 1;
    timer->place = 0;
    last = loop->heap[--loop->timer_count];
    if (last == timer)
        return;
    loop_put(loop, index, last);
    loop_sift_up(loop, index);
    loop_sift_down(loop, last->place - 1);
}

/* Sets the kernel's timer to the earliest of ours; false when that one is due
 * already. */
static bool loop_set_alarm(struct loop *loop)
{
    int64_t due_ns = loop->timer_count ? loop->heap[0]->due_ns : 0;
    struct itimerspec spec = { 0 };

    if (due_ns && due_ns <= clock_now_ns())
        return false;
    if (due_ns == loop->timer_fd_due_ns)
        return true;
    spec.it_value.tv_sec = due_ns / NS_PER_S;
    spec.it_value.tv_nsec = due_ns % NS_PER_S;
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
    loop->timer_fd_due_ns = due_ns;
    return true;
}

static void loop_dispatch(struct loop *loop)
{
    for (loop->event_next = 0; loop->event_next < loop->event_count;) {
        struct epoll_event *event = &loop->events[loop->event_next++];
        struct loop_watch *watch = event->data.ptr;
        uint64_t expirations;

        if (watch && event->events) {
            watch->ready(watch, event->events);
        } else if (!watch) {
            if (read(loop->timer_fd, &expirations, sizeof expirations) > 0)
                loop->timer_fd_due_ns = 0;
        }
    }
    loop->event_next = loop->event_count = 0;
}

void loop_turn(struct loop *loop, bool hurry)
{
    int64_t now_ns;

    if (!loop_set_alarm(loop))
        hurry = true;
    loop->event_count =
        epoll_wait(loop->epoll_fd, loop->events, LOOP_EVENTS, hurry ? 0 : -1);
    loop_dispatch(loop);

    /* A timer armed by a timer for now waits for the next turn, so that a
     * chain of them cannot starve the descriptors. */
    now_ns = clock_now_ns();
    while (loop->timer_count && loop->heap[0]->due_ns <= now_ns) {
        struct loop_timer *timer = loop->heap[0];

        loop_disarm(loop, timer);
        timer->fire(timer);
    }
}
