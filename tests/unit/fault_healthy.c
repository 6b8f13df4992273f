#include "mockserver/fault.h"

#include <criterion/criterion.h>

#include "tests/unit/acted.h"

Test(fault_healthy, healthy_completion_is_whole_and_names_its_maker)
{
    struct acted a = acted_new(FAULT_none, false);
    struct json *root;

    act(&a);
    cr_expect_not(a.plan.raw);
    cr_expect_eq(a.plan.status, 200);
    cr_expect_str_eq(a.plan.headers[0].name, "Content-Type");
    expect_header(&a, "Content-Type", "application/json");
    expect_header(&a, "Date", "Wed, 24 Jun 2026 10:00:00 GMT");
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect_eq(view_tokens(&a.view), ANSWER_TOKENS);
    root = json_of(&a);
    cr_expect_str_eq(
        json_text(json_pointer(root, "/choices/0/finish_reason"), ""), "stop");
    cr_expect_str_eq(json_get_text(root, "model", ""), "drill-model");
    cr_expect_eq(json_int(json_pointer(root, "/usage/completion_tokens"), 0),
                 ANSWER_TOKENS);
    cr_expect_eq(
        strncmp(json_text(json_pointer(root, "/choices/0/message/content"), ""),
                "CANARYcompletion7d1e primary-2-1of24-", 37),
        0);
    json_free(root);
    acted_release(&a);
}

Test(fault_healthy, healthy_answer_without_a_canary_starts_with_its_first_token)
{
    struct acted a = acted_new(FAULT_none, false);

    a.request.completion_canary = NULL;
    act(&a);
    cr_expect(view_has(&a.view, "\"content\":\"primary-2-1of24-"));
    acted_release(&a);
}

Test(fault_healthy, healthy_stream_is_whole_and_keeps_the_connection)
{
    struct acted a = acted_new(FAULT_none, true);

    act(&a);
    cr_expect(a.plan.raw);
    cr_expect_eq(a.plan.end, STEP_END_KEEP);
    cr_expect_eq(a.plan.events, ANSWER_TOKENS);
    cr_expect_eq(a.plan.head_bytes, a.view.head.length);
    cr_expect(a.view.chunked);
    cr_expect(a.view.whole);
    expect_header(&a, "Content-Type", "text/event-stream");
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect(events_are_json(&a));
    cr_expect(view_has(&a.view, "\"finish_reason\":\"stop\""));
    cr_expect(view_has(&a.view, "data: [DONE]\n\n"));
    cr_expect_not(view_has(&a.view, "\"usage\""));
    cr_expect_eq(waits_of(&a.plan), 0);
    acted_release(&a);
}

Test(fault_healthy, stream_canary_is_split_over_two_deltas)
{
    struct acted a = acted_new(FAULT_none, true);

    act(&a);
    cr_expect_not(view_has(&a.view, "CANARYcompletion7d1e"));
    cr_expect(view_has(&a.view, "{\"content\":\"CANARYcomp\"}"));
    cr_expect(view_has(&a.view, "{\"content\":\"letion7d1e \"}"));
    acted_release(&a);
}

/* Each delta is JSON of its own: no character is cut in two. */
Test(fault_healthy, stream_canary_is_split_between_characters)
{
    struct acted a = acted_new(FAULT_none, true);

    a.request.completion_canary = "abc\xc3\xa9\"\n";
    act(&a);
    cr_expect(view_has(&a.view, "{\"content\":\"abc\"}"));
    cr_expect(view_has(&a.view, "{\"content\":\"\xc3\xa9\\\"\\n \"}"));
    acted_release(&a);
}

/* What else can be planted, each in its own member. */
Test(fault_healthy, an_answer_carries_what_is_planted_in_it)
{
    static const char tricky[] = "one\"two\n";
    static const char *const pointers[] = {
        "/choices/0/message/reasoning_content",
        "/usage/cost_details/balance_left",
    };

    for (int planted = 0; planted < 2; planted++) {
        struct acted a = acted_new(FAULT_none, false);
        struct json *root, *arguments;
        const char *text;
        struct err err;

        a.step.tool_calls = 1;
        if (planted)
            a.request.plants =
                (struct fault_plants){ tricky, tricky, tricky, "three" };
        act(&a);
        root = json_of(&a);
        for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++)
            cr_expect_str_eq(json_text(json_pointer(root, pointers[i]), "none"),
                             planted ? tricky : "none");
        text = json_text(json_pointer(root, "/choices/0/message/tool_calls/0/"
                                            "function/arguments"),
                         "");
        arguments = json_parse(text, strlen(text), "arguments", &err);
        cr_assert_not_null(arguments);
        cr_expect_eq(strstr(json_get_text(arguments, "text", ""), tricky) !=
                         NULL,
                     planted);
        cr_expect_eq(view_has(&a.view, "three"), false);
        json_free(arguments);
        json_free(root);
        acted_release(&a);
    }
}

/* Put together as a client does. */
static void add_texts(struct buf *out, const struct acted *a,
                      const char *pointer)
{
    const char *at = buf_text(&a->view.body), *end;

    for (; (end = strstr(at, "\n\n")) != NULL; at = end + 2) {
        struct err err;
        struct json *root =
            json_parse(at + 6, (size_t)(end - at) - 6, "", &err);

        buf_add_text(out, json_text(json_pointer(root, pointer), ""));
        json_free(root);
    }
}

