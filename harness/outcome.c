#include "harness/outcome.h"

#include <stdio.h>

/* From when on the answer may have begun for the client, and from when on it
 * surely has; EFFECT_NEVER: never. */
struct commit {
    int64_t may_ms, sure_ms;
};

enum firing { FIRES_NOT, FIRES_MAYBE, FIRES_SURELY };

/* A declared limit that may run out. */
struct timer {
    enum failure failure;
    enum firing firing;
    struct span at;
    const char *reason;
};
#define TIMERS_MOST 4

struct look {
    const struct effect *effect;
    const struct runbook *runbook;
    bool last;
    struct commit commit;
    struct outcomes natural; /* what happens if no limit runs out */
    struct timer timers[TIMERS_MOST];
    size_t timer_count;
};

static bool is_never(struct span span)
{
    return span.most < 0;
}

/* A limit and an event this near to each other race. */
static int64_t race_margin(int64_t limit_ms)
{
    return limit_ms / 10 > 5 ? limit_ms / 10 : 5;
}

/* Source: contracts.md section 6, stream.commit; with first_byte any answer
 * counts, with the others one that is not streamed is read whole first. */
static struct commit commit_of(const struct effect *e,
                               const struct runbook *runbook)
{
    const struct commit none = { EFFECT_NEVER, EFFECT_NEVER };
    struct span at;

    if (e->head != EFFECT_HEAD_COMPLETE || e->status >= 300)
        return none;
    if (runbook->stream.commit < 0)
        return (struct commit){ e->head_ms.least, EFFECT_NEVER };
    if (runbook->stream.commit == COMMIT_FIRST_BYTE)
        return (struct commit){ e->head_ms.least,
                                e->body_begins
                                    ? e->head_ms.most + OUTCOME_RACE_MS
                                    : EFFECT_NEVER };
    at = runbook->stream.commit == COMMIT_FIRST_EVENT ? e->event_ms
                                                      : e->output_ms;
    if (!e->streamed || is_never(at))
        return none;
    return (struct commit){ at.least, at.most + OUTCOME_RACE_MS };
}

static void add(struct outcomes *out, const struct outcome *outcome)
{
    if (out->count < OUTCOMES_MOST)
        out->items[out->count++] = *outcome;
}

/* Adds a failure as it is seen before the commit point, after it, or both. */
static void add_failure(const struct look *look, struct outcomes *out,
                        struct outcome outcome, enum failure before)
{
    const struct commit *commit = &look->commit;
    struct span at = outcome.lasts_ms;
    bool may_before = commit->sure_ms < 0 || at.least < commit->sure_ms;
    bool may_after =
        commit->may_ms >= 0 && (is_never(at) || at.most >= commit->may_ms);

    if (may_before) {
        struct outcome early = outcome;

        early.failure = before;
        early.committed = false;
        add(out, &early);
    }
    if (may_after) {
        outcome.committed = true;
        outcome.claimed = true;
        add(out, &outcome);
    }
}

static bool claims(const struct runbook *runbook, enum failure failure)
{
    bool body = failure == FAILURE_BAD_BODY || failure == FAILURE_EMPTY_BODY ||
                failure == FAILURE_ERROR_IN_200;

    return !body || runbook->client_errors.bad_body.declared ||
           failure_set_has(&runbook->retry.on, failure, 0) ||
           failure_set_has(&runbook->fallback.on, failure, 0);
}

static struct outcome made(const struct look *look, enum failure failure,
                           struct span at, const char *reason)
{
    return (struct outcome){
        .failure = failure,
        .status = look->effect->status,
        .code = look->effect->code,
        .claimed = claims(look->runbook, failure),
        .lasts_ms = at,
        .reason = reason,
    };
}

