#include "harness/oracle/outcome.h"

#include <stdio.h>

#include "harness/oracle/outcome_look.h"

bool span_is_never(struct span span)
{
    return span.most < 0;
}

int64_t look_margin(int64_t limit_ms)
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
    if (!e->streamed || span_is_never(at))
        return none;
    return (struct commit){ at.least, at.most + OUTCOME_RACE_MS };
}

void look_add(struct outcomes *out, const struct outcome *outcome)
{
    if (out->count < OUTCOMES_MOST)
        out->items[out->count++] = *outcome;
}

void look_add_failure(const struct look *look, struct outcomes *out,
                      struct outcome outcome, enum failure before)
{
    const struct commit *commit = &look->commit;
    struct span at = outcome.lasts_ms;
    bool may_before = commit->sure_ms < 0 || at.least < commit->sure_ms;
    bool may_after =
        commit->may_ms >= 0 && (span_is_never(at) || at.most >= commit->may_ms);

    if (may_before) {
        struct outcome early = outcome;

        early.failure = before;
        early.committed = false;
        look_add(out, &early);
    }
    if (may_after) {
        outcome.committed = true;
        outcome.claimed = true;
        look_add(out, &outcome);
    }
}

static bool look_claims(const struct runbook *runbook, enum failure failure)
{
    bool body = failure == FAILURE_BAD_BODY || failure == FAILURE_EMPTY_BODY ||
                failure == FAILURE_ERROR_IN_200;

    return !body || runbook->client_errors.bad_body.declared ||
           failure_set_has(&runbook->retry.on, failure, 0) ||
           failure_set_has(&runbook->fallback.on, failure, 0);
}

struct outcome look_made(const struct look *look, enum failure failure,
                         struct span at, const char *reason)
{
    return (struct outcome){
        .failure = failure,
        .status = look->effect->status,
        .code = look->effect->code,
        .claimed = look_claims(look->runbook, failure),
        .lasts_ms = at,
        .begins_ms = { look->commit.may_ms, look->commit.sure_ms },
        .reason = reason,
    };
}

/* No later than this something ends the attempt; EFFECT_NEVER: nothing does. */
static int64_t horizon_of(const struct look *look)
{
    int64_t horizon = EFFECT_NEVER;

    for (size_t i = 0; i < look->timer_count; i++) {
        const struct timer *timer = &look->timers[i];
        int64_t at = timer->at.most + look_margin(timer->at.most);

        if (timer->firing == FIRES_SURELY && (horizon < 0 || at < horizon))
            horizon = at;
    }
    if (horizon < 0)
        for (size_t i = 0; i < look->natural.count; i++) {
            int64_t at = look->natural.items[i].lasts_ms.most;

            if (at + look_margin(at) > horizon)
                horizon = at + look_margin(at);
        }
    return horizon;
}

static const char *uncovered_reason(const struct effect *e)
{
    if (e->head != EFFECT_HEAD_COMPLETE)
        return "no declared timeout covers the silence before the head: "
               "timeouts.header_ms is not declared";
    if (span_is_never(e->output_ms))
        return "no declared timeout covers the silence between head and first "
               "output: timeouts.first_token_ms";
    return "no declared timeout covers the silence inside the answer: "
           "timeouts.idle_ms is not declared";
}

static void add_pending(const struct look *look, struct outcomes *out)
{
    static const struct span never = { 0, EFFECT_NEVER };
    struct outcome outcome = look_made(look, FAILURE_ATTEMPT_TIMEOUT, never,
                                       "nothing but timeouts.total_ms ends it");

    snprintf(out->uncovered, sizeof out->uncovered, "%s",
             uncovered_reason(look->effect));
    outcome.pending = true;
    outcome.lasts_ms.least = look->effect->end_ms.least;
    /* Silence lasts: by then the answer has begun if it ever does. */
    outcome.committed = look->commit.sure_ms >= 0;
    if (!outcome.committed)
        outcome.status = -1;
    look_add(out, &outcome);
    if (!outcome.committed && look->commit.may_ms >= 0) {
        outcome.committed = true;
        look_add(out, &outcome);
    }
}

static void combine(const struct look *look, struct outcomes *out)
{
    int64_t horizon = horizon_of(look);

    for (size_t i = 0; i < look->natural.count; i++)
        if (look->natural.items[i].lasts_ms.least <= horizon)
            look_add(out, &look->natural.items[i]);
    for (size_t i = 0; i < look->timer_count; i++) {
        const struct timer *timer = &look->timers[i];
        struct outcome outcome =
            look_made(look, timer->failure, timer->at, timer->reason);

        outcome.code = NULL;
        if (horizon < 0 || timer->at.least <= horizon)
            look_add_failure(look, out, outcome, timer->failure);
    }
    if (horizon < 0)
        add_pending(look, out);
}

static void add_unconnected(struct outcomes *out, enum failure failure,
                            struct span at, const char *reason)
{
    const struct outcome outcome = {
        .failure = failure,
        .status = -1,
        .claimed = true,
        .pending = at.most < 0,
        .lasts_ms = at,
        .begins_ms = { EFFECT_NEVER, EFFECT_NEVER },
        .reason = reason,
    };

    look_add(out, &outcome);
}

/* Nothing was sent, so that only what counts from the start can run out. */
static void look_at_unanswered(struct outcomes *out,
                               const struct runbook_timeouts *timeouts)
{
    int64_t connect = timeouts->connect_ms;
    int64_t attempt = timeouts->attempt_ms;

    if (connect >= 0 &&
        (attempt < 0 || connect - look_margin(connect) <= attempt))
        add_unconnected(out, FAILURE_CONNECT_TIMEOUT,
                        (struct span){ connect, connect },
                        "timeouts.connect_ms ran out");
    if (attempt >= 0 &&
        (connect < 0 || attempt - look_margin(attempt) <= connect))
        add_unconnected(out, FAILURE_ATTEMPT_TIMEOUT,
                        (struct span){ attempt, attempt },
                        "timeouts.attempt_ms ran out");
    if (out->count > 0)
        return;
    add_unconnected(out, FAILURE_CONNECT_TIMEOUT,
                    (struct span){ 0, EFFECT_NEVER },
                    "nothing but timeouts.total_ms ends it");
    snprintf(out->uncovered, sizeof out->uncovered,
             "no declared timeout covers a connection that is not answered: "
             "timeouts.connect_ms is not declared");
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
    if (effect->unanswered) {
        look_at_unanswered(out, &runbook->timeouts);
        return;
    }
    if (!effect->connects) {
        add_unconnected(out, FAILURE_CONNECT_REFUSED, (struct span){ 0, 0 },
                        "the port refuses");
        return;
    }
    look_at_natural(&look);
    look_at_timers(&look);
    combine(&look, out);
}
