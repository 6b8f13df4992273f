/* What is kept of a gateway's telemetry, and what shows by its shape. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/telemetry/telemetry.h"

#define T1 "30313233343536373839616263646566"
#define T2 "00000000000000000000000000000002"

static void add(struct telemetry *out, enum otlp_signal signal,
                const char *text)
{
    struct otlp_request request;
    struct err err = { 0 };

    cr_assert(otlp_read_json(&request, signal, text, strlen(text), &err),
              "%s: %s in %s", err.where, err.text, text);
    telemetry_add(out, &request);
    otlp_release(&request);
}

/* members: of the span besides its ids. */
static void add_span(struct telemetry *out, const char *trace,
                     const char *members)
{
    char *text = xasprintf(
        "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"%s\","
        "\"spanId\":\"4142434445464748\"%s%s}]}]}]}",
        trace, *members ? "," : "", members);

    add(out, OTLP_TRACES, text);
    free(text);
}

#define TEXT(key, value)                                                       \
    "{\"key\":\"" key "\",\"value\":{\"stringValue\":\"" value "\"}}"
#define INT(key, value)                                                        \
    "{\"key\":\"" key "\",\"value\":{\"intValue\":\"" #value "\"}}"
#define ATTRIBUTES(list) "\"attributes\":[" list "]"

Test(telemetry, old_names_and_new_ones_say_the_same)
{
    static const struct {
        const char *attributes;
        unsigned conventions;
    } rows[] = {
        { TEXT("http.request.method", "POST") "," INT(
              "http.response.status_code",
              503) "," INT("http.request.resend_count",
                           2) "," TEXT("server.address",
                                       "127.0.0.1") "," INT("server.port",
                                                            4318) "," TEXT("err"
                                                                           "or."
                                                                           "typ"
                                                                           "e",
                                                                           "50"
                                                                           "3") "," TEXT("gen_ai.provider.name",
                                                                                         "x") "," TEXT("gen_ai.operation.name",
                                                                                                       "chat") "," INT("gen_ai.usage.input_tokens",
                                                                                                                       7) "," INT("gen_ai.usage.output_tokens",
                                                                                                                                  9),
          TELEMETRY_HTTP_NEW | TELEMETRY_GENAI_NEW },
        { TEXT("http.method", "POST") "," INT("http.status_code", 503) "," INT("http.resend_count", 2) "," TEXT("http.url", "http://127.0.0.1:4318/v1?a=b") "," TEXT(
              "error.type",
              "503") "," TEXT("gen_ai.system",
                              "x") "," TEXT("gen_ai.operation.name",
                                            "chat") "," INT("gen_ai.usage."
                                                            "prompt_tokens",
                                                            7) "," INT("gen_ai."
                                                                       "usage."
                                                                       "complet"
                                                                       "ion_"
                                                                       "tokens",
                                                                       9),
          TELEMETRY_HTTP_OLD | TELEMETRY_GENAI_OLD },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct telemetry t = { 0 };
        char *members = xasprintf("\"kind\":3,\"status\":{\"code\":2},"
                                  "\"attributes\":[%s]",
                                  rows[i].attributes);
        const struct telemetry_span *s;

        add_span(&t, T1, members);
        cr_assert_eq(t.span_count, 1);
        s = t.spans;
        cr_expect(s->http && s->genai && s->error_type);
        cr_expect_eq(s->http_status, 503);
        cr_expect_eq(s->resend_count, 2);
        cr_expect_eq(s->port, 4318);
        cr_expect_str_eq(s->address, "127.0.0.1");
        cr_expect_eq(s->input_tokens, 7);
        cr_expect_eq(s->output_tokens, 9);
        cr_expect_eq(s->status, OTLP_STATUS_ERROR);
        cr_expect_eq(s->conventions, rows[i].conventions, "row %zu: %u", i,
                     s->conventions);
        telemetry_release(&t);
        free(members);
    }
}

Test(telemetry, what_is_not_said_is_minus_one)
{
    struct telemetry t = { 0 };

    add_span(&t, T1, ATTRIBUTES(TEXT("http.response.status_code", "many")));
    cr_expect_eq(t.spans->http_status, -1);
    cr_expect_eq(t.spans->resend_count, -1);
    cr_expect_eq(t.spans->port, -1);
    cr_expect(!t.spans->error_type && !t.spans->http);
    telemetry_release(&t);
}

