#include "tests/refgateway/policy.h"

#include "common/clock.h"
#include "tests/refgateway/backoff.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_retry_after.h"
#include "tests/refgateway/retry_after.h"

const char *const why_names[] = {
    [WHY_FIRST] = "first",
    [WHY_RETRY] = "retry",
    [WHY_KNOWN_GOOD] = "known_good_retry",
    [WHY_ROTATE] = "rotate_key",
    [WHY_FALLBACK] = "fallback",
    [WHY_AUTH] = "auth_failed",
    [WHY_BARRED] = "code_never_retried",
    [WHY_CLASS] = "class_not_retried",
    [WHY_EXHAUSTED] = "exhausted",
    [WHY_RETRY_LATE] = "retry_after_above_cap",
    [WHY_TOTAL] = "total_time",
    NULL,
};

#define NOBODY SIZE_MAX

/* What the rules say about one failure, before budgets and time. */
struct leave {
    bool retry;     /* at the same upstream */
    bool rotate;    /* with its next key */
    bool fall_back; /* at another one */
    bool fail;      /* the request ends at once */
    enum why why;   /* of the end, when neither works out */
    int64_t told_ms;
};

static struct move end(enum why why)
{
    return (struct move){ .kind = MOVE_END, .why = why };
}

static const struct progress_upstream *here(const struct progress *progress)
{
    return &progress->at[progress->current];
}

static bool has_budget(const struct rules *rules,
                       const struct progress_upstream *upstream)
{
    int64_t budget = rules->retry.budget > 0 ? rules->retry.budget : 0;

    if (bug_is(BUG_NO_RETRY))
        budget = 0;
    if (bug_is(BUG_ONE_MORE))
        budget++;
    if (bug_is(BUG_ONE_LESS))
        budget--;
    if (bug_is(BUG_BUDGET_IGNORED))
        budget = INT64_MAX;
    if (bug_is(BUG_RETRIES_MULTIPLIED))
        budget = (budget + 1) * (budget + 1) - 1;
    return upstream->attempts <= budget;
}

/* What the auth section asks for is bounded by a declared budget only. */
static bool auth_has_budget(const struct rules *rules,
                            const struct progress_upstream *upstream)
{
    return rules->retry.budget < 0 || has_budget(rules, upstream);
}

int64_t policy_auth_rule(const struct rules *rules, const struct result *result)
{
    if (result->outcome != OUTCOME_HTTP || !rules->auth.declared)
        return -1;
    if (bug_bends(result->status))
        return -1;
    if (result->status == 401)
        return rules->auth.on_401;
    if (result->status == 403)
        return rules->auth.on_403;
    return -1;
}

/* True when the told wait is one this runbook does not sit out. */
static bool told_too_long(const struct rules *rules,
                          const struct progress *progress, int64_t told_ms)
{
    int64_t cap = rules->retry.retry_after.cap_ms;
    int64_t total_cap = rules->retry.retry_after.total_cap_ms;

    if (bug_is(BUG_RETRY_AFTER_UNCAPPED))
        return false;
    if (cap >= 0 && told_ms > cap)
        return true;
    if (bug_is(BUG_RETRY_AFTER_TOTAL_UNCAPPED))
        return false;
    return total_cap >= 0 && progress->told_waited_ms + told_ms > total_cap;
}

static void apply_retry_after(struct leave *leave, const struct rules *rules,
                              const struct progress *progress,
                              const struct result *result)
{
    if (result->told_ms < 0 ||
        !outcome_set_has(&rules->retry.retry_after.on, result->outcome,
                         result->status) ||
        (bug_is(BUG_RETRY_AFTER_ONLY_429) && result->status != 429))
        return;
    if (bug_is(BUG_RETRY_AFTER_FIRST_ONLY) && progress->told_waited_ms)
        return;
    if (result->told_ms == RETRY_AFTER_THROWN) {
        leave->fail = true;
        leave->why = WHY_EXHAUSTED;
        return;
    }
    if (!told_too_long(rules, progress, result->told_ms)) {
        leave->told_ms = result->told_ms;
        return;
    }
    if (bug_is(BUG_RETRY_AFTER_ABOVE_CAP_EARLY))
        return;
    switch (rules->retry.retry_after.above_cap) {
    case RULES_ABOVE_FAIL:
        leave->fail = true;
        leave->why = WHY_RETRY_LATE;
        return;
    case RULES_ABOVE_BACKOFF:
        return;
    default:
        leave->retry = false;
        leave->why = WHY_EXHAUSTED;
    }
}

