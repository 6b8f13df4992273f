/*
 * plan: what the mock will do on the wire for one attempt, as data: a fault
 * turns a step and a request into a plan (pure), the wire acts it out. Either
 * a reply that libmicrohttpd sends as it is (well framed, keep-alive), or acts
 * on the raw socket.
 */
#ifndef GATEDRILL_MOCKSERVER_PLAN_H
#define GATEDRILL_MOCKSERVER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/step.h"

enum act_kind {
    ACT_WAIT,  /* ms of silence */
    ACT_SEND,  /* bytes[from..from+length), in pieces when paced */
    ACT_EVENT, /* marks: one content event is out (for delivered.events) */
    ACT_END,   /* how; always the last act */
};
struct act {
    enum act_kind kind;
    int64_t wait_ms;
    size_t from, length;
    int64_t piece_bytes, piece_every_ms; /* 0: all at once */
    enum step_end end; /* KEEP only when the bytes were a whole message */
};

/* When the acting starts. */
enum plan_when {
    PLAN_AT_ACCEPT,       /* before a byte is read */
    PLAN_AT_REQUEST_HEAD, /* head complete, body not read */
    PLAN_AT_REQUEST,      /* request complete */
};

struct plan {
    enum plan_when when;
    bool raw; /* false: reply below, by libmicrohttpd */
    /* Reply: sent after wait_ms. */
    int64_t wait_ms;
    int64_t status; /* of the reply, or meant by the acts; -1: none */
    struct step_header *headers; /* Content-Type first; owned */
    size_t header_count, header_capacity;
    struct buf body; /* of the reply, whole */
    /* Raw: */
    struct buf bytes;  /* everything the acts may send */
    size_t head_bytes; /* bytes[0..head_bytes) end with a complete head, 1xx
                          ones before it; 0: none */
    struct act *acts;
    size_t act_count, act_capacity;
    enum step_end end; /* the last act's, or KEEP for a reply */
    int64_t events;    /* content events planned */
    /* After KEEP, of a raw plan: */
    bool idles; /* the connection is not given back at once */
    struct step_idle idle;
};

void plan_release(struct plan *plan);
void plan_add_header(struct plan *plan, const char *name, const char *value);
void plan_add_wait(struct plan *plan, int64_t ms);
/* Appends bytes and an act that sends them. */
void plan_add_send(struct plan *plan, const void *bytes, size_t length);
void plan_add_event_mark(struct plan *plan);
void plan_add_end(struct plan *plan, enum step_end end);

#endif