Test(telemetry, a_case_gets_its_own_traces_and_what_has_none)
{
    static const char metric[] =
        "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":"
        "\"m\","
        "\"sum\":{\"dataPoints\":[{" ATTRIBUTES(TEXT("url.path", "/a")) "}]}}]}"
                                                                        "]}]}";
    const char *const ids[] = { T2, NULL };
    struct telemetry t = { 0 }, mine = { 0 };

    add_span(&t, T1, ATTRIBUTES(TEXT("gen_ai.prompt", "hello")));
    add_span(&t, T2, "\"kind\":3");
    cr_expect(!telemetry_has_root(&t, T2));
    add_span(&t, T2, "\"kind\":2");
    cr_expect(telemetry_has_root(&t, T2));
    cr_expect(!telemetry_has_root(&t, T1));
    add(&t, OTLP_METRICS, metric);
    telemetry_take(&mine, &t, ids);
    cr_expect_eq(mine.span_count, 2);
    cr_expect_eq(t.span_count, 1);
    cr_assert_eq(mine.shape_count, 1);
    cr_expect_str_eq(mine.shapes[0].name, "url.path");
    cr_expect_str_eq(mine.shapes[0].where, "metric label");
    cr_expect_eq(mine.shapes[0].kind, TELEMETRY_RAW_NAME);
    telemetry_release(&t);
    telemetry_release(&mine);
}

Test(telemetry, names_of_fields_are_kept_once_and_no_secret_as_one)
{
    struct telemetry t = { 0 };

    for (int i = 0; i < 2; i++)
        add_span(&t, T1,
                 ATTRIBUTES(TEXT("http.route", "/") "," TEXT(
                     "sk-0123456789012345678901234567890", "a")));
    cr_assert_eq(t.field_count, 2);
    cr_expect_str_eq(t.fields[0], "span http.route");
    cr_expect_str_eq(t.fields[1], "span (not a name)");
    telemetry_release(&t);
}

Test(telemetry, the_oldest_spans_go_when_there_are_too_many)
{
    struct telemetry t = { 0 };

    for (int i = 0; i <= TELEMETRY_SPANS_MOST; i++)
        telemetry_new_span(&t)->port = i;
    cr_expect_eq(t.span_count, TELEMETRY_SPANS_MOST / 2 + 1);
    cr_expect_eq(t.let_go, TELEMETRY_SPANS_MOST / 2);
    cr_expect_eq(t.spans[t.span_count - 1].port, TELEMETRY_SPANS_MOST);
    telemetry_release(&t);
}

#define HTTP TEXT("http.request.method", "POST")
#define EVENT(name, attributes)                                                \
    "\"events\":[{\"name\":\"" name "\"," ATTRIBUTES(attributes) "}]"
#define NAMED(name, attributes) "\"name\":\"" name "\"," ATTRIBUTES(attributes)
#define CLEAN                   (-1)

