#include "harness/oracle/effect.h"

#include <stddef.h>

#include "common/answer.h"
#include "harness/oracle/effect_change.h"

static const struct span never = { EFFECT_NEVER, EFFECT_NEVER };

static struct span exactly(int64_t ms)
{
    return (struct span){ ms, ms };
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

static void healthy_stream(struct effect *e, const struct step *step)
{
    int64_t events = effect_event_count(step);

    whole_message(e, 200, EFFECT_CONTENT_ANSWER);
    e->streamed = true;
    e->event_ms = exactly(0);
    e->output_ms = events > 0 ? exactly(0) : never;
    if (events == 0)
        e->content = EFFECT_CONTENT_EMPTY;
    e->end_ms = exactly(effect_event_at_ms(step, events));
    e->output_gap_ms = events > 1 ? effect_interval_ms(step) : 0;
    e->gap_ms = e->output_gap_ms;
    if (step->comment_every_ms > 0 && step->comment_every_ms < e->gap_ms)
        e->gap_ms = step->comment_every_ms;
    e->finish = step->finish != 0;
    e->done = step->done != 0;
    e->after_done = e->done && step->after_done == 1;
}

/* Half an answer that says itself that it failed. */
static void said_error(struct effect *e)
{
    e->content = EFFECT_CONTENT_ERROR;
    e->whole = false;
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
    if (e->status == 200 && step->finish_reason == STEP_FINISH_ERROR)
        said_error(e);
}

/* Another status of success than 200. RFC 9110 15.3: 203 and 206 are no answer
 * to every request, so whoever asks for 200 may refuse them. */
static void other_success(struct effect *e, const struct step *step)
{
    if (step->status < 0 || e->status != 200)
        return;
    if (step->status == 204)
        whole_message(e, 204, EFFECT_CONTENT_EMPTY);
    else
        e->status = step->status;
    if (e->content == EFFECT_CONTENT_ANSWER && e->status != 200)
        e->content = EFFECT_CONTENT_ODD;
}

/* A coding that the request did not ask for is odd where it is true, and where
 * who ignores the label can read the body; else nobody can. */
static void encode(struct effect *e, const struct step *step)
{
    if (step->encoding < 0 || e->head != EFFECT_HEAD_COMPLETE ||
        e->content == EFFECT_CONTENT_EMPTY || e->content == EFFECT_CONTENT_NONE)
        return;
    if (step->encoding != STEP_ENCODING_GZIP_TRUNCATED &&
        step->encoding != STEP_ENCODING_GZIP_BOMB) {
        if (e->content == EFFECT_CONTENT_ANSWER)
            e->content = EFFECT_CONTENT_ODD;
        return;
    }
    e->content = EFFECT_CONTENT_BAD;
    e->code = NULL;
    e->finish = e->done = false;
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
        [STEP_BODY_ERROR_AND_CHOICES] = EFFECT_CONTENT_ERROR,
        [STEP_BODY_BOM] = EFFECT_CONTENT_ODD,
        [STEP_BODY_DUPLICATE_KEYS] = EFFECT_CONTENT_ODD,
        [STEP_BODY_HUGE_NUMBER] = EFFECT_CONTENT_ODD,
        [STEP_BODY_SSE] = EFFECT_CONTENT_BAD,
        [STEP_BODY_JSON] = EFFECT_CONTENT_ODD,
    };

    if (step->kind == STEP_BODY_WRONG_CONTENT_TYPE) {
        if (e->status == 200)
            e->content = EFFECT_CONTENT_ODD; /* else as a healthy answer */
        return;
    }
    if (step->kind == STEP_BODY_JSON && !context->stream)
        return; /* just what was asked for */
    if (step->kind == STEP_BODY_SSE && context->stream) {
        healthy_stream(e, step);
        return;
    }
    whole_message(e, step->status > 0 ? step->status : 200,
                  contents[step->kind]);
    if (e->content == EFFECT_CONTENT_ERROR)
        e->code = step->code;
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
    if (effect_event_count(step) < ANSWER_TOKENS)
        e->whole = false;
    if ((step->comments_only == 1 || step->role_only == 1) &&
        step->error_at < 0) {
        e->comments_forever = step->comments_only == 1;
        e->event_ms = step->role_only == 1 ? exactly(0) : never;
        e->output_ms = never;
        e->end = EFFECT_END_SILENT;
        e->end_ms = exactly(0);
        e->whole = e->finish = e->done = false;
        return;
    }
    if (step->error_at >= 0) {
        int64_t events = effect_event_count(step);
        int64_t n = step->error_at < events ? step->error_at : events;

        e->error_event = true;
        e->error_ms = exactly(effect_event_at_ms(step, n));
        e->end_ms = e->error_ms;
        e->whole = false;
        e->finish = step->finish == 1;
        e->done = step->done == 1;
        e->content = EFFECT_CONTENT_ANSWER;
        if (n == 0) {
            e->output_ms = never;
            e->code = step->code;
        }
    }
    if (step->malformed_at > 0) {
        e->malformed_event = true;
        e->malformed_ms = exactly(effect_event_at_ms(step, step->malformed_at));
        e->whole = false;
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
        effect_cut(e, step, step->at.at == POINT_UNSET ? half : step->at,
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
        other_success(e, step);
        effect_delay(e, step->ms);
        effect_pace(e, step, step->bytes, step->every_ms);
        break;
    case FAULT_EFFECT_STATUS:
        error_status(e, step);
        break;
    case FAULT_EFFECT_SILENCE:
        effect_cut(e, step, step->at, EFFECT_END_SILENT);
        break;
    case FAULT_EFFECT_CUT:
        cut_short(e, step);
        break;
    case FAULT_EFFECT_REFUSED:
        e->connects = false;
        break;
    case FAULT_EFFECT_UNANSWERED:
        e->connects = false;
        e->unanswered = true;
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

/* What the answer says of itself besides its text. */
static void tell(struct effect *e, const struct step *step)
{
    int64_t reason = step->finish_reason >= 0 ? step->finish_reason
                     : step->tool_calls == 1  ? STEP_FINISH_TOOL_CALLS
                                              : STEP_FINISH_STOP;

    e->reason = e->finish && reason != STEP_FINISH_ERROR
                    ? step_finish_names[reason]
                    : NULL;
    e->usage_told = 1 + (step->usage_as == STEP_USAGE_TWICE) +
                    (step->odd_frame == STEP_FRAME_USAGE);
}

/* Lengths that contradict each other also leave it open where the body ends. */
static void odd_head(struct effect *e, const struct step_head *head)
{
    bool lengths = head->odd >= STEP_ODD_DUPLICATE_LENGTH;

    /* RFC 9112 4: an HTTP/1.0 answer, or one without a reason, is one. */
    e->head_may_be_refused = head->odd >= 0 || head->pad_bytes > 0 ||
                             head->status_line == STEP_STATUS_LINE_BARE;
    if (lengths && e->content == EFFECT_CONTENT_ANSWER)
        e->content = EFFECT_CONTENT_ODD;
}

void effect_of(struct effect *out, const struct step *step,
               const struct effect_context *context)
{
    apply_fault(out, step, context);
    out->stream_asked = context->stream;
    encode(out, step);
    odd_head(out, &step->head);
    out->before_request = out->before_request || step->early == 1;
    effect_frame(out, step);
    effect_pace(out, step, step->pace_bytes, step->pace_every_ms);
    if (step->end_how >= 0)
        effect_cut(out, step, step->end_at,
                   effect_end_of((enum step_end)step->end_how));
    effect_linger(out, step->end_after_ms);
    effect_delay(out, step->before_ms);
    tell(out, step);
}
