#include "harness/judge/check.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "harness/judge/seen.h"

const struct check *const checks[] = {
#define CHECK(name) &check_##name,
#include "harness/judge/check_table.h"
#undef CHECK
    NULL,
};

const struct check *check_find(const char *id)
{
    for (size_t i = 0; checks[i]; i++)
        if (!strcmp(checks[i]->id, id))
            return checks[i];
    return NULL;
}

/* What leaked, and which key went where, holds whatever else broke. */
static bool judged_anyway(const struct check *check)
{
    return check->severity == SEVERITY_PRECONDITION ||
           check == &check_redaction || check == &check_one_credential;
}

/* A scenario may make its case advisory; what must never happen stays. */
static enum severity severity_of(const struct check *check,
                                 const struct judged *judged)
{
    const struct drill_case *drill_case = judged->observation->drill_case;

    if (judged_anyway(check))
        return check->severity;
    for (size_t i = 0; i < drill_case->phase_count; i++)
        if (drill_case->phases[i].expect.severity_advisory == 1)
            return SEVERITY_ADVISORY;
    return check->severity;
}

/* What time has no part in: a fail of these is one on any machine. */
static bool is_timeless(const char *id)
{
    const struct check *const all[] = {
        &check_honest_end,     &check_one_credential, &check_same_body,
        &check_request_drift,  &check_route,          &check_redaction,
        &check_over_collection
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(all[i]->id, id))
            return true;
    return false;
}

/* Of the timeouts declared; 1 s where none is. */
static int64_t shortest_timeout_ms(const struct runbook *runbook)
{
    const struct runbook_timeouts *t = &runbook->timeouts;
    const int64_t all[] = { t->connect_ms, t->header_ms,  t->first_token_ms,
                            t->idle_ms,    t->attempt_ms, t->total_ms };
    int64_t least = 1000;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] > 0 && all[i] < least)
            least = all[i];
    return least;
}

/* The whole of every request took less than any timer of the gateway runs. */
static bool outran_timers(const struct observation *o, int64_t shortest_ms)
{
    for (size_t i = 0; i < o->request_count; i++) {
        const struct http_trace *trace = &o->requests[i].trace;

        if (trace->end_ns - trace->start_ns >= shortest_ms * NS_PER_MS)
            return false;
    }
    return o->request_count > 0;
}

/* How long a request of some attempt took to be read whole: the mock may have
 * had no time for it, and a large one waits in the gateway meanwhile. */
static int64_t slowest_reading_ms(const struct observation *o)
{
    int64_t most_ns = 0;

    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];
        int64_t took_ns = attempt->times_ns.body - attempt->times_ns.first_byte;

        if (attempt->times_ns.body && attempt->times_ns.first_byte &&
            took_ns > most_ns)
            most_ns = took_ns;
    }
    return most_ns / NS_PER_MS;
}

static int64_t max_of(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A machine that is late by half a timeout makes a gateway's timers run out
 * against answers that were on their way. What passed has passed; what failed
 * may be the machine's doing, and is no fail. */
static void doubt_fails(struct findings *out, const struct observation *o)
{
    int64_t shortest_ms = shortest_timeout_ms(o->runbook);
    int64_t bearable_ms = shortest_ms / 2 > 50 ? shortest_ms / 2 : 50;
    int64_t slow_ms =
        max_of(slowest_reading_ms(o), max_of(o->slow_ms, o->stamp_ms));
    struct finding *delivered = NULL;
    bool failed = false;

    if (slow_ms < bearable_ms || outran_timers(o, shortest_ms))
        return;
    for (size_t i = 0; i < out->count; i++) {
        struct finding *one = &out->items[i];

        if (one->check == check_fault_delivered.id)
            delivered = one;
        if (one->verdict != VERDICT_FAIL || one->severity != SEVERITY_REQUIRED)
            continue;
        if (is_timeless(one->check))
            return;
        failed = true;
    }
    if (!failed || !delivered || delivered->verdict != VERDICT_PASS)
        return;
    delivered->verdict = VERDICT_HOLD;
    finding_observe(delivered,
                    "this machine was up to %lld ms late while the case ran",
                    (long long)slow_ms);
    finding_reason(delivered,
                   "too slow to tell a fail from a timer of %lld ms that ran "
                   "out by itself: less load, or fewer --jobs",
                   (long long)shortest_ms);
}

void judge_case(struct findings *out, const struct judged *judged)
{
    const struct observation *o = judged->observation;

    for (size_t i = 0; checks[i]; i++) {
        const struct check *check = checks[i];
        struct finding *finding = findings_add(out);

        finding->check = check->id;
        finding->evidence_type = check->evidence_type;
        finding->severity = severity_of(check, judged);
        if (o->broken[0] && !judged_anyway(check))
            snprintf(finding->reason, sizeof finding->reason,
                     "the case was not carried out in full");
        else
            check->judge(judged, finding);
    }
    doubt_fails(out, o);
}
