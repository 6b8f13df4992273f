#include "mockserver/lease.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "mockserver/connection.h"
#include "mockserver/mock.h"
#include "mockserver/probe.h"

/* How long a peer may take to close an idle connection that we closed. One that
 * has not seen it when the case begins sends its request there, and the retry
 * that follows looks like its own doing: on a busy machine HAProxy was seen to
 * go to the fallback at once when this was 100 ms. */
#define IDLE_PATIENCE_MS 1000
#define IDLE_BOUND_NS    (1300 * NS_PER_MS)

enum lease_phase { LEASE_LEAVING, LEASE_CLOSING, LEASE_PROVING, LEASE_DONE };

struct lease_change {
    struct mock *mock;
    struct slot *slot;
    struct drill_id id; /* nonce 0: the lease ends */
    enum lease_phase phase;
    struct loop_timer timer;
    struct probe *probes; /* one a listener, in list order */
    size_t probe_count, pending;
    struct json *left, *proven;
    void (*done)(void *context, struct json *answer);
    void *context;
};

static void lease_step(struct lease_change *change);

enum listener_state lease_wants(const struct mock *mock,
                                const struct listener *listener)
{
    const struct slot *slot = listener->slot;
    const struct mock_case *of = NULL;
    const struct script *script;

    if (slot->lease.nonce)
        of = cases_find(&mock->cases, slot->lease.nonce);
    else if (listener->alone)
        of = cases_find_name(&mock->cases, "");
    script = of ? case_script(of, slot->lease.epoch, listener->upstream) : NULL;
    if (!script)
        return LISTENER_LISTENING;
    switch (script_step(script,
                        case_next(of, slot->lease.epoch, listener->upstream))
                ->fault) {
    case FAULT_refuse:
        return LISTENER_REFUSING;
    case FAULT_syn_drop:
        return LISTENER_SILENT;
    default:
        return LISTENER_LISTENING;
    }
}

void lease_apply(struct listener *listener)
{
    struct err err;

    if (!listener->slot)
        return;
    if (!listener_enter(listener, lease_wants(listener->mock, listener), &err))
        log_line(LOG_ERROR, "%s: %s", err.where, err.text);
}

/* What a probe must see in a state. */
static const char *const lease_seen[] = { [LISTENER_LISTENING] = "accepted",
                                          [LISTENER_REFUSING] = "refused",
                                          [LISTENER_SILENT] = "no answer" };

static void lease_note(struct json *list, const struct probe *probe)
{
    const struct listener *listener = probe->listener;
    struct json *entry = json_new_object();

    json_add_text(entry, "upstream", listener->upstream);
    json_add_text(entry, "expected",
                  lease_seen[lease_wants(listener->mock, listener)]);
    json_add_text(entry, "seen", probe->seen);
    json_append(list, entry);
}

static void lease_on_probe(struct probe *probe)
{
    struct lease_change *change = probe->listener->slot->change;

    lease_note(change->phase == LEASE_LEAVING ? change->left : change->proven,
               probe);
    if (--change->pending == 0)
        loop_arm(&change->mock->loop, &change->timer, clock_now_ns());
}

static void lease_probe_all(struct lease_change *change)
{
    size_t i = 0;

    change->pending = change->probe_count + 1;
    for (struct listener *l = change->slot->listeners; l; l = l->next)
        probe_start(&change->probes[i++], l, lease_on_probe);
    if (--change->pending == 0)
        loop_arm(&change->mock->loop, &change->timer, clock_now_ns());
}

static bool lease_is_idle(const struct connection *c)
{
    return c->hold == CONNECTION_RESTING ||
           (c->hold == CONNECTION_LIBRARY && !c->exchange &&
            inbound_is_idle(&c->tap.in));
}

/* Closes what is idle; returns how many are still on their way out. */
static size_t lease_close_idle(const struct lease_change *change, bool begin)
{
    size_t left = 0;

    for (struct connection *c = change->mock->data.connections; c;
         c = c->next) {
        if (c->listener->slot != change->slot || !lease_is_idle(c))
            continue;
        if (begin && !c->closing)
            connection_close_idle(c, IDLE_PATIENCE_MS);
        left += c->closing;
    }
    return left;
}

