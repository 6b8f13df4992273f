/* What healthy and odd answers say: reasons, usage, tool calls, frames. */
#include <criterion/criterion.h>

#include "tests/unit/acted.h"

static size_t count_of(const struct acted *a, const char *text)
{
    size_t count = 0;

    for (const char *at = buf_text(&a->view.body);
         (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

Test(fault_content, finish_reason_is_the_one_asked_for)
{
    static const struct {
        int64_t reason;
        const char *text;
        enum answer_shape shape;
    } rows[] = {
        { -1, "\"finish_reason\":\"stop\"", ANSWER_COMPLETE },
        { STEP_FINISH_LENGTH, "\"finish_reason\":\"length\"", ANSWER_COMPLETE },
        { STEP_FINISH_CONTENT_FILTER, "\"finish_reason\":\"content_filter\"",
          ANSWER_COMPLETE },
        { STEP_FINISH_TOOL_CALLS, "\"finish_reason\":\"tool_calls\"",
          ANSWER_COMPLETE },
        { STEP_FINISH_ERROR, "\"finish_reason\":\"error\"", ANSWER_CUT },
    };

    for (size_t i = 0; i < 3 * sizeof rows / sizeof rows[0]; i++) {
        struct acted a =
            acted_new(i % 3 == 2 ? FAULT_stream : FAULT_none, i % 3);

        a.step.finish_reason = rows[i / 3].reason;
        act(&a);
        cr_expect_eq(count_of(&a, rows[i / 3].text), 1, "%s", rows[i / 3].text);
        cr_expect_eq(shape_of(&a), rows[i / 3].shape, "%s", rows[i / 3].text);
        acted_release(&a);
    }
}

Test(fault_content, an_error_in_a_200_says_what_the_step_says)
{
    static const int64_t kinds[] = { STEP_BODY_ERROR_OBJECT,
                                     STEP_BODY_ERROR_AND_CHOICES };

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct acted a = acted_new(FAULT_body, false);

        a.step.kind = kinds[i];
        a.step.code = (char *)(uintptr_t) "invalid_api_key";
        a.step.message = (char *)(uintptr_t) "no such key";
        act(&a);
        cr_expect_eq(a.plan.status, 200);
        cr_expect_eq(count_of(&a, "\"code\":\"invalid_api_key\""), 1);
        cr_expect_eq(count_of(&a, "no such key"), 1);
        acted_release(&a);
    }
}

Test(fault_content, usage_is_told_as_asked_for)
{
    static const struct {
        int64_t usage_as;
        bool stream;
        const char *text;
        size_t count;
    } rows[] = {
        { STEP_USAGE_NULL, false, "\"usage\":null", 1 },
        { STEP_USAGE_NEGATIVE, false, "\"total_tokens\":-25", 1 },
        { STEP_USAGE_NULL, true, "\"choices\":[],\"usage\":null", 1 },
        { STEP_USAGE_NEGATIVE, true, "\"total_tokens\":-25", 1 },
        { STEP_USAGE_TWICE, true, "\"total_tokens\":53", 2 },
        { STEP_USAGE_BEFORE_FINISH, true, "\"total_tokens\":53", 1 },
        { -1, true, "\"total_tokens\"", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_none, rows[i].stream);

        a.step.usage_as = rows[i].usage_as;
        act(&a);
        cr_expect_eq(count_of(&a, rows[i].text), rows[i].count, "%s",
                     rows[i].text);
        if (rows[i].usage_as == STEP_USAGE_BEFORE_FINISH)
            cr_expect_lt(strstr(a.view.body.data, "total_tokens"),
                         strstr(a.view.body.data, "\"stop\""));
        acted_release(&a);
    }
}

Test(fault_content, status_of_success_can_be_another)
{
    static const int64_t statuses[] = { 201, 203, 204, 206 };

    for (size_t i = 0; i < 4; i++) {
        struct acted a = acted_new(FAULT_none, false);

        a.step.status = statuses[i];
        act(&a);
        cr_expect_eq(a.plan.status, statuses[i]);
        cr_expect_eq(a.view.body.length == 0, statuses[i] == 204);
        acted_release(&a);
    }
}

Test(fault_content, model_can_be_another)
{
    struct acted a = acted_new(FAULT_none, false);

    a.step.model = (char *)(uintptr_t) "other-model";
    act(&a);
    cr_expect(view_has(&a.view, "\"model\":\"other-model\""));
    cr_expect_not(view_has(&a.view, "drill-model"));
    acted_release(&a);
}

Test(fault_content, tool_call_carries_the_tokens_in_its_arguments)
{
    struct acted a = acted_new(FAULT_none, false);
    struct json *root;
    const char *arguments;

    a.step.tool_calls = 1;
    act(&a);
    root = json_of(&a);
    arguments = json_text(
        json_pointer(root,
                     "/choices/0/message/tool_calls/0/function/arguments"),
        "");
    cr_expect(json_valid(arguments, strlen(arguments)), "%s", arguments);
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect(view_has(&a.view, "\"finish_reason\":\"tool_calls\""));
    json_free(root);
    acted_release(&a);
}

/* The arguments as a client adds them up. */
static struct buf arguments_of(const struct acted *a)
{
    struct buf sum = { 0 };

    for (const char *at = buf_text(&a->view.body), *end;
         (end = strstr(at, "\n\n")) != NULL; at = end + 2) {
        struct err err;
        struct json *event;

        if (strncmp(at, "data: {", 7) != 0)
            continue;
        event = json_parse(at + 6, (size_t)(end - at - 6), "event", &err);
        cr_assert(event, "%s", err.text);
        buf_add_text(
            &sum, json_text(json_pointer(event, "/choices/0/delta/tool_calls/0/"
                                                "function/arguments"),
                            ""));
        json_free(event);
    }
    return sum;
}

Test(fault_content, streamed_tool_call_adds_up_to_json_unless_it_is_cut)
{
    for (int cut = 0; cut < 2; cut++) {
        struct acted a = acted_new(FAULT_stream, true);
        struct buf sum;

        a.step.tool_calls = 1;
        if (cut) {
            a.step.end_how = STEP_END_FIN;
            a.step.end_at = (struct point){ POINT_EVENT, 8 };
        }
        act(&a);
        sum = arguments_of(&a);
        cr_expect_eq(json_valid(buf_text(&sum), sum.length), !cut, "%s",
                     buf_text(&sum));
        cr_expect_eq(view_tokens(&a.view), cut ? 8 : 24);
        buf_release(&sum);
        acted_release(&a);
    }
}

Test(fault_content, error_in_a_stream_has_the_shape_and_code_asked_for)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.error_at = 0;
    a.step.code = (char *)(uintptr_t) "insufficient_quota";
    act(&a);
    cr_expect(view_has(&a.view, "data: {\"error\":{"));
    cr_expect(view_has(&a.view, "\"code\":\"insufficient_quota\""));
    cr_expect(events_are_json(&a));
    acted_release(&a);

    a = acted_new(FAULT_stream, true);
    a.step.error_at = 3;
    a.step.error_as = STEP_ERROR_CHUNK;
    act(&a);
    cr_expect(view_has(&a.view, "\"choices\":[],\"error\":{"));
    cr_expect(events_are_json(&a));
    cr_expect_eq(view_tokens(&a.view), 3);
    acted_release(&a);
}

Test(fault_content, content_can_follow_what_should_be_the_end)
{
    struct acted a = acted_new(FAULT_stream, true);
    const char *last;

    a.step.error_at = 3;
    a.step.after_error = 1;
    act(&a);
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect_eq(a.plan.events, 24);
    cr_expect_eq(count_of(&a, "\"error\":"), 1);
    acted_release(&a);

    a = acted_new(FAULT_stream, true);
    a.step.after_done = 1;
    act(&a);
    last = strstr(buf_text(&a.view.body), "[DONE]");
    cr_assert(last && strstr(last, "\"content\":"));
    cr_expect_eq(shape_of(&a), ANSWER_REPEATED);
    acted_release(&a);
}

Test(fault_content, odd_frames_stand_among_the_tokens)
{
    static const char *const texts[] = {
        [STEP_FRAME_EMPTY_CHOICES] =
            "\"model\":\"drill-model\",\"choices\":[]}",
        [STEP_FRAME_NULL_CHOICES] = "\"choices\":null}",
        [STEP_FRAME_NO_CHOICES] = "\"model\":\"drill-model\"}",
        [STEP_FRAME_USAGE] = "\"choices\":[],\"usage\":{\"prompt_tokens\"",
    };

    for (int64_t i = 0; i <= STEP_FRAME_USAGE; i++) {
        struct acted a = acted_new(FAULT_stream, true);

        a.step.odd_frame = i;
        act(&a);
        cr_expect_eq(count_of(&a, texts[i]), 1, "%s", texts[i]);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        cr_expect(events_are_json(&a));
        acted_release(&a);
    }
}

Test(fault_content, metadata_comes_before_all)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.metadata = 2;
    a.step.error_at = 0;
    act(&a);
    cr_expect_eq(count_of(&a, "prompt_filter_results"), 2);
    cr_expect_eq(count_of(&a, "\"role\""), 0);
    cr_expect_lt(strstr(a.view.body.data, "prompt_filter_results"),
                 strstr(a.view.body.data, "\"error\""));
    acted_release(&a);
}

