#include "tests/refgateway/outcome.h"

#include <criterion/criterion.h>

Test(refgw_outcome, a_class_word_covers_what_it_says)
{
    static const struct {
        const char *word;
        enum outcome outcome;
        int status;
        bool wanted;
    } rows[] = {
        { "http_429", OUTCOME_HTTP, 429, true },
        { "http_429", OUTCOME_HTTP, 428, false },
        { "http_5xx", OUTCOME_HTTP, 500, true },
        { "http_5xx", OUTCOME_HTTP, 599, true },
        { "http_5xx", OUTCOME_HTTP, 499, false },
        { "http_4xx", OUTCOME_HTTP, 404, true },
        { "http_301", OUTCOME_HTTP, 301, true },
        { "http_5xx", OUTCOME_BAD_BODY, 500, false },
        { "bad_body", OUTCOME_BAD_BODY, 200, true },
        { "bad_body", OUTCOME_EMPTY_BODY, 200, false },
        { "error_in_200", OUTCOME_ERROR_IN_200, 200, true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct outcome_set set = { 0 };

        cr_assert(outcome_set_add(&set, rows[i].word), "%s", rows[i].word);
        cr_expect_eq(outcome_set_has(&set, rows[i].outcome, rows[i].status),
                     rows[i].wanted, "row %zu", i);
    }
}

Test(refgw_outcome, every_class_of_the_contract_is_known_and_nothing_else)
{
    static const char *const unknown[] = {
        "none",     "http",     "http_6xx",      "http_42", "http_4290",
        "http_042", "http_xxx", "total_timeout", "",        "timeout"
    };
    struct outcome_set set = { 0 };

    for (size_t i = OUTCOME_CONNECT_REFUSED; i < OUTCOME_TOTAL_TIMEOUT; i++)
        cr_expect(outcome_set_add(&set, outcome_names[i]), "%s",
                  outcome_names[i]);
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        cr_expect_not(outcome_set_add(&set, unknown[i]), "%s", unknown[i]);
    cr_expect_null(outcome_names[OUTCOME_COUNT]);
}
