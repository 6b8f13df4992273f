/*
 * metering: what one client request gives to count, once it is over: itself,
 * its attempts, the tokens of its answer.
 */
#ifndef GATEDRILL_REFGATEWAY_METERING_H
#define GATEDRILL_REFGATEWAY_METERING_H

#include "tests/refgateway/meter.h"
#include "tests/refgateway/settings.h"
#include "tests/refgateway/tracing.h"

struct metering {
    const char *method, *route; /* of ours: "unknown" where it is no other */
    const char *path;           /* as it came; seeded bugs only */
    const char *model;          /* as the client names it, without its quotes */
    size_t model_length;
    int status; /* sent to the client; 0: none was */
    double took_s;
};

/* The attempts of tracing are over. meter NULL: nothing is done. */
void metering_note(struct meter *meter, const struct metering *request,
                   const struct tracing *tracing,
                   const struct settings *settings, int64_t retry_budget);

#endif
