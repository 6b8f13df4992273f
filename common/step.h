/*
 * step: what one attempt at one upstream meets: a named fault with its
 * parameters, and modifiers that any fault may carry. One struct for all
 * faults; which parameters a fault reads stands in fault_list.h, and a step
 * that sets another one is refused. Times in ms, sizes in bytes.
 */
#ifndef GATEDRILL_COMMON_STEP_H
#define GATEDRILL_COMMON_STEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/bind.h"
#include "common/err.h"
#include "common/json.h"

enum fault {
#define FAULT(name, effect, parameters, text) FAULT_##name,
#include "common/fault_list.h"
#undef FAULT
    FAULT_COUNT
};

enum fault_effect {
    FAULT_EFFECT_OK,       /* a complete healthy answer, perhaps late or slow */
    FAULT_EFFECT_STATUS,   /* a complete answer with an error status */
    FAULT_EFFECT_SILENCE,  /* nothing more from a point on, socket open */
    FAULT_EFFECT_CUT,      /* FIN, RST or broken framing at a point */
    FAULT_EFFECT_REFUSED,  /* no connection */
    FAULT_EFFECT_BAD_BODY, /* well framed, content wrong */
    FAULT_EFFECT_GARBAGE,  /* not HTTP */
    FAULT_EFFECT_STREAM,   /* an SSE stream: see its parameters */
};

struct fault_row {
    const char *name;
    enum fault_effect effect;
    const char *parameters;
    const char *text;
};
extern const struct fault_row fault_rows[FAULT_COUNT + 1];

/* Where in an exchange. Text: "accept", "request_head", "request",
 * "status_line" (in the middle of it), "headers" (in the middle of them),
 * "headers_end" (head complete, no body byte), "body:50%", "body:123" (bytes of
 * body sent), "event:20" (after that many content events of a stream), "end".
 */
enum point_at {
    POINT_UNSET,
    POINT_ACCEPT,
    POINT_REQUEST_HEAD,
    POINT_REQUEST,
    POINT_STATUS_LINE,
    POINT_HEADERS,
    POINT_HEADERS_END,
    POINT_BODY_PERCENT,
    POINT_BODY_BYTES,
    POINT_EVENT,
    POINT_END,
};
struct point {
    enum point_at at;
    int64_t value; /* percent, bytes or events */
};
bool point_parse(struct point *out, const char *text);
void point_format(char out[static 32], struct point point);

enum step_body {
    STEP_BODY_EMPTY,              /* Content-Length: 0 */
    STEP_BODY_EMPTY_STRING,       /* "" */
    STEP_BODY_NULL,               /* null */
    STEP_BODY_EMPTY_ARRAY,        /* [] */
    STEP_BODY_EMPTY_OBJECT,       /* {} */
    STEP_BODY_NOT_JSON,           /* plain words */
    STEP_BODY_CUT_JSON,           /* cut at percent, Content-Length right */
    STEP_BODY_HTML,               /* an HTML page, text/html */
    STEP_BODY_HTML_AS_JSON,       /* the same, labelled application/json */
    STEP_BODY_WRONG_CONTENT_TYPE, /* a healthy answer as text/plain */
    STEP_BODY_INVALID_UTF8,
    STEP_BODY_ERROR_OBJECT, /* {"error": ...} with status 200 */
    STEP_BODY_NO_CHOICES,   /* "choices": [] */
};
extern const char *const step_body_names[];
enum step_status_body {
    STEP_STATUS_BODY_DIALECT,
    STEP_STATUS_BODY_EMPTY,
    STEP_STATUS_BODY_HTML,
    STEP_STATUS_BODY_TEXT,
};
extern const char *const step_status_body_names[];
enum step_garbage {
    STEP_GARBAGE_SSH_BANNER,
    STEP_GARBAGE_BINARY,
    STEP_GARBAGE_BAD_STATUS_LINE, /* "HTTP/1.1 abc" */
};
extern const char *const step_garbage_names[];
enum step_length { STEP_LENGTH_LONG, STEP_LENGTH_SHORT };
extern const char *const step_length_names[];
enum step_framing {
    STEP_FRAMING_LENGTH,
    STEP_FRAMING_CHUNKED,
    STEP_FRAMING_CLOSE, /* neither: the close ends the body */
};
extern const char *const step_framing_names[];
enum step_end { STEP_END_KEEP, STEP_END_FIN, STEP_END_RST, STEP_END_HANG };
extern const char *const step_end_names[];

