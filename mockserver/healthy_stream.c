#include "mockserver/healthy.h"

#include <string.h>

#include "common/json.h"

/* Before an error, where the step says comments_only. */
#define COMMENTS_FIRST 3

/* What every event of a stream needs. */
struct maker {
    struct draft *draft;
    const struct stream_script *script;
    const struct fault_request *request;
};

void healthy_draft_stream_head(struct draft *draft)
{
    draft->status = 200;
    draft->framing = STEP_FRAMING_CHUNKED;
    draft_set_body(draft, "text/event-stream", "", 0);
    draft_add_header(draft, "Cache-Control", "no-cache");
}

void healthy_add_role(struct draft *draft, const struct fault_request *request)
{
    struct buf event = { 0 };

    completion_write_chunk(&event, request,
                           "{\"role\":\"assistant\",\"content\":\"\"}", "null");
    draft_add_piece(draft, PIECE_PLAIN, 0, buf_text(&event), event.length);
    buf_release(&event);
}

void healthy_add_comment(struct draft *draft, int64_t wait_ms)
{
    static const char comment[] = ": PING\n\n";

    draft_add_piece(draft, PIECE_PLAIN, wait_ms, comment, sizeof comment - 1);
}

/* The pause before a content event: what is left of it after the comments. */
static int64_t add_pause(const struct maker *m, int64_t index)
{
    int64_t left =
        index > 1 && m->script->interval_ms > 0 ? m->script->interval_ms : 0;
    int64_t every = m->script->comment_every_ms;

    for (; every > 0 && left > every; left -= every)
        healthy_add_comment(m->draft, every);
    return left;
}

/* The middle, before a whole character: a delta is UTF-8. */
static size_t half_of(const char *text)
{
    size_t half = strlen(text) / 2;

    while (half && ((unsigned char)text[half] & 0xc0) == 0x80)
        half--;
    return half;
}

/* A canary is split over two deltas, so that a gateway which looks at deltas
 * one by one does not see it. */
static void add_canary(const struct maker *m, const char *member,
                       const char *canary)
{
    size_t half;
    struct buf rest = { 0 };
    struct buf event = { 0 };

    if (!canary)
        return;
    half = half_of(canary);
    completion_write_text_chunk(&event, m->request, member, canary, half);
    draft_add_piece(m->draft, PIECE_CONTENT, 0, buf_text(&event), event.length);
    buf_clear(&event);
    buf_printf(&rest, "%s ", canary + half);
    completion_write_text_chunk(&event, m->request, member, buf_text(&rest),
                                rest.length);
    draft_add_piece(m->draft, PIECE_CONTENT, 0, buf_text(&event), event.length);
    buf_release(&rest);
    buf_release(&event);
}

static void add_arguments(const struct maker *m, const char *text,
                          size_t length)
{
    struct buf event = { 0 };

    completion_write_arguments_chunk(&event, m->request, false, text, length);
    draft_add_piece(m->draft, PIECE_PLAIN, 0, buf_text(&event), event.length);
    buf_release(&event);
}

/* The same within arguments, which are JSON themselves: where it is split an
 * escape may be cut in two. */
static void add_canary_in_arguments(const struct maker *m)
{
    const char *canary = m->request->plants.tool_call;
    struct buf text = { 0 };
    size_t half;

    if (!canary)
        return;
    json_quote(&text, canary, strlen(canary));
    text.data[text.length - 1] = ' ';
    half = half_of(text.data);
    add_arguments(m, text.data + 1, half - 1);
    add_arguments(m, text.data + half, text.length - half);
    buf_release(&text);
}

static void add_plain(const struct maker *m, struct buf *event)
{
    draft_add_piece(m->draft, PIECE_PLAIN, 0, buf_text(event), event->length);
    buf_release(event);
}

/* What stands before the first token. The arguments of a tool call are JSON
 * themselves, in pieces. */
static void add_beginning(const struct maker *m)
{
    static const char beginning[] = "{\"text\":\"";
    struct buf event = { 0 };

    add_canary(m, "reasoning_content", m->request->plants.reasoning);
    add_canary(m, "content", m->request->completion_canary);
    if (m->script->step->tool_calls != 1)
        return;
    completion_write_arguments_chunk(&event, m->request, true, beginning,
                                     sizeof beginning - 1);
    add_plain(m, &event);
    add_canary_in_arguments(m);
}

static void add_odd_frame(const struct maker *m)
{
    static const char *const members[] = {
        [STEP_FRAME_EMPTY_CHOICES] = ",\"choices\":[]",
        [STEP_FRAME_NULL_CHOICES] = ",\"choices\":null",
        [STEP_FRAME_NO_CHOICES] = "",
    };
    int64_t frame = m->script->step->odd_frame;
    struct buf event = { 0 };

    if (frame < 0)
        return;
    if (frame == STEP_FRAME_USAGE)
        completion_write_usage_chunk(&event, m->request, 1, -1);
    else
        completion_write_frame(&event, m->request, members[frame]);
    add_plain(m, &event);
}

