/* What the reference gateway counts, and the page it tells it on. */
#include <criterion/criterion.h>
#include <string.h>

#include "common/xalloc.h"
#include "tests/refgateway/metering.h"
#include "tests/refgateway/meter.h"

static char *page_of(struct meter *meter)
{
    struct buf page = { 0 };

    meter_write_page(&page, meter);
    return buf_take(&page);
}

Test(refgw_meter, a_series_is_its_labels_and_an_empty_one_is_none)
{
    const struct meter_label two[] = { { "upstream", "a\"\\\n" },
                                       { "status", "200" } };
    const struct meter_label one[] = { { "upstream", "a\"\\\n" },
                                       { "status", "" } };
    struct meter *meter = meter_new();
    char *page;

    meter_count(meter, METER_ATTEMPTS, two, 2, 1);
    meter_count(meter, METER_ATTEMPTS, one, 2, 1);
    meter_count(meter, METER_ATTEMPTS, two, 2, 2);
    meter_count(meter, METER_RETRIES, one, 1, -1);
    meter_count(NULL, METER_RETRIES, one, 1, 1);
    page = page_of(meter);
    cr_expect(strstr(page, "# TYPE refgw_upstream_attempts_total counter\n"
                           "refgw_upstream_attempts_total{upstream="
                           "\"a\\\"\\\\\\n\",status=\"200\"} 3\n"
                           "refgw_upstream_attempts_total{upstream="
                           "\"a\\\"\\\\\\n\"} 1\n"),
              "%s", page);
    cr_expect(
        strstr(page, "refgw_retries_total{upstream=\"a\\\"\\\\\\n\"} -1\n"));
    free(page);
    meter_free(meter);
}

Test(refgw_meter, a_histogram_counts_up_to_each_bound)
{
    struct meter *meter = meter_new();
    char *page;

    meter_observe(meter, METER_DURATION, NULL, 0, 0.005);
    meter_observe(meter, METER_DURATION, NULL, 0, 0.2);
    meter_observe(meter, METER_DURATION, NULL, 0, 60);
    page = page_of(meter);
    cr_expect(strstr(page,
                     "refgw_request_duration_seconds_bucket{le=\"0.005\"} "
                     "1\n"));
    cr_expect(
        strstr(page, "refgw_request_duration_seconds_bucket{le=\"0.1\"} 1\n"));
    cr_expect(
        strstr(page, "refgw_request_duration_seconds_bucket{le=\"0.25\"} 2\n"));
    cr_expect(
        strstr(page, "refgw_request_duration_seconds_bucket{le=\"10\"} 2\n"));
    cr_expect(
        strstr(page, "refgw_request_duration_seconds_bucket{le=\"+Inf\"} 3\n"));
    cr_expect(strstr(page, "refgw_request_duration_seconds_sum 60.205\n"));
    cr_expect(strstr(page, "refgw_request_duration_seconds_count 3\n"));
    free(page);
    meter_free(meter);
}

static void note(struct meter *meter, const char *model)
{
    static char known[] = "known";
    static char *models[] = { known };
    static char name[] = "primary", url[] = "http://127.0.0.1:1/v1";
    struct settings settings = { .models = models, .model_count = 1 };
    struct settings_upstream upstream = { .name = name, .url = url };
    struct metering request = { .method = "POST",
                                .route = "/r",
                                .path = "/r",
                                .model = model,
                                .model_length = strlen(model),
                                .status = 200 };
    struct tracing tracing = {
        .attempts = { { .upstream = &upstream,
                        .over = true,
                        .result = { .outcome = OUTCOME_HTTP, .status = 503 } },
                      { .upstream = &upstream,
                        .over = true,
                        .resends = 1,
                        .result = { .outcome = OUTCOME_OK, .status = 200 } } },
        .count = 2,
        .input_tokens = 10,
        .output_tokens = -1,
    };

    metering_note(meter, &request, &tracing, &settings, 1);
}

Test(refgw_meter, a_request_counts_once_and_its_attempts_each)
{
    struct meter *meter = meter_new();
    char *page;

    note(meter, "known");
    note(meter, "made-up-1");
    note(meter, "made-up-2");
    page = page_of(meter);
    cr_expect(strstr(page, "refgw_requests_total{route=\"/r\",status=\"200\","
                           "model=\"known\"} 1\n"
                           "refgw_requests_total{route=\"/r\",status=\"200\","
                           "model=\"other\"} 2\n"),
              "%s", page);
    cr_expect(!strstr(page, "made-up"));
    cr_expect(strstr(page, "{upstream=\"primary\",status=\"503\"} 3\n"));
    cr_expect(strstr(page, "{upstream=\"primary\",status=\"200\"} 3\n"));
    cr_expect(strstr(page, "refgw_retries_total{upstream=\"primary\"} 3\n"));
    cr_expect(strstr(page, "refgw_tokens_total{kind=\"input\"} 30\n"));
    cr_expect(!strstr(page, "output"));
    free(page);
    meter_free(meter);
}

Test(refgw_meter, points_are_exported_once_something_changed)
{
    const struct meter_label label[] = { { "upstream", "a" } };
    struct meter *meter = meter_new();
    struct buf batch = { 0 };

    cr_expect(!meter_write_otlp(&batch, meter, SPAN_JSON, 1, 2));
    meter_count(meter, METER_RESENT, label, 1, 3);
    meter_observe(meter, METER_USED, label, 1, 5);
    cr_expect(meter_write_otlp(&batch, meter, SPAN_JSON, 1, 2));
    cr_expect(
        strstr(buf_text(&batch),
               "{\"name\":\"refgw.retries\",\"unit\":\"{retry}\",\"sum\":{"
               "\"aggregationTemporality\":2,\"isMonotonic\":true,"
               "\"dataPoints\":[{\"startTimeUnixNano\":\"1\","
               "\"timeUnixNano\":\"2\",\"asInt\":\"3\",\"attributes\":[{"
               "\"key\":\"upstream\",\"value\":{\"stringValue\":\"a\"}}]}]}}"),
        "%s", buf_text(&batch));
    cr_expect(strstr(buf_text(&batch), "\"count\":\"1\",\"sum\":5,"
                                       "\"bucketCounts\":[\"0\",\"0\",\"1\""));
    cr_expect(!meter_write_otlp(&batch, meter, SPAN_JSON, 1, 3));
    buf_release(&batch);
    meter_free(meter);
}
