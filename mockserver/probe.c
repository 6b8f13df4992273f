#include "mockserver/probe.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "mockserver/listener.h"
#include "mockserver/mock.h"

#define PROBE_NS (200 * NS_PER_MS)

static void probe_close(struct probe *probe)
{
    struct loop *loop = &probe->listener->mock->loop;

    loop_disarm(loop, &probe->deadline);
    if (probe->fd < 0)
        return;
    loop_unwatch(loop, probe->fd, &probe->watch);
    close(probe->fd);
    probe->fd = -1;
}

void probe_stop(struct probe *probe)
{
    if (!probe->listener)
        return;
    probe_close(probe);
    if (probe->listener->probe == probe)
        probe->listener->probe = NULL;
}

static void probe_finish(struct probe *probe, const char *seen)
{
    probe->seen = seen;
    probe_stop(probe);
    probe->done(probe);
}

static const char *probe_word(int error)
{
    return error == ECONNREFUSED ? "refused"
           : error == ECONNRESET ? "reset"
                                 : "unreachable";
}

static void probe_look(struct probe *probe, int error)
{
    if (error) {
        probe_finish(probe, probe_word(error));
        return;
    }
    probe->connected = true;
    /* Not before it is out of our own accept queue. */
    if (probe->arrived)
        probe_finish(probe, "accepted");
}

static void probe_ready(struct loop_watch *watch, uint32_t events)
{
    struct probe *probe =
        (struct probe *)(void *)((char *)watch - offsetof(struct probe, watch));
    int error = 0;
    socklen_t size = sizeof error;

    (void)events;
    if (probe->connected)
        return;
    getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    probe_look(probe, error);
}

static void probe_on_deadline(struct loop_timer *timer)
{
    struct probe *probe =
        (struct probe *)(void *)((char *)timer -
                                 offsetof(struct probe, deadline));

    probe_finish(probe, probe->connected ? "accepted" : "no answer");
}

/* Remembers the port the probe comes from. */
static void probe_announce(struct probe *probe)
{
    struct listener *listener = probe->listener;
    struct sockaddr_storage own = { 0 };
    socklen_t length = sizeof own;
    size_t most = sizeof listener->probe_ports / sizeof *listener->probe_ports;

    if (getsockname(probe->fd, (struct sockaddr *)&own, &length))
        return;
    memmove(listener->probe_ports + 1, listener->probe_ports,
            (most - 1) * sizeof *listener->probe_ports);
    listener->probe_ports[0] = listener_port(&own);
}

void probe_start(struct probe *probe, struct listener *listener,
                 void (*done)(struct probe *))
{
    const struct linger cut = { .l_onoff = 1 };
    struct sockaddr_storage target;

    *probe = (struct probe){ .watch = { probe_ready },
                             .deadline = { .fire = probe_on_deadline },
                             .listener = listener,
                             .fd = -1,
                             .done = done };
    listener->probe = probe;
    listener_reach(&target, listener);
    probe->fd =
        socket(target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe->fd < 0) {
        probe_finish(probe, "no descriptor");
        return;
    }
    /* No TIME-WAIT left behind. */
    setsockopt(probe->fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    loop_arm(&listener->mock->loop, &probe->deadline,
             clock_now_ns() + PROBE_NS);
    if (connect(probe->fd, (struct sockaddr *)&target,
                listener->address_length) &&
        errno != EINPROGRESS) {
        probe_finish(probe, probe_word(errno));
        return;
    }
    probe_announce(probe);
    loop_watch(&listener->mock->loop, probe->fd, EPOLLOUT | EPOLLET,
               &probe->watch);
}

bool probe_is_arrival(struct listener *listener, uint16_t peer_port)
{
    size_t most = sizeof listener->probe_ports / sizeof *listener->probe_ports;
    size_t at = 0;

    while (at < most && listener->probe_ports[at] != peer_port)
        at++;
    if (at == most)
        return false;
    listener->probe_ports[at] = 0;
    if (listener->probe) {
        listener->probe->arrived = true;
        if (listener->probe->connected)
            probe_finish(listener->probe, "accepted");
    }
    return true;
}
