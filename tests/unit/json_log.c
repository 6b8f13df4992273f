/* What a profile says of a log, and what the log's lines say. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "harness/launch/profile.h"
#include "harness/telemetry/json_log.h"

#define ID "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

static struct profile_sink sinks[] = {
    { .kind = SINK_FILE, .path = (char[]){ "${work}/access.log" } },
    { .kind = SINK_STDOUT },
    { .kind = SINK_OTLP },
};

static bool read_log(struct profile_log *out, const char *telemetry,
                     struct err *err)
{
    struct profile profile = { .path = (char[]){ "p.json" } };
    bool ok;

    profile.sinks.items = sinks;
    profile.sinks.count = 3;
    profile.telemetry = json_parse(telemetry, strlen(telemetry), "test", err);
    cr_assert_not_null(profile.telemetry, "%s", err->text);
    ok = profile_log_read(out, &profile, err);
    json_free(profile.telemetry);
    return ok;
}

#define LOG(more)                                                              \
    "{\"json_log\":{\"sink\":\"${work}/access.log\",\"id\":{\"pointer\":"      \
    "\"/id\",\"request_header\":\"X-Request-Id\"}" more "}}"

Test(json_log, a_profile_says_where_the_log_is_and_what_its_lines_say)
{
    struct profile_log log;
    struct err err = { 0 };

    cr_assert(read_log(&log,
                       LOG(",\"every_request\":true,\"flush_ms\":5,\"says\":{"
                           "\"status\":\"/status\",\"error\":{\"pointer\":"
                           "\"/e\",\"none\":[\"ok\"]}}"),
                       &err),
              "%s", err.text);
    cr_expect(log.declared && log.every_request);
    cr_expect_eq(log.flush_ms, 5);
    cr_expect_str_eq(log.facts[FACT_STATUS].pointer, "/status");
    cr_expect_str_eq(log.facts[FACT_ERROR].none.items[0], "ok");
    cr_expect_null(log.facts[FACT_UPSTREAM].pointer);
    profile_log_release(&log);
    cr_assert(read_log(&log, "{}", &err));
    cr_expect(!log.declared);
    profile_log_release(&log);
}

Test(json_log, a_retry_count_in_the_log_is_a_fact_of_it)
{
    struct profile_log log;
    struct err err = { 0 };

    cr_assert(read_log(&log,
                       "{\"json_log\":{\"sink\":\"stdout\",\"id\":{\"pointer\":"
                       "\"/id\",\"response_header\":\"X-Id\"}},\"retry_count\":"
                       "{\"json_log\":{\"pointer\":\"/n\"},\"counts\":"
                       "\"attempts_total\"}}",
                       &err),
              "%s", err.text);
    cr_expect_str_eq(log.facts[FACT_ATTEMPTS_TOTAL].pointer, "/n");
    profile_log_release(&log);
}

Test(json_log, what_cannot_be_meant_is_told)
{
    static const struct {
        const char *telemetry, *text;
    } rows[] = {
        { "{\"json_log\":{\"sink\":\"${work}/other.log\",\"id\":{\"pointer\":"
          "\"/id\",\"request_header\":\"X\"}}}",
          "no sink" },
        { "{\"json_log\":{\"sink\":\"stderr\",\"id\":{\"pointer\":\"/id\","
          "\"request_header\":\"X\"}}}",
          "no sink" },
        { "{\"json_log\":{\"sink\":\"stdout\",\"id\":{\"pointer\":\"/id\"}}}",
          "request_header" },
        { "{\"json_log\":{\"sink\":\"stdout\",\"id\":{\"pointer\":\"/id\","
          "\"request_header\":\"X\",\"response_header\":\"Y\"}}}",
          "not both" },
        { LOG(",\"says\":{\"retries\":\"/n\"}"), "known are" },
        { LOG(",\"says\":{\"status\":\"status\"}"), "status" },
        { LOG(",\"says\":{\"outcome\":\"/o\"}"), "complete" },
        { LOG(",\"flush\":1"), "flush" },
        { "{\"retry_count\":{\"json_log\":{\"pointer\":\"/n\"}}}",
          "telemetry.json_log" },
        { "{\"json_log\":{\"sink\":\"stdout\",\"id\":{\"pointer\":\"/id\","
          "\"request_header\":\"X\"}},\"retry_count\":{\"json_log\":{"
          "\"pointer\":\"/n\"},\"counts\":\"status\"}}",
          "retries_total" },
        { "{\"json_log\":{\"sink\":\"stdout\",\"id\":{\"pointer\":\"/id\","
          "\"request_header\":\"X\"}},\"retry_count\":{\"json_log\":{"
          "\"pointer\":\"/n\",\"sink\":\"stderr\"}}}",
          "sink" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct profile_log log;
        struct err err = { 0 };

        cr_expect(!read_log(&log, rows[i].telemetry, &err), "row %zu", i);
        cr_expect(strstr(err.text, rows[i].text) != NULL ||
                      strstr(err.where, rows[i].text) != NULL,
                  "row %zu: %s: %s", i, err.where, err.text);
    }
}

/* --- lines ---------------------------------------------------------------- */

