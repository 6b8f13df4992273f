/* What may follow a failed attempt: retry, fallback, or the end. */
#include "harness/oracle/oracle_walk.h"

#include <stdio.h>
#include <string.h>

#include "harness/oracle/oracle_hint.h"

enum walk_answer walk_in_set(bool section, const struct failure_set *set,
                             const struct outcome *outcome)
{
    if (!section || !set->declared)
        return WALK_MAYBE;
    return failure_set_has(set, outcome->failure, outcome->status) ? WALK_YES
                                                                   : WALK_NO;
}

static bool has_code(const struct bind_texts *codes, const char *code)
{
    for (size_t i = 0; code && i < codes->count; i++)
        if (!strcmp(codes->items[i], code))
            return true;
    return false;
}

bool walk_total_used_up(const struct walk *walk)
{
    int64_t most = walk->runbook->retry.total_attempts_max;

    return most >= 0 && (int64_t)walk->path.count >= most;
}

bool walk_budget_left(const struct walk *walk, const struct progress *progress,
                      size_t u)
{
    int64_t budget = walk->runbook->retry.budget;

    return !walk_total_used_up(walk) &&
           (budget < 0 || progress->tries[u] <= budget);
}

size_t walk_next_untried(const struct walk *walk,
                         const struct progress *progress, size_t u)
{
    for (size_t i = u + 1; i < walk->upstream_count; i++)
        if (progress->tries[i] == 0)
            return i;
    return walk->upstream_count;
}

static void say(char *out, size_t size, const struct outcome *outcome,
                const char *text)
{
    char class[32];

    failure_format(class, outcome->failure, outcome->status);
    snprintf(out, size, "%s %s", class, text);
}

/* fallback.after each_failure: the next in turn was tried already; whether it
 * is "the next upstream" is open. */
static size_t next_again(const struct walk *walk,
                         const struct progress *progress, size_t u)
{
    size_t next = (u + 1) % walk->upstream_count;
    bool in_turn = walk->runbook->fallback.declared &&
                   walk->runbook->fallback.after == FALLBACK_EACH_FAILURE;

    return in_turn && next != u && walk_budget_left(walk, progress, next)
               ? next
               : walk->upstream_count;
}

void walk_allow_fallback(const struct walk *walk,
                         const struct progress *progress, size_t u,
                         struct moves *moves, const struct outcome *outcome,
                         const char *why)
{
    moves->next = walk_next_untried(walk, progress, u);
    moves->fallback_open = moves->next == walk->upstream_count;
    if (moves->fallback_open)
        moves->next = next_again(walk, progress, u);
    moves->fallback =
        moves->next < walk->upstream_count && !walk_total_used_up(walk);
    say(moves->fallback_reason, sizeof moves->fallback_reason, outcome, why);
}

/* A key is left that this request has not used, and a retry to use it in. */
static bool can_rotate(const struct walk *walk, const struct progress *progress,
                       size_t u)
{
    return progress->used[u] < walk->upstreams[u].keys &&
           walk_budget_left(walk, progress, u);
}

static const char *why_auth_ends(const struct walk *walk, size_t u,
                                 int64_t rule)
{
    if (rule == AUTH_FAIL_CLOSED)
        return "fail_closed: no further attempt";
    if (rule == AUTH_FALLBACK)
        return "fallback, and none is left";
    return walk->upstreams[u].keys > 1
               ? "rotate_key, and no key or retry is left"
               : "rotate_key, and there is one key";
}

/* Source: contracts.md section 6, auth; rotate_key with one key has nothing to
 * rotate to. */
static bool moves_of_auth(const struct walk *walk,
                          const struct progress *progress, size_t u,
                          const struct outcome *outcome, struct moves *moves)
{
    const struct runbook_auth *auth = &walk->runbook->auth;
    int64_t rule = outcome->status == 401   ? auth->on_401
                   : outcome->status == 403 ? auth->on_403
                                            : -1;
    const char *name = outcome->status == 401 ? "auth.on_401" : "auth.on_403";

    if (outcome->failure != FAILURE_HTTP || !auth->declared || rule < 0)
        return false;
    moves->end_kind = WALK_END_AUTH;
    if (rule == AUTH_FALLBACK)
        walk_allow_fallback(walk, progress, u, moves, outcome,
                            "leads to the next upstream by the auth rule");
    moves->rotate = rule == AUTH_ROTATE_KEY && can_rotate(walk, progress, u);
    say(moves->rotate_reason, sizeof moves->rotate_reason, outcome,
        "goes to the next key by the auth rule");
    moves->end = (!moves->fallback && !moves->rotate) || moves->fallback_open;
    snprintf(moves->end_reason, sizeof moves->end_reason, "%s is %s", name,
             why_auth_ends(walk, u, rule));
    if (auth->known_good_retry == 1 && walk->key_known_good &&
        !progress->known_good_used && !walk_total_used_up(walk)) {
        moves->retry = true;
        say(moves->retry_reason, sizeof moves->retry_reason, outcome,
            "may be retried once: auth.known_good_retry");
    }
    return true;
}

