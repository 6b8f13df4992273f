/* none, status and body on the wire: whole, well-framed answers, over
 * connections that are kept. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/json.h"
#include "tests/wire/lib/tried.h"

TestSuite(fault_body, .init = tried_start, .fini = tried_stop, .timeout = 60);

static const struct {
    const char *step;
    int status;
    const char *type; /* NULL: no such header */
    bool json;
    enum answer_shape shape;
    const char *says;
} rows[] = {
    { "{\"fault\":\"none\"}", 200, "application/json", true, ANSWER_COMPLETE,
      "\"finish_reason\":\"stop\"" },
    { "{\"fault\":\"status\",\"status\":400}", 400, "application/json", true,
      ANSWER_NONE, "model name is required (request id: " },
    { "{\"fault\":\"status\",\"status\":401}", 401, "application/json", true,
      ANSWER_NONE, "\"type\":\"comet_api_error\",\"code\":\"\"" },
    { "{\"fault\":\"status\",\"status\":429,\"code\":\"rate_limit_exceeded\"}",
      429, "application/json", true, ANSWER_NONE,
      "\"code\":\"rate_limit_exceeded\"" },
    { "{\"fault\":\"status\",\"status\":500,\"code\":\"invalid_request\"}", 500,
      "application/json", true, ANSWER_NONE, "field messages is required" },
    { "{\"fault\":\"status\",\"status\":503,\"code\":\"model_not_found\"}", 503,
      "application/json", true, ANSWER_NONE,
      "no available channel for group default and model drill-model" },
    { "{\"fault\":\"status\",\"status\":524,\"body\":\"html\"}", 524,
      "text/html; charset=utf-8", false, ANSWER_NONE, "<h1>524" },
    { "{\"fault\":\"status\",\"status\":502,\"body\":\"text\"}", 502,
      "text/plain; charset=utf-8", false, ANSWER_NONE, "502 Bad Gateway" },
    { "{\"fault\":\"status\",\"status\":503,\"body\":\"empty\"}", 503, NULL,
      false, ANSWER_NONE, "" },
    { "{\"fault\":\"status\",\"status\":301,\"body\":\"empty\","
      "\"headers\":[[\"Location\",\"/v1/\"]]}",
      301, NULL, false, ANSWER_NONE, "" },
    { "{\"fault\":\"status\",\"status\":418,\"message\":\"a \\\"b\\\"\"}", 418,
      "application/json", true, ANSWER_NONE, "a \\\"b\\\" (request id: " },
    { "{\"fault\":\"body\",\"kind\":\"empty\"}", 200, "application/json", false,
      ANSWER_NONE, "" },
    { "{\"fault\":\"body\",\"kind\":\"empty_string\"}", 200, "application/json",
      true, ANSWER_NONE, "\"\"" },
    { "{\"fault\":\"body\",\"kind\":\"null\"}", 200, "application/json", true,
      ANSWER_NONE, "null" },
    { "{\"fault\":\"body\",\"kind\":\"empty_array\"}", 200, "application/json",
      true, ANSWER_NONE, "[]" },
    { "{\"fault\":\"body\",\"kind\":\"empty_object\",\"status\":206}", 206,
      "application/json", true, ANSWER_NONE, "{}" },
    { "{\"fault\":\"body\",\"kind\":\"not_json\"}", 200, "application/json",
      false, ANSWER_NONE, "connect error" },
    { "{\"fault\":\"body\",\"kind\":\"cut_json\",\"percent\":70}", 200,
      "application/json", false, ANSWER_CUT, "{\"id\":\"chatcmpl-" },
    { "{\"fault\":\"body\",\"kind\":\"html\"}", 200, "text/html; charset=utf-8",
      false, ANSWER_NONE, "<!DOCTYPE html>" },
    { "{\"fault\":\"body\",\"kind\":\"html_as_json\"}", 200, "application/json",
      false, ANSWER_NONE, "<!DOCTYPE html>" },
    { "{\"fault\":\"body\",\"kind\":\"wrong_content_type\"}", 200,
      "text/plain; charset=utf-8", true, ANSWER_COMPLETE, "\"stop\"" },
    { "{\"fault\":\"body\",\"kind\":\"invalid_utf8\"}", 200, "application/json",
      false, ANSWER_COMPLETE, "\xff\xfe\xc3(" },
    { "{\"fault\":\"body\",\"kind\":\"error_object\"}", 200, "application/json",
      true, ANSWER_NONE, "{\"error\":{" },
    { "{\"fault\":\"body\",\"kind\":\"no_choices\"}", 200, "application/json",
      true, ANSWER_NONE, "\"choices\":[]" },
};

