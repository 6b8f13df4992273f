/*
 * draft: one answer before it is bytes: what it says, how its body is cut into
 * pieces, how it is framed, how fast it goes out, and where it ends. A fault
 * fills it, the step's modifiers change it, render.h makes a plan of it.
 */
#ifndef GATEDRILL_MOCKSERVER_DRAFT_H
#define GATEDRILL_MOCKSERVER_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/step.h"

enum piece_kind {
    PIECE_PLAIN,   /* no content: a role chunk, a comment, a final chunk */
    PIECE_CONTENT, /* content, but no content event ends with it */
    PIECE_EVENT,   /* content, and one content event is out with it */
};
/* A run of the body that is sent at once; with chunked framing one chunk. */
struct piece {
    enum piece_kind kind;
    size_t length;
    int64_t wait_ms; /* before it */
};

struct draft {
    int64_t wall_ms;     /* when the attempt came: for Date and Retry-After */
    int64_t wait_ms;     /* before the first byte */
    int64_t end_wait_ms; /* silence before the end */
    int64_t status;
    struct step_header *headers; /* without framing headers; owned */
    size_t header_count, header_capacity;
    struct buf body;
    struct piece *pieces; /* their lengths add up to the body's */
    size_t piece_count, piece_capacity;
    enum step_framing framing;
    int64_t announced_bytes; /* Content-Length; -1: the body's true one */
    struct buf garbage;      /* when not empty: sent instead of head and body */
    struct point cut;        /* POINT_UNSET or POINT_END: the whole message */
    struct buf tail;         /* sent at the cut */
    enum step_end end;       /* KEEP becomes FIN where it is impossible */
    int64_t pace_bytes, pace_every_ms; /* 0: at once */
    bool at_once;     /* head and body in one send: who has the announced length
                         may close before the rest is out */
    bool last_answer; /* the peer will not send another request */
    bool early;       /* begins at the request head; the body stays unread */
    /* Of the step, borrowed; NULL: nothing of the kind. */
    const struct bind_ints *interim;
    const struct step_head *head;
    const struct step_chunks *chunks;
    const struct step_idle *idle;
};

void draft_init(struct draft *draft, int64_t wall_ms);
void draft_release(struct draft *draft);

/* Adds a header, also when one of that name is there. */
void draft_add_header(struct draft *draft, const char *name, const char *value);
void draft_remove_header(struct draft *draft, const char *name); /* any case */
/* NULL when there is none; any case. Borrowed. */
const char *draft_find_header(const struct draft *draft, const char *name);

/* Appends a piece of the body. */
void draft_add_piece(struct draft *draft, enum piece_kind kind, int64_t wait_ms,
                     const void *bytes, size_t length);
/* Replaces body, pieces and Content-Type by one piece. content_type NULL: no
 * such header. */
void draft_set_body(struct draft *draft, const char *content_type,
                    const void *bytes, size_t length);
/* Content-Type stands first. */
void draft_set_content_type(struct draft *draft, const char *content_type);

#endif
