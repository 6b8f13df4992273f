/*
 * intake: what comes after the head: a plain answer is kept whole (and, where
 * the commit point is the first byte, passed on as it comes), a stream is cut
 * into events, judged, held back until the commit point and then passed on
 * event by event. Pure: bytes and the time go in.
 */
#ifndef GATEDRILL_REFGATEWAY_INTAKE_H
#define GATEDRILL_REFGATEWAY_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "tests/refgateway/classify.h"
#include "tests/refgateway/limits.h"
#include "tests/refgateway/rules.h"
#include "tests/refgateway/sse.h"

#define INTAKE_PLAIN_MOST (64u << 20)  /* of a plain answer */
#define INTAKE_ERROR_MOST (256u << 10) /* of an error: only its code counts */
#define INTAKE_HELD_MOST  (8u << 20)   /* events before the commit point */

struct intake {
    const struct rules *rules;      /* borrowed */
    struct limits_moments *moments; /* borrowed; output, progress, committed */
    bool streaming;                 /* events are wanted, and the head is 2xx */
    bool ended;        /* nothing after this is part of the answer */
    bool too_long;     /* more than is kept */
    struct buf body;   /* plain: all of it; a stream: its start */
    struct buf output; /* whole events for the client; the caller clears */

    struct sse sse;
    struct classify_stream stream;
    struct shape_error error; /* of an error event */
    struct buf held;
    size_t passed;         /* events so far; only a seeded bug counts them */
    int64_t output_events; /* with content, passed on or held for it */
};

/* False when the rest is not wanted. */
bool intake_take(struct intake *intake, const char *bytes, size_t length,
                 int64_t now_ns);
/* What was seen of the stream so far. */
struct classify_stream intake_stream(const struct intake *intake);
void intake_release(struct intake *intake);

#endif
