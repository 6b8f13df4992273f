/*
 * sse: server-sent events, split from bytes. Lines end in LF, CRLF or CR; an
 * event counts when its blank line came. Pure.
 * Source: WHATWG HTML, section 9.2.6 "Interpreting an event stream".
 */
#ifndef GATEDRILL_HARNESS_SSE_H
#define GATEDRILL_HARNESS_SSE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"

struct sse_reader {
    const char *bytes; /* borrowed */
    size_t length;
    size_t at;
    size_t comments; /* comment lines passed */
    bool cut; /* at the end: a line without its ending, or an event without
                 its blank line; a cut comment is none */
    struct buf type, data; /* of the event just returned */
    size_t end;            /* offset one past that event's blank line */
};

/* A byte order mark at the start is skipped. */
void sse_begin(struct sse_reader *out, const char *bytes, size_t length);
/* The next event with data: fills type ("" when unnamed), data (lines joined by
 * LF) and end. False at the end of the bytes; cut then says how it ended. */
bool sse_next(struct sse_reader *reader);
void sse_reader_release(struct sse_reader *reader);

#endif
