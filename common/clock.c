#include "common/clock.h"

#include <stdio.h>

int64_t clock_now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_wall_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / NS_PER_MS;
}

void clock_format_rfc3339(char out[static 21], time_t when)
{
    struct tm tm;

    gmtime_r(&when, &tm);
    strftime(out, 21, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void clock_format_http(char *out, size_t size, time_t when,
                       enum clock_http_date format)
{
    static const char *const days[] = { "Sunday",    "Monday",   "Tuesday",
                                        "Wednesday", "Thursday", "Friday",
                                        "Saturday" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
                                          "May", "Jun", "Jul", "Aug",
                                          "Sep", "Oct", "Nov", "Dec" };
    struct tm tm;
    const char *day;
    const char *month;

    /* strftime would follow the locale; HTTP dates are always English. */
    gmtime_r(&when, &tm);
    day = days[format == CLOCK_HTTP_DATE_WRONG_DAY ? (tm.tm_wday + 1) % 7
                                                   : tm.tm_wday];
    month = months[tm.tm_mon];
    switch (format) {
    case CLOCK_HTTP_DATE_RFC850:
        snprintf(out, size, "%s, %02d-%s-%02d %02d:%02d:%02d GMT", day,
                 tm.tm_mday, month, tm.tm_year % 100, tm.tm_hour, tm.tm_min,
                 tm.tm_sec);
        break;
    case CLOCK_HTTP_DATE_ASCTIME:
        snprintf(out, size, "%.3s %s %2d %02d:%02d:%02d %d", day, month,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 tm.tm_year + 1900);
        break;
    case CLOCK_HTTP_DATE_IMF:
    case CLOCK_HTTP_DATE_WRONG_DAY:
        snprintf(out, size, "%.3s, %02d %s %d %02d:%02d:%02d GMT", day,
                 tm.tm_mday, month, tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                 tm.tm_sec);
        break;
    }
}
