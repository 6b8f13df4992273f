#include "harness/oracle/oracle_walk.h"

#include <stdio.h>

#include "harness/oracle/oracle_hint.h"

/* d = min(cap, base x factor^n); ALLOWED_ANY when n needs an undeclared
 * factor. */
static int64_t backoff_ms(const struct runbook_backoff *backoff, int64_t n)
{
    double d = (double)backoff->base_ms;

    if (n > 0 && backoff->factor_percent < 0)
        return ALLOWED_ANY;
    for (int64_t i = 0; i < n && d < (double)HINT_MS_MOST; i++)
        d = d * (double)backoff->factor_percent / 100;
    if (backoff->cap_ms >= 0 && d > (double)backoff->cap_ms)
        return backoff->cap_ms;
    return d < (double)HINT_MS_MOST ? (int64_t)d : HINT_MS_MOST;
}

/* What is common where figures are missing: doubling, and additive jitter from
 * as much again. */
static int64_t likely_ms(const struct runbook_backoff *backoff, int64_t n)
{
    struct runbook_backoff usual = *backoff;

    if (usual.factor_percent < 0)
        usual.factor_percent = 200;
    return 2 * backoff_ms(&usual, n);
}

/* local counts retries at this upstream, total over all: gateways count either
 * way, so the bounds take the smaller and the larger. */
static struct wait backoff_wait(const struct runbook *runbook, int64_t local,
                                int64_t total)
{
    const struct runbook_backoff *backoff = &runbook->retry.backoff;
    struct wait wait = { .most_ms = ALLOWED_ANY };
    int64_t small, large;

    if (!backoff->declared || backoff->base_ms < 0) {
        snprintf(wait.reason, sizeof wait.reason,
                 "no backoff is declared: any wait");
        return wait;
    }
    small = backoff_ms(backoff, local);
    large = backoff_ms(backoff, total);
    wait.likely_ms = likely_ms(backoff, total);
    if (backoff->jitter < 0) {
        snprintf(wait.reason, sizeof wait.reason,
                 "retry.backoff.jitter is not declared: any wait");
        return wait;
    }
    if (small == ALLOWED_ANY || large == ALLOWED_ANY) {
        snprintf(wait.reason, sizeof wait.reason,
                 "retry.backoff.factor is not declared: any wait");
        return wait;
    }
    switch ((enum jitter)backoff->jitter) {
    case JITTER_NONE:
        wait.least_ms = small;
        wait.most_ms = large;
        snprintf(wait.reason, sizeof wait.reason, "backoff without jitter");
        break;
    case JITTER_FULL:
        wait.most_ms = large;
        snprintf(wait.reason, sizeof wait.reason,
                 "backoff with full jitter: 0 to %lld ms", (long long)large);
        break;
    case JITTER_EQUAL:
        wait.least_ms = small / 2;
        wait.most_ms = large;
        snprintf(wait.reason, sizeof wait.reason,
                 "backoff with equal jitter: half to all of %lld ms",
                 (long long)large);
        break;
    case JITTER_ADDITIVE:
        wait.least_ms = small;
        snprintf(wait.reason, sizeof wait.reason,
                 "backoff with additive jitter: %lld ms or more",
                 (long long)small);
        break;
    }
    return wait;
}

struct wait walk_switch_wait(const struct runbook *runbook,
                             const struct progress *progress, size_t u)
{
    struct wait wait =
        backoff_wait(runbook, progress->retries, progress->retries);

    wait.least_ms = 0;
    snprintf(wait.reason, sizeof wait.reason,
             "to another upstream: no wait is asked for");
    if (!progress->told[u])
        return wait;
    wait.most_ms = ALLOWED_ANY;
    wait.likely_ms += progress->told_most_ms[u] - progress->least_ms;
    if (!progress->open && progress->told_until_ms[u] > progress->most_ms)
        wait.least_ms = progress->told_until_ms[u] - progress->most_ms;
    snprintf(wait.reason, sizeof wait.reason,
             "back to an upstream that sent Retry-After");
    return wait;
}

void walk_remember(struct progress *progress, size_t u,
                   const struct waits *waits)
{
    int64_t least_ms = HINT_MS_MOST;

    progress->told[u] = false;
    progress->told_until_ms[u] = progress->told_most_ms[u] = 0;
    for (size_t i = 0; i < waits->count; i++) {
        const struct wait *wait = &waits->items[i];

        progress->told[u] = progress->told[u] || wait->obeyed_most_ms > 0;
        if (wait->obeyed_least_ms < least_ms)
            least_ms = wait->obeyed_least_ms;
        if (progress->most_ms + wait->obeyed_most_ms >
            progress->told_most_ms[u])
            progress->told_most_ms[u] =
                progress->most_ms + wait->obeyed_most_ms;
    }
    if (progress->told[u] && least_ms > 0)
        progress->told_until_ms[u] = progress->least_ms + least_ms;
}

