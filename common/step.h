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
    FAULT_EFFECT_OK,      /* a complete healthy answer, perhaps late or slow */
    FAULT_EFFECT_STATUS,  /* a complete answer with an error status */
    FAULT_EFFECT_SILENCE, /* nothing more from a point on, socket open */
    FAULT_EFFECT_CUT,     /* FIN, RST or broken framing at a point */
    FAULT_EFFECT_REFUSED, /* no connection */
    FAULT_EFFECT_UNANSWERED, /* no connection either, and nobody says so */
    FAULT_EFFECT_BAD_BODY,   /* well framed, content wrong */
    FAULT_EFFECT_GARBAGE,    /* not HTTP */
    FAULT_EFFECT_STREAM,     /* an SSE stream: see its parameters */
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
    STEP_BODY_ERROR_AND_CHOICES,
    STEP_BODY_BOM,            /* a byte order mark, then a healthy answer */
    STEP_BODY_DUPLICATE_KEYS, /* object and model twice, the last differs */
    STEP_BODY_HUGE_NUMBER,    /* 1e400 among the healthy members */
    STEP_BODY_SSE,            /* a stream, whatever was asked for */
    STEP_BODY_JSON,           /* one JSON text, whatever was asked for */
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

enum step_finish {
    STEP_FINISH_STOP,
    STEP_FINISH_LENGTH,
    STEP_FINISH_ERROR,
    STEP_FINISH_CONTENT_FILTER,
    STEP_FINISH_TOOL_CALLS,
};
extern const char *const step_finish_names[];
/* How usage is told; the last two concern streams only. */
enum step_usage {
    STEP_USAGE_NULL,
    STEP_USAGE_NEGATIVE,
    STEP_USAGE_TWICE,
    STEP_USAGE_BEFORE_FINISH,
};
extern const char *const step_usage_names[];
/* How an error comes inside a stream. */
enum step_error {
    STEP_ERROR_EVENT, /* the error object as an event of its own */
    STEP_ERROR_CHUNK, /* a chunk of a completion with no choices and an error */
};
extern const char *const step_error_names[];
/* A frame between the first and the second token that carries no text. */
enum step_frame {
    STEP_FRAME_EMPTY_CHOICES,
    STEP_FRAME_NULL_CHOICES,
    STEP_FRAME_NO_CHOICES,
    STEP_FRAME_USAGE, /* empty choices and a usage */
};
extern const char *const step_frame_names[];

/* The body's coding, and whether its label is true. */
enum step_encoding {
    STEP_ENCODING_GZIP,
    STEP_ENCODING_GZIP_FALSE,     /* labelled gzip, plain bytes */
    STEP_ENCODING_GZIP_TRUNCATED, /* its last part is missing; framing right */
    STEP_ENCODING_GZIP_BOMB,      /* ten MiB of zeros in some ten KB */
    STEP_ENCODING_UNKNOWN,        /* labelled br, plain bytes */
};
extern const char *const step_encoding_names[];

enum step_status_line {
    STEP_STATUS_LINE_HTTP_1_0,
    STEP_STATUS_LINE_NO_REASON, /* "HTTP/1.1 200 " */
    STEP_STATUS_LINE_BARE,      /* "HTTP/1.1 200" */
};
extern const char *const step_status_line_names[];
enum step_letters { STEP_LETTERS_LOWER, STEP_LETTERS_UPPER, STEP_LETTERS_ODD };
extern const char *const step_letters_names[];
/* One thing a strict reader must not take (RFC 9112 2.2, 5.1, 5.2, 6.3). */
enum step_odd_head {
    STEP_ODD_OBS_FOLD,
    STEP_ODD_NUL,
    STEP_ODD_BARE_CR,
    STEP_ODD_BARE_LF,
    STEP_ODD_SPACE_BEFORE_COLON,
    STEP_ODD_NO_COLON,
    STEP_ODD_DUPLICATE_LENGTH,
    STEP_ODD_CONFLICTING_LENGTH,
    STEP_ODD_LENGTH_AND_CHUNKED,
};
extern const char *const step_odd_head_names[];
struct step_head {
    int64_t status_line;      /* enum step_status_line; -1: as it should be */
    int64_t names;            /* enum step_letters; -1: as written */
    int64_t odd;              /* enum step_odd_head; -1: nothing */
    struct bind_texts omit;   /* names of headers that are left out */
    int64_t pad_bytes;        /* of further headers; -1: none */
    int64_t pad_header_bytes; /* of one of them; -1: 1024 */
};

enum step_chunk_style {
    STEP_CHUNK_UPPER,      /* sizes in upper-case hex */
    STEP_CHUNK_EXTENSIONS, /* "1a;part=1;note="x"" */
    STEP_CHUNK_ZEROS,      /* sizes with leading zeros */
};
extern const char *const step_chunk_style_names[];
struct step_chunks {
    int64_t bytes; /* most in a chunk; -1: as the answer is written */
    int64_t style; /* enum step_chunk_style; -1: plain */
    struct bind_list trailers; /* struct step_header */
};

