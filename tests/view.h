/* view: reads an answer's bytes the way a strict client does, so that a test
 * can say what arrives: the head, the body without framing, and whether
 * anything is missing. */
#ifndef GATEDRILL_TESTS_VIEW_H
#define GATEDRILL_TESTS_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/answer.h"
#include "common/buf.h"

struct view {
    struct buf head; /* as sent; a reply's headers one a line */
    struct buf body; /* without chunk framing */
    bool head_whole; /* the blank line is there */
    bool chunked;
    int64_t length; /* announced; -1: none */
    bool whole;     /* framing says that nothing is missing */
    bool surplus;   /* bytes after the end of the message */
    bool bad_chunk; /* a chunk size that is none */
};

static inline void view_release(struct view *view)
{
    buf_release(&view->head);
    buf_release(&view->body);
}

/* The value of a header; NULL when there is none. Caller frees. */
static inline char *view_header(const struct view *view, const char *name)
{
    const char *line = view->head.data;
    size_t length = strlen(name);

    while (line && (line = strstr(line, "\r\n")) && line[2]) {
        line += 2;
        if (!strncasecmp(line, name, length) && line[length] == ':')
            return strndup(line + length + 2, strcspn(line + length + 2, "\r"));
    }
    return NULL;
}

static inline void view_read_chunks(struct view *view, const char *at,
                                    const char *end)
{
    for (;;) {
        char *after;
        size_t size = strtoull(at, &after, 16);

        if (after == at || (*after != ';' && strncmp(after, "\r\n", 2))) {
            view->bad_chunk = at < end;
            return;
        }
        after += strcspn(after, "\r");
        if (!size) {
            const char *blank =
                memmem(after, (size_t)(end - after), "\r\n\r\n", 4);

            view->whole = blank != NULL;
            view->surplus = view->whole && blank + 4 < end;
            return;
        }
        after += 2;
        if ((size_t)(end - after) < size + 2) {
            size_t left = (size_t)(end - after);

            buf_add(&view->body, after, left < size ? left : size);
            return;
        }
        buf_add(&view->body, after, size);
        at = after + size + 2;
    }
}

static inline void view_read_body(struct view *view, const char *at,
                                  const char *end)
{
    char *length = view_header(view, "Content-Length");
    char *coding = view_header(view, "Transfer-Encoding");

    view->length = length ? atoll(length) : -1;
    view->chunked = coding && !strcasecmp(coding, "chunked");
    free(length);
    free(coding);
    if (view->chunked) {
        view_read_chunks(view, at, end);
        return;
    }
    buf_add(&view->body, at, (size_t)(end - at));
    view->whole = view->length < 0 || view->length <= end - at;
    view->surplus = view->length >= 0 && view->length < end - at;
}

/* An answer as it came, whole or not. */
static inline struct view view_of_bytes(const char *bytes, size_t length)
{
    struct view view = { .length = -1 };
    const char *blank = length ? memmem(bytes, length, "\r\n\r\n", 4) : NULL;

    if (!blank) {
        buf_add(&view.head, bytes, length);
        return view;
    }
    view.head_whole = true;
    buf_add(&view.head, bytes, (size_t)(blank + 4 - bytes));
    view_read_body(&view, blank + 4, bytes + length);
    return view;
}

/* What the tokens of the body add up to. */
static inline enum answer_shape view_shape(const struct view *view,
                                           struct drill_id id)
{
    struct answer_tokens tokens = { 0 };
    enum answer_shape shape;

    answer_find_tokens(&tokens, buf_text(&view->body), view->body.length);
    shape = answer_judge(&tokens, answer_tag(id));
    answer_tokens_release(&tokens);
    return shape;
}

static inline size_t view_tokens(const struct view *view)
{
    struct answer_tokens tokens = { 0 };
    size_t count;

    answer_find_tokens(&tokens, buf_text(&view->body), view->body.length);
    count = tokens.count;
    answer_tokens_release(&tokens);
    return count;
}

static inline bool view_has(const struct view *view, const char *text)
{
    return memmem(buf_text(&view->body), view->body.length, text,
                  strlen(text)) != NULL;
}

#endif
