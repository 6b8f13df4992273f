#include <criterion/criterion.h>
#include <ctype.h>

#include "harness/evidence/markup.h"
#include "harness/evidence/report_parts.h"
#include "tests/unit/hand_made.h"

static const struct report_style plain = { 0 };
static const struct report_style colour = { .colour = true, .width = 80 };

static char *printed(const char *name, const struct run *run,
                     const struct report_style *style)
{
    struct buf out = { 0 };

    cr_assert_not_null(report_find(name), "%s", name);
    report_find(name)->print(&out, run, style);
    return buf_take(&out);
}

/* Compares with tests/data/reports/<file>; what was printed goes to stderr
 * where it differs, to be judged by eye and put there. */
static void expect_golden(const char *file, const char *text)
{
    char *path =
        xasprintf("%s/tests/data/reports/%s", GATEDRILL_SOURCE_DIR, file);
    FILE *in = fopen(path, "re");
    struct buf golden = { 0 };
    char chunk[4096];
    size_t n;

    while (in && (n = fread(chunk, 1, sizeof chunk, in)) > 0)
        buf_add(&golden, chunk, n);
    if (in)
        fclose(in);
    cr_expect_str_eq(text, buf_text(&golden), "%s", file);
    if (strcmp(text, buf_text(&golden)) != 0)
        fprintf(stderr, "---- %s ----\n%s", file, text);
    buf_release(&golden);
    free(path);
}

/* A small check that a text is well-formed XML: tags nest, attributes are
 * quoted, every '&' begins a known entity, no character XML forbids. Returns
 * the number of elements, 0 when it is not. */
static size_t xml_elements(const char *text)
{
    char stack[16][32];
    size_t depth = 0, count = 0;

    while (*text) {
        const char *name;
        size_t length;
        bool closing, empty;

        if ((unsigned char)*text < 0x20 && !isspace((unsigned char)*text))
            return 0;
        if (*text == '&' && strncmp(text, "&lt;", 4) != 0 &&
            strncmp(text, "&gt;", 4) != 0 && strncmp(text, "&amp;", 5) != 0 &&
            strncmp(text, "&quot;", 6) != 0 && strncmp(text, "&apos;", 6) != 0)
            return 0;
        if (*text++ != '<')
            continue;
        if (*text == '?') {
            text += strcspn(text, ">") + 1;
            continue;
        }
        closing = *text == '/';
        name = text + closing;
        length = strcspn(name, " />\n");
        if (length == 0 || length >= sizeof stack[0])
            return 0;
        for (text = name + length; *text && *text != '>'; text++) {
            if (*text == '<')
                return 0;
            if (*text != '"')
                continue;
            for (text++; *text && *text != '"'; text++)
                if (*text == '<')
                    return 0;
        }
        if (!*text)
            return 0;
        empty = text[-1] == '/';
        text++;
        if (closing) {
            if (depth == 0 || strlen(stack[depth - 1]) != length ||
                strncmp(stack[depth - 1], name, length) != 0)
                return 0;
            depth--;
            continue;
        }
        count++;
        if (!empty) {
            if (depth == 16)
                return 0;
            snprintf(stack[depth++], sizeof stack[0], "%.*s", (int)length,
                     name);
        }
    }
    return depth == 0 ? count : 0;
}

Test(reports, the_xml_check_of_these_tests_can_fail)
{
    cr_expect_eq(xml_elements("<a><b c=\"d\"/>x &lt;</a>"), 2);
    cr_expect_eq(xml_elements("<a><b></a>"), 0);
    cr_expect_eq(xml_elements("<a>&nbsp;</a>"), 0);
    cr_expect_eq(xml_elements("<a b=\"<\"/>"), 0);
    cr_expect_eq(xml_elements("<a>\033</a>"), 0);
    cr_expect_eq(xml_elements("<a>"), 0);
}

Test(reports, text_shows_pass_fail_hold_and_not_applicable)
{
    struct run run;
    char *text;

    hand_run(&run);
    run.wall_ms = 2345;
    text = printed("text", &run, &plain);
    expect_golden("text.txt", text);
    free(text);
    run_release(&run);
}

Test(reports, text_in_colour_says_the_same)
{
    struct run run;
    struct buf stripped = { 0 };
    char *text, *coloured;

    hand_run(&run);
    text = printed("text", &run, &plain);
    coloured = printed("text", &run, &colour);
    cr_expect_not_null(strchr(coloured, '\033'));
    cr_expect_null(strchr(text, '\033'), "nothing of a gateway's acts");
    for (const char *at = coloured; *at; at++) {
        if (*at == '\033')
            at += strcspn(at, "m");
        else
            buf_add(&stripped, at, 1);
    }
    cr_expect_str_eq(buf_text(&stripped), text);
    buf_release(&stripped);
    free(text);
    free(coloured);
    run_release(&run);
}

