/* raw_server: a server for one connection that says exactly what a test wants
 * said, and ends as it wants: for tests of what reads bytes from a socket. */
#ifndef GATEDRILL_TESTS_UNIT_RAW_SERVER_H
#define GATEDRILL_TESTS_UNIT_RAW_SERVER_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/buf.h"

enum ending { END_FIN, END_RST, END_HOLD };

/* A server for one connection: reads until `until` is there, says each piece
 * with a pause between two, and ends. */
struct server {
    int listener;
    int port;
    pthread_t thread;
    const char *until;     /* NULL: reads nothing */
    const char *pieces[4]; /* NULL-terminated */
    long pause_ms;
    enum ending ending;
    atomic_int asked;    /* the request was read */
    volatile int let_go; /* END_HOLD ends when it is set */
    struct buf seen;
    size_t reads;
    char url[64];
};

static inline void pause_ms(long ms)
{
    poll(NULL, 0, (int)ms);
}

static inline void *serve(void *context)
{
    struct server *s = context;
    int peer = accept(s->listener, NULL, NULL);
    struct linger at_once = { .l_onoff = 1 };
    char bytes[4096];

    while (s->until && !strstr(buf_text(&s->seen), s->until)) {
        ssize_t length = read(peer, bytes, sizeof bytes);

        if (length <= 0)
            break;
        buf_add(&s->seen, bytes, (size_t)length);
        s->reads++;
    }
    s->asked = 1;
    for (size_t i = 0; s->pieces[i]; i++) {
        if (i)
            pause_ms(s->pause_ms);
        if (send(peer, s->pieces[i], strlen(s->pieces[i]), MSG_NOSIGNAL) < 0)
            break;
    }
    while (s->ending == END_HOLD && !s->let_go)
        pause_ms(5);
    if (s->ending == END_RST) {
        pause_ms(20); /* what was said is read before the RST */
        setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    close(peer);
    return NULL;
}

static inline void server_bind(struct server *s)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(bind(s->listener, (struct sockaddr *)&address, sizeof address),
                 0);
    cr_assert_eq(getsockname(s->listener, (struct sockaddr *)&address, &length),
                 0);
    s->port = ntohs(address.sin_port);
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/v1/x?y=z", s->port);
}

static inline void server_start(struct server *s)
{
    server_bind(s);
    cr_assert_eq(listen(s->listener, 4), 0);
    cr_assert_eq(pthread_create(&s->thread, NULL, serve, s), 0);
}

static inline void server_stop(struct server *s)
{
    s->let_go = 1;
    pthread_join(s->thread, NULL);
    close(s->listener);
    buf_release(&s->seen);
}

#endif
