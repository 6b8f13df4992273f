#include "mockserver/render.h"

#include <criterion/criterion.h>

#include "tests/unit/drafts.h"

/* Where a 20-byte body with a true length is cut. */
static const struct {
    struct point cut;
    enum plan_when when;
    int64_t status;
    bool head_whole;
    const char *body; /* NULL: nothing was sent at all */
} cuts[] = {
    { { POINT_ACCEPT, 0 }, PLAN_AT_ACCEPT, -1, false, NULL },
    { { POINT_REQUEST_HEAD, 0 }, PLAN_AT_REQUEST_HEAD, -1, false, NULL },
    { { POINT_REQUEST, 0 }, PLAN_AT_REQUEST, -1, false, NULL },
    { { POINT_STATUS_LINE, 0 }, PLAN_AT_REQUEST, -1, false, "" },
    { { POINT_HEADERS, 0 }, PLAN_AT_REQUEST, 200, false, "" },
    { { POINT_HEADERS_END, 0 }, PLAN_AT_REQUEST, 200, true, "" },
    { { POINT_BODY_PERCENT, 0 }, PLAN_AT_REQUEST, 200, true, "" },
    { { POINT_BODY_PERCENT, 50 }, PLAN_AT_REQUEST, 200, true, "0123456789" },
    { { POINT_BODY_PERCENT, 100 }, PLAN_AT_REQUEST, 200, true, SOME_BODY },
    { { POINT_BODY_BYTES, 3 }, PLAN_AT_REQUEST, 200, true, "012" },
    { { POINT_BODY_BYTES, 99 }, PLAN_AT_REQUEST, 200, true, SOME_BODY },
    { { POINT_EVENT, 0 }, PLAN_AT_REQUEST, 200, true, "" },
    { { POINT_EVENT, 12 }, PLAN_AT_REQUEST, 200, true, "0123456789" },
    { { POINT_EVENT, 24 }, PLAN_AT_REQUEST, 200, true, SOME_BODY },
    { { POINT_EVENT, 60 }, PLAN_AT_REQUEST, 200, true, SOME_BODY },
    { { POINT_END, 0 }, PLAN_AT_REQUEST, 200, true, SOME_BODY },
};

Test(render_cut, cuts_fall_where_the_point_says)
{
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        struct draft draft = some_draft();
        struct plan plan;
        struct view view;

        draft.cut = cuts[i].cut;
        draft.end = STEP_END_RST;
        render_plan(&plan, &draft);
        view = view_of(&plan);
        cr_expect_eq(plan.when, cuts[i].when, "row %zu", i);
        cr_expect_eq(plan.status, cuts[i].status, "row %zu", i);
        cr_expect_eq(view.head_whole, cuts[i].head_whole, "row %zu", i);
        cr_expect_eq(plan.head_bytes > 0, cuts[i].head_whole, "row %zu", i);
        if (cuts[i].head_whole)
            cr_expect_eq(plan.head_bytes, view.head.length, "row %zu", i);
        cr_expect_eq(plan.bytes.length > 0, cuts[i].body != NULL, "row %zu", i);
        if (cuts[i].body)
            cr_expect_str_eq(buf_text(&view.body), cuts[i].body, "row %zu", i);
        view_release(&view);
        plan_release(&plan);
        draft_release(&draft);
    }
}

Test(render_cut, half_a_status_line_has_no_line_end)
{
    struct draft draft = some_draft();
    struct plan plan;

    draft.cut = (struct point){ POINT_STATUS_LINE, 0 };
    draft.end = STEP_END_FIN;
    render_plan(&plan, &draft);
    cr_expect_str_eq(plan.bytes.data, "HTTP/1.1 2");
    plan_release(&plan);
    draft_release(&draft);
}

Test(render_cut, half_the_headers_end_inside_a_line_however_many)
{
    for (size_t count = 1; count < 40; count++) {
        struct draft draft = some_draft();
        struct plan plan;

        for (size_t i = 0; i < count; i++)
            draft_add_header(&draft, "x", &"12345"[i % 5]);
        draft.cut = (struct point){ POINT_HEADERS, 0 };
        draft.end = STEP_END_FIN;
        render_plan(&plan, &draft);
        cr_expect(strstr(plan.bytes.data, "HTTP/1.1 200 OK\r\nC"));
        cr_expect_not(strstr(plan.bytes.data, "\r\n\r\n"));
        cr_expect_not(strchr("\r\n", plan.bytes.data[plan.bytes.length - 1]));
        plan_release(&plan);
        draft_release(&draft);
    }
}

/* Where three chunks are cut: what stands after the head. */
static const struct {
    struct point cut;
    const char *tail;
    const char *sent;
    int64_t events;
} chunk_cuts[] = {
    { { POINT_EVENT, 0 }, NULL, "4\r\nAAAA\r\n", 0 },
    { { POINT_EVENT, 1 }, NULL, "4\r\nAAAA\r\n4\r\nBBBB\r\n", 1 },
    { { POINT_EVENT, 9 }, NULL, "4\r\nAAAA\r\n4\r\nBBBB\r\n4\r\nCCCC\r\n", 2 },
    { { POINT_BODY_BYTES, 6 }, NULL, "4\r\nAAAA\r\n4\r\nBB", 0 },
    { { POINT_BODY_PERCENT, 50 }, NULL, "4\r\nAAAA\r\n4\r\nBB", 0 },
    { { POINT_BODY_PERCENT, 100 },
      NULL,
      "4\r\nAAAA\r\n4\r\nBBBB\r\n4\r\nCCCC\r\n",
      2 },
    { { POINT_BODY_BYTES, 6 },
      "ZZZ\r\n",
      "4\r\nAAAA\r\n2\r\nBB\r\nZZZ\r\n",
      0 },
    { { POINT_HEADERS_END, 0 }, "ZZZ\r\n", "ZZZ\r\n", 0 },
    { { POINT_END, 0 },
      NULL,
      "4\r\nAAAA\r\n4\r\nBBBB\r\n4\r\nCCCC\r\n0\r\n\r\n",
      2 },
};

Test(render_cut, cut_chunks_lack_the_last_chunk)
{
    for (size_t i = 0; i < sizeof chunk_cuts / sizeof chunk_cuts[0]; i++) {
        struct draft draft = some_events();
        struct plan plan;

        draft.cut = chunk_cuts[i].cut;
        draft.end = STEP_END_FIN;
        if (chunk_cuts[i].tail)
            buf_add_text(&draft.tail, chunk_cuts[i].tail);
        render_plan(&plan, &draft);
        cr_expect_str_eq(plan.bytes.data + plan.head_bytes, chunk_cuts[i].sent,
                         "row %zu", i);
        cr_expect_eq(plan.events, chunk_cuts[i].events, "row %zu", i);
        plan_release(&plan);
        draft_release(&draft);
    }
}
