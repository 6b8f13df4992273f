#include "harness/judge/counted.h"

#include <stdlib.h>
#include <string.h>

#include "harness/client/trace_usage.h"
#include "harness/judge/seen.h"

/* One request's part; false: nothing can be said of the whole case. */
typedef bool add_request(struct counted *out, const struct seen *seen,
                         const struct profile_counter *counter,
                         const char *status);

static bool is_status(int64_t code, const char *status)
{
    if (!status)
        return true;
    if (!strpbrk(status, "xX"))
        return code == strtoll(status, NULL, 10);
    return code / 100 == *status - '0';
}

static bool give_up(struct counted *out, const char *why)
{
    out->why = why;
    return false;
}

static void add(struct counted *out, bool sure)
{
    out->least += sure;
    out->most++;
}

/* One that led to no attempt may have been refused before it was counted. */
static bool add_client_request(struct counted *out, const struct seen *seen,
                               const struct profile_counter *counter,
                               const char *status)
{
    const struct http_trace *trace = seen->trace;
    bool sure = trace->head_complete && seen->count &&
                trace->outcome != TRACE_OUTCOME_LEFT;

    (void)counter;
    if (!trace->head_complete || is_status(trace->status, status))
        add(out, sure && is_status(trace->status, status));
    return true;
}

/* Whether each attempt the gateway began is one that the mock saw. */
static bool can_count(struct counted *out, const struct seen *seen,
                      const struct profile_counter *counter)
{
    enum trace_outcome outcome = seen->trace->outcome;

    if (counter->upstream ? seen_uncountable(seen, counter->upstream)
                          : seen->allowed->uncountable_count > 0)
        return give_up(out, "attempts cannot be counted here");
    if (outcome == TRACE_OUTCOME_LEFT || outcome == TRACE_OUTCOME_HANG)
        return give_up(out, "the client was gone before the end");
    if (seen->count == SEEN_ATTEMPTS_MOST)
        return give_up(out, "more attempts than are looked at");
    return true;
}

static bool goes_to(const struct attempt *attempt, const char *upstream)
{
    return !upstream || !strcmp(attempt->upstream, upstream);
}

/* A final head that the gateway must have read. */
static bool was_read(const struct seen *seen, const struct attempt *attempt)
{
    struct effect effect;

    seen_effect(&effect, seen, attempt);
    return attempt->delivered.head_complete &&
           !attempt->delivered.peer_closed_first &&
           attempt->delivered.end != ATTEMPT_END_RST &&
           attempt->delivered.end != ATTEMPT_END_OPEN &&
           effect.head == EFFECT_HEAD_COMPLETE && !effect.head_may_be_refused;
}

static bool add_attempts(struct counted *out, const struct seen *seen,
                         const struct profile_counter *counter,
                         const char *status)
{
    if (!can_count(out, seen, counter))
        return false;
    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        bool over = attempt->delivered.end != ATTEMPT_END_OPEN;

        if (!goes_to(attempt, counter->upstream))
            continue;
        if (!status)
            add(out, over);
        else if (attempt->delivered.sent_bytes &&
                 is_status(attempt->delivered.status, status))
            add(out, was_read(seen, attempt));
    }
    return true;
}

/* Attempts beyond the first at each upstream; a counter of one upstream's, or
 * of the primary's, knows those there alone. */
static bool add_retries(struct counted *out, const struct seen *seen,
                        const struct profile_counter *counter,
                        const char *status)
{
    const char *upstream = counter->upstream;

    (void)status;
    if (counter->counts == METRIC_RETRIES_PRIMARY && !upstream)
        upstream = runbook_primary(seen->observation->runbook);
    if (!can_count(out, seen, counter))
        return false;
    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];
        bool before = false;

        for (size_t k = 0; k < i && !before; k++)
            before = !strcmp(attempt->upstream, seen->attempts[k]->upstream);
        if (before && goes_to(attempt, upstream))
            add(out, attempt->delivered.end != ATTEMPT_END_OPEN);
    }
    return true;
}

/* Tokens that an answer says which was given up on are for the gateway to
 * count or not. */
static bool add_tokens(struct counted *out, const struct seen *seen,
                       const struct profile_counter *counter,
                       const char *status)
{
    bool input = counter->counts == METRIC_INPUT_TOKENS;
    size_t answers = 0;
    struct trace_usage usage;
    int64_t tokens;

    (void)status;
    for (size_t i = 0; i < seen->count; i++)
        answers += seen->attempts[i]->delivered.status < 300 &&
                   seen->attempts[i]->delivered.sent_bytes > 0;
    if (answers == 0 && seen->trace->outcome == TRACE_OUTCOME_ERROR)
        return true;
    trace_usage_read(&usage, seen->trace);
    tokens = input ? usage.input : usage.output;
    if (answers != 1 || seen->trace->outcome != TRACE_OUTCOME_SUCCESS ||
        tokens < 0)
        return give_up(out, "not every answer says what it took");
    out->least += tokens;
    out->most += tokens;
    return true;
}

static add_request *const adders[] = {
    [METRIC_RETRIES] = add_retries,     [METRIC_RETRIES_PRIMARY] = add_retries,
    [METRIC_ATTEMPTS] = add_attempts,   [METRIC_REQUESTS] = add_client_request,
    [METRIC_INPUT_TOKENS] = add_tokens, [METRIC_OUTPUT_TOKENS] = add_tokens,
};

void counted_status(struct counted *out, const struct judged *judged,
                    const struct profile_counter *counter, const char *status)
{
    *out = (struct counted){ 0 };
    for (size_t i = 0; i < judged->observation->request_count; i++) {
        struct seen seen;

        seen_init(&seen, judged, i);
        if (!adders[counter->counts](out, &seen, counter, status))
            return;
    }
}

void counted_total(struct counted *out, const struct judged *judged,
                   const struct profile_counter *counter)
{
    counted_status(out, judged, counter, NULL);
}
