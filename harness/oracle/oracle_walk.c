#include "harness/oracle/oracle_walk.h"

#include <stdio.h>
#include <string.h>

static void try_upstream(struct walk *walk, struct progress progress, size_t u,
                         const struct wait *wait, const char *reason);

/* This near to total_ms it may be over or not: each attempt costs the gateway
 * some time of its own. */
static int64_t total_margin(const struct walk *walk)
{
    int64_t tenth = walk->runbook->timeouts.total_ms / 10;

    return (tenth > 100 ? tenth : 100) + 25 * (int64_t)walk->path.count;
}

/* The stretch of an attempt in which total_ms binds: until the answer has
 * begun, unless timeouts.cover_streams. */
static struct span total_stretch(const struct walk *walk,
                                 const struct outcome *outcome)
{
    struct span lasts = outcome->lasts_ms;
    struct span begins = outcome->begins_ms;

    if (walk->runbook->timeouts.cover_streams == 1 || begins.least < 0)
        return lasts;
    if (begins.least < lasts.least)
        lasts.least = begins.least;
    if (begins.most >= 0 && (lasts.most < 0 || begins.most < lasts.most))
        lasts.most = begins.most;
    return lasts;
}

/* Adds the end by total_ms where it may come within a stretch of time. Returns
 * true when it surely does. */
static bool end_by_total(struct walk *walk, const struct progress *progress,
                         const struct outcome *outcome, struct span stretch,
                         bool early)
{
    int64_t total = walk->runbook->timeouts.total_ms;
    int64_t margin = total_margin(walk);
    bool sure =
        progress->least_ms + stretch.least > total + (early ? 0 : margin);
    bool may =
        stretch.most < 0 || progress->most_ms + stretch.most + margin >= total;
    struct progress ended = *progress;

    if (!sure && !may && !progress->open)
        return false;
    ended.most_ms = total;
    ended.open = false;
    walk_end(walk, &ended, WALK_END_TOTAL, outcome,
             !sure && !may ? total - margin : 0,
             early ? "the next wait would pass timeouts.total_ms"
                   : "timeouts.total_ms ends it");
    return sure;
}

static void pass(struct progress *progress, int64_t least_ms, int64_t most_ms)
{
    progress->least_ms += least_ms;
    if (most_ms == ALLOWED_ANY) {
        progress->open = true;
        most_ms = least_ms;
    }
    progress->most_ms += most_ms;
}

/* How long a wait is, at most or by all likelihood. */
static int64_t longest(const struct wait *wait)
{
    if (wait->most_ms != ALLOWED_ANY)
        return wait->most_ms;
    return wait->likely_ms > wait->least_ms ? wait->likely_ms : wait->least_ms;
}

/* Waits, then tries; unless total_ms is over by then. */
static void wait_and_try(struct walk *walk, struct progress progress, size_t u,
                         const struct wait *wait, const struct outcome *outcome,
                         const char *reason)
{
    if (walk->runbook->timeouts.total_ms >= 0) {
        struct span stretch = { wait->least_ms, longest(wait) };

        if (end_by_total(walk, &progress, outcome, stretch, true))
            return;
    }
    progress.open = progress.open || wait->most_ms == ALLOWED_ANY;
    pass(&progress, wait->least_ms, longest(wait));
    progress.waited_least_ms += wait->obeyed_least_ms;
    progress.waited_most_ms += wait->obeyed_most_ms;
    try_upstream(walk, progress, u, wait, reason);
}

/* The step that the latest attempt at an upstream met. */
static const struct step *step_of(const struct walk *walk,
                                  const struct progress *progress, size_t u,
                                  struct step *healthy)
{
    const struct walk_upstream *upstream = &walk->upstreams[u];
    int64_t key = progress->key[u];
    const struct step *step = NULL;

    if (upstream->keyed)
        step = script_step_of_key(upstream->script, key + 1,
                                  progress->key_tries[u][key]);
    else if (upstream->script)
        step = script_step(upstream->script, progress->tries[u]);
    if (step)
        return step;
    step_init(healthy, FAULT_none);
    return healthy;
}

/* No wait is short enough for timeouts.total_ms. */
static bool wait_passes_total(const struct walk *walk,
                              const struct progress *progress,
                              const struct waits *waits)
{
    int64_t total = walk->runbook->timeouts.total_ms;

    for (size_t i = 0; i < waits->count; i++)
        if (progress->least_ms + waits->items[i].least_ms <= total)
            return false;
    return total >= 0 && waits->count > 0;
}

/* A wait is too long: the next upstream, or the end, takes the retry's place.
 */
static void instead_of_waiting(const struct walk *walk,
                               const struct progress *progress, size_t u,
                               const struct outcome *outcome,
                               struct moves *moves, const char *reason,
                               bool ends)
{
    enum walk_answer fallback = walk_in_set(
        walk->runbook->fallback.declared, &walk->runbook->fallback.on, outcome);

    if (fallback != WALK_NO && moves->end_kind != WALK_END_AUTH)
        walk_allow_fallback(walk, progress, u, moves, outcome,
                            "is not retried: the wait would be too long");
    if (!ends || moves->end)
        return;
    moves->end = fallback == WALK_MAYBE || !moves->fallback;
    snprintf(moves->end_reason, sizeof moves->end_reason, "%s", reason);
}

