/*
 * http_trace: what one client saw, decoded by us from the bytes as they came:
 * libcurl calls a response cut inside its headers a success. Pure: reads in, a
 * trace out. Texts live in memory only; what is written of a trace is sizes,
 * times, framing and tokens (http_trace_to_json).
 */
#ifndef GATEDRILL_HARNESS_HTTP_TRACE_H
#define GATEDRILL_HARNESS_HTTP_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/answer.h"
#include "common/buf.h"
#include "common/json.h"

/* How the bytes ended, as the socket said it. */
enum trace_end {
    TRACE_END_NOT_CONNECTED, /* refused or unreachable */
    TRACE_END_FRAMED, /* the message was complete; we closed or kept it */
    TRACE_END_FIN,
    TRACE_END_RST,
    TRACE_END_TIMEOUT, /* our limit ran out: a hang */
    TRACE_END_LEFT,    /* the script told the client to leave */
};
extern const char *const trace_end_names[];

enum trace_framing {
    TRACE_FRAMING_NONE, /* no complete head */
    TRACE_FRAMING_LENGTH,
    TRACE_FRAMING_CHUNKED,
    TRACE_FRAMING_CLOSE,
    TRACE_FRAMING_NO_BODY, /* 204, 304 */
};
extern const char *const trace_framing_names[];

enum trace_content {
    TRACE_CONTENT_EMPTY,
    TRACE_CONTENT_COMPLETION, /* a JSON object with choices[0].message */
    TRACE_CONTENT_ERROR,      /* a JSON object with a top-level error */
    TRACE_CONTENT_JSON,       /* other JSON */
    TRACE_CONTENT_EVENTS,     /* text/event-stream */
    TRACE_CONTENT_HTML,
    TRACE_CONTENT_OTHER,
};
extern const char *const trace_content_names[];

/* What it amounts to for an application that reads status, framing and
 * content with care. */
enum trace_outcome {
    TRACE_OUTCOME_SUCCESS, /* 2xx, framing complete, whole canonical answer,
                              finish_reason there when it was sent */
    TRACE_OUTCOME_ERROR,   /* an error one can see: status >= 400 with complete
                              framing, or an error event */
    TRACE_OUTCOME_CUT,     /* framing broken: the client can tell */
    TRACE_OUTCOME_FALSE_SUCCESS, /* 2xx, framing complete, answer not whole and
                                    no error said: a silent cut, an empty or
                                    foreign body as success */
    TRACE_OUTCOME_NO_RESPONSE,   /* closed or reset before a complete head */
    TRACE_OUTCOME_HANG,          /* nothing more until our limit */
    TRACE_OUTCOME_LEFT,
};
extern const char *const trace_outcome_names[];

struct trace_read {
    int64_t at_ns;
    size_t bytes;
};

struct http_trace {
    /* Set by the client. */
    int64_t start_ns, connected_ns, sent_ns, end_ns;
    enum trace_end end;
    char end_text[128]; /* the OS error, when there was one */
    struct buf raw;     /* every byte received */
    struct trace_read *reads;
    size_t read_count, read_capacity;
    bool stream_asked;
    uint16_t tag; /* answer_tag of this request's drill id */

    /* Set by http_trace_decode. */
    bool head_complete;
    char head_problem[64]; /* "" or what is wrong with it */
    int64_t status;        /* -1: none; interim 1xx are skipped and counted */
    int64_t interim_count;
    struct buf head; /* status line and headers, raw */
    enum trace_framing framing;
    bool framing_complete;
    char framing_problem[64];
    size_t extra_bytes; /* after a complete message */
    struct buf body;    /* transfer coding removed */
    enum trace_content content;
    struct {
        size_t events;    /* data events, [DONE] included */
        size_t output;    /* events with content */
        size_t malformed; /* data that is no JSON and not [DONE] */
        size_t done;      /* [DONE] */
        size_t errors;    /* events with an error member */
        size_t comments;
        bool finish; /* a finish_reason that is not null */
        bool done_after_error;
        bool cut_event; /* bytes after the last blank line */
    } events;
    char finish_reason[32];
    bool usage;
    struct buf text; /* the assistant's text, deltas joined */
    struct answer_tokens tokens;
    enum answer_shape shape;
    int64_t first_byte_ns, head_ns, first_output_ns, last_byte_ns;
    enum trace_outcome outcome;
};

void http_trace_add_read(struct http_trace *trace, const void *bytes,
                         size_t length, int64_t at_ns);
/* True as soon as the message is complete by its own framing: the client can
 * stop reading. */
bool http_trace_message_complete(const struct http_trace *trace);
void http_trace_decode(struct http_trace *trace);
/* A response header's value (first of that name, any case), trimmed; NULL when
 * absent. Caller frees. */
char *http_trace_header(const struct http_trace *trace, const char *name);
/* For history.jsonl: no header values, no text. */
struct json *http_trace_to_json(const struct http_trace *trace);
void http_trace_release(struct http_trace *trace);

#endif
