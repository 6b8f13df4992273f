/*
 * relay: one client request from its first attempt to its end: asks course
 * what to do, makes the attempts, waits in between, and stops at once when the
 * client leaves. Acts; every decision is elsewhere.
 */
#ifndef GATEDRILL_REFGATEWAY_RELAY_H
#define GATEDRILL_REFGATEWAY_RELAY_H

#include "tests/refgateway/call.h"
#include "tests/refgateway/course.h"
#include "tests/refgateway/draw.h"
#include "tests/refgateway/forward.h"
#include "tests/refgateway/request_body.h"
#include "tests/refgateway/settings.h"
#include "tests/refgateway/tracing.h"

/* Borrowed for the life of the relay. */
struct relay_plan {
    const struct rules *rules;
    const struct settings *settings;
    struct settings_memory *memory;
    struct draw *draw;
    const struct watch *watch;
    struct request_body body;
    const char *client_credential; /* secret; what the client sent, or NULL */
    const struct call_header *headers;
    size_t header_count;
    int64_t started_ns; /* total_ms counts from here */
    struct tracing *tracing;
};

enum relay_end {
    RELAY_STREAM,   /* the answer has begun: relay_read() gives its bytes */
    RELAY_ANSWER,   /* relay_answer() is the whole answer */
    RELAY_FAILED,   /* course.result and course.why say how */
    RELAY_LEFT,     /* the client is gone */
    RELAY_STOPPING, /* we are being stopped */
};

struct relay {
    struct relay_plan plan;
    struct course course;
    struct call *call; /* the current attempt, NULL between two */
    struct buf body;   /* as sent to the current upstream */
    struct call_header headers[FORWARD_MOST]; /* likewise; borrowed */
    size_t header_count;
    char traceparent[56];
    enum relay_end end;
    bool begun;          /* the client has a part of the answer */
    bool complaint_sent; /* the error event after a failed stream */
    bool again;          /* a seeded bug has begun the stream again */
};

void relay_init(struct relay *relay, const struct relay_plan *plan);
enum relay_end relay_run(struct relay *relay);
const struct buf *relay_answer(const struct relay *relay);

enum relay_read {
    RELAY_READ_BYTES, /* *got bytes were written */
    RELAY_READ_END,   /* the stream is complete, or ends with a said error */
    RELAY_READ_ABORT, /* the client must see that it was cut */
};
/* After RELAY_STREAM: the next bytes for the client; waits for them. */
enum relay_read relay_read(struct relay *relay, char *out, size_t size,
                           size_t *got);
void relay_release(struct relay *relay);

/* Seeded: one attempt more, although the client has its answer. */
void relay_attempt_late(struct relay *relay, int stop_fd);

#endif
