#include "tests/refgateway/cooldown.h"

#include <pthread.h>

#include "common/clock.h"
#include "tests/refgateway/bug.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool counts(const struct rules *rules, const struct result *result)
{
    if (bug_is(BUG_COOLDOWN_BY_CLIENT) && result->outcome == OUTCOME_HTTP &&
        result->status >= 400)
        return true;
    return outcome_set_has(&rules->cooldown.on, result->outcome,
                           result->status);
}

static int64_t length_ms(const struct rules *rules, const struct result *result)
{
    int64_t ms = rules->cooldown.for_ms;

    if (rules->cooldown.retry_after && result->told_ms > ms &&
        !bug_is(BUG_COOLDOWN_DEAF))
        ms = result->told_ms;
    if (bug_is(BUG_COOLDOWN_SHORT))
        return ms / 2;
    return bug_is(BUG_COOLDOWN_ENDLESS) ? 1000 * ms : ms;
}

/* Seeded: what was counted before the last time out is forgotten. */
static void count_anew(struct cooldown *cooldown, size_t upstream,
                       int64_t now_ns)
{
    int64_t until_ns = cooldown->at[upstream].out_until_ns;

    if (bug_is(BUG_COOLDOWN_ANEW) && until_ns && now_ns >= until_ns) {
        cooldown->at[upstream].failures = 0;
        cooldown->at[upstream].out_until_ns = 0;
    }
}

static void note(struct cooldown *cooldown, const struct rules *rules,
                 size_t upstream, const struct result *result, int64_t now_ns)
{
    int64_t until_ns = now_ns + length_ms(rules, result) * NS_PER_MS;
    bool out = now_ns < cooldown->at[upstream].out_until_ns;

    if (result->outcome == OUTCOME_OK)
        cooldown->at[upstream].failures = 0;
    if (!counts(rules, result))
        return;
    count_anew(cooldown, upstream, now_ns);
    if (++cooldown->at[upstream].failures < rules->cooldown.after_failures ||
        (out && bug_is(BUG_COOLDOWN_FIRST_KEPT)))
        return;
    if (until_ns > cooldown->at[upstream].out_until_ns)
        cooldown->at[upstream].out_until_ns = until_ns;
}

void cooldown_note(struct cooldown *cooldown, const struct rules *rules,
                   size_t upstream, const struct result *result, int64_t now_ns)
{
    if (rules->cooldown.for_ms < 0 || rules->cooldown.after_failures < 0 ||
        bug_is(BUG_COOLDOWN_NEVER))
        return;
    pthread_mutex_lock(&lock);
    note(cooldown, rules, upstream, result, now_ns);
    pthread_mutex_unlock(&lock);
}

void cooldown_look(const struct cooldown *cooldown, struct progress *progress)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < progress->count; i++)
        progress->at[i].out_until_ns = cooldown->at[i].out_until_ns;
    pthread_mutex_unlock(&lock);
}