/* The retry is made with the next key: as long as there is one. */
static bool rotates(const struct rules *rules, const struct progress *progress,
                    const struct result *result)
{
    bool on = outcome_set_has(&rules->retry.rotate_key_on, result->outcome,
                              result->status);

    if (bug_is(BUG_KEY_ROTATED_ON_5XX))
        on = on || (result->outcome == OUTCOME_HTTP && result->status >= 500);
    return on && !bug_is(BUG_KEY_NEVER_ROTATED) &&
           here(progress)->key + 1 < here(progress)->keys &&
           has_budget(rules, here(progress));
}

static bool as_said(const struct rules *rules, const struct result *result,
                    bool retry)
{
    int64_t rule = rules->retry.should_retry;

    if (bug_is(BUG_SHOULD_RETRY_FORCES))
        rule = RULES_SHOULD_RETRY_OBEYED;
    if (bug_is(BUG_SHOULD_RETRY_IGNORED))
        rule = RULES_SHOULD_RETRY_IGNORED;
    if (result->outcome != OUTCOME_HTTP || result->said == SAID_NOTHING ||
        rule < 0 || rule == RULES_SHOULD_RETRY_IGNORED ||
        (result->said == SAID_YES && rule == RULES_SHOULD_RETRY_NO))
        return retry;
    return result->said == SAID_YES;
}

static struct leave ask(const struct rules *rules,
                        const struct progress *progress,
                        const struct result *result)
{
    bool on_code = *result->code &&
                   rules_words_have(&rules->fallback.on_codes, result->code);
    struct leave leave = { .told_ms = -1, .why = WHY_EXHAUSTED };

    if (*result->code && !bug_is(BUG_NEVER_CODES_IGNORED) &&
        rules_words_have(&rules->retry.never_on_codes, result->code)) {
        leave.fall_back = on_code;
        leave.why = WHY_BARRED;
        bug_bend(&leave.retry, &leave.fall_back, result->outcome,
                 result->status);
        return leave;
    }
    leave.retry =
        outcome_set_has(&rules->retry.on, result->outcome, result->status);
    leave.fall_back =
        on_code ||
        outcome_set_has(&rules->fallback.on, result->outcome, result->status);
    leave.retry = as_said(rules, result, leave.retry);
    bug_bend(&leave.retry, &leave.fall_back, result->outcome, result->status);
    leave.rotate = leave.retry && rotates(rules, progress, result);
    if (!leave.retry && !leave.fall_back)
        leave.why = WHY_CLASS;
    else if (!leave.rotate) /* a wait is for the key that was told to wait */
        apply_retry_after(&leave, rules, progress, result);
    return leave;
}

static bool after_each(const struct rules *rules)
{
    return rules->fallback.after == RULES_AFTER_EACH ||
           bug_is(BUG_FALLBACK_ALTERNATES);
}

/* Nobody begins there now; who has begun goes on. */
static bool is_out(const struct progress *progress, size_t upstream,
                   int64_t now_ns)
{
    return !progress->at[upstream].attempts &&
           now_ns < progress->at[upstream].out_until_ns;
}

/* Who comes after the current upstream. Each failure: the next in the ring
 * that may still be tried; else the next in the order, never back. */
