#include "mockserver/tap.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

/* The kernel counts the age of what it took in ticks of at most so much. */
#define TAP_TICK_MS 10

/* What is attached to each descriptor; grows with the largest one. */
static struct tap **tap_table;
static size_t tap_table_size;
static struct tap tap_abandoned;

void tap_release(struct tap *tap)
{
    inbound_release(&tap->in);
    outbound_release(&tap->out);
    *tap = (struct tap){ .out.status = -1 };
}

static struct tap *tap_entry(int fd)
{
    if (fd < 0 || (size_t)fd >= tap_table_size)
        return NULL;
    return tap_table[fd];
}

/* What listens to the descriptor; NULL: nobody. */
static struct tap *tap_at(int fd)
{
    struct tap *tap = tap_entry(fd);

    return tap == &tap_abandoned ? NULL : tap;
}

static void tap_set(int fd, struct tap *tap)
{
    size_t need = (size_t)fd + 1;

    if (need > tap_table_size) {
        size_t size = tap_table_size ? tap_table_size : 64;

        while (size < need)
            size *= 2;
        tap_table = xrealloc(tap_table, size * sizeof *tap_table);
        memset(tap_table + tap_table_size, 0,
               (size - tap_table_size) * sizeof *tap_table);
        tap_table_size = size;
    }
    tap_table[fd] = tap;
}

void tap_attach(int fd, struct tap *tap)
{
    tap_set(fd, tap);
}

void tap_detach(int fd)
{
    if (tap_entry(fd))
        tap_table[fd] = NULL;
}

void tap_abandon(int fd)
{
    tap_set(fd, &tap_abandoned);
}

static void tap_failed(struct tap *tap, int *slot, int error)
{
    if (error == EAGAIN || error == EINTR)
        return;
    *slot = error;
    if (!tap->gone_ns)
        tap->gone_ns = clock_now_ns();
}

/* When the kernel took the last bytes of this socket: never later than now, and
 * never earlier than it was. */
static int64_t tap_arrived_ns(int fd, int64_t now_ns)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof info;
    int64_t age_ms;

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
        return now_ns;
    age_ms = (int64_t)info.tcpi_last_data_recv - TAP_TICK_MS;
    return age_ms > 0 ? now_ns - age_ms * NS_PER_MS : now_ns;
}

static void tap_read(struct tap *tap, int fd, const void *bytes, ssize_t result)
{
    int error = errno;

    if (result > 0) {
        int64_t now_ns = clock_now_ns();

        inbound_feed(&tap->in, bytes, (size_t)result, now_ns);
        if (tap->in.body_ns == now_ns)
            tap->arrived_ns = tap_arrived_ns(fd, now_ns);
    } else if (result < 0) {
        tap_failed(tap, &tap->read_errno, error);
    } else {
        tap->read_eof = true;
        if (!tap->gone_ns)
            tap->gone_ns = clock_now_ns();
    }
    errno = error;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags)
{
    ssize_t result = syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);
    struct tap *tap = tap_at(fd);

    if (tap && size && !(flags & MSG_PEEK))
        tap_read(tap, fd, bytes, result);
    return result;
}

/* The library answers an Expect by itself as soon as it has the head. */
static bool tap_is_muted(const struct tap *tap, const void *bytes, size_t size)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

    return tap && tap->mute_continue && size == sizeof interim - 1 &&
           !memcmp(bytes, interim, size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags)
{
    struct tap *tap = tap_at(fd);

    if (tap_is_muted(tap, bytes, size))
        return (ssize_t)size;

    int64_t before_ns = tap ? clock_now_ns() : 0;
    ssize_t result = syscall(SYS_sendto, fd, bytes, size, flags, NULL, 0);
    int error = errno;

    if (tap && result > 0)
        outbound_feed(&tap->out, bytes, (size_t)result, before_ns);
    else if (tap && result < 0)
        tap_failed(tap, &tap->write_errno, error);
    errno = error;
    return result;
}

static void tap_sent_parts(struct tap *tap, const struct msghdr *message,
                           size_t sent, int64_t before_ns)
{
    for (size_t i = 0; i < message->msg_iovlen && sent; i++) {
        size_t part = message->msg_iov[i].iov_len;

        if (part > sent)
            part = sent;
        outbound_feed(&tap->out, message->msg_iov[i].iov_base, part, before_ns);
        sent -= part;
    }
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct tap *tap = tap_at(fd);
    int64_t before_ns = tap ? clock_now_ns() : 0;
    ssize_t result;

    if (message->msg_iovlen == 1 &&
        tap_is_muted(tap, message->msg_iov[0].iov_base,
                     message->msg_iov[0].iov_len))
        return (ssize_t)message->msg_iov[0].iov_len;
    result = syscall(SYS_sendmsg, fd, message, flags);
    int error = errno;

    if (tap && result > 0)
        tap_sent_parts(tap, message, (size_t)result, before_ns);
    else if (tap && result < 0)
        tap_failed(tap, &tap->write_errno, error);
    errno = error;
    return result;
}

int shutdown(int fd, int how)
{
    if (tap_entry(fd) == &tap_abandoned)
        return 0;
    return (int)syscall(SYS_shutdown, fd, how);
}