Test(fault_healthy, a_stream_carries_what_is_planted_split_over_deltas)
{
    static const char tricky[] = "one\"\\\n\xc3\xa9two";
    struct acted a = acted_new(FAULT_none, true);
    struct buf reasoning = { 0 }, arguments = { 0 };
    struct json *call;
    struct err err;

    a.step.tool_calls = 1;
    a.step.usage = 1;
    a.request.plants =
        (struct fault_plants){ tricky, tricky, "balance", "three" };
    act(&a);
    add_texts(&reasoning, &a, "/choices/0/delta/reasoning_content");
    cr_expect_str_eq(buf_text(&reasoning), "one\"\\\n\xc3\xa9two ");
    cr_expect_not(view_has(&a.view, "one\\\"\\\\\\n\xc3\xa9two"));
    add_texts(&arguments, &a,
              "/choices/0/delta/tool_calls/0/function/arguments");
    call = json_parse(buf_text(&arguments), arguments.length, "", &err);
    cr_assert_not_null(call, "%s", buf_text(&arguments));
    cr_expect_eq(
        strncmp(json_get_text(call, "text", ""), tricky, sizeof tricky - 1), 0);
    cr_expect(view_has(&a.view, "\"balance_left\":\"balance\""));
    cr_expect(events_are_json(&a));
    json_free(call);
    buf_release(&reasoning);
    buf_release(&arguments);
    acted_release(&a);
}

Test(fault_healthy, usage_chunk_comes_when_asked_for_or_scripted)
{
    static const struct {
        bool asked;
        int64_t step;
        bool there;
    } rows[] = { { false, -1, false },
                 { true, -1, true },
                 { true, 0, false },
                 { false, 1, true } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_none, true);

        a.request.include_usage = rows[i].asked;
        a.step.usage = rows[i].step;
        act(&a);
        cr_expect_eq(view_has(&a.view, "\"choices\":[],\"usage\":{"),
                     rows[i].there, "row %zu", i);
        cr_expect_eq(view_has(&a.view, "\"usage\":null"), rows[i].asked,
                     "row %zu", i);
        acted_release(&a);
    }
}

Test(fault_healthy, healthy_parameters_are_obeyed)
{
    struct acted a = acted_new(FAULT_none, true);
    struct acted b = acted_new(FAULT_none, false);

    a.step.events = 60;
    a.step.interval_ms = 5;
    a.step.finish = 0;
    act(&a);
    cr_expect_eq(a.plan.events, 60);
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect_eq(waits_of(&a.plan), 59 * 5);
    cr_expect_not(view_has(&a.view, "\"stop\""));
    b.step.finish = 0;
    b.step.usage = 0;
    act(&b);
    cr_expect(view_has(&b.view, "\"finish_reason\":null"));
    cr_expect_not(view_has(&b.view, "\"usage\""));
    acted_release(&a);
    acted_release(&b);
}

Test(fault_healthy, healthy_upstream_refuses_a_foreign_credential)
{
    static const enum fault healthy[] = { FAULT_none, FAULT_delay,
                                          FAULT_dribble };

    for (size_t i = 0; i < 6; i++) {
        struct acted a = acted_new(healthy[i / 2], i % 2);

        a.request.credential_accepted = false;
        a.step.ms = 20;
        a.step.bytes = 10;
        a.step.every_ms = 1;
        act(&a);
        cr_expect_eq(a.plan.status, 401);
        cr_expect_eq(shape_of(&a), ANSWER_NONE);
        cr_expect(view_has(&a.view, "invalid token CANARYerror55aa (request "));
        cr_expect_not(view_has(&a.view, "CANARYcomp"));
        acted_release(&a);
    }
}

Test(fault_healthy, two_attempts_differ_and_one_repeats)
{
    struct acted a = acted_new(FAULT_none, false);
    struct acted b = acted_new(FAULT_none, false);
    struct acted c = acted_new(FAULT_none, false);

    c.request.attempt = 3;
    c.request.request_number = 8;
    act(&a);
    act(&b);
    act(&c);
    cr_expect_str_eq(a.view.body.data, b.view.body.data);
    cr_expect_str_eq(a.view.head.data, b.view.head.data);
    cr_expect_str_neq(a.view.body.data, c.view.body.data);
    cr_expect_str_neq(a.view.head.data, c.view.head.data);
    acted_release(&a);
    acted_release(&b);
    acted_release(&c);
}

Test(fault_healthy, delay_waits_before_a_healthy_answer)
{
    for (int stream = 0; stream < 2; stream++) {
        struct acted a = acted_new(FAULT_delay, stream);

        a.step.ms = 300;
        a.step.before_ms = 20;
        act(&a);
        cr_expect_eq(waits_of(&a.plan), 320);
        if (a.plan.raw)
            cr_expect_eq(a.plan.acts[0].kind, ACT_WAIT);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        cr_expect(a.view.whole);
        acted_release(&a);
    }
}

Test(fault_healthy, dribble_sends_all_of_it_in_small_pieces)
{
    for (int stream = 0; stream < 2; stream++) {
        struct acted a = acted_new(FAULT_dribble, stream);

        a.step.bytes = 16;
        a.step.every_ms = 2;
        act(&a);
        cr_expect(a.plan.raw);
        cr_expect_eq(a.plan.end, STEP_END_KEEP);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        cr_expect(a.view.whole);
        for (size_t i = 0; i < a.plan.act_count; i++) {
            if (a.plan.acts[i].kind == ACT_SEND) {
                cr_expect_eq(a.plan.acts[i].piece_bytes, 16);
                cr_expect_eq(a.plan.acts[i].piece_every_ms, 2);
            }
        }
        acted_release(&a);
    }
}
