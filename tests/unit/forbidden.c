#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness/evidence/forbidden.h"

static const char *find(const struct forbidden *set, const char *text)
{
    return forbidden_find(set, text, strlen(text));
}

Test(forbidden, each_text_is_found_wherever_it_stands)
{
    static const char *const around[][2] = {
        { "", "" },
        { "key=", "" },
        { "", "!" },
        { "\"", "\"}" },
    };
    struct forbidden set = { 0 };
    char id[32], text[64], line[128];

    cr_assert_null(find(&set, "anything at all"));
    for (int i = 0; i < 3000; i++) {
        snprintf(id, sizeof id, "secret %d", i);
        snprintf(text, sizeof text, "all alike, %07d, to the end", i);
        forbidden_add(&set, id, text);
    }
    cr_assert_eq(set.count, 3000);
    for (int i = 0; i < 3000; i += 7) {
        snprintf(id, sizeof id, "secret %d", i);
        for (size_t k = 0; k < sizeof around / sizeof *around; k++) {
            snprintf(line, sizeof line, "%sall alike, %07d, to the end%s",
                     around[k][0], i, around[k][1]);
            cr_assert_str_eq(find(&set, line), id);
        }
    }
    forbidden_release(&set);
}

Test(forbidden, what_is_nearly_there_is_not_there)
{
    static const char *const lines[] = {
        "",
        "sk-0123",
        "sk-0123456789abcde",          /* its end is missing */
        "k-0123456789abcdef",          /* its beginning is */
        "sk-0123456789abcdeF",         /* another letter */
        "sk-0123456789 abcdef",        /* something between */
        "456789abcdef 456789ab 01234", /* the window alone */
    };
    struct forbidden set = { 0 };

    forbidden_add(&set, "key", "sk-0123456789abcdef");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        cr_expect_null(find(&set, lines[i]), "%s", lines[i]);
    cr_expect_str_eq(find(&set, "sk-0123456789abcdef"), "key");
    forbidden_release(&set);
}

Test(forbidden, words_and_what_is_there_already_are_left_out)
{
    struct forbidden set = { 0 };

    forbidden_add(&set, "word", "seven b");
    cr_expect_eq(set.count, 0);
    forbidden_add(&set, "a", "eight by");
    forbidden_add(&set, "b", "eight by");
    cr_expect_eq(set.count, 1);
    cr_expect_str_eq(find(&set, "all eight bytes"), "a");
    forbidden_release(&set);
}

Test(forbidden, a_zero_byte_ends_nothing)
{
    static const char bytes[] = "before\0sk-0123456789abcdef";
    struct forbidden set = { 0 };

    forbidden_add(&set, "key", "sk-0123456789abcdef");
    cr_expect_str_eq(forbidden_find(&set, bytes, sizeof bytes - 1), "key");
    forbidden_release(&set);
}
