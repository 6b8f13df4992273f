/*
 * listener: one port that plays one upstream of one slot. Its port is held by a
 * second socket that is bound and never listens, so that it stays ours while
 * the listener refuses: then there is no listening socket at all, and the
 * kernel answers a SYN with RST by itself.
 */
#ifndef GATEDRILL_MOCKSERVER_LISTENER_H
#define GATEDRILL_MOCKSERVER_LISTENER_H

#include <netinet/in.h>

#include "common/answer.h"
#include "common/err.h"
#include "mockserver/dialect.h"
#include "mockserver/loop.h"

enum listener_state {
    LISTENER_LISTENING,
    LISTENER_REFUSING, /* no listening socket: the kernel answers with RST */
    /* A listening socket whose queue is full of connections of our own that
     * nobody takes: Linux drops what further asks for one, without a word. */
    LISTENER_SILENT,
};
#define LISTENER_FILLERS 2

struct mock;
struct probe;
struct slot;

struct listener {
    struct loop_watch watch;
    struct loop_timer breath; /* accepting again after descriptors ran out */
    struct mock *mock;
    struct slot *slot;
    char upstream[UPSTREAM_NAME_SIZE];
    struct sockaddr_storage address; /* with the real port */
    socklen_t address_length;
    int hold_fd;   /* bound, never listening */
    int listen_fd; /* -1 while it refuses */
    enum listener_state state;
    int fillers[LISTENER_FILLERS]; /* while it is silent */
    char url[64];
    const struct dialect *dialect;
    char **accept; /* fingerprints */
    size_t accept_count, accept_capacity;
    bool accept_any;
    bool alone;  /* from --listen: the default script holds */
    bool closed; /* its slot is gone; freed with its last connection */
    int64_t connections;
    struct probe *probe;     /* under way; NULL: none */
    uint16_t probe_ports[4]; /* of probes of ours on their way; 0: free */
    struct listener *next;
};

/*
 * Binds and listens.
 * address  "127.0.0.1:0", "[::1]:8080"; port 0 takes any
 * Errors: ERR_USAGE for an address that is none, ERR_NET.
 */
struct listener *listener_open(struct mock *mock, struct slot *slot,
                               const char *upstream, const char *address,
                               struct err *err);
/* Closes the port, and frees the listener once its last connection is gone;
 * cutting those is the caller's matter. */
void listener_close(struct listener *listener);
void listener_connection_gone(struct listener *listener);

/* Does nothing in the state already; what was in the queue of another one is
 * reset by the kernel. ERR_NET leaves it refusing. */
bool listener_enter(struct listener *listener, enum listener_state state,
                    struct err *err);

void listener_accept_key(struct listener *listener, const char *fingerprint);
bool listener_accepts(const struct listener *listener, const char *fingerprint);

/* "host:port" to a socket address. Numbers only, no look-up: ERR_USAGE. */
bool listener_address(struct sockaddr_storage *out, socklen_t *length,
                      const char *text, struct err *err);
/* Where to reach it: over loopback when it is bound to every address. */
void listener_reach(struct sockaddr_storage *out,
                    const struct listener *listener);
bool listener_is_loopback(const struct sockaddr_storage *address);

enum listener_role {
    LISTENER_HOLD,   /* bound, never listening; nobody else can bind the port */
    LISTENER_BESIDE, /* listens on a port that a socket of ours holds */
    LISTENER_ALONE,  /* listens on its own */
    LISTENER_FULL,   /* as beside, with the shortest queue there is */
};
/* A bound, non-blocking socket on *address, which gets its real port; -1 and
 * err on failure. */
int listener_bind(struct sockaddr_storage *address, socklen_t length,
                  enum listener_role role, struct err *err);
/* "http://127.0.0.1:40002" */
void listener_url(char *out, size_t size,
                  const struct sockaddr_storage *address);
uint16_t listener_port(const struct sockaddr_storage *address);

#endif
