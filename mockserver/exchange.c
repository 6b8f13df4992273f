#include "mockserver/exchange.h"

#include <errno.h>
#include <stddef.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/lease.h"

#define BODY_KEPT_MOST (32u << 20)

static struct exchange *exchange_of_wire(struct wire *wire)
{
    return (struct exchange *)(void *)((char *)wire -
                                       offsetof(struct exchange, wire));
}

static struct exchange *exchange_of_wait(struct loop_timer *timer)
{
    return (struct exchange *)(void *)((char *)timer -
                                       offsetof(struct exchange, wait));
}

/* The next request on the connection begins. */
static void exchange_next(struct connection *c)
{
    c->attributed = false;
    inbound_next(&c->tap.in, clock_now_ns());
    outbound_reset(&c->tap.out);
    c->tap.mute_continue = false;
}

/* The wire is through: the end it asked for is carried out on the connection.
 */
static void exchange_wire_over(struct wire *wire, enum attempt_end end)
{
    struct exchange *e = exchange_of_wire(wire);
    struct connection *c = e->connection;
    struct step_idle idle;
    bool idles;

    /* A send may tell before the event does that the peer left meanwhile. */
    if (end == ATTEMPT_END_PEER_FIN || end == ATTEMPT_END_PEER_RST)
        e->left_in_silence |= wire->silent;
    if (end == ATTEMPT_END_KEEP && c->peer_fin_ns)
        end = ATTEMPT_END_PEER_FIN;
    if (end == ATTEMPT_END_KEEP &&
        (c->tap.in.state != INBOUND_DONE || c->tap.in.beyond.length)) {
        e->upset = "bytes came behind the request: closed instead of kept";
        end = ATTEMPT_END_FIN;
    }
    idles = e->plan.idles;
    idle = e->plan.idle;
    exchange_over(e, end);
    switch (end) {
    case ATTEMPT_END_KEEP:
        exchange_next(c);
        if (idles)
            connection_rest(c, idle.fin_after_ms, idle.rst_on_next_byte == 1);
        else
            connection_give(c);
        break;
    case ATTEMPT_END_RST:
        connection_reset(c);
        break;
    case ATTEMPT_END_FIN:
        connection_finish(c);
        break;
    case ATTEMPT_END_OPEN:
    case ATTEMPT_END_PEER_FIN:
    case ATTEMPT_END_PEER_RST:
        connection_close(c);
        break;
    }
}

static void exchange_act(struct exchange *e)
{
    e->state = EXCHANGE_ACTING;
    wire_start(&e->wire, &e->mock->loop, e->connection->fd, &e->plan,
               clock_now_ns(), exchange_wire_over);
}

bool exchange_at_accept(struct connection *connection)
{
    const struct listener *listener = connection->listener;
    struct exchange *e;

    if (!listener->alone && !listener->slot->lease.nonce)
        return false;
    e = exchange_new(connection);
    if (!exchange_choose(e, EXCHANGE_AT_ACCEPT)) {
        exchange_discard(e);
        return false;
    }
    connection_hold(connection);
    exchange_act(e);
    return true;
}

static enum server_answer exchange_reply(struct exchange *e, void *library)
{
    char refused[64];

    e->state = EXCHANGE_REPLYING;
    e->reply_bytes = e->plan.body.length;
    if (server_reply(library, e->plan.status, e->plan.headers,
                     e->plan.header_count, &e->plan.body, refused))
        return SERVER_GO_ON;
    log_line(LOG_ERROR, "a reply with header %s cannot be sent", refused);
    e->upset = "the library refused a header of the reply";
    return SERVER_DROP;
}

/* Puts the plan to work from inside the library's call. */
static enum server_answer exchange_begin(struct exchange *e, void *library)
{
    if (e->plan.raw) {
        if (!connection_take(e->connection)) {
            e->upset = "no descriptor left to act on the socket";
            return SERVER_DROP;
        }
        exchange_act(e);
        return SERVER_DROP;
    }
    if (e->plan.wait_ms <= 0)
        return exchange_reply(e, library);
    e->state = EXCHANGE_WAITING;
    e->library = library;
    server_suspend(library);
    loop_arm(&e->mock->loop, &e->wait,
             clock_now_ns() + e->plan.wait_ms * NS_PER_MS);
    return SERVER_GO_ON;
}

static void exchange_on_wait(struct loop_timer *timer)
{
    struct exchange *e = exchange_of_wait(timer);

    server_resume(&e->mock->data, e->library);
}

static enum server_answer exchange_on_head(struct connection *c,
                                           const struct server_request *request)
{
    struct exchange *e = exchange_new(c);

    e->wait.fire = exchange_on_wait;
    if (c->closing)
        e->upset = "it came while its idle connection was being closed";
    exchange_read_head(e);
    if (!e->attempt.request.head_seen) {
        /* We lost track of the bytes (an earlier request was not HTTP as we
         * read it): the library's word then. */
        e->attempt.request_on_connection = ++c->requests;
        arrival_read_library(&e->arrival, &e->attempt, request->method,
                             request->url, request->version);
    }
    if (exchange_choose(e, EXCHANGE_AT_HEAD))
        return exchange_begin(e, request->library);
    return SERVER_GO_ON;
}

