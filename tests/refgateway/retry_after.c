#include "tests/refgateway/retry_after.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_retry_after.h"

/* More would overflow once it is in ms; nobody means thirty thousand years. */
#define DIGITS_MOST 12

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* Digits alone, optional white space around; *rest is set to what follows. */
static bool read_digits(int64_t *out, const char *text, const char **rest)
{
    size_t digits;

    while (is_space(*text))
        text++;
    digits = strspn(text, "0123456789");
    if (!digits || digits > DIGITS_MOST)
        return false;
    *out = 0;
    for (size_t i = 0; i < digits; i++)
        *out = *out * 10 + (text[i] - '0');
    *rest = text + digits;
    return true;
}

static bool at_end(const char *text)
{
    while (is_space(*text))
        text++;
    return !*text;
}

static int64_t seconds_ms(const char *text)
{
    int64_t seconds;
    const char *rest;

    if (!read_digits(&seconds, text, &rest) || !at_end(rest))
        return -1;
    return bug_is(BUG_RETRY_AFTER_AS_MS) ? seconds : seconds * 1000;
}

/* A fraction of a millisecond is rounded up: never earlier than told. */
static int64_t whole_ms(const char *text)
{
    int64_t ms;
    const char *rest;

    if (!read_digits(&ms, text, &rest))
        return -1;
    if (*rest == '.' && strspn(rest + 1, "0123456789")) {
        size_t digits = strspn(rest + 1, "0123456789");

        if (strspn(rest + 1, "0") < digits)
            ms++;
        rest += 1 + digits;
    }
    return at_end(rest) ? ms : -1;
}

static bool find_month(int *out, const char *name)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

    for (int i = 0; i < 12; i++) {
        if (!strncmp(name, months + (size_t)i * 3, 3)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* RFC 9110 5.6.7: a two-digit year more than 50 years ahead is in the past. */
static int whole_year(int two_digits, int64_t now_ms)
{
    time_t now = (time_t)(now_ms / 1000);
    struct tm tm;
    int this_year;
    int year;

    gmtime_r(&now, &tm);
    this_year = tm.tm_year + 1900;
    year = this_year - this_year % 100 + two_digits;
    return year > this_year + 50 ? year - 100 : year;
}

/* A date as it is written; nothing of it is checked yet. */
struct written {
    struct tm tm; /* but for month and year */
    char month[4];
    int year;
    int used; /* bytes of the text; 0: another format */
};

static bool read_imf(struct written *out, const char *text, int64_t now_ms)
{
    (void)now_ms;
    return sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
                  &out->tm.tm_mday, out->month, &out->year, &out->tm.tm_hour,
                  &out->tm.tm_min, &out->tm.tm_sec, &out->used) == 6 &&
           out->used;
}

static bool read_rfc850(struct written *out, const char *text, int64_t now_ms)
{
    if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
               &out->tm.tm_mday, out->month, &out->year, &out->tm.tm_hour,
               &out->tm.tm_min, &out->tm.tm_sec, &out->used) != 6)
        return false;
    out->year = whole_year(out->year, now_ms);
    return out->used;
}

static bool read_asctime(struct written *out, const char *text, int64_t now_ms)
{
    (void)now_ms;
    return sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n",
                  out->month, &out->tm.tm_mday, &out->tm.tm_hour,
                  &out->tm.tm_min, &out->tm.tm_sec, &out->year,
                  &out->used) == 6 &&
           out->used;
}

static bool is_time(const struct tm *tm)
{
    return tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour >= 0 &&
           tm->tm_hour <= 23 && tm->tm_min >= 0 && tm->tm_min <= 59 &&
           tm->tm_sec >= 0 && tm->tm_sec <= 60;
}

bool retry_after_date(int64_t *out, const char *text, int64_t now_ms)
{
    static bool (*const formats[])(struct written *, const char *,
                                   int64_t) = { read_imf, read_rfc850,
                                                read_asctime };

    while (is_space(*text))
        text++;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct written date = { 0 };

        if (!formats[i](&date, text, now_ms))
            continue;
        if (!at_end(text + date.used) || !is_time(&date.tm) ||
            !find_month(&date.tm.tm_mon, date.month) || date.year < 1900)
            return false;
        date.tm.tm_year = date.year - 1900;
        *out = (int64_t)timegm(&date.tm);
        return true;
    }
    return false;
}

static int64_t date_ms(const char *text, const char *own_date, int64_t now_ms)
{
    int64_t when;
    int64_t sent;
    int64_t wait;

    if (bug_is(BUG_RETRY_AFTER_DATE_DIES))
        return RETRY_AFTER_THROWN;
    if (!retry_after_date(&when, text, now_ms))
        return -1;
    if (own_date && retry_after_date(&sent, own_date, now_ms))
        wait = (when - sent) * 1000;
    else
        wait = when * 1000 - now_ms;
    return wait > 0 ? wait : 0;
}

int64_t retry_after_told_ms(const struct rules *rules,
                            const struct retry_after_headers *headers,
                            int64_t now_ms)
{
    int64_t told = -1;

    if (bug_is(BUG_RETRY_AFTER_IGNORED))
        return -1;
    if (bug_retry_after(&told, headers))
        return told;
    if (bug_is(BUG_RETRY_AFTER_DATE_AS_INTEGER) && headers->retry_after)
        return strtoll(headers->retry_after, NULL, 10) * 1000;
    if (rules->retry.retry_after.ms && headers->retry_after_ms)
        told = whole_ms(headers->retry_after_ms);
    if (told < 0 && rules->retry.retry_after.seconds && headers->retry_after)
        told = seconds_ms(headers->retry_after);
    if (bug_is(BUG_RETRY_AFTER_DATE_IGNORED))
        return told;
    if (told < 0 && rules->retry.retry_after.date && headers->retry_after)
        told = date_ms(headers->retry_after, headers->date, now_ms);
    return told;
}
