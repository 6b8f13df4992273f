#include "common/nearest.h"

#include <criterion/criterion.h>

Test(nearest, distance_counts_edits)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        { "status", "status", 0 }, { "stauts", "status", 1 },
        { "statu", "status", 1 },  { "statuss", "status", 1 },
        { "stbtuz", "status", 2 }, { "", "ab", 2 },
        { "abc", "xyz", 3 },       { "completely", "other", 3 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(nearest_distance(rows[i].a, rows[i].b), rows[i].distance,
                     "%s %s", rows[i].a, rows[i].b);
        cr_expect_eq(nearest_distance(rows[i].b, rows[i].a), rows[i].distance,
                     "%s %s", rows[i].b, rows[i].a);
    }
}

Test(nearest, best_of_the_considered_is_kept)
{
    struct nearest nearest = { .word = "stauts" };

    nearest_consider(&nearest, "delay");
    cr_expect_null(nearest.best);
    nearest_consider(&nearest, "stats");
    nearest_consider(&nearest, "status");
    nearest_consider(&nearest, "strats");
    cr_assert_not_null(nearest.best);
    cr_expect_str_eq(nearest.best, "stats");
}

Test(nearest, short_words_have_no_neighbours_by_chance)
{
    struct nearest nearest = { .word = "ms" };

    nearest_consider(&nearest, "at");
    cr_expect_null(nearest.best);
}
