#include "tests/refgateway/backoff.h"

#include <criterion/criterion.h>

Test(refgw_backoff, the_delay_grows_by_its_factor_up_to_the_cap)
{
    static const struct {
        struct rules_backoff backoff;
        int64_t retry, wanted_ms;
    } rows[] = {
        { { 50, 2, 400, 0 }, 0, 50 },         { { 50, 2, 400, 0 }, 1, 100 },
        { { 50, 2, 400, 0 }, 3, 400 },        { { 50, 2, 400, 0 }, 60, 400 },
        { { 100, 1.5, -1, 0 }, 2, 225 },      { { 100, 1, -1, 0 }, 9, 100 },
        { { 100, 10, -1, 0 }, 60, 86400000 }, { { 500, 2, 400, 0 }, 0, 400 },
        { { -1, 2, -1, 0 }, 4, 0 },           { { 0, 2, -1, 0 }, 4, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(backoff_delay_ms(&rows[i].backoff, rows[i].retry),
                     rows[i].wanted_ms, "row %zu", i);
}

Test(refgw_backoff, jitter_stays_between_its_bounds)
{
    static const struct {
        int64_t jitter, told_ms, least_ms, most_ms;
    } rows[] = {
        { RULES_JITTER_NONE, -1, 100, 100 },
        { RULES_JITTER_FULL, -1, 0, 99 },
        { RULES_JITTER_EQUAL, -1, 50, 99 },
        { RULES_JITTER_ADDITIVE, -1, 100, 199 },
        { RULES_JITTER_NONE, 700, 700, 700 },
        { RULES_JITTER_FULL, 700, 700, 799 },
        { RULES_JITTER_EQUAL, 700, 700, 749 },
        { RULES_JITTER_ADDITIVE, 700, 700, 799 },
        { RULES_JITTER_NONE, 0, 100, 100 },
        { RULES_JITTER_FULL, 0, 0, 99 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rules_backoff backoff = { 100, 2, -1, rows[i].jitter };

        cr_expect_eq(backoff_wait_ms(&backoff, 0, rows[i].told_ms, 0),
                     rows[i].least_ms, "least of row %zu", i);
        cr_expect_eq(backoff_wait_ms(&backoff, 0, rows[i].told_ms, 0.9999),
                     rows[i].most_ms, "most of row %zu", i);
    }
}
