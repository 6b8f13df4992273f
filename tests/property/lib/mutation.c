#include "tests/property/lib/mutation.h"

/* Longer than any tolerance of a stage's observation. */
#define MUCH_MS 200

static struct attempt *at(struct stage *s, size_t i)
{
    return &s->attempts[i];
}

static struct attempt *last(struct stage *s)
{
    return at(s, s->o.attempt_count - 1);
}

static struct http_trace *trace(struct stage *s)
{
    return &s->request.trace;
}

static bool succeeded(struct stage *s)
{
    return trace(s)->outcome == TRACE_OUTCOME_SUCCESS;
}

static bool refused(const struct attempt *a)
{
    return a->delivered.status == 401 || a->delivered.status == 403;
}

static void shift_attempt(struct attempt *a, int64_t ns)
{
    int64_t *times[] = { &a->times_ns.accept,     &a->times_ns.first_byte,
                         &a->times_ns.head,       &a->times_ns.body,
                         &a->times_ns.first_sent, &a->times_ns.last_sent,
                         &a->times_ns.end,        &a->times_ns.peer_closed };

    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (*times[i])
            *times[i] += ns;
}

/* Everything from attempt i on comes later, or earlier. */
static void shift(struct stage *s, size_t i, int64_t ns)
{
    for (; i < s->o.attempt_count; i++)
        shift_attempt(at(s, i), ns);
    trace(s)->end_ns += ns;
    s->o.listened_until_ns += ns;
}

/* A copy of the last attempt, after_ms after its end. */
static bool append(struct stage *s, const char *upstream, int64_t after_ms)
{
    const struct attempt *before;
    struct attempt *a;

    if (!s->o.attempt_count || s->o.attempt_count == STAGE_ATTEMPTS)
        return false;
    before = last(s);
    a = at(s, s->o.attempt_count);
    *a = *before;
    if (upstream) {
        snprintf(a->upstream, sizeof a->upstream, "%s", upstream);
        a->ordinal = 0;
        for (size_t i = 0; i < s->o.attempt_count; i++)
            a->ordinal += !strcmp(at(s, i)->upstream, upstream);
    }
    a->ordinal++;
    shift_attempt(a, before->times_ns.end - before->times_ns.accept +
                         after_ms * NS_PER_MS);
    a->planned.fault[0] = '\0'; /* whatever its step was */
    s->o.attempt_count++;
    return true;
}

static void client_waits_for(struct stage *s, const struct attempt *a)
{
    trace(s)->end_ns = a->times_ns.end + NS_PER_MS;
    s->o.listened_until_ns = trace(s)->end_ns + MUCH_MS * NS_PER_MS;
}

static const char *other(const char *upstream)
{
    return strcmp(upstream, "primary") != 0 ? "primary" : "fallback";
}

/* --- how many, and where ------------------------------------------------- */

static bool one_more(struct stage *s)
{
    if (!append(s, NULL, MUCH_MS))
        return false;
    client_waits_for(s, last(s));
    return true;
}

static bool one_more_elsewhere(struct stage *s)
{
    if (!s->o.attempt_count || !append(s, other(last(s)->upstream), 1))
        return false;
    client_waits_for(s, last(s));
    return true;
}

static bool one_fewer(struct stage *s)
{
    if (s->o.attempt_count < 2)
        return false;
    memmove(at(s, 0), at(s, 1), (s->o.attempt_count - 1) * sizeof *s->attempts);
    s->o.attempt_count--;
    return true;
}

static bool none_at_all(struct stage *s)
{
    s->o.attempt_count = 0;
    return true;
}

static bool at_the_other(struct stage *s)
{
    const char *upstream;

    if (!s->o.attempt_count)
        return false;
    upstream = other(last(s)->upstream);
    snprintf(last(s)->upstream, UPSTREAM_NAME_SIZE, "%s", upstream);
    return true;
}

static bool other_order(struct stage *s)
{
    if (s->o.attempt_count < 2 ||
        !strcmp(at(s, 0)->upstream, last(s)->upstream))
        return false;
    snprintf(at(s, 0)->upstream, UPSTREAM_NAME_SIZE, "fallback");
    snprintf(last(s)->upstream, UPSTREAM_NAME_SIZE, "primary");
    return true;
}

static bool retry_after_refusal(struct stage *s)
{
    return s->o.attempt_count && refused(last(s)) && one_more(s);
}

static bool fallback_after_refusal(struct stage *s)
{
    return s->o.attempt_count && refused(last(s)) && one_more_elsewhere(s);
}

