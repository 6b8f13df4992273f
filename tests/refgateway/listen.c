#include "tests/refgateway/listen.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 1024

static int bind_to(const struct addrinfo *address, const char *text,
                   struct err *err)
{
    int yes = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        err_set_errno(err, ERR_NET, text);
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, address->ai_addr, address->ai_addrlen) ||
        listen(fd, BACKLOG)) {
        err_set_errno(err, ERR_NET, text);
        close(fd);
        return -1;
    }
    return fd;
}

/* getaddrinfo() takes 65537 for 1. */
static bool is_port(const char *text)
{
    return *text && strspn(text, "0123456789") == strlen(text) &&
           strlen(text) <= 5 && strtol(text, NULL, 10) <= 65535;
}

int listen_on(const char *text, const char *option, struct err *err)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
    const char *colon = strrchr(text, ':');
    struct addrinfo *found = NULL;
    char host[64];
    int length;
    int fd;

    if (colon && *text == '[' && colon[-1] == ']') {
        text++;
        length = (int)(colon - text) - 1;
    } else {
        length = colon ? (int)(colon - text) : 0;
    }
    snprintf(host, sizeof host, "%.*s", length, text);
    if (!colon || !is_port(colon + 1) ||
        getaddrinfo(host, colon + 1, &hints, &found)) {
        err_set(err, ERR_USAGE, option,
                "%s is not ADDR:PORT with both in figures", text);
        return -1;
    }
    fd = bind_to(found, text, err);
    freeaddrinfo(found);
    return fd;
}

void listen_write_url(struct buf *out, int fd)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    char host[64] = "";
    char port[16] = "";
    bool v6;

    if (!getsockname(fd, (struct sockaddr *)&address, &size))
        getnameinfo((struct sockaddr *)&address, size, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    v6 = strchr(host, ':') != NULL;
    buf_printf(out, "http://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "",
               port);
}