struct reading {
    struct profile_log spec;
    const char *ids[2];
    struct profile_pair upstreams[2];
    struct json_log_ask ask;
    struct json_log log;
};

static void reading_begin(struct reading *r, const char *telemetry)
{
    struct err err = { 0 };

    *r = (struct reading){
        .ids = { ID, "second" },
        .upstreams = { { (char[]){ "primary" }, (char[]){ "127.0.0.1:1" } },
                       { (char[]){ "fallback" }, (char[]){ "127.0.0.1:2" } } },
    };
    cr_assert(read_log(&r->spec, telemetry, &err), "%s: %s", err.where,
              err.text);
    /* The compound literals end with this function. */
    r->upstreams[0].name = (char *)(uintptr_t) "primary";
    r->upstreams[0].value = (char *)(uintptr_t) "127.0.0.1:1";
    r->upstreams[1].name = (char *)(uintptr_t) "fallback";
    r->upstreams[1].value = (char *)(uintptr_t) "127.0.0.1:2";
    r->ask = (struct json_log_ask){ .log = &r->spec,
                                    .ids = r->ids,
                                    .count = 2,
                                    .upstreams = { r->upstreams, 2 } };
}

static void reading_end(struct reading *r)
{
    json_log_release(&r->log);
    profile_log_release(&r->spec);
}

static size_t add(struct reading *r, const char *text, bool all)
{
    return json_log_add(&r->log, &r->ask, text, strlen(text), all);
}

#define ALL_FACTS                                                              \
    ",\"says\":{\"attempts_total\":{\"pointer\":\"/addr\",\"list\":\", \"},"   \
    "\"retries_total\":\"/retries\",\"status\":\"/status\",\"upstream\":{"     \
    "\"pointer\":\"/addr\",\"list\":\", \"},\"attempt_statuses\":{"            \
    "\"pointer\":\"/each\",\"list\":\", \"},\"error\":{\"pointer\":\"/error\"" \
    ",\"none\":[\"none\"]},\"outcome\":{\"pointer\":\"/end\",\"complete\":["   \
    "\"whole\"],\"partial\":[\"cut\",\"\"]},\"output_tokens\":\"/u/out\"}"

Test(json_log, a_line_says_figures_and_words_of_ours)
{
    struct reading r;
    const struct log_line *line;

    reading_begin(&r, LOG(ALL_FACTS));
    add(&r,
        "no object\n{\"id\":\"" ID "\",\"addr\":\"127.0.0.1:1, 127.0.0.1:1, "
        "127.0.0.1:2\",\"each\":\"503, -, 200\",\"status\":\"200\",\"retries\":"
        "\"+1\",\"error\":\"none\",\"end\":\"whole\",\"u\":{\"out\":24}}\n",
        true);
    cr_assert_eq(json_log_find(&r.log, 0, &line), 1);
    cr_expect_eq(line->figures[FACT_ATTEMPTS_TOTAL], 3);
    cr_expect_eq(line->figures[FACT_RETRIES_TOTAL], 1);
    cr_expect_eq(line->figures[FACT_STATUS], 200);
    cr_expect_eq(line->figures[FACT_OUTPUT_TOKENS], 24);
    cr_expect_eq(line->figures[FACT_INPUT_TOKENS], LOG_UNSAID);
    cr_expect_str_eq(line->upstream, "fallback");
    cr_assert_eq(line->status_count, 3);
    cr_expect_eq(line->statuses[0], 503);
    cr_expect_eq(line->statuses[1], LOG_UNSAID);
    cr_expect_eq(line->statuses[2], 200);
    cr_expect_eq(line->error, LOG_ERROR_NONE);
    cr_expect_eq(line->outcome, LOG_OUTCOME_COMPLETE);
    reading_end(&r);
}