static bool moves_of_code(const struct walk *walk,
                          const struct progress *progress, size_t u,
                          const struct outcome *outcome, struct moves *moves)
{
    const struct runbook *runbook = walk->runbook;

    if (!has_code(&runbook->retry.never_on_codes, outcome->code))
        return false;
    moves->end_kind = WALK_END_NOT_RETRIED;
    if (has_code(&runbook->fallback.on_codes, outcome->code)) {
        walk_allow_fallback(walk, progress, u, moves, outcome,
                            "has a code of fallback.on_codes");
        moves->end = !moves->fallback || moves->fallback_open ||
                     walk_in_set(runbook->fallback.declared,
                                 &runbook->fallback.on, outcome) != WALK_YES;
    } else {
        moves->end = true;
    }
    snprintf(moves->end_reason, sizeof moves->end_reason,
             "code %s is in retry.never_on_codes", outcome->code);
    return true;
}

/* How surely the next in turn is tried. One that was tried already is a retry
 * there and a fallback from here: only where both are declared, and its own
 * last failure is one to retry, nobody has a choice. */
static enum walk_answer need_of_next(const struct walk *walk,
                                     const struct progress *progress,
                                     size_t next, enum walk_answer retry,
                                     enum walk_answer fallback)
{
    int64_t total = walk->runbook->timeouts.total_ms;
    bool sure = retry == WALK_YES && fallback == WALK_YES &&
                walk->runbook->retry.budget >= 0 &&
                progress->closed[next] == WALK_NO &&
                (total < 0 || progress->told_most_ms[next] <= total);

    if (progress->tries[next] == 0)
        return walk_total_used_up(walk) ? WALK_NO : fallback;
    if (!walk_budget_left(walk, progress, next) ||
        (progress->closed[next] == WALK_YES && retry == WALK_NO) ||
        (total >= 0 && progress->told_until_ms[next] > total))
        return WALK_NO;
    return sure ? WALK_YES : WALK_MAYBE;
}

/* fallback.after each_failure: the next in turn, the first again after the
 * last. */
static void moves_in_turn(const struct walk *walk,
                          const struct progress *progress, size_t u,
                          const struct outcome *outcome, enum walk_answer retry,
                          enum walk_answer fallback, struct moves *moves)
{
    size_t next = (u + 1) % walk->upstream_count;
    enum walk_answer need = need_of_next(walk, progress, next, retry, fallback);

    moves->next = next;
    moves->fallback = need != WALK_NO;
    moves->fallback_open = need == WALK_MAYBE;
    moves->retry = need != WALK_YES && retry != WALK_NO &&
                   walk_budget_left(walk, progress, u);
    moves->end = need != WALK_YES && (!moves->retry || retry == WALK_MAYBE);
    say(moves->fallback_reason, sizeof moves->fallback_reason, outcome,
        progress->tries[next] > 0
            ? "is retried in turn (fallback.after each_failure)"
            : "goes to the next in turn (fallback.after each_failure)");
    say(moves->retry_reason, sizeof moves->retry_reason, outcome,
        "is in retry.on and not in fallback.on");
}

/* Why a retry may be made or not. */
enum open { OPEN_CLASSES, OPEN_BUDGET, OPEN_WORD };

static enum open what_is_open(const struct walk *walk)
{
    const struct runbook_retry *retry = &walk->runbook->retry;

    return !retry->on.declared ? OPEN_CLASSES
           : retry->budget < 0 ? OPEN_BUDGET
                               : OPEN_WORD;
}

static void moves_retry_first(const struct walk *walk,
                              const struct progress *progress, size_t u,
                              const struct outcome *outcome,
                              enum walk_answer retry, enum walk_answer fallback,
                              struct moves *moves)
{
    bool can_retry = retry != WALK_NO && walk_budget_left(walk, progress, u);
    bool after_retries = !can_retry || retry == WALK_MAYBE;
    enum open open = what_is_open(walk);

    moves->retry = can_retry;
    say(moves->retry_reason, sizeof moves->retry_reason, outcome,
        retry == WALK_YES     ? "is in retry.on and the budget is not used up"
        : open == OPEN_BUDGET ? "may be retried: retry.budget is not declared"
        : open == OPEN_WORD
            ? "may be retried: retry.should_retry is not declared"
            : "may be retried: retry.on is not declared");
    if (after_retries && fallback != WALK_NO)
        walk_allow_fallback(walk, progress, u, moves, outcome,
                            fallback == WALK_MAYBE
                                ? "may fall back: fallback.on is not declared"
                            : retry == WALK_NO
                                ? "is only in fallback.on: at once"
                                : "is in fallback.on, retries are used "
                                  "up");
    moves->end = after_retries && (retry == WALK_MAYBE ||
                                   fallback == WALK_MAYBE || !moves->fallback);
}

