#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "mockserver/delivery.h"
#include "mockserver/exchange.h"
#include "mockserver/lease.h"

struct exchange *exchange_new(struct connection *connection)
{
    struct exchange *e = xcalloc(1, sizeof *e);
    const struct listener *listener = connection->listener;

    e->mock = connection->server->context;
    e->connection = connection;
    e->number = ++e->mock->arrivals;
    e->attempt.by = ATTEMPT_BY_NOTHING;
    e->attempt.connection = connection->number;
    e->attempt.request.content_length = -1;
    e->attempt.request.client_retry_marker = -1;
    e->attempt.planned.status = -1;
    e->attempt.delivered.status = -1;
    e->attempt.times_ns.accept = connection->accept_ns;
    memcpy(e->attempt.upstream, listener->upstream, sizeof e->attempt.upstream);
    if (listener->slot)
        snprintf(e->attempt.slot, sizeof e->attempt.slot, "%s",
                 listener->slot->name);
    connection->exchange = e;
    e->mock->open++;
    return e;
}

static bool exchange_accepts(const void *context, const char *fingerprint)
{
    return listener_accepts(context, fingerprint);
}

void exchange_read_head(struct exchange *e)
{
    const struct inbound *in = &e->connection->tap.in;
    static const char *const no_names[] = { NULL };
    struct head head;

    if (!in->head_ns || e->attempt.request.head_seen)
        return;
    head_read(&head, in->head.data, in->head.length);
    e->attempt.request.head_seen = true;
    e->attempt.request.head_bytes = (int64_t)in->head.length;
    e->attempt.request_on_connection = ++e->connection->requests;
    arrival_read_head(
        &e->arrival, &e->attempt, &head,
        e->mock->scenario_names ? e->mock->scenario_names : no_names,
        e->mock->fingerprint_key, exchange_accepts, e->connection->listener);
}

/* The texts of the case that its request carries. */
static void exchange_find_watched(struct exchange *e)
{
    const struct inbound *in = &e->connection->tap.in;
    const struct arming *arming =
        e->selection.of ? case_arming(e->selection.of, e->selection.id.epoch)
                        : NULL;
    struct head head;

    e->attempt.request.canary_count = 0;
    if (!arming)
        return;
    head_read(&head, buf_text(&in->head), in->head.length);
    arrival_find_watched(&e->attempt, arming, &head, buf_text(&in->head),
                         in->head.length, e->body.data, e->body.length);
}

/* A body that is not whole, or that nobody waited for. */
static void exchange_fill_body(struct exchange *e)
{
    const struct inbound *in = &e->connection->tap.in;

    if (e->attempt.request.body == ATTEMPT_BODY_COMPLETE)
        return;
    arrival_read_body(&e->arrival, &e->attempt, e->body.data, e->body.length,
                      false, e->mock->fingerprint_key);
    if (in->body_bytes > e->attempt.request.body_bytes)
        e->attempt.request.body_bytes = in->body_bytes;
    if (in->body_bytes && e->attempt.request.body == ATTEMPT_BODY_NONE)
        e->attempt.request.body = ATTEMPT_BODY_INCOMPLETE;
}

static void exchange_fill_times(struct exchange *e, enum attempt_end end)
{
    const struct connection *c = e->connection;
    int64_t gone_ns = c->peer_fin_ns;

    if (c->peer_rst_ns && (!gone_ns || c->peer_rst_ns < gone_ns))
        gone_ns = c->peer_rst_ns;
    if (c->tap.gone_ns && (!gone_ns || c->tap.gone_ns < gone_ns))
        gone_ns = c->tap.gone_ns;
    e->attempt.times_ns.first_byte = c->tap.in.first_ns;
    e->attempt.times_ns.head = c->tap.in.head_ns;
    e->attempt.times_ns.body = c->tap.in.body_ns;
    e->attempt.times_ns.arrived = c->tap.in.body_ns ? c->tap.arrived_ns : 0;
    e->attempt.times_ns.first_sent = c->tap.out.first_ns;
    e->attempt.times_ns.last_sent = c->tap.out.last_ns;
    e->attempt.times_ns.peer_closed = c->closing ? 0 : gone_ns;
    e->attempt.times_ns.end = end == ATTEMPT_END_OPEN ? 0 : clock_now_ns();
}