/* The client has the first attempt's answer, and there was another. */
static bool again_after_output(struct stage *s)
{
    return succeeded(s) && one_more(s);
}

static bool late(struct stage *s)
{
    if (!append(s, NULL, 0))
        return false;
    shift_attempt(last(s), trace(s)->end_ns - last(s)->times_ns.accept +
                               (MUCH_MS / 2) * NS_PER_MS);
    return true;
}

/* --- when ---------------------------------------------------------------- */

static double backoff_of(const struct runbook_backoff *backoff, int64_t retry)
{
    double d = (double)backoff->base_ms;

    for (int64_t i = 0; i < retry; i++)
        d *= (double)backoff->factor_percent / 100;
    return d < (double)backoff->cap_ms ? d : (double)backoff->cap_ms;
}

/* A gap before a retry at the same upstream, after an answer that both sides
 * saw at the same time. 0: none. */
static size_t plain_gap(struct stage *s)
{
    for (size_t i = 1; i < s->o.attempt_count; i++)
        if (!strcmp(at(s, i)->upstream, at(s, i - 1)->upstream) &&
            at(s, i - 1)->delivered.status > 0)
            return i;
    return 0;
}

static void set_gap(struct stage *s, size_t i, double ms)
{
    int64_t gap_ns =
        at(s, i)->times_ns.accept - at(s, i - 1)->times_ns.last_sent;

    shift(s, i, (int64_t)(ms * (double)NS_PER_MS) - gap_ns);
}

static bool too_early(struct stage *s)
{
    const struct runbook_backoff *backoff = &s->d.runbook.retry.backoff;
    size_t i = plain_gap(s);
    double least;

    if (!i || backoff->jitter == JITTER_FULL)
        return false;
    least = backoff_of(backoff, at(s, i)->ordinal - 2);
    if (backoff->jitter == JITTER_EQUAL)
        least /= 2;
    if (least < 10)
        return false;
    set_gap(s, i, least - 5);
    return true;
}

static bool too_late(struct stage *s)
{
    const struct runbook_backoff *backoff = &s->d.runbook.retry.backoff;
    size_t i = plain_gap(s);

    if (!i || backoff->jitter == JITTER_ADDITIVE)
        return false;
    /* Gateways count retries at one upstream or over all: the cap binds. */
    set_gap(s, i, (double)(backoff->cap_ms + s->o.tolerance_ms) + 10);
    return true;
}

static bool overlapping(struct stage *s)
{
    if (s->o.attempt_count < 2)
        return false;
    at(s, 0)->times_ns.end = at(s, 0)->times_ns.peer_closed =
        at(s, 1)->times_ns.accept + MUCH_MS * NS_PER_MS;
    return true;
}

static bool after_total(struct stage *s)
{
    if (s->d.phase.client.stream && succeeded(s))
        return false; /* it binds until the commit point */
    trace(s)->end_ns = trace(s)->start_ns +
                       (s->d.runbook.timeouts.total_ms + MUCH_MS) * NS_PER_MS;
    s->o.listened_until_ns = trace(s)->end_ns + MUCH_MS * NS_PER_MS;
    return true;
}

static bool no_end(struct stage *s)
{
    trace(s)->outcome = TRACE_OUTCOME_HANG;
    return true;
}

/* --- what the client gets ------------------------------------------------ */

static void take_tokens(struct stage *s, int64_t count)
{
    struct answer_tokens *tokens = &trace(s)->tokens;

    answer_tokens_release(tokens);
    for (int64_t i = 1; i <= count; i++) {
        struct answer_token token = { .attempt = last(s)->ordinal,
                                      .index = i,
                                      .count = ANSWER_TOKENS,
                                      .tag = trace(s)->tag };

        memcpy(token.upstream, last(s)->upstream, sizeof token.upstream);
        tokens->items = xgrow(tokens->items, tokens->count, &tokens->capacity,
                              sizeof *tokens->items);
        tokens->items[tokens->count++] = token;
    }
    trace(s)->shape = answer_judge(tokens, trace(s)->tag);
}

static bool success_for_error(struct stage *s)
{
    if (succeeded(s) || !s->o.attempt_count)
        return false;
    trace(s)->outcome = TRACE_OUTCOME_SUCCESS;
    trace(s)->status = 200;
    take_tokens(s, ANSWER_TOKENS);
    return true;
}

