#include "mockserver/render.h"

#include <string.h>
#include <strings.h>

#include "common/answer.h"
#include "mockserver/write.h"

/* What of a message goes out. */
struct extent {
    enum plan_when when;
    bool nothing;      /* the end comes before the first byte */
    size_t head_bytes; /* of the head; all of it unless cut there */
    size_t body_bytes; /* of the body */
    bool whole;        /* nothing is missing, the last chunk included */
    enum step_end end;
};

/* 1xx, 204 and 304 have no body and say nothing about its length. */
static bool has_body(const struct draft *draft)
{
    return draft->status >= 200 && draft->status != 204 && draft->status != 304;
}

static bool is_whole(const struct draft *draft)
{
    return draft->cut.at == POINT_UNSET || draft->cut.at == POINT_END;
}

static bool says_close(const struct draft *draft)
{
    const char *connection = draft_find_header(draft, "Connection");

    return connection && !strcasecmp(connection, "close");
}

/* An HTTP/1.0 answer, after which the connection ends. */
static bool is_old(const struct draft *draft)
{
    return draft->head && draft->head->status_line == STEP_STATUS_LINE_HTTP_1_0;
}

/* Then the connection does what the step says, whatever the head says. */
static bool idles(const struct draft *draft)
{
    return draft->idle && (draft->idle->fin_after_ms >= 0 ||
                           draft->idle->rst_on_next_byte == 1);
}

/* A head that libmicrohttpd would not write, or would write otherwise. */
static bool looks_odd(const struct draft *draft)
{
    const struct step_head *head = draft->head;

    return idles(draft) ||
           (head &&
            (head->status_line >= 0 || head->names >= 0 || head->odd >= 0 ||
             head->omit.count || head->pad_bytes > 0)) ||
           (draft->interim && draft->interim->count) || draft->early;
}

static enum step_end end_of(const struct draft *draft, bool raw)
{
    bool broken = !is_whole(draft) || draft->tail.length ||
                  draft->garbage.length ||
                  draft->announced_bytes > (int64_t)draft->body.length;

    if (draft->end != STEP_END_KEEP)
        return draft->end;
    if (broken)
        return STEP_END_HANG;
    if ((has_body(draft) && draft->framing == STEP_FRAMING_CLOSE) ||
        draft->status < 200 || (says_close(draft) && !idles(draft)) ||
        draft->early || is_old(draft) || (raw && draft->last_answer))
        return STEP_END_FIN;
    return STEP_END_KEEP;
}

/* libmicrohttpd writes framing headers itself, and refuses names and values
 * that HTTP does not allow. */
static bool is_plain_header(const struct step_header *header)
{
    static const char *const ours[] = { "Content-Length", "Transfer-Encoding",
                                        "Connection",     "Trailer",
                                        "Upgrade",        NULL };

    for (size_t i = 0; ours[i]; i++) {
        if (!strcasecmp(header->name, ours[i]))
            return false;
    }
    return header->name[0] && header->value[0] &&
           !strpbrk(header->name, " \t\r\n:") &&
           !strpbrk(header->value, "\t\r\n");
}

static bool fits_reply(const struct draft *draft)
{
    if (end_of(draft, false) != STEP_END_KEEP || draft->status < 200 ||
        draft->status == 304 || /* it would say Content-Length: 0 */
        draft->framing != STEP_FRAMING_LENGTH || draft->announced_bytes >= 0 ||
        draft->pace_bytes > 0 || draft->piece_count > 1 ||
        (draft->piece_count && draft->pieces[0].wait_ms > 0) ||
        looks_odd(draft))
        return false;
    for (size_t i = 0; i < draft->header_count; i++) {
        if (!is_plain_header(&draft->headers[i]))
            return false;
    }
    return true;
}

static void render_reply(struct plan *plan, const struct draft *draft)
{
    plan->wait_ms = draft->wait_ms;
    plan->status = draft->status;
    plan->end = STEP_END_KEEP;
    for (size_t i = 0; i < draft->header_count; i++)
        plan_add_header(plan, draft->headers[i].name, draft->headers[i].value);
    if (has_body(draft))
        buf_add(&plan->body, buf_text(&draft->body), draft->body.length);
}

