#include "harness/leaks/syslog_receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/xalloc.h"

#define DATAGRAM_MOST 65536 /* UDP has no longer ones */
#define QUEUE_BYTES   (4 << 20)

enum { UDP, UNIX, SOCKETS };

struct syslog_receiver {
    int sockets[SOCKETS];
    int file;
    int stop; /* eventfd */
    int port;
    char *path; /* of the unix socket; NULL: it was not made */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* of what stands below, and of reading */
    char *bytes;
    const char *problem;
};

/* --- one datagram -------------------------------------------------------- */

/* The kernel counts what found no room in the queue. */
static void note_dropped(struct syslog_receiver *receiver, int fd)
{
    uint32_t memory[SK_MEMINFO_VARS] = { 0 };
    socklen_t size = sizeof memory;

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &size) == 0 &&
        memory[SK_MEMINFO_DROPS])
        receiver->problem = "a datagram was dropped";
}

/* A line of its own, whatever it ends with. */
static void keep(struct syslog_receiver *receiver, size_t length)
{
    size_t done = 0;

    receiver->bytes[length++] = '\n';
    while (done < length) {
        ssize_t put =
            write(receiver->file, receiver->bytes + done, length - done);

        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            receiver->problem = "its file cannot be written";
            return;
        }
        done += (size_t)put;
    }
}

static bool take(struct syslog_receiver *receiver, int fd)
{
    struct iovec part = { receiver->bytes, DATAGRAM_MOST };
    struct msghdr head = { .msg_iov = &part, .msg_iovlen = 1 };
    ssize_t length = recvmsg(fd, &head, MSG_DONTWAIT);

    if (length < 0)
        return errno == EINTR;
    if (head.msg_flags & MSG_TRUNC)
        receiver->problem = "a datagram was longer than 64 KiB";
    keep(receiver, (size_t)length);
    return true;
}

const char *syslog_receiver_drain(void *context)
{
    struct syslog_receiver *receiver = context;
    const char *problem;

    pthread_mutex_lock(&receiver->lock);
    for (int i = 0; i < SOCKETS; i++) {
        while (take(receiver, receiver->sockets[i]))
            continue;
        note_dropped(receiver, receiver->sockets[i]);
    }
    problem = receiver->problem;
    pthread_mutex_unlock(&receiver->lock);
    return problem;
}

static void *run(void *context)
{
    struct syslog_receiver *receiver = context;
    struct pollfd waits[] = {
        { .fd = receiver->stop, .events = POLLIN },
        { .fd = receiver->sockets[UDP], .events = POLLIN },
        { .fd = receiver->sockets[UNIX], .events = POLLIN }
    };

    while (!(waits[0].revents & POLLIN)) {
        if (poll(waits, sizeof waits / sizeof *waits, -1) > 0)
            syslog_receiver_drain(receiver);
    }
    return NULL;
}

/* --- beginning and end --------------------------------------------------- */

static int open_socket(int family, const void *address, socklen_t size,
                       struct err *err)
{
    int bytes = QUEUE_BYTES;
    int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || bind(fd, address, size) != 0) {
        err_set_errno(err, ERR_NET, "the syslog receiver's socket");
        if (fd >= 0)
            close(fd);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

static bool open_udp(struct syslog_receiver *receiver, struct err *err)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    receiver->sockets[UDP] =
        open_socket(AF_INET, &address, sizeof address, err);
    if (receiver->sockets[UDP] < 0)
        return false;
    getsockname(receiver->sockets[UDP], (struct sockaddr *)&address, &size);
    receiver->port = ntohs(address.sin_port);
    return true;
}

static bool open_unix(struct syslog_receiver *receiver, const char *path,
                      struct err *err)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof address.sun_path) {
        err_set(err, ERR_NET, path,
                "is too long for a socket's name (%zu bytes at most); set "
                "TMPDIR to a shorter folder",
                sizeof address.sun_path - 1);
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    receiver->sockets[UNIX] =
        open_socket(AF_UNIX, &address, sizeof address, err);
    if (receiver->sockets[UNIX] < 0)
        return false;
    receiver->path = xstrdup(path);
    return true;
}

static bool start(struct syslog_receiver *receiver, const char *file,
                  const char *path, struct err *err)
{
    receiver->file =
        open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    receiver->stop = eventfd(0, EFD_CLOEXEC);
    if (receiver->file < 0 || receiver->stop < 0) {
        err_set_errno(err, ERR_IO, file);
        return false;
    }
    if (!open_udp(receiver, err) || !open_unix(receiver, path, err))
        return false;
    receiver->started =
        pthread_create(&receiver->thread, NULL, run, receiver) == 0;
    if (!receiver->started)
        err_set(err, ERR_STATE, "the syslog receiver",
                "its thread does not start");
    return receiver->started;
}

struct syslog_receiver *syslog_receiver_new(const char *file, const char *path,
                                            struct err *err)
{
    struct syslog_receiver *receiver = xcalloc(1, sizeof *receiver);

    receiver->sockets[UDP] = receiver->sockets[UNIX] = -1;
    pthread_mutex_init(&receiver->lock, NULL);
    receiver->bytes = xcalloc(DATAGRAM_MOST + 1, 1);
    if (start(receiver, file, path, err))
        return receiver;
    syslog_receiver_free(receiver);
    return NULL;
}

void syslog_receiver_free(struct syslog_receiver *receiver)
{
    uint64_t one = 1;

    if (!receiver)
        return;
    if (receiver->started) {
        if (write(receiver->stop, &one, sizeof one) == sizeof one)
            pthread_join(receiver->thread, NULL);
        syslog_receiver_drain(receiver);
    }
    for (int i = 0; i < SOCKETS; i++)
        if (receiver->sockets[i] >= 0)
            close(receiver->sockets[i]);
    if (receiver->file >= 0)
        close(receiver->file);
    if (receiver->stop >= 0)
        close(receiver->stop);
    if (receiver->path)
        unlink(receiver->path);
    free(receiver->path);
    pthread_mutex_destroy(&receiver->lock);
    xwipe(receiver->bytes, DATAGRAM_MOST);
    free(receiver->bytes);
    free(receiver);
}

int syslog_receiver_port(const struct syslog_receiver *receiver)
{
    return receiver->port;
}
