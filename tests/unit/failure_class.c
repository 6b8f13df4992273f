#include "harness/oracle/failure_class.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static bool parse(struct failure_set *set, const char *text, struct err *err)
{
    struct json *node = json_parse(text, strlen(text), "set", err);
    bool ok;

    cr_assert_not_null(node, "%s", text);
    *err = (struct err){ 0 };
    ok = failure_set_parse(set, node, "r.json: $.retry.on", err);
    json_free(node);
    return ok;
}

Test(failure_class, every_word_is_read_and_printed_back)
{
    for (int i = FAILURE_CONNECT_REFUSED; i < FAILURE_COUNT; i++) {
        struct failure_set set;
        struct err err;
        char text[64];
        char back[32];

        snprintf(text, sizeof text, "[\"%s\"]", failure_names[i]);
        cr_assert(parse(&set, text, &err), "%s: %s", text, err.text);
        for (int k = FAILURE_NONE; k < FAILURE_COUNT; k++)
            cr_expect_eq(failure_set_has(&set, (enum failure)k, 503), k == i,
                         "%s has %s", text, failure_names[k]);
        failure_format(back, (enum failure)i, 0);
        cr_expect_str_eq(back, failure_names[i]);
    }
}

Test(failure_class, statuses_expand)
{
    static const struct {
        const char *text;
        int64_t status;
        bool has;
    } rows[] = {
        { "[\"http_503\"]", 503, true },
        { "[\"http_503\"]", 502, false },
        { "[\"http_4xx\"]", 400, true },
        { "[\"http_4xx\"]", 499, true },
        { "[\"http_4xx\"]", 500, false },
        { "[\"http_5xx\"]", 500, true },
        { "[\"http_5xx\"]", 599, true },
        { "[\"http_5xx\"]", 600, false },
        { "[\"http_5xx\"]", 429, false },
        { "[\"http_301\"]", 301, true },
        { "[]", 503, false },
        { "[\"http_503\"]", -1, false },
        { "[\"http_5xx\"]", 5000, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct failure_set set;
        struct err err;

        cr_assert(parse(&set, rows[i].text, &err));
        cr_expect(set.declared);
        cr_expect_eq(failure_set_has(&set, FAILURE_HTTP, rows[i].status),
                     rows[i].has, "%s, %d", rows[i].text, (int)rows[i].status);
    }
}

Test(failure_class, what_is_no_class_is_refused_with_its_place)
{
    static const struct {
        const char *text, *where, *says;
    } rows[] = {
        { "[\"http_5xx\", \"http_5x\"]", "r.json: $.retry.on[1]",
          "\"http_5x\" is not a failure class" },
        { "[\"timeout\"]", "r.json: $.retry.on[0]",
          "\"timeout\" is not a failure class" },
        { "[\"http_200\"]", "r.json: $.retry.on[0]",
          "\"http_200\" is not a failure class" },
        { "[\"http_+50\"]", "r.json: $.retry.on[0]", "is not a failure class" },
        { "[\"http\"]", "r.json: $.retry.on[0]", "is not a failure class" },
        { "[\"none\"]", "r.json: $.retry.on[0]", "is not a failure class" },
        { "[503]", "r.json: $.retry.on[0]", "must be a string" },
        { "\"http_503\"", "r.json: $.retry.on", "must be an array" },
        { "[\"http_503\", \"http_503\"]", "r.json: $.retry.on[1]",
          "\"http_503\" is listed already" },
        { "[\"http_5xx\", \"http_503\"]", "r.json: $.retry.on[1]",
          "is listed already" },
        { "[\"bad_body\", \"bad_body\"]", "r.json: $.retry.on[1]",
          "is listed already" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct failure_set set;
        struct err err;

        cr_assert_not(parse(&set, rows[i].text, &err), "%s", rows[i].text);
        cr_expect_eq(err.code, ERR_SCHEMA);
        cr_expect_str_eq(err.where, rows[i].where);
        cr_expect(strstr(err.text, rows[i].says), "%s: %s", rows[i].text,
                  err.text);
    }
}
