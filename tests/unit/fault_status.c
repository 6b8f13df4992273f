#include "mockserver/fault.h"

#include <criterion/criterion.h>

#include "tests/unit/acted.h"

Test(fault_status, status_comes_with_the_error_of_its_dialect)
{
    static const int64_t statuses[] = { 400, 401, 403, 404, 409, 413, 422,
                                        429, 500, 502, 503, 504, 524, 529 };

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        for (size_t d = 0; dialects[d]; d++) {
            struct acted a = acted_new(FAULT_status, i % 2);
            struct json *root;

            a.step.status = statuses[i];
            a.request.dialect = dialects[d];
            act(&a);
            cr_expect_eq(a.plan.status, statuses[i]);
            cr_expect_not(a.plan.raw);
            expect_header(&a, "Content-Type", "application/json");
            root = json_of(&a);
            cr_expect_eq(json_kind(json_get(root, "error")), JSON_OBJECT);
            cr_expect(
                strstr(json_text(json_pointer(root, "/error/message"), ""),
                       "CANARYerror55aa"));
            cr_expect_eq(shape_of(&a), ANSWER_NONE);
            json_free(root);
            acted_release(&a);
        }
    }
}

Test(fault_status, request_id_in_the_text_is_the_one_in_the_header)
{
    struct acted a = acted_new(FAULT_status, false);
    char *id;

    a.step.status = 500;
    act(&a);
    id = view_header(&a.view, "x-cometapi-request-id");
    cr_assert(id);
    cr_expect(view_has(&a.view, id));
    free(id);
    acted_release(&a);
}

Test(fault_status, code_decides_where_the_status_misleads)
{
    static const struct {
        int64_t status;
        const char *code;
        const char *says;
    } rows[] = {
        { 500, "invalid_request", "field messages is required" },
        { 503, "model_not_found",
          "no available channel for group default and model drill-model" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_status, false);
        struct json *root;

        a.step.status = rows[i].status;
        a.step.code = (char *)(uintptr_t)rows[i].code;
        act(&a);
        root = json_of(&a);
        cr_expect_str_eq(json_text(json_pointer(root, "/error/code"), ""),
                         rows[i].code);
        cr_expect(view_has(&a.view, rows[i].says));
        json_free(root);
        acted_release(&a);
    }
}

Test(fault_status, status_bodies_are_of_the_kind_asked_for)
{
    static const struct {
        enum step_status_body body;
        const char *type;
        const char *says; /* NULL: nothing at all */
    } rows[] = {
        { STEP_STATUS_BODY_DIALECT, "application/json", "{\"error\":{" },
        { STEP_STATUS_BODY_HTML, "text/html; charset=utf-8",
          "<!DOCTYPE html>" },
        { STEP_STATUS_BODY_TEXT, "text/plain; charset=utf-8", "502 " },
        { STEP_STATUS_BODY_EMPTY, NULL, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_status, false);

        a.step.status = 502;
        a.step.body = (int64_t)rows[i].body;
        a.step.message = (char *)(uintptr_t) "so <it> is";
        act(&a);
        expect_header(&a, "Content-Type", rows[i].type);
        cr_expect_eq(a.view.body.length > 0, rows[i].says != NULL);
        if (rows[i].says) {
            cr_expect(view_has(&a.view, rows[i].says), "row %zu", i);
            cr_expect(view_has(&a.view, "CANARYerror55aa"));
            cr_expect(view_has(&a.view, rows[i].body == STEP_STATUS_BODY_HTML
                                            ? "so &lt;it&gt; is"
                                            : "so <it> is"));
        }
        cr_expect_eq(body_is_json(&a),
                     rows[i].body == STEP_STATUS_BODY_DIALECT);
        acted_release(&a);
    }
}

Test(fault_status, wrong_path_answers_are_expressible)
{
    struct step_header location = { (char *)(uintptr_t) "Location",
                                    (char *)(uintptr_t) "/v1/" };
    struct acted a = acted_new(FAULT_status, false);
    struct acted b = acted_new(FAULT_status, false);

    a.step.status = 301;
    a.step.body = STEP_STATUS_BODY_EMPTY;
    a.step.headers = (struct bind_list){ &location, 1, true };
    act(&a);
    cr_expect_eq(a.plan.status, 301);
    expect_header(&a, "Location", "/v1/");
    b.step.status = 308;
    act(&b);
    expect_header(&b, "Location", NULL);
    acted_release(&a);
    acted_release(&b);
}

