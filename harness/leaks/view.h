/*
 * view: one way to undo what a program does to a text when it writes it down.
 * A view reads a tape and makes another one; it may leave out what it did not
 * change, as far as that is searched elsewhere. All are pure, and take any
 * bytes.
 */
#ifndef GATEDRILL_HARNESS_VIEW_H
#define GATEDRILL_HARNESS_VIEW_H

#include "harness/leaks/tape.h"

struct view_spot {
    size_t key; /* which of view_event_keys */
    size_t end; /* offset behind it */
};
struct view_request {
    /* How far from a change a text may reach that the change is a part of. */
    size_t reach;
    unsigned shift; /* of the escapes' bits */
    /* Where the keys of events stand, rising. */
    const struct view_spot *spots;
    size_t spot_count;
};

typedef void view(struct tape *out, const struct tape *in,
                  const struct view_request *request);

/* Escapes of JSON, of URLs and of markup, in one pass: what is around them, up
 * to reach, with a border between parts that are not adjacent. */
void view_unescape(struct tape *out, const struct tape *in,
                   const struct view_request *request);
/* Line ends and the indentation behind them left out. */
void view_lines(struct tape *out, const struct tape *in,
                const struct view_request *request);
/* The texts of the members that streams of events carry text in, one after the
 * other: a completion as a client puts it together. */
void view_events(struct tape *out, const struct tape *in,
                 const struct view_request *request);
/* "\"content\"" and its like; ends with NULL. */
extern const char *const view_event_keys[];

/*
 * One escape at the beginning of bytes. Returns its length, 0 when there is
 * none, and sets what it stands for (1 to 4 bytes) and its kind.
 */
size_t view_escape(const char *bytes, size_t length, char out[static 4],
                   size_t *out_length, unsigned *kind);

#endif