/* Retry-After: at most one of the three forms is set. */
struct step_retry_after {
    int64_t seconds;    /* -1: not this form */
    int64_t date_in_ms; /* -1: not this form; from the answer's own Date */
    int64_t format;     /* enum clock_http_date */
    char *raw;          /* NULL: not this form */
    int64_t ms;         /* a retry-after-ms header beside it; -1: none */
};

struct step_header {
    char *name;
    char *value;
};

struct step {
    int64_t fault; /* enum fault */

    /* Parameters, as fault_list.h says. -1 or NULL: not set. */
    int64_t status;         /* 100..999 */
    int64_t body;           /* enum step_status_body; -1 means dialect */
    char *code;             /* error.code; NULL: the dialect's own */
    char *error_type;       /* error.type; NULL: the dialect's own */
    char *message;          /* error.message; NULL: the dialect's own */
    int64_t ms;             /* delay */
    struct point at;        /* hang, close, reset, bad_chunk */
    int64_t content_length; /* enum step_length */
    int64_t percent;        /* 0..100 */
    int64_t bytes;          /* truncate: body bytes sent; dribble: a piece;
                               at least 1 */
    int64_t every_ms;       /* dribble: between pieces */
    int64_t kind;           /* enum step_body */
    int64_t bytes_kind;     /* enum step_garbage */
    int64_t events;         /* content events (tokens) of a stream */
    int64_t interval_ms;    /* between events */
    int64_t usage;          /* 1, 0: a final usage chunk; -1: as asked for */
    int64_t finish;         /* 1, 0: with finish_reason; -1: yes */
    int64_t done;           /* 1, 0: with data: [DONE]; -1: yes */
    int64_t error_at;       /* after that many content events an error event,
                               0 is before any content; -1: none */
    int64_t malformed_at;   /* the content event with this number, from 1, is
                               broken JSON */
    int64_t comments_only;  /* 1: heartbeat comments and never data */
    int64_t comment_every_ms;
    int64_t role_only; /* 1: the role chunk, then nothing more is sent */

    /* Modifiers. */
    int64_t before_ms;        /* wait before the first answer byte; -1: none */
    struct bind_list headers; /* struct step_header, added in order */
    struct step_retry_after retry_after;
    int64_t framing; /* enum step_framing; -1: as the fault does */
    int64_t pace_bytes, pace_every_ms; /* pace; -1: at once */
    int64_t end_how; /* enum step_end; -1: as the fault does */
    struct point end_at;
};

/* The table of a step, for bind_schema and bind_write_doc. */
extern const struct bind_row step_table[];

/* JSON Schema of a step: the table, and for each fault what it reads. */
struct json *step_schema(enum bind_mode mode);

/* Reads one step; beyond bind's errors: a parameter the fault does not read, a
 * required one missing, two forms of Retry-After, a point the fault cannot
 * reach. */
bool step_read(struct step *out, const struct json *node, const char *path,
               enum bind_mode mode, struct err *err);
void step_release(struct step *step);
/* A step of that fault with nothing else set. */
void step_init(struct step *out, enum fault fault);

/* True when it acts before a request is read in full, so that only a lease can
 * say whose it is: at accept, at the request head, or a listener state. */
bool step_needs_lease(const struct step *step);
/* "503 with Retry-After 2 s", "reset after the full request": for people. */
void step_describe(struct buf *out, const struct step *step);

/* The steps of one upstream for one client request: attempt n meets step n, the
 * last repeats. */
struct script {
    struct step *steps;
    size_t count; /* at least 1 */
};
bool script_read(struct script *out, const struct json *array, const char *path,
                 enum bind_mode mode, struct err *err);
void script_release(struct script *script);
/* attempt from 1. Borrowed. */
const struct step *script_step(const struct script *script, int64_t attempt);

#endif
