#include "tests/refgateway/shape.h"

#include <criterion/criterion.h>
#include <string.h>

Test(refgw_shape, only_the_promised_shape_is_an_answer)
{
    static const struct {
        const char *body;
        enum outcome wanted;
    } rows[] = {
        { "{\"choices\":[{\"message\":{}}]}", OUTCOME_OK },
        { "{\"choices\":[{\"message\":{\"content\":null},"
          "\"finish_reason\":\"content_filter\"}]}",
          OUTCOME_OK },
        { "{\"error\":null,\"choices\":[{\"message\":{}}]}", OUTCOME_OK },
        { "{\"error\":{},\"choices\":[{\"message\":{}}]}",
          OUTCOME_ERROR_IN_200 },
        { "{\"error\":\"no\"}", OUTCOME_ERROR_IN_200 },
        { "{\"choices\":[{\"message\":{},\"finish_reason\":\"error\"}]}",
          OUTCOME_ERROR_IN_200 },
        { "{\"choices\":[{}]}", OUTCOME_BAD_BODY },
        { "{\"choices\":[{\"message\":\"OK\"}]}", OUTCOME_BAD_BODY },
        { "{\"choices\":[]}", OUTCOME_BAD_BODY },
        { "{\"choices\":{}}", OUTCOME_BAD_BODY },
        { "{\"choices\":[null]}", OUTCOME_BAD_BODY },
        { "{}", OUTCOME_BAD_BODY },
        { "[]", OUTCOME_BAD_BODY },
        { "null", OUTCOME_BAD_BODY },
        { "\"\"", OUTCOME_BAD_BODY },
        { "<!doctype html>", OUTCOME_BAD_BODY },
        { "{\"choices\":[{\"message\":{\"content\":\"\xff\"}}]}",
          OUTCOME_BAD_BODY },
        { "{\"choices\":[{\"message\":{}}]} x", OUTCOME_BAD_BODY },
        { "\n", OUTCOME_EMPTY_BODY },
    };
    struct shape_error error;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(shape_judge(&error, rows[i].body, strlen(rows[i].body)),
                     rows[i].wanted, "%s", rows[i].body);
}

Test(refgw_shape, a_code_is_text_or_an_integer)
{
    static const struct {
        const char *body, *code;
    } rows[] = {
        { "{\"error\":{\"code\":\"model_not_found\"}}", "model_not_found" },
        { "{\"error\":{\"code\":502}}", "502" },
        { "{\"error\":{\"code\":\"\"}}", "" },
        { "{\"error\":{\"code\":null}}", "" },
        { "{\"error\":{}}", "" },
        { "{\"error\":\"text\"}", "" },
        { "{\"code\":\"outside\"}", "" },
        { "[]", "" },
        { "<html>", "" },
        { "", "" },
    };
    struct shape_error error;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        shape_find_error(&error, rows[i].body, strlen(rows[i].body));
        cr_expect_str_eq(error.code, rows[i].code, "%s", rows[i].body);
    }
}

Test(refgw_shape, events_of_a_stream_are_told_apart)
{
    static const struct {
        const char *data;
        enum shape_event_kind kind;
        bool output, finish;
    } rows[] = {
        { "{\"choices\":[{\"delta\":{\"content\":\"a\"},"
          "\"finish_reason\":null}]}",
          SHAPE_EVENT_DATA, true, false },
        { "{\"choices\":[{\"delta\":{\"role\":\"assistant\","
          "\"content\":\"\"}}]}",
          SHAPE_EVENT_DATA, false, false },
        { "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0}]}}]}",
          SHAPE_EVENT_DATA, true, false },
        { "{\"choices\":[{\"delta\":{\"tool_calls\":[]}}]}", SHAPE_EVENT_DATA,
          false, false },
        { "{\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}",
          SHAPE_EVENT_DATA, true, false },
        { "{\"choices\":[{\"delta\":{\"refusal\":\"no\"}}]}", SHAPE_EVENT_DATA,
          true, false },
        { "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}",
          SHAPE_EVENT_DATA, false, true },
        { "{\"choices\":[{\"delta\":{\"content\":\"z\"},"
          "\"finish_reason\":\"length\"}]}",
          SHAPE_EVENT_DATA, true, true },
        { "{\"choices\":[{\"delta\":{},\"finish_reason\":\"error\"}]}",
          SHAPE_EVENT_ERROR, false, false },
        { "{\"choices\":[],\"usage\":{\"total_tokens\":3}}", SHAPE_EVENT_DATA,
          false, false },
        { "{\"choices\":[null]}", SHAPE_EVENT_DATA, false, false },
        { "{\"type\":\"ping\"}", SHAPE_EVENT_DATA, false, false },
        { "{\"choices\":[],\"error\":{\"code\":\"overloaded\"}}",
          SHAPE_EVENT_ERROR, false, false },
        { "[DONE]", SHAPE_EVENT_DONE, false, false },
        { "[DONE] ", SHAPE_EVENT_DONE, false, false },
        { "[done]", SHAPE_EVENT_MALFORMED, false, false },
        { "{\"choices\":", SHAPE_EVENT_MALFORMED, false, false },
        { "[]", SHAPE_EVENT_MALFORMED, false, false },
        { "", SHAPE_EVENT_MALFORMED, false, false },
    };
    struct shape_event event;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        shape_judge_event(&event, rows[i].data, strlen(rows[i].data));
        cr_expect_eq(event.kind, rows[i].kind, "%s", rows[i].data);
        cr_expect_eq(event.output, rows[i].output, "%s", rows[i].data);
        cr_expect_eq(event.finish, rows[i].finish, "%s", rows[i].data);
    }
}
