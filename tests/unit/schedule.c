#include <criterion/criterion.h>
#include <unistd.h>

#include "common/clock.h"
#include "harness/drill/lateness.h"
#include "harness/drill/schedule.h"

Test(schedule, many_at_once_and_never_more_than_there_are_cases)
{
    cr_assert_eq(schedule_jobs(500, REUSE_SHARED), 64);
    cr_assert_eq(schedule_jobs(500, REUSE_POOLED), 24);
    cr_assert_eq(schedule_jobs(500, REUSE_PER_CASE), 24);
    cr_assert_eq(schedule_jobs(3, REUSE_POOLED), 3);
    cr_assert_eq(schedule_jobs(0, REUSE_SHARED), 0);
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
