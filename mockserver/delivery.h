/*
 * delivery: planned is not delivered: compares what a plan meant with what the
 * wire did, and says in words where they differ. Pure.
 */
#ifndef GATEDRILL_MOCKSERVER_DELIVERY_H
#define GATEDRILL_MOCKSERVER_DELIVERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/attempt.h"
#include "mockserver/plan.h"

struct delivery {
    int64_t planned_bytes, sent_bytes;
    enum step_end planned_end;
    enum attempt_end end;
    bool peer_closed_first; /* before the plan was through */
    bool in_silence;        /* ... while the plan had us wait */
    bool wants_close;       /* the request itself asked for a close */
    const char *upset;      /* known before: what could not be done; or NULL */
};

/*
 * True when the wire did what the plan said. A peer that leaves while the plan
 * is silent (a hang, a delay, the time between two events) has had what was
 * planned for it, and so has one that leaves with the whole of an answer that
 * keeps the connection; one that leaves before a reset or a close has not.
 * deviation  filled with why not, "" when true
 */
bool delivery_judge(const struct delivery *delivery, char *deviation,
                    size_t size);

/* How a planned end is written in an attempt: a hang as "open". */
enum attempt_end delivery_planned_end(enum step_end end);

#endif
