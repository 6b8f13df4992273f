#include "mockserver/render.h"

#include <criterion/criterion.h>

#include "mockserver/reason.h"
#include "tests/unit/drafts.h"

static size_t acts_of(const struct plan *plan, enum act_kind kind)
{
    size_t count = 0;

    for (size_t i = 0; i < plan->act_count; i++)
        count += plan->acts[i].kind == kind;
    return count;
}

Test(render, whole_message_with_a_length_is_left_to_the_library)
{
    struct draft draft = some_draft();
    struct plan plan;

    draft.wait_ms = 40;
    render_plan(&plan, &draft);
    cr_expect_not(plan.raw);
    cr_expect_eq(plan.when, PLAN_AT_REQUEST);
    cr_expect_eq(plan.wait_ms, 40);
    cr_expect_eq(plan.status, 200);
    cr_expect_eq(plan.end, STEP_END_KEEP);
    cr_expect_str_eq(plan.headers[0].name, "Content-Type");
    cr_expect_str_eq(plan.body.data, SOME_BODY);
    cr_expect_eq(plan.act_count, 0);
    plan_release(&plan);
    draft_release(&draft);
}

Test(render, library_closes_by_itself_after_a_last_answer)
{
    struct draft draft = some_draft();
    struct plan plan;

    draft.last_answer = true;
    render_plan(&plan, &draft);
    cr_expect_not(plan.raw);
    plan_release(&plan);
    draft_release(&draft);
}

/* Each makes the same message one that libmicrohttpd cannot send. */
static void with_fin(struct draft *draft)
{
    draft->end = STEP_END_FIN;
}
static void with_chunks(struct draft *draft)
{
    draft->framing = STEP_FRAMING_CHUNKED;
}
static void with_close(struct draft *draft)
{
    draft->framing = STEP_FRAMING_CLOSE;
}
static void with_pace(struct draft *draft)
{
    draft->pace_bytes = 3;
    draft->pace_every_ms = 1;
}
static void with_cut(struct draft *draft)
{
    draft->cut = (struct point){ POINT_HEADERS_END, 0 };
    draft->end = STEP_END_RST;
}
static void with_length(struct draft *draft)
{
    draft->announced_bytes = 19;
}
static void with_empty_value(struct draft *draft)
{
    draft_add_header(draft, "Retry-After", "");
}
static void with_odd_name(struct draft *draft)
{
    draft_add_header(draft, "x y", "z");
}
static void with_own_length(struct draft *draft)
{
    draft_add_header(draft, "content-length", "3");
}
static void with_line_end_in_value(struct draft *draft)
{
    draft_add_header(draft, "x", "a\r\ny: b");
}
static void with_late_body(struct draft *draft)
{
    draft->pieces[0].wait_ms = 1;
}
static void with_connection(struct draft *draft)
{
    draft_add_header(draft, "Connection", "close");
}
static void with_interim_status(struct draft *draft)
{
    draft->status = 103;
}

Test(render, what_the_library_cannot_send_becomes_bytes)
{
    static void (*const changes[])(struct draft *) = {
        with_fin,
        with_chunks,
        with_close,
        with_pace,
        with_cut,
        with_length,
        with_empty_value,
        with_odd_name,
        with_own_length,
        with_connection,
        with_interim_status,
        with_line_end_in_value,
        with_late_body,
    };

    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct draft draft = some_draft();
        struct plan plan;

        changes[i](&draft);
        render_plan(&plan, &draft);
        cr_expect(plan.raw, "change %zu", i);
        cr_assert_gt(plan.act_count, 0);
        cr_expect_eq(plan.acts[plan.act_count - 1].kind, ACT_END);
        cr_expect_eq(plan.acts[plan.act_count - 1].end, plan.end);
        plan_release(&plan);
        draft_release(&draft);
    }
}

Test(render, whole_raw_message_is_exactly_these_bytes)
{
    struct draft draft = some_draft();
    struct plan plan;

    draft.end = STEP_END_FIN;
    render_plan(&plan, &draft);
    cr_expect_str_eq(plan.bytes.data, "HTTP/1.1 200 OK\r\n"
                                      "Content-Type: text/plain\r\n"
                                      "Content-Length: 20\r\n"
                                      "Connection: close\r\n\r\n"
                                      "0123456789abcdefghij");
    cr_expect_eq(plan.head_bytes, plan.bytes.length - strlen(SOME_BODY));
    plan_release(&plan);
    draft_release(&draft);
}

Test(render, chunks_follow_the_pieces)
{
    struct draft draft = some_events();
    struct plan plan;

    render_plan(&plan, &draft);
    cr_expect_str_eq(plan.bytes.data, "HTTP/1.1 200 OK\r\n"
                                      "Transfer-Encoding: chunked\r\n\r\n"
                                      "4\r\nAAAA\r\n4\r\nBBBB\r\n4\r\nCCCC\r\n"
                                      "0\r\n\r\n");
    cr_expect_eq(plan.end, STEP_END_KEEP);
    cr_expect_eq(plan.events, 2);
    cr_expect_eq(acts_of(&plan, ACT_WAIT), 2);
    cr_expect_eq(acts_of(&plan, ACT_EVENT), 2);
    cr_expect_eq(acts_of(&plan, ACT_SEND), 5);
    plan_release(&plan);
    draft_release(&draft);
}

