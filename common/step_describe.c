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

static void describe_content(struct buf *out, const struct step *step)
{
    if (step->tool_calls == 1)
        buf_add_text(out, ", as a tool call");
    if (step->reasoning == 1)
        buf_add_text(out, ", with reasoning");
    if (step->finish_reason >= 0)
        buf_printf(out, ", finish_reason %s",
                   step_finish_names[step->finish_reason]);
    if (step->usage_as >= 0)
        buf_printf(out, ", usage %s", step_usage_names[step->usage_as]);
    if (step->model)
        buf_printf(out, ", model %s", step->model);
}

static void describe_none(struct buf *out, const struct step *step)
{
    buf_add_text(out, "healthy answer");
    if (step->status >= 0)
        buf_printf(out, " with status %" PRId64, step->status);
    describe_content(out, step);
}

static void describe_status(struct buf *out, const struct step *step)
{
    buf_printf(out, "%" PRId64, step->status);
    if (step->code)
        buf_printf(out, " %s", step->code);
    if (step->body > STEP_STATUS_BODY_DIALECT)
        buf_printf(out, " with body %s", step_status_body_names[step->body]);
    if (step->location)
        buf_printf(out, " to %s", step->location);
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

static void describe_syn_drop(struct buf *out, const struct step *step)
{
    (void)step;
    buf_add_text(out, "connection not answered");
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
        buf_printf(out, ", error %s after %" PRId64 " events",
                   step_error_names[step->error_as > 0 ? step->error_as : 0],
                   step->error_at);
    if (step->error_at >= 0 && step->code)
        buf_printf(out, " (%s)", step->code);
    if (step->after_error == 1)
        buf_add_text(out, " and content after it");
    if (step->metadata > 0)
        buf_printf(out, ", %" PRId64 " metadata events first", step->metadata);
    if (step->odd_frame >= 0)
        buf_printf(out, ", a frame with %s", step_frame_names[step->odd_frame]);
    if (step->malformed_at >= 0)
        buf_printf(out, ", event %" PRId64 " malformed", step->malformed_at);
    if (step->finish == 0)
        buf_add_text(out, ", no finish_reason");
    if (step->done == 0)
        buf_add_text(out, ", no [DONE]");
    if (step->after_done == 1)
        buf_add_text(out, ", content after [DONE]");
    describe_content(out, step);
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
    if (after->date_ago_ms >= 0)
        buf_printf(out, " with Retry-After a date %" PRId64 " ms ago",
                   after->date_ago_ms);
    if (after->raw)
        buf_printf(out, " with Retry-After \"%s\"", after->raw);
    if (after->ms >= 0)
        buf_printf(out, " with retry-after-ms %" PRId64, after->ms);
}

static void describe_head(struct buf *out, const struct step_head *head)
{
    if (head->status_line >= 0)
        buf_printf(out, ", status line %s",
                   step_status_line_names[head->status_line]);
    if (head->names >= 0)
        buf_printf(out, ", header names in %s letters",
                   step_letters_names[head->names]);
    if (head->odd >= 0)
        buf_printf(out, ", head with %s", step_odd_head_names[head->odd]);
    for (size_t i = 0; i < head->omit.count; i++)
        buf_printf(out, ", no %s", head->omit.items[i]);
    if (head->pad_bytes > 0)
        buf_printf(out, ", %" PRId64 " bytes of headers more", head->pad_bytes);
}

static void describe_chunks(struct buf *out, const struct step_chunks *chunks)
{
    if (chunks->bytes > 0)
        buf_printf(out, ", chunks of %" PRId64 " bytes", chunks->bytes);
    if (chunks->style >= 0)
        buf_printf(out, ", chunk sizes with %s",
                   step_chunk_style_names[chunks->style]);
    if (chunks->trailers.count)
        buf_printf(out, ", %zu trailer%s", chunks->trailers.count,
                   chunks->trailers.count > 1 ? "s" : "");
}

static void describe_sse(struct buf *out, const struct step_sse *sse)
{
    const struct {
        bool is;
        const char *text;
    } words[] = {
        { sse->space == 0, "no space behind data:" },
        { sse->multi_line == 1, "JSON over two lines" },
        { sse->comments == 1, "comments glued to events" },
        { sse->fields == 1, "event, id and retry fields" },
        { sse->final_blank == 0, "no final blank line" },
        { sse->bom == 1, "a byte order mark" },
        { sse->multibyte == 1, "split characters" },
    };

    if (sse->line_end >= 0)
        buf_printf(out, ", line ends %s", step_line_end_names[sse->line_end]);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (words[i].is)
            buf_printf(out, ", %s", words[i].text);
    if (sse->line_bytes > 0)
        buf_printf(out, ", a line of %" PRId64 " bytes", sse->line_bytes);
}

static void describe_place(struct buf *out, const struct step *step)
{
    if (step->echo.what >= 0)
        buf_printf(out, ", %s echoed in the %s",
                   step_echo_what_names[step->echo.what],
                   step_echo_where_names[step->echo.where]);
    if (step->account >= 0)
        buf_printf(out, ", the account told (%s)",
                   step_account_names[step->account]);
    if (step->idle.fin_after_ms >= 0)
        buf_printf(out, ", closed when idle for %" PRId64 " ms",
                   step->idle.fin_after_ms);
    if (step->idle.rst_on_next_byte == 1)
        buf_add_text(out, ", the next request reset");
    if (step->for_ms > 0)
        buf_printf(out, ", for %" PRId64 " ms", step->for_ms);
    if (step->when_key > 0)
        buf_printf(out, ", with key %" PRId64, step->when_key);
}

static void describe_modifiers(struct buf *out, const struct step *step)
{
    if (step->interim.declared && !step->interim.count)
        buf_add_text(out, ", never a 100");
    for (size_t i = 0; i < step->interim.count; i++)
        buf_printf(out, ", %s%" PRId64, i ? "then " : "after ",
                   step->interim.items[i]);
    if (step->early == 1)
        buf_add_text(out, ", before the body is read");
    if (step->encoding >= 0)
        buf_printf(out, ", encoding %s", step_encoding_names[step->encoding]);
    if (step->pad_bytes > 0)
        buf_printf(out, ", %" PRId64 " bytes of filler", step->pad_bytes);
    describe_head(out, &step->head);
    describe_chunks(out, &step->chunks);
    describe_sse(out, &step->sse);
    describe_place(out, step);
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
    describe_modifiers(out, step);
    if (step->end_how >= 0) {
        buf_printf(out, ", %s ", ends[step->end_how]);
        add_point(out, step->end_at);
    }
    if (step->end_after_ms > 0)
        buf_printf(out, " after %" PRId64 " ms of silence", step->end_after_ms);
}
