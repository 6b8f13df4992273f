/* What new series say by the names and shapes of their labels. */
#include <criterion/criterion.h>
#include <string.h>

#include "harness/telemetry/exposition.h"
#include "harness/telemetry/telemetry.h"

static const char *const paths[] = { "/v1/made-up", NULL };

static void look(struct telemetry *out, const char *before, const char *after)
{
    struct metrics first, last;
    struct err err = { 0 };

    *out = (struct telemetry){ 0 };
    cr_assert(exposition_read(&first, before, strlen(before), &err));
    cr_assert(exposition_read(&last, after, strlen(after), &err), "%s: %s",
              err.where, err.text);
    telemetry_add_metrics(out, &first, &last, paths);
    metrics_release(&first);
    metrics_release(&last);
}

static const struct {
    const char *after;
    const char *where; /* NULL: nothing is noted */
    enum telemetry_shape_kind kind;
} rows[] = {
    { "a{model=\"m\",route=\"/v1/chat/completions\"} 1\n", NULL, 0 },
    { "a{http_request_header_authorization=\"Bearer abc\"} 1\n", "metric label",
      TELEMETRY_CREDENTIAL },
    { "a{http_request_header_authorization=\"[REDACTED]\"} 1\n", NULL, 0 },
    { "a{http_request_header_user_agent=\"curl\"} 1\n", NULL, 0 },
    { "a{gen_ai_prompt=\"Say hello\"} 1\n", "metric label", TELEMETRY_CONTENT },
    { "{\"a\",\"gen_ai.input.messages\"=\"Say hello\"} 1\n", "metric label",
      TELEMETRY_CONTENT },
    { "a{url_full=\"http://h/v1?key=abc\"} 1\n", "metric label",
      TELEMETRY_CREDENTIAL },
    { "a{url_full=\"http://h/v1?page=2\"} 1\n", NULL, 0 },
    { "a{handler=\"/v1/made-up\"} 1\n", "metric label", TELEMETRY_RAW_NAME },
    { "a{handler=\"/v1/made\"} 1\n", NULL, 0 },
    { "a 1 # {gen_ai_prompt=\"Say hello\"} 1\n", "exemplar",
      TELEMETRY_CONTENT },
    { "a 1 # {trace_id=\"0af7651916cd43dd\"} 1\n", NULL, 0 },
};

Test(telemetry_metrics, labels_are_looked_at_by_their_shape)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct telemetry seen;

        look(&seen, "", rows[i].after);
        cr_expect_eq(seen.shape_count, rows[i].where ? 1 : 0, "row %zu: %zu", i,
                     seen.shape_count);
        if (rows[i].where && seen.shape_count) {
            cr_expect_str_eq(seen.shapes[0].where, rows[i].where, "row %zu", i);
            cr_expect_eq(seen.shapes[0].kind, rows[i].kind, "row %zu", i);
            cr_expect(!strstr(seen.shapes[0].name, "abc") &&
                      !strstr(seen.shapes[0].name, "made-up"));
        }
        telemetry_release(&seen);
    }
}

Test(telemetry_metrics, what_stood_there_before_is_not_this_case)
{
    struct telemetry seen;

    look(&seen, "a{handler=\"/v1/made-up\"} 1\n",
         "a{handler=\"/v1/made-up\"} 2\nb{c=\"d\"} 1\n");
    cr_expect_eq(seen.shape_count, 0);
    cr_assert_eq(seen.field_count, 2);
    cr_expect_str_eq(seen.fields[0], "metric b");
    cr_expect_str_eq(seen.fields[1], "metric label c");
    telemetry_release(&seen);
}
