#include "tests/refgateway/intake.h"

#include <criterion/criterion.h>
#include <string.h>

#define ROLE    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\n\n"
#define OUTPUT  "data: {\"choices\":[{\"delta\":{\"content\":\"t1\"}}]}\n\n"
#define FINISH  "data: {\"choices\":[{\"finish_reason\":\"stop\"}]}\n\n"
#define DONE    "data: [DONE]\n\n"
#define ERROR   "data: {\"error\":{\"code\":\"overloaded\"}}\n\n"
#define BROKEN  "data: {\"id\n\n"
#define COMMENT ": ping\n\n"

struct desk {
    struct rules rules;
    struct limits_moments moments;
    struct intake intake;
};

static void open_desk(struct desk *desk, int64_t commit, bool streaming)
{
    *desk = (struct desk){ 0 };
    rules_init(&desk->rules);
    desk->rules.stream.commit = commit;
    desk->intake.rules = &desk->rules;
    desk->intake.moments = &desk->moments;
    desk->intake.streaming = streaming;
}

static bool take(struct desk *desk, const char *text, int64_t now_ns)
{
    return intake_take(&desk->intake, text, strlen(text), now_ns);
}

Test(refgw_intake, nothing_passes_before_the_commit_point_and_all_after_it)
{
    static const struct {
        int64_t commit;
        const char *after_byte, *after_role, *after_output;
    } rows[] = {
        { RULES_COMMIT_FIRST_OUTPUT, "", "", ROLE OUTPUT },
        { RULES_COMMIT_FIRST_EVENT, "", ROLE, ROLE OUTPUT },
        { RULES_COMMIT_FIRST_BYTE, "", ROLE, ROLE OUTPUT },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk desk;

        open_desk(&desk, rows[i].commit, true);
        take(&desk, "d", 1);
        cr_expect_str_eq(buf_text(&desk.intake.output), rows[i].after_byte);
        cr_expect_eq(desk.moments.committed,
                     rows[i].commit == RULES_COMMIT_FIRST_BYTE);
        take(&desk, &ROLE[1], 2);
        cr_expect_str_eq(buf_text(&desk.intake.output), rows[i].after_role);
        take(&desk, OUTPUT, 3);
        cr_expect_str_eq(buf_text(&desk.intake.output), rows[i].after_output);
        cr_expect(desk.moments.committed);
        cr_expect_eq(desk.moments.output, 3);
        intake_release(&desk.intake);
    }
}

Test(refgw_intake, what_ends_the_answer_is_never_passed_on)
{
    static const struct {
        const char *text, *passed;
        struct classify_stream seen;
    } rows[] = {
        { OUTPUT ERROR OUTPUT, OUTPUT, { .error = true, .output = true } },
        { OUTPUT BROKEN OUTPUT, OUTPUT, { .malformed = true, .output = true } },
        { OUTPUT DONE, OUTPUT, { .done = true, .output = true } },
        { ROLE FINISH DONE, "", { .done = true, .finish = true } },
        { OUTPUT FINISH DONE OUTPUT,
          OUTPUT FINISH DONE,
          { .done = true, .finish = true, .output = true } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct desk desk;
        struct classify_stream seen;

        open_desk(&desk, RULES_COMMIT_FIRST_OUTPUT, true);
        cr_expect_not(take(&desk, rows[i].text, 1), "row %zu", i);
        seen = intake_stream(&desk.intake);
        cr_expect(desk.intake.ended, "row %zu", i);
        cr_expect_str_eq(buf_text(&desk.intake.output), rows[i].passed,
                         "row %zu", i);
        cr_expect_eq(seen.error, rows[i].seen.error, "row %zu", i);
        cr_expect_eq(seen.malformed, rows[i].seen.malformed, "row %zu", i);
        cr_expect_eq(seen.done, rows[i].seen.done, "row %zu", i);
        cr_expect_eq(seen.finish, rows[i].seen.finish, "row %zu", i);
        cr_expect_eq(seen.output, rows[i].seen.output, "row %zu", i);
        intake_release(&desk.intake);
    }
}

Test(refgw_intake, half_an_event_never_passes)
{
    struct desk desk;

    open_desk(&desk, RULES_COMMIT_FIRST_OUTPUT, true);
    take(&desk, OUTPUT "data: {\"choices\":[{\"del", 1);
    cr_expect_str_eq(buf_text(&desk.intake.output), OUTPUT);
    cr_expect(intake_stream(&desk.intake).pending);
    intake_release(&desk.intake);
}

Test(refgw_intake, comments_pass_after_the_commit_point_only)
{
    struct desk desk;

    open_desk(&desk, RULES_COMMIT_FIRST_OUTPUT, true);
    take(&desk, COMMENT OUTPUT COMMENT, 1);
    cr_expect_str_eq(buf_text(&desk.intake.output), OUTPUT COMMENT);
    intake_release(&desk.intake);
}

Test(refgw_intake, comments_are_progress_where_that_is_declared)
{
    for (int declared = 0; declared <= 1; declared++) {
        struct desk desk;

        open_desk(&desk, RULES_COMMIT_FIRST_OUTPUT, true);
        desk.rules.timeouts.comments_are_progress = declared;
        take(&desk, OUTPUT, 5);
        cr_expect_eq(desk.moments.progress, 5);
        take(&desk, COMMENT, 9);
        cr_expect_eq(desk.moments.progress, declared ? 9 : 5);
        intake_release(&desk.intake);
    }
}

Test(refgw_intake, a_plain_answer_is_kept_and_its_first_byte_is_output)
{
    struct desk desk;

    open_desk(&desk, RULES_COMMIT_FIRST_OUTPUT, false);
    cr_expect(take(&desk, "{\"a\":", 3));
    cr_expect(take(&desk, "1}", 4));
    cr_expect_str_eq(buf_text(&desk.intake.body), "{\"a\":1}");
    cr_expect_str_eq(buf_text(&desk.intake.output), "");
    cr_expect_eq(desk.moments.output, 3);
    cr_expect_eq(desk.moments.progress, 4);
    intake_release(&desk.intake);
}

Test(refgw_intake, a_plain_answer_passes_at_once_where_the_first_byte_commits)
{
    struct desk desk;

    open_desk(&desk, RULES_COMMIT_FIRST_BYTE, false);
    cr_expect(take(&desk, "{\"a\":", 3));
    cr_expect_str_eq(buf_text(&desk.intake.output), "{\"a\":");
    cr_expect(desk.moments.committed);
    intake_release(&desk.intake);
    open_desk(&desk, RULES_COMMIT_FIRST_BYTE, false);
    desk.moments.error_status = true;
    cr_expect(take(&desk, "{\"error\":", 3));
    cr_expect_not(desk.moments.committed, "an error never commits");
    intake_release(&desk.intake);
}

Test(refgw_intake, of_a_long_error_only_the_start_is_kept)
{
    struct desk desk;
    static char block[INTAKE_ERROR_MOST];

    open_desk(&desk, RULES_COMMIT_FIRST_OUTPUT, false);
    desk.moments.error_status = true;
    cr_expect(intake_take(&desk.intake, block, sizeof block, 1));
    cr_expect_not(intake_take(&desk.intake, block, 1, 1));
    cr_expect(desk.intake.too_long);
    cr_expect_eq(desk.intake.body.length, sizeof block);
    cr_expect_eq(desk.moments.output, 0, "an error is no output");
    intake_release(&desk.intake);
}
