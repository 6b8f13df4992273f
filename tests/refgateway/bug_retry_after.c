#include "tests/refgateway/bug_retry_after.h"

#include <stdlib.h>
#include <string.h>

#include "tests/refgateway/bug.h"

/* More than a thirty-two bit number of seconds. */
#define SECONDS_MOST 4294967295.0
#define HUGE_MS      (INT64_C(1) << 50)

bool bug_retry_after_is_now(void)
{
    return bug_is(BUG_RETRY_AFTER_NEGATIVE) ||
           bug_is(BUG_RETRY_AFTER_OBSOLETE_DATE_IS_NOW);
}

static bool is_imf_date(const char *text)
{
    const char *comma = strchr(text, ',');

    return comma && comma - text == 3;
}

/* One that a date in the past gives. */
static bool is_past(const struct retry_after_headers *headers)
{
    int64_t when;
    int64_t sent;

    return headers->date && retry_after_date(&sent, headers->date, 0) &&
           retry_after_date(&when, headers->retry_after, 0) && when < sent;
}

bool bug_retry_after(int64_t *told_ms,
                     const struct retry_after_headers *headers)
{
    const char *text = headers->retry_after;

    if (!text)
        return false;
    if (bug_is(BUG_RETRY_AFTER_NEGATIVE) && *text == '-')
        *told_ms = 0;
    else if (bug_is(BUG_RETRY_AFTER_TRUNCATED) && strchr(text, '.'))
        *told_ms = strtoll(text, NULL, 10) * 1000;
    else if (bug_is(BUG_RETRY_AFTER_OVERFLOWS) &&
             strtod(text, NULL) > SECONDS_MOST)
        *told_ms = RETRY_AFTER_THROWN;
    else if (bug_is(BUG_RETRY_AFTER_OBSOLETE_DATE_IS_NOW) &&
             strchr(text, ':') && !is_imf_date(text))
        *told_ms = 0;
    else if (bug_is(BUG_RETRY_AFTER_PAST_DATE_WRAPS) && is_past(headers))
        *told_ms = HUGE_MS;
    else if (bug_is(BUG_RETRY_AFTER_TWICE_DIES) && strstr(text, ", ") &&
             !strchr(text, ':'))
        *told_ms = RETRY_AFTER_THROWN;
    else if (bug_is(BUG_RETRY_AFTER_MS_LOSES))
        *told_ms = strtoll(text, NULL, 10) * 1000;
    else
        return false;
    return true;
}
