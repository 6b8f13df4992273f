#include "tests/refgateway/limits.h"

#include <criterion/criterion.h>

#include "common/clock.h"

#define MS NS_PER_MS

static struct rules limited(void)
{
    struct rules rules;

    rules_init(&rules);
    rules.timeouts.connect_ms = 100;
    rules.timeouts.header_ms = 200;
    rules.timeouts.first_token_ms = 300;
    rules.timeouts.idle_ms = 50;
    rules.timeouts.attempt_ms = 900;
    return rules;
}

Test(refgw_limits, each_phase_has_its_own_limit)
{
    static const struct {
        struct limits_moments moments; /* in ms */
        int64_t at_ms;
        enum outcome which;
    } rows[] = {
        { { .start = 1000 }, 1100, OUTCOME_CONNECT_TIMEOUT },
        { { .start = 1000, .connected = 1010 }, 1900, OUTCOME_ATTEMPT_TIMEOUT },
        { { .start = 1000, .connected = 1010, .sent = 1020 },
          1220,
          OUTCOME_HEADER_TIMEOUT },
        { { .start = 1000, .connected = 1010, .sent = 1020, .head = 1030 },
          1320,
          OUTCOME_FIRST_TOKEN_TIMEOUT },
        { { .start = 1000,
            .connected = 1010,
            .sent = 1020,
            .head = 1030,
            .output = 1100,
            .progress = 1200 },
          1250,
          OUTCOME_IDLE_TIMEOUT },
        { { .start = 1000,
            .connected = 1010,
            .sent = 1020,
            .head = 1030,
            .progress = 1030,
            .error_status = true },
          1080,
          OUTCOME_IDLE_TIMEOUT },
        { { .start = 1000,
            .connected = 1010,
            .sent = 1020,
            .head = 1030,
            .output = 1100,
            .progress = 1880 },
          1900,
          OUTCOME_ATTEMPT_TIMEOUT },
        { { .start = 1000,
            .connected = 1010,
            .sent = 1020,
            .head = 1030,
            .output = 1100,
            .progress = 1880,
            .committed = true },
          1930,
          OUTCOME_IDLE_TIMEOUT },
    };
    struct rules rules = limited();

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct limits_moments m = rows[i].moments;
        struct limits_due due;

        m.start *= MS;
        m.connected *= MS;
        m.sent *= MS;
        m.head *= MS;
        m.output *= MS;
        m.progress *= MS;
        due = limits_next(&rules, &m, INT64_MAX, false);
        cr_expect_eq(due.at_ns, rows[i].at_ms * MS, "row %zu: %lld", i,
                     (long long)(due.at_ns / MS));
        cr_expect_eq(due.which, rows[i].which, "row %zu", i);
    }
}

Test(refgw_limits, the_total_time_binds_until_commit_or_covers_streams)
{
    struct rules rules = limited();
    struct limits_moments m = { .start = 1000 * MS,
                                .connected = 1001 * MS,
                                .sent = 1002 * MS,
                                .head = 1003 * MS,
                                .output = 1004 * MS,
                                .progress = 1990 * MS };
    struct limits_due due;

    due = limits_next(&rules, &m, 1500 * MS, false);
    cr_expect_eq(due.which, OUTCOME_TOTAL_TIMEOUT);
    m.committed = true;
    due = limits_next(&rules, &m, 1500 * MS, false);
    cr_expect_eq(due.which, OUTCOME_IDLE_TIMEOUT);
    rules.timeouts.cover_streams = true;
    due = limits_next(&rules, &m, 1500 * MS, false);
    cr_expect_eq(due.which, OUTCOME_TOTAL_TIMEOUT);
    due = limits_next(&rules, &m, INT64_MAX, false);
    cr_expect_eq(due.which, OUTCOME_ATTEMPT_TIMEOUT);
}

Test(refgw_limits, an_exempt_attempt_is_bound_by_connect_idle_and_total_alone)
{
    struct rules rules = limited();
    struct limits_moments m = { .start = 1000 * MS };
    struct limits_due due;

    due = limits_next(&rules, &m, 9000 * MS, true);
    cr_expect_eq(due.which, OUTCOME_CONNECT_TIMEOUT);
    m.connected = m.sent = 1001 * MS;
    due = limits_next(&rules, &m, 9000 * MS, true);
    cr_expect_eq(due.which, OUTCOME_TOTAL_TIMEOUT);
    m.head = m.output = m.progress = 1002 * MS;
    due = limits_next(&rules, &m, 9000 * MS, true);
    cr_expect_eq(due.which, OUTCOME_IDLE_TIMEOUT);
}

Test(refgw_limits, silence_ends_even_where_nothing_is_declared)
{
    struct limits_moments m = { .start = 1000 * MS, .connected = 2000 * MS };
    struct limits_due due;
    struct rules rules;

    rules_init(&rules);
    due = limits_next(&rules, &m, INT64_MAX, false);
    cr_expect_eq(due.which, OUTCOME_IDLE_TIMEOUT);
    cr_expect_eq(due.at_ns, 2000 * MS + 600 * NS_PER_S);
}
