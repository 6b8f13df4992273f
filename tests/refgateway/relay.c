#include "tests/refgateway/relay.h"

#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_leak.h"
#include "tests/refgateway/bug_request.h"
#include "tests/refgateway/complaint.h"

#define LATE_MS 150 /* well after the client has its answer */

void relay_init(struct relay *relay, const struct relay_plan *plan)
{
    *relay = (struct relay){ .plan = *plan };
    course_init(&relay->course, plan->rules, plan->body.stream,
                plan->settings->count, plan->started_ns);
    for (size_t i = 0; i < plan->settings->count; i++) {
        size_t keys = plan->settings->upstreams[i].key_count;

        relay->course.progress.at[i].keys = keys ? keys : 1;
        relay->course.progress.at[i].key_worked =
            atomic_load(&plan->memory->worked[i]);
    }
}

static const char *key_for(const struct relay *relay,
                           const struct settings_upstream *upstream, size_t key)
{
    if (upstream->client_key)
        return relay->plan.client_credential;
    return key < upstream->key_count ? upstream->keys[key] : NULL;
}

/* Those of the client, but for the traceparent: the attempt is a span of its
 * own, and the upstream's are below it. */
static void set_headers(struct relay *relay)
{
    const struct relay_plan *plan = &relay->plan;

    for (size_t i = 0; i < plan->header_count; i++) {
        relay->headers[i] = plan->headers[i];
        if (!plan->tracing || !plan->tracing->exported ||
            strcasecmp(plan->headers[i].name, "traceparent") != 0)
            continue;
        tracing_parent(relay->traceparent, plan->tracing);
        relay->headers[i].value = relay->traceparent;
    }
    relay->header_count = bug_request_id(relay->headers, plan->header_count,
                                         relay->course.progress.attempts > 1);
}

static void begin(struct relay *relay, const struct move *move)
{
    const struct relay_plan *plan = &relay->plan;
    const struct settings_upstream *upstream =
        &plan->settings->upstreams[move->upstream];
    struct call_plan call;

    progress_begin(&relay->course.progress, move);
    tracing_attempt(plan->tracing, upstream);
    set_headers(relay);
    buf_clear(&relay->body);
    request_body_write(&relay->body, &plan->body, upstream->model);
    call = (struct call_plan){
        .rules = plan->rules,
        .url = upstream->url,
        .key = key_for(relay, upstream, move->key),
        .ca_file = upstream->ca_file,
        .body = buf_text(&relay->body),
        .length = relay->body.length,
        .stream = plan->body.stream,
        .headers = relay->headers,
        .header_count = relay->header_count,
        .own = upstream->headers,
        .own_count = upstream->header_count,
        .total_ends_ns = relay->course.progress.total_ends_ns,
        .exempt = course_exempt(&relay->course),
    };
    bug_request(&call, &relay->body, plan, &relay->course.progress);
    if (bug_is(BUG_SENT_TWICE)) {
        relay->call = call_open(&call);
        call_drive(relay->call, plan->watch);
        call_close(relay->call);
    }
    relay->call = call_open(&call);
}

/* The attempt is over, with course.result: all requests learn from it, and this
 * one from what others have learnt. */
static void learn(struct relay *relay)
{
    struct course *course = &relay->course;

    cooldown_note(&relay->plan.memory->cooldown, relay->plan.rules,
                  course->progress.current, &course->result, clock_now_ns());
    cooldown_look(&relay->plan.memory->cooldown, &course->progress);
}

/* What follows the call that failed. True: *move is to be made. */
static bool next_move(struct relay *relay, struct move *move)
{
    if (course_next(&relay->course, move, clock_now_ns(),
                    draw_unit(relay->plan.draw)))
        return true;
    relay->end = RELAY_FAILED;
    return false;
}

static enum relay_end leave(struct relay *relay, enum relay_end end)
{
    tracing_over(relay->plan.tracing, NULL);
    call_close(relay->call);
    relay->call = NULL;
    return relay->end = end;
}

static void remember(struct relay *relay)
{
    size_t current = relay->course.progress.current;

    if (!relay->course.progress.at[current].key)
        atomic_store(&relay->plan.memory->worked[current], true);
}

/* Makes the attempt; true when it failed and policy is to be asked. */
static bool attempt(struct relay *relay, const struct move *move)
{
    begin(relay, move);
    switch (call_drive(relay->call, relay->plan.watch)) {
    case CALL_OUTPUT:
        remember(relay);
        relay->end = RELAY_STREAM;
        return false;
    case CALL_LEFT:
        leave(relay, RELAY_LEFT);
        return false;
    case CALL_STOPPING:
        leave(relay, RELAY_STOPPING);
        return false;
    case CALL_ENDED:
        break;
    }
    call_result(relay->call, &relay->course.result);
    tracing_over(relay->plan.tracing, &relay->course.result);
    learn(relay);
    if (relay->course.result.outcome == OUTCOME_OK) {
        tracing_usage(relay->plan.tracing, buf_text(call_body(relay->call)),
                      call_body(relay->call)->length);
        remember(relay);
        relay->end = RELAY_ANSWER;
        return false;
    }
    bug_leak_refusal(call_body(relay->call));
    call_close(relay->call);
    relay->call = NULL;
    return true;
}

static enum watch_state wait_until(const struct relay *relay, int64_t until_ns)
{
    const struct timespec tick = { 0, NS_PER_MS };

    if (!bug_is(BUG_BACKOFF_NOT_WATCHED))
        return watch_sleep(relay->plan.watch, until_ns);
    while (clock_now_ns() < until_ns)
        nanosleep(&tick, NULL);
    return WATCH_HERE;
}

