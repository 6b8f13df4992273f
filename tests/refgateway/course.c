#include "tests/refgateway/course.h"

#include "common/clock.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_state.h"
#include "tests/refgateway/complaint.h"

void course_init(struct course *course, const struct rules *rules, bool stream,
                 size_t upstreams, int64_t started_ns)
{
    int64_t total_ms = rules->timeouts.total_ms;

    *course = (struct course){ .rules = rules, .stream = stream };
    course->progress.count = upstreams;
    course->progress.total_ends_ns =
        total_ms < 0 || bug_is(BUG_NO_TOTAL_TIMEOUT)
            ? INT64_MAX
            : started_ns + total_ms * NS_PER_MS;
    for (size_t i = 0; i < upstreams; i++)
        course->progress.at[i].keys = 1;
}

/* Nobody may be called before the first of them is back. */
static void refuse(struct course *course, int64_t now_ns)
{
    int64_t back_ns = INT64_MAX;

    for (size_t i = 0; i < course->progress.count; i++)
        if (course->progress.at[i].out_until_ns < back_ns)
            back_ns = course->progress.at[i].out_until_ns;
    course->result =
        (struct result){ .outcome = OUTCOME_HTTP,
                         .status = 503,
                         .told_ms = (back_ns - now_ns) / NS_PER_MS + 1 };
    course->why = WHY_EXHAUSTED;
}

struct move course_first(struct course *course, int64_t now_ns)
{
    struct move move = policy_first(&course->progress, now_ns);

    if (move.kind == MOVE_END) {
        refuse(course, now_ns);
        return move;
    }
    bug_state_bend(&move.upstream, course->progress.count);
    return move;
}

/* Keeps the latest result of each upstream. */
static size_t keep_result(struct course *course)
{
    size_t i = 0;

    while (i < course->result_count &&
           course->result_of[i] != course->progress.current)
        i++;
    if (i == course->result_count)
        course->result_of[course->result_count++] = course->progress.current;
    course->results[i] = course->result;
    if (course->progress.attempts == 1)
        course->first = course->result;
    return i;
}

/* A refused credential that ends the request is always told. */
static void tell(struct course *course, enum why why, size_t last)
{
    size_t told = complaint_pick(course->rules, course->results,
                                 course->result_count, last);

    if (why != WHY_AUTH && course->progress.attempts > 1 &&
        course->rules->client_errors.all_failed == RULES_ALL_FAILED_FIRST) {
        course->result = course->first;
        course->why = WHY_EXHAUSTED;
        return;
    }
    if (why == WHY_AUTH)
        told = last;
    course->result = course->results[told];
    course->why = told == last ? why : WHY_EXHAUSTED;
}

bool course_next(struct course *course, struct move *move, int64_t now_ns,
                 double unit)
{
    struct result result = course->result;
    size_t last = keep_result(course);

    *move =
        policy_next(course->rules, &course->progress, &result, now_ns, unit);
    progress_fail(&course->progress, course->rules, &result, move, now_ns);
    bug_state_note(course->progress.current, &result, move);
    if (course->stream &&
        ((move->why == WHY_RETRY && bug_is(BUG_NO_RETRY_OF_STREAMS)) ||
         (move->why == WHY_FALLBACK && bug_is(BUG_NO_FALLBACK_OF_STREAMS))))
        *move = (struct move){ .kind = MOVE_END, .why = WHY_EXHAUSTED };
    if (move->why == WHY_FALLBACK && bug_is(BUG_SESSION_STAYS) &&
        course->progress.at[course->progress.current].key_worked)
        *move = (struct move){ .kind = MOVE_END, .why = WHY_EXHAUSTED };
    if (move->kind == MOVE_ATTEMPT)
        return true;
    tell(course, move->why, last);
    return false;
}

bool course_exempt(const struct course *course)
{
    return (course->rules->timeouts.last_attempt_exempt ||
            bug_is(BUG_LAST_ATTEMPT_EXEMPT)) &&
           policy_is_last(course->rules, &course->progress);
}

/* A plain answer has no place for a complaint: the cut is all that is left. */
enum course_tail course_tail(const struct course *course, bool said)
{
    if (course->result.outcome == OUTCOME_OK)
        return COURSE_TAIL_END;
    if (!course->stream)
        return COURSE_TAIL_CUT;
    if (course->rules->stream.error_event && !said)
        return COURSE_TAIL_EVENT;
    return course->rules->stream.abort ? COURSE_TAIL_CUT : COURSE_TAIL_END;
}
