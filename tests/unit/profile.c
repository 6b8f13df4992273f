#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/launch/profile_names.h"

/* A profile that is right, with three places to spoil. */
static const char form[] =
    "{\"name\":\"g\",\"environment\":\"ci\","
    "\"route\":{\"name\":\"r\",\"url\":\"http://127.0.0.1:%s/v1\","
    "\"template\":\"POST /v1/chat/completions\"},"
    "\"start\":{\"command\":[\"true\"],\"env\":{\"K\":\"%s\"},"
    "\"ready\":{\"tcp\":\"127.0.0.1:${gateway.port}\"}},"
    "\"client\":{\"headers\":{%s}},"
    "\"upstreams\":{\"primary\":{\"keys\":2}}}";

static bool load(const char *url, const char *env, const char *headers,
                 struct err *err)
{
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    char *text = xasprintf(form, url, env, headers);
    struct profile profile;
    int fd = mkstemp(path);
    bool ok;

    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    ok =
        profile_load(&profile, path, err) && profile_names_check(&profile, err);
    profile_release(&profile);
    unlink(path);
    free(text);
    return ok;
}

Test(profile, one_that_is_right_is_taken)
{
    struct err err = { 0 };

    cr_assert(load("${gateway.port}", "${primary.key.2}",
                   "\"Authorization\":\"Bearer ${client.key}\"", &err),
              "%s: %s", err.where, err.text);
}

static const struct {
    const char *url, *env, *headers;
    const char *where, *text;
} rows[] = {
    { "${gatway.port}", "", "", ": $.route.url",
      "${gatway.port} is not a name" },
    { "${gateway.port}", "${fallback.key}", "", ": $.start.env.K",
      "${fallback.key} is not a name" },
    { "${gateway.port}", "${primary.key.3}", "", ": $.start.env.K",
      "${primary.key.3} is not a name" },
    { "${gateway.port}", "", "\"authorization\":\"Bearer abc\"", "",
      "$.client.headers.authorization: holds a credential as it is" },
};

Test(profile, a_slip_is_refused_before_anything_starts)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct err err = { 0 };

        cr_assert_not(load(rows[i].url, rows[i].env, rows[i].headers, &err),
                      "row %zu", i);
        cr_assert(strstr(err.where, rows[i].where), "row %zu: %s", i,
                  err.where);
        cr_assert(strstr(err.text, rows[i].text), "row %zu: %s", i, err.text);
        cr_assert_eq(err.code, ERR_SCHEMA);
    }
}

static bool read_spans(struct profile *profile, const char *spans,
                       struct err *err)
{
    static struct profile_sink sink = { .kind = SINK_OTLP };
    char *text = xasprintf("{\"spans\":%s}", spans);
    bool ok;

    *profile = (struct profile){ .path = (char[]){ "p.json" } };
    profile->sinks.items = &sink;
    profile->sinks.count = 1;
    profile->telemetry = json_parse(text, strlen(text), "test", err);
    ok = profile_read_telemetry(profile, err);
    json_free(profile->telemetry);
    free(text);
    return ok;
}

Test(profile, what_spans_promise_is_read_word_by_word)
{
    struct profile profile;
    struct err err = { 0 };

    cr_assert(read_spans(&profile, "{}", &err));
    cr_expect_eq(profile.promises, 0);
    cr_expect_eq(profile.flush_ms, 2000);
    cr_assert(read_spans(&profile,
                         "{\"promises\":[\"attempts\",\"names\"],"
                         "\"flush_ms\":7000}",
                         &err));
    cr_expect_eq(profile.promises, PROMISE_ATTEMPTS | PROMISE_NAMES);
    cr_expect_eq(profile.flush_ms, 7000);
}

Test(profile, a_promise_that_is_none_is_told)
{
    static const char *const wrong[] = { "{\"promises\":[\"atempts\"]}",
                                         "{\"promises\":[1]}",
                                         "{\"promises\":\"attempts\"}",
                                         "{\"promise\":[]}",
                                         "{\"flush_ms\":-1}",
                                         "{\"flush_ms\":60001}",
                                         "[]" };
    struct profile profile;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = { 0 };

        cr_expect(!read_spans(&profile, wrong[i], &err), "%s", wrong[i]);
        cr_expect_eq(err.code, ERR_SCHEMA, "%s", wrong[i]);
    }
}

