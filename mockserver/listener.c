#include "mockserver/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/exchange.h"
#include "mockserver/lease.h"
#include "mockserver/mock.h"
#include "mockserver/probe.h"

/* As many in one turn of the loop: a taken connection needs two descriptors
 * until the turn is over. */
#define ACCEPTS_A_TURN 64
#define BREATH_NS      (10 * NS_PER_MS)

bool listener_address(struct sockaddr_storage *out, socklen_t *length,
                      const char *text, struct err *err)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;
    const char *colon = strrchr(text, ':');
    char host[64], *end = NULL;
    long port = colon && colon[1] ? strtol(colon + 1, &end, 10) : -1;
    size_t host_length = colon ? (size_t)(colon - text) : 0;

    *out = (struct sockaddr_storage){ 0 };
    if (!host_length || host_length >= sizeof host || !end || *end ||
        port < 0 || port > 65535)
        goto fail;
    snprintf(host, sizeof host, "%.*s", (int)host_length, text);
    if (host[0] == '[' && host[host_length - 1] == ']') {
        host[host_length - 1] = '\0';
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *length = sizeof *v6;
        if (inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1)
            return true;
        goto fail;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = htons((uint16_t)port);
    *length = sizeof *v4;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1)
        return true;

fail:
    err_set(err, ERR_USAGE, text,
            "not an address: give ADDR:PORT with a numeric address and a port "
            "of 0..65535, such as 127.0.0.1:0 or [::1]:8080");
    return false;
}

