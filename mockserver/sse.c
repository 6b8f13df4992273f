#include "mockserver/sse.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One rewriting of a body. */
struct rewriting {
    const struct step_sse *sse;
    size_t number; /* of the piece, from 0 */
    bool widened;  /* the first token's event is through */
};

/* Raw characters of two, three and four bytes, and a surrogate pair:
 * answer_characters, as they go out. */
static const char characters[] = "\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
                                 "\\ud83d\\ude00 ";
/* Splits behind the first byte of the second one, and inside the pair. */
static const size_t splits[] = { 3, 15 };

static const char *line_end(const struct rewriting *r)
{
    static const char *const ends[] = { "\n", "\r\n", "\r" };
    int64_t end = r->sse->line_end;

    /* By turns of whole events: CR behind one line and LF behind the next
     * would be one line end. */
    if (end == STEP_LINE_END_MIXED)
        return ends[r->number % 3];
    return ends[end >= 0 ? end : STEP_LINE_END_LF];
}

/* A member that readers skip makes the line as long as is wanted. */
static void add_width(struct buf *out, int64_t bytes, size_t length)
{
    static const char open[] = "\"obfuscation\":\"";
    size_t used = length + strlen(open) + strlen("\",");

    buf_add_text(out, open);
    for (size_t at = used; (int64_t)at < bytes; at++)
        buf_add(out, "x", 1);
    buf_add_text(out, "\",");
}

static void add_data(struct buf *out, const struct rewriting *r,
                     const char *text, size_t length)
{
    buf_add_text(out, r->sse->space == 0 ? "data:" : "data: ");
    buf_add(out, text, length);
    buf_add_text(out, line_end(r));
}

/* The JSON text of an event, or what else it says. */
static void add_payload(struct buf *out, const struct rewriting *r, bool first,
                        const char *text, size_t length)
{
    struct buf wide = { 0 };
    const char *middle;

    if (first && r->sse->line_bytes > 0 && length && *text == '{') {
        buf_add(&wide, text, 1);
        add_width(&wide, r->sse->line_bytes, length + strlen("data: "));
        buf_add(&wide, text + 1, length - 1);
        text = wide.data;
        length = wide.length;
    }
    middle = r->sse->multi_line == 1 && *text == '{'
                 ? memmem(text, length, ",\"choices\"", 10)
                 : NULL;
    if (middle) {
        size_t half = (size_t)(middle - text) + 1;

        add_data(out, r, text, half);
        text += half;
        length -= half;
    }
    add_data(out, r, text, length);
    buf_release(&wide);
}

static void add_prefix(struct buf *out, const struct rewriting *r)
{
    if (!r->number && r->sse->bom == 1)
        buf_add_text(out, "\xef\xbb\xbf");
    if (r->sse->comments == 1)
        buf_printf(out, ": ping%s:%s", line_end(r), line_end(r));
    if (r->sse->fields == 1)
        buf_printf(out, "event: message%sid: %zu%sretry: 3000%s", line_end(r),
                   r->number + 1, line_end(r), line_end(r));
}

static void add_lines(struct buf *out, const struct rewriting *r, bool first,
                      const char *text, size_t length)
{
    const char *end = text + length;

    add_prefix(out, r);
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t size = stop ? (size_t)(stop - text) : (size_t)(end - text);

        if (size > 6 && !strncmp(text, "data: ", 6)) {
            add_payload(out, r, first, text + 6, size - 6);
        } else {
            buf_add(out, text, size);
            buf_add_text(out, line_end(r));
        }
        text += size + 1;
    }
}

/* Puts the characters into the event's content and cuts it inside them. */
static void add_split(struct draft *out, const struct piece *piece,
                      const struct buf *event)
{
    static const char key[] = "\"content\":\"";
    const char *place = memmem(event->data, event->length, key, strlen(key));
    size_t from = 0, begin;
    struct buf text = { 0 };

    if (!place) {
        draft_add_piece(out, piece->kind, piece->wait_ms, event->data,
                        event->length);
        return;
    }
    begin = (size_t)(place - event->data) + strlen(key);
    buf_add(&text, event->data, begin);
    buf_add_text(&text, characters);
    buf_add(&text, event->data + begin, event->length - begin);
    for (size_t i = 0; i < sizeof splits / sizeof splits[0]; i++) {
        draft_add_piece(out, PIECE_CONTENT, i ? 1 : piece->wait_ms,
                        text.data + from, begin + splits[i] - from);
        from = begin + splits[i];
    }
    draft_add_piece(out, piece->kind, 1, text.data + from, text.length - from);
    buf_release(&text);
}

static void rewrite_piece(struct draft *out, struct rewriting *r,
                          const struct piece *piece, const char *text)
{
    bool first = !r->widened && piece->kind == PIECE_EVENT;
    struct buf event = { 0 };

    add_lines(&event, r, first, text, piece->length);
    if (first && r->sse->multibyte == 1)
        add_split(out, piece, &event);
    else
        draft_add_piece(out, piece->kind, piece->wait_ms, buf_text(&event),
                        event.length);
    r->widened = r->widened || first;
    r->number++;
    buf_release(&event);
}

/* The blank line behind the last event is its last line end. */
static void drop_final_blank(struct draft *draft, const struct rewriting *r)
{
    struct rewriting last = *r;
    size_t length;

    if (r->sse->final_blank != 0 || !r->number)
        return;
    last.number--;
    length = strlen(line_end(&last));
    draft->body.length -= length;
    draft->pieces[draft->piece_count - 1].length -= length;
}

static bool sse_changes(const struct draft *draft, const struct step_sse *sse)
{
    const char *type = draft_find_header(draft, "Content-Type");
    bool any = sse->line_end > STEP_LINE_END_LF || sse->space == 0 ||
               sse->multi_line == 1 || sse->comments == 1 || sse->fields == 1 ||
               sse->final_blank == 0 || sse->bom == 1 || sse->multibyte == 1 ||
               sse->line_bytes > 0;

    return any && type && !strncasecmp(type, "text/event-stream", 17);
}

void sse_modify(struct draft *draft, const struct step_sse *sse)
{
    struct rewriting r = { .sse = sse };
    struct draft out = { 0 };
    size_t at = 0;

    if (!sse_changes(draft, sse))
        return;
    for (size_t i = 0; i < draft->piece_count; i++) {
        rewrite_piece(&out, &r, &draft->pieces[i], draft->body.data + at);
        at += draft->pieces[i].length;
    }
    drop_final_blank(&out, &r);
    buf_release(&draft->body);
    free(draft->pieces);
    draft->body = out.body;
    draft->pieces = out.pieces;
    draft->piece_count = out.piece_count;
    draft->piece_capacity = out.piece_capacity;
}
