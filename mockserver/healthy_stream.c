#include "mockserver/healthy.h"

#include <string.h>

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

/* The canary is split over two deltas, so that a gateway which looks at deltas
 * one by one does not see it. */
static void add_canary(const struct maker *m)
{
    const char *canary = m->request->completion_canary;
    size_t half;
    struct buf rest = { 0 };
    struct buf event = { 0 };

    if (!canary)
        return;
    half = strlen(canary) / 2;
    completion_write_content_chunk(&event, m->request, canary, half);
    draft_add_piece(m->draft, PIECE_CONTENT, 0, buf_text(&event), event.length);
    buf_clear(&event);
    buf_printf(&rest, "%s ", canary + half);
    completion_write_content_chunk(&event, m->request, buf_text(&rest),
                                   rest.length);
    draft_add_piece(m->draft, PIECE_CONTENT, 0, buf_text(&event), event.length);
    buf_release(&rest);
    buf_release(&event);
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
        add_canary(m);
    completion_write_token(&text, m->request, index, m->script->count);
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
    struct buf event = { 0 };

    buf_add_text(&event, "data: ");
    healthy_write_error(&event, &(struct healthy_error){ .status = 500 },
                        m->request);
    buf_add_text(&event, "\n\n");
    draft_add_piece(m->draft, PIECE_PLAIN, 0, buf_text(&event), event.length);
    buf_release(&event);
}

static void add_end(const struct maker *m)
{
    static const char done[] = "data: [DONE]\n\n";
    struct buf event = { 0 };

    if (m->script->finish) {
        completion_write_chunk(&event, m->request, "{}", "\"stop\"");
        draft_add_piece(m->draft, PIECE_PLAIN, 0, buf_text(&event),
                        event.length);
    }
    if (m->script->usage) {
        buf_clear(&event);
        completion_write_usage_chunk(&event, m->request, m->script->events);
        draft_add_piece(m->draft, PIECE_PLAIN, 0, buf_text(&event),
                        event.length);
    }
    if (m->script->done)
        draft_add_piece(m->draft, PIECE_PLAIN, 0, done, sizeof done - 1);
    buf_release(&event);
}

void healthy_draft_stream(struct draft *draft,
                          const struct stream_script *script,
                          const struct fault_request *request)
{
    const struct maker m = { draft, script, request };
    int64_t events = script->events;

    healthy_draft_stream_head(draft);
    if (script->role)
        healthy_add_role(draft, request);
    if (script->error_at >= 0 && script->error_at < events)
        events = script->error_at;
    for (int64_t i = 1; i <= events; i++)
        add_token(&m, i);
    if (script->error_at >= 0)
        add_error(&m);
    add_end(&m);
}