static const struct {
    const char *members;
    int kind; /* enum telemetry_shape_kind, or CLEAN */
} shapes[] = {
    { ATTRIBUTES(TEXT("gen_ai.prompt", "hello")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("gen_ai.prompt.0.content", "hello")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("gen_ai.input.messages", "[{}]")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("gen_ai.system_instructions", "be")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("http.request.body.content", "{}")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("gen_ai.prompt", "[REDACTED]")), CLEAN },
    { ATTRIBUTES(TEXT("gen_ai.prompt", "")), CLEAN },
    { ATTRIBUTES(INT("gen_ai.usage.input_tokens", 5)), CLEAN },
    { ATTRIBUTES(TEXT("gen_ai.request.model", "m")), CLEAN },
    { EVENT("gen_ai.content.prompt", TEXT("gen_ai.prompt", "hello")),
      TELEMETRY_CONTENT },
    { EVENT("gen_ai.client.inference.operation.details",
            TEXT("gen_ai.output.messages", "[{}]")),
      TELEMETRY_CONTENT },
    { EVENT("gen_ai.client.inference.operation.details",
            TEXT("gen_ai.operation.name", "chat")),
      CLEAN },
    { ATTRIBUTES(TEXT("gen_ai.tool.definitions", "[{}]")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("gen_ai.tool.call.arguments", "{}")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("gen_ai.tool.call.result", "5")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("http.response.body.content", "{}")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("input.value", "hello")), TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("llm.input_messages.0.message.content", "hello")),
      TELEMETRY_CONTENT },
    { ATTRIBUTES(TEXT("traceloop.entity.output", "{}")), TELEMETRY_CONTENT },
    { EVENT("gen_ai.user.message", TEXT("content", "hello")),
      TELEMETRY_CONTENT },
    { EVENT("gen_ai.user.message", TEXT("role", "user")), CLEAN },
    { EVENT("exception", TEXT("content", "hello")), CLEAN },
    { ATTRIBUTES(TEXT("http.request.header.authorization", "Bearer abcdef")),
      TELEMETRY_CREDENTIAL },
    { ATTRIBUTES(TEXT("http.request.header.x_api_key", "abcdef")),
      TELEMETRY_CREDENTIAL },
    { ATTRIBUTES("{\"key\":\"http.response.header.set-cookie\",\"value\":{"
                 "\"arrayValue\":{\"values\":[{\"stringValue\":\"a=b\"}]}}}"),
      TELEMETRY_CREDENTIAL },
    { ATTRIBUTES(TEXT("http.request.header.authorization", "Bearer ***")),
      CLEAN },
    { ATTRIBUTES(TEXT("http.request.header.authorization", "[Filtered]")),
      CLEAN },
    { ATTRIBUTES(TEXT("http.request.header.x-api-key", "sk-ab...wxyz")),
      CLEAN },
    { ATTRIBUTES(TEXT("http.request.header.x-api-key", "sk-abcdefgh...wxyz")),
      TELEMETRY_CREDENTIAL },
    { ATTRIBUTES(TEXT("url.full", "http://h/v1?key=Redacted")), CLEAN },
    { ATTRIBUTES(TEXT("http.request.header.content-type", "text/plain")),
      CLEAN },
    { ATTRIBUTES(TEXT("url.full", "http://h/v1?a=b&key=abc")),
      TELEMETRY_CREDENTIAL },
    { ATTRIBUTES(TEXT("url.query", "api_key=abc")), TELEMETRY_CREDENTIAL },
    { ATTRIBUTES(TEXT("http.url", "http://user:pw@h/")), TELEMETRY_CREDENTIAL },
    { ATTRIBUTES(TEXT("url.full", "http://REDACTED:REDACTED@h/?sig=REDACTED")),
      CLEAN },
    { ATTRIBUTES(TEXT("url.full", "http://h/a@b?monkey=abc&key=&keys=1")),
      CLEAN },
    { NAMED("POST /v1/chat", HTTP), TELEMETRY_RAW_NAME },
    { NAMED("/v1/chat", HTTP), TELEMETRY_RAW_NAME },
    { NAMED("POST /v1?a=b", HTTP "," TEXT("http.route", "/v1?a=b")),
      TELEMETRY_RAW_NAME },
    { NAMED("POST /v1/chat", HTTP "," TEXT("http.route", "/v1/chat")), CLEAN },
    { NAMED("POST /v1/chat", HTTP "," TEXT("url.template", "/v1/chat")),
      CLEAN },
    { NAMED("POST", HTTP), CLEAN },
    { NAMED("chat openai/model", TEXT("gen_ai.operation.name", "chat")),
      CLEAN },
};

Test(telemetry, what_should_not_be_there_shows_by_its_shape)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        struct telemetry t = { 0 };

        add_span(&t, T1, shapes[i].members);
        if (shapes[i].kind == CLEAN) {
            cr_expect_eq(t.shape_count, 0, "%s", shapes[i].members);
        } else {
            cr_expect_eq(t.shape_count, 1, "%s", shapes[i].members);
            if (t.shape_count)
                cr_expect_eq((int)t.shapes[0].kind, shapes[i].kind, "%s",
                             shapes[i].members);
        }
        telemetry_release(&t);
    }
}

/* What a client chose for the rest of a name is not told. */
Test(telemetry, of_a_name_by_its_beginning_the_beginning_is_told)
{
    struct telemetry t = { 0 };

    add_span(&t, T1, ATTRIBUTES(TEXT("gen_ai.prompt.secret", "hello")));
    cr_assert_eq(t.shape_count, 1);
    cr_expect_str_eq(t.shapes[0].name, "gen_ai.prompt.");
    telemetry_release(&t);
}