Test(reports, text_says_when_a_run_is_incomplete_or_interrupted)
{
    struct run run;
    char *text;

    hand_run(&run);
    snprintf(run.note, sizeof run.note, "incomplete: 4 of 9 cases");
    run.interrupted = true;
    text = printed("text", &run, &plain);
    cr_expect_not_null(strstr(text, "incomplete: 4 of 9 cases"));
    cr_expect_not_null(strstr(text, "interrupted"));
    free(text);
    run_release(&run);
}

Test(reports, a_known_bad_gateway_must_fail_exactly_what_its_profile_names)
{
    struct run run;
    struct buf why = { 0 };
    char *text;

    hand_run(&run);
    cr_expect(run_breaks_as_expected(&run, &why), "nothing is expected");
    run.expected_breaks = xcalloc(3, sizeof *run.expected_breaks);
    run.expected_breaks[0] = xstrdup("attempts_per_upstream");
    cr_expect(run_breaks_as_expected(&run, &why), "%s", buf_text(&why));
    text = printed("text", &run, &plain);
    cr_expect_not_null(strstr(text, "it fails exactly the checks"));
    free(text);
    free(run.expected_breaks[0]);
    run.expected_breaks[0] = xstrdup("gap_bounds");
    cr_expect_not(run_breaks_as_expected(&run, &why));
    cr_expect_not_null(strstr(buf_text(&why), "gap_bounds should have failed"));
    cr_expect_not_null(
        strstr(buf_text(&why), "attempts_per_upstream failed in transient/"));
    text = printed("text", &run, &plain);
    cr_expect_not_null(strstr(text, "it does not fail exactly"));
    free(text);
    buf_release(&why);
    run_release(&run);
}

Test(reports, junit_shows_hold_as_an_error_and_not_applicable_as_skipped)
{
    struct run run;
    char *text;

    hand_run(&run);
    text = printed("junit", &run, &plain);
    cr_expect_gt(xml_elements(text), 4, "%s", text);
    expect_golden("junit.xml", text);
    free(text);
    run_release(&run);
}

Test(reports, junit_strips_what_xml_forbids)
{
    static const char *const nasty[] = {
        "a\001b\033[0m\177", "\xff\xfe bad utf-8",
        "]]> <!-- & \" '",   "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
        "\xef\xbf\xbf",      "\xc0\xaf",
    };

    for (size_t i = 0; i < sizeof nasty / sizeof nasty[0]; i++) {
        struct run run;
        char *text;

        hand_run(&run);
        snprintf(run.results.items[1]->reason,
                 sizeof run.results.items[1]->reason, "%s", nasty[i]);
        snprintf(run.results.items[1]->findings.items[0].observed, 256, "%s",
                 nasty[i]);
        text = printed("junit", &run, &plain);
        cr_expect_gt(xml_elements(text), 4, "row %zu: %s", i, text);
        cr_expect_eq(strstr(text, "\xc3\xa9 \xe2\x82\xac") != NULL, i == 3);
        free(text);
        run_release(&run);
    }
}

Test(reports, junit_never_shows_an_unfinished_run_as_green)
{
    struct run run;
    char *text;

    hand_run(&run);
    run.results.items[1]->verdict = VERDICT_PASS;
    run.results.items[2]->verdict = VERDICT_PASS;
    run_sum_up(&run);
    text = printed("junit", &run, &plain);
    cr_expect_null(strstr(text, "<error"), "all four ran");
    free(text);
    run.planned = 9;
    run_sum_up(&run);
    cr_expect_eq(run.conformance, VERDICT_HOLD);
    text = printed("junit", &run, &plain);
    cr_expect_not_null(strstr(text, "<error type=\"hold\""));
    cr_expect_gt(xml_elements(text), 4, "%s", text);
    free(text);
    run_release(&run);
}

Test(reports, junit_shows_the_conditions_where_promotion_decides)
{
    static const char conditions[] =
        "[{\"id\":\"route_verified\",\"verdict\":\"hold\",\"reason\":\"no\"},"
        "{\"id\":\"logs_sanitized\",\"verdict\":\"fail\",\"reason\":\"a<b\"},"
        "{\"id\":\"happy_path_parsed\",\"verdict\":\"pass\",\"reason\":\"\"}]";
    struct run run;
    struct err err;
    char *text;

    hand_run(&run);
    run.promotion_conditions =
        json_parse(conditions, strlen(conditions), "c", &err);
    text = printed("junit", &run, &plain);
    cr_expect_null(strstr(text, "route_verified"));
    free(text);
    run.promotion_decides = true;
    text = printed("junit", &run, &plain);
    cr_expect_not_null(
        strstr(text, "<testsuite name=\"promotion\" tests=\"3\" failures=\"1\" "
                     "errors=\"1\""));
    cr_expect_gt(xml_elements(text), 4, "%s", text);
    free(text);
    run_release(&run);
}

