#include "mockserver/fault.h"

#include <criterion/criterion.h>

#include "tests/unit/acted.h"

static const struct {
    enum fault fault;
    enum step_end end;
} cutting[] = { { FAULT_hang, STEP_END_HANG },
                { FAULT_close, STEP_END_FIN },
                { FAULT_reset, STEP_END_RST } };

static const struct {
    struct point at;
    enum plan_when when;
    int64_t status;
    bool head_whole;
    enum answer_shape plain; /* of a completion */
    enum answer_shape stream;
    int64_t events; /* of a stream */
    bool whole;     /* nothing is missing */
} points[] = {
    { { POINT_ACCEPT, 0 },
      PLAN_AT_ACCEPT,
      -1,
      false,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_REQUEST_HEAD, 0 },
      PLAN_AT_REQUEST_HEAD,
      -1,
      false,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_REQUEST, 0 },
      PLAN_AT_REQUEST,
      -1,
      false,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_STATUS_LINE, 0 },
      PLAN_AT_REQUEST,
      -1,
      false,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_HEADERS, 0 },
      PLAN_AT_REQUEST,
      200,
      false,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_HEADERS_END, 0 },
      PLAN_AT_REQUEST,
      200,
      true,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_BODY_BYTES, 30 },
      PLAN_AT_REQUEST,
      200,
      true,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_BODY_PERCENT, 50 },
      PLAN_AT_REQUEST,
      200,
      true,
      ANSWER_CUT,
      ANSWER_CUT,
      11,
      false },
    { { POINT_EVENT, 0 },
      PLAN_AT_REQUEST,
      200,
      true,
      ANSWER_NONE,
      ANSWER_NONE,
      0,
      false },
    { { POINT_EVENT, 12 },
      PLAN_AT_REQUEST,
      200,
      true,
      ANSWER_CUT,
      ANSWER_CUT,
      12,
      false },
    { { POINT_END, 0 },
      PLAN_AT_REQUEST,
      200,
      true,
      ANSWER_COMPLETE,
      ANSWER_COMPLETE,
      24,
      true },
};

Test(fault_cut, cuts_end_as_named_where_named)
{
    size_t count = sizeof points / sizeof points[0];

    for (size_t i = 0; i < 6 * count; i++) {
        size_t p = i / 6;
        bool stream = i % 2;
        struct acted a = acted_new(cutting[i % 6 / 2].fault, stream);

        a.step.at = points[p].at;
        act(&a);
        cr_expect(a.plan.raw);
        cr_expect_eq(a.plan.end, cutting[i % 6 / 2].end);
        cr_expect_eq(a.plan.when, points[p].when, "row %zu", i);
        cr_expect_eq(a.plan.status, points[p].status, "row %zu", i);
        cr_expect_eq(a.view.head_whole, points[p].head_whole, "row %zu", i);
        cr_expect_eq(a.view.whole, points[p].whole, "row %zu", i);
        cr_expect_eq(shape_of(&a), stream ? points[p].stream : points[p].plain,
                     "row %zu: %s", i, answer_shape_names[shape_of(&a)]);
        if (stream)
            cr_expect_eq(a.plan.events, points[p].events, "row %zu: %d", i,
                         (int)a.plan.events);
        else
            cr_expect_eq(body_is_json(&a), points[p].whole, "row %zu", i);
        acted_release(&a);
    }
}

Test(fault_cut, cut_stream_has_no_last_chunk_and_a_whole_one_has)
{
    struct acted a = acted_new(FAULT_close, true);
    struct acted b = acted_new(FAULT_close, true);

    a.step.at = (struct point){ POINT_BODY_PERCENT, 100 };
    b.step.at = (struct point){ POINT_END, 0 };
    act(&a);
    act(&b);
    cr_expect(view_has(&a.view, "[DONE]"));
    cr_expect_not(a.view.whole);
    cr_expect(b.view.whole);
    cr_expect_eq(b.plan.bytes.length, a.plan.bytes.length + 5 + 19);
    acted_release(&a);
    acted_release(&b);
}

Test(fault_cut, request_at_a_refusing_port_is_reset_unread)
{
    struct acted a = acted_new(FAULT_refuse, false);

    act(&a);
    cr_expect_eq(a.plan.when, PLAN_AT_ACCEPT);
    cr_expect_eq(a.plan.bytes.length, 0);
    cr_expect_eq(a.plan.end, STEP_END_RST);
    cr_expect_eq(a.plan.status, -1);
    acted_release(&a);
}

