/* clock: the one monotonic clock both programs measure with (same host, so
 * their figures compare), and wall time for dates only. */
#ifndef GATEDRILL_COMMON_CLOCK_H
#define GATEDRILL_COMMON_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S  1000000000LL

/* CLOCK_MONOTONIC in ns. 0 never occurs and means "did not happen". */
int64_t clock_now_ns(void);

/* Wall time in ms since the epoch. */
int64_t clock_wall_ms(void);

/* "2026-06-24T10:00:00Z" */
void clock_format_rfc3339(char out[static 21], time_t when);

/* HTTP dates of RFC 9110 5.6.7, and two ways to get one wrong. */
enum clock_http_date {
    CLOCK_HTTP_DATE_IMF,
    CLOCK_HTTP_DATE_RFC850,
    CLOCK_HTTP_DATE_ASCTIME,
    CLOCK_HTTP_DATE_WRONG_DAY, /* IMF with another weekday's name */
};
void clock_format_http(char *out, size_t size, time_t when,
                       enum clock_http_date format);

#endif
