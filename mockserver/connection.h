/*
 * connection: one accepted TCP connection, whoever holds it: libmicrohttpd
 * while it parses and replies, we while we act on the raw socket. It can change
 * hands in both directions any number of times.
 */
#ifndef GATEDRILL_MOCKSERVER_CONNECTION_H
#define GATEDRILL_MOCKSERVER_CONNECTION_H

#include <sys/socket.h>

#include "mockserver/loop.h"
#include "mockserver/server.h"
#include "mockserver/tap.h"

struct listener;

enum connection_hold {
    CONNECTION_LIBRARY,
    CONNECTION_OURS,
    CONNECTION_RESTING, /* ours between two requests: see connection_rest() */
    CONNECTION_LINGER,  /* we sent FIN: read and drop until the peer is done */
};

/* What the library's callbacks find; outlives the connection when we take it.
 */
struct connection_link {
    struct connection *connection; /* NULL: taken over */
    int fd;
};

struct connection {
    struct server *server;
    struct listener *listener; /* data connections only */
    struct loop_watch watch;
    struct loop_timer timer; /* kicks, and the end of lingering */
    enum connection_hold hold;
    int fd;
    int64_t number; /* from 1, per server */
    int64_t accept_ns;
    int64_t requests; /* heads seen so far */
    struct tap tap;
    int64_t peer_fin_ns, peer_rst_ns; /* 0: not seen */
    int64_t linger_until_ns;
    bool attributed; /* the head in the tap belongs to an exchange */
    bool reset_next; /* resting: the next byte is answered with a RST */
    bool closing;    /* we sent FIN on an idle connection of the library's */
    void *exchange;  /* what the server's owner does on it; NULL when idle */
    struct connection_link *link;
    struct sockaddr_storage peer;
    socklen_t peer_length;
    struct connection *next, **back;
};

/* A fresh connection in our hands. The descriptor is non-blocking. */
struct connection *connection_new(struct server *server,
                                  struct listener *listener, int fd,
                                  const struct sockaddr_storage *peer,
                                  socklen_t peer_length);

/* Keeps a fresh connection in our hands: its events go to server_calls.ready.
 */
void connection_hold(struct connection *connection);
/*
 * Takes the connection out of the library's hands; only from inside its request
 * call, which must then return SERVER_DROP. The descriptor changes.
 * Returns false, with errno, when there is no descriptor left.
 */
bool connection_take(struct connection *connection);
/* Gives it (back) to the library; false: it could not, the connection is gone.
 */
bool connection_give(struct connection *connection);

/*
 * Keeps it in our hands until the next request begins, which the library then
 * gets; unless the connection is closed before that or reset by it, unread.
 * fin_after_ms  closes it then; -1: never
 */
void connection_rest(struct connection *connection, int64_t fin_after_ms,
                     bool reset_next);

/* Ends of a connection that we hold. Each frees it, at once or when the peer
 * is done. */
void connection_reset(struct connection *connection);
void connection_finish(struct connection *connection); /* FIN, then linger */
void connection_close(struct connection *connection);  /* nothing to say */

/* Ends a connection of the library's between two requests: FIN; after
 * patience_ms without the peer's own, it is closed all the same. */
void connection_close_idle(struct connection *connection, int64_t patience_ms);
/* The same for one that is not idle: cut, whatever goes on. */
void connection_cut(struct connection *connection);

/* A request on it is over: if the peer has left meanwhile, the library is made
 * to see it. */
void connection_request_over(struct connection *connection);

/* The library closes its descriptor: for server.c. */
void connection_library_closed(struct connection *connection);

/* Reads what is there and drops it; feeds the tap. True when the peer's end or
 * an error was met. */
bool connection_drain(struct connection *connection);

/* Bytes the kernel took and the peer has not acknowledged. */
int64_t connection_unacked(const struct connection *connection);
/* Asks the kernel whether the peer is gone, and notes it as connection_ready()
 * would: the library can see and close a broken connection before our event
 * comes. */
void connection_ask(struct connection *connection);

#endif
