#include "tests/refgateway/limits.h"

#include "common/clock.h"

/* Nothing is waited for longer than this, whatever is declared or not. */
#define SILENCE_MOST_MS INT64_C(600000)

static void sooner(struct limits_due *due, int64_t from_ns, int64_t limit_ms,
                   enum outcome which)
{
    int64_t at_ns = from_ns + limit_ms * NS_PER_MS;

    if (limit_ms < 0 || at_ns >= due->at_ns)
        return;
    *due = (struct limits_due){ at_ns, which };
}

static int64_t latest(const struct limits_moments *moments)
{
    int64_t ns = moments->start;

    if (moments->connected > ns)
        ns = moments->connected;
    if (moments->sent > ns)
        ns = moments->sent;
    if (moments->progress > ns)
        ns = moments->progress;
    return ns;
}

struct limits_due limits_next(const struct rules *rules,
                              const struct limits_moments *moments,
                              int64_t total_ends_ns, bool exempt)
{
    bool covered = !moments->committed || rules->timeouts.cover_streams;
    struct limits_due due = { INT64_MAX, OUTCOME_OK };

    sooner(&due, latest(moments), SILENCE_MOST_MS, OUTCOME_IDLE_TIMEOUT);
    if (!moments->connected)
        sooner(&due, moments->start, rules->timeouts.connect_ms,
               OUTCOME_CONNECT_TIMEOUT);
    if (!exempt && moments->sent && !moments->head)
        sooner(&due, moments->sent, rules->timeouts.header_ms,
               OUTCOME_HEADER_TIMEOUT);
    if (!exempt && moments->sent && !moments->output && !moments->error_status)
        sooner(&due, moments->sent, rules->timeouts.first_token_ms,
               OUTCOME_FIRST_TOKEN_TIMEOUT);
    if (moments->output || moments->error_status)
        sooner(&due, moments->progress, rules->timeouts.idle_ms,
               OUTCOME_IDLE_TIMEOUT);
    if (covered && !exempt)
        sooner(&due, moments->start, rules->timeouts.attempt_ms,
               OUTCOME_ATTEMPT_TIMEOUT);
    if (covered && total_ends_ns < due.at_ns)
        due = (struct limits_due){ total_ends_ns, OUTCOME_TOTAL_TIMEOUT };
    return due;
}
