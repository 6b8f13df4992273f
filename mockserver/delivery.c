#include "mockserver/delivery.h"

#include <inttypes.h>
#include <stdio.h>

static const char *delivery_names[] = {
    [STEP_END_KEEP] = "end of the answer",
    [STEP_END_FIN] = "close",
    [STEP_END_RST] = "reset",
    [STEP_END_HANG] = "silence",
};

enum attempt_end delivery_planned_end(enum step_end end)
{
    static const enum attempt_end ends[] = {
        [STEP_END_KEEP] = ATTEMPT_END_KEEP,
        [STEP_END_FIN] = ATTEMPT_END_FIN,
        [STEP_END_RST] = ATTEMPT_END_RST,
        [STEP_END_HANG] = ATTEMPT_END_OPEN,
    };

    return ends[end];
}

static bool delivery_peer_ended(const struct delivery *d)
{
    return d->end == ATTEMPT_END_PEER_FIN || d->end == ATTEMPT_END_PEER_RST;
}

/* Whoever has the whole answer may go: the library tells us that it was sent
 * only a turn of the loop later. */
static bool delivery_peer_was_served(const struct delivery *d)
{
    return delivery_peer_ended(d) &&
           (d->in_silence || d->sent_bytes >= d->planned_bytes);
}

static bool delivery_end_fits(const struct delivery *d)
{
    switch (d->planned_end) {
    case STEP_END_HANG:
        return delivery_peer_ended(d) || d->end == ATTEMPT_END_OPEN;
    case STEP_END_KEEP:
        return d->end == ATTEMPT_END_KEEP || d->end == ATTEMPT_END_OPEN ||
               (d->end == ATTEMPT_END_FIN && d->wants_close) ||
               delivery_peer_was_served(d);
    case STEP_END_FIN:
        return d->end == ATTEMPT_END_FIN && !d->peer_closed_first;
    case STEP_END_RST:
        return d->end == ATTEMPT_END_RST && !d->peer_closed_first;
    }
    return false;
}

bool delivery_judge(const struct delivery *d, char *deviation, size_t size)
{
    bool cut_short = d->sent_bytes < d->planned_bytes &&
                     d->end != ATTEMPT_END_OPEN &&
                     !(d->in_silence && delivery_peer_ended(d));

    deviation[0] = '\0';
    if (d->upset)
        snprintf(deviation, size, "%s", d->upset);
    else if (d->peer_closed_first && !delivery_end_fits(d))
        snprintf(deviation, size,
                 "peer closed before the %s (%" PRId64 " of %" PRId64
                 " bytes taken)",
                 delivery_names[d->planned_end], d->sent_bytes,
                 d->planned_bytes);
    else if (cut_short)
        snprintf(deviation, size, "%" PRId64 " of %" PRId64 " bytes taken",
                 d->sent_bytes, d->planned_bytes);
    else if (!delivery_end_fits(d))
        snprintf(deviation, size, "ended with %s, planned was the %s",
                 attempt_end_names[d->end], delivery_names[d->planned_end]);
    return !deviation[0];
}