/* retry_after.on is about the headers of that name alone. */
static enum obeyed on_status(const struct runbook *runbook,
                             const struct outcome *outcome,
                             const struct hint *hint)
{
    const struct runbook_retry_after *rule = &runbook->retry.retry_after;

    if (outcome->failure != FAILURE_HTTP)
        return OBEYED_NOT;
    if (hint->elsewhere || !rule->declared || !rule->on.declared)
        return OBEYED_MAYBE;
    return failure_set_has(&rule->on, FAILURE_HTTP, outcome->status)
               ? OBEYED_SURELY
               : OBEYED_NOT;
}

static void add_wait(struct waits *out, const struct wait *wait)
{
    if (out->count < WAITS_MOST)
        out->items[out->count++] = *wait;
}

/* Retry-After is a lower bound, jitter comes on top. No longer wait is obeyed
 * than the declared cap. */
static void add_obeyed(struct waits *out, const struct hint *hint,
                       const struct wait *backoff, int64_t cap_ms)
{
    struct wait wait = { .most_ms = ALLOWED_ANY };
    int64_t least = hint->elsewhere ? backoff->least_ms : hint->least_ms;
    int64_t most = hint->most_ms;

    if (cap_ms >= 0 && (most == ALLOWED_ANY || most > cap_ms))
        most = cap_ms > least ? cap_ms : least;
    wait.least_ms = wait.obeyed_least_ms = least;
    wait.obeyed_most_ms = most == ALLOWED_ANY ? least : most;
    wait.likely_ms = wait.obeyed_most_ms + backoff->likely_ms;
    if (backoff->most_ms >= 0 && most != ALLOWED_ANY)
        wait.most_ms = (most > backoff->most_ms ? most : backoff->most_ms) +
                       backoff->most_ms;
    snprintf(wait.reason, sizeof wait.reason,
             "%s asks for %lld ms; jitter on top", hint->text,
             (long long)least);
    add_wait(out, &wait);
}

/* Whether obeying would pass a declared cap: surely, perhaps, or not. */
static enum obeyed above_cap(const struct runbook_retry_after *rule,
                             const struct hint *hint,
                             const struct progress *progress)
{
    enum obeyed above = OBEYED_NOT;

    if (hint->most_ms == ALLOWED_ANY)
        return rule->cap_ms >= 0 || rule->total_cap_ms >= 0 ? OBEYED_MAYBE
                                                            : OBEYED_NOT;
    if (rule->cap_ms >= 0 && hint->most_ms > rule->cap_ms)
        above = hint->least_ms > rule->cap_ms ? OBEYED_SURELY : OBEYED_MAYBE;
    if (rule->total_cap_ms >= 0 &&
        progress->waited_most_ms + hint->most_ms > rule->total_cap_ms) {
        bool sure =
            progress->waited_least_ms + hint->least_ms > rule->total_cap_ms;

        if (above == OBEYED_NOT || sure)
            above = sure ? OBEYED_SURELY : OBEYED_MAYBE;
    }
    return above;
}

static void add_above_cap(struct waits *out, int64_t rule, bool *backoff_too)
{
    out->give_up = out->give_up || rule < 0 || rule == ABOVE_CAP_GIVE_UP;
    out->fail = out->fail || rule < 0 || rule == ABOVE_CAP_FAIL;
    *backoff_too = *backoff_too || rule < 0 || rule == ABOVE_CAP_BACKOFF;
    snprintf(out->reason, sizeof out->reason,
             "Retry-After is above the declared cap");
}

/* One hint: what it leads to. Returns whether plain backoff is right too. */
static bool add_hint(struct waits *out, const struct runbook *runbook,
                     const struct hint *hint, const struct outcome *outcome,
                     const struct progress *progress,
                     const struct wait *backoff)
{
    const struct runbook_retry_after *rule = &runbook->retry.retry_after;
    enum obeyed status = on_status(runbook, outcome, hint);
    enum obeyed obeyed = status < hint->readable ? status : hint->readable;
    enum obeyed above = above_cap(rule, hint, progress);
    bool backoff_too = obeyed != OBEYED_SURELY;

    if (obeyed == OBEYED_NOT)
        return true;
    if (above != OBEYED_NOT)
        add_above_cap(out, rule->above_cap, &backoff_too);
    if (above != OBEYED_SURELY)
        add_obeyed(out, hint, backoff, rule->cap_ms);
    return backoff_too;
}

void walk_waits(struct waits *out, const struct runbook *runbook,
                const struct step *step, const struct outcome *outcome,
                const struct progress *progress, int64_t local)
{
    struct wait backoff = backoff_wait(runbook, local, progress->retries);
    struct hints hints;
    bool backoff_too = true;

    *out = (struct waits){ 0 };
    hints_of(&hints, runbook, step);
    /* One that is surely obeyed beats those behind it. */
    for (size_t i = 0; i < hints.count && backoff_too; i++)
        backoff_too = add_hint(out, runbook, &hints.items[i], outcome, progress,
                               &backoff);
    if (backoff_too)
        add_wait(out, &backoff);
}