static void exchange_on_body(struct exchange *e,
                             const struct server_request *request)
{
    if (e->body.length + request->body_length > BODY_KEPT_MOST) {
        e->body_cut = true;
        return;
    }
    buf_add(&e->body, request->body, request->body_length);
}

static enum server_answer exchange_on_end(struct exchange *e, void *library)
{
    arrival_read_body(&e->arrival, &e->attempt, e->body.data, e->body.length,
                      true, e->mock->fingerprint_key);
    if (e->body_cut)
        arrival_forget_body(&e->attempt, e->connection->tap.in.body_bytes);
    exchange_choose(e, EXCHANGE_AT_END);
    return exchange_begin(e, library);
}

static enum server_answer exchange_request(struct connection *c,
                                           const struct server_request *request)
{
    struct exchange *e = c->exchange;

    if (!e)
        return exchange_on_head(c, request);
    if (e->drop)
        return SERVER_DROP;
    if (request->body_length) {
        exchange_on_body(e, request);
        return SERVER_GO_ON;
    }
    switch (e->state) {
    case EXCHANGE_READING:
        return exchange_on_end(e, request->library);
    case EXCHANGE_WAITING:
        return exchange_reply(e, request->library);
    case EXCHANGE_REPLYING:
    case EXCHANGE_ACTING:
        break;
    }
    return SERVER_GO_ON;
}

/* Who ended a connection that the library says is broken. */
static enum attempt_end exchange_broken_end(const struct exchange *e)
{
    const struct connection *c = e->connection;

    if (c->closing || e->upset)
        return ATTEMPT_END_FIN;
    /* A RST after its FIN is its kernel's answer to what we still sent. */
    if (c->peer_fin_ns && (!c->peer_rst_ns || c->peer_fin_ns < c->peer_rst_ns))
        return ATTEMPT_END_PEER_FIN;
    if (c->peer_rst_ns || c->tap.read_errno || c->tap.write_errno == ECONNRESET)
        return ATTEMPT_END_PEER_RST;
    return ATTEMPT_END_PEER_FIN;
}

/* A step counts from the head, also when nothing of it came to pass. */
static void exchange_choose_unanswered(struct exchange *e)
{
    arrival_read_body(&e->arrival, &e->attempt, e->body.data, e->body.length,
                      false, e->mock->fingerprint_key);
    exchange_choose(e, EXCHANGE_AT_END);
    e->has_plan = false;
}

static void exchange_completed(struct connection *c, enum server_end end)
{
    struct exchange *e = c->exchange;
    enum attempt_end how;

    if (!e)
        return;
    if (end != SERVER_END_SENT && !c->closing)
        connection_ask(c);
    how = exchange_broken_end(e);
    /* Gone by the end of the wait, and the write was the first to tell. */
    if (e->plan.wait_ms > 0 && !c->tap.out.bytes)
        e->left_in_silence = true;
    if (end == SERVER_END_SENT && !c->peer_fin_ns && !c->peer_rst_ns)
        how = c->tap.out.says_close ? ATTEMPT_END_FIN : ATTEMPT_END_KEEP;
    if (e->state == EXCHANGE_READING)
        exchange_choose_unanswered(e);
    exchange_over(e, how);
    exchange_next(c);
    connection_request_over(c);
}

static void exchange_peer_left(struct connection *c)
{
    struct exchange *e = c->exchange;

    if (!e || e->state != EXCHANGE_WAITING)
        return;
    e->left_in_silence = true;
    if (!c->peer_rst_ns && !c->closing)
        return;
    e->drop = true;
    loop_disarm(&e->mock->loop, &e->wait);
    server_resume(&e->mock->data, e->library);
}

static bool exchange_is_busy(const struct connection *c)
{
    const struct exchange *e = c->exchange;

    return e && !c->closing &&
           (e->state == EXCHANGE_WAITING || e->state == EXCHANGE_REPLYING);
}

/* A descriptor event while we act on the socket. */
static void exchange_ready(struct connection *c, uint32_t events)
{
    struct exchange *e = c->exchange;

    /* Behind a whole request the bytes are the next one's. */
    if ((events & EPOLLIN) && c->tap.in.state != INBOUND_DONE)
        connection_drain(c);
    if (events & (EPOLLERR | EPOLLRDHUP))
        e->left_in_silence |= e->wire.silent;
    if ((events & (EPOLLERR | EPOLLRDHUP)) &&
        wire_peer(&e->wire, events & EPOLLERR))
        return;
    if (events & EPOLLOUT)
        wire_writable(&e->wire);
}

static void exchange_gone(struct connection *c)
{
    struct exchange *e = c->exchange;

    if (e) {
        if (!e->upset)
            e->upset = "the mock was told to end it";
        exchange_over(e, ATTEMPT_END_FIN);
    } else if (c->tap.in.head_ns && !c->attributed) {
        exchange_record_refused(c);
    }
    c->closing = false; /* whoever waits for it waits no more */
    listener_connection_gone(c->listener);
}

const struct server_calls exchange_calls = {
    .request = exchange_request,
    .completed = exchange_completed,
    .peer_left = exchange_peer_left,
    .is_busy = exchange_is_busy,
    .ready = exchange_ready,
    .gone = exchange_gone,
};
