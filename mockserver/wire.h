/*
 * wire: acts a raw plan out on a socket: waits, paced sends, marks, the end.
 * wire_next() decides (pure); struct wire acts, on the loop's timers and the
 * socket's readiness, and reports what the kernel really did.
 */
#ifndef GATEDRILL_MOCKSERVER_WIRE_H
#define GATEDRILL_MOCKSERVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attempt.h"
#include "mockserver/loop.h"
#include "mockserver/plan.h"

/* How far a plan has come. Deadlines are absolute: a late event does not move
 * those behind it. */
struct wire_progress {
    size_t act;
    size_t sent;        /* bytes of this act */
    bool waited;        /* this act's wait is in due_ns */
    int64_t due_ns;     /* not before this time */
    int64_t sent_bytes; /* of the whole plan */
    int64_t events;
    bool rested; /* a wait lies between the last byte and what is next, however
                    late we are */
};

enum wire_todo_kind { WIRE_SEND, WIRE_WAIT, WIRE_END };
struct wire_todo {
    enum wire_todo_kind kind;
    size_t from, length; /* WIRE_SEND: of plan->bytes */
    int64_t until_ns;    /* WIRE_WAIT */
    enum step_end end;   /* WIRE_END */
};

/* What is to be done now; moves over acts that are done with. */
struct wire_todo wire_next(struct wire_progress *progress,
                           const struct plan *plan, int64_t now_ns);
/* The kernel took that many of the bytes of the last WIRE_SEND. */
void wire_took(struct wire_progress *progress, const struct plan *plan,
               size_t length);
/* True when bytes are still to be sent after where it stands. */
bool wire_has_sends(const struct wire_progress *progress,
                    const struct plan *plan);

struct wire {
    struct loop *loop;
    const struct plan *plan;
    int fd;
    struct wire_progress progress;
    struct loop_timer timer;
    bool blocked;  /* the kernel takes no more for now */
    bool silent;   /* in a wait or a hang, or right behind one */
    bool peer_fin; /* seen */
    /* Called once, last: the plan's own end was reached (KEEP, FIN, RST: the
     * caller carries it out), or the peer was first. */
    void (*over)(struct wire *wire, enum attempt_end end);
};

/* Starts on the next turn of the loop; waits count from now_ns. */
void wire_start(struct wire *wire, struct loop *loop, int fd,
                const struct plan *plan, int64_t now_ns,
                void (*over)(struct wire *, enum attempt_end));
void wire_stop(struct wire *wire);
/* The socket takes bytes again. */
void wire_writable(struct wire *wire);
/* The peer's FIN or RST. A FIN ends the plan only in a silence with nothing
 * left to send behind it: a half-closed peer may still read. True: it was over,
 * the wire may be gone. */
bool wire_peer(struct wire *wire, bool reset);

#endif
