#include "tests/refgateway/access_log.h"

#include <criterion/criterion.h>
#include <string.h>

#include "common/json.h"

static struct json *line_of(const struct access_entry *entry)
{
    struct buf out = { 0 };
    struct err err;
    struct json *line;

    access_log_format(&out, entry, 1782295200);
    line = json_parse(out.data, out.length, "line", &err);
    cr_assert_not_null(line, "%s: %s", err.text, out.data);
    cr_expect_null(strchr(out.data, '\n'));
    buf_release(&out);
    return line;
}

Test(refgw_access_log, a_line_is_one_json_object_with_the_figures)
{
    const struct access_entry entry = {
        .method = "POST",
        .route = "/v1/chat/completions",
        .stream = true,
        .status = 200,
        .upstreams = { { "primary", 3 }, { "fallback", 1 } },
        .upstream_count = 2,
        .retries = 2,
        .decision = "fallback_used",
        .error_class = "none",
        .end = "complete",
        .request_id = "an-id",
        .upstream = "fallback",
        .answer = "complete",
        .input_tokens = 7,
        .output_tokens = -1,
        .elapsed_ms = 12,
    };
    struct json *line = line_of(&entry);

    cr_expect_str_eq(json_get_text(line, "time", ""), "2026-06-24T10:00:00Z");
    cr_expect_eq(json_get_int(line, "attempts", -1), 4);
    cr_expect_eq(json_get_int(line, "retries", -1), 2);
    cr_expect_eq(json_get_int(line, "status", -1), 200);
    cr_expect(json_get_true(line, "stream"));
    cr_expect_str_eq(json_text(json_pointer(line, "/upstreams/1/name"), ""),
                     "fallback");
    cr_expect_str_eq(json_get_text(line, "upstream", ""), "fallback");
    cr_expect_str_eq(json_get_text(line, "request_id", ""), "an-id");
    cr_expect_eq(json_get_int(line, "input_tokens", -1), 7);
    cr_expect_eq(json_kind(json_get(line, "output_tokens")), JSON_NULL);
    cr_expect_eq(json_kind(json_get(line, "outcome")), JSON_NULL);
    json_free(line);
}

Test(refgw_access_log, a_client_that_left_has_no_status)
{
    const struct access_entry entry = { .method = "other",
                                        .route = "unknown",
                                        .end = "client_left" };
    struct json *line = line_of(&entry);

    cr_expect_eq(json_kind(json_get(line, "status")), JSON_NULL);
    cr_expect_eq(json_count(json_get(line, "upstreams")), 0);
    cr_expect_str_eq(json_get_text(line, "end", ""), "client_left");
    json_free(line);
}
