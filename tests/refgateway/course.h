/*
 * course: one client request from its first attempt to its end, as far as it
 * is decided: what came of the attempts so far, what follows a failed one, and
 * what the client is told. Pure: results, times and the dice go in.
 */
#ifndef GATEDRILL_REFGATEWAY_COURSE_H
#define GATEDRILL_REFGATEWAY_COURSE_H

#include "tests/refgateway/policy.h"

struct course {
    const struct rules *rules; /* borrowed */
    bool stream;               /* the client asked for a stream */
    struct progress progress;
    struct result first; /* of the first attempt, when it failed */
    /* What became of each upstream tried, in the order they were tried. */
    struct result results[RULES_UPSTREAMS];
    size_t result_of[RULES_UPSTREAMS]; /* upstream of each result */
    size_t result_count;
    struct result result; /* the latest; at the end the one that is told */
    enum why why;
};

/* upstreams: in fallback order; their keys are the caller's to fill in.
 * started_ns: total_ms counts from here. */
void course_init(struct course *course, const struct rules *rules, bool stream,
                 size_t upstreams, int64_t started_ns);
/* kind MOVE_END: every upstream is left out for now, and it is over like a
 * course that failed. */
struct move course_first(struct course *course, int64_t now_ns);
/* The current attempt failed with course->result. True: *move is to be made.
 * False: it is over, and course->result and why are what the client is told.
 * unit: the dice, 0 <= unit < 1. */
bool course_next(struct course *course, struct move *move, int64_t now_ns,
                 double unit);
/* Whether the current attempt is cut by idle_ms and total_ms alone. */
bool course_exempt(const struct course *course);

/* What follows an answer that has begun and is over with course->result. */
enum course_tail {
    COURSE_TAIL_END,   /* nothing is missing, or it was said */
    COURSE_TAIL_EVENT, /* an error event is to be said first */
    COURSE_TAIL_CUT,   /* the client must see a cut */
};
/* said: the error event was. */
enum course_tail course_tail(const struct course *course, bool said);

#endif