Test(telemetry, an_event_of_a_log_is_content_when_it_holds_some)
{
    static const struct {
        const char *record;
        size_t count;
    } rows[] = {
        { "\"eventName\":\"gen_ai.choice\",\"body\":{\"kvlistValue\":{"
          "\"values\":[{\"key\":\"message\",\"value\":{\"kvlistValue\":{"
          "\"values\":[" TEXT("content", "hello") "]}}}]}}",
          1 },
        { "\"eventName\":\"gen_ai.choice\",\"body\":{\"kvlistValue\":{"
          "\"values\":[" TEXT("finish_reason", "stop") "]}}",
          0 },
        { ATTRIBUTES(TEXT("event.name",
                          "gen_ai.user.message")) ",\"body\":{"
                                                  "\"stringValue\":\"hello\"}",
          1 },
        { "\"eventName\":\"gen_ai.content.prompt\",\"body\":{\"kvlistValue\":"
          "{\"values\":[" TEXT("gen_ai.prompt", "hello") "]}}",
          1 },
        { "\"eventName\":\"gen_ai.content.completion\",\"body\":{"
          "\"stringValue\":\"hello\"}",
          1 },
        { "\"eventName\":\"gen_ai.client.inference.operation.details\","
          "\"body\":{\"kvlistValue\":{\"values\":[" TEXT(
              "gen_ai.operation.name", "chat") "]}}",
          0 },
        { "\"body\":{\"stringValue\":\"request done\"}", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct telemetry t = { 0 };
        char *text = xasprintf("{\"resourceLogs\":[{\"scopeLogs\":[{"
                               "\"logRecords\":[{%s}]}]}]}",
                               rows[i].record);

        add(&t, OTLP_LOGS, text);
        cr_expect_eq(t.shape_count, rows[i].count, "%s", rows[i].record);
        telemetry_release(&t);
        free(text);
    }
}

/* --- traces of the gateway's own ------------------------------------------ */

#define T3 "33333333333333333333333333333333"

static void own_span(struct telemetry *t, const char *trace_id,
                     int64_t start_ns)
{
    struct telemetry_span *span = telemetry_new_span(t);

    snprintf(span->trace_id, sizeof span->trace_id, "%s", trace_id);
    span->start_ns = start_ns;
}

Test(telemetry, what_began_in_a_window_is_of_its_request)
{
    static const struct telemetry_window windows[] = { { T1, 100, 200 },
                                                       { T2, 200, 300 } };
    struct telemetry t = { 0 };

    own_span(&t, "before", 99);
    own_span(&t, "first", 100);
    own_span(&t, "first", 199);
    own_span(&t, "each attempt its own", 150);
    own_span(&t, "second", 200);
    own_span(&t, "after", 300);
    telemetry_note(&t, TELEMETRY_CONTENT, "span", "input.value", "second");
    telemetry_note(&t, TELEMETRY_CONTENT, "span", "input.value", "before");
    telemetry_adopt(&t, windows, 2);
    cr_expect_str_eq(t.spans[0].trace_id, "before");
    for (size_t i = 1; i < 4; i++) {
        cr_expect_str_eq(t.spans[i].trace_id, T1, "span %zu", i);
        cr_expect(t.spans[i].by_time);
    }
    cr_expect_str_eq(t.spans[4].trace_id, T2);
    cr_expect_str_eq(t.spans[5].trace_id, "after");
    cr_expect(!t.spans[5].by_time);
    cr_expect_str_eq(t.shapes[0].trace_id, T2);
    cr_expect_str_eq(t.shapes[1].trace_id, "before");
    telemetry_release(&t);
}

Test(telemetry, a_trace_with_spans_of_its_own_takes_no_other)
{
    static const struct telemetry_window windows[] = { { T1, 100, 200 },
                                                       { T2, 200, 300 } };
    struct telemetry t = { 0 };

    own_span(&t, T1, 110);
    own_span(&t, "of something else", 120);
    own_span(&t, T1, 250); /* late, and the first's all the same */
    own_span(&t, "own", 210);
    telemetry_adopt(&t, windows, 2);
    cr_expect_str_eq(t.spans[1].trace_id, "of something else");
    cr_expect_str_eq(t.spans[2].trace_id, T1);
    cr_expect_str_eq(t.spans[3].trace_id, T2);
    telemetry_adopt(&t, NULL, 0);
    cr_expect_str_eq(t.spans[1].trace_id, "of something else");
    telemetry_release(&t);
}

#define URL(name) TEXT(name, "http://h:1/")
#define NEW_NAMES TEXT("url.path", "/") "," TEXT("url.scheme", "http")
#define OLD_NAMES TEXT("http.target", "/") "," TEXT("http.scheme", "http")

Test(telemetry, what_a_span_must_have_is_noted_by_either_name)
{
    static const char *const rows[] = {
        ATTRIBUTES(INT("server.port", 1) "," URL("url.full") "," NEW_NAMES),
        ATTRIBUTES(INT("net.peer.port", 1) "," URL("http.url") "," OLD_NAMES),
    };
    struct telemetry t = { 0 };

    for (size_t i = 0; i < 2; i++) {
        add_span(&t, T1, rows[i]);
        cr_expect(t.spans[i].url && t.spans[i].path && t.spans[i].scheme &&
                      t.spans[i].port_said,
                  "row %zu", i);
    }
    add_span(&t, T1, ATTRIBUTES(TEXT("url.full", "http://h:1/")));
    cr_expect_eq(t.spans[2].port, 1);
    cr_expect(!t.spans[2].port_said && !t.spans[2].path);
    telemetry_release(&t);
}
