#include "tests/refgateway/retry_after.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
    return seconds * 1000;
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
static int whole_year(int two_digits)
{
    time_t now = time(NULL);
    struct tm tm;
    int year;

    gmtime_r(&now, &tm);
    year = tm.tm_year + 1900;
    year = year - year % 100 + two_digits;
    return year > tm.tm_year + 1900 + 50 ? year - 100 : year;
}

bool retry_after_date(int64_t *out, const char *text)
{
    struct tm tm = { 0 };
    char month[4] = "";
    int year = 0;
    int used = 0;

    while (is_space(*text))
        text++;
    if (sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n",
               &tm.tm_mday, month, &year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
               &used) == 6 &&
        used)
        ;
    else if (sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n",
                    &tm.tm_mday, month, &year, &tm.tm_hour, &tm.tm_min,
                    &tm.tm_sec, &used) == 6 &&
             used)
        year = whole_year(year);
    else if (sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", month,
                    &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &year,
                    &used) != 6 ||
             !used)
        return false;
    if (!at_end(text + used) || !find_month(&tm.tm_mon, month) || year < 1900)
        return false;
    if (tm.tm_mday < 1 || tm.tm_mday > 31 || tm.tm_hour < 0 ||
        tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
        tm.tm_sec > 60)
        return false;
    tm.tm_year = year - 1900;
    *out = (int64_t)timegm(&tm);
    return true;
}

static int64_t date_ms(const char *text, const char *own_date, int64_t now_ms)
{
    int64_t when;
    int64_t sent;
    int64_t wait;

    if (!retry_after_date(&when, text))
        return -1;
    if (own_date && retry_after_date(&sent, own_date))
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

    if (rules->retry.retry_after.ms && headers->retry_after_ms)
        told = whole_ms(headers->retry_after_ms);
    if (told < 0 && rules->retry.retry_after.seconds && headers->retry_after)
        told = seconds_ms(headers->retry_after);
    if (told < 0 && rules->retry.retry_after.date && headers->retry_after)
        told = date_ms(headers->retry_after, headers->date, now_ms);
    return told;
}