Test(profile, spans_need_a_place_to_come_to)
{
    struct err err = { 0 };
    struct profile profile = {
        .path = (char[]){ "p.json" },
        .telemetry = json_parse("{\"spans\":{}}", 12, "test", &err),
    };

    cr_expect(!profile_read_telemetry(&profile, &err));
    cr_expect(strstr(err.text, "sink"), "%s", err.text);
    json_free(profile.telemetry);
}

/* Sinks: each has what its kind needs. */

static bool check_sink(const struct profile_sink *sink, struct err *err)
{
    struct profile profile = {
        .path = (char[]){ "p.json" },
        .sinks = { .items = (void *)(uintptr_t)sink, .count = 1 },
    };

    *err = (struct err){ 0 };
    return profile_check_sinks(&profile, err);
}

static char word[] = "w", page[] = "http://127.0.0.1:1/metrics", ftp[] = "ftp:";
static char log_path[] = "${work}/a.log", whole[] = "/var/log/a.log",
            below[] = "logs/a.log";
static char *words[] = { word };
static char header_name[] = "Authorization", header_value[] = "Bearer sk-x",
            header_filled[] = "Bearer ${client.key}";
static struct profile_pair own_key = { header_name, header_value };
static struct profile_pair made_key = { header_name, header_filled };

static const struct {
    struct profile_sink sink;
    const char *problem; /* NULL: it is right */
} sinks[] = {
    { { .kind = SINK_STDOUT }, NULL },
    { { .kind = SINK_OTLP }, NULL },
    { { .kind = SINK_SYSLOG }, NULL },
    { { .kind = SINK_FILE, .path = log_path }, NULL },
    { { .kind = SINK_SQLITE, .path = log_path }, NULL },
    { { .kind = SINK_HTTP, .url = page }, NULL },
    { { .kind = SINK_COMMAND, .command = { words, 1, true } }, NULL },
    { { .kind = SINK_HTTP, .url = page, .headers = { &made_key, 1 } }, NULL },
    { { .kind = SINK_FILE }, "needs \"path\", such as" },
    { { .kind = SINK_SQLITE }, "needs \"path\", such as" },
    { { .kind = SINK_HTTP }, "needs \"url\", such as" },
    { { .kind = SINK_COMMAND }, "needs \"command\", such as" },
    { { .kind = SINK_STDERR, .path = log_path }, "takes no \"path\"" },
    { { .kind = SINK_FILE, .path = log_path, .url = page },
      "takes no \"url\"" },
    { { .kind = SINK_COMMAND, .command = { words, 1, true }, .path = log_path },
      "takes no \"path\"" },
    { { .kind = SINK_SYSLOG, .headers = { &made_key, 1 } },
      "takes no \"headers\"" },
    { { .kind = SINK_FILE, .path = word }, "is relative" },
    { { .kind = SINK_SQLITE, .path = below }, "is relative" },
    { { .kind = SINK_FILE, .path = whole }, NULL },
    { { .kind = SINK_HTTP, .url = ftp }, "does not begin with http://" },
    { { .kind = SINK_HTTP, .url = page, .headers = { &own_key, 1 } },
      "holds a credential as it is" },
};

Test(profile, a_sink_has_what_its_kind_needs_and_no_more)
{
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++) {
        struct err err;
        bool ok = check_sink(&sinks[i].sink, &err);

        cr_expect_eq(ok, sinks[i].problem == NULL, "row %zu: %s", i, err.text);
        if (sinks[i].problem) {
            cr_expect(strstr(err.text, sinks[i].problem), "row %zu: %s", i,
                      err.text);
            cr_expect_str_eq(err.where, "p.json: $.sinks[0]");
            cr_expect_not(strstr(err.text, "sk-x"));
        }
    }
}

Test(profile, silence_of_a_sink_is_hold_but_of_what_only_complains)
{
    const struct profile_sink all[] = {
        { .kind = SINK_STDERR, .activity_required = -1 },
        { .kind = SINK_SYSLOG, .activity_required = -1 },
        { .kind = SINK_STDERR, .activity_required = 1 },
        { .kind = SINK_SYSLOG, .activity_required = 0 },
    };
    static const bool required[] = { false, true, true, false };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        cr_expect_eq(profile_sink_required(&all[i]), required[i], "row %zu", i);
}