static bool error_for_success(struct stage *s)
{
    if (!succeeded(s))
        return false;
    trace(s)->outcome = TRACE_OUTCOME_ERROR;
    trace(s)->status = 502;
    take_tokens(s, 0);
    return true;
}

/* A status that no list names and no upstream sent. */
static bool other_status(struct stage *s)
{
    if (succeeded(s) || !s->o.attempt_count ||
        last(s)->delivered.status / 100 != 4 ||
        (refused(last(s)) && s->o.attempt_count > 1))
        return false;
    trace(s)->status = 418;
    return true;
}

static bool cut_as_whole(struct stage *s)
{
    if (!succeeded(s))
        return false;
    take_tokens(s, ANSWER_TOKENS / 2);
    trace(s)->outcome = TRACE_OUTCOME_FALSE_SUCCESS;
    return true;
}

static bool said_twice(struct stage *s)
{
    if (!succeeded(s) || trace(s)->tokens.count < 2)
        return false;
    trace(s)->tokens.items[1] = trace(s)->tokens.items[0];
    trace(s)->shape = answer_judge(&trace(s)->tokens, trace(s)->tag);
    return true;
}

static bool spliced(struct stage *s)
{
    if (!succeeded(s) || trace(s)->tokens.count < 2)
        return false;
    trace(s)->tokens.items[0].attempt++;
    trace(s)->shape = answer_judge(&trace(s)->tokens, trace(s)->tag);
    return true;
}

static bool of_another_request(struct stage *s)
{
    if (!succeeded(s) || !trace(s)->tokens.count)
        return false;
    for (size_t i = 0; i < trace(s)->tokens.count; i++)
        trace(s)->tokens.items[i].tag++;
    trace(s)->shape = answer_judge(&trace(s)->tokens, trace(s)->tag);
    return true;
}

/* --- what the upstream gets ---------------------------------------------- */

static bool foreign_key(struct stage *s)
{
    if (!s->o.attempt_count)
        return false;
    snprintf(last(s)->request.credentials[0].fingerprint, FINGERPRINT_HEX_SIZE,
             "%s", s->o.client_fingerprint);
    return true;
}

static bool no_key(struct stage *s)
{
    if (!s->o.attempt_count)
        return false;
    last(s)->request.credential_count = 0;
    return true;
}

static bool other_body(struct stage *s)
{
    if (s->o.attempt_count < 2)
        return false;
    snprintf(last(s)->request.body_sha256, sizeof last(s)->request.body_sha256,
             "b1");
    return true;
}

static bool lost_body(struct stage *s)
{
    if (s->o.attempt_count < 2)
        return false;
    last(s)->request.body_sha256[0] = '\0';
    last(s)->request.body = ATTEMPT_BODY_NONE;
    return true;
}

const struct mutation mutations[] = {
    { "one attempt more",
      "attempts_per_upstream attempts_total auth_fail_closed", one_more },
    { "one attempt more at the other upstream",
      "attempts_per_upstream auth_fail_closed", one_more_elsewhere },
    { "one attempt fewer", "attempts_per_upstream", one_fewer },
    { "no attempt", "attempts_per_upstream", none_at_all },
    { "the other upstream", "attempts_per_upstream", at_the_other },
    { "the other order", "attempts_per_upstream", other_order },
    { "a retry after a refused credential", "auth_fail_closed",
      retry_after_refusal },
    { "a fallback after a refused credential", "auth_fail_closed",
      fallback_after_refusal },
    { "an attempt after the answer had begun", "honest_end",
      again_after_output },
    { "an attempt after the client's end", "no_late_attempts", late },
    { "a gap below its floor", "gap_bounds", too_early },
    { "a gap above its bound", "gap_bounds", too_late },
    { "two attempts at once", "no_overlap", overlapping },
    { "an end after total_ms", "total_time", after_total },
    { "no end", "total_time", no_end },
    { "a success where an error is due", "client_outcome auth_fail_closed",
      success_for_error },
    { "an error where the answer is due", "client_outcome", error_for_success },
    { "another status", "client_status auth_fail_closed", other_status },
    { "a cut answer as a whole one", "honest_end", cut_as_whole },
    { "a part of the answer twice", "honest_end", said_twice },
    { "an answer of two attempts", "honest_end", spliced },
    { "an answer to another request", "honest_end", of_another_request },
    { "the client's key at the upstream", "one_credential", foreign_key },
    { "no key at the upstream", "one_credential", no_key },
    { "another body on a retry", "same_body", other_body },
    { "a retry without its body", "same_body", lost_body },
    { 0 },
};