static void write_answer_head(struct buf *head, const struct draft *draft)
{
    /* A close that cuts or follows a false length comes unannounced. */
    bool announced = end_of(draft, true) == STEP_END_FIN && is_whole(draft) &&
                     draft->announced_bytes < 0 && !draft->tail.length &&
                     draft->status >= 200;
    bool closes = has_body(draft) && draft->framing == STEP_FRAMING_CLOSE;

    write_head(head, draft, has_body(draft), announced || closes);
}

/* Inside a header line: behind the status line, before the blank line, not at
 * the end of a line. */
static size_t middle_of_headers(const struct buf *head)
{
    const char *first = strstr(head->data, "\r\n");
    size_t start = first ? (size_t)(first - head->data) + 2 : 0;
    size_t at = start + (head->length - start) / 2;

    while (at > start + 1 && strchr("\r\n", head->data[at - 1]))
        at--;
    return at;
}

/* The body bytes that are out after so many content events. */
static size_t bytes_at_event(const struct draft *draft, int64_t events)
{
    size_t at = 0;
    size_t last = 0;
    int64_t seen = 0;

    for (size_t i = 0; i < draft->piece_count; i++) {
        const struct piece *piece = &draft->pieces[i];

        if (seen == events && piece->kind != PIECE_PLAIN)
            return events ? last : at;
        at += piece->length;
        if (piece->kind != PIECE_EVENT)
            continue;
        last = at;
        seen++;
    }
    if (seen)
        return last;
    return draft->body.length * (size_t)events / ANSWER_TOKENS;
}

/* May be more than there is. */
static size_t body_bytes_at(const struct draft *draft, struct point point)
{
    size_t length = draft->body.length;

    switch (point.at) {
    case POINT_BODY_PERCENT:
        return length * (size_t)point.value / 100;
    case POINT_BODY_BYTES:
        return (size_t)point.value;
    case POINT_EVENT:
        return bytes_at_event(draft, point.value);
    case POINT_UNSET:
    case POINT_END:
        return length;
    case POINT_ACCEPT:
    case POINT_REQUEST_HEAD:
    case POINT_REQUEST:
    case POINT_STATUS_LINE:
    case POINT_HEADERS:
    case POINT_HEADERS_END:
        break;
    }
    return 0;
}

static struct extent extent_of(const struct draft *draft,
                               const struct buf *head)
{
    enum point_at at = draft->cut.at;
    struct extent extent = {
        .when = at == POINT_ACCEPT ? PLAN_AT_ACCEPT
                : at == POINT_REQUEST_HEAD || draft->early
                    ? PLAN_AT_REQUEST_HEAD
                    : PLAN_AT_REQUEST,
        .nothing = at == POINT_ACCEPT || at == POINT_REQUEST_HEAD ||
                   at == POINT_REQUEST,
        .head_bytes = head->length,
        .body_bytes = has_body(draft) ? body_bytes_at(draft, draft->cut) : 0,
        .whole = is_whole(draft),
        .end = end_of(draft, true),
    };

    if (at == POINT_STATUS_LINE)
        extent.head_bytes = strlen("HTTP/1.1 2");
    if (at == POINT_HEADERS)
        extent.head_bytes = middle_of_headers(head);
    return extent;
}

/* The send before the marks of events, when nothing must come between. */
static struct act *open_send(struct plan *plan, const struct draft *draft)
{
    size_t last = plan->act_count;

    if (!draft->at_once || draft->pace_bytes > 0)
        return NULL;
    while (last && plan->acts[last - 1].kind == ACT_EVENT)
        last--;
    return last && plan->acts[last - 1].kind == ACT_SEND ? &plan->acts[last - 1]
                                                         : NULL;
}

