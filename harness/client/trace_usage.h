/*
 * trace_usage: the tokens that an answer says it took, as the client reads
 * them: of a stream the last event that says so. Pure.
 */
#ifndef GATEDRILL_HARNESS_TRACE_USAGE_H
#define GATEDRILL_HARNESS_TRACE_USAGE_H

#include "harness/client/http_trace.h"

struct trace_usage {
    int64_t input, output; /* -1: not said */
};
void trace_usage_read(struct trace_usage *out, const struct http_trace *trace);

#endif