Test(json_log, values_of_many_kinds_are_read_or_called_none)
{
    static const struct {
        const char *line;
        int64_t status, attempts;
        const char *upstream;
        enum log_error error;
        enum log_outcome outcome;
    } rows[] = {
        { "\"status\":null,\"addr\":\"\",\"error\":null", LOG_UNSAID, 0, "",
          LOG_ERROR_NONE, LOG_OUTCOME_PARTIAL },
        { "\"status\":\"-\",\"error\":\"\",\"end\":\"cut\"", LOG_UNSAID, 0, "",
          LOG_ERROR_NONE, LOG_OUTCOME_PARTIAL },
        { "\"status\":\"2x\",\"addr\":\"elsewhere\",\"error\":\"timeout\","
          "\"end\":\"left\"",
          LOG_NO_NUMBER, 1, "?", LOG_ERROR_SOME, LOG_OUTCOME_OTHER },
        { "\"status\":-1,\"addr\":[\"127.0.0.1:2\",\"127.0.0.1:1\"],\"error\":"
          "false,\"end\":\"whole\"",
          LOG_NO_NUMBER, 2, "primary", LOG_ERROR_NONE, LOG_OUTCOME_COMPLETE },
        { "\"status\":200.5,\"error\":true", LOG_NO_NUMBER, 0, "",
          LOG_ERROR_SOME, LOG_OUTCOME_PARTIAL },
        { "\"status\":[],\"error\":{}", LOG_NO_NUMBER, 0, "", LOG_ERROR_SOME,
          LOG_OUTCOME_PARTIAL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct reading r;
        const struct log_line *line;
        char text[300];

        reading_begin(&r, LOG(ALL_FACTS));
        snprintf(text, sizeof text, "{\"id\":\"" ID "\",%s}\n", rows[i].line);
        add(&r, text, true);
        cr_assert_eq(json_log_find(&r.log, 0, &line), 1, "row %zu", i);
        cr_expect_eq(line->figures[FACT_STATUS], rows[i].status, "row %zu", i);
        cr_expect_eq(line->figures[FACT_ATTEMPTS_TOTAL], rows[i].attempts,
                     "row %zu", i);
        cr_expect_str_eq(line->upstream, rows[i].upstream, "row %zu", i);
        cr_expect_eq(line->error, rows[i].error, "row %zu", i);
        cr_expect_eq(line->outcome, rows[i].outcome, "row %zu", i);
        reading_end(&r);
    }
}

Test(json_log, lines_are_told_apart_by_their_ids)
{
    struct reading r;
    const struct log_line *line;

    reading_begin(&r, LOG(""));
    add(&r,
        "{\"id\":\"second\"}\n"
        "2026-01-02 INFO {\"id\":\"6BA7B810-9dad-41d1-80b4-00c04fd430c8\"}\n"
        "{\"id\":\"somebody else's\"}\n{\"other\":1}\n{\"id\":\"-\"}\n"
        "{\"id\":\"second\",\n{\"id\":\"second\"}\n",
        true);
    cr_expect_eq(json_log_find(&r.log, 0, &line), 1);
    cr_expect_not_null(line);
    cr_expect_eq(json_log_find(&r.log, 1, &line), 2);
    cr_expect_eq(json_log_find(&r.log, 2, &line), 0);
    cr_expect_null(line);
    cr_expect_eq(r.log.nameless, 2);
    reading_end(&r);
}

Test(json_log, among_many_requests_only_lines_with_an_id_are_read)
{
    struct reading r;
    const struct log_line *line;

    reading_begin(&r, LOG(""));
    add(&r, "{\"other\":1}\n{\"text\":\"second\"}\n{\"id\":\"second\"}\n",
        false);
    cr_expect_eq(json_log_find(&r.log, 1, &line), 1);
    cr_expect_eq(r.log.nameless, 1); /* it speaks of one, and has none */
    reading_end(&r);
}

Test(json_log, a_line_is_read_when_it_is_whole)
{
    struct reading r;
    const struct log_line *line;

    reading_begin(&r, LOG(""));
    cr_expect_eq(add(&r, "{\"id\":\"sec", true), 0);
    cr_expect_eq(add(&r, "{\"id\":\"second\"}\n{\"i", true), 16);
    cr_expect_eq(json_log_find(&r.log, 1, &line), 1);
    reading_end(&r);
}

Test(json_log, a_trace_id_is_found_in_a_traceparent)
{
    struct reading r;
    const struct log_line *line;

    reading_begin(&r, "{\"json_log\":{\"sink\":\"stdout\",\"id\":{\"pointer\":"
                      "\"/t\",\"request_header\":\"traceparent\"}}}");
    r.ids[0] = "000102030405060708090a0b0c0d0e0f";
    add(&r,
        "{\"t\":\"00-000102030405060708090a0b0c0d0e0f-1011121314151617-01\"}\n",
        true);
    cr_expect_eq(json_log_find(&r.log, 0, &line), 1);
    reading_end(&r);
}
