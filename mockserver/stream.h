/*
 * stream: the bytes of one connection cut into requests (inbound) and answers
 * (outbound), as they pass the kernel's border, with the time of each boundary.
 * It follows the library byte for byte without asking it. Pure: the caller says
 * what time it is.
 */
#ifndef GATEDRILL_MOCKSERVER_STREAM_H
#define GATEDRILL_MOCKSERVER_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "mockserver/head.h"

enum inbound_state {
    INBOUND_HEAD,   /* nothing, or part of a head */
    INBOUND_LENGTH, /* Content-Length bytes to come */
    INBOUND_CHUNK_SIZE,
    INBOUND_CHUNK_DATA,
    INBOUND_TRAILER,
    INBOUND_DONE, /* the request is whole */
    INBOUND_LOST, /* not HTTP, or a head too large to follow */
};

#define INBOUND_HEAD_MOST 65536

struct inbound {
    enum inbound_state state;
    struct buf head;    /* the bytes of the head, blank line included */
    int64_t left;       /* of the body, or of the chunk and its line end */
    struct buf line;    /* chunk size or trailer line so far */
    struct buf beyond;  /* bytes behind this request: pipelined */
    int64_t body_bytes; /* of the body; chunk framing not counted */
    int64_t first_ns, head_ns, body_ns; /* 0: not yet */
};

void inbound_release(struct inbound *in);
void inbound_feed(struct inbound *in, const void *bytes, size_t length,
                  int64_t now_ns);
/* The request is dealt with: what stood behind it begins the next one. When it
 * was not whole, the rest of the connection cannot be followed: LOST. */
void inbound_next(struct inbound *in, int64_t now_ns);
/* Not one byte of a request yet. */
bool inbound_is_idle(const struct inbound *in);

#define OUTBOUND_HEAD_MOST (2 << 20)

struct outbound {
    int64_t bytes;      /* taken by the kernel, interim answers not counted */
    int64_t interim;    /* bytes of 1xx answers */
    struct buf head;    /* of the answer so far; bounded */
    size_t head_length; /* with the blank line; 0 while incomplete */
    int64_t status;     /* -1 until the head is whole */
    bool says_close;    /* the head has Connection: close */
    int64_t first_ns, last_ns; /* before the first and last system call that
                                  sent something */
};

void outbound_reset(struct outbound *out);
void outbound_release(struct outbound *out);
/* before_ns  taken before the system call, so that a gap measured from it to
 *            what the peer does next is never too short */
void outbound_feed(struct outbound *out, const void *bytes, size_t length,
                   int64_t before_ns);

#endif
