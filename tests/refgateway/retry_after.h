/*
 * retry_after: what an upstream told us to wait. Pure. Forms: RFC 9110 10.2.3
 * (delay-seconds, and HTTP-date in its three formats of 5.6.7), and the
 * retry-after-ms header of some LLM services.
 */
#ifndef GATEDRILL_REFGATEWAY_RETRY_AFTER_H
#define GATEDRILL_REFGATEWAY_RETRY_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/refgateway/rules.h"

/* What a seeded bug makes of a date: the parser throws. */
#define RETRY_AFTER_THROWN (INT64_MAX / 2)

/* Seconds since the epoch of a date in any of the three formats; a wrong
 * weekday name is forgiven. now_ms (wall time since the epoch) tells the
 * century of a two-digit year. False when it is no date. */
bool retry_after_date(int64_t *out, const char *text, int64_t now_ms);

/* Header values of one answer; NULL: not sent. */
struct retry_after_headers {
    const char *retry_after;
    const char *retry_after_ms;
    const char *date;
};

/*
 * The wait in ms that the headers ask for, by the forms the runbook names; ms
 * beats the others. A date counts from the answer's own Date, so that a clock
 * that differs from ours never makes us early; without one from now_ms (wall
 * time since the epoch). A date in the past is 0. -1: nothing was told, or it
 * is malformed (a sign, a fraction of seconds, a unit, a list, an overflow).
 */
int64_t retry_after_told_ms(const struct rules *rules,
                            const struct retry_after_headers *headers,
                            int64_t now_ms);

#endif