Test(fault_status, statuses_without_a_body_have_none)
{
    static const int64_t statuses[] = { 103, 204, 304 };

    for (size_t i = 0; i < 3; i++) {
        struct acted a = acted_new(FAULT_status, false);

        a.step.status = statuses[i];
        act(&a);
        cr_expect_eq(a.plan.status, statuses[i]);
        /* libmicrohttpd would give a 304 a Content-Length. */
        cr_expect_eq(a.plan.raw, statuses[i] != 204);
        cr_expect_eq(a.view.body.length, 0);
        expect_header(&a, "Content-Type", NULL);
        expect_header(&a, "Content-Length", NULL);
        acted_release(&a);
    }
}

static const struct {
    enum step_body kind;
    const char *type;
    bool json;
    enum answer_shape shape;
    const char *says;
} bodies[] = {
    { STEP_BODY_EMPTY, "application/json", false, ANSWER_NONE, "" },
    { STEP_BODY_EMPTY_STRING, "application/json", true, ANSWER_NONE, "\"\"" },
    { STEP_BODY_NULL, "application/json", true, ANSWER_NONE, "null" },
    { STEP_BODY_EMPTY_ARRAY, "application/json", true, ANSWER_NONE, "[]" },
    { STEP_BODY_EMPTY_OBJECT, "application/json", true, ANSWER_NONE, "{}" },
    { STEP_BODY_NOT_JSON, "application/json", false, ANSWER_NONE,
      "connect error" },
    { STEP_BODY_CUT_JSON, "application/json", false, ANSWER_CUT, "{\"id\":" },
    { STEP_BODY_HTML, "text/html; charset=utf-8", false, ANSWER_NONE,
      "<html>" },
    { STEP_BODY_HTML_AS_JSON, "application/json", false, ANSWER_NONE,
      "<html>" },
    { STEP_BODY_WRONG_CONTENT_TYPE, "text/plain; charset=utf-8", true,
      ANSWER_COMPLETE, "\"stop\"" },
    { STEP_BODY_INVALID_UTF8, "application/json", false, ANSWER_COMPLETE,
      "\xff\xfe" },
    { STEP_BODY_ERROR_OBJECT, "application/json", true, ANSWER_NONE,
      "{\"error\":{" },
    { STEP_BODY_NO_CHOICES, "application/json", true, ANSWER_NONE,
      "\"choices\":[]" },
};

Test(fault_status, odd_bodies_are_well_framed_and_wrong_inside)
{
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct acted a = acted_new(FAULT_body, false);

        a.step.kind = (int64_t)bodies[i].kind;
        act(&a);
        cr_expect_not(a.plan.raw, "row %zu", i);
        cr_expect_eq(a.plan.status, 200);
        expect_header(&a, "Content-Type", bodies[i].type);
        cr_expect_eq(body_is_json(&a), bodies[i].json, "row %zu", i);
        cr_expect_eq(shape_of(&a), bodies[i].shape, "row %zu", i);
        cr_expect(view_has(&a.view, bodies[i].says), "row %zu", i);
        acted_release(&a);
    }
}

Test(fault_status, invalid_bytes_stand_inside_the_content)
{
    struct acted a = acted_new(FAULT_body, false);

    a.step.kind = STEP_BODY_INVALID_UTF8;
    act(&a);
    cr_expect(view_has(&a.view, " \xff\xfe\xc3(\",\"refusal\""));
    cr_expect_not(view_has(&a.view, "\" \xff"));
    acted_release(&a);
}

Test(fault_status, cut_json_is_never_the_whole)
{
    struct acted whole = acted_new(FAULT_none, false);

    act(&whole);
    for (int64_t percent = 0; percent <= 100; percent += 10) {
        struct acted a = acted_new(FAULT_body, false);

        a.step.kind = STEP_BODY_CUT_JSON;
        a.step.percent = percent;
        act(&a);
        cr_expect_lt(a.view.body.length, whole.view.body.length);
        cr_expect_not(body_is_json(&a));
        cr_expect_eq(strncmp(buf_text(&a.view.body), whole.view.body.data,
                             a.view.body.length),
                     0);
        acted_release(&a);
    }
    acted_release(&whole);
}

Test(fault_status, odd_body_takes_its_status_and_meets_a_stream_request)
{
    struct acted a = acted_new(FAULT_body, true);
    struct acted b = acted_new(FAULT_body, true);

    a.step.kind = STEP_BODY_HTML;
    a.step.status = 203;
    act(&a);
    cr_expect_eq(a.plan.status, 203);
    cr_expect_not(a.view.chunked);
    b.step.kind = STEP_BODY_WRONG_CONTENT_TYPE;
    act(&b);
    expect_header(&b, "Content-Type", "text/plain; charset=utf-8");
    cr_expect(b.view.chunked);
    cr_expect_eq(shape_of(&b), ANSWER_COMPLETE);
    acted_release(&a);
    acted_release(&b);
}