static void natural(struct look *look, enum failure failure, struct span at,
                    const char *reason)
{
    struct outcome outcome = made(look, failure, at, reason);

    /* Whoever looks into a body that is not streamed has read it whole. */
    if (look->effect->streamed)
        add_failure(look, &look->natural, outcome, failure);
    else
        add(&look->natural, &outcome);
}

/* Before the head is complete nothing can be committed. */
static void before_head(struct look *look, enum failure failure,
                        const char *reason)
{
    struct outcome outcome = made(look, failure, look->effect->end_ms, reason);

    outcome.status = -1;
    outcome.code = NULL;
    add(&look->natural, &outcome);
}

static void answered(struct look *look, bool passed_on, const char *reason)
{
    struct outcome outcome =
        made(look, FAILURE_NONE, look->effect->end_ms, reason);

    outcome.passed_on = passed_on;
    add(&look->natural, &outcome);
}

/* A cut is truncated_body, and truncated_before_commit of a stream that has
 * not begun for the client. */
static void truncated(struct look *look, struct span at, const char *reason)
{
    const struct effect *e = look->effect;
    struct outcome outcome = made(look, FAILURE_TRUNCATED_BODY, at, reason);

    outcome.cut_invisible = !e->framed;
    add_failure(look, &look->natural, outcome,
                e->streamed ? FAILURE_TRUNCATED_BEFORE_COMMIT
                            : FAILURE_TRUNCATED_BODY);
}

/* A reset can take with it what was sent just before: then the gateway saw a
 * reset and no head. */
static void lost_in_reset(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->end_ms.least - e->head_ms.most >= OUTCOME_RACE_MS)
        return;
    before_head(look, FAILURE_RESET_BEFORE_HEADERS,
                "the reset overtook what was sent before it");
}

static void look_at_no_head(struct look *look)
{
    const struct effect *e = look->effect;
    bool partial = e->head == EFFECT_HEAD_PARTIAL;

    if (e->end == EFFECT_END_SILENT)
        return;
    if (e->head == EFFECT_HEAD_MALFORMED) {
        before_head(look, FAILURE_MALFORMED_HEAD,
                    "the bytes are not an HTTP response head");
        before_head(look, FAILURE_EOF_BEFORE_HEADERS,
                    "the connection closed and no head had come");
        return;
    }
    if (e->end == EFFECT_END_RST || e->before_request)
        before_head(look, FAILURE_RESET_BEFORE_HEADERS,
                    "the connection was reset before the head was complete");
    if (e->end != EFFECT_END_RST)
        before_head(look, FAILURE_EOF_BEFORE_HEADERS,
                    "the connection closed before the head was complete");
    if (partial)
        before_head(look, FAILURE_MALFORMED_HEAD, "half a head is not a head");
    if (e->at_accept && e->end == EFFECT_END_RST)
        before_head(look, FAILURE_CONNECT_REFUSED,
                    "a reset at once looks like a failed connection");
}

static void look_at_status(struct look *look)
{
    const struct effect *e = look->effect;
    struct span at = e->head_ms;

    if (e->end != EFFECT_END_SILENT && e->end_ms.most > at.most)
        at.most = e->end_ms.most;
    struct outcome outcome = made(look, FAILURE_HTTP, at, "the status says so");
    add(&look->natural, &outcome);
    if (e->end == EFFECT_END_RST || e->reset_after)
        lost_in_reset(look);
    if (e->end == EFFECT_END_FIN || e->end == EFFECT_END_RST ||
        e->end == EFFECT_END_BROKEN) {
        outcome = made(look, FAILURE_TRUNCATED_BODY, e->end_ms,
                       "the error's body was cut");
        add(&look->natural, &outcome);
    }
}

