#include "tests/refgateway/request_body.h"

#include <criterion/criterion.h>
#include <string.h>

Test(refgw_request_body, only_the_top_level_model_changes)
{
    static const struct {
        const char *text, *wanted;
    } rows[] = {
        { "{\"model\":\"a\"}", "{\"model\":\"m\"}" },
        { " { \"x\" : 1.0 , \"model\" : \"a\" , \"y\":[{\"model\":\"b\"}] } ",
          " { \"x\" : 1.0 , \"model\" : \"m\" , \"y\":[{\"model\":\"b\"}] } " },
        { "{\"messages\":[{\"content\":\"\\\"model\\\":\\\"x\\\"\"}],"
          "\"model\":\"a\"}",
          "{\"messages\":[{\"content\":\"\\\"model\\\":\\\"x\\\"\"}],"
          "\"model\":\"m\"}" },
        { "{\"mod\\u0065l\":\"a\",\"n\":9007199254740993,\"e\":1e400}",
          "{\"mod\\u0065l\":\"m\",\"n\":9007199254740993,\"e\":1e400}" },
        { "{\"a\":{\"model\":1,\"b\":[[],{}]},\"model\":{\"odd\":[1,2]},"
          "\"z\":null}",
          "{\"a\":{\"model\":1,\"b\":[[],{}]},\"model\":\"m\",\"z\":null}" },
        { "{\"a\":true,\"model\":null}", "{\"a\":true,\"model\":\"m\"}" },
        { "{\"model\":-1.5e3\n}", "{\"model\":\"m\"\n}" },
        { "{\"a\":\"\\\\\",\"model\":\"a\"}",
          "{\"a\":\"\\\\\",\"model\":\"m\"}" },
        { "{\"a\":\"\\\"}\",\"model\":\"a\"}",
          "{\"a\":\"\\\"}\",\"model\":\"m\"}" },
        { "{\"a\":1}", "{\"a\":1}" },
        { "{}", "{}" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request_body body;
        struct buf out = { 0 };

        cr_assert(request_body_read(&body, rows[i].text, strlen(rows[i].text)));
        request_body_write(&out, &body, "m");
        cr_expect_str_eq(buf_text(&out), rows[i].wanted);
        buf_clear(&out);
        request_body_write(&out, &body, NULL);
        cr_expect_str_eq(buf_text(&out), rows[i].text, "without a model");
        buf_release(&out);
    }
}

Test(refgw_request_body, a_stream_is_asked_for_by_the_literal_true)
{
    static const struct {
        const char *text;
        bool stream;
    } rows[] = {
        { "{\"stream\":true}", true },          { "{\"stream\":false}", false },
        { "{\"stream\":\"true\"}", false },     { "{\"stream\":1}", false },
        { "{\"a\":{\"stream\":true}}", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct request_body body;

        cr_assert(request_body_read(&body, rows[i].text, strlen(rows[i].text)));
        cr_expect_eq(body.stream, rows[i].stream, "%s", rows[i].text);
    }
}

Test(refgw_request_body, what_is_no_strict_json_object_is_refused)
{
    static const char *const texts[] = {
        "",     "[]",         "\"x\"",   "{",
        "{}{}", "{\"a\":01}", "{'a':1}", "{\"model\":1,\"model\":2}"
    };
    struct request_body body;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        cr_expect_not(request_body_read(&body, texts[i], strlen(texts[i])),
                      "%s", texts[i]);
}
