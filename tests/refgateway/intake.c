#include "tests/refgateway/intake.h"

#include <string.h>

#include "tests/refgateway/bug.h"

static bool tells_usage(const struct sse_event *event)
{
    static const char member[] = "\"usage\":{";

    return memmem(event->raw, event->length, member, sizeof member - 1);
}

void intake_release(struct intake *intake)
{
    sse_release(&intake->sse);
    buf_release(&intake->body);
    buf_release(&intake->output);
    buf_release(&intake->held);
    *intake = (struct intake){ 0 };
}

struct classify_stream intake_stream(const struct intake *intake)
{
    struct classify_stream stream = intake->stream;

    stream.events = intake->sse.any;
    stream.pending = sse_pending(&intake->sse);
    return stream;
}

static bool take_plain(struct intake *intake, const char *bytes, size_t length,
                       int64_t now_ns)
{
    bool error = intake->moments->error_status;
    size_t most = error ? INTAKE_ERROR_MOST : INTAKE_PLAIN_MOST;

    intake->moments->progress = now_ns;
    if (!intake->moments->output && !error)
        intake->moments->output = now_ns;
    if (!error && intake->rules->stream.commit == RULES_COMMIT_FIRST_BYTE) {
        intake->moments->committed = true;
        buf_add(&intake->output, bytes, length);
    }
    if (intake->body.length + length > most) {
        intake->too_long = true;
        return false;
    }
    buf_add(&intake->body, bytes, length);
    return true;
}

static void commit(struct intake *intake)
{
    intake->moments->committed = true;
    buf_add(&intake->output, intake->held.data, intake->held.length);
    buf_release(&intake->held);
}

static void pass_on(struct intake *intake, const struct sse_event *event)
{
    if (bug_is(BUG_EVENT_LOST) && ++intake->passed == 6)
        return;
    if (intake->moments->committed) {
        buf_add(&intake->output, event->raw, event->length);
        if (bug_is(BUG_EVENTS_DOUBLED) ||
            (bug_is(BUG_USAGE_DOUBLED) && tells_usage(event)))
            buf_add(&intake->output, event->raw, event->length);
        return;
    }
    if (event->comment)
        return; /* a heartbeat is worth nothing before the commit point */
    buf_add(&intake->held, event->raw, event->length);
    if (intake->held.length > INTAKE_HELD_MOST) {
        intake->stream.malformed = true;
        intake->ended = true;
    }
}

static void take_data(struct intake *intake, const struct sse_event *event,
                      int64_t now_ns)
{
    struct classify_stream *stream = &intake->stream;

    stream->finish = stream->finish || event->shape.finish;
    if (event->shape.finish && bug_is(BUG_FINISH_DROPPED))
        return;
    pass_on(intake, event);
    if (event->shape.output) {
        stream->output = true;
        intake->output_events++;
        if (!intake->moments->output)
            intake->moments->output = now_ns;
    }
    if (!intake->moments->committed &&
        (stream->output ||
         intake->rules->stream.commit == RULES_COMMIT_FIRST_EVENT ||
         bug_is(BUG_COMMITTED_BY_ROLE)))
        commit(intake);
}

static void take_event(struct intake *intake, const struct sse_event *event,
                       int64_t now_ns)
{
    struct classify_stream *stream = &intake->stream;

    if (event->comment) {
        pass_on(intake, event);
        if (bug_is(BUG_COMMITTED_BY_COMMENT) && !intake->moments->committed)
            commit(intake);
        return;
    }
    switch (event->shape.kind) {
    case SHAPE_EVENT_DATA:
        take_data(intake, event, now_ns);
        return;
    case SHAPE_EVENT_DONE:
        stream->done = true;
        /* It is only passed on where it is true. */
        if (stream->finish && stream->output)
            pass_on(intake, event);
        if (bug_is(BUG_DONE_TWICE))
            pass_on(intake, event);
        break;
    case SHAPE_EVENT_ERROR:
        stream->error = true;
        if (bug_is(BUG_ERROR_EVENT_SWALLOWED))
            return;
        if (bug_is(BUG_ERROR_EVENT_FIRST_PASSED) &&
            !intake->moments->committed) {
            pass_on(intake, event);
            commit(intake);
        }
        intake->error = event->shape.error;
        break;
    case SHAPE_EVENT_MALFORMED:
        if (bug_is(BUG_MALFORMED_EVENT_SKIPPED))
            return;
        stream->malformed = true;
        break;
    }
    intake->ended = true;
}

static void take_events(struct intake *intake, const char *bytes, size_t length,
                        int64_t now_ns)
{
    bool comments = intake->rules->timeouts.comments_are_progress ||
                    bug_is(BUG_HEARTBEATS_ARE_PROGRESS);
    struct sse_event event;
    size_t used;

    if (!intake->moments->committed &&
        intake->rules->stream.commit == RULES_COMMIT_FIRST_BYTE)
        commit(intake);
    while (length && !intake->ended) {
        bool whole = sse_feed(&intake->sse, bytes, length, &used, &event);

        bytes += used;
        length -= used;
        if (whole)
            take_event(intake, &event, now_ns);
    }
    if (sse_take_progress(&intake->sse) || comments)
        intake->moments->progress = now_ns;
}

bool intake_take(struct intake *intake, const char *bytes, size_t length,
                 int64_t now_ns)
{
    if (!intake->streaming)
        return take_plain(intake, bytes, length, now_ns);
    /* The start is kept for the case that it is not a stream at all. */
    if (!intake->sse.any && intake->body.length + length <= INTAKE_ERROR_MOST)
        buf_add(&intake->body, bytes, length);
    if (bug_is(BUG_WRITE_IS_EVENT))
        sse_forget(&intake->sse);
    take_events(intake, bytes, length, now_ns);
    return !intake->ended;
}
