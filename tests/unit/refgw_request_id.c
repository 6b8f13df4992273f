/* By what a request is called. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/refgateway/request_id.h"

Test(refgw_request_id, the_clients_is_kept_where_it_is_plain)
{
    static const struct {
        int64_t rule;
        const char *given;
        bool kept;
    } rows[] = {
        { RULES_REQUEST_ID_KEPT, "a-B_0.9", true },
        { RULES_REQUEST_ID_KEPT, "", false },
        { RULES_REQUEST_ID_KEPT, NULL, false },
        { RULES_REQUEST_ID_KEPT, "a b", false },
        { RULES_REQUEST_ID_KEPT, "a\"", false },
        { RULES_REQUEST_ID_MAPPED, "a-B_0.9", false },
        { -1, "a-B_0.9", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rules rules = { .request_id = rows[i].rule };
        char id[REQUEST_ID_SIZE], again[REQUEST_ID_SIZE];

        request_id_choose(id, &rules, rows[i].given);
        request_id_choose(again, &rules, rows[i].given);
        cr_expect_eq(rows[i].given && !strcmp(id, rows[i].given), rows[i].kept,
                     "row %zu", i);
        if (!rows[i].kept) {
            cr_expect_eq(strspn(id, "0123456789abcdef"), 32, "row %zu", i);
            cr_expect_str_neq(id, again, "row %zu", i);
        }
    }
}

Test(refgw_request_id, one_that_is_too_long_is_not_kept)
{
    struct rules rules = { .request_id = RULES_REQUEST_ID_KEPT };
    char id[REQUEST_ID_SIZE], given[REQUEST_ID_SIZE + 1];

    memset(given, 'a', sizeof given);
    given[REQUEST_ID_SIZE] = '\0';
    request_id_choose(id, &rules, given);
    cr_expect_eq(strlen(id), 32);
    given[REQUEST_ID_SIZE - 1] = '\0';
    request_id_choose(id, &rules, given);
    cr_expect_str_eq(id, given);
}