static void retry_after_wait(struct walk *walk, const struct progress *progress,
                             size_t u, const struct outcome *outcome,
                             struct moves *moves)
{
    struct step healthy;
    struct waits waits;
    struct progress next = *progress;

    walk_waits(&waits, walk->runbook, step_of(walk, progress, u, &healthy),
               outcome, progress, progress->tries[u] - 1);
    next.retries++;
    if (moves->end_kind == WALK_END_AUTH)
        next.known_good_used = true;
    for (size_t i = 0; i < waits.count; i++)
        wait_and_try(walk, next, u, &waits.items[i], outcome,
                     moves->retry_reason);
    if (moves->fallback) {
        if (moves->fallback_open &&
            (waits.give_up || wait_passes_total(walk, progress, &waits)))
            moves->end = true;
        return;
    }
    if (waits.give_up)
        instead_of_waiting(walk, progress, u, outcome, moves, waits.reason,
                           true);
    else if (wait_passes_total(walk, progress, &waits))
        instead_of_waiting(walk, progress, u, outcome, moves,
                           "the wait would pass timeouts.total_ms", false);
}

static void end_by_moves(struct walk *walk, const struct progress *progress,
                         const struct outcome *outcome,
                         const struct moves *moves)
{
    walk_end(walk, progress, moves->end_kind, outcome, 0, moves->end_reason);
    if (moves->end_open)
        walk_end(walk, progress, WALK_END_NOT_RETRIED, outcome, 0,
                 moves->end_reason);
}

/* A Retry-After binds a later return to the upstream. Above its cap it may end
 * the request, or close the upstream, whether a retry was due or not. */
static void heed_hint(struct walk *walk, struct progress *progress, size_t u,
                      const struct outcome *outcome, const struct moves *moves)
{
    struct step healthy;
    struct waits waits;

    if (moves->rotate)
        return;
    walk_waits(&waits, walk->runbook, step_of(walk, progress, u, &healthy),
               outcome, progress, progress->tries[u] - 1);
    walk_remember(progress, u, &waits);
    if (waits.fail && (moves->retry || moves->fallback))
        walk_end(walk, progress, WALK_END_EXHAUSTED, outcome, 0, waits.reason);
    if (waits.give_up && progress->closed[u] == WALK_NO)
        progress->closed[u] =
            waits.count > 0 || waits.fail ? WALK_MAYBE : WALK_YES;
}

/* A wait is for the key that was told to wait. */
static void retry_with_next_key(struct walk *walk,
                                const struct progress *progress, size_t u,
                                const struct outcome *outcome,
                                const struct moves *moves)
{
    struct progress next = *progress;
    struct wait wait;

    next.told[u] = false;
    wait = walk_switch_wait(walk->runbook, &next, u);
    snprintf(wait.reason, sizeof wait.reason,
             "with the next key: no wait is asked for");
    next.retries++;
    next.key[u] = (next.key[u] + 1) % walk->upstreams[u].keys;
    next.used[u]++;
    wait_and_try(walk, next, u, &wait, outcome, moves->rotate_reason);
}

static void follow(struct walk *walk, struct progress *progress, size_t u,
                   const struct outcome *outcome)
{
    const struct runbook *runbook = walk->runbook;
    struct step healthy;
    struct moves moves;

    walk_moves(walk, progress, u, step_of(walk, progress, u, &healthy), outcome,
               &moves);
    progress->closed[u] = moves.closes ? WALK_YES : WALK_NO;
    heed_hint(walk, progress, u, outcome, &moves);
    if ((moves.retry || moves.rotate) && runbook->retry.budget < 0 &&
        runbook->retry.total_attempts_max < 0 &&
        moves.end_kind != WALK_END_AUTH) {
        walk_not_judged(walk, "the runbook declares neither retry.budget nor "
                              "retry.total_attempts_max");
        return;
    }
    if (moves.unclear) {
        walk_not_judged(walk, "the runbook does not say whether a retry keeps "
                              "its key: retry.rotate_key_on");
        return;
    }
    if (moves.retry)
        retry_after_wait(walk, progress, u, outcome, &moves);
    if (moves.rotate)
        retry_with_next_key(walk, progress, u, outcome, &moves);
    if (moves.fallback) {
        struct progress next = *progress;
        struct wait wait = walk_switch_wait(runbook, progress, moves.next);

        next.retries += progress->tries[moves.next] > 0;
        wait_and_try(walk, next, moves.next, &wait, outcome,
                     moves.fallback_reason);
    }
    if (moves.end)
        end_by_moves(walk, progress, outcome, &moves);
}

