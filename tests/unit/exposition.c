/* A metrics page is read as Prometheus reads it, or told what is wrong. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "harness/telemetry/exposition.h"

static void read_page(struct metrics *out, const char *text)
{
    struct err err = { 0 };

    cr_assert(exposition_read(out, text, strlen(text), &err), "%s: %s",
              err.where, err.text);
}

static const char page[] =
    "# HELP http_requests_total Requests, with \\n and \\\\ in the text.\n"
    "# TYPE http_requests_total counter\n"
    "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n"
    "http_requests_total{ code = \"400\" , method=\"post\", } 3\n"
    "\n"
    "# a comment, and a type of version 1.0\n"
    "# TYPE  build info\n"
    "no_labels 12.47\n"
    "empty{} -3\r\n"
    "  spaced\t\t7e-2  -3982045  \n"
    "msdos{path=\"C:\\\\DIR\\\\\",error=\"Cannot find:\\n\\\"FILE\\\"\"} "
    "1.5e9\n"
    "rpc_seconds_bucket{le=\"+Inf\"} +Inf\n"
    "a:b:c NaN\n"
    "down -inf\n"
    "hex 0x1p-2\n";

Test(exposition, a_sample_has_its_name_its_labels_and_its_value)
{
    struct metrics m;

    read_page(&m, page);
    cr_assert_eq(m.count, 10);
    cr_expect_str_eq(m.samples[0].name, "http_requests_total");
    cr_expect_eq(m.samples[0].value, 1027);
    cr_expect_str_eq(metrics_label(&m.samples[0], "code"), "200");
    cr_expect_str_eq(metrics_label(&m.samples[1], "method"), "post");
    cr_expect_str_eq(metrics_label(&m.samples[1], "nothing"), "");
    cr_expect_str_eq(m.samples[1].labels[0].name, "code");
    cr_expect_eq(m.samples[2].value, 12.47);
    cr_expect_eq(m.samples[3].value, -3);
    cr_expect_eq(m.samples[4].value, 0.07);
    cr_expect_str_eq(metrics_label(&m.samples[5], "path"), "C:\\DIR\\");
    cr_expect_str_eq(metrics_label(&m.samples[5], "error"),
                     "Cannot find:\n\"FILE\"");
    cr_expect_eq(m.samples[5].value, 1.5e9);
    cr_expect(isinf(m.samples[6].value) && m.samples[6].value > 0);
    cr_expect(isnan(m.samples[7].value));
    cr_expect_str_eq(m.samples[7].name, "a:b:c");
    cr_expect(isinf(m.samples[8].value) && m.samples[8].value < 0);
    cr_expect_eq(m.samples[9].value, 0.25);
    metrics_release(&m);
}

Test(exposition, names_in_quotes_are_those_of_version_3)
{
    struct metrics m;

    read_page(&m, "{\"http.requests\",\"net.host\"=\"a\",code=\"1\"} 4\n"
                  "{code=\"2\",\"http.requests\"} 5\n");
    cr_assert_eq(m.count, 2);
    cr_expect_str_eq(m.samples[0].name, "http.requests");
    cr_expect_str_eq(metrics_label(&m.samples[0], "net.host"), "a");
    cr_expect_str_eq(m.samples[1].name, "http.requests");
    cr_expect_eq(m.samples[1].value, 5);
    metrics_release(&m);
}

Test(exposition, an_exemplar_stands_beside_its_sample)
{
    struct metrics m;

    read_page(&m, "# TYPE foo counter\n"
                  "foo_total{a=\"b\"} 17.0 1520879607.789 # {trace_id=\"K\"} "
                  "0.5 1520879606.1\n"
                  "foo_bucket{le=\"1\"} 2 # {} 0.5\n"
                  "# EOF\n\n");
    cr_assert_eq(m.count, 2);
    cr_expect_eq(m.samples[0].value, 17);
    cr_assert_eq(m.samples[0].exemplar_count, 1);
    cr_expect_str_eq(m.samples[0].exemplar[0].name, "trace_id");
    cr_expect_str_eq(m.samples[0].exemplar[0].value, "K");
    cr_expect_eq(m.samples[0].label_count, 1);
    cr_expect_eq(m.samples[1].exemplar_count, 0);
    metrics_release(&m);
}

Test(exposition, no_sample_is_a_page_too)
{
    struct metrics m;

    read_page(&m, "");
    cr_expect_eq(m.count, 0);
    read_page(&m, "\n# EOF\n");
    cr_expect_eq(m.count, 0);
}

static const struct {
    const char *text, *where, *what;
} wrong[] = {
    { "a 1\nb", "line 2", "ends inside a line" },
    { "a 12", "line 1", "ends inside a line" },
    { "a\n", "line 1", "number" },
    { "a one\n", "line 1", "number" },
    { "a 1 2 3\n", "line 1", "more behind" },
    { "a 1 x\n", "line 1", "number" },
    { "a nan(1)\n", "line 1", "number" },
    { "a 1_000\n", "line 1", "number" },
    { "a 1111111111111111111111111111111111111111111111111111111111111111111\n",
      "line 1", "number" },
    { "9a 1\n", "line 1", "name" },
    { "a-b 1\n", "line 1", "number" },
    { "{} 1\n", "line 1", "without a name" },
    { "{\"\"} 1\n", "line 1", "without a name" },
    { "\"a\" 1\n", "line 1", "in braces" },
    { "{\"a\",\"b\"} 1\n", "line 1", "= and a value" },
    { "a{b} 1\n", "line 1", "= and a value" },
    { "a{b=1} 1\n", "line 1", "= and a value" },
    { "a{b=\"c} 1\n", "line 1", "quotes" },
    { "a{b=\"\\t\"} 1\n", "line 1", "escape" },
    { "a{b=\"c\" d=\"e\"} 1\n", "line 1", ", or }" },
    { "a{b=\"c\",b=\"d\"} 1\n", "line 1", "twice" },
    { "a{b=\"c\"\n", "line 1", ", or }" },
    { "a{:b=\"c\"} 1\n", "line 1", "name" },
    { "a{,} 1\n", "line 1", "name" },
    { "# TYPE a\n", "line 1", "# TYPE" },
    { "# TYPE a meter\n", "line 1", "# TYPE" },
    { "ok 1\n# EOF\nmore 1\n", "line 3", "# EOF" },
    { "a 1 # trace\n", "line 1", "exemplar" },
    { "a 1 # {b=\"c\"}\n", "line 1", "number" },
    { "<html>\n", "line 1", "name" },
};

Test(exposition, what_is_wrong_is_told_with_its_line)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct metrics m = { .count = 1 };
        struct err err = { 0 };

        cr_expect(
            !exposition_read(&m, wrong[i].text, strlen(wrong[i].text), &err),
            "%s is taken", wrong[i].text);
        cr_expect_eq(err.code, ERR_SYNTAX);
        cr_expect_str_eq(err.where, wrong[i].where, "%s: %s", wrong[i].text,
                         err.where);
        cr_expect(strstr(err.text, wrong[i].what), "%s: %s", wrong[i].text,
                  err.text);
        cr_expect_eq(m.count, 0);
        cr_expect_null(m.samples);
    }
}

Test(exposition, a_nul_is_no_part_of_a_page)
{
    static const char value[] = "a{b=\"c\0d\"} 1\n", number[] = "a 1\0\n";
    struct metrics m;
    struct err err = { 0 };

    cr_expect(!exposition_read(&m, value, sizeof value - 1, &err));
    cr_expect(!exposition_read(&m, number, sizeof number - 1, &err));
}

/* count samples, each with labels labels; caller frees. */
static char *many(size_t count, size_t labels)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < count; i++) {
        buf_add_text(&out, "a{");
        for (size_t k = 0; k < labels; k++)
            buf_printf(&out, "l%zu=\"%zu\",", k, i);
        buf_add_text(&out, "} 1\n");
    }
    return buf_take(&out);
}

