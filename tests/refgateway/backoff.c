#include "tests/refgateway/backoff.h"

#include "tests/refgateway/bug.h"
int64_t backoff_delay_ms(const struct rules_backoff *backoff, int64_t retry)
{
    double most = backoff->cap_ms >= 0 ? (double)backoff->cap_ms : 86400000.0;
    double delay = (double)backoff->base_ms;

    if (backoff->base_ms < 0)
        return 0;
    if (bug_is(BUG_CONSTANT_BACKOFF) || bug_is(BUG_JITTER_OF_THE_FIRST))
        retry = 0;
    if (bug_is(BUG_BACKOFF_TENFOLD))
        return backoff->base_ms * 10 * (retry + 1);
    for (int64_t i = 0; i < retry && delay < most; i++)
        delay *= backoff->factor;
    return (int64_t)(delay < most ? delay : most);
}

/* The part of d that is certain; the rest of what may be waited is jitter. */
static int64_t floor_ms(int64_t jitter, int64_t delay)
{
    switch (jitter) {
    case RULES_JITTER_FULL:
        return 0;
    case RULES_JITTER_EQUAL:
        return delay / 2;
    default:
        return delay;
    }
}

static int64_t span_ms(int64_t jitter, int64_t delay)
{
    switch (jitter) {
    case RULES_JITTER_NONE:
        return 0;
    case RULES_JITTER_EQUAL:
        return delay - delay / 2;
    default:
        return delay;
    }
}

int64_t backoff_wait_ms(const struct rules_backoff *backoff, int64_t retry,
                        int64_t told_ms, double unit)
{
    int64_t delay = backoff_delay_ms(backoff, retry);
    int64_t least = floor_ms(backoff->jitter, delay);
    int64_t span = span_ms(backoff->jitter, delay);

    if (bug_is(BUG_NO_JITTER))
        unit = 0.5;
    if (bug_is(BUG_RETRY_AFTER_HALF))
        told_ms /= 2;
    if (bug_is(BUG_RETRY_AFTER_CLIPPED) && told_ms > backoff->cap_ms)
        told_ms = backoff->cap_ms;
    if (told_ms > least)
        least = told_ms;
    return least + (int64_t)(unit * (double)span);
}