/* With a pace, a pause between two sends too: none of them is faster. */
static void add_send(struct plan *plan, const struct draft *draft,
                     const void *bytes, size_t length)
{
    bool paced = draft->pace_bytes > 0;
    struct act *open = open_send(plan, draft);

    if (open) {
        open->length += length;
        buf_add(&plan->bytes, bytes, length);
        return;
    }
    if (paced && plan->bytes.length && draft->pace_every_ms > 0)
        plan_add_wait(plan, draft->pace_every_ms);
    plan_add_send(plan, bytes, length);
    if (paced) {
        plan->acts[plan->act_count - 1].piece_bytes = draft->pace_bytes;
        plan->acts[plan->act_count - 1].piece_every_ms = draft->pace_every_ms;
    }
}

/* One piece, of which `length` bytes go out. */
static void add_piece(struct plan *plan, const struct draft *draft,
                      const struct piece *piece, const char *bytes,
                      size_t length)
{
    struct buf chunk = { 0 };

    if (piece->wait_ms > 0)
        plan_add_wait(plan, piece->wait_ms);
    if (draft->framing == STEP_FRAMING_CHUNKED)
        /* What stands at the cut needs a chunk boundary before it. */
        write_chunks(&chunk, draft->chunks, bytes, length,
                     draft->tail.length ? length : piece->length);
    else
        buf_add(&chunk, bytes, length);
    add_send(plan, draft, buf_text(&chunk), chunk.length);
    if (piece->kind == PIECE_EVENT && length == piece->length)
        plan_add_event_mark(plan);
    buf_release(&chunk);
}

static void add_last_chunk(struct plan *plan, const struct draft *draft)
{
    struct buf chunk = { 0 };

    write_last_chunk(&chunk, draft->chunks);
    add_send(plan, draft, chunk.data, chunk.length);
    buf_release(&chunk);
}

static void add_body(struct plan *plan, const struct draft *draft,
                     const struct extent *extent)
{
    size_t at = 0;

    for (size_t i = 0; i < draft->piece_count && at < extent->body_bytes; i++) {
        const struct piece *piece = &draft->pieces[i];
        size_t left = extent->body_bytes - at;
        size_t length = piece->length < left ? piece->length : left;

        add_piece(plan, draft, piece, draft->body.data + at, length);
        at += length;
    }
    if (draft->tail.length)
        add_send(plan, draft, draft->tail.data, draft->tail.length);
    else if (extent->whole && has_body(draft) &&
             draft->framing == STEP_FRAMING_CHUNKED)
        add_last_chunk(plan, draft);
}

/* They come at once; a wait of the step is between them and the answer. */
static void add_interim(struct plan *plan, const struct draft *draft)
{
    struct buf heads = { 0 };

    for (size_t i = 0; draft->interim && i < draft->interim->count; i++)
        write_interim(&heads, draft->interim->items[i]);
    if (heads.length)
        add_send(plan, draft, heads.data, heads.length);
    buf_release(&heads);
}

static void render_raw(struct plan *plan, const struct draft *draft)
{
    struct buf head = { 0 };
    struct extent extent;

    write_answer_head(&head, draft);
    extent = extent_of(draft, &head);
    plan->when = extent.when;
    if (!extent.nothing)
        add_interim(plan, draft);
    if (draft->wait_ms > 0)
        plan_add_wait(plan, draft->wait_ms);
    if (!extent.nothing && draft->garbage.length) {
        add_send(plan, draft, draft->garbage.data, draft->garbage.length);
    } else if (!extent.nothing) {
        add_send(plan, draft, head.data, extent.head_bytes);
        if (extent.head_bytes == head.length) {
            plan->head_bytes = plan->bytes.length;
            add_body(plan, draft, &extent);
        }
        if (draft->cut.at != POINT_STATUS_LINE)
            plan->status = draft->status;
    }
    if (draft->end_wait_ms > 0)
        plan_add_wait(plan, draft->end_wait_ms);
    plan_add_end(plan, extent.end);
    plan->idles = extent.end == STEP_END_KEEP && idles(draft);
    if (plan->idles)
        plan->idle = *draft->idle;
    buf_release(&head);
}

void render_plan(struct plan *plan, const struct draft *draft)
{
    *plan = (struct plan){ .when = PLAN_AT_REQUEST, .status = -1 };
    if (fits_reply(draft))
        render_reply(plan, draft);
    else
        render_raw(plan, draft);
}
