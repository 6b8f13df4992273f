#include <criterion/criterion.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/lateness.h"
#include "harness/schedule.h"

Test(schedule, as_many_jobs_as_fit_the_sum_into_the_longest)
{
    static const struct {
        int64_t longest_ms[6];
        size_t count;
        int64_t jobs;
    } rows[] = {
        { { 1000, 1000, 1000, 1000, 1000, 1000 }, 6, 8 },
        { { 6000, 100, 100 }, 3, 4 },
        { { 0 }, 0, 4 },
        { { 1, 1000000 }, 2, 4 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_eq(schedule_jobs(rows[i].longest_ms, rows[i].count),
                     rows[i].jobs, "row %zu", i);
}

Test(schedule, never_more_jobs_than_the_limit)
{
    int64_t longest_ms[500];

    for (size_t i = 0; i < 500; i++)
        longest_ms[i] = 10;
    cr_assert_eq(schedule_jobs(longest_ms, 500), 24);
}

Test(lateness, it_counts_only_what_lies_between)
{
    int64_t start;

    lateness_start();
    start = clock_now_ns();
    while (clock_now_ns() - start < 30 * NS_PER_MS)
        continue;
    cr_assert_geq(lateness_worst_ms(start, clock_now_ns()), 0);
    cr_assert_eq(
        lateness_worst_ms(start + 3600 * NS_PER_S, start + 3601 * NS_PER_S), 0);
    lateness_stop();
}
