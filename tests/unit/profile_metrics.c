/* What a profile may say of counters. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness/launch/profile.h"

#define PAGE "http://127.0.0.1:${gateway.port}/metrics"

static char page_url[] = PAGE, upstream[] = "primary";
static char *upstreams[] = { upstream };

/* A profile with that telemetry, and sinks by the bits: 1 otlp, 2 a page. */
static bool read_metrics(struct profile *profile, const char *telemetry,
                         unsigned sinks, struct err *err)
{
    static struct profile_sink list[2];
    static char path[] = "profile.json";

    *profile = (struct profile){ .path = path };
    profile->telemetry =
        json_parse(telemetry, strlen(telemetry), "telemetry", err);
    cr_assert_not_null(profile->telemetry, "%s", err->text);
    profile->sinks.items = list;
    if (sinks & 1)
        list[profile->sinks.count++] =
            (struct profile_sink){ .kind = SINK_OTLP };
    if (sinks & 2)
        list[profile->sinks.count++] =
            (struct profile_sink){ .kind = SINK_HTTP, .url = page_url };
    profile->upstreams.keys = upstreams;
    profile->upstreams.count = 1;
    return profile_metrics_read(&profile->metrics, profile, err);
}

static void done(struct profile *profile)
{
    json_free(profile->telemetry);
    profile_metrics_release(&profile->metrics);
}

Test(profile_metrics, where_nothing_is_said_nothing_is_declared)
{
    struct profile profile;
    struct err err = { 0 };

    cr_assert(read_metrics(&profile, "{}", 3, &err), "%s", err.text);
    cr_expect(!profile.metrics.declared);
    cr_expect_eq(profile.metrics.counters.count, 0);
    cr_expect_eq(profile.metrics.series_max, -1);
    done(&profile);
}

Test(profile_metrics, the_page_is_that_of_the_sink_and_counters_stand_there)
{
    struct profile profile;
    struct err err = { 0 };
    const struct profile_counter *counters;

    cr_assert(
        read_metrics(&profile,
                     "{\"metrics\":{\"series_max\":3,\"counters\":[{\"counts\":"
                     "\"attempts_total\",\"name\":\"a\",\"labels\":{\"b\":"
                     "\"c\"},\"upstream\":\"primary\",\"status\":\"code\"},"
                     "{\"counts\":\"output_tokens\",\"from\":\"otlp\","
                     "\"name\":\"gen_ai.client.token.usage_sum\"},"
                     "{\"counts\":\"requests_total\",\"from\":\"otlp\","
                     "\"name\":\"r\"}]}}",
                     3, &err),
        "%s: %s", err.where, err.text);
    counters = profile.metrics.counters.items;
    cr_expect(profile.metrics.declared);
    cr_expect_str_eq(profile.metrics.url, PAGE);
    cr_expect_eq(profile.metrics.series_max, 3);
    cr_expect_eq(profile.metrics.flush_ms, 2000);
    cr_assert_eq(profile.metrics.counters.count, 3);
    cr_expect_eq(counters[0].counts, METRIC_ATTEMPTS);
    cr_expect_eq(counters[0].from, METRIC_ON_PAGE);
    cr_expect_str_eq(counters[0].status, "code");
    cr_expect_eq(counters[1].from, METRIC_BY_OTLP);
    cr_expect_eq(counters[1].counts, METRIC_OUTPUT_TOKENS);
    done(&profile);
}

Test(profile_metrics, a_retry_count_may_be_a_metric)
{
    struct profile profile;
    struct err err = { 0 };
    const struct profile_counter *counters;

    cr_assert(read_metrics(&profile,
                           "{\"retry_count\":{\"metric\":{\"name\":\"r\"},"
                           "\"counts\":\"retries_primary\"}}",
                           2, &err),
              "%s: %s", err.where, err.text);
    counters = profile.metrics.counters.items;
    cr_expect(profile.metrics.declared);
    cr_assert_eq(profile.metrics.counters.count, 1);
    cr_expect_eq(counters[0].counts, METRIC_RETRIES_PRIMARY);
    cr_expect_eq(counters[0].from, METRIC_ON_PAGE);
    done(&profile);
}

#define COUNTER(text) "{\"metrics\":{\"counters\":[" text "]}}"
static const struct {
    const char *telemetry;
    unsigned sinks;
    const char *text; /* in where or text */
} wrong[] = {
    { "{\"metrics\":{\"url\":\"http://elsewhere/metrics\"}}", 2,
      "sink of kind http" },
    { "{\"metrics\":{\"url\":\"http://elsewhere/metrics\"}}", 1,
      "sink of kind http" },
    { "{\"metrics\":{\"series\":1}}", 2, "series" },
    { "{\"metrics\":[]}", 2, "metrics" },
    { COUNTER("{\"name\":\"a\"}"), 2, "counts" },
    { COUNTER("{\"counts\":\"retries_total\"}"), 2, "name" },
    { COUNTER("{\"counts\":\"retries_total\",\"name\":\"\"}"), 2, "name" },
    { COUNTER("{\"counts\":\"retries\",\"name\":\"a\"}"), 2, "retries" },
    { COUNTER("{\"counts\":\"retries_total\",\"name\":\"a\"}"), 0, "otlp" },
    { COUNTER(
          "{\"counts\":\"retries_total\",\"name\":\"a\",\"from\":\"otlp\"}"),
      2, "otlp" },
    { COUNTER(
          "{\"counts\":\"retries_total\",\"name\":\"a\",\"from\":\"page\"}"),
      1, "page" },
    { COUNTER(
          "{\"counts\":\"retries_total\",\"name\":\"a\",\"upstream\":\"b\"}"),
      2, "no upstream" },
    { COUNTER("{\"counts\":\"requests_total\",\"name\":\"a\",\"upstream\":"
              "\"primary\"}"),
      2, "upstream" },
    { COUNTER("{\"counts\":\"retries_total\",\"name\":\"a\",\"status\":\"b\"}"),
      2, "status" },
    { COUNTER("{\"counts\":\"retries_total\",\"name\":\"a\"}"), 1,
      "otlp needs a counter of requests_total" },
    { COUNTER("{\"counts\":\"retries_total\",\"name\":\"a\",\"labels\":[]}"), 2,
      "object of texts" },
    { COUNTER("{\"counts\":\"retries_total\",\"name\":\"a\",\"labels\":"
              "{\"b\":1}}"),
      2, "object of texts" },
    { "{\"retry_count\":{\"metric\":\"r\"}}", 2, "must be an object" },
    { "{\"retry_count\":{\"metric\":{\"name\":\"r\"},\"counts\":\"x\"}}", 2,
      "\"x\"" },
};

Test(profile_metrics, what_is_wrong_is_told_with_its_place)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct profile profile;
        struct err err = { 0 };

        cr_expect(
            !read_metrics(&profile, wrong[i].telemetry, wrong[i].sinks, &err),
            "%s is taken", wrong[i].telemetry);
        cr_expect_eq(err.code, ERR_SCHEMA);
        cr_expect(strstr(err.where, wrong[i].text) ||
                      strstr(err.text, wrong[i].text),
                  "%s: %s: %s", wrong[i].telemetry, err.where, err.text);
        cr_expect(strstr(err.where, "profile.json: $.telemetry."), "%s",
                  err.where);
        done(&profile);
    }
}
