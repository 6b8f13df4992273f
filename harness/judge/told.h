/*
 * told: what the gateway's spans say of one client request, beside what the
 * mock saw of it. Spans and attempts at an upstream are paired in order, by
 * the port the span names. Pure; everything is borrowed.
 */
#ifndef GATEDRILL_HARNESS_TOLD_H
#define GATEDRILL_HARNESS_TOLD_H

#include "harness/judge/seen.h"

#define TOLD_MOST 64

struct told_pair {
    const struct telemetry_span *span;
    const struct attempt *attempt;
    size_t ordinal;  /* at its upstream, from 0 */
    size_t position; /* among all that are paired, from 0 */
    bool decisive;   /* the client has its answer */
};
struct told {
    const struct telemetry_span *root; /* the server span; NULL: none came */
    /* Client spans that stand for an attempt, by their begin. */
    const struct telemetry_span *spans[TOLD_MOST];
    size_t span_count;
    /* Upstreams with as many spans as attempts. */
    struct told_pair pairs[TOLD_MOST];
    size_t pair_count;
};

void told_init(struct told *out, const struct seen *seen);

/* Spans and attempts of one upstream; NULL: spans that name none of them. */
size_t told_spans_at(const struct told *told, const struct observation *o,
                     const char *upstream);
size_t told_attempts_at(const struct seen *seen, const char *upstream);

/* Whether an attempt came to a failure that a client must see, as far as it
 * can be said for certain. */
enum told_end { TOLD_UNCLEAR, TOLD_SUCCESS, TOLD_FAILURE };
enum told_end told_end_of(const struct seen *seen,
                          const struct told_pair *pair);
/* "attempt 2 at primary", into a buffer of size. */
void told_name(char *out, size_t size, const struct told_pair *pair);

/* Judges every client request that has a trace of ours; not applicable unless
 * the profile promises it, hold where its root span never came. */
typedef void told_request(const struct seen *seen, const struct told *told,
                          struct finding *finding);
void told_each(const struct judged *judged, struct finding *finding,
               enum profile_promise promise, told_request *judge);

#endif
