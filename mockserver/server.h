/*
 * server: libmicrohttpd inside our loop. It parses requests and sends well
 * framed replies on connections that we accepted and gave to it; it has no
 * thread and no listening socket of its own. The only file that includes
 * microhttpd.h; `library` below is its handle of a connection.
 */
#ifndef GATEDRILL_MOCKSERVER_SERVER_H
#define GATEDRILL_MOCKSERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/err.h"
#include "common/step.h"
#include "mockserver/loop.h"

struct connection;

enum server_answer {
    SERVER_GO_ON, /* more is wanted, or a reply is queued, or suspended */
    SERVER_DROP,  /* the library forgets the connection */
};

/* How a request that the library knew of ended. */
enum server_end {
    SERVER_END_SENT,   /* the reply went out whole */
    SERVER_END_BROKEN, /* closed before that, by whomever */
};

/* One call for a request. first: the head is complete; then once for each piece
 * of body; last with no body: the request is complete. After a resume the call
 * with no body comes again. Borrowed for the call. */
struct server_request {
    void *library;
    const char *method, *url, *version;
    const void *body;
    size_t body_length;
    bool first;
};

struct server_calls {
    enum server_answer (*request)(struct connection *connection,
                                  const struct server_request *request);
    void (*completed)(struct connection *connection, enum server_end end);
    /* The peer's FIN or RST was seen on a connection the library holds. */
    void (*peer_left)(struct connection *connection);
    /* A request is being answered: the peer's FIN must wait. */
    bool (*is_busy)(const struct connection *connection);
    /* A descriptor event on a connection that we hold. */
    void (*ready)(struct connection *connection, uint32_t events);
    /* Last call: the connection is about to be closed and freed. */
    void (*gone)(struct connection *connection);
};

struct server {
    struct loop *loop;
    const struct server_calls *calls;
    void *context; /* the owner's */
    void *daemon;
    struct loop_watch watch;
    struct connection *connections; /* all, newest first */
    int64_t connection_count;       /* now */
    int64_t last_number;            /* of the newest one */
    struct connection *adopting;
    bool hurry; /* the library has work without a descriptor event */
};

/*
 * connection_limit  at most this many at once
 * connection_bytes  memory of one connection; bounds the request head
 */
bool server_start(struct server *server, struct loop *loop,
                  const struct server_calls *calls, void *context,
                  unsigned connection_limit, size_t connection_bytes,
                  struct err *err);
/* Once a turn of the loop. */
void server_run(struct server *server);
/* True when the next turn must not wait. */
bool server_wants_turn(const struct server *server);
/* Closes every connection, resumes what is suspended, stops the library. */
void server_stop(struct server *server);

/* Gives the connection's descriptor to the library; it owns it from now on. On
 * failure the connection is closed and freed, and false is returned. */
bool server_adopt(struct server *server, struct connection *connection);

/*
 * Queues a reply. Content-Length, Connection and, when missing, Date are the
 * library's. Takes the body. Returns false when a header cannot be sent by the
 * library (its name is in refused, 64 bytes), with nothing queued.
 */
bool server_reply(void *library, int64_t status,
                  const struct step_header *headers, size_t header_count,
                  struct buf *body, char refused[static 64]);
void server_suspend(void *library);
void server_resume(struct server *server, void *library);

/* A query argument or a request header; NULL when absent. Borrowed. */
const char *server_query(void *library, const char *name);
const char *server_header(void *library, const char *name);

#endif
