#include "harness/judge/retry_waits.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/judge/seen.h"

static int ascending(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

struct retry_waits retry_waits_collect(const struct judged *judged,
                                       size_t phase, size_t retry)
{
    const struct observation *o = judged->observation;
    const char *primary = runbook_primary(o->runbook);
    struct retry_waits waits = { xcalloc(o->request_count, sizeof(double)), 0 };

    for (size_t i = 0; i < o->request_count; i++) {
        struct seen seen;
        const struct attempt *one, *next;
        int64_t from_ns;

        seen_init(&seen, judged, i);
        if (o->requests[i].phase != phase || seen.count <= retry)
            continue;
        one = seen.attempts[retry - 1];
        next = seen.attempts[retry];
        if (strcmp(one->upstream, primary) || strcmp(next->upstream, primary))
            continue;
        from_ns = one->times_ns.first_sent ? one->times_ns.first_sent
                                           : seen_over_ns(&seen, one);
        waits.ms[waits.count++] =
            (double)(seen_began_ns(next) - from_ns) / NS_PER_MS;
    }
    if (waits.count)
        qsort(waits.ms, waits.count, sizeof *waits.ms, ascending);
    return waits;
}

void retry_waits_release(struct retry_waits *waits)
{
    free(waits->ms);
    *waits = (struct retry_waits){ 0 };
}

int64_t retry_waits_declared_ms(const struct runbook *runbook, size_t retry)
{
    const struct runbook_backoff *backoff = &runbook->retry.backoff;
    double ms = (double)backoff->base_ms;

    if (!backoff->declared || ms < 0 ||
        (retry > 1 && backoff->factor_percent < 0))
        return -1;
    for (size_t i = 1; i < retry && ms < 3600000; i++)
        ms = ms * (double)backoff->factor_percent / 100;
    if (backoff->cap_ms >= 0 && ms > (double)backoff->cap_ms)
        ms = (double)backoff->cap_ms;
    return (int64_t)ms;
}
