#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cmd.h"
#include "tests/unit/hand_made.h"

static void redirect(void)
{
    cr_redirect_stdout();
    cr_redirect_stderr();
}

TestSuite(cmd, .init = redirect);

/* Runs a command as a shell would; words are separated by one blank. */
static int call(int (*cmd)(int, char **), const char *line)
{
    char *copy = xstrdup(line), *rest = NULL;
    char *argv[8] = { NULL };
    int argc = 0, code;

    for (char *word = strtok_r(copy, " ", &rest); word && argc < 7;
         word = strtok_r(NULL, " ", &rest))
        argv[argc++] = word;
    code = cmd(argc, argv);
    free(copy);
    return code;
}

static void expect_stderr(const char *text)
{
    fflush(stderr);
    cr_expect_stderr_eq_str(text);
}

Test(cmd, what_the_caller_gave_is_exit_2_and_the_rest_is_exit_4)
{
    static const struct {
        enum err_code code;
        int exit;
    } rows[] = {
        { ERR_USAGE, 2 }, { ERR_SYNTAX, 2 }, { ERR_SCHEMA, 2 },
        { ERR_IO, 4 },    { ERR_NET, 4 },    { ERR_STATE, 4 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = { .code = rows[i].code, .where = "a", .text = "b" };

        cr_expect_eq(cmd_fail(&err), rows[i].exit, "row %zu", i);
    }
}

Test(cmd, a_failure_names_place_and_reason)
{
    struct err err = { .code = ERR_SCHEMA,
                       .where = "a.json: $.retry",
                       .text = "unknown key" };

    cmd_fail(&err);
    expect_stderr("gatedrill: a.json: $.retry: unknown key\n");
}

Test(cmd, list_of_something_unknown_names_the_nearest)
{
    cr_expect_eq(call(cmd_list, "list report"), EXIT_USAGE);
    expect_stderr("gatedrill: list: there are no \"report\"; did you mean "
                  "\"reports\"?; known are scenarios, faults, checks, "
                  "gateways, reports\n");
}

Test(cmd, list_reports_prints_one_line_each)
{
    cr_expect_eq(call(cmd_list, "list reports"), EXIT_PASS);
    fflush(stdout);
    cr_expect_stdout_eq_str(
        "text           -              for the terminal: failures first, then "
        "counts and both results\n"
        "json           -              for programs: run.json and one row a "
        "case\n"
        "evidence-json  evidence.json  the one-page record for the rollout "
        "ticket, as JSON\n"
        "evidence-md    evidence.md    the one-page record for the rollout "
        "ticket, as Markdown\n"
        "summary        summary.md     Markdown for a job summary: results, "
        "families, failures\n"
        "junit          junit.xml      JUnit XML: a suite an evidence type; "
        "hold is an error\n");
}

Test(cmd, every_kind_can_be_listed_in_both_forms)
{
    static const char *const kinds[] = { "scenarios", "faults", "checks",
                                         "gateways", "reports" };

    for (size_t i = 0; i < 5; i++) {
        char *lines = xasprintf("list %s", kinds[i]);
        char *json = xasprintf("list --json %s", kinds[i]);

        cr_expect_eq(call(cmd_list, lines), EXIT_PASS, "%s", kinds[i]);
        cr_expect_eq(call(cmd_list, json), EXIT_PASS, "%s", kinds[i]);
        free(lines);
        free(json);
    }
}

Test(cmd, report_wants_the_folder_of_a_run)
{
    cr_expect_eq(call(cmd_report, "report"), EXIT_USAGE);
    cr_expect_eq(call(cmd_report, "report /nonexistent"), EXIT_USAGE);
    cr_expect_eq(call(cmd_report, "report . --report junti"), EXIT_USAGE);
}

Test(cmd, report_prints_a_run_that_was_killed_and_says_so)
{
    char place[] = "/tmp/gatedrill-test-XXXXXX";
    char *path, *line, *text;
    struct json *document;
    struct run run;
    FILE *out;

    cr_assert_not_null(mkdtemp(place));
    path = xasprintf("%s/run.json", place);
    hand_run(&run);
    document = run_to_json(&run);
    text = json_print(document);
    out = fopen(path, "we");
    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
    line = xasprintf("report %s", place);
    cr_expect_eq(call(cmd_report, line), EXIT_PASS);
    free(line);
    unlink(path);
    rmdir(place);
    free(text);
    text = xasprintf("gatedrill: %s: incomplete: no manifest was written; 1 of "
                     "4 cases are finished\n",
                     place);
    expect_stderr(text);
    free(text);
    free(path);
    json_free(document);
    run_release(&run);
}
