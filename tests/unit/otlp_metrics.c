/* Points of OTLP as samples, and one reading after the other. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "harness/telemetry/otlp_metrics.h"

static void read_json(struct metrics *out, const char *metrics)
{
    char *text =
        xasprintf("{\"resourceMetrics\":[{\"resource\":{\"attributes\":[{"
                  "\"key\":\"service.name\",\"value\":{\"stringValue\":\"g\"}},"
                  "{\"key\":\"process.pid\",\"value\":{\"intValue\":7}}]},"
                  "\"scopeMetrics\":[{\"metrics\":[%s]}]}]}",
                  metrics);
    struct otlp_request request;
    struct err err = { 0 };

    *out = (struct metrics){ 0 };
    cr_assert(otlp_read_json(&request, OTLP_METRICS, text, strlen(text), &err),
              "%s: %s", err.where, err.text);
    cr_assert(otlp_metrics_add(out, &request));
    otlp_release(&request);
    free(text);
}

#define POINT(value)                                                           \
    "{\"dataPoints\":[{" value ",\"attributes\":[{\"key\":\"code\",\"value\":" \
    "{\"intValue\":\"200\"}},{\"key\":\"ok\",\"value\":{\"boolValue\":true}}," \
    "{\"key\":\"list\",\"value\":{\"arrayValue\":{}}}]}],"                     \
    "\"aggregationTemporality\":2}"

Test(otlp_metrics, a_point_is_a_sample_whatever_its_kind)
{
    static const struct {
        const char *json, *name;
        double value;
        size_t samples;
    } kinds[] = {
        { "{\"name\":\"a\",\"sum\":" POINT(
              "\"asInt\":\"5\"") ",\"unit\":\"1\"}",
          "a", 5, 1 },
        { "{\"name\":\"a\",\"gauge\":" POINT("\"asDouble\":-1.5") "}", "a",
          -1.5, 1 },
        { "{\"name\":\"a\",\"histogram\":" POINT(
              "\"count\":\"3\",\"sum\":60.25") ",\"unit\":\"s\"}",
          "a_count", 3, 2 },
        { "{\"name\":\"a\",\"exponentialHistogram\":" POINT(
              "\"count\":3,\"sum\":60.25") "}",
          "a_count", 3, 2 },
        { "{\"name\":\"a\",\"summary\":" POINT(
              "\"count\":\"3\",\"sum\":60.25") "}",
          "a_count", 3, 2 },
    };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct metrics m;

        read_json(&m, kinds[i].json);
        cr_assert_eq(m.count, kinds[i].samples, "kind %zu", i);
        cr_expect_str_eq(m.samples[0].name, kinds[i].name);
        cr_expect_eq(m.samples[0].value, kinds[i].value, "kind %zu: %g", i,
                     m.samples[0].value);
        cr_expect(!m.samples[0].delta);
        cr_expect_str_eq(metrics_label(&m.samples[0], "code"), "200");
        cr_expect_str_eq(metrics_label(&m.samples[0], "ok"), "true");
        cr_expect_str_eq(metrics_label(&m.samples[0], "list"), "");
        cr_expect_str_eq(metrics_label(&m.samples[0], "resource.process.pid"),
                         "7");
        cr_expect_eq(m.samples[0].label_count, 3);
        if (kinds[i].samples == 2) {
            cr_expect_str_eq(m.samples[1].name, "a_sum");
            cr_expect_eq(m.samples[1].value, 60.25);
        }
        metrics_release(&m);
    }
}

/* Sum "n" with as_int 5, then the attribute: members stand in the order of
 * their numbers, and the last is none of the values. */
Test(otlp_metrics, the_value_of_a_point_is_told_by_protobuf_too)
{
    static const char bytes[] = "\x0a\x20\x12\x1e\x12\x1c" /* 32, 30, 28 */
                                "\x0a\x01n"                /* name */
                                "\x3a\x17"                 /* sum, 23 */
                                "\x0a\x13"                 /* point, 19 */
                                "\x31\x05\0\0\0\0\0\0\0"   /* as_int */
                                "\x3a\x08\x0a\x01k\x12\x03\x0a\x01v"
                                "\x10\x01"; /* delta */
    struct otlp_request request;
    struct metrics m = { 0 };
    struct err err = { 0 };

    cr_assert(otlp_read_protobuf(&request, OTLP_METRICS, bytes,
                                 sizeof bytes - 1, &err),
              "%s: %s", err.where, err.text);
    cr_assert(otlp_metrics_add(&m, &request));
    cr_assert_eq(m.count, 1);
    cr_expect_str_eq(m.samples[0].name, "n");
    cr_expect_eq(m.samples[0].value, 5);
    cr_expect(m.samples[0].delta);
    cr_expect_str_eq(metrics_label(&m.samples[0], "k"), "v");
    metrics_release(&m);
    otlp_release(&request);
}

static struct metrics_sample *add(struct metrics *m, const char *name,
                                  const char *label, double value, bool delta)
{
    struct metrics_sample *sample = metrics_add(m, name, strlen(name));

    sample->value = value;
    sample->delta = delta;
    metrics_add_label(sample, "l", 1, xstrdup(label));
    return sample;
}

Test(otlp_metrics, the_latest_total_counts_and_deltas_add_up)
{
    struct metrics all = { 0 }, one = { 0 }, copy;

    add(&one, "b", "2", 1, false);
    add(&one, "a", "1", 5, false);
    add(&one, "d", "1", 5, true);
    cr_assert(metrics_merge(&all, &one));
    cr_expect_eq(one.count, 0);
    add(&one, "a", "1", 7, false);
    add(&one, "d", "1", 2, true);
    add(&one, "b", "1", 4, false);
    cr_assert(metrics_merge(&all, &one));
    metrics_copy(&copy, &all);
    metrics_release(&all);
    cr_assert_eq(copy.count, 4);
    cr_expect(copy.samples[0].value == 7 && !strcmp(copy.samples[0].name, "a"));
    cr_expect(copy.samples[1].value == 4 && copy.samples[2].value == 1);
    cr_expect_str_eq(metrics_label(&copy.samples[2], "l"), "2");
    cr_expect(copy.samples[3].value == 7 && !strcmp(copy.samples[3].name, "d"));
    metrics_release(&copy);
}

Test(otlp_metrics, other_signals_and_nameless_metrics_have_no_samples)
{
    struct otlp_request request;
    struct metrics m = { 0 };
    struct err err = { 0 };

    cr_assert(otlp_read_json(&request, OTLP_LOGS, "{}", 2, &err));
    cr_expect(otlp_metrics_add(&m, &request));
    otlp_release(&request);
    cr_expect_eq(m.count, 0);
    read_json(&m, "{\"sum\":" POINT("\"asInt\":5") "}");
    cr_expect_eq(m.count, 0);
    metrics_release(&m);
}
