/* trace_content: what the body of a trace says: plain JSON, a stream of events,
 * a page. Pure; part of http_trace_decode. */
#ifndef GATEDRILL_HARNESS_TRACE_CONTENT_H
#define GATEDRILL_HARNESS_TRACE_CONTENT_H

#include "harness/client/http_trace.h"

/*
 * Reads trace->head and trace->body; sets content, events, finish_reason,
 * usage, text, tokens and shape.
 * Returns the length of body after which the first output was there: the end of
 * the first event with content, or 1 for anything that is no stream; 0 when
 * none came.
 */
size_t trace_content_read(struct http_trace *trace);

#endif
