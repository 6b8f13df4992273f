/*
 * http_head: the head of an HTTP/1.x response, read from bytes by us and
 * strictly: what a lenient library would mend is named. Pure.
 * Source: RFC 9112 sections 2.2, 4 and 5.
 */
#ifndef GATEDRILL_HARNESS_HTTP_HEAD_H
#define GATEDRILL_HARNESS_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_head_state {
    HTTP_HEAD_INCOMPLETE, /* more bytes may complete it */
    HTTP_HEAD_COMPLETE,
    HTTP_HEAD_BROKEN, /* no further byte makes this an HTTP/1.x response */
};

/* Bytes of somebody else's; not NUL-terminated. */
struct http_span {
    const char *at;
    size_t length;
};

struct http_head {
    enum http_head_state state;
    int64_t status;        /* -1 until the status line was read */
    bool version_1_0;      /* HTTP/1.0 */
    int64_t interim_count; /* 1xx heads skipped; 101 ends HTTP and is final */
    size_t start, end;     /* of the final head in the bytes; end is one past
                              its blank line, and set when it is complete */
    char problem[64];      /* the first thing wrong, "" when nothing is */
};

/* Reads the first final head from the start of the bytes. */
void http_head_read(struct http_head *out, const char *bytes, size_t length);

/*
 * Steps through the header lines of one head (status line included in the
 * bytes, and skipped). *cursor starts at 0. Values are trimmed; lines without a
 * colon and continuation lines are skipped. Returns false at the end.
 */
bool http_head_next(const char *head, size_t length, size_t *cursor,
                    struct http_span *name, struct http_span *value);
/* Any case. */
bool http_span_is(struct http_span span, const char *word);

/* Takes one line off bytes at *at: without its ending, LF or CRLF. False when
 * no LF is left. *bare_lf is set when no CR stood before it. */
bool http_line_next(const char *bytes, size_t length, size_t *at,
                    struct http_span *line, bool *bare_lf);

#endif
