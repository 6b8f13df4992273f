#include "tests/refgateway/watch.h"

#include <poll.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/refgateway/bug.h"

bool watch_open(struct watch *watch, int client_fd, int stop_fd)
{
    struct epoll_event client = { .events = EPOLLRDHUP,
                                  .data.u32 = WATCH_LEFT };
    struct epoll_event stop = { .events = EPOLLIN, .data.u32 = WATCH_STOPPING };

    watch->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watch->epoll < 0)
        return false;
    if ((!bug_is(BUG_CLIENT_NOT_WATCHED) &&
         epoll_ctl(watch->epoll, EPOLL_CTL_ADD, client_fd, &client)) ||
        epoll_ctl(watch->epoll, EPOLL_CTL_ADD, stop_fd, &stop)) {
        watch_close(watch);
        return false;
    }
    return true;
}

void watch_close(struct watch *watch)
{
    if (watch->epoll >= 0)
        close(watch->epoll);
    watch->epoll = -1;
}

enum watch_state watch_look(const struct watch *watch)
{
    struct epoll_event events[2];
    int count = epoll_wait(watch->epoll, events, 2, 0);
    enum watch_state state = WATCH_HERE;

    for (int i = 0; i < count; i++) {
        if (events[i].data.u32 == WATCH_LEFT)
            return WATCH_LEFT;
        state = WATCH_STOPPING;
    }
    return state;
}

enum watch_state watch_sleep(const struct watch *watch, int64_t until_ns)
{
    for (;;) {
        struct pollfd poll_fd = { .fd = watch->epoll, .events = POLLIN };
        enum watch_state state = watch_look(watch);
        int64_t left_ns = until_ns - clock_now_ns();
        struct timespec left;

        if (state != WATCH_HERE || left_ns <= 0)
            return state;
        left.tv_sec = (time_t)(left_ns / NS_PER_S);
        left.tv_nsec = (long)(left_ns % NS_PER_S);
        ppoll(&poll_fd, 1, &left, NULL);
    }
}
