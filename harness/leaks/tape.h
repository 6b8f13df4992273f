/*
 * tape: a text that was made from another one, with the place in the first one
 * that each part comes from, and what was undone on the way.
 */
#ifndef GATEDRILL_HARNESS_TAPE_H
#define GATEDRILL_HARNESS_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAPE_UNESCAPES 3 /* JSON in JSON in JSON */

/* Kinds of what was undone, a bit each. An escape's bit is shifted left by
 * TAPE_ESCAPE_KINDS for each unescape before it. */
enum {
    TAPE_JSON = 1,
    TAPE_PERCENT = 2,
    TAPE_ENTITY = 4,
    TAPE_ESCAPE_KINDS = 3,
    TAPE_LINES = 1 << (TAPE_ESCAPE_KINDS * TAPE_UNESCAPES),
    TAPE_EVENTS = TAPE_LINES << 1,
    TAPE_JOINS = TAPE_LINES | TAPE_EVENTS
};

/* From at on, and as far as the next mark. */
struct tape_mark {
    size_t at;
    int64_t origin; /* of byte at; the bytes behind it follow */
    unsigned kinds; /* a join says that something was left out before at */
};
struct tape {
    char *data;
    size_t length, capacity;
    struct tape_mark *marks; /* rising; the first at 0 */
    size_t mark_count, mark_capacity;
    size_t reading; /* mark of the tape it is made from: views read onwards */
};

void tape_release(struct tape *tape); /* wipes */
void tape_clear(struct tape *tape);   /* keeps the memory */

/* Bytes from..to of another tape. joined: 0, or the join before them. */
void tape_copy(struct tape *out, const struct tape *in, size_t from, size_t to,
               unsigned joined);
/* Bytes that stand for what begins at `from` in another tape. */
void tape_put(struct tape *out, const struct tape *in, size_t from,
              const char *bytes, size_t length, unsigned kind);
/* A border: what stands before it and behind it do not meet. */
void tape_break(struct tape *out, const struct tape *in, size_t from);

int64_t tape_origin(const struct tape *tape, size_t at);
/* What was undone within from..to: joins count from the second byte on. */
unsigned tape_kinds(const struct tape *tape, size_t from, size_t to);

#endif