static void look_at_cut(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->end == EFFECT_END_SILENT)
        return;
    if (!e->framed && e->end == EFFECT_END_FIN)
        answered(look, true,
                 "a body that ends with the connection does not show a cut");
    truncated(look, e->end_ms,
              e->streamed ? "the stream was cut" : "the body was cut");
    if (e->end == EFFECT_END_RST)
        lost_in_reset(look);
    if (e->end == EFFECT_END_BROKEN) {
        struct outcome outcome = made(look, FAILURE_BAD_BODY, e->end_ms,
                                      "a chunk size that is none");

        outcome.claimed = true; /* a cut all the same */
        add_failure(look, &look->natural, outcome, FAILURE_BAD_BODY);
    }
}

/* A stream that is whole by its framing. */
static void look_at_stream(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->error_event) {
        struct outcome outcome = made(look, FAILURE_ERROR_IN_200, e->error_ms,
                                      "the stream says that it failed");

        outcome.error_event = true;
        outcome.claimed = true; /* the client can read the error event */
        add_failure(look, &look->natural, outcome, FAILURE_ERROR_IN_200);
        return;
    }
    if (e->malformed_event) {
        struct outcome outcome = made(look, FAILURE_BAD_BODY, e->malformed_ms,
                                      "an event is not JSON");

        answered(look, true,
                 "one event is not JSON, and what becomes of it "
                 "is not declared");
        add_failure(look, &look->natural, outcome, FAILURE_BAD_BODY);
        return;
    }
    if (!e->finish) {
        answered(look, true,
                 "the stream ends without a finish_reason, and some "
                 "upstreams' do");
        truncated(look, e->end_ms, "no finish_reason came");
        return;
    }
    if (!e->whole) {
        answered(look, true, "a short answer, with its finish_reason");
        return;
    }
    answered(look, false, "the upstream answered well");
    if (!e->done) {
        struct outcome outcome =
            made(look, FAILURE_TRUNCATED_BODY, e->end_ms, "no [DONE] came");

        outcome.committed = true;
        if (look->commit.may_ms >= 0)
            add(&look->natural, &outcome);
    }
}

static void look_at_whole(struct look *look)
{
    const struct effect *e = look->effect;

    switch (e->content) {
    case EFFECT_CONTENT_NONE:
    case EFFECT_CONTENT_EMPTY:
        natural(look, FAILURE_EMPTY_BODY, e->end_ms,
                e->streamed ? "the stream has no output"
                            : "there is nothing in the answer");
        return;
    case EFFECT_CONTENT_BAD:
        natural(look, FAILURE_BAD_BODY, e->end_ms,
                "the body is not the promised shape");
        return;
    case EFFECT_CONTENT_ERROR:
        natural(look, FAILURE_ERROR_IN_200, e->end_ms,
                "the body is an error object");
        return;
    case EFFECT_CONTENT_ODD:
        answered(look, true, "the answer is oddly labelled or encoded");
        natural(look, FAILURE_BAD_BODY, e->end_ms,
                "the answer is oddly labelled or encoded");
        return;
    case EFFECT_CONTENT_ANSWER:
        break;
    }
    if (e->streamed) {
        look_at_stream(look);
    } else if (!e->finish) {
        answered(look, true, "the answer has no finish_reason");
        natural(look, FAILURE_BAD_BODY, e->end_ms, "no finish_reason came");
    } else {
        answered(look, false, "the upstream answered well");
    }
    if (e->reset_after) {
        truncated(look, e->end_ms, "the connection was reset at the end");
        lost_in_reset(look);
    }
}

static void look_at_natural(struct look *look)
{
    const struct effect *e = look->effect;

    if (e->head != EFFECT_HEAD_COMPLETE) {
        look_at_no_head(look);
    } else if (e->status < 200) {
        struct outcome outcome = made(look, FAILURE_MALFORMED_HEAD, e->head_ms,
                                      "an interim status is no answer");

        add(&look->natural, &outcome);
    } else if (e->status >= 300) {
        look_at_status(look);
    } else if (e->end == EFFECT_END_COMPLETE) {
        look_at_whole(look);
    } else {
        look_at_cut(look);
    }
}

