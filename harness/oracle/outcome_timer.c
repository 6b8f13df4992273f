/* Which declared limits run out, surely or perhaps. Source: contracts.md
 * section 6, timeouts. */
#include "harness/oracle/outcome_look.h"

/* Does a limit run out before something that happens within the span? */
static enum firing firing_of(int64_t limit_ms, struct span event)
{
    int64_t margin = look_margin(limit_ms);

    if (span_is_never(event) || event.least > limit_ms + margin)
        return FIRES_SURELY;
    return event.most + margin < limit_ms ? FIRES_NOT : FIRES_MAYBE;
}

static void add_timer(struct look *look, enum failure failure,
                      enum firing firing, struct span at, const char *reason)
{
    if (firing == FIRES_NOT)
        return;
    look->timers[look->timer_count++] =
        (struct timer){ failure, firing, at, reason };
}

static enum firing at_most(enum firing firing, enum firing most)
{
    return firing > most ? most : firing;
}

/* When the exchange is over by itself. */
static struct span natural_end(const struct effect *e)
{
    static const struct span never = { EFFECT_NEVER, EFFECT_NEVER };

    return e->end == EFFECT_END_SILENT ? never : e->end_ms;
}

static void time_head(struct look *look)
{
    const struct effect *e = look->effect;
    int64_t limit = look->runbook->timeouts.header_ms;
    struct span event =
        e->head == EFFECT_HEAD_COMPLETE ? e->head_ms : natural_end(e);

    if (limit < 0)
        return;
    add_timer(look, FAILURE_HEADER_TIMEOUT, firing_of(limit, event),
              (struct span){ limit, limit }, "timeouts.header_ms ran out");
}

/* "First output" of an answer that is not streamed: some count its body, some
 * do not. */
static void time_first_token(struct look *look)
{
    const struct effect *e = look->effect;
    int64_t limit = look->runbook->timeouts.first_token_ms;
    struct span event =
        span_is_never(e->output_ms) ? natural_end(e) : e->output_ms;
    enum firing firing;

    if (limit < 0 || (e->head == EFFECT_HEAD_COMPLETE && e->status >= 300))
        return;
    firing = firing_of(limit, event);
    if (!e->stream_asked)
        firing = at_most(firing, FIRES_MAYBE);
    add_timer(look, FAILURE_FIRST_TOKEN_TIMEOUT, firing,
              (struct span){ limit, limit }, "timeouts.first_token_ms ran out");
}

/* How surely idle_ms runs out where nothing, or only comments, come. */
static enum firing idle_in_silence(const struct look *look)
{
    const struct effect *e = look->effect;
    bool output = !span_is_never(e->output_ms);

    if (e->comments_forever)
        return look->runbook->timeouts.comments_are_progress == 1 ? FIRES_NOT
                                                                  : FIRES_MAYBE;
    return output ? FIRES_SURELY : FIRES_MAYBE;
}

static enum firing idle_in_gaps(const struct look *look, int64_t limit)
{
    const struct effect *e = look->effect;
    struct span bytes = { e->gap_ms, e->gap_ms };
    struct span output = { e->output_gap_ms, e->output_gap_ms };

    switch (look->runbook->timeouts.comments_are_progress) {
    case 1:
        return firing_of(limit, bytes);
    case 0:
        return firing_of(limit, output);
    default:
        if (firing_of(limit, bytes) == FIRES_SURELY)
            return FIRES_SURELY;
        return at_most(firing_of(limit, output), FIRES_MAYBE);
    }
}

static void time_idle(struct look *look)
{
    const struct effect *e = look->effect;
    int64_t limit = look->runbook->timeouts.idle_ms;
    bool silent = e->end == EFFECT_END_SILENT;
    struct span at = span_is_never(e->output_ms) ? e->head_ms : e->output_ms;
    enum firing gaps;

    if (limit < 0 || e->head != EFFECT_HEAD_COMPLETE)
        return;
    gaps = idle_in_gaps(look, limit);
    if (silent && gaps == FIRES_NOT) {
        gaps = idle_in_silence(look);
        at = e->end_ms;
    }
    at.least += limit;
    at.most += limit;
    add_timer(look, FAILURE_IDLE_TIMEOUT, gaps, at, "timeouts.idle_ms ran out");
}

static void time_attempt(struct look *look)
{
    const struct runbook *runbook = look->runbook;
    int64_t limit = runbook->timeouts.attempt_ms;
    const struct commit *commit = &look->commit;
    enum firing firing;

    if (limit < 0)
        return;
    firing = firing_of(limit, natural_end(look->effect));
    if (runbook->timeouts.cover_streams != 1) {
        if (commit->sure_ms >= 0 && commit->sure_ms < limit)
            firing = FIRES_NOT;
        else if (commit->may_ms >= 0 && commit->may_ms < limit)
            firing = at_most(firing, FIRES_MAYBE);
    }
    add_timer(look, FAILURE_ATTEMPT_TIMEOUT, firing,
              (struct span){ limit, limit }, "timeouts.attempt_ms ran out");
}

/* The last attempt may be exempt from all but idle_ms. */
static void exempt_last(struct look *look)
{
    if (!look->last || look->runbook->timeouts.last_attempt_exempt != 1)
        return;
    for (size_t i = 0; i < look->timer_count; i++)
        if (look->timers[i].failure != FAILURE_IDLE_TIMEOUT)
            look->timers[i].firing = FIRES_MAYBE;
}

void look_at_timers(struct look *look)
{
    time_head(look);
    time_first_token(look);
    time_idle(look);
    time_attempt(look);
    exempt_last(look);
}
