#include "harness/launch/ready.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/client/client.h"

#define READY_EVERY_MS 5

static bool ready_tcp(const char *target)
{
    const char *colon = strrchr(target, ':');
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char *host;
    bool connected = false;
    int fd;

    if (!colon)
        return false;
    host = xstrndup(target, (size_t)(colon - target));
    if (getaddrinfo(host, colon + 1, &hints, &found) == 0) {
        fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        connected =
            fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) == 0;
        if (fd >= 0)
            close(fd);
        freeaddrinfo(found);
    }
    free(host);
    return connected;
}

static bool ready_http(const char *target)
{
    struct buf answer = { 0 };
    struct err err = { 0 };
    int64_t status =
        client_call("GET", target, NULL, NULL, 1000, &answer, &err);

    buf_release(&answer);
    return status >= 200 && status < 300;
}

bool ready_now(enum ready_kind kind, const char *target)
{
    return kind == READY_TCP ? ready_tcp(target) : ready_http(target);
}

bool ready_wait(enum ready_kind kind, const char *target,
                struct process *process, int64_t timeout_ms)
{
    int64_t until = clock_now_ns() + timeout_ms * NS_PER_MS;

    do {
        if (ready_now(kind, target))
            return !process_wait(process, 0);
        if (process_wait(process, READY_EVERY_MS))
            return false;
    } while (clock_now_ns() < until);
    return false;
}