static int64_t exchange_planned_bytes(const struct exchange *e,
                                      size_t body_bytes)
{
    if (!e->has_plan)
        return 0;
    if (e->plan.raw)
        return (int64_t)e->plan.bytes.length;
    return (int64_t)(e->connection->tap.out.head_length + body_bytes);
}

static void exchange_judge(struct exchange *e, enum attempt_end end,
                           int64_t planned_bytes)
{
    struct delivery delivery = {
        .planned_bytes = planned_bytes,
        .sent_bytes = e->attempt.delivered.sent_bytes,
        .planned_end = e->plan.end,
        .end = end,
        .peer_closed_first = e->attempt.delivered.peer_closed_first,
        .in_silence = e->left_in_silence,
        .wants_close =
            e->arrival.wants_close || e->connection->tap.out.says_close,
        .upset = e->upset,
    };

    if (!e->has_plan && !delivery.upset)
        delivery.upset = end == ATTEMPT_END_OPEN
                             ? NULL
                             : "peer closed before its request was complete";
    e->attempt.delivered.faithful =
        delivery_judge(&delivery, e->attempt.delivered.deviation,
                       sizeof e->attempt.delivered.deviation);
}

void exchange_fill(struct exchange *e, enum attempt_end end)
{
    const struct connection *c = e->connection;
    const struct outbound *out = &c->tap.out;
    int64_t planned_bytes;

    exchange_read_head(e);
    exchange_fill_body(e);
    exchange_fill_times(e, end);
    exchange_find_watched(e);
    e->attempt.delivered.status = out->status;
    e->attempt.delivered.head_complete = out->head_length > 0;
    e->attempt.delivered.sent_bytes =
        e->has_plan && e->plan.raw ? e->wire.progress.sent_bytes : out->bytes;
    e->attempt.delivered.events = e->wire.progress.events;
    planned_bytes = exchange_planned_bytes(e, e->reply_bytes);
    e->attempt.delivered.unsent_bytes = 0;
    if (planned_bytes > e->attempt.delivered.sent_bytes)
        e->attempt.delivered.unsent_bytes =
            planned_bytes - e->attempt.delivered.sent_bytes;
    e->attempt.delivered.unacked_bytes = connection_unacked(c);
    e->attempt.delivered.end = end;
    e->attempt.delivered.peer_closed_first =
        e->attempt.times_ns.peer_closed != 0;
    exchange_judge(e, end, planned_bytes);
}

static void exchange_free(struct exchange *e)
{
    loop_disarm(&e->mock->loop, &e->wait);
    wire_stop(&e->wire);
    case_drop(e->selection.of);
    attempt_release(&e->attempt);
    arrival_release(&e->arrival);
    plan_release(&e->plan);
    if (e->body.data)
        xwipe(e->body.data, e->body.capacity);
    buf_release(&e->body);
    free(e);
}

void exchange_discard(struct exchange *e)
{
    e->mock->open--;
    e->connection->exchange = NULL;
    exchange_free(e);
}

void exchange_over(struct exchange *e, enum attempt_end end)
{
    struct mock *mock = e->mock;

    exchange_fill(e, end);
    mock->open--;
    mock->attempts += !e->attempt.foreign;
    mock->foreign += e->attempt.foreign;
    if (e->connection->listener->slot)
        e->connection->listener->slot->foreign += e->attempt.foreign;
    mock->unfaithful += !e->attempt.delivered.faithful;
    journal_append(&mock->journal, &e->attempt);
    e->connection->exchange = NULL;
    e->connection->attributed = true;
    admin_notice(mock, e->attempt.id.nonce);
    exchange_free(e);
}

void exchange_record_refused(struct connection *connection)
{
    struct exchange *e = exchange_new(connection);
    bool answered = connection->tap.out.bytes > 0;

    exchange_read_head(e);
    exchange_identify(e);
    e->attempt.planned.end = ATTEMPT_END_FIN;
    snprintf(e->attempt.planned.text, sizeof e->attempt.planned.text, "%s",
             answered ? "refused by the HTTP parser" : "never answered");
    e->upset = answered ? "the HTTP parser refused the request by itself"
                        : "the connection ended before the request was read";
    exchange_over(e, ATTEMPT_END_FIN);
}
