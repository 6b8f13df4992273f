/*
 * admin: the control port: HTTP on a port of its own, JSON in and out, long
 * polls that hold no thread. What the calls do is control.c's matter.
 * Protocol: docs/control.md.
 */
#ifndef GATEDRILL_MOCKSERVER_ADMIN_H
#define GATEDRILL_MOCKSERVER_ADMIN_H

#include "common/buf.h"
#include "common/json.h"
#include "mockserver/listener.h"
#include "mockserver/mock.h"

#define ADMIN_BODY_MOST (16u << 20)

enum admin_state {
    ADMIN_READING,
    ADMIN_WAITING, /* suspended until admin_answer() */
    ADMIN_READY,   /* status and answer are there */
};

/* One call on the control port. */
struct admin_call {
    struct mock *mock;
    struct connection *connection; /* NULL: the caller left */
    void *library;
    enum admin_state state;
    const char *method, *path; /* borrowed for the call */
    struct buf body;
    bool body_too_long;
    int64_t status;
    const char *type; /* Content-Type */
    struct buf answer;
    /* A long poll: */
    bool polling, with_open;
    uint64_t nonce;
    int64_t after;
    struct loop_timer deadline;
    struct admin_call *next;
};

struct admin {
    struct mock *mock;
    struct loop_watch watch;
    int listen_fd;
    struct sockaddr_storage address;
    char url[64];
    char *token;              /* NULL: none */
    struct admin_call *calls; /* all under way */
};

/* token_file: NULL for none. Errors: ERR_USAGE (not loopback and no token, an
 * empty token), ERR_IO, ERR_NET. */
bool admin_start(struct admin *admin, struct mock *mock, const char *address,
                 const char *token_file, struct err *err);
void admin_stop(struct admin *admin);

/* What control.c answers with. Each ends a call that waits. */
void admin_answer(struct admin_call *call, int64_t status, const char *type);
void admin_answer_json(struct admin_call *call, struct json *answer);
void admin_answer_error(struct admin_call *call, int64_t status,
                        const char *where, const char *text);

/* control.c: does what the call asks for; it answers now or later. */
void control_do(struct admin_call *call);
/* The answer to a long poll whose time has come. */
void control_poll_answer(struct admin_call *call);

extern const struct server_calls admin_calls;

#endif
