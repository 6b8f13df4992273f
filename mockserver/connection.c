#include "mockserver/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

/* Between two looks at a connection whose peer has left and which the library
 * has not closed (a FIN it missed: measured, G1). */
#define KICK_NS   (3 * NS_PER_MS)
#define LINGER_NS NS_PER_S

#define WATCH_LIBRARY (EPOLLRDHUP | EPOLLET)
#define WATCH_OURS    (EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)

static struct connection *connection_of_watch(struct loop_watch *watch)
{
    return (struct connection *)(void *)((char *)watch -
                                         offsetof(struct connection, watch));
}

static struct connection *connection_of_timer(struct loop_timer *timer)
{
    return (struct connection *)(void *)((char *)timer -
                                         offsetof(struct connection, timer));
}

static void connection_free(struct connection *connection)
{
    struct server *server = connection->server;

    server->calls->gone(connection);
    loop_disarm(server->loop, &connection->timer);
    loop_unwatch(server->loop, connection->fd, &connection->watch);
    tap_detach(connection->fd);
    tap_release(&connection->tap);
    if (connection->next)
        connection->next->back = connection->back;
    *connection->back = connection->next;
    server->connection_count--;
    free(connection);
}

/* Frees it and closes the descriptor, which is ours. */
static void connection_end(struct connection *connection)
{
    int fd = connection->fd;

    connection_free(connection);
    close(fd);
}

static void connection_linger(struct connection *connection)
{
    if (connection_drain(connection))
        connection_end(connection);
}

static void connection_stir(struct connection *connection, uint32_t events)
{
    char byte;
    ssize_t got;

    if (!(events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
        return;
    got = recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        connection_end(connection);
    } else if (connection->reset_next) {
        connection_reset(connection);
    } else {
        if (!connection->closing)
            loop_disarm(connection->server->loop, &connection->timer);
        connection_give(connection);
    }
}

static void connection_ready(struct loop_watch *watch, uint32_t events)
{
    struct connection *connection = connection_of_watch(watch);
    const struct server_calls *calls = connection->server->calls;
    int64_t now_ns = clock_now_ns();

    if ((events & EPOLLERR) && !connection->peer_rst_ns)
        connection->peer_rst_ns = now_ns;
    else if ((events & EPOLLRDHUP) && !connection->peer_fin_ns)
        connection->peer_fin_ns = now_ns;
    switch (connection->hold) {
    case CONNECTION_OURS:
        calls->ready(connection, events);
        break;
    case CONNECTION_RESTING:
        connection_stir(connection, events);
        break;
    case CONNECTION_LINGER:
        connection_linger(connection);
        break;
    case CONNECTION_LIBRARY:
        if (!(events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)))
            break;
        loop_arm(connection->server->loop, &connection->timer,
                 now_ns + KICK_NS);
        calls->peer_left(connection);
        break;
    }
}

static void connection_on_timer(struct loop_timer *timer)
{
    struct connection *connection = connection_of_timer(timer);
    const struct server *server = connection->server;

    /* Closed, a resting one answers what comes later with a RST by itself. */
    if (connection->hold == CONNECTION_LINGER ||
        connection->hold == CONNECTION_RESTING) {
        connection_end(connection);
        return;
    }
    if (connection->hold != CONNECTION_LIBRARY)
        return;
    if (server->calls->is_busy(connection))
        return; /* until connection_request_over() */
    /* The kick can overtake the library's read: it is repeated until the
     * library closes. */
    shutdown(connection->fd, SHUT_RD);
    loop_arm(server->loop, timer, clock_now_ns() + KICK_NS);
}

void connection_request_over(struct connection *connection)
{
    if (connection->hold == CONNECTION_LIBRARY &&
        (connection->peer_fin_ns || connection->peer_rst_ns))
        loop_arm(connection->server->loop, &connection->timer,
                 clock_now_ns() + KICK_NS);
}

struct connection *connection_new(struct server *server,
                                  struct listener *listener, int fd,
                                  const struct sockaddr_storage *peer,
                                  socklen_t peer_length)
{
    struct connection *connection = xcalloc(1, sizeof *connection);

    *connection = (struct connection){ .server = server,
                                       .listener = listener,
                                       .watch = { connection_ready },
                                       .timer = { .fire = connection_on_timer },
                                       .hold = CONNECTION_OURS,
                                       .fd = fd,
                                       .number = ++server->last_number,
                                       .accept_ns = clock_now_ns(),
                                       .tap.out.status = -1,
                                       .peer = *peer,
                                       .peer_length = peer_length,
                                       .next = server->connections,
                                       .back = &server->connections };
    if (connection->next)
        connection->next->back = &connection->next;
    server->connections = connection;
    server->connection_count++;
    tap_attach(fd, &connection->tap);
    loop_watch(server->loop, fd, WATCH_LIBRARY, &connection->watch);
    return connection;
}