/* As relays with a content filter send them: no text, and no choice. */
static void add_metadata(const struct maker *m)
{
    for (int64_t i = 0; i < m->script->step->metadata; i++) {
        struct buf event = { 0 };

        completion_write_frame(&event, m->request,
                               ",\"choices\":[],\"prompt_filter_results\":[{"
                               "\"prompt_index\":0,"
                               "\"content_filter_results\":{}}]");
        add_plain(m, &event);
    }
}

/* Token number index; a malformed event is the first half of what should have
 * been there, so that its token does not arrive. */
static void add_token(const struct maker *m, int64_t index)
{
    bool malformed = m->script->malformed_at == index;
    int64_t wait_ms = add_pause(m, index);
    struct buf text = { 0 };
    struct buf event = { 0 };

    if (index == 1)
        add_beginning(m);
    if (index == 2)
        add_odd_frame(m);
    completion_write_token(&text, m->request, index, m->script->count);
    if (m->script->step->tool_calls == 1)
        completion_write_arguments_chunk(&event, m->request, false,
                                         buf_text(&text), text.length);
    else
        completion_write_content_chunk(&event, m->request, buf_text(&text),
                                       text.length);
    if (malformed) {
        struct buf half = { 0 };

        buf_add(&half, buf_text(&event), event.length / 2);
        buf_add_text(&half, "\n\n");
        draft_add_piece(m->draft, PIECE_CONTENT, wait_ms, buf_text(&half),
                        half.length);
        buf_release(&half);
    } else {
        draft_add_piece(m->draft, PIECE_EVENT, wait_ms, buf_text(&event),
                        event.length);
    }
    buf_release(&text);
    buf_release(&event);
}

static void add_error(const struct maker *m)
{
    const struct step *step = m->script->step;
    const struct healthy_error error = { .status = 500,
                                         .code = step->code,
                                         .type = step->error_type,
                                         .message = step->message };
    struct buf text = { 0 }, event = { 0 };

    healthy_write_error(&text, &error, m->request);
    if (step->error_as == STEP_ERROR_CHUNK) {
        struct buf members = { 0 };

        /* The error's object becomes a member of the chunk. */
        buf_printf(&members, ",\"choices\":[],%.*s", (int)text.length - 2,
                   text.data + 1);
        completion_write_frame(&event, m->request, buf_text(&members));
        buf_release(&members);
    } else {
        buf_printf(&event, "data: %s\n\n", text.data);
    }
    add_plain(m, &event);
    buf_release(&text);
}

static void add_usage(const struct maker *m)
{
    int64_t usage_as = m->script->step->usage_as;

    for (int i = 0; i < (usage_as == STEP_USAGE_TWICE ? 2 : 1); i++) {
        struct buf event = { 0 };

        completion_write_usage_chunk(&event, m->request, m->script->events,
                                     usage_as);
        add_plain(m, &event);
    }
}

/* The first token once more: who reads on shows it. The last one's space was
 * left out. */
static void add_encore(const struct maker *m)
{
    struct buf text = { 0 }, event = { 0 };

    buf_add_text(&text, " ");
    completion_write_token(&text, m->request, 1, m->script->count);
    completion_write_content_chunk(&event, m->request, buf_text(&text),
                                   text.length);
    add_plain(m, &event);
    buf_release(&text);
}

static void add_end(const struct maker *m)
{
    static const char done[] = "data: [DONE]\n\n";
    const struct step *step = m->script->step;
    bool early = step->usage_as == STEP_USAGE_BEFORE_FINISH;
    struct buf event = { 0 };

    if (m->script->usage && early)
        add_usage(m);
    if (m->script->finish) {
        struct buf reason = { 0 };

        if (step->tool_calls == 1) {
            add_arguments(m, "\"}", 2);
        }
        buf_printf(&reason, "\"%s\"",
                   step_finish_names[completion_finish(step)]);
        completion_write_chunk(&event, m->request, "{}", buf_text(&reason));
        add_plain(m, &event);
        buf_release(&reason);
    }
    if (m->script->usage && !early)
        add_usage(m);
    if (m->script->done)
        draft_add_piece(m->draft, PIECE_PLAIN, 0, done, sizeof done - 1);
    if (step->after_done == 1)
        add_encore(m);
}

void healthy_draft_stream(struct draft *draft,
                          const struct stream_script *script,
                          const struct fault_request *request)
{
    const struct maker m = { draft, script, request };
    int64_t events = script->events;

    healthy_draft_stream_head(draft);
    for (int i = 0; i < COMMENTS_FIRST && script->step->comments_only == 1; i++)
        healthy_add_comment(draft, 0);
    add_metadata(&m);
    if (script->role)
        healthy_add_role(draft, request);
    if (script->error_at >= 0 && script->error_at < events)
        events = script->error_at;
    for (int64_t i = 1; i <= events; i++)
        add_token(&m, i);
    if (script->error_at >= 0)
        add_error(&m);
    for (int64_t i = events + 1;
         script->step->after_error == 1 && i <= script->events; i++)
        add_token(&m, i);
    add_end(&m);
}