/* Does a limit run out before something that happens within the span? */
static enum firing firing_of(int64_t limit_ms, struct span event)
{
    int64_t margin = race_margin(limit_ms);

    if (is_never(event) || event.least > limit_ms + margin)
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
    struct span event = is_never(e->output_ms) ? natural_end(e) : e->output_ms;
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
    bool output = !is_never(e->output_ms);

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
    struct span at = is_never(e->output_ms) ? e->head_ms : e->output_ms;
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

/* No later than this something ends the attempt; EFFECT_NEVER: nothing does. */
static int64_t horizon_of(const struct look *look)
{
    int64_t horizon = EFFECT_NEVER;

    for (size_t i = 0; i < look->timer_count; i++) {
        const struct timer *timer = &look->timers[i];
        int64_t at = timer->at.most + race_margin(timer->at.most);

        if (timer->firing == FIRES_SURELY && (horizon < 0 || at < horizon))
            horizon = at;
    }
    if (horizon < 0)
        for (size_t i = 0; i < look->natural.count; i++) {
            int64_t at = look->natural.items[i].lasts_ms.most;

            if (at + race_margin(at) > horizon)
                horizon = at + race_margin(at);
        }
    return horizon;
}

static const char *uncovered_reason(const struct effect *e)
{
    if (e->head != EFFECT_HEAD_COMPLETE)
        return "no declared timeout covers the silence before the head: "
               "timeouts.header_ms is not declared";
    if (is_never(e->output_ms))
        return "no declared timeout covers the silence between head and first "
               "output: timeouts.first_token_ms";
    return "no declared timeout covers the silence inside the answer: "
           "timeouts.idle_ms is not declared";
}

static void add_pending(const struct look *look, struct outcomes *out)
{
    static const struct span never = { 0, EFFECT_NEVER };
    struct outcome outcome = made(look, FAILURE_ATTEMPT_TIMEOUT, never,
                                  "nothing but timeouts.total_ms ends it");

    snprintf(out->uncovered, sizeof out->uncovered, "%s",
             uncovered_reason(look->effect));
    outcome.pending = true;
    outcome.lasts_ms.least = look->effect->end_ms.least;
    /* Silence lasts: by then the answer has begun if it ever does. */
    outcome.committed = look->commit.sure_ms >= 0;
    if (!outcome.committed)
        outcome.status = -1;
    add(out, &outcome);
    if (!outcome.committed && look->commit.may_ms >= 0) {
        outcome.committed = true;
        add(out, &outcome);
    }
}

static void combine(const struct look *look, struct outcomes *out)
{
    int64_t horizon = horizon_of(look);

    for (size_t i = 0; i < look->natural.count; i++)
        if (look->natural.items[i].lasts_ms.least <= horizon)
            add(out, &look->natural.items[i]);
    for (size_t i = 0; i < look->timer_count; i++) {
        const struct timer *timer = &look->timers[i];
        struct outcome outcome =
            made(look, timer->failure, timer->at, timer->reason);

        outcome.code = NULL;
        if (horizon < 0 || timer->at.least <= horizon)
            add_failure(look, out, outcome, timer->failure);
    }
    if (horizon < 0)
        add_pending(look, out);
}

void outcomes_of(struct outcomes *out, const struct effect *effect,
                 const struct runbook *runbook, bool last)
{
    struct look look = {
        .effect = effect,
        .runbook = runbook,
        .last = last,
        .commit = commit_of(effect, runbook),
    };

    *out = (struct outcomes){ 0 };
    if (!effect->connects) {
        const struct outcome refused = {
            .failure = FAILURE_CONNECT_REFUSED,
            .status = -1,
            .claimed = true,
            .reason = "the port refuses",
        };

        add(out, &refused);
        return;
    }
    look_at_natural(&look);
    time_head(&look);
    time_first_token(&look);
    time_idle(&look);
    time_attempt(&look);
    exempt_last(&look);
    combine(&look, out);
}