Test(exposition, samples_and_labels_are_bounded)
{
    static const struct {
        size_t count, labels;
        bool ok;
    } sizes[] = {
        { METRICS_SAMPLES_MOST, 1, true },
        { METRICS_SAMPLES_MOST + 1, 1, false },
        { 1, METRICS_LABELS_MOST, true },
        { 1, METRICS_LABELS_MOST + 1, false },
    };

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = many(sizes[i].count, sizes[i].labels);
        struct metrics m;
        struct err err = { 0 };

        cr_expect_eq(exposition_read(&m, text, strlen(text), &err), sizes[i].ok,
                     "row %zu: %s", i, err.text);
        metrics_release(&m);
        free(text);
    }
}

Test(exposition, a_page_beyond_its_bound_is_not_read)
{
    char *text = xcalloc(EXPOSITION_BYTES_MOST + 2, 1);
    struct metrics m;
    struct err err = { 0 };

    memset(text, '\n', EXPOSITION_BYTES_MOST + 1);
    cr_expect(exposition_read(&m, text, EXPOSITION_BYTES_MOST, &err));
    cr_expect(!exposition_read(&m, text, EXPOSITION_BYTES_MOST + 1, &err));
    free(text);
}

static const struct {
    const char *before, *after;
    size_t fresh;
} series[] = {
    { "", "", 0 },
    { "a 1\n", "a 2\n", 0 },
    { "", "a 1\nb 1\n", 2 },
    { "a{b=\"1\"} 1\n", "a{b=\"1\"} 1\na{b=\"2\"} 1\n", 1 },
    { "a{b=\"1\",c=\"2\"} 1\n", "a{c=\"2\",b=\"1\"} 9\n", 0 },
    { "a{b=\"1\"} 1\n", "a{b=\"1\",c=\"1\"} 1\na 1\n", 2 },
    { "a 1\nb 1\n", "b 1\n", 0 },
    { "", "a 1\na 1\n", 1 },
    { "a{b=\"1\"} 1\n", "a{c=\"1\"} 1\n", 1 },
};

Test(metrics, a_series_is_new_by_its_name_and_labels)
{
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        struct metrics before, after;

        read_page(&before, series[i].before);
        read_page(&after, series[i].after);
        cr_expect_eq(metrics_new_series(&before, &after), series[i].fresh,
                     "row %zu: %zu", i, metrics_new_series(&before, &after));
        metrics_release(&before);
        metrics_release(&after);
    }
}
