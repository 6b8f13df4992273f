#include "harness/effect.h"

#include <stddef.h>

#include "common/answer.h"

/* Sizes of what a healthy upstream sends, in bytes, for the time a paced answer
 * takes: the mock's heads and bodies lie well inside. */
#define HEAD_BYTES_LEAST  60
#define HEAD_BYTES_MOST   800
#define BODY_BYTES_LEAST  300
#define BODY_BYTES_MOST   8000
#define EVENT_BYTES_MOST  600
#define STREAM_BYTES_MOST 24000

static const struct span never = { EFFECT_NEVER, EFFECT_NEVER };

static struct span exactly(int64_t ms)
{
    return (struct span){ ms, ms };
}

static int64_t or_zero(int64_t ms)
{
    return ms > 0 ? ms : 0;
}

static void shift(struct span *span, int64_t least, int64_t most)
{
    if (span->least >= 0)
        span->least += least;
    if (span->most >= 0)
        span->most += most;
}

static void shift_all(struct effect *e, int64_t least, int64_t most)
{
    shift(&e->end_ms, least, most);
    shift(&e->event_ms, least, most);
    shift(&e->output_ms, least, most);
    shift(&e->error_ms, least, most);
    shift(&e->malformed_ms, least, most);
}

/* A complete message of one piece, at once. */
static void whole_message(struct effect *e, int64_t status,
                          enum effect_content content)
{
    *e = (struct effect){
        .connects = true,
        .head = EFFECT_HEAD_COMPLETE,
        .status = status,
        .content = content,
        .body_begins = content != EFFECT_CONTENT_EMPTY,
        .framed = true,
        .whole = true,
        .end = EFFECT_END_COMPLETE,
        .event_ms = never,
        .output_ms =
            content == EFFECT_CONTENT_ANSWER || content == EFFECT_CONTENT_ODD
                ? exactly(0)
                : never,
        .error_ms = never,
        .malformed_ms = never,
        .finish = content == EFFECT_CONTENT_ANSWER,
    };
}

static int64_t event_count(const struct step *step)
{
    return step->events >= 0 ? step->events : ANSWER_TOKENS;
}

/* The moment of content event number n, from 1; the first comes at once. */
static int64_t event_at_ms(const struct step *step, int64_t n)
{
    return n > 1 ? (n - 1) * or_zero(step->interval_ms) : 0;
}

static void healthy_stream(struct effect *e, const struct step *step)
{
    int64_t events = event_count(step);

    whole_message(e, 200, EFFECT_CONTENT_ANSWER);
    e->streamed = true;
    e->event_ms = exactly(0);
    e->output_ms = events > 0 ? exactly(0) : never;
    if (events == 0)
        e->content = EFFECT_CONTENT_EMPTY;
    e->end_ms = exactly(event_at_ms(step, events));
    e->output_gap_ms = events > 1 ? or_zero(step->interval_ms) : 0;
    e->gap_ms = e->output_gap_ms;
    if (step->comment_every_ms > 0 && step->comment_every_ms < e->gap_ms)
        e->gap_ms = step->comment_every_ms;
    e->finish = step->finish != 0;
    e->done = step->done != 0;
}

static void healthy(struct effect *e, const struct step *step,
                    const struct effect_context *context)
{
    if (!context->credential_accepted) {
        whole_message(e, 401, EFFECT_CONTENT_ERROR);
    } else if (context->stream) {
        healthy_stream(e, step);
    } else {
        whole_message(e, 200, EFFECT_CONTENT_ANSWER);
        e->finish = step->finish != 0;
    }
}

static void error_status(struct effect *e, const struct step *step)
{
    enum effect_content content = EFFECT_CONTENT_ERROR;

    if (step->body == STEP_STATUS_BODY_EMPTY || step->status == 204 ||
        step->status == 304)
        content = EFFECT_CONTENT_EMPTY;
    else if (step->body == STEP_STATUS_BODY_HTML ||
             step->body == STEP_STATUS_BODY_TEXT)
        content = EFFECT_CONTENT_BAD;
    whole_message(e, step->status, content);
    if (content == EFFECT_CONTENT_ERROR)
        e->code = step->code;
}

/* Source of the kinds: contracts.md section 6: empty_body is nothing at all,
 * bad_body is 200 and not the promised shape. */
