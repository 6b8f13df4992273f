#include "common/step.h"

#include <inttypes.h>

static void add_point(struct buf *out, struct point point)
{
    static const char *const words[] = {
        [POINT_UNSET] = "at the end",
        [POINT_ACCEPT] = "on accept",
        [POINT_REQUEST_HEAD] = "after the request head",
        [POINT_REQUEST] = "after the full request",
        [POINT_STATUS_LINE] = "in the middle of the status line",
        [POINT_HEADERS] = "in the middle of the headers",
        [POINT_HEADERS_END] = "after the headers",
        [POINT_END] = "at the end",
    };

    switch (point.at) {
    case POINT_BODY_PERCENT:
        buf_printf(out, "after %" PRId64 " %% of the body", point.value);
        break;
    case POINT_BODY_BYTES:
        buf_printf(out, "after %" PRId64 " bytes of the body", point.value);
        break;
    case POINT_EVENT:
        buf_printf(out, "after %" PRId64 " events", point.value);
        break;
    default:
        buf_add_text(out, words[point.at]);
    }
}

static void describe_none(struct buf *out, const struct step *step)
{
    (void)step;
    buf_add_text(out, "healthy answer");
}

static void describe_status(struct buf *out, const struct step *step)
{
    buf_printf(out, "%" PRId64, step->status);
    if (step->code)
        buf_printf(out, " %s", step->code);
    if (step->body > STEP_STATUS_BODY_DIALECT)
        buf_printf(out, " with body %s", step_status_body_names[step->body]);
}

static void describe_delay(struct buf *out, const struct step *step)
{
    buf_printf(out, "healthy answer after %" PRId64 " ms", step->ms);
}

static void describe_hang(struct buf *out, const struct step *step)
{
    buf_add_text(out, "silence ");
    add_point(out, step->at);
}

static void describe_close(struct buf *out, const struct step *step)
{
    buf_add_text(out, "close ");
    add_point(out, step->at);
}

static void describe_reset(struct buf *out, const struct step *step)
{
    buf_add_text(out, "reset ");
    add_point(out, step->at);
}

static void describe_truncate(struct buf *out, const struct step *step)
{
    buf_printf(out, "Content-Length too %s",
               step->content_length == STEP_LENGTH_LONG ? "long" : "short");
    if (step->bytes >= 0)
        buf_printf(out, ", %" PRId64 " bytes sent", step->bytes);
    else if (step->percent >= 0)
        buf_printf(out, " at %" PRId64 " %%", step->percent);
}

static void describe_refuse(struct buf *out, const struct step *step)
{
    (void)step;
    buf_add_text(out, "connection refused");
}

static void describe_body(struct buf *out, const struct step *step)
{
    buf_printf(out, "%" PRId64 " with body %s",
               step->status >= 0 ? step->status : 200,
               step_body_names[step->kind]);
    if (step->percent >= 0)
        buf_printf(out, " at %" PRId64 " %%", step->percent);
}

static void describe_bad_chunk(struct buf *out, const struct step *step)
{
    buf_add_text(out, "broken chunk ");
    if (step->at.at == POINT_UNSET)
        buf_add_text(out, "in the body");
    else
        add_point(out, step->at);
}

static void describe_garbage(struct buf *out, const struct step *step)
{
    int64_t kind = step->bytes_kind >= 0 ? step->bytes_kind : 0;

    buf_printf(out, "%s instead of HTTP", step_garbage_names[kind]);
}

static void describe_dribble(struct buf *out, const struct step *step)
{
    buf_printf(out, "healthy answer, %" PRId64 " bytes every %" PRId64 " ms",
               step->bytes, step->every_ms);
}

static void describe_stream(struct buf *out, const struct step *step)
{
    buf_add_text(out, "stream");
    if (step->comments_only == 1)
        buf_add_text(out, " of comments only");
    if (step->role_only == 1)
        buf_add_text(out, " of the role only");
    if (step->events >= 0)
        buf_printf(out, " of %" PRId64 " events", step->events);
    if (step->interval_ms > 0)
        buf_printf(out, ", one every %" PRId64 " ms", step->interval_ms);
    if (step->comment_every_ms > 0)
        buf_printf(out, ", a comment every %" PRId64 " ms",
                   step->comment_every_ms);
    if (step->error_at >= 0)
        buf_printf(out, ", error event after %" PRId64 " events",
                   step->error_at);
    if (step->malformed_at >= 0)
        buf_printf(out, ", event %" PRId64 " malformed", step->malformed_at);
    if (step->finish == 0)
        buf_add_text(out, ", no finish_reason");
    if (step->done == 0)
        buf_add_text(out, ", no [DONE]");
}

typedef void describer(struct buf *out, const struct step *step);
static describer *const describers[FAULT_COUNT] = {
#define FAULT(name, effect, parameters, text) [FAULT_##name] = describe_##name,
#include "common/fault_list.h"
#undef FAULT
};

static void describe_retry_after(struct buf *out, const struct step *step)
{
    const struct step_retry_after *after = &step->retry_after;

    if (after->seconds >= 0)
        buf_printf(out, " with Retry-After %" PRId64 " s", after->seconds);
    if (after->date_in_ms >= 0)
        buf_printf(out, " with Retry-After a date in %" PRId64 " ms",
                   after->date_in_ms);
    if (after->raw)
        buf_printf(out, " with Retry-After \"%s\"", after->raw);
    if (after->ms >= 0)
        buf_printf(out, " with retry-after-ms %" PRId64, after->ms);
}

void step_describe(struct buf *out, const struct step *step)
{
    static const char *const ends[] = {
        [STEP_END_KEEP] = "kept open",
        [STEP_END_FIN] = "closed",
        [STEP_END_RST] = "reset",
        [STEP_END_HANG] = "left silent",
    };

    describers[step->fault](out, step);
    describe_retry_after(out, step);
    if (step->headers.count)
        buf_printf(out, ", %zu header%s more", step->headers.count,
                   step->headers.count > 1 ? "s" : "");
    if (step->before_ms > 0)
        buf_printf(out, ", first byte after %" PRId64 " ms", step->before_ms);
    if (step->framing >= 0)
        buf_printf(out, ", framing by %s", step_framing_names[step->framing]);
    if (step->pace_bytes > 0)
        buf_printf(out, ", %" PRId64 " bytes every %" PRId64 " ms",
                   step->pace_bytes, step->pace_every_ms);
    if (step->end_how >= 0) {
        buf_printf(out, ", %s ", ends[step->end_how]);
        add_point(out, step->end_at);
    }
}
