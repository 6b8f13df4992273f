#include <criterion/criterion.h>
#include <string.h>

#include "common/json.h"
#include "tests/refgateway/backoff.h"
#include "tests/refgateway/bug.h"
#include "tests/refgateway/limits.h"
#include "tests/refgateway/policy.h"
#include "tests/refgateway/shape.h"

Test(refgw_bug, no_bug_is_active_unless_one_is_chosen)
{
    for (enum bug bug = BUG_NONE + 1; bug < BUG_COUNT; bug++)
        cr_expect_not(bug_is(bug), "%s", bug_rows[bug].name);
    bug_set(BUG_NO_RETRY);
    cr_expect(bug_is(BUG_NO_RETRY));
    cr_expect_not(bug_is(BUG_NO_FALLBACK));
}

Test(refgw_bug, every_row_is_filled_and_has_a_name_of_its_own)
{
    cr_expect_geq(BUG_COUNT - 1, 60);
    cr_expect_null(bug_rows[BUG_COUNT].name);
    for (enum bug bug = BUG_NONE + 1; bug < BUG_COUNT; bug++) {
        const struct bug_row *row = &bug_rows[bug];
        enum bug found = BUG_NONE;
        struct err err;

        cr_expect(row->name && *row->name);
        cr_expect_eq(strspn(row->name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
                     strlen(row->name), "%s", row->name);
        cr_expect(*row->sources && *row->check && *row->cases && *row->text);
        cr_expect(bug_find(&found, row->name, &err));
        cr_expect_eq(found, bug, "%s stands there twice", row->name);
    }
}

Test(refgw_bug, an_unknown_name_is_refused)
{
    enum bug bug = BUG_NONE;
    struct err err = { 0 };

    cr_expect_not(bug_find(&bug, "no-such-bug", &err));
    cr_expect_eq(err.code, ERR_USAGE);
    cr_expect(strstr(err.text, "no-such-bug") != NULL);
    cr_expect_not(bug_find(&bug, "", &err));
}

Test(refgw_bug, a_row_is_a_json_line)
{
    struct buf line = { 0 };
    struct err err;
    struct json *row;

    bug_format(&line, BUG_RETRY_401);
    row = json_parse(line.data, line.length, "line", &err);
    cr_assert(row, "%s", err.text);
    cr_expect_str_eq(json_get_text(row, "name", ""), "retry-on-401");
    cr_expect_str_eq(json_get_text(row, "check", ""), "auth_fail_closed");
    cr_expect_str_eq(json_get_text(row, "runbook", "-"), "");
    json_free(row);
    buf_release(&line);
}

Test(refgw_bug, a_bend_touches_its_own_failures_alone)
{
    static const struct {
        enum bug bug;
        enum outcome outcome;
        int status;
        bool before, retry, fall_back;
    } rows[] = {
        { BUG_NONE, OUTCOME_HTTP, 400, false, false, false },
        { BUG_RETRY_400, OUTCOME_HTTP, 400, false, true, false },
        { BUG_RETRY_400, OUTCOME_HTTP, 404, false, false, false },
        { BUG_RETRY_400, OUTCOME_BAD_BODY, 400, false, false, false },
        { BUG_FALLBACK_400, OUTCOME_HTTP, 400, false, false, true },
        { BUG_ONLY_503, OUTCOME_HTTP, 503, true, true, true },
        { BUG_ONLY_503, OUTCOME_HTTP, 504, true, false, true },
        { BUG_NO_RETRY_EOF, OUTCOME_EOF_BEFORE_HEADERS, 0, true, false, true },
        { BUG_NO_FALLBACK_429, OUTCOME_HTTP, 429, true, true, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bool retry = rows[i].before;
        bool fall_back = rows[i].before;

        bug_set(rows[i].bug);
        bug_bend(&retry, &fall_back, rows[i].outcome, rows[i].status);
        cr_expect_eq(retry, rows[i].retry, "row %zu", i);
        cr_expect_eq(fall_back, rows[i].fall_back, "row %zu", i);
    }
}

Test(refgw_bug, a_corrupted_decision_is_right_again_without_the_bug)
{
    const struct rules_backoff backoff = { 100, 2, 1000, RULES_JITTER_NONE };
    struct shape_error error;

    bug_set(BUG_CONSTANT_BACKOFF);
    cr_expect_eq(backoff_wait_ms(&backoff, 2, -1, 0), 100);
    bug_set(BUG_RETRY_AFTER_HALF);
    cr_expect_eq(backoff_wait_ms(&backoff, 0, 1000, 0), 500);
    bug_set(BUG_BAD_JSON_PASSED);
    cr_expect_eq(shape_judge(&error, "{\"a", 3), OUTCOME_OK);
    bug_set(BUG_NONE);
    cr_expect_eq(backoff_wait_ms(&backoff, 2, -1, 0), 400);
    cr_expect_eq(backoff_wait_ms(&backoff, 0, 1000, 0), 1000);
    cr_expect_eq(shape_judge(&error, "{\"a", 3), OUTCOME_BAD_BODY);
}
