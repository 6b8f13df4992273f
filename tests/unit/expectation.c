#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/evidence/expectation.h"

static const char verdicts[] =
    "{\"gateway\": \"nginx\", \"cases\": {"
    "\"malformed/garbage*\": {\"verdict\": \"fail\","
    " \"checks\": [\"attempts_per_upstream\"], \"finding\": \"x\"},"
    "\"connection/*\": {\"verdict\": \"fail\", \"sometimes\": true,"
    " \"checks\": [\"same_body\", \"route\"]},"
    "\"rate-limit/*\": {\"verdict\": \"fail\"}}}";

static void load(struct expectation *out, const char *text)
{
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    int fd = mkstemp(path);
    struct err err = { 0 };

    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    cr_assert(expectation_load(out, path, &err), "%s: %s", err.where, err.text);
    unlink(path);
}

static void add_result(struct run *run, const char *case_id,
                       enum verdict verdict, const char *failed_check)
{
    struct result *result = xcalloc(1, sizeof *result);

    result->case_id = xstrdup(case_id);
    result->verdict = verdict;
    if (failed_check) {
        struct finding *finding = findings_add(&result->findings);

        finding->check = failed_check;
        finding->verdict = VERDICT_FAIL;
        snprintf(finding->expected, sizeof finding->expected, "1");
        snprintf(finding->observed, sizeof finding->observed, "2");
    }
    result_list_add(&run->results, result);
}

static const struct {
    const char *case_id;
    enum verdict verdict;
    const char *check;
    bool met;
    int64_t held;
    const char *why;
} rows[] = {
    { "malformed/garbage[x=1]", VERDICT_FAIL, "attempts_per_upstream", true, 0,
      "" },
    { "malformed/garbage[x=1]", VERDICT_FAIL, "gap_bounds", false, 0,
      "malformed/garbage[x=1]: fails gap_bounds, which is not listed: 1, seen "
      "2\nmalformed/garbage[x=1]: listed to fail attempts_per_upstream, and "
      "does not\n" },
    { "malformed/garbage[x=1]", VERDICT_PASS, NULL, false, 0,
      "malformed/garbage[x=1]: pass, listed as fail\n" },
    { "rate-limit/once", VERDICT_FAIL, "whatever", true, 0, "" },
    { "connection/reset", VERDICT_FAIL, "same_body", true, 0, "" },
    { "connection/reset", VERDICT_PASS, NULL, true, 0, "" },
    { "connection/reset", VERDICT_HOLD, NULL, true, 0, "" },
    { "connection/reset", VERDICT_NOT_APPLICABLE, NULL, false, 0,
      "connection/reset: not_applicable, listed as fail\n" },
    { "connection/reset", VERDICT_FAIL, "redaction", false, 0,
      "connection/reset: fails redaction, which is not listed: 1, seen 2\n" },
    { "connection/reset", VERDICT_FAIL, "route", true, 0, "" },
    { "control/healthy", VERDICT_PASS, NULL, true, 0, "" },
    { "control/healthy", VERDICT_HOLD, NULL, true, 1, "" },
    { "control/healthy", VERDICT_FAIL, "redaction", false, 0,
      "control/healthy: fails and is not listed: \n" },
    { "control/healthy", VERDICT_NOT_APPLICABLE, NULL, true, 0, "" },
};

Test(expectation, each_result_is_held_against_what_is_listed)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct expectation expectation;
        struct run run = { 0 };
        struct buf why = { 0 };
        int64_t held;

        load(&expectation, verdicts);
        add_result(&run, rows[i].case_id, rows[i].verdict, rows[i].check);
        cr_assert_eq(expectation_met(&expectation, &run, &held, &why),
                     rows[i].met, "row %zu", i);
        cr_assert_eq(held, rows[i].held, "row %zu", i);
        cr_assert_str_eq(buf_text(&why), rows[i].why, "row %zu", i);
        buf_release(&why);
        run_release(&run);
        expectation_release(&expectation);
    }
}

Test(expectation, a_slip_in_the_file_is_named)
{
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    const char text[] = "{\"gateway\":\"x\",\"cases\":{\"a\":{\"verdict\":"
                        "\"fails\"}}}";
    struct expectation expectation;
    struct err err = { 0 };
    int fd = mkstemp(path);

    cr_assert_eq(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    cr_assert_not(expectation_load(&expectation, path, &err));
    unlink(path);
    cr_assert(strstr(err.where, "$.cases.a.verdict"), "%s", err.where);
    cr_assert(strstr(err.text, "\"fails\" is not one of"), "%s", err.text);
}
