#include <criterion/criterion.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "mockserver/loop.h"

static struct loop loop;

static void begin(void)
{
    struct err err;

    cr_assert(loop_init(&loop, &err));
}

static void end(void)
{
    loop_release(&loop);
}

TestSuite(loop, .init = begin, .fini = end, .timeout = 10);

struct ticker {
    struct loop_timer timer;
    int64_t fired_ns;
    int number;
};
static struct ticker *fired[1000];
static size_t fired_count;

static void tick(struct loop_timer *timer)
{
    struct ticker *ticker =
        (struct ticker *)(void *)((char *)timer -
                                  offsetof(struct ticker, timer));

    ticker->fired_ns = clock_now_ns();
    fired[fired_count++] = ticker;
}

Test(loop, timers_fire_in_order_and_never_early)
{
    static struct ticker tickers[300];
    int64_t now_ns = clock_now_ns();
    size_t alive = 0;

    srandom(7);
    for (int i = 0; i < 300; i++) {
        tickers[i].timer.fire = tick;
        loop_arm(&loop, &tickers[i].timer, now_ns + random() % 40000000);
    }
    for (int i = 0; i < 300; i += 3)
        loop_disarm(&loop, &tickers[i].timer);
    for (int i = 1; i < 300; i += 3)
        loop_arm(&loop, &tickers[i].timer, now_ns + random() % 40000000);
    while (loop.timer_count)
        loop_turn(&loop, false);
    for (int i = 0; i < 300; i++)
        alive += i % 3 != 0;
    cr_assert(fired_count == alive);
    for (size_t i = 0; i < fired_count; i++) {
        cr_assert(fired[i]->fired_ns >= fired[i]->timer.due_ns);
        cr_assert(!i || fired[i - 1]->timer.due_ns <= fired[i]->timer.due_ns);
        cr_assert(!fired[i]->timer.place);
    }
}

struct reader {
    struct loop_watch watch;
    int fd;
    int calls;
    struct reader *other; /* to be unwatched when this is called */
};

static void reader_ready(struct loop_watch *watch, uint32_t events)
{
    struct reader *reader =
        (struct reader *)(void *)((char *)watch -
                                  offsetof(struct reader, watch));
    char byte;

    cr_assert(events & EPOLLIN);
    cr_assert(read(reader->fd, &byte, 1) == 1);
    reader->calls++;
    if (reader->other)
        loop_unwatch(&loop, reader->other->fd, &reader->other->watch);
}

Test(loop, what_is_unwatched_in_a_turn_is_not_called_in_it)
{
    int first[2], second[2];
    struct reader a = { .watch = { reader_ready } };
    struct reader b = { .watch = { reader_ready } };

    cr_assert(!pipe(first) && !pipe(second));
    a.fd = first[0];
    b.fd = second[0];
    a.other = &b;
    b.other = &a;
    cr_assert(loop_watch(&loop, a.fd, EPOLLIN, &a.watch));
    cr_assert(loop_watch(&loop, b.fd, EPOLLIN, &b.watch));
    cr_assert(write(first[1], "x", 1) == 1 && write(second[1], "x", 1) == 1);
    loop_turn(&loop, false);
    cr_assert(a.calls + b.calls == 1);
}

Test(loop, a_turn_in_a_hurry_does_not_wait)
{
    struct ticker late = { .timer = { .fire = tick } };
    int64_t begun_ns = clock_now_ns();

    loop_arm(&loop, &late.timer, begun_ns + 5 * NS_PER_S);
    loop_turn(&loop, true);
    cr_assert(clock_now_ns() - begun_ns < NS_PER_S && !late.fired_ns);
    loop_disarm(&loop, &late.timer);
}
