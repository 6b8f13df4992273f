/*
 * tracing: what one client request gives to tell of: itself, and each attempt
 * at an upstream, as spans. Pure but for ids and the time of day.
 */
#ifndef GATEDRILL_REFGATEWAY_TRACING_H
#define GATEDRILL_REFGATEWAY_TRACING_H

#include "tests/refgateway/exporter.h"
#include "tests/refgateway/policy.h"
#include "tests/refgateway/settings.h"

#define TRACING_ATTEMPTS 64 /* further ones are not told */

struct tracing_attempt {
    const struct settings_upstream *upstream; /* borrowed */
    char id[17];
    int64_t resends; /* earlier attempts at this upstream */
    int64_t start_ns, end_ns;
    bool over;
    struct result result;
    bool left; /* it was given up: the client is gone, or we are stopped */
};
struct tracing {
    char trace_id[33], parent[17], id[17];
    int64_t start_ns;
    struct tracing_attempt attempts[TRACING_ATTEMPTS];
    size_t count;
    int64_t input_tokens, output_tokens; /* of the answer; -1: not said */
    const char *prompt;                  /* seeded bugs only; borrowed */
    bool exported;  /* upstreams are told of our spans, not the client's */
    int64_t events; /* of a stream: with content, passed on so far */
};

/* traceparent: the client's, or NULL. */
void tracing_begin(struct tracing *out, const char *traceparent);
/* An attempt begins; what is still open before it is over. tracing NULL: for
 * all of these, nothing is done. */
void tracing_attempt(struct tracing *tracing,
                     const struct settings_upstream *upstream);
/* The traceparent for the attempt just begun, into 56 bytes. */
void tracing_parent(char out[static 56], const struct tracing *tracing);
/* The attempt is over; result NULL: it was given up. Later calls for the same
 * attempt change nothing. */
void tracing_over(struct tracing *tracing, const struct result *result);
/* Looks for the usage in an answer, or in whole events of one. */
void tracing_usage(struct tracing *tracing, const char *bytes, size_t length);
/* The request is over: everything goes to the exporter. route: NULL for an
 * unknown one; status 0: none was sent. */
void tracing_end(struct tracing *tracing, struct exporter *exporter,
                 const char *method, const char *route, int status);

#endif