Test(fault_cut, a_connection_at_a_silent_port_is_left_alone)
{
    struct acted a = acted_new(FAULT_syn_drop, false);

    act(&a);
    cr_expect_eq(a.plan.when, PLAN_AT_ACCEPT);
    cr_expect_eq(a.plan.bytes.length, 0);
    cr_expect_eq(a.plan.end, STEP_END_HANG);
    acted_release(&a);
}

static const struct {
    enum step_length length;
    int64_t percent;
    int64_t bytes;
    bool stream;
} truncations[] = {
    { STEP_LENGTH_LONG, -1, -1, false },
    { STEP_LENGTH_LONG, 0, -1, false },
    { STEP_LENGTH_LONG, 99, -1, false },
    { STEP_LENGTH_LONG, 100, -1, false },
    { STEP_LENGTH_LONG, -1, 17, false },
    { STEP_LENGTH_LONG, -1, 17, true },
    { STEP_LENGTH_LONG, -1, 1000000, false },
    { STEP_LENGTH_LONG, 50, -1, true },
    { STEP_LENGTH_SHORT, -1, -1, false },
    { STEP_LENGTH_SHORT, 0, -1, false },
    { STEP_LENGTH_SHORT, 100, -1, false },
    { STEP_LENGTH_SHORT, -1, 17, false },
    { STEP_LENGTH_SHORT, 50, -1, true },
};

Test(fault_cut, content_length_lies_in_the_direction_asked_for)
{
    for (size_t i = 0; i < sizeof truncations / sizeof truncations[0]; i++) {
        bool is_long = truncations[i].length == STEP_LENGTH_LONG;
        struct acted a = acted_new(FAULT_truncate, truncations[i].stream);
        int64_t sent;

        a.step.content_length = (int64_t)truncations[i].length;
        a.step.percent = truncations[i].percent;
        a.step.bytes = truncations[i].bytes;
        act(&a);
        sent = (int64_t)a.view.body.length;
        cr_expect_eq(a.plan.end, STEP_END_FIN);
        cr_expect_not(a.view.chunked);
        cr_expect_eq(a.view.whole, !is_long, "row %zu", i);
        cr_expect_eq(a.view.surplus, !is_long, "row %zu", i);
        cr_expect_eq(is_long, a.view.length > sent, "row %zu", i);
        cr_expect_eq(!is_long, a.view.length < sent, "row %zu", i);
        if (!is_long)
            cr_expect_eq(a.plan.acts[0].length, a.plan.bytes.length);
        if (truncations[i].bytes == 17)
            cr_expect_eq(is_long ? sent : a.view.length, 17, "row %zu", i);
        expect_header(&a, "Connection", NULL);
        acted_release(&a);
    }
}

Test(fault_cut, bad_chunk_breaks_where_told_and_not_before)
{
    static const struct {
        struct point at;
        bool stream;
        enum answer_shape shape;
    } rows[] = {
        { { POINT_UNSET, 0 }, false, ANSWER_CUT },
        { { POINT_UNSET, 0 }, true, ANSWER_CUT },
        { { POINT_HEADERS_END, 0 }, true, ANSWER_NONE },
        { { POINT_EVENT, 3 }, true, ANSWER_CUT },
        { { POINT_BODY_PERCENT, 100 }, true, ANSWER_COMPLETE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_bad_chunk, rows[i].stream);
        const char *end;

        a.step.at = rows[i].at;
        act(&a);
        end = a.plan.bytes.data + a.plan.bytes.length;
        cr_expect(a.view.chunked);
        cr_expect(a.view.bad_chunk, "row %zu", i);
        cr_expect_not(a.view.whole);
        cr_expect_str_eq(end - 7, "\r\nZZZ\r\n", "row %zu", i);
        cr_expect_eq(shape_of(&a), rows[i].shape, "row %zu", i);
        cr_expect_eq(a.plan.end, STEP_END_FIN);
        acted_release(&a);
    }
}

Test(fault_cut, garbage_is_not_http)
{
    static const struct {
        int64_t kind;
        const char *starts;
    } rows[] = {
        { -1, "SSH-2.0-" },
        { STEP_GARBAGE_SSH_BANNER, "SSH-2.0-" },
        { STEP_GARBAGE_BINARY, "\x15\x03\x01" },
        { STEP_GARBAGE_BAD_STATUS_LINE, "HTTP/1.1 abc\r\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_garbage, i % 2);

        a.step.bytes_kind = rows[i].kind;
        act(&a);
        cr_expect_eq(
            memcmp(a.plan.bytes.data, rows[i].starts, strlen(rows[i].starts)),
            0);
        cr_expect_eq(a.plan.head_bytes, 0);
        cr_expect_eq(a.plan.status, -1);
        cr_expect_eq(a.plan.end, STEP_END_FIN);
        acted_release(&a);
    }
}