static size_t successor(const struct rules *rules,
                        const struct progress *progress, int64_t now_ns)
{
    if (!rules->fallback.order.declared || bug_is(BUG_NO_FALLBACK))
        return NOBODY;
    if (bug_is(BUG_FALLBACK_LOOPS) && progress->current + 1 == progress->count)
        return 0;
    if (bug_is(BUG_FAILED_PICKED_AGAIN))
        return progress->current;
    if (bug_is(BUG_THIRD_NEVER) && progress->current)
        return NOBODY;
    for (size_t i = 1; i < progress->count; i++) {
        size_t next = progress->current + i;

        if (!after_each(rules)) {
            if (next >= progress->count)
                return NOBODY;
            if (is_out(progress, next, now_ns))
                continue;
            return next;
        }
        next %= progress->count;
        if (!progress->at[next].closed && !is_out(progress, next, now_ns) &&
            (!progress->at[next].attempts ||
             has_budget(rules, &progress->at[next])))
            return next;
    }
    return NOBODY;
}

/* An attempt at upstream after the wait, or false when that passes total_ms. */
static bool try_move(struct move *out, const struct progress *progress,
                     size_t upstream, enum why why, int64_t wait_ms,
                     int64_t now_ns)
{
    if (wait_ms >= (progress->total_ends_ns - now_ns) / NS_PER_MS)
        return false;
    *out = (struct move){ .kind = MOVE_ATTEMPT,
                          .why = why,
                          .upstream = upstream,
                          .key = progress->at[upstream].key,
                          .wait_ms = wait_ms };
    return true;
}