/* How the events of a stream are written (HTML standard, 9.2.5 and 9.2.6). */
enum step_line_end {
    STEP_LINE_END_LF,
    STEP_LINE_END_CRLF,
    STEP_LINE_END_CR,
    STEP_LINE_END_MIXED, /* the three by turns, one an event */
};
extern const char *const step_line_end_names[];
struct step_sse {
    int64_t line_end;    /* enum step_line_end; -1: LF */
    int64_t space;       /* 0: "data:" without a space */
    int64_t multi_line;  /* 1: JSON over two data lines */
    int64_t comments;    /* 1: a comment glued to every event */
    int64_t fields;      /* 1: event, id and retry in every event */
    int64_t final_blank; /* 0: the last event has no blank line */
    int64_t bom;         /* 1: a byte order mark first */
    int64_t multibyte;   /* 1: characters split over writes */
    int64_t line_bytes;  /* of the first token's line; -1: as it is */
};

/* What of the request is sent back, and where. */
enum step_echo_what {
    STEP_ECHO_CREDENTIAL,
    STEP_ECHO_PROMPT,
    STEP_ECHO_MASKED_CREDENTIAL, /* as OpenAI does: sk-abcde***wxyz */
};
extern const char *const step_echo_what_names[];
enum step_echo_where { STEP_ECHO_HEADER, STEP_ECHO_BODY };
extern const char *const step_echo_where_names[];
struct step_echo {
    int64_t what;  /* enum step_echo_what; -1: no echo */
    int64_t where; /* enum step_echo_where; -1: no echo */
};

/* Where an upstream tells what an account is about: balance, price, quota. */
enum step_account {
    STEP_ACCOUNT_HEADER, /* X-Account-Balance, of any answer */
    STEP_ACCOUNT_USAGE,  /* a member of usage that nobody asked for */
    STEP_ACCOUNT_BOTH,
};
extern const char *const step_account_names[];

/* What a kept connection does behind a complete answer. */
struct step_idle {
    int64_t fin_after_ms;     /* -1: stays open */
    int64_t rst_on_next_byte; /* 1: the next request is reset unread */
};

/* Retry-After: at most one of the four forms is set. */
struct step_retry_after {
    int64_t seconds;     /* -1: not this form */
    int64_t date_in_ms;  /* -1: not this form; from the answer's own Date */
    int64_t date_ago_ms; /* the same, before it */
    int64_t format;      /* enum clock_http_date */
    char *raw;           /* NULL: not this form */
    int64_t ms;          /* a retry-after-ms header beside it; -1: none */
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
    int64_t role_only;     /* 1: the role chunk, then nothing more is sent */
    char *location;        /* "${trap.url}/v1/...", names of upstreams in it */
    int64_t finish_reason; /* enum step_finish; -1: as it should be */
    int64_t usage_as;      /* enum step_usage; -1: as it should be */
    int64_t tool_calls;    /* 1: the tokens stand in a tool call's arguments */
    int64_t reasoning;     /* 1: reasoning_content before the content */
    char *model;           /* said in the answer; NULL: as asked for */
    int64_t error_as;      /* enum step_error; -1: an event */
    int64_t after_error;   /* 1: content goes on after it */
    int64_t after_done;    /* 1: a further content event after [DONE] */
    int64_t metadata;      /* events without content before all; -1: none */
    int64_t odd_frame;     /* enum step_frame; -1: none */

    /* Modifiers. */
    int64_t before_ms;        /* wait before the first answer byte; -1: none */
    struct bind_list headers; /* struct step_header, added in order */
    struct step_retry_after retry_after;
    int64_t framing; /* enum step_framing; -1: as the fault does */
    int64_t pace_bytes, pace_every_ms; /* pace; -1: at once */
    int64_t end_how; /* enum step_end; -1: as the fault does */
    struct point end_at;
    int64_t end_after_ms;     /* silence before that end; -1: none */
    struct bind_ints interim; /* statuses of 1xx answers before the final one;
                                 declared and empty: not even a 100 that the
                                 peer waits for */
    int64_t early;            /* 1: acts when the request head is complete */
    int64_t encoding;         /* enum step_encoding; -1: none */
    int64_t pad_bytes;        /* of filler in the answer's text; -1: none */
    struct step_head head;
    struct step_chunks chunks;
    struct step_sse sse;
    struct step_echo echo;
    int64_t account; /* enum step_account; -1: nothing of it */
    struct step_idle idle;
    int64_t for_ms;   /* holds so long, whatever the number; -1: one attempt */
    int64_t when_key; /* only attempts with that key, from 1; -1: any */
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
/* A state of the listener for a whole case: no connection is made, nothing is
 * answered, and no attempt can be counted. */
bool fault_is_closed_port(int64_t fault);
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
/* True when for_ms or when decides, and the number of an attempt alone does
 * not say which step it meets. */
bool script_is_staged(const struct script *script);
/* True when some step is for one key only. */
bool script_is_keyed(const struct script *script);
/* The step of the n-th attempt with this key, both from 1; NULL: no step is
 * for it, the upstream is healthy. */
const struct step *script_step_of_key(const struct script *script, int64_t key,
                                      int64_t attempt);
/* attempt from 1. Borrowed. */
const struct step *script_step(const struct script *script, int64_t attempt);

#endif
