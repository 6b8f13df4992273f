#include "tests/refgateway/limits.h"

#include "common/clock.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_request.h"

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

struct forgotten {
    bool connect, header, first_token, idle, attempt;
};

/* Which limits a seeded bug forgets at this moment. */
static struct forgotten forget(const struct limits_moments *moments)
{
    bool waiting = !moments->head && bug_is(BUG_NO_HEADER_TIMEOUT);
    bool silent =
        moments->head && !moments->output && bug_is(BUG_NO_FIRST_TOKEN_TIMEOUT);

    return (struct forgotten){
        .connect = bug_is(BUG_NO_CONNECT_TIMEOUT),
        .header = waiting,
        .first_token = waiting || silent,
        .attempt = waiting || silent || bug_is(BUG_NO_ATTEMPT_TIMEOUT),
        .idle = bug_is(BUG_NO_IDLE_TIMEOUT),
    };
}

/* The moments as a seeded bug sees them. */
static struct limits_moments bent(const struct limits_moments *moments)
{
    struct limits_moments seen = *moments;

    if (bug_is(BUG_HEARTBEATS_ARE_PROGRESS) && seen.progress) {
        seen.start = seen.progress;
        seen.sent = seen.progress;
    }
    if (bug_is(BUG_HEADER_TIMER_NOT_CLEARED))
        seen.head = 0;
    if (bug_is(BUG_LIMITS_NOT_RESTARTED)) {
        seen.start = bug_request_began_ns();
        seen.sent = seen.sent ? seen.start : 0;
    }
    return seen;
}

struct limits_due limits_next(const struct rules *rules,
                              const struct limits_moments *actual,
                              int64_t total_ends_ns, bool exempt)
{
    const struct limits_moments seen = bent(actual);
    const struct limits_moments *moments = &seen;
    const struct forgotten forgotten = forget(moments);
    bool covered = !moments->committed || rules->timeouts.cover_streams ||
                   bug_is(BUG_ATTEMPT_COVERS_STREAMS);
    int64_t idle_ms = rules->timeouts.idle_ms;
    struct limits_due due = { INT64_MAX, OUTCOME_OK };

    if (bug_is(BUG_IDLE_TOO_SHORT))
        idle_ms /= 2;

    sooner(&due, latest(moments), SILENCE_MOST_MS, OUTCOME_IDLE_TIMEOUT);
    if (!moments->connected && !forgotten.connect)
        sooner(&due, moments->start, rules->timeouts.connect_ms,
               OUTCOME_CONNECT_TIMEOUT);
    if (!exempt && !forgotten.header && moments->sent && !moments->head)
        sooner(&due, moments->sent, rules->timeouts.header_ms,
               OUTCOME_HEADER_TIMEOUT);
    if (!exempt && !forgotten.first_token && moments->sent &&
        !moments->output && !moments->error_status)
        sooner(&due, moments->sent, rules->timeouts.first_token_ms,
               OUTCOME_FIRST_TOKEN_TIMEOUT);
    if (!forgotten.idle && (moments->output || moments->error_status))
        sooner(&due, moments->progress, idle_ms, OUTCOME_IDLE_TIMEOUT);
    if (covered && !exempt && !forgotten.attempt)
        sooner(&due, moments->start, rules->timeouts.attempt_ms,
               OUTCOME_ATTEMPT_TIMEOUT);
    if (covered && total_ends_ns < due.at_ns)
        due = (struct limits_due){ total_ends_ns, OUTCOME_TOTAL_TIMEOUT };
    return due;
}
