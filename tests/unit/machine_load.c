#include <criterion/criterion.h>

#include "common/clock.h"
#include "harness/drill/machine_load.h"

Test(machine_load, the_runnable_threads_are_the_fourth_field)
{
    cr_assert_eq(machine_load_runnable("0.92 1.85 3.52 1/88 24116\n"), 1);
    cr_assert_eq(machine_load_runnable("41.00 30.10 9.99 37/1200 9\n"), 37);
}

Test(machine_load, another_text_says_nothing)
{
    static const char *const texts[] = { "", "0.92 1.85", "a b c 1/88 24116",
                                         "0.92 1.85 3.52 1 24116",
                                         "0.92 1.85 3.52 -4/88 24116" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_assert_eq(machine_load_runnable(texts[i]), -1, "%s", texts[i]);
}

Test(machine_load, patience_wears_off_where_waiting_does_not_help)
{
    int64_t ms = MACHINE_LOAD_MOST_MS;

    for (int i = 0; i < 10; i++)
        ms = machine_load_patience(ms, false);
    cr_assert_eq(ms, MACHINE_LOAD_LEAST_MS);
    for (int i = 0; i < 10; i++)
        ms = machine_load_patience(ms, true);
    cr_assert_eq(ms, MACHINE_LOAD_MOST_MS);
}

Test(machine_load, a_cancelled_run_does_not_wait)
{
    atomic_int cancelled = 1;
    int64_t began_ns = clock_now_ns();

    machine_load_settle(3600 * 1000, &cancelled);
    cr_assert_lt(clock_now_ns() - began_ns, 60 * NS_PER_S);
}
