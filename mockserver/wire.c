#include "mockserver/wire.h"

#include <errno.h>
#include <sys/socket.h>

#include "common/clock.h"

static void wire_advance(struct wire_progress *progress)
{
    progress->act++;
    progress->sent = 0;
    progress->waited = false;
}

/* The bytes of a send act that may go out now; length 0: the next piece is not
 * due yet. */
static struct wire_todo wire_send_todo(const struct wire_progress *progress,
                                       const struct act *act, int64_t now_ns)
{
    size_t left = act->length - progress->sent;

    if (act->piece_bytes > 0) {
        size_t piece = (size_t)act->piece_bytes;
        size_t rest = piece - progress->sent % piece;

        if (rest == piece && progress->sent && now_ns < progress->due_ns)
            return (struct wire_todo){ .kind = WIRE_WAIT,
                                       .until_ns = progress->due_ns };
        if (rest < left)
            left = rest;
    }
    return (struct wire_todo){ .kind = WIRE_SEND,
                               .from = act->from + progress->sent,
                               .length = left };
}

struct wire_todo wire_next(struct wire_progress *progress,
                           const struct plan *plan, int64_t now_ns)
{
    for (; progress->act < plan->act_count; wire_advance(progress)) {
        const struct act *act = &plan->acts[progress->act];

        switch (act->kind) {
        case ACT_WAIT:
            if (!progress->waited)
                progress->due_ns += act->wait_ms * NS_PER_MS;
            progress->waited = true;
            if (now_ns < progress->due_ns)
                return (struct wire_todo){ .kind = WIRE_WAIT,
                                           .until_ns = progress->due_ns };
            progress->rested = true;
            break;
        case ACT_SEND:
            if (progress->sent < act->length)
                return wire_send_todo(progress, act, now_ns);
            break;
        case ACT_EVENT:
            progress->events++;
            break;
        case ACT_END:
            return (struct wire_todo){ .kind = WIRE_END, .end = act->end };
        }
    }
    return (struct wire_todo){ .kind = WIRE_END, .end = plan->end };
}

void wire_took(struct wire_progress *progress, const struct plan *plan,
               size_t length)
{
    const struct act *act = &plan->acts[progress->act];

    progress->sent += length;
    progress->sent_bytes += (int64_t)length;
    progress->rested = act->piece_bytes > 0 && progress->sent < act->length &&
                       progress->sent % (size_t)act->piece_bytes == 0;
    if (progress->rested)
        progress->due_ns += act->piece_every_ms * NS_PER_MS;
}

bool wire_has_sends(const struct wire_progress *progress,
                    const struct plan *plan)
{
    for (size_t i = progress->act; i < plan->act_count; i++) {
        const struct act *act = &plan->acts[i];
        size_t sent = i == progress->act ? progress->sent : 0;

        if (act->kind == ACT_SEND && sent < act->length)
            return true;
    }
    return false;
}

static struct wire *wire_of_timer(struct loop_timer *timer)
{
    return (struct wire *)(void *)((char *)timer -
                                   offsetof(struct wire, timer));
}

void wire_stop(struct wire *wire)
{
    if (wire->loop)
        loop_disarm(wire->loop, &wire->timer);
}

static void wire_over(struct wire *wire, enum attempt_end end)
{
    wire_stop(wire);
    wire->over(wire, end);
}

static void wire_end(struct wire *wire, enum step_end end)
{
    static const enum attempt_end ends[] = {
        [STEP_END_KEEP] = ATTEMPT_END_KEEP,
        [STEP_END_FIN] = ATTEMPT_END_FIN,
        [STEP_END_RST] = ATTEMPT_END_RST,
    };

    if (end != STEP_END_HANG) {
        wire_over(wire, ends[end]);
        return;
    }
    wire->silent = true;
    if (wire->peer_fin)
        wire_over(wire, ATTEMPT_END_PEER_FIN);
}

/* False when the wire must wait for the socket or is over. */
static bool wire_send(struct wire *wire, const struct wire_todo *todo)
{
    ssize_t sent = send(wire->fd, wire->plan->bytes.data + todo->from,
                        todo->length, MSG_NOSIGNAL);

    if (sent >= 0) {
        wire->silent = false;
        wire_took(&wire->progress, wire->plan, (size_t)sent);
        return true;
    }
    if (errno == EINTR)
        return true;
    wire->silent = wire->progress.rested;
    if (errno == EAGAIN)
        wire->blocked = true;
    else
        wire_over(wire,
                  wire->peer_fin ? ATTEMPT_END_PEER_FIN : ATTEMPT_END_PEER_RST);
    return false;
}

static void wire_run(struct wire *wire)
{
    while (!wire->blocked) {
        struct wire_todo todo =
            wire_next(&wire->progress, wire->plan, clock_now_ns());

        if (todo.kind == WIRE_END) {
            wire_end(wire, todo.end);
            return;
        }
        if (todo.kind == WIRE_WAIT) {
            wire->silent = true;
            loop_arm(wire->loop, &wire->timer, todo.until_ns);
            return;
        }
        if (!wire_send(wire, &todo))
            return;
    }
}

static void wire_on_timer(struct loop_timer *timer)
{
    wire_run(wire_of_timer(timer));
}

void wire_start(struct wire *wire, struct loop *loop, int fd,
                const struct plan *plan, int64_t now_ns,
                void (*over)(struct wire *, enum attempt_end))
{
    *wire = (struct wire){ .loop = loop,
                           .plan = plan,
                           .fd = fd,
                           .progress = { .due_ns = now_ns },
                           .timer = { .fire = wire_on_timer },
                           .over = over };
    loop_arm(loop, &wire->timer, now_ns);
}

void wire_writable(struct wire *wire)
{
    if (!wire->blocked)
        return;
    wire->blocked = false;
    wire_run(wire);
}

bool wire_peer(struct wire *wire, bool reset)
{
    if (reset) {
        /* A RST after its FIN is its kernel's answer to what we still sent. */
        wire_over(wire,
                  wire->peer_fin ? ATTEMPT_END_PEER_FIN : ATTEMPT_END_PEER_RST);
        return true;
    }
    wire->peer_fin = true;
    if (!wire->silent || wire_has_sends(&wire->progress, wire->plan))
        return false;
    wire_over(wire, ATTEMPT_END_PEER_FIN);
    return true;
}
