/* What leaves by another way than the run's folder: terminal, report files, log
 * lines. */
#include "harness/outlet.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "harness/cmd.h"
#include "harness/evidence/report.h"
#include "harness/leaks/plant.h"
#include "harness/progress.h"
#include "tests/unit/hand_made.h"

static struct canary key = {
    .id = "primary.key",
    .kind = CANARY_CREDENTIAL,
    .text =
        (char[]){ "sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj" }
};
static struct run_folder folder;
static char path[64];

static void begin(void)
{
    run_folder_init(&folder);
    run_folder_forbid(&folder, &key);
    outlet_guard(&folder);
    snprintf(path, sizeof path, "/tmp/gatedrill-test-XXXXXX");
    cr_assert_not_null(mkdtemp(path));
}

static void finish(void)
{
    outlet_guard(NULL);
    run_folder_close(&folder);
    rmdir(path);
}

TestSuite(outlet, .init = begin, .fini = finish);

/* What is written to a stream. */
struct heard {
    char *text;
    size_t length;
    FILE *out;
};

static void listen(struct heard *heard)
{
    heard->out = open_memstream(&heard->text, &heard->length);
}

static void expect_heard(struct heard *heard, const char *expected)
{
    fclose(heard->out);
    cr_expect_str_eq(heard->text, expected);
    free(heard->text);
}

Test(outlet, what_is_said_names_a_secret_by_its_id)
{
    struct heard heard;

    listen(&heard);
    outlet_say(heard.out, "%d: key=%s!\n", 7, key.text);
    outlet_say(heard.out, "%.20s...\n", key.text);
    outlet_say(heard.out, "nothing here");
    outlet_say(heard.out, "%s", "");
    expect_heard(&heard,
                 "7: key=[primary.key]!\n[primary.key]...\nnothing here");
}

Test(outlet, in_whatever_form)
{
    for (const struct plant *plant = plants; plant->name; plant++) {
        struct heard heard;
        struct buf text = { 0 };

        if (plant->packs || plant->deep || !strcmp(plant->name, "events") ||
            !strcmp(plant->name, "arguments"))
            continue;
        plant->write(&text, key.text, strlen(key.text));
        listen(&heard);
        outlet_say(heard.out, "gateway: %s", buf_text(&text));
        fflush(heard.out);
        cr_expect_not_null(strstr(heard.text, "[primary.key]"), "%s: %s",
                           plant->name, heard.text);
        cr_expect_null(strcasestr(heard.text, "q7ZrT0xVb3Lm"), "%s",
                       plant->name);
        fclose(heard.out);
        free(heard.text);
        buf_release(&text);
    }
}

Test(outlet, without_a_run_there_is_nothing_to_hide)
{
    struct heard heard;

    outlet_guard(NULL);
    listen(&heard);
    outlet_say(heard.out, "%s", key.text);
    expect_heard(&heard, key.text);
}

Test(outlet, log_lines_too, .init = cr_redirect_stderr)
{
    log_init("gatedrill", LOG_DEBUG);
    log_line(LOG_ERROR, "header %s is not sent", key.text);
    log_line(LOG_DEBUG, "%s%s", "\n", key.text);
    cr_assert_stderr_eq_str("gatedrill: error: header [primary.key] is not "
                            "sent\ngatedrill: debug:  [primary.key]\n");
}

Test(outlet, errors_too, .init = cr_redirect_stderr)
{
    struct err err;

    err_set(&err, ERR_STATE, key.text, "its last words: %s", key.text);
    cmd_fail(&err);
    fflush(stderr);
    cr_assert_stderr_eq_str(
        "gatedrill: [primary.key]: its last words: [primary.key]\n");
}

Test(outlet, progress_too)
{
    struct result result = { .case_id = (char[]){ "a/b" },
                             .verdict = VERDICT_HOLD };
    struct report_style style = { 0 };
    struct progress progress;
    struct heard heard;

    listen(&heard);
    progress_start(&progress, heard.out, false, style, 2, 1, NS_PER_S);
    snprintf(result.reason, sizeof result.reason, "it said %s", key.text);
    progress_case_done(&progress, &result, 2 * NS_PER_S);
    progress_say(&progress, key.text);
    expect_heard(&heard, "[1/2] hold  a/b  it said [primary.key]\n"
                         "[primary.key]\n");
}

Test(outlet, a_file_with_a_secret_is_not_written)
{
    char *name = xasprintf("%s/report", path);
    struct buf text = { 0 };
    struct err err = { 0 };

    buf_printf(&text, "all of %s", key.text);
    cr_expect_not(outlet_file(name, &text, &err));
    cr_expect_eq(err.code, ERR_STATE);
    cr_expect_str_eq(err.where, name);
    cr_expect_not_null(strstr(err.text, "primary.key"));
    cr_expect_null(strstr(err.text, key.text));
    cr_expect_neq(access(name, F_OK), 0);
    buf_clear(&text);
    buf_add_text(&text, "all of it");
    cr_expect(outlet_file(name, &text, &err));
    cr_expect_eq(access(name, F_OK), 0);
    unlink(name);
    buf_release(&text);
    free(name);
}

Test(outlet, a_report_with_a_secret_is_not_printed, .init = cr_redirect_stdout)
{
    struct run run;
    struct err err = { 0 };

    hand_run(&run);
    snprintf(run.results.items[1]->findings.items[0].observed, 128, "got %s",
             key.text);
    cr_expect_not(report_emit(&run, "text", &err));
    cr_expect_str_eq(err.where, "standard output");
    fflush(stdout);
    cr_expect_stdout_eq_str("");
    run_release(&run);
}

/* A gateway may put a key into what we note of it. */
Test(outlet, a_result_with_a_secret_is_written_without_it)
{
    char *place = xasprintf("%s/run", path), *text;
    char *command = xasprintf("rm -rf '%s'", place);
    struct findings findings = { 0 };
    struct result *result;
    struct err err = { 0 };
    struct hand h;

    hand_init(&h);
    hand_attempt(&h, "primary", 1, 200, 0);
    snprintf(h.attempts[0].request.target, sizeof h.attempts[0].request.target,
             "/v1/\"%s\\/chat", key.text);
    hand_finding(&findings, "route", VERDICT_FAIL, "/v1/chat", key.text);
    result = result_new(&h.drill_case, "gateway-evidence-drill-20260624-001");
    result_judge(result, &h.run, &h.judged, &findings, HAND_WHEN, 431);
    run_folder_close(&folder);
    cr_assert(run_folder_open(&folder, place, &err), "%s", err.text);
    run_folder_forbid(&folder, &key);
    cr_expect_not(run_save_result(&folder, result, &err));
    cr_expect_eq(err.code, ERR_STATE);
    run_conceal_result(&folder, result);
    cr_expect(run_save_result(&folder, result, &err), "%s: %s", err.where,
              err.text);
    text = json_print(result->history);
    cr_expect_not_null(strstr(text, "/v1/\\\"[primary.key]\\\\/chat"), "%s",
                       text);
    cr_expect_str_eq(result->findings.items[0].observed, "[primary.key]");
    cr_expect_not_null(strstr(result->reason, "[primary.key]"));
    cr_expect_eq(result->verdict, VERDICT_FAIL);
    cr_expect_eq(system(command), 0);
    free(text);
    free(place);
    free(command);
    result_free(result);
    hand_release(&h);
}