static void odd_body(struct effect *e, const struct step *step,
                     const struct effect_context *context)
{
    static const enum effect_content contents[] = {
        [STEP_BODY_EMPTY] = EFFECT_CONTENT_EMPTY,
        [STEP_BODY_EMPTY_STRING] = EFFECT_CONTENT_BAD,
        [STEP_BODY_NULL] = EFFECT_CONTENT_BAD,
        [STEP_BODY_EMPTY_ARRAY] = EFFECT_CONTENT_BAD,
        [STEP_BODY_EMPTY_OBJECT] = EFFECT_CONTENT_BAD,
        [STEP_BODY_NOT_JSON] = EFFECT_CONTENT_BAD,
        [STEP_BODY_CUT_JSON] = EFFECT_CONTENT_BAD,
        [STEP_BODY_HTML] = EFFECT_CONTENT_BAD,
        [STEP_BODY_HTML_AS_JSON] = EFFECT_CONTENT_BAD,
        [STEP_BODY_INVALID_UTF8] = EFFECT_CONTENT_ODD,
        [STEP_BODY_ERROR_OBJECT] = EFFECT_CONTENT_ERROR,
        [STEP_BODY_NO_CHOICES] = EFFECT_CONTENT_BAD,
    };

    if (step->kind == STEP_BODY_WRONG_CONTENT_TYPE) {
        if (e->status == 200)
            e->content = EFFECT_CONTENT_ODD; /* else as a healthy answer */
        return;
    }
    whole_message(e, step->status > 0 ? step->status : 200,
                  contents[step->kind]);
    /* One JSON text to a request for a stream. */
    if (context->stream && e->content == EFFECT_CONTENT_ODD)
        e->content = EFFECT_CONTENT_BAD;
}

/* A scripted stream; to a request that did not ask for one it is not the
 * promised shape. */
static void scripted_stream(struct effect *e, const struct step *step,
                            const struct effect_context *context)
{
    healthy_stream(e, step);
    if (!context->stream) {
        e->content = EFFECT_CONTENT_BAD;
        return;
    }
    /* Its tokens say that there should have been more of them. */
    if (event_count(step) < ANSWER_TOKENS)
        e->whole = false;
    if (step->comments_only == 1 || step->role_only == 1) {
        e->comments_forever = step->comments_only == 1;
        e->event_ms = step->role_only == 1 ? exactly(0) : never;
        e->output_ms = never;
        e->end = EFFECT_END_SILENT;
        e->end_ms = exactly(0);
        e->whole = e->finish = e->done = false;
        return;
    }
    if (step->error_at >= 0) {
        int64_t events = event_count(step);
        int64_t n = step->error_at < events ? step->error_at : events;

        e->error_event = true;
        e->error_ms = exactly(event_at_ms(step, n));
        e->end_ms = e->error_ms;
        e->whole = false;
        e->finish = step->finish == 1;
        e->done = step->done == 1;
        e->content = EFFECT_CONTENT_ANSWER;
        if (n == 0)
            e->output_ms = never;
    }
    if (step->malformed_at > 0) {
        e->malformed_event = true;
        e->malformed_ms = exactly(event_at_ms(step, step->malformed_at));
        e->whole = false;
    }
}

/* Lays the step's framing over a message: close-delimited, a cut cannot be
 * seen. */
static void apply_framing(struct effect *e, const struct step *step)
{
    if (step->framing == STEP_FRAMING_CLOSE && e->connects)
        e->framed = false;
}

/* Pieces of so many bytes every so often: head and body take longer. */
static void apply_pace(struct effect *e, int64_t bytes, int64_t every_ms)
{
    int64_t body_least = e->body_begins ? BODY_BYTES_LEAST : 0;
    int64_t body_most = e->body_begins ? BODY_BYTES_MOST : 0;
    int64_t head_least, head_most;

    if (bytes <= 0 || every_ms <= 0 || e->head != EFFECT_HEAD_COMPLETE)
        return;
    if (e->streamed)
        body_most = STREAM_BYTES_MOST;
    head_least = (HEAD_BYTES_LEAST / bytes) * every_ms;
    head_most = (HEAD_BYTES_MOST / bytes + 1) * every_ms;
    shift(&e->head_ms, head_least, head_most);
    shift_all(e, head_least, head_most);
    shift(&e->end_ms, (body_least / bytes) * every_ms,
          (body_most / bytes + 1) * every_ms);
    if (e->output_ms.most >= 0)
        e->output_ms.most = e->end_ms.most;
    if (e->event_ms.most >= 0)
        e->event_ms.most = e->end_ms.most;
    if (e->gap_ms < every_ms)
        e->gap_ms = every_ms;
    /* Whole output events come as seldom as their bytes do. */
    if (e->streamed) {
        int64_t event_ms = (EVENT_BYTES_MOST / bytes + 1) * every_ms;

        if (e->output_gap_ms < event_ms)
            e->output_gap_ms = event_ms;
    } else if (e->output_gap_ms < every_ms) {
        e->output_gap_ms = every_ms;
    }
}

