/* What one request tells of itself. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/refgateway/tracing.h"

#define PARENT "00-000102030405060708090a0b0c0d0e0f-1011121314151617-01"

Test(refgw_tracing, joins_the_trace_of_its_client)
{
    struct tracing tracing;
    char parent[56];

    tracing_begin(&tracing, PARENT);
    cr_expect_str_eq(tracing.trace_id, "000102030405060708090a0b0c0d0e0f");
    cr_expect_str_eq(tracing.parent, "1011121314151617");
    tracing_parent(parent, &tracing);
    cr_expect_eq(strncmp(parent, PARENT, 36), 0);
    cr_expect_neq(strcmp(parent, PARENT), 0);
}

Test(refgw_tracing, begins_one_where_there_is_none)
{
    static const char *const none[] = {
        NULL, "", "00-short-1011121314151617-01",
        "00-0001020304050607zz090a0b0c0d0e0f-1011121314151617-01"
    };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        struct tracing tracing;

        tracing_begin(&tracing, none[i]);
        cr_expect_eq(strlen(tracing.trace_id), 32, "row %zu", i);
        cr_expect_eq(strspn(tracing.trace_id, "0123456789abcdef"), 32);
        cr_expect_str_eq(tracing.parent, "");
    }
}

Test(refgw_tracing, counts_what_is_resent_to_an_upstream)
{
    struct settings_upstream primary = { 0 }, fallback = { 0 };
    struct result failed = { .outcome = OUTCOME_HTTP, .status = 503 };
    struct tracing tracing;

    tracing_begin(&tracing, NULL);
    tracing_attempt(&tracing, &primary);
    tracing_over(&tracing, &failed);
    tracing_attempt(&tracing, &primary);
    tracing_attempt(&tracing, &fallback); /* the one before is given up */
    cr_assert_eq(tracing.count, 3);
    cr_expect_eq(tracing.attempts[0].resends, 0);
    cr_expect_eq(tracing.attempts[1].resends, 1);
    cr_expect_eq(tracing.attempts[2].resends, 0);
    cr_expect_eq(tracing.attempts[0].result.status, 503);
    cr_expect(!tracing.attempts[0].left && tracing.attempts[1].left);
    cr_expect(!tracing.attempts[2].over);
    tracing_over(&tracing, &failed);
    tracing_over(&tracing, NULL); /* it is over already */
    cr_expect(tracing.attempts[2].over && !tracing.attempts[2].left);
}

Test(refgw_tracing, more_attempts_than_it_has_room_for_are_not_told)
{
    struct settings_upstream primary = { 0 };
    struct tracing tracing;

    tracing_begin(&tracing, NULL);
    for (int i = 0; i < TRACING_ATTEMPTS + 2; i++)
        tracing_attempt(&tracing, &primary);
    cr_expect_eq(tracing.count, TRACING_ATTEMPTS);
}

Test(refgw_tracing, reads_the_usage_of_an_answer_and_of_events)
{
    static const struct {
        const char *text;
        int64_t input, output;
    } rows[] = {
        { "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}", 7, 9 },
        { "data: {\"usage\":null}\n\ndata: {\"usage\": {\"prompt_tokens\":7,"
          "\"completion_tokens\":9}}\r\n\r\ndata: [DONE]\n\n",
          7, 9 },
        { "data: {\"choices\":[]}\n\n", -1, -1 },
        { "{\"usage\":", -1, -1 },
        { "", -1, -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tracing tracing;

        tracing_begin(&tracing, NULL);
        tracing_usage(&tracing, rows[i].text, strlen(rows[i].text));
        cr_expect_eq(tracing.input_tokens, rows[i].input, "row %zu", i);
        cr_expect_eq(tracing.output_tokens, rows[i].output, "row %zu", i);
    }
    tracing_usage(NULL, "{}", 2); /* nobody is told */
}