/* A retry with the next key takes the place of one with the same. */
static void apply_rotation(const struct walk *walk,
                           const struct progress *progress, size_t u,
                           const struct outcome *outcome, struct moves *moves)
{
    const struct failure_set *on = &walk->runbook->retry.rotate_key_on;

    if (!moves->retry || !can_rotate(walk, progress, u))
        return;
    if (!on->declared) {
        moves->unclear = walk->upstreams[u].keyed;
        return;
    }
    if (!failure_set_has(on, outcome->failure, outcome->status))
        return;
    moves->retry = false;
    moves->rotate = true;
    say(moves->rotate_reason, sizeof moves->rotate_reason, outcome,
        "is in retry.rotate_key_on, and a key is left");
}

/* In cooldown an upstream may be left out at once. */
static void apply_cooldown(const struct walk *walk,
                           const struct progress *progress, size_t u,
                           const struct outcome *outcome, struct moves *moves)
{
    const struct runbook_cooldown *cooldown = &walk->runbook->cooldown;

    if (!cooldown->declared || (!moves->retry && !moves->rotate) ||
        progress->failures[u] <
            (cooldown->after_failures > 0 ? cooldown->after_failures : 1))
        return;
    walk_allow_fallback(walk, progress, u, moves, outcome,
                        "has put the upstream into cooldown");
    moves->end = true;
    snprintf(moves->end_reason, sizeof moves->end_reason,
             "the upstream is in cooldown");
}

/* Source: runbook retry.should_retry. */
static enum walk_answer as_said(const struct walk *walk,
                                const struct step *step,
                                const struct outcome *outcome,
                                enum walk_answer retry)
{
    int64_t rule = walk->runbook->retry.should_retry;
    enum said said = hint_said(step);
    enum walk_answer wanted = said == SAID_YES ? WALK_YES : WALK_NO;

    if (outcome->failure != FAILURE_HTTP || said == SAID_NOTHING ||
        retry == wanted || rule == SHOULD_RETRY_IGNORED ||
        (rule == SHOULD_RETRY_NO && said == SAID_YES))
        return retry;
    return rule < 0 ? WALK_MAYBE : wanted;
}

static void moves_of_class(const struct walk *walk,
                           const struct progress *progress, size_t u,
                           const struct step *step,
                           const struct outcome *outcome, struct moves *moves)
{
    const struct runbook *runbook = walk->runbook;
    enum open open = what_is_open(walk);
    enum walk_answer retry =
        walk_in_set(runbook->retry.declared, &runbook->retry.on, outcome);
    enum walk_answer fallback =
        walk_in_set(runbook->fallback.declared, &runbook->fallback.on, outcome);

    retry = as_said(walk, step, outcome, retry);
    if (walk->upstream_count == 1)
        fallback = WALK_NO;
    if (fallback == WALK_NO &&
        has_code(&runbook->fallback.on_codes, outcome->code))
        fallback = WALK_MAYBE;
    moves->end_open = retry != WALK_YES && fallback != WALK_YES;
    moves->closes = retry == WALK_NO;
    if (retry == WALK_MAYBE && runbook->retry.budget == 0)
        retry = WALK_NO;
    /* How often is open: also never. */
    if (retry == WALK_YES && runbook->retry.budget < 0)
        retry = WALK_MAYBE;
    if (runbook->fallback.after == FALLBACK_EACH_FAILURE &&
        runbook->fallback.declared && walk->upstream_count > 1 &&
        (retry != WALK_NO || fallback != WALK_NO))
        moves_in_turn(walk, progress, u, outcome, retry, fallback, moves);
    else
        moves_retry_first(walk, progress, u, outcome, retry, fallback, moves);
    if (retry == WALK_NO && fallback == WALK_NO) {
        moves->end_kind = WALK_END_NOT_RETRIED;
        moves->end_open = false;
        say(moves->end_reason, sizeof moves->end_reason, outcome,
            "is in neither retry.on nor fallback.on");
    } else {
        moves->end_kind = WALK_END_EXHAUSTED;
        say(moves->end_reason, sizeof moves->end_reason, outcome,
            walk_total_used_up(walk) ? "and retry.total_attempts_max is reached"
            : retry != WALK_MAYBE    ? "and no retry or fallback is left"
            : open == OPEN_BUDGET ? "may end it: retry.budget is not declared"
            : open == OPEN_WORD
                ? "may end it: retry.should_retry is not declared"
                : "may end it: retry.on is not declared");
    }
    apply_rotation(walk, progress, u, outcome, moves);
    apply_cooldown(walk, progress, u, outcome, moves);
}

void walk_moves(const struct walk *walk, const struct progress *progress,
                size_t u, const struct step *step,
                const struct outcome *outcome, struct moves *moves)
{
    *moves = (struct moves){ .next = walk->upstream_count, .closes = true };
    if (moves_of_auth(walk, progress, u, outcome, moves) ||
        moves_of_code(walk, progress, u, outcome, moves))
        return;
    moves_of_class(walk, progress, u, step, outcome, moves);
}
