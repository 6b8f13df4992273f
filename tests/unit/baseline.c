#include "harness/evidence/baseline.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/evidence/stability.h"

static void add(struct run *run, const char *case_id, enum verdict verdict,
                int64_t repeat)
{
    struct result *result = xcalloc(1, sizeof *result);

    result->case_id = xstrdup(case_id);
    result->verdict = verdict;
    result->repeat = repeat;
    if (verdict == VERDICT_HOLD)
        snprintf(result->reason, sizeof result->reason, "a reason");
    result_list_add(&run->results, result);
}

static void drop(struct run *run)
{
    run_release(run);
}

#define NONE ((enum verdict)(-1))

Test(baseline, every_pair_of_verdicts_has_its_change)
{
    static const struct {
        enum verdict was, is;
        enum baseline_change change;
    } rows[] = {
        { VERDICT_PASS, VERDICT_PASS, BASELINE_SAME },
        { VERDICT_PASS, VERDICT_FAIL, BASELINE_WORSE },
        { VERDICT_HOLD, VERDICT_FAIL, BASELINE_WORSE },
        { VERDICT_PASS, VERDICT_HOLD, BASELINE_LOST },
        { VERDICT_FAIL, VERDICT_NOT_APPLICABLE, BASELINE_LOST },
        { VERDICT_FAIL, NONE, BASELINE_LOST },
        { VERDICT_HOLD, NONE, BASELINE_SAME },
        { VERDICT_NOT_APPLICABLE, VERDICT_NOT_APPLICABLE, BASELINE_SAME },
        { VERDICT_FAIL, VERDICT_PASS, BASELINE_BETTER },
        { VERDICT_HOLD, VERDICT_PASS, BASELINE_BETTER },
        { VERDICT_FAIL, VERDICT_FAIL, BASELINE_SAME },
        { NONE, VERDICT_FAIL, BASELINE_NEW },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(baseline_change(rows[i].was != NONE, rows[i].was,
                                     rows[i].is != NONE, rows[i].is),
                     rows[i].change, "%zu", i);
}

static bool not_c(const void *context, const char *case_id)
{
    (void)context;
    return strcmp(case_id, "f/c") != 0;
}

Test(baseline, says_what_got_worse_and_what_was_lost)
{
    struct run was = { .run_id = "earlier" }, is = { 0 };
    struct buf out = { 0 };

    add(&was, "f/a", VERDICT_PASS, 1);
    add(&was, "f/b", VERDICT_PASS, 1);
    add(&was, "f/c", VERDICT_PASS, 1);
    add(&is, "f/a", VERDICT_PASS, 1);
    add(&is, "f/a", VERDICT_FAIL, 2); /* the worst counts */
    add(&is, "f/b", VERDICT_HOLD, 1);
    add(&is, "f/d", VERDICT_PASS, 1);
    cr_expect_not(baseline_compare(&out, &was, &is, NULL, NULL));
    cr_expect_str_eq(buf_text(&out),
                     "  worse   f/a: pass, now fail\n"
                     "  lost    f/b: pass, now hold; a reason\n"
                     "  lost    f/c: pass, now not there\n"
                     "  against earlier: same 0, better 0, worse 1, lost 2, "
                     "new 1\n");
    buf_clear(&out);
    /* What this run was not asked for is not lost. */
    cr_expect_not(baseline_compare(&out, &was, &is, not_c, NULL));
    cr_expect_not_null(strstr(buf_text(&out), "lost 1, new 1"));
    buf_clear(&out);
    cr_expect(baseline_compare(&out, &was, &was, NULL, NULL));
    buf_release(&out);
    drop(&was);
    drop(&is);
}

/* ------------------------------------------------------------ stability */

Test(stability, once_is_nothing_to_compare)
{
    struct run run = { 0 };
    struct buf out = { 0 };

    add(&run, "f/a", VERDICT_PASS, 1);
    stability_write(&out, &run);
    cr_expect_eq(out.length, 0);
    buf_release(&out);
    drop(&run);
}

Test(stability, says_how_often_each_verdict_came)
{
    struct run run = { 0 };
    struct buf out = { 0 };

    for (int64_t i = 1; i <= 3; i++) {
        add(&run, "f/a", VERDICT_PASS, i);
        add(&run, "f/b", i == 2 ? VERDICT_HOLD : VERDICT_PASS, i);
    }
    stability_write(&out, &run);
    cr_expect_str_eq(buf_text(&out),
                     "\n  repeated     2 cases up to 3 times: 1 gave the same "
                     "verdict each time, 1 did not\n"
                     "  unstable         f/b: hold 1, pass 2; a reason\n");
    buf_release(&out);
    drop(&run);
}

Test(stability, a_verdict_that_follows_the_order_is_told_as_such)
{
    struct run run = { .shuffled_from = 3 };
    struct buf out = { 0 };

    for (int64_t i = 1; i <= 4; i++) {
        add(&run, "f/a", i >= 3 ? VERDICT_FAIL : VERDICT_PASS, i);
        add(&run, "f/b", i >= 2 ? VERDICT_FAIL : VERDICT_PASS, i);
    }
    stability_write(&out, &run);
    cr_expect_not_null(
        strstr(buf_text(&out), "  order-dependent  f/a: fail 2, pass 2\n"));
    cr_expect_not_null(
        strstr(buf_text(&out), "  unstable         f/b: fail 3, pass 1\n"));
    buf_release(&out);
    drop(&run);
}
