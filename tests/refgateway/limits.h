/* limits: which timeout ends an attempt, and when. Pure. */
#ifndef GATEDRILL_REFGATEWAY_LIMITS_H
#define GATEDRILL_REFGATEWAY_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/refgateway/outcome.h"
#include "tests/refgateway/rules.h"

/* Moments of an attempt, CLOCK_MONOTONIC ns; 0: did not happen yet. */
struct limits_moments {
    int64_t start;
    int64_t connected; /* TCP, and TLS where there is one */
    int64_t sent;      /* the request was handed to the kernel in full */
    int64_t head;      /* the response head is complete */
    int64_t output;    /* first output: of a plain answer its first byte */
    int64_t progress;  /* latest byte that counts; of the head or the body */
    bool error_status; /* the head is not 2xx: no token will come */
    bool committed;
};

struct limits_due {
    int64_t at_ns;      /* INT64_MAX: never */
    enum outcome which; /* the timeout that is then reached */
};

/*
 * The next limit to be reached.
 * total_ends_ns   total_ms of the request as a time; INT64_MAX: none
 * exempt          it is the last attempt, and last_attempt_exempt is declared:
 *                 header_ms, first_token_ms and attempt_ms do not cut it
 */
struct limits_due limits_next(const struct rules *rules,
                              const struct limits_moments *moments,
                              int64_t total_ends_ns, bool exempt);

#endif