Test(fault_content, odd_bodies_are_what_they_say)
{
    static const struct {
        int64_t kind;
        const char *text;
        bool json;
    } rows[] = {
        { STEP_BODY_ERROR_AND_CHOICES, "\"error\":{", true },
        { STEP_BODY_BOM, "\xef\xbb\xbf{\"id\"", false },
        { STEP_BODY_DUPLICATE_KEYS, "\"model\":\"another\"", false },
        { STEP_BODY_HUGE_NUMBER, "\"score\":1e400", true },
        { STEP_BODY_SSE, "data: [DONE]", false },
        { STEP_BODY_JSON, "\"object\":\"chat.completion\"", true },
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_body, i % 2);

        a.step.kind = rows[i / 2].kind;
        act(&a);
        cr_expect(view_has(&a.view, rows[i / 2].text), "%s", rows[i / 2].text);
        cr_expect_eq(a.plan.status, 200);
        if (rows[i / 2].kind != STEP_BODY_DUPLICATE_KEYS &&
            rows[i / 2].kind != STEP_BODY_HUGE_NUMBER)
            cr_expect_eq(body_is_json(&a), rows[i / 2].json, "%s",
                         rows[i / 2].text);
        acted_release(&a);
    }
}

Test(fault_content, ten_thousand_events_are_all_there)
{
    struct acted a = acted_new(FAULT_stream, true);

    a.step.events = 10000;
    act(&a);
    cr_expect_eq(view_tokens(&a.view), 10000);
    cr_expect_eq(a.plan.events, 10000);
    acted_release(&a);
}
