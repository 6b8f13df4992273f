/*
 * classify: what the wire gave, in the runbook's words. Pure. libcurl's code
 * alone does not tell: it calls a response cut inside its headers a success.
 */
#ifndef GATEDRILL_REFGATEWAY_CLASSIFY_H
#define GATEDRILL_REFGATEWAY_CLASSIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/refgateway/outcome.h"
#include "tests/refgateway/shape.h"

/* What was seen of a stream. */
struct classify_stream {
    bool events; /* it spoke SSE at all: some data line or comment */
    bool output; /* some event carried a part of the answer */
    bool finish; /* a finish_reason came */
    bool done;   /* [DONE] came */
    bool error;  /* an error event came */
    bool malformed;
    bool pending; /* it ended inside an event */
};

struct classify_wire {
    int curl_code; /* CURLcode of the transfer */
    int os_errno;  /* CURLINFO_OS_ERRNO */
    bool connected;
    bool head_complete; /* the empty line after the final header block came */
    bool framed;        /* Content-Length or chunked: its end can be judged */
    int status;         /* of the final head, when complete */
    /* The limit that ended it: one of the timeouts, or OUTCOME_OK: none. */
    enum outcome limit;
    bool stream_asked;
    struct classify_stream stream;
    const char *body; /* plain answers, and what came before SSE */
    size_t length;
    bool too_long; /* more than this gateway takes; body holds the first part */
};

/* error is filled from the body where there is one. */
enum outcome classify(const struct classify_wire *wire,
                      struct shape_error *error);

#endif