Test(reports, summary_shows_pass_fail_hold_and_not_applicable)
{
    struct run run;
    char *text;

    hand_run(&run);
    text = printed("summary", &run, &plain);
    expect_golden("summary.md", text);
    free(text);
    run_release(&run);
}

Test(reports, json_shows_pass_fail_hold_and_not_applicable)
{
    static const char *const verdicts[] = { "pass", "fail", "hold",
                                            "not_applicable" };
    struct run run;
    struct json *document;
    struct err err;
    char *text;

    hand_run(&run);
    text = printed("json", &run, &plain);
    document = json_parse(text, strlen(text), "report", &err);
    cr_assert_not_null(document, "%s", err.text);
    for (size_t i = 0; i < 4; i++)
        cr_expect_str_eq(json_get_text(json_at(json_get(document, "cases"), i),
                                       "verdict", ""),
                         verdicts[i]);
    cr_expect_str_eq(
        json_text(json_pointer(document, "/cases/1/findings/0/check"), ""),
        "attempts_per_upstream");
    cr_expect_str_eq(
        json_text(json_pointer(document, "/cases/1/repro"), ""),
        "gatedrill repro 'out dir/20260624T100000Z-3fa94c1b/records/"
        "002-transient-5xx-always-status-503.json'");
    cr_expect_str_eq(json_get_text(document, "conformance", ""), "fail");
    json_free(document);
    free(text);
    run_release(&run);
}

Test(reports, worst_comes_first)
{
    struct run run;
    const struct result **sorted;

    hand_run(&run);
    sorted = report_worst_first(&run);
    cr_expect_eq(sorted[0]->verdict, VERDICT_FAIL);
    cr_expect_eq(sorted[1]->verdict, VERDICT_HOLD);
    cr_expect_eq(sorted[2]->verdict, VERDICT_NOT_APPLICABLE);
    cr_expect_eq(sorted[3]->verdict, VERDICT_PASS);
    free(sorted);
    run_release(&run);
}

Test(reports, an_advisory_fail_is_no_reason_for_a_hold)
{
    struct run run;
    size_t from = 0;

    hand_run(&run);
    hand_finding(&run.results.items[2]->findings, "gap_bounds", VERDICT_FAIL,
                 "", "")
        ->severity = SEVERITY_ADVISORY;
    cr_expect_str_eq(report_next_finding(run.results.items[2], &from)->check,
                     "fault_delivered");
    cr_expect_null(report_next_finding(run.results.items[2], &from));
    run_release(&run);
}

Test(reports, a_format_is_known_or_the_nearest_is_named)
{
    struct err err = { 0 };

    cr_expect(report_spec_check("junit=out.xml", &err));
    cr_expect(report_spec_check("text", &err));
    cr_expect_not(report_spec_check("junti", &err));
    cr_expect_eq(err.code, ERR_USAGE);
    cr_expect_not_null(strstr(err.text, "did you mean \"junit\"?"), "%s",
                       err.text);
    cr_expect_not(report_spec_check("junit=", &err));
    cr_expect_not(report_spec_check("html", &err));
}

Test(reports, a_report_that_cannot_be_written_is_an_error)
{
    struct run run;
    struct err err = { 0 };

    hand_run(&run);
    cr_expect_not(report_emit(&run, "json=/nonexistent/x", &err));
    cr_expect_eq(err.code, ERR_IO);
    cr_expect_not(report_emit(&run, "json=/dev/full", &err));
    cr_expect_eq(err.code, ERR_IO);
    run_release(&run);
}

Test(reports, every_report_prints_a_run_of_nothing)
{
    const struct run run = { .planned = 3 };

    for (size_t i = 0; reports[i]; i++) {
        struct buf out = { 0 };

        reports[i]->print(&out, &run, &plain);
        cr_expect_gt(out.length, 0, "%s", reports[i]->name);
        buf_release(&out);
    }
}

Test(reports, what_is_written_with_every_run_has_a_name_of_its_own)
{
    for (size_t i = 0; reports[i]; i++) {
        cr_expect_eq(reports[i]->always, reports[i]->file != NULL);
        for (size_t k = 0; k < i; k++) {
            cr_expect_str_neq(reports[i]->name, reports[k]->name);
            if (reports[i]->file && reports[k]->file)
                cr_expect_str_neq(reports[i]->file, reports[k]->file);
        }
    }
}

Test(reports, shell_words_are_quoted_when_they_need_it)
{
    static const struct {
        const char *text, *quoted;
    } rows[] = {
        { "out/run-1/a.json", "out/run-1/a.json" },
        { "out dir", "'out dir'" },
        { "it's", "'it'\\''s'" },
        { "$(x)", "'$(x)'" },
        { "", "''" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf out = { 0 };

        markup_shell(&out, rows[i].text);
        cr_expect_str_eq(buf_text(&out), rows[i].quoted);
        buf_release(&out);
    }
}