enum relay_end relay_run(struct relay *relay)
{
    struct move move;

    cooldown_look(&relay->plan.memory->cooldown, &relay->course.progress);
    move = course_first(&relay->course, clock_now_ns());
    if (move.kind == MOVE_END)
        return relay->end = RELAY_FAILED;
    for (;;) {
        /* A move is only made for somebody who is still there. */
        int64_t until_ns = clock_now_ns() + move.wait_ms * NS_PER_MS;
        enum watch_state state = wait_until(relay, until_ns);

        if (state != WATCH_HERE)
            return leave(relay,
                         state == WATCH_LEFT ? RELAY_LEFT : RELAY_STOPPING);
        if (!attempt(relay, &move) || !next_move(relay, &move))
            return relay->end;
    }
}

const struct buf *relay_answer(const struct relay *relay)
{
    return call_body(relay->call);
}

static void hand_out(struct buf *from, char *out, size_t size, size_t *got)
{
    *got = from->length < size ? from->length : size;
    memcpy(out, from->data, *got);
    memmove(from->data, from->data + *got, from->length - *got + 1);
    from->length -= *got;
}

/* Seeded: what is missing is made up. */
static bool make_up(struct relay *relay)
{
    bool done = bug_is(BUG_DONE_ADDED);

    if ((!done && !bug_is(BUG_FINISH_MADE_UP)) || relay->complaint_sent)
        return false;
    buf_add_text(call_output(relay->call),
                 done ? "data: [DONE]\n\n"
                      : "data: {\"choices\":[{\"index\":0,"
                        "\"delta\":{},\"finish_reason\":"
                        "\"stop\"}]}\n\n");
    return true;
}

static enum relay_read say(struct relay *relay, char *out, size_t size,
                           size_t *got)
{
    relay->complaint_sent = true;
    hand_out(call_output(relay->call), out, size, got);
    return RELAY_READ_BYTES;
}

/* What was begun is over: well, or with a complaint and a cut, as the runbook
 * lets the client see it. */
static enum relay_read finish(struct relay *relay, char *out, size_t size,
                              size_t *got)
{
    const struct course *course = &relay->course;
    enum course_tail tail = course_tail(course, relay->complaint_sent);

    if (relay->plan.body.stream && course->result.outcome != OUTCOME_OK) {
        if (bug_is(BUG_CLEAN_END_AFTER_CUT))
            return RELAY_READ_END;
        if (make_up(relay))
            return say(relay, out, size, got);
        if (bug_is(BUG_FINISH_MADE_UP) || bug_is(BUG_DONE_ADDED))
            return RELAY_READ_END;
    }
    if (tail != COURSE_TAIL_EVENT)
        return tail == COURSE_TAIL_CUT ? RELAY_READ_ABORT : RELAY_READ_END;
    complaint_write_event(call_output(relay->call), &course->result,
                          course->why);
    if (bug_is(BUG_DONE_AFTER_ERROR))
        buf_add_text(call_output(relay->call), "data: [DONE]\n\n");
    return say(relay, out, size, got);
}

/* Seeded: a stream that broke goes on with another attempt, once. */
static bool begin_again(struct relay *relay)
{
    bool splice = bug_is(BUG_SPLICE_AFTER_COMMIT);
    struct move move = { .kind = MOVE_ATTEMPT, .why = WHY_RETRY };

    if ((!splice && !bug_is(BUG_REPLAY_AFTER_COMMIT)) || relay->again ||
        relay->course.result.outcome == OUTCOME_OK)
        return false;
    move.upstream = splice ? relay->course.progress.count - 1
                           : relay->course.progress.current;
    call_close(relay->call);
    relay->again = true;
    begin(relay, &move);
    return true;
}

void relay_attempt_late(struct relay *relay, int stop_fd)
{
    struct move move = { .kind = MOVE_ATTEMPT, .why = WHY_RETRY };
    int nobody = eventfd(0, EFD_CLOEXEC); /* a client that never leaves */
    struct watch watch;

    if (nobody >= 0 && watch_open(&watch, nobody, stop_fd)) {
        watch_sleep(&watch, clock_now_ns() + LATE_MS * NS_PER_MS);
        call_close(relay->call);
        relay->plan.watch = &watch;
        begin(relay, &move);
        call_drive(relay->call, &watch);
        watch_close(&watch);
    }
    if (nobody >= 0)
        close(nobody);
}

enum relay_read relay_read(struct relay *relay, char *out, size_t size,
                           size_t *got)
{
    switch (call_drive(relay->call, relay->plan.watch)) {
    case CALL_OUTPUT:
        tracing_usage(relay->plan.tracing, buf_text(call_output(relay->call)),
                      call_output(relay->call)->length);
        relay->plan.tracing->events = call_events(relay->call);
        relay->begun = true;
        hand_out(call_output(relay->call), out, size, got);
        return RELAY_READ_BYTES;
    case CALL_ENDED:
        if (!relay->complaint_sent) {
            call_result(relay->call, &relay->course.result);
            tracing_over(relay->plan.tracing, &relay->course.result);
            learn(relay);
            relay->course.why = WHY_CLASS;
        }
        if (begin_again(relay))
            return relay_read(relay, out, size, got);
        return finish(relay, out, size, got);
    case CALL_LEFT:
        leave(relay, RELAY_LEFT);
        return RELAY_READ_ABORT;
    default:
        leave(relay, RELAY_STOPPING);
        return RELAY_READ_ABORT;
    }
}

void relay_release(struct relay *relay)
{
    call_close(relay->call);
    buf_release(&relay->body);
    *relay = (struct relay){ 0 };
}