void connection_hold(struct connection *connection)
{
    loop_rewatch(connection->server->loop, connection->fd, WATCH_OURS,
                 &connection->watch);
}

bool connection_take(struct connection *connection)
{
    struct loop *loop = connection->server->loop;
    int fd = fcntl(connection->fd, F_DUPFD_CLOEXEC, 0);

    if (fd < 0)
        return false;
    loop_unwatch(loop, connection->fd, &connection->watch);
    tap_abandon(connection->fd);
    connection->link->connection = NULL;
    connection->link = NULL;
    connection->fd = fd;
    connection->hold = CONNECTION_OURS;
    tap_attach(fd, &connection->tap);
    loop_disarm(loop, &connection->timer);
    return loop_watch(loop, fd, WATCH_OURS, &connection->watch);
}

bool connection_give(struct connection *connection)
{
    loop_rewatch(connection->server->loop, connection->fd, WATCH_LIBRARY,
                 &connection->watch);
    return server_adopt(connection->server, connection);
}

void connection_rest(struct connection *connection, int64_t fin_after_ms,
                     bool reset_next)
{
    struct loop *loop = connection->server->loop;

    connection->hold = CONNECTION_RESTING;
    connection->reset_next = reset_next;
    if (fin_after_ms >= 0)
        loop_arm(loop, &connection->timer,
                 clock_now_ns() + fin_after_ms * NS_PER_MS);
    /* Armed anew: it tells of bytes that are there already. */
    loop_rewatch(loop, connection->fd, WATCH_OURS, &connection->watch);
}

void connection_reset(struct connection *connection)
{
    const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

    /* Sends RST at once, whatever is queued, and whoever else still has the
     * descriptor open (connect(2), "dissolve the association"). */
    connect(connection->fd, &nobody, sizeof nobody);
    connection_end(connection);
}

void connection_finish(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    connection->hold = CONNECTION_LINGER;
    /* Closing with bytes unread would turn the FIN into a RST. */
    loop_rewatch(connection->server->loop, connection->fd, WATCH_OURS,
                 &connection->watch);
    loop_arm(connection->server->loop, &connection->timer,
             clock_now_ns() + LINGER_NS);
}

void connection_close(struct connection *connection)
{
    connection_end(connection);
}

void connection_close_idle(struct connection *connection, int64_t patience_ms)
{
    connection->closing = true;
    shutdown(connection->fd, SHUT_WR);
    loop_arm(connection->server->loop, &connection->timer,
             clock_now_ns() + patience_ms * NS_PER_MS);
}

void connection_cut(struct connection *connection)
{
    if (connection->hold != CONNECTION_LIBRARY) {
        connection_end(connection);
        return;
    }
    connection->closing = true;
    shutdown(connection->fd, SHUT_RDWR);
    loop_arm(connection->server->loop, &connection->timer,
             clock_now_ns() + KICK_NS);
    connection->server->calls->peer_left(connection);
}

void connection_library_closed(struct connection *connection)
{
    connection_free(connection);
}

bool connection_drain(struct connection *connection)
{
    char bytes[16384];

    for (;;) {
        ssize_t got = recv(connection->fd, bytes, sizeof bytes, 0);

        if (got == 0)
            return true;
        if (got < 0 && errno != EINTR)
            return errno != EAGAIN;
    }
}

void connection_ask(struct connection *connection)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;

    if (connection->peer_fin_ns || connection->peer_rst_ns ||
        getsockopt(connection->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
        return;
    if (info.tcpi_state == TCP_CLOSE)
        connection->peer_rst_ns = clock_now_ns();
    else if (info.tcpi_state == TCP_CLOSE_WAIT ||
             info.tcpi_state == TCP_LAST_ACK || info.tcpi_state == TCP_CLOSING)
        connection->peer_fin_ns = clock_now_ns();
}

int64_t connection_unacked(const struct connection *connection)
{
    int bytes = 0;

    if (ioctl(connection->fd, SIOCOUTQ, &bytes))
        return 0;
    return bytes;
}
