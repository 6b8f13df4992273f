#include "tests/property/lib/rehearsal.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "tests/property/lib/wire_reader.h"
#include "tests/refgateway/complaint.h"
#include "tests/refgateway/course.h"
#include "tests/refgateway/draw.h"

#define US INT64_C(1000) /* ns */

struct stage_play {
    const struct rehearsal_plan *plan;
    struct rehearsal *out;
    struct rules rules;
    struct course course;
    struct draw draw;
    int64_t now_ns;
    bool begun; /* the head of the answer is out */
};

/* The time things take that nobody declares: up to most_us. */
static int64_t own_ns(struct stage_play *play, int64_t most_us)
{
    return (int64_t)(draw_unit(&play->draw) * (double)(most_us * US));
}

/* --- what the client gets ------------------------------------------------ */

static void give(struct stage_play *play, const char *bytes, size_t length)
{
    struct rehearsal *out = play->out;

    if (!length)
        return;
    out->pieces = xgrow(out->pieces, out->piece_count, &out->piece_capacity,
                        sizeof *out->pieces);
    out->pieces[out->piece_count++] =
        (struct rehearsal_piece){ play->now_ns, out->answer.length, length };
    buf_add(&out->answer, bytes, length);
}

static void give_whole(struct stage_play *play, int status,
                       const struct buf *body)
{
    struct buf answer = { 0 };

    buf_printf(&answer,
               "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\nx-gatedrill-retry-count: %lld\r\n\r\n",
               status, body->length,
               (long long)progress_retries(&play->course.progress));
    buf_add(&answer, body->data, body->length);
    give(play, answer.data, answer.length);
    buf_release(&answer);
    play->out->whole = true;
}

static void give_chunk(struct stage_play *play, const struct buf *bytes)
{
    struct buf chunk = { 0 };

    if (!play->begun)
        buf_printf(&chunk,
                   "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                   "Transfer-Encoding: chunked\r\n"
                   "x-gatedrill-retry-count: %lld\r\n\r\n",
                   play->plan->stream ? "text/event-stream"
                                      : "application/json",
                   (long long)progress_retries(&play->course.progress));
    play->begun = true;
    if (bytes->length) {
        buf_printf(&chunk, "%zx\r\n", bytes->length);
        buf_add(&chunk, bytes->data, bytes->length);
        buf_add_text(&chunk, "\r\n");
    }
    give(play, chunk.data, chunk.length);
    buf_release(&chunk);
}

static void pass_on(struct stage_play *play, struct hearing *hearing)
{
    struct buf *output = &hearing->intake.output;

    if (!hearing->moments.committed && !output->length)
        return;
    if (play->begun && !output->length)
        return;
    give_chunk(play, output);
    buf_clear(output);
}

/* --- one attempt --------------------------------------------------------- */

static void hear_piece(struct wire_reader *reader,
                       const struct rehearsal_wire *wire,
                       const struct rehearsal_piece *piece, int64_t now_ns)
{
    wire_reader_feed(reader, wire->bytes.data + piece->from, piece->length,
                     now_ns);
}

/* When the upstream does the next thing; INT64_MAX: never. */
static int64_t next_ns(const struct rehearsal_wire *wire, size_t at,
                       int64_t arrived_ns)
{
    if (at < wire->count)
        return arrived_ns + wire->pieces[at].at_ns;
    return wire->end == REHEARSAL_END_OPEN ? INT64_MAX
                                           : arrived_ns + wire->end_ns;
}

static bool client_leaves(struct stage_play *play, int64_t at_ns)
{
    if (at_ns <= play->plan->client_until_ns)
        return false;
    play->now_ns = play->plan->client_until_ns;
    play->out->left = true;
    return true;
}

/* Listens until the attempt is over. Returns whether the gateway was the one
 * that hung up. */
static bool listen_to(struct stage_play *play, struct hearing *hearing,
                      const struct rehearsal_wire *wire, int64_t arrived_ns)
{
    struct wire_reader reader;
    size_t at = 0;
    bool exempt = course_exempt(&play->course);
    bool over = false;
    bool left = false;

    wire_reader_init(&reader, hearing);
    while (!over) {
        struct limits_due due =
            limits_next(&play->rules, &hearing->moments,
                        play->course.progress.total_ends_ns, exempt);
        int64_t coming_ns = next_ns(wire, at, arrived_ns);

        left = due.at_ns <= coming_ns;
        if (client_leaves(play, left ? due.at_ns : coming_ns)) {
            left = true;
            break;
        }
        play->now_ns = left ? due.at_ns + own_ns(play, 300) : coming_ns;
        if (left) {
            hearing->limit = due.which;
        } else if (at < wire->count) {
            hear_piece(&reader, wire, &wire->pieces[at], play->now_ns);
            at++;
        } else {
            wire_reader_end(&reader, wire->end == REHEARSAL_END_RST);
        }
        over = left || reader.part == WIRE_OVER || hearing->intake.ended;
        left = left || (over && at < wire->count);
        pass_on(play, hearing);
    }
    wire_reader_release(&reader);
    return left;
}

