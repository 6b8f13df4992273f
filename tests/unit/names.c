#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "harness/launch/names.h"

static struct names some_names(void)
{
    struct names names = { 0 };

    names_set(&names, "primary.port", "4000");
    names_set(&names, "work", "/w");
    names_set_int(&names, "gateway.port", 8080);
    return names;
}

Test(names, every_name_in_a_text_is_replaced)
{
    struct names names = some_names();
    struct err err = { 0 };
    char *text = names_fill(&names, "${work}/a:${gateway.port}-${primary.port}",
                            "x", &err);

    cr_assert_str_eq(text, "/w/a:8080-4000");
    free(text);
    names_release(&names);
}

Test(names, a_text_without_names_stays)
{
    struct names names = some_names();
    struct err err = { 0 };
    char *text = names_fill(&names, "$host { } $", "x", &err);

    cr_assert_str_eq(text, "$host { } $");
    free(text);
    names_release(&names);
}

Test(names, a_doubled_dollar_gives_a_literal_opening)
{
    struct names names = some_names();
    struct err err = { 0 };
    char *text = names_fill(&names, "$${work} ${work}", "x", &err);

    cr_assert_str_eq(text, "${work} /w");
    free(text);
    names_release(&names);
}

Test(names, an_unknown_name_is_refused_with_the_known_ones)
{
    struct names names = some_names();
    struct err err = { 0 };

    cr_assert_null(names_fill(&names, "${primary.prot}", "a.cfg", &err));
    cr_assert_eq(err.code, ERR_SCHEMA);
    cr_assert_str_eq(err.where, "a.cfg");
    cr_assert_str_eq(err.text, "${primary.prot} is not a name; known: "
                               "primary.port, work, gateway.port");
    names_release(&names);
}

Test(names, an_unclosed_name_is_refused)
{
    struct names names = some_names();
    struct err err = { 0 };

    cr_assert_null(names_fill(&names, "a ${work", "a.cfg", &err));
    cr_assert_str_eq(err.text, "\"${\" without \"}\"");
    names_release(&names);
}

Test(names, setting_again_replaces)
{
    struct names names = some_names();

    names_set(&names, "work", "/v");
    cr_assert_str_eq(names_find(&names, "work"), "/v");
    cr_assert_eq(names.count, 3u);
    cr_assert_null(names_find(&names, "wor"));
    names_release(&names);
}