/* An end by total_ms inside the attempt; true when nothing else can be. */
static bool cut_by_total(struct walk *walk, const struct progress *progress,
                         const struct outcome *outcome,
                         const struct outcomes *outcomes)
{
    const struct runbook_timeouts *timeouts = &walk->runbook->timeouts;
    struct outcome cut = *outcome;
    bool ends = false;

    /* Beyond the commit point only a total that covers streams ends it. */
    if (outcome->pending &&
        (timeouts->total_ms < 0 ||
         (outcome->committed && timeouts->cover_streams != 1))) {
        walk_not_judged(walk, outcomes->uncovered);
        return true;
    }
    cut.failure = FAILURE_ATTEMPT_TIMEOUT;
    cut.status = -1;
    cut.committed = outcome->committed && timeouts->cover_streams == 1;
    if (timeouts->total_ms >= 0)
        ends = end_by_total(walk, progress, &cut, total_stretch(walk, outcome),
                            false);
    return ends || outcome->pending;
}

static void one_outcome(struct walk *walk, struct progress progress, size_t u,
                        const struct outcome *outcome,
                        const struct outcomes *outcomes)
{
    struct allowed_attempt *attempt =
        &walk->path.attempts[walk->path.count - 1];

    attempt->failure = outcome->failure;
    attempt->status = outcome->status;
    attempt->lasts_least_ms = outcome->lasts_ms.least;
    attempt->lasts_most_ms = outcome->lasts_ms.most;
    if (cut_by_total(walk, &progress, outcome, outcomes))
        return;
    pass(&progress, outcome->lasts_ms.least, outcome->lasts_ms.most);
    if (outcome->failure == FAILURE_NONE) {
        walk_end(walk, &progress,
                 outcome->passed_on ? WALK_END_PASSED_ON : WALK_END_ANSWER,
                 outcome, 0, outcome->reason);
        return;
    }
    if (failure_set_has(&walk->runbook->cooldown.on, outcome->failure,
                        outcome->status))
        progress.failures[u]++;
    if (outcome->committed)
        walk_end(walk, &progress, WALK_END_COMMITTED, outcome, 0,
                 outcome->reason);
    else
        follow(walk, &progress, u, outcome);
}

/* Whether a gateway may know that no further attempt can follow this one,
 * whatever it meets. What is not declared may be none. */
static bool may_be_last(const struct walk *walk,
                        const struct progress *progress, size_t u)
{
    bool retries =
        walk_budget_left(walk, progress, u) && walk->runbook->retry.budget >= 0;
    bool fallbacks =
        walk_next_untried(walk, progress, u) < walk->upstream_count &&
        !walk->fallback_open;

    return walk_total_used_up(walk) || (!retries && !fallbacks);
}

static void try_with_key(struct walk *walk, struct progress progress, size_t u,
                         const struct wait *wait, const char *reason)
{
    const struct effect_context context = {
        .stream = walk->phase->client.stream,
        .credential_accepted = walk->upstreams[u].credential_accepted,
    };
    struct allowed_attempt *attempt;
    struct outcomes outcomes;
    struct effect effect;
    struct step healthy;

    if (walk->out->not_judged[0])
        return;
    if (walk->path.count == ALLOWED_ATTEMPTS ||
        ++walk->nodes > WALK_NODES_MOST) {
        walk_not_judged(walk, "the runbook allows more attempts than can be "
                              "followed; declare retry.total_attempts_max");
        return;
    }
    if (++progress.tries[u] == 1)
        progress.used[u] = 1;
    progress.key_tries[u][progress.key[u]]++;
    attempt = &walk->path.attempts[walk->path.count++];
    *attempt = (struct allowed_attempt){
        .ordinal = progress.tries[u],
        .key = walk->upstreams[u].keyed ? progress.key[u] + 1 : 0,
        .gap_least_ms = wait ? wait->least_ms : 0,
        .gap_most_ms = wait ? wait->most_ms : 0,
    };
    snprintf(attempt->upstream, sizeof attempt->upstream, "%s",
             walk->upstreams[u].name);
    snprintf(attempt->gap_reason, sizeof attempt->gap_reason, "%s",
             wait ? wait->reason : "");
    snprintf(attempt->reason, sizeof attempt->reason, "%s", reason);
    effect_of(&effect, step_of(walk, &progress, u, &healthy), &context);
    outcomes_of(&outcomes, &effect, walk->runbook,
                may_be_last(walk, &progress, u));
    walk_fold(walk, &outcomes);
    for (size_t i = 0; i < outcomes.count; i++)
        one_outcome(walk, progress, u, &outcomes.items[i], &outcomes);
    walk->path.count--;
}

/* With which key a gateway begins is its own choice. */
static void try_upstream(struct walk *walk, struct progress progress, size_t u,
                         const struct wait *wait, const char *reason)
{
    bool choice = walk->upstreams[u].keyed && progress.tries[u] == 0;
    int64_t starts = choice ? walk->upstreams[u].keys : 1;

    for (int64_t i = 0; i < starts; i++) {
        if (choice)
            progress.key[u] = i;
        try_with_key(walk, progress, u, wait, reason);
    }
}

void walk_from(struct walk *walk, size_t u, const char *reason)
{
    try_upstream(walk, (struct progress){ 0 }, u, NULL, reason);
}