static void not_connected(struct stage_play *play, struct hearing *hearing,
                          const struct rehearsal_wire *wire)
{
    play->now_ns += own_ns(play, 300);
    hearing->curl_code = CURLE_COULDNT_CONNECT;
    hearing->os_errno = wire->refused ? ECONNREFUSED : ECONNRESET;
}

static struct rehearsal_attempt *begin(struct stage_play *play,
                                       const struct move *move)
{
    struct rehearsal_attempt *attempt =
        &play->out->attempts[play->out->attempt_count++];
    const struct rules_words *order = &play->rules.fallback.order;

    progress_begin(&play->course.progress, move);
    *attempt = (struct rehearsal_attempt){
        .ordinal = play->course.progress.at[move->upstream].attempts,
    };
    snprintf(attempt->upstream, sizeof attempt->upstream, "%s",
             order->declared ? order->items[move->upstream] : "primary");
    return attempt;
}

/* True when it failed before the answer had begun, and course is to be asked.
 */
static bool attempt(struct stage_play *play, const struct move *move)
{
    struct rehearsal_attempt *one = begin(play, move);
    struct rehearsal_wire wire = { 0 };
    struct hearing hearing;
    bool failed;

    hearing_begin(&hearing, &play->rules, play->plan->stream, play->now_ns);
    play->now_ns += own_ns(play, 400);
    one->begin_ns = play->now_ns;
    play->plan->meet(play->plan->user, one, &wire);
    if (wire.refused || wire.overtook) {
        not_connected(play, &hearing, &wire);
    } else {
        hearing.moments.connected = play->now_ns;
        hearing.moments.sent = play->now_ns;
        one->left = listen_to(play, &hearing, &wire, one->begin_ns);
    }
    one->over_ns = play->now_ns;
    hearing_result(&hearing, play->plan->wall_ms + play->now_ns / NS_PER_MS,
                   &play->course.result);
    failed = play->course.result.outcome != OUTCOME_OK;
    if (!failed && !play->begun && !play->out->left)
        give_whole(play, 200, &hearing.intake.body);
    if (play->begun && failed)
        play->course.why = WHY_CLASS;
    hearing_release(&hearing);
    free(wire.pieces);
    buf_release(&wire.bytes);
    return failed && !play->begun;
}

/* --- the whole request --------------------------------------------------- */

static void complain(struct stage_play *play)
{
    const struct course *course = &play->course;
    struct buf body = { 0 };

    complaint_write(&body, &course->result, course->why);
    give_whole(play,
               complaint_status(&play->rules, &course->result, course->why),
               &body);
    buf_release(&body);
}

/* The end of an answer that has begun. */
static void finish(struct stage_play *play)
{
    enum course_tail tail = course_tail(&play->course, false);
    struct buf event = { 0 };

    if (tail == COURSE_TAIL_EVENT) {
        complaint_write_event(&event, &play->course.result, play->course.why);
        give_chunk(play, &event);
        buf_release(&event);
        tail = course_tail(&play->course, true);
    }
    if (tail == COURSE_TAIL_END) {
        give(play, "0\r\n\r\n", 5);
        play->out->whole = true;
    }
}

static void perform(struct stage_play *play)
{
    struct move move = course_first(&play->course, play->now_ns);

    for (;;) {
        int64_t until_ns = play->now_ns + move.wait_ms * NS_PER_MS;

        if (client_leaves(play, until_ns))
            return;
        play->now_ns = until_ns + own_ns(play, 200);
        if (!attempt(play, &move))
            break;
        if (play->out->left)
            return;
        play->now_ns += own_ns(play, 100);
        if (play->out->attempt_count == REHEARSAL_ATTEMPTS ||
            !course_next(&play->course, &move, play->now_ns,
                         draw_unit(&play->draw))) {
            complain(play);
            return;
        }
    }
    if (play->begun && !play->out->left)
        finish(play);
}

bool rehearsal_run(struct rehearsal *out, const struct rehearsal_plan *plan,
                   struct err *err)
{
    struct stage_play play = { .plan = plan, .out = out };

    *out = (struct rehearsal){ 0 };
    play.draw.seed = plan->seed;
    play.draw.seeded = true;
    if (!rules_read(&play.rules, plan->runbook, "runbook", err))
        return false;
    course_init(&play.course, &play.rules, plan->stream,
                play.rules.fallback.order.declared
                    ? play.rules.fallback.order.count
                    : 1,
                0);
    play.now_ns = own_ns(&play, 300);
    perform(&play);
    out->end_ns = play.now_ns;
    return true;
}

void rehearsal_release(struct rehearsal *rehearsal)
{
    free(rehearsal->pieces);
    buf_release(&rehearsal->answer);
}