bool listener_is_loopback(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;

    if (address->ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
}

uint16_t listener_port(const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;

    return ntohs(address->ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

void listener_url(char *out, size_t size,
                  const struct sockaddr_storage *address)
{
    const struct sockaddr_in *v4 = (const void *)address;
    const struct sockaddr_in6 *v6 = (const void *)address;
    bool is_v6 = address->ss_family == AF_INET6;
    char host[INET6_ADDRSTRLEN] = "";

    if (is_v6)
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
    else
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
    snprintf(out, size, is_v6 ? "http://[%s]:%u" : "http://%s:%u", host,
             listener_port(address));
}

static void listener_set(int fd, int option, int value)
{
    setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
}

int listener_bind(struct sockaddr_storage *address, socklen_t length,
                  enum listener_role role, struct err *err)
{
    int fd = socket(address->ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    char url[64];

    listener_url(url, sizeof url, address);
    if (fd < 0) {
        err_set_errno(err, ERR_NET, url);
        return -1;
    }
    listener_set(fd,
                 role == LISTENER_BESIDE || role == LISTENER_FULL
                     ? SO_REUSEPORT
                     : SO_REUSEADDR,
                 1);
    if (bind(fd, (const struct sockaddr *)address, length) ||
        (role != LISTENER_HOLD &&
         listen(fd, role == LISTENER_FULL ? 0 : 4096)) ||
        getsockname(fd, (struct sockaddr *)address, &length)) {
        err_set_errno(err, ERR_NET, url);
        close(fd);
        return -1;
    }
    if (role == LISTENER_HOLD) {
        /* Only now: before bind() they would let us in beside somebody else;
         * and left as it was, SO_REUSEADDR would let others in while nobody
         * listens. */
        listener_set(fd, SO_REUSEADDR, 0);
        listener_set(fd, SO_REUSEPORT, 1);
    }
    return fd;
}

static struct listener *listener_of_watch(struct loop_watch *watch)
{
    return (struct listener *)(void *)((char *)watch -
                                       offsetof(struct listener, watch));
}

static struct listener *listener_of_breath(struct loop_timer *timer)
{
    return (struct listener *)(void *)((char *)timer -
                                       offsetof(struct listener, breath));
}

/* Out of descriptors: the queue keeps whoever waits; try again a little later
 * instead of spinning. */
static void listener_pause(struct listener *listener)
{
    struct loop *loop = &listener->mock->loop;

    log_line(LOG_WARNING, "%s: accept: %s", listener->url, strerror(errno));
    loop_rewatch(loop, listener->listen_fd, 0, &listener->watch);
    loop_arm(loop, &listener->breath, clock_now_ns() + BREATH_NS);
}

static void listener_on_breath(struct loop_timer *timer)
{
    struct listener *listener = listener_of_breath(timer);

    if (listener->state == LISTENER_LISTENING)
        loop_rewatch(&listener->mock->loop, listener->listen_fd, EPOLLIN,
                     &listener->watch);
}

static void listener_welcome(struct listener *listener, int fd,
                             const struct sockaddr_storage *peer,
                             socklen_t peer_length)
{
    int one = 1;
    struct connection *connection;

    if (probe_is_arrival(listener, listener_port(peer))) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    connection =
        connection_new(&listener->mock->data, listener, fd, peer, peer_length);
    listener->connections++;
    if (!exchange_at_accept(connection))
        server_adopt(&listener->mock->data, connection);
}

static void listener_ready(struct loop_watch *watch, uint32_t events)
{
    struct listener *listener = listener_of_watch(watch);

    (void)events;
    /* An arrival can make the listener refuse. */
    for (int i = 0; i < ACCEPTS_A_TURN && listener->state == LISTENER_LISTENING;
         i++) {
        struct sockaddr_storage peer = { 0 };
        socklen_t length = sizeof peer;
        int fd = accept4(listener->listen_fd, (struct sockaddr *)&peer, &length,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            listener_welcome(listener, fd, &peer, length);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
                   errno == ENOMEM) {
            listener_pause(listener);
            return;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

void listener_reach(struct sockaddr_storage *out,
                    const struct listener *listener)
{
    struct sockaddr_in *v4 = (void *)out;
    struct sockaddr_in6 *v6 = (void *)out;

    *out = listener->address;
    if (out->ss_family == AF_INET6) {
        if (IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
            v6->sin6_addr = in6addr_loopback;
    } else if (v4->sin_addr.s_addr == htonl(INADDR_ANY)) {
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
}

/* Leaves its state: it refuses then. */
static void listener_leave(struct listener *listener)
{
    loop_disarm(&listener->mock->loop, &listener->breath);
    if (listener->state == LISTENER_LISTENING)
        loop_unwatch(&listener->mock->loop, listener->listen_fd,
                     &listener->watch);
    for (size_t i = 0;
         listener->state == LISTENER_SILENT && i < LISTENER_FILLERS; i++)
        if (listener->fillers[i] >= 0)
            close(listener->fillers[i]);
    if (listener->listen_fd >= 0)
        close(listener->listen_fd);
    listener->listen_fd = -1;
    listener->state = LISTENER_REFUSING;
}

/* A connection of our own into its queue; no TIME-WAIT is left behind. */
static int listener_fill(const struct listener *listener)
{
    const struct linger cut = { .l_onoff = 1 };
    struct sockaddr_storage target;
    int fd;

    listener_reach(&target, listener);
    fd =
        socket(target.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &cut, sizeof cut);
    if (!connect(fd, (struct sockaddr *)&target, listener->address_length) ||
        errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static bool listener_open_port(struct listener *listener,
                               enum listener_state state, struct err *err)
{
    bool silent = state == LISTENER_SILENT;

    listener->listen_fd =
        listener_bind(&listener->address, listener->address_length,
                      silent ? LISTENER_FULL : LISTENER_BESIDE, err);
    if (listener->listen_fd < 0)
        return false;
    if (!silent && !loop_watch(&listener->mock->loop, listener->listen_fd,
                               EPOLLIN, &listener->watch)) {
        err_set_errno(err, ERR_NET, listener->url);
        close(listener->listen_fd);
        listener->listen_fd = -1;
        return false;
    }
    listener->state = state;
    /* Whether they filled it is for a probe to say. */
    for (size_t i = 0; silent && i < LISTENER_FILLERS; i++)
        listener->fillers[i] = listener_fill(listener);
    return true;
}

bool listener_enter(struct listener *listener, enum listener_state state,
                    struct err *err)
{
    if (listener->state == state)
        return true;
    listener_leave(listener);
    return state == LISTENER_REFUSING ||
           listener_open_port(listener, state, err);
}

struct listener *listener_open(struct mock *mock, struct slot *slot,
                               const char *upstream, const char *address,
                               struct err *err)
{
    struct listener *listener = xcalloc(1, sizeof *listener);

    *listener = (struct listener){ .watch = { listener_ready },
                                   .breath = { .fire = listener_on_breath },
                                   .mock = mock,
                                   .slot = slot,
                                   .hold_fd = -1,
                                   .listen_fd = -1,
                                   .dialect = mock->dialect,
                                   .accept_any = true };
    strncpy(listener->upstream, upstream, sizeof listener->upstream - 1);
    if (!listener_address(&listener->address, &listener->address_length,
                          address, err))
        goto fail;
    listener->hold_fd = listener_bind(
        &listener->address, listener->address_length, LISTENER_HOLD, err);
    listener->state = LISTENER_REFUSING;
    if (listener->hold_fd < 0 ||
        !listener_enter(listener, LISTENER_LISTENING, err))
        goto fail;
    listener_url(listener->url, sizeof listener->url, &listener->address);
    return listener;

fail:
    listener_close(listener);
    return NULL;
}

static void listener_free(struct listener *listener)
{
    if (listener->hold_fd >= 0)
        close(listener->hold_fd);
    for (size_t i = 0; i < listener->accept_count; i++)
        free(listener->accept[i]);
    free(listener->accept);
    free(listener);
}

void listener_close(struct listener *listener)
{
    listener_leave(listener);
    if (listener->hold_fd >= 0)
        close(listener->hold_fd);
    listener->hold_fd = -1;
    listener->slot = NULL;
    listener->closed = true;
    if (!listener->connections)
        listener_free(listener);
}

void listener_connection_gone(struct listener *listener)
{
    listener->connections--;
    if (listener->slot)
        lease_connection_gone(listener->slot);
    else if (listener->closed && !listener->connections)
        listener_free(listener);
}

void listener_accept_key(struct listener *listener, const char *fingerprint)
{
    listener->accept = xgrow(listener->accept, listener->accept_count,
                             &listener->accept_capacity, sizeof(char *));
    listener->accept[listener->accept_count++] = xstrdup(fingerprint);
    listener->accept_any = false;
}

bool listener_accepts(const struct listener *listener, const char *fingerprint)
{
    if (listener->accept_any)
        return true;
    for (size_t i = 0; i < listener->accept_count; i++)
        if (!strcmp(listener->accept[i], fingerprint))
            return true;
    return false;
}