static void apply_wait(struct effect *e, int64_t ms)
{
    if (ms <= 0 || !e->connects)
        return;
    shift(&e->head_ms, ms, ms);
    shift_all(e, ms, ms);
}

static enum effect_end end_of(enum step_end how)
{
    static const enum effect_end ends[] = {
        [STEP_END_KEEP] = EFFECT_END_COMPLETE,
        [STEP_END_FIN] = EFFECT_END_FIN,
        [STEP_END_RST] = EFFECT_END_RST,
        [STEP_END_HANG] = EFFECT_END_SILENT,
    };

    return ends[how];
}

/* Ends the exchange before its head is complete. */
static void cut_head(struct effect *e, struct point at, enum effect_end end)
{
    struct span when = e->head_ms;

    e->head = at.at == POINT_STATUS_LINE || at.at == POINT_HEADERS
                  ? EFFECT_HEAD_PARTIAL
                  : EFFECT_HEAD_NONE;
    if (e->head == EFFECT_HEAD_PARTIAL)
        when.least = 0;
    e->at_accept = at.at == POINT_ACCEPT;
    e->before_request = at.at == POINT_ACCEPT || at.at == POINT_REQUEST_HEAD;
    e->status = -1;
    e->code = NULL;
    e->content = EFFECT_CONTENT_NONE;
    e->body_begins = e->streamed = e->whole = false;
    e->finish = e->done = e->error_event = e->malformed_event = false;
    e->comments_forever = false;
    e->gap_ms = e->output_gap_ms = 0;
    e->event_ms = e->output_ms = e->error_ms = e->malformed_ms = never;
    e->end = end;
    e->end_ms = when;
}

/* Whether the message is over before content event n has come. */
static bool ends_by_itself(const struct effect *e, const struct step *step,
                           int64_t n)
{
    return !e->streamed || n > event_count(step) ||
           (step->error_at >= 0 && step->error_at < n);
}

static void cut_body(struct effect *e, const struct step *step, struct point at,
                     enum effect_end end)
{
    bool nothing = at.at == POINT_HEADERS_END ||
                   ((at.at == POINT_BODY_PERCENT || at.at == POINT_BODY_BYTES ||
                     at.at == POINT_EVENT) &&
                    at.value == 0);
    struct span when = e->end_ms;

    if (at.at == POINT_EVENT && ends_by_itself(e, step, at.value))
        nothing = false; /* the cut comes at the end of what there is */
    else if (at.at == POINT_EVENT)
        when = exactly(e->head_ms.least + event_at_ms(step, at.value));
    else
        when.least = e->head_ms.least;
    if (nothing)
        when = e->head_ms;
    e->whole = e->finish = e->done = false;
    if (nothing) {
        /* The role chunk goes out before the first content event. */
        bool role = at.at == POINT_EVENT && e->streamed;

        e->body_begins = role;
        e->content = EFFECT_CONTENT_NONE;
        e->event_ms = role ? e->event_ms : never;
        e->output_ms = never;
    }
    if (e->error_event && e->error_ms.least > when.most) {
        e->error_event = false;
        e->error_ms = never;
    }
    if (e->malformed_event && e->malformed_ms.least > when.most) {
        e->malformed_event = false;
        e->malformed_ms = never;
    }
    e->end = end;
    e->end_ms = when;
}

/* All bytes of a body that a length frames: nothing is missing. */
static bool reaches_end(const struct effect *e, const struct step *step,
                        struct point at)
{
    if (e->streamed || step->framing == STEP_FRAMING_CHUNKED)
        return false;
    return (at.at == POINT_BODY_PERCENT && at.value >= 100) ||
           (at.at == POINT_BODY_BYTES && at.value >= BODY_BYTES_MOST) ||
           (at.at == POINT_EVENT && at.value >= ANSWER_TOKENS);
}

