/*
 * effect: what one step does to a gateway, as a gateway meets it: does a
 * connection come, when is the head there, what kind of content, how and when
 * does it end. Derived from the step's parameters, the effect column of
 * fault_list.h and the common modifiers. Pure.
 */
#ifndef GATEDRILL_HARNESS_EFFECT_H
#define GATEDRILL_HARNESS_EFFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/step.h"

#define EFFECT_NEVER (-1)

/* A time in ms after the request was complete at the upstream. most is
 * EFFECT_NEVER when it never happens; both are equal when it is exact. */
struct span {
    int64_t least, most;
};

enum effect_head {
    EFFECT_HEAD_NONE,      /* not one byte of it */
    EFFECT_HEAD_PARTIAL,   /* cut inside the status line or the headers */
    EFFECT_HEAD_MALFORMED, /* bytes that are not HTTP */
    EFFECT_HEAD_COMPLETE,
};

enum effect_content {
    EFFECT_CONTENT_NONE,   /* no body was meant to come, or none came */
    EFFECT_CONTENT_ANSWER, /* the canonical answer, whole or its beginning */
    EFFECT_CONTENT_EMPTY,  /* nothing, or a stream without output */
    EFFECT_CONTENT_BAD,    /* not the promised shape */
    EFFECT_CONTENT_ODD,    /* the answer, oddly labelled or encoded */
    EFFECT_CONTENT_ERROR,  /* an error object */
};

enum effect_end {
    EFFECT_END_COMPLETE, /* the message is whole by its own framing */
    EFFECT_END_FIN,      /* closed before that */
    EFFECT_END_RST,
    EFFECT_END_BROKEN, /* framing that cannot be continued */
    EFFECT_END_SILENT, /* nothing more, connection open */
};

struct effect {
    bool stream_asked;
    bool connects;       /* false: the port refuses, or does not answer */
    bool unanswered;     /* it does not answer */
    bool at_accept;      /* acts before a byte was read */
    bool before_request; /* acts before the request was read in full */
    enum effect_head head;
    bool head_may_be_refused; /* complete, but odd or large: a strict or small
                                 reader takes it for malformed */
    struct span head_ms;
    int64_t status;   /* -1 without a complete head */
    const char *code; /* error code of the body, borrowed; NULL: none */
    enum effect_content content;
    bool streamed;    /* text/event-stream */
    bool body_begins; /* at least one byte of a body comes */
    bool framed;      /* a cut can be seen: length or chunked framing */
    bool whole;       /* all of the content comes */
    enum effect_end end;
    struct span end_ms;    /* last byte, cut, or begin of the silence */
    struct span event_ms;  /* first event of a stream */
    struct span output_ms; /* first content */
    int64_t gap_ms;        /* longest silence between bytes, head to end */
    int64_t output_gap_ms; /* the same when comments do not count */
    bool comments_forever; /* heartbeats after end_ms, never data */
    bool reset_after;      /* whole, and then reset */
    bool finish, done;     /* finish_reason and [DONE] come */
    bool after_done;       /* an event comes behind [DONE] */
    const char *reason;    /* the finish_reason that comes, a constant; NULL:
                              none, or one that says that it failed */
    int64_t usage_told;    /* how often usage may come in a stream, at most */
    bool error_event;      /* in a stream, at end_ms or before */
    struct span error_ms;
    bool malformed_event;
    struct span malformed_ms;
};

/* What the upstream knows of the request. */
struct effect_context {
    bool stream;              /* "stream": true */
    bool credential_accepted; /* else a healthy upstream answers 401 */
};

void effect_of(struct effect *out, const struct step *step,
               const struct effect_context *context);

#endif