static void lease_set(struct lease_change *change)
{
    struct slot *slot = change->slot;
    struct mock_case *of = cases_find(&change->mock->cases, change->id.nonce);

    slot->lease = change->id;
    slot->foreign_at_lease = slot->foreign;
    if (of && of->highest_epoch < change->id.epoch)
        of->highest_epoch = change->id.epoch;
    for (struct listener *l = slot->listeners; l; l = l->next)
        lease_apply(l);
}

static void lease_change_free(struct lease_change *change)
{
    loop_disarm(&change->mock->loop, &change->timer);
    for (size_t i = 0; i < change->probe_count; i++)
        probe_stop(&change->probes[i]);
    change->slot->change = NULL;
    json_free(change->left);
    json_free(change->proven);
    free(change->probes);
    free(change);
}

static void lease_finish(struct lease_change *change)
{
    struct json *answer = json_new_object();
    void (*done)(void *, struct json *) = change->done;
    void *context = change->context;

    json_add_bool(answer, "ok", true);
    if (change->id.nonce) {
        json_add(answer, "probes", change->proven);
        json_add(answer, "left", change->left);
        change->proven = change->left = NULL;
    } else {
        json_add(answer, "probes", change->left);
        change->left = NULL;
    }
    lease_change_free(change);
    done(context, answer);
}

/* Enters the phase it stands in. */
static void lease_enter(struct lease_change *change)
{
    switch (change->phase) {
    case LEASE_LEAVING:
        if (change->slot->lease.nonce)
            lease_probe_all(change);
        else
            loop_arm(&change->mock->loop, &change->timer, clock_now_ns());
        break;
    case LEASE_CLOSING:
        if (change->id.nonce && lease_close_idle(change, true))
            loop_arm(&change->mock->loop, &change->timer,
                     clock_now_ns() + IDLE_BOUND_NS);
        else
            lease_step(change);
        break;
    case LEASE_PROVING:
        lease_set(change);
        if (change->id.nonce)
            lease_probe_all(change);
        else
            lease_step(change);
        break;
    case LEASE_DONE:
        lease_finish(change);
        break;
    }
}

static void lease_step(struct lease_change *change)
{
    change->phase++;
    lease_enter(change);
}

static void lease_on_timer(struct loop_timer *timer)
{
    struct lease_change *change =
        (struct lease_change *)(void *)((char *)timer -
                                        offsetof(struct lease_change, timer));

    lease_step(change);
}

bool lease_start(struct mock *mock, struct slot *slot, struct drill_id id,
                 void (*done)(void *, struct json *), void *context)
{
    struct lease_change *change;

    if (slot->change)
        return false;
    change = xcalloc(1, sizeof *change);
    *change = (struct lease_change){ .mock = mock,
                                     .slot = slot,
                                     .id = id,
                                     .timer = { .fire = lease_on_timer },
                                     .left = json_new_array(),
                                     .proven = json_new_array(),
                                     .done = done,
                                     .context = context };
    for (struct listener *l = slot->listeners; l; l = l->next)
        change->probe_count++;
    change->probes = xcalloc(change->probe_count, sizeof *change->probes);
    slot->change = change;
    lease_enter(change);
    return true;
}

void lease_abort(struct slot *slot)
{
    struct lease_change *change = slot->change;
    void (*done)(void *, struct json *);
    void *context;

    if (!change)
        return;
    done = change->done;
    context = change->context;
    lease_change_free(change);
    done(context, NULL);
}

void lease_drop_case(struct mock *mock, uint64_t nonce)
{
    for (struct slot *slot = mock->slots; slot; slot = slot->next) {
        if (slot->lease.nonce != nonce || !nonce)
            continue;
        slot->lease = (struct drill_id){ 0 };
        for (struct listener *l = slot->listeners; l; l = l->next)
            lease_apply(l);
    }
}

void lease_connection_gone(struct slot *slot)
{
    struct lease_change *change = slot->change;

    if (!change || change->phase != LEASE_CLOSING)
        return;
    if (!lease_close_idle(change, false))
        loop_arm(&change->mock->loop, &change->timer, clock_now_ns());
}