static void with_tail(struct draft *draft)
{
    with_chunks(draft);
    buf_add_text(&draft->tail, "ZZZ\r\n");
}
static void with_more_announced(struct draft *draft)
{
    draft->announced_bytes = 21;
}
static void with_half(struct draft *draft)
{
    draft->cut = (struct point){ POINT_BODY_PERCENT, 50 };
}
static void with_garbage(struct draft *draft)
{
    buf_add_text(&draft->garbage, "SSH-2.0-x\r\n");
}
static void with_last_answer(struct draft *draft)
{
    with_chunks(draft);
    draft->last_answer = true;
}

Test(render, keep_is_only_promised_after_a_whole_message)
{
    static const struct {
        void (*change)(struct draft *);
        enum step_end end;
    } rows[] = {
        { with_chunks, STEP_END_KEEP },
        { with_length, STEP_END_KEEP },
        { with_pace, STEP_END_KEEP },
        { with_half, STEP_END_HANG },
        { with_tail, STEP_END_HANG },
        { with_more_announced, STEP_END_HANG },
        { with_garbage, STEP_END_HANG },
        { with_close, STEP_END_FIN },
        { with_connection, STEP_END_FIN },
        { with_interim_status, STEP_END_FIN },
        { with_last_answer, STEP_END_FIN },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct draft draft = some_draft();
        struct plan plan;

        rows[i].change(&draft);
        render_plan(&plan, &draft);
        cr_expect_eq(plan.end, rows[i].end, "row %zu: %d", i, (int)plan.end);
        plan_release(&plan);
        draft_release(&draft);
    }
}

Test(render, close_is_announced_only_where_the_message_is_whole)
{
    static const struct {
        struct point cut;
        enum step_end end;
        int64_t announced;
        bool said;
    } rows[] = {
        { { POINT_END, 0 }, STEP_END_FIN, -1, true },
        { { POINT_END, 0 }, STEP_END_RST, -1, false },
        { { POINT_END, 0 }, STEP_END_HANG, -1, false },
        { { POINT_END, 0 }, STEP_END_FIN, 10, false },
        { { POINT_BODY_PERCENT, 50 }, STEP_END_FIN, -1, false },
        { { POINT_HEADERS_END, 0 }, STEP_END_FIN, -1, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct draft draft = some_draft();
        struct plan plan;

        draft.cut = rows[i].cut;
        draft.end = rows[i].end;
        draft.announced_bytes = rows[i].announced;
        render_plan(&plan, &draft);
        cr_expect_eq(strstr(plan.bytes.data, "Connection: close") != NULL,
                     rows[i].said, "row %zu", i);
        plan_release(&plan);
        draft_release(&draft);
    }
}

Test(render, statuses_without_a_body_announce_none)
{
    static const struct {
        int64_t status;
        bool body;
    } rows[] = { { 103, false },
                 { 204, false },
                 { 304, false },
                 { 205, true },
                 { 200, true } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct draft draft = some_draft();
        struct plan plan;

        draft.status = rows[i].status;
        draft.end = STEP_END_FIN;
        render_plan(&plan, &draft);
        cr_expect_eq(strstr(plan.bytes.data, "Content-Length") != NULL,
                     rows[i].body, "%d", (int)rows[i].status);
        cr_expect_eq(plan.bytes.length > plan.head_bytes, rows[i].body);
        plan_release(&plan);
        draft_release(&draft);
    }
}

Test(render, pace_puts_a_pause_between_all_pieces)
{
    struct draft draft = some_events();
    struct plan plan;

    draft.pace_bytes = 2;
    draft.pace_every_ms = 9;
    render_plan(&plan, &draft);
    for (size_t i = 0; i < plan.act_count; i++) {
        const struct act *act = &plan.acts[i];

        if (act->kind != ACT_SEND)
            continue;
        cr_expect_eq(act->piece_bytes, 2);
        cr_expect_eq(act->piece_every_ms, 9);
        if (i > 0)
            cr_expect_eq(plan.acts[i - 1].kind, ACT_WAIT, "act %zu", i);
    }
    plan_release(&plan);
    draft_release(&draft);
}

Test(render, named_framing_headers_are_not_added_twice)
{
    struct draft draft = some_draft();
    struct plan plan;

    draft_add_header(&draft, "content-length", "3");
    render_plan(&plan, &draft);
    cr_expect(strstr(plan.bytes.data, "content-length: 3\r\n"));
    cr_expect_not(strstr(plan.bytes.data, "Content-Length"));
    plan_release(&plan);
    draft_release(&draft);
}

Test(render, reasons_have_names_or_say_so)
{
    cr_expect_str_eq(reason_find(503), "Service Unavailable");
    cr_expect_str_eq(reason_find(529), "Unknown");
}
