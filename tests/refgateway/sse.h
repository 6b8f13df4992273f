/*
 * sse: cuts a byte stream into server-sent events and judges each, so that
 * only whole events are ever passed on. Pure; line ends CRLF, LF and CR.
 */
#ifndef GATEDRILL_REFGATEWAY_SSE_H
#define GATEDRILL_REFGATEWAY_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "tests/refgateway/shape.h"

/* A longer event is malformed: memory stays bounded. */
#define SSE_EVENT_MOST (8u << 20)

struct sse {
    struct buf raw;  /* bytes of the event that is not whole yet */
    struct buf data; /* its data lines, joined by newlines */
    size_t line;     /* where in raw the current line starts */
    bool after_cr;   /* the last byte was CR and ended a line */
    bool has_data;
    bool has_lines;  /* some line of it was not empty */
    bool in_comment; /* the current line is a comment */
    bool progress;   /* some byte since the last sse_take_progress() was not
                        of a comment or of an empty line */
    bool any;        /* a data line or a comment was ever seen */
    bool too_long;
};

/* An event or a run of comments, whole; raw is borrowed until the next call. */
struct sse_event {
    const char *raw;
    size_t length;
    bool comment; /* no data: only comments or fields without meaning */
    struct shape_event shape;
};

/*
 * Takes bytes; *used is how many. True when an event is whole (*out is
 * filled): call again with the rest. False when all bytes are taken and no
 * event is whole yet.
 */
bool sse_feed(struct sse *sse, const char *bytes, size_t length, size_t *used,
              struct sse_event *out);
bool sse_take_progress(struct sse *sse);
/* True when the stream would end inside an event. */
bool sse_pending(const struct sse *sse);
/* Drops what is pending, as a seeded bug does. */
void sse_forget(struct sse *sse);
void sse_release(struct sse *sse);

#endif
