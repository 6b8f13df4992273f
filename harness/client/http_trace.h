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
    TRACE_END_LEFT,    /* the client left, as it was told */
    TRACE_END_BROKEN,  /* no further byte could mend it; we closed */
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

/* By the bytes; the label counts for events only. */
enum trace_content {
    TRACE_CONTENT_EMPTY,
    TRACE_CONTENT_COMPLETION, /* a JSON object with choices[0].message */
    TRACE_CONTENT_ERROR,      /* a JSON object with a top-level error that is
                                 not null, or with finish_reason "error" */
    TRACE_CONTENT_JSON,       /* other JSON */
    TRACE_CONTENT_EVENTS,     /* text/event-stream, not empty */
    TRACE_CONTENT_HTML,
    TRACE_CONTENT_OTHER,
};
extern const char *const trace_content_names[];

/*
 * What it amounts to for an application that reads status, framing and content
 * with care. Rules, the first that holds:
 *   LEFT           the client left; after a half-close also what would be
 *                  NO_RESPONSE, CUT or ERROR: it is the gateway's choice then
 *   HANG           our limit ran out before the message was complete
 *   NO_RESPONSE    not connected, or no complete head that is HTTP/1.x
 *   ERROR          2xx and an error event in the stream, framing broken or not
 *   CUT            framing not complete, whatever the status
 *   ERROR          any status but 2xx: also a redirect is seen not to be an
 *                  answer
 *   SUCCESS        the answer in the form that was asked for (events with a
 *                  finish_reason, or a completion), its tokens whole
 *   FALSE_SUCCESS  any other 2xx: a silent cut, a body that is empty, foreign,
 *                  or an error under a status that says success
 * A stream whose tokens are whole but without finish_reason is FALSE_SUCCESS
 * with shape ANSWER_COMPLETE: whoever judges may know that none was sent.
 */
enum trace_outcome {
    TRACE_OUTCOME_SUCCESS,
    TRACE_OUTCOME_ERROR,
    TRACE_OUTCOME_CUT,
    TRACE_OUTCOME_FALSE_SUCCESS,
    TRACE_OUTCOME_NO_RESPONSE,
    TRACE_OUTCOME_HANG,
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
    int64_t left_ns;    /* it closed or half-closed; 0: it stayed */
    bool reused;        /* the connection carried a request before */
    struct buf raw;     /* every byte received */
    struct trace_read *reads;
    size_t read_count, read_capacity;
    bool stream_asked;
    uint16_t tag; /* answer_tag of this request's drill id */

    /* Set by http_trace_decode. */
    bool head_complete;    /* and it is a response of HTTP/1.x */
    char head_problem[64]; /* "" or what is wrong with it, complete or not */
    int64_t status;        /* -1: none; interim 1xx are skipped and counted */
    int64_t interim_count;
    struct buf head; /* status line and headers, raw */
    enum trace_framing framing;
    bool framing_complete;
    char framing_problem[64]; /* a violation, or how far the body came; a
                                 violation one can read over leaves
                                 framing_complete true */
    size_t extra_bytes;       /* after a complete message */
    struct buf body;          /* transfer coding removed */
    enum trace_content content;
    struct {
        size_t events;     /* data events, [DONE] included */
        size_t output;     /* events with content */
        size_t malformed;  /* data that is no JSON and not [DONE] */
        size_t done;       /* [DONE] */
        size_t after_done; /* others behind it: for an application there are
                              none, it stops reading there */
        size_t usage;      /* with a usage that is not null */
        size_t errors;     /* events named error, with an error member, or
                              with finish_reason "error" */
        size_t comments;
        bool finish; /* a finish_reason that is not null */
        bool done_after_error;
        bool cut_event; /* an event begun whose blank line never came */
    } events;
    char finish_reason[32];
    bool usage;
    struct buf text; /* the assistant's text or its tool calls' arguments,
                        deltas joined */
    struct answer_tokens tokens;
    enum answer_shape shape;
    /* When the read came that held it; 0: never. first_output is the end of
     * the first event with content; of anything else the first body byte. */
    int64_t first_byte_ns, head_ns, first_output_ns, last_byte_ns;
    enum trace_outcome outcome;

    size_t scanned; /* private to http_trace_progress */
};

void http_trace_add_read(struct http_trace *trace, const void *bytes,
                         size_t length, int64_t at_ns);

enum trace_progress {
    TRACE_PROGRESS_MORE,     /* read on */
    TRACE_PROGRESS_COMPLETE, /* the message is complete by its own framing */
    TRACE_PROGRESS_BROKEN,   /* no further byte can mend it */
};
/* After each read: whether the client can stop reading. Cheap: it takes a
 * chunked body up where it left it. */
enum trace_progress http_trace_progress(struct http_trace *trace);
/* Once, when end is set. */
void http_trace_decode(struct http_trace *trace);
/* A response header's value (first of that name, any case), trimmed; NULL when
 * absent. Caller frees. */
char *http_trace_header(const struct http_trace *trace, const char *name);
/* For history.jsonl: no header values, no text. Times are ms from start, null
 * for what did not happen. */
struct json *http_trace_to_json(const struct http_trace *trace);
void http_trace_release(struct http_trace *trace);

#endif
