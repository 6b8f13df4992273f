#include "tests/refgateway/relay.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_request.h"
#include "tests/refgateway/bug_state.h"
#include "tests/refgateway/complaint.h"

#define LATE_MS 150 /* well after the client has its answer */

void relay_init(struct relay *relay, const struct relay_plan *plan)
{
    int64_t total_ms = plan->rules->timeouts.total_ms;

    *relay = (struct relay){ .plan = *plan };
    relay->progress.count = plan->settings->count;
    relay->progress.total_ends_ns =
        total_ms < 0 || bug_is(BUG_NO_TOTAL_TIMEOUT)
            ? INT64_MAX
            : plan->started_ns + total_ms * NS_PER_MS;
    for (size_t i = 0; i < plan->settings->count; i++) {
        size_t keys = plan->settings->upstreams[i].key_count;

        relay->progress.at[i].keys = keys ? keys : 1;
        relay->progress.at[i].key_worked =
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

static void begin(struct relay *relay, const struct move *move)
{
    const struct relay_plan *plan = &relay->plan;
    const struct settings_upstream *upstream =
        &plan->settings->upstreams[move->upstream];
    struct call_plan call;

    progress_begin(&relay->progress, move);
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
        .headers = plan->headers,
        .header_count = plan->header_count,
        .total_ends_ns = relay->progress.total_ends_ns,
        .exempt = (plan->rules->timeouts.last_attempt_exempt ||
                   bug_is(BUG_LAST_ATTEMPT_EXEMPT)) &&
                  policy_is_last(plan->rules, &relay->progress),
    };
    bug_request(&call, &relay->body, plan, &relay->progress);
    if (bug_is(BUG_SENT_TWICE)) {
        relay->call = call_open(&call);
        call_drive(relay->call, plan->watch);
        call_close(relay->call);
    }
    relay->call = call_open(&call);
}

/* Keeps the latest result of each upstream. */
static size_t keep_result(struct relay *relay, const struct result *result)
{
    size_t i = 0;

    while (i < relay->result_count &&
           relay->result_of[i] != relay->progress.current)
        i++;
    if (i == relay->result_count)
        relay->result_of[relay->result_count++] = relay->progress.current;
    relay->results[i] = *result;
    return i;
}

static enum relay_end fail(struct relay *relay, enum why why, size_t last)
{
    size_t told = complaint_pick(relay->plan.rules, relay->results,
                                 relay->result_count, last);

    relay->result = relay->results[told];
    relay->why = told == last ? why : WHY_EXHAUSTED;
    return RELAY_FAILED;
}

/* What follows the call that failed with relay->result. True: *move is to be
 * made. */
static bool next_move(struct relay *relay, struct move *move)
{
    const struct rules *rules = relay->plan.rules;
    struct result result = relay->result;
    int64_t now_ns = clock_now_ns();
    size_t last = keep_result(relay, &result);

    *move = policy_next(rules, &relay->progress, &result, now_ns,
                        draw_unit(relay->plan.draw));
    progress_fail(&relay->progress, rules, &result, move, now_ns);
    bug_state_note(relay->progress.current, &result, move);
    if (relay->plan.body.stream &&
        ((move->why == WHY_RETRY && bug_is(BUG_NO_RETRY_OF_STREAMS)) ||
         (move->why == WHY_FALLBACK && bug_is(BUG_NO_FALLBACK_OF_STREAMS))))
        *move = (struct move){ .kind = MOVE_END, .why = WHY_EXHAUSTED };
    if (move->kind == MOVE_ATTEMPT)
        return true;
    relay->end = fail(relay, move->why, last);
    return false;
}

static enum relay_end leave(struct relay *relay, enum relay_end end)
{
    call_close(relay->call);
    relay->call = NULL;
    return relay->end = end;
}

static void remember(struct relay *relay)
{
    size_t current = relay->progress.current;

    if (!relay->progress.at[current].key)
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
    call_result(relay->call, &relay->result);
    if (relay->result.outcome == OUTCOME_OK) {
        remember(relay);
        relay->end = RELAY_ANSWER;
        return false;
    }
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
    struct move move = policy_first(&relay->progress);

    bug_state_bend(&move.upstream, relay->progress.count);
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

/* What was begun is over: well, or with a complaint and a cut, as the runbook
 * lets the client see it. A plain answer has no place for a complaint: the cut
 * is all that is left. */
static enum relay_read finish(struct relay *relay, char *out, size_t size,
                              size_t *got)
{
    const struct rules *rules = relay->plan.rules;
    struct buf *output = call_output(relay->call);

    if (relay->result.outcome == OUTCOME_OK)
        return RELAY_READ_END;
    if (!relay->plan.body.stream)
        return RELAY_READ_ABORT;
    if (bug_is(BUG_CLEAN_END_AFTER_CUT))
        return RELAY_READ_END;
    if (bug_is(BUG_FINISH_MADE_UP) || bug_is(BUG_DONE_ADDED)) {
        if (relay->complaint_sent)
            return RELAY_READ_END;
        relay->complaint_sent = true;
        buf_add_text(output, bug_is(BUG_DONE_ADDED)
                                 ? "data: [DONE]\n\n"
                                 : "data: {\"choices\":[{\"index\":0,"
                                   "\"delta\":{},\"finish_reason\":"
                                   "\"stop\"}]}\n\n");
        hand_out(output, out, size, got);
        return RELAY_READ_BYTES;
    }
    if (rules->stream.error_event && !relay->complaint_sent) {
        relay->complaint_sent = true;
        complaint_write_event(output, &relay->result, relay->why);
        if (bug_is(BUG_DONE_AFTER_ERROR))
            buf_add_text(output, "data: [DONE]\n\n");
        hand_out(output, out, size, got);
        return RELAY_READ_BYTES;
    }
    return rules->stream.abort ? RELAY_READ_ABORT : RELAY_READ_END;
}

/* Seeded: a stream that broke goes on with another attempt, once. */
static bool begin_again(struct relay *relay)
{
    bool splice = bug_is(BUG_SPLICE_AFTER_COMMIT);
    struct move move = { .kind = MOVE_ATTEMPT, .why = WHY_RETRY };

    if ((!splice && !bug_is(BUG_REPLAY_AFTER_COMMIT)) || relay->again ||
        relay->result.outcome == OUTCOME_OK)
        return false;
    move.upstream =
        splice ? relay->progress.count - 1 : relay->progress.current;
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
        hand_out(call_output(relay->call), out, size, got);
        return RELAY_READ_BYTES;
    case CALL_ENDED:
        if (!relay->complaint_sent) {
            call_result(relay->call, &relay->result);
            relay->why = WHY_CLASS;
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