/* The wait before another attempt at an upstream: none before its first. */
static int64_t wait_for(const struct rules *rules,
                        const struct progress_upstream *upstream,
                        int64_t told_ms, int64_t now_ns, double unit)
{
    int64_t left_ms = -1;

    if (!upstream->attempts)
        return 0;
    if ((bug_is(BUG_NO_BACKOFF) && told_ms < 0) ||
        (bug_retry_after_is_now() && told_ms == 0))
        return 0;
    if (upstream->not_before_ns > now_ns)
        left_ms =
            (upstream->not_before_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
    if (left_ms > told_ms)
        told_ms = left_ms;
    return backoff_wait_ms(&rules->retry.backoff, upstream->attempts - 1,
                           told_ms, unit);
}

static bool retry_here(struct move *out, const struct rules *rules,
                       const struct progress *progress,
                       const struct leave *leave, int64_t now_ns, double unit)
{
    if (!leave->retry)
        return false;
    if (bug_is(BUG_BACKOFF_ZEROED) && progress->told_waited_ms &&
        leave->told_ms < 0)
        return try_move(out, progress, progress->current, WHY_RETRY, 0, now_ns);
    return try_move(
        out, progress, progress->current, WHY_RETRY,
        wait_for(rules, here(progress), leave->told_ms, now_ns, unit), now_ns);
}

/* The next key of the same upstream, each once in a request. */
static bool rotate(struct move *out, const struct progress *progress,
                   int64_t now_ns)
{
    const struct progress_upstream *upstream = here(progress);
    size_t next = upstream->key + 1;

    if (bug_is(BUG_REFUSED_KEY_AGAIN) && next < upstream->keys)
        next = next > 1 ? 0 : next;
    if (bug_is(BUG_KEY_NEVER_ROTATED) || next >= upstream->keys ||
        !try_move(out, progress, progress->current, WHY_ROTATE, 0, now_ns))
        return false;
    out->key = next;
    return true;
}

static bool fall_back(struct move *out, const struct rules *rules,
                      const struct progress *progress,
                      const struct leave *leave, int64_t now_ns, double unit)
{
    size_t next = successor(rules, progress, now_ns);

    if (!leave->fall_back || next == NOBODY)
        return false;
    return try_move(out, progress, next, WHY_FALLBACK,
                    wait_for(rules, &progress->at[next], -1, now_ns, unit),
                    now_ns);
}

static struct move after_auth(const struct rules *rules,
                              const struct progress *progress, int64_t rule,
                              int64_t now_ns, double unit)
{
    const struct progress_upstream *upstream = here(progress);
    struct leave leave = { .retry = true, .fall_back = true, .told_ms = -1 };
    struct move move;

    if (rules->auth.known_good_retry == 1 && upstream->key_worked &&
        !upstream->known_good_used && auth_has_budget(rules, upstream) &&
        retry_here(&move, rules, progress, &leave, now_ns, unit)) {
        move.why = WHY_KNOWN_GOOD;
        return move;
    }
    if ((rule == RULES_AUTH_ROTATE_KEY ||
         bug_is(BUG_KEY_ROTATED_THOUGH_CLOSED)) &&
        auth_has_budget(rules, upstream) && rotate(&move, progress, now_ns))
        return move;
    if (rule == RULES_AUTH_FALLBACK && !bug_is(BUG_AUTH_FALLBACK_IGNORED) &&
        fall_back(&move, rules, progress, &leave, now_ns, unit))
        return move;
    return end(WHY_AUTH);
}

struct move policy_first(const struct progress *progress, int64_t now_ns)
{
    size_t upstream =
        bug_is(BUG_FALLBACK_FIRST) ? progress->count - 1 : progress->current;

    while (upstream < progress->count && is_out(progress, upstream, now_ns))
        upstream++;
    if (upstream == progress->count && bug_is(BUG_COOLDOWN_ALL_CALLED))
        upstream = 0;
    if (upstream == progress->count)
        return end(WHY_EXHAUSTED);
    return (struct move){ .kind = MOVE_ATTEMPT,
                          .why = WHY_FIRST,
                          .upstream = upstream };
}

static int64_t most_attempts(const struct rules *rules)
{
    if (bug_is(BUG_CEILING_IGNORED) || bug_is(BUG_RETRIES_MULTIPLIED))
        return -1;
    if (bug_is(BUG_FALLBACK_LOOPS))
        return 2 * rules->retry.total_attempts_max;
    return rules->retry.total_attempts_max;
}

struct move policy_next(const struct rules *rules,
                        const struct progress *progress,
                        const struct result *result, int64_t now_ns,
                        double unit)
{
    int64_t most = most_attempts(rules);
    int64_t auth = policy_auth_rule(rules, result);
    struct leave leave;
    struct move move;

    if (result->outcome == OUTCOME_TOTAL_TIMEOUT ||
        now_ns >= progress->total_ends_ns)
        return end(WHY_TOTAL);
    leave = ask(rules, progress, result);
    if (most >= 0 && progress->attempts >= most)
        return end(auth >= 0 ? WHY_AUTH : leave.why);
    if (auth >= 0)
        return after_auth(rules, progress, auth, now_ns, unit);
    if (leave.fail)
        return end(leave.why);
    if ((after_each(rules) || bug_is(BUG_FALLBACK_EARLY)) &&
        fall_back(&move, rules, progress, &leave, now_ns, unit))
        return move;
    if (leave.rotate && rotate(&move, progress, now_ns))
        return move;
    if (leave.retry && has_budget(rules, here(progress)))
        return retry_here(&move, rules, progress, &leave, now_ns, unit)
                   ? move
                   : end(WHY_TOTAL);
    if (fall_back(&move, rules, progress, &leave, now_ns, unit))
        return move;
    return end(leave.why);
}

bool policy_is_last(const struct rules *rules, const struct progress *progress)
{
    int64_t most = most_attempts(rules);

    if (most >= 0 && progress->attempts >= most)
        return true;
    return !has_budget(rules, here(progress)) &&
           successor(rules, progress, INT64_MAX) == NOBODY;
}

void progress_fail(struct progress *progress, const struct rules *rules,
                   const struct result *result, const struct move *next,
                   int64_t now_ns)
{
    struct progress_upstream *upstream = &progress->at[progress->current];
    struct leave leave = ask(rules, progress, result);

    upstream->closed = !leave.retry || policy_auth_rule(rules, result) >= 0;
    if (leave.told_ms < 0)
        return;
    upstream->not_before_ns = now_ns + leave.told_ms * NS_PER_MS;
    if (next->why == WHY_RETRY)
        progress->told_waited_ms += leave.told_ms;
}