static void cut_after(struct effect *e, enum effect_end end)
{
    if (end == EFFECT_END_RST)
        e->reset_after = true;
    else if (end == EFFECT_END_SILENT && !e->framed)
        e->end = EFFECT_END_SILENT;
}

static void cut(struct effect *e, const struct step *step, struct point at,
                enum effect_end end)
{
    if (!e->connects || end == EFFECT_END_COMPLETE)
        return;
    if (end != EFFECT_END_BROKEN && reaches_end(e, step, at))
        at.at = POINT_END;
    switch (at.at) {
    case POINT_ACCEPT:
    case POINT_REQUEST_HEAD:
    case POINT_REQUEST:
    case POINT_STATUS_LINE:
    case POINT_HEADERS:
        cut_head(e, at, end);
        return;
    case POINT_HEADERS_END:
    case POINT_BODY_PERCENT:
    case POINT_BODY_BYTES:
    case POINT_EVENT:
        cut_body(e, step, at, end);
        return;
    case POINT_UNSET:
    case POINT_END:
        cut_after(e, end);
        return;
    }
}

/* A Content-Length that is too long: a cut; too short: the client's message is
 * the beginning of the body, and whole by its framing. */
static void truncate_message(struct effect *e, const struct step *step)
{
    if (step->content_length == STEP_LENGTH_LONG) {
        e->end = EFFECT_END_FIN;
        e->whole = e->finish = e->done = false;
        if (step->percent == 0 || step->bytes == 0) {
            e->body_begins = false;
            e->output_ms = e->event_ms = never;
        }
        return;
    }
    if (!e->streamed)
        e->content = EFFECT_CONTENT_BAD;
    e->whole = e->finish = e->done = false;
}

static void garbage(struct effect *e)
{
    *e = (struct effect){
        .connects = true,
        .head = EFFECT_HEAD_MALFORMED,
        .status = -1,
        .end = EFFECT_END_FIN,
        .event_ms = never,
        .output_ms = never,
        .error_ms = never,
        .malformed_ms = never,
    };
}

/* How a fault of effect CUT ends; others close. */
static const enum effect_end cut_ends[FAULT_COUNT] = {
    [FAULT_reset] = EFFECT_END_RST,
    [FAULT_bad_chunk] = EFFECT_END_BROKEN,
};

static void cut_short(struct effect *e, const struct step *step)
{
    static const struct point half = { POINT_BODY_PERCENT, 50 };
    enum effect_end end = cut_ends[step->fault];

    if (step->content_length >= 0)
        truncate_message(e, step);
    else
        cut(e, step, step->at.at == POINT_UNSET ? half : step->at,
            end == EFFECT_END_COMPLETE ? EFFECT_END_FIN : end);
}

/* What the named fault does, before the common modifiers: by its effect, so
 * that a new fault of a known effect needs nothing here. */
static void apply_fault(struct effect *e, const struct step *step,
                        const struct effect_context *context)
{
    healthy(e, step, context);
    switch (fault_rows[step->fault].effect) {
    case FAULT_EFFECT_OK:
        apply_wait(e, step->ms);
        apply_pace(e, step->bytes, step->every_ms);
        break;
    case FAULT_EFFECT_STATUS:
        error_status(e, step);
        break;
    case FAULT_EFFECT_SILENCE:
        cut(e, step, step->at, EFFECT_END_SILENT);
        break;
    case FAULT_EFFECT_CUT:
        cut_short(e, step);
        break;
    case FAULT_EFFECT_REFUSED:
        e->connects = false;
        break;
    case FAULT_EFFECT_BAD_BODY:
        odd_body(e, step, context);
        break;
    case FAULT_EFFECT_GARBAGE:
        garbage(e);
        break;
    case FAULT_EFFECT_STREAM:
        scripted_stream(e, step, context);
        break;
    }
}

void effect_of(struct effect *out, const struct step *step,
               const struct effect_context *context)
{
    apply_fault(out, step, context);
    out->stream_asked = context->stream;
    apply_framing(out, step);
    apply_pace(out, step->pace_bytes, step->pace_every_ms);
    if (step->end_how >= 0)
        cut(out, step, step->end_at, end_of((enum step_end)step->end_how));
    apply_wait(out, step->before_ms);
}
