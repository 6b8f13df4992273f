#include "tests/refgateway/retry_after.h"

#include <criterion/criterion.h>

/* Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples. */
#define EXAMPLE 784111777
#define NOW_MS  (INT64_C(1782295200) * 1000) /* 24 June 2026 */

Test(refgw_retry_after, all_three_date_formats_are_read)
{
    static const char *const texts[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",      "Sun Nov 06 08:49:37 1994",
        "Tue, 06 Nov 1994 08:49:37 GMT", " Sun, 06 Nov 1994 08:49:37 GMT ",
    };
    int64_t when;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cr_expect(retry_after_date(&when, texts[i], NOW_MS), "%s", texts[i]);
        cr_expect_eq(when, EXAMPLE, "%s gives %lld", texts[i], (long long)when);
    }
}

Test(refgw_retry_after, a_two_digit_year_is_at_most_fifty_years_ahead)
{
    int64_t when;

    cr_assert(
        retry_after_date(&when, "Tuesday, 24-Jun-76 10:00:00 GMT", NOW_MS));
    cr_expect_gt(when, NOW_MS / 1000, "2076");
    cr_assert(
        retry_after_date(&when, "Friday, 24-Jun-77 10:00:00 GMT", NOW_MS));
    cr_expect_lt(when, NOW_MS / 1000, "1977");
}

Test(refgw_retry_after, what_is_no_date_is_refused)
{
    static const char *const texts[] = {
        "",
        "soon",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT, 5",
        "1994-11-06T08:49:37Z",
        "784111777",
    };
    int64_t when;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(retry_after_date(&when, texts[i], NOW_MS), "%s",
                      texts[i]);
}

Test(refgw_retry_after, a_told_wait_is_read_or_ignored_never_shortened)
{
    static const struct {
        const char *text, *ms, *date;
        int64_t wanted_ms;
    } rows[] = {
        { "2", NULL, NULL, 2000 },
        { " 2 ", NULL, NULL, 2000 },
        { "0", NULL, NULL, 0 },
        { "3600", NULL, NULL, 3600000 },
        { "1.5", NULL, NULL, -1 },
        { "-5", NULL, NULL, -1 },
        { "+5", NULL, NULL, -1 },
        { "2 s", NULL, NULL, -1 },
        { "2, 5", NULL, NULL, -1 },
        { "1e3", NULL, NULL, -1 },
        { "Infinity", NULL, NULL, -1 },
        { "99999999999999999999", NULL, NULL, -1 },
        { "", NULL, NULL, -1 },
        { NULL, NULL, NULL, -1 },
        { "5", "700", NULL, 700 },
        { "5", "700.2", NULL, 701 },
        { "5", "soon", NULL, 5000 },
        { NULL, "0", NULL, 0 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", NULL, NULL, 1500 },
        { "Sun, 06 Nov 1994 08:49:30 GMT", NULL, NULL, 0 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", NULL,
          "Sun, 06 Nov 1994 08:49:34 GMT", 3000 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", NULL, "nonsense", 1500 },
    };
    struct rules rules;

    rules_init(&rules);
    rules.retry.retry_after.ms = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct retry_after_headers headers = { rows[i].text, rows[i].ms,
                                               rows[i].date };

        cr_expect_eq(
            retry_after_told_ms(&rules, &headers, EXAMPLE * 1000LL - 1500),
            rows[i].wanted_ms, "row %zu: %s", i,
            rows[i].text ? rows[i].text : "-");
    }
}

Test(refgw_retry_after, a_form_that_is_not_declared_is_ignored)
{
    struct retry_after_headers seconds = { "2", "700", NULL };
    struct retry_after_headers date = { "Sun, 06 Nov 1994 08:49:37 GMT", NULL,
                                        NULL };
    struct rules rules;

    rules_init(&rules);
    cr_expect_eq(retry_after_told_ms(&rules, &seconds, 0), 2000);
    rules.retry.retry_after.seconds = false;
    cr_expect_eq(retry_after_told_ms(&rules, &seconds, 0), -1);
    cr_expect_eq(retry_after_told_ms(&rules, &date, EXAMPLE * 1000LL), 0);
    rules.retry.retry_after.date = false;
    cr_expect_eq(retry_after_told_ms(&rules, &date, EXAMPLE * 1000LL), -1);
}