static bool has_line(const struct tried *t, const char *name, const char *value)
{
    char *seen = view_header(&t->view, name);
    bool same = seen && value ? !strcmp(seen, value) : !seen && !value;

    free(seen);
    return same;
}

Test(fault_body, is_whole_and_as_named)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        const char *step = rows[i].step;

        tried_step(&t, "body", step, TRIED_PLAIN, RAW_END_MESSAGE);
        cr_expect(t.answer.status == rows[i].status, "%s: %d", step,
                  t.answer.status);
        cr_expect(t.view.whole && !t.view.surplus && !t.view.chunked, "%s",
                  step);
        cr_expect(t.view.length == (int64_t)t.view.body.length, "%s", step);
        cr_expect(has_line(&t, "Content-Type", rows[i].type), "%s", step);
        cr_expect(json_valid(buf_text(&t.view.body), t.view.body.length) ==
                      rows[i].json,
                  "%s", step);
        cr_expect(tried_shape(&t) == rows[i].shape, "%s", step);
        cr_expect(view_has(&t.view, rows[i].says), "%s: %s", step,
                  buf_text(&t.view.body));
        cr_expect(!has_line(&t, "Date", NULL), "%s", step);
        cr_expect(!has_line(&t, "x-cometapi-request-id", NULL), "%s", step);
        tried_release(&t);
    }
}

Test(fault_body, status_without_a_body_ends_with_its_head)
{
    static const int statuses[] = { 204, 304 };

    for (int i = 0; i < 2; i++) {
        struct tried t;
        char step[64];
        int fd;

        snprintf(step, sizeof step, "{\"fault\":\"status\",\"status\":%d}",
                 statuses[i]);
        fd = tried_begin(&t, step, TRIED_PLAIN);
        raw_read(fd, &t.answer, 100);
        cr_expect(t.answer.end == RAW_END_OPEN);
        tried_finish(&t, step, fd, RAW_END_MESSAGE);
        cr_expect(t.answer.status == statuses[i]);
        cr_expect(t.answer.head_length == t.answer.bytes.length, "%s",
                  buf_text(&t.answer.bytes));
        cr_expect(has_line(&t, "Content-Length", NULL));
        cr_expect(has_line(&t, "Transfer-Encoding", NULL));
        tried_release(&t);
    }
}

/* One connection; every whole answer leaves it usable, also the raw ones. */
Test(fault_body, whole_answers_keep_the_connection)
{
    static const char *const steps[] = {
        "{\"fault\":\"none\"}",
        "{\"fault\":\"stream\",\"events\":3,\"finish\":false,\"done\":false}",
        "{\"fault\":\"status\",\"status\":503}",
        "{\"fault\":\"body\",\"kind\":\"empty\"}",
        "{\"fault\":\"none\",\"framing\":\"chunked\"}",
        "{\"fault\":\"stream\",\"error_at\":2}",
        "{\"fault\":\"none\",\"framing\":\"length\"}",
        "{\"fault\":\"delay\",\"ms\":10}",
        "{\"fault\":\"dribble\",\"bytes\":300,\"every_ms\":1}",
        "{\"fault\":\"none\",\"pace\":{\"bytes\":400,\"every_ms\":1}}",
    };
    enum { COUNT = sizeof steps / sizeof steps[0] };
    static struct attempt attempts[COUNT];
    uint16_t port = raw_listen(&tried_mock, "s2", "primary");
    int64_t connection;
    struct buf script = { 0 };
    int fd;

    for (int i = 0; i < COUNT; i++)
        buf_printf(&script, "%s%s", i ? "," : "[", steps[i]);
    buf_add_text(&script, "]");
    raw_arm(&tried_mock, RAW_CASE, "primary", script.data);
    raw_lease(&tried_mock, "s2", RAW_CASE, NULL);
    fd = raw_connect(port);
    for (int i = 0; i < COUNT; i++) {
        static struct raw_answer answer;

        raw_send(fd, raw_chat(RAW_CASE, i % 2, ""));
        raw_read_message(fd, &answer, 2000);
        cr_assert(answer.end == RAW_END_MESSAGE, "%s: %s", steps[i],
                  raw_end_names[answer.end]);
        raw_answer_release(&answer);
    }
    close(fd);
    raw_attempts(&tried_mock, RAW_CASE, attempts, COUNT);
    connection = attempts[0].connection;
    for (int i = 0; i < COUNT; i++) {
        cr_expect(attempts[i].connection == connection);
        cr_expect(attempts[i].ordinal == i + 1);
        cr_expect(attempts[i].delivered.end == ATTEMPT_END_KEEP, "%s",
                  steps[i]);
        cr_expect(attempts[i].delivered.faithful, "%s: %s", steps[i],
                  attempts[i].delivered.deviation);
        attempt_release(&attempts[i]);
    }
    buf_release(&script);
}
