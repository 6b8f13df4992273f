/*
 * exchange: one attempt, from its request head (or from accept) to its last
 * byte: reads the request, finds its step, has the plan acted out by
 * libmicrohttpd or by the wire, and writes the journal's line.
 */
#ifndef GATEDRILL_MOCKSERVER_EXCHANGE_H
#define GATEDRILL_MOCKSERVER_EXCHANGE_H

#include <stdbool.h>

#include "common/attempt.h"
#include "mockserver/arrival.h"
#include "mockserver/connection.h"
#include "mockserver/mock.h"
#include "mockserver/plan.h"
#include "mockserver/select.h"
#include "mockserver/wire.h"

/* What the data server calls. */
extern const struct server_calls exchange_calls;

enum exchange_state {
    EXCHANGE_READING, /* head seen, body to come */
    EXCHANGE_WAITING, /* reply planned, not due yet */
    EXCHANGE_REPLYING,
    EXCHANGE_ACTING, /* on the raw socket */
};

struct exchange {
    struct mock *mock;
    struct connection *connection;
    int64_t number; /* in order of arrival, from 1 */
    enum exchange_state state;
    struct attempt attempt;
    struct arrival arrival;
    struct selection selection;
    bool counted;           /* under selection.of and .id.epoch */
    const struct step *met; /* of a staged script, once it is counted */
    int64_t asked_ns;       /* when it first asked for its step; 0: not yet */
    struct buf body;
    bool body_cut; /* longer than what is kept */
    struct plan plan;
    bool has_plan;
    struct wire wire;
    size_t reply_bytes;     /* of the body given to the library */
    struct loop_timer wait; /* of a reply */
    void *library;          /* while suspended */
    bool drop;              /* to be dropped at the next call */
    bool left_in_silence;   /* the peer, while the plan had us wait */
    const char *upset; /* what could not be done as planned; NULL: nothing */
};

/* True when the next step of whoever owns the listener acts at accept: the
 * connection then is an attempt, and is dealt with. */
bool exchange_at_accept(struct connection *connection);

/* exchange_plan.c: whose script, which step, what plan. */

/* How much of the request is there when a plan is wanted. */
enum exchange_stage { EXCHANGE_AT_ACCEPT, EXCHANGE_AT_HEAD, EXCHANGE_AT_END };

/*
 * Finds the step and makes the plan, and counts the attempt. Before the end of
 * the request it does so only when the step acts that early; else false.
 */
bool exchange_choose(struct exchange *exchange, enum exchange_stage stage);
/* Only whose it is: no step, no number. */
void exchange_identify(struct exchange *exchange);

/* exchange_record.c: the attempt as it becomes the journal's line. */

struct exchange *exchange_new(struct connection *connection);
/* Our own look at the head, once its bytes are there. */
void exchange_read_head(struct exchange *exchange);
/* Brings the attempt up to date, as ended this way (open: not yet). */
void exchange_fill(struct exchange *exchange, enum attempt_end end);
/* The exchange is over: writes the line, frees it, tells who waits. */
void exchange_over(struct exchange *exchange, enum attempt_end end);
/* It was nothing after all: frees it without a line. */
void exchange_discard(struct exchange *exchange);
/* A head the library answered by itself, as malformed or too large. */
void exchange_record_refused(struct connection *connection);

#endif
