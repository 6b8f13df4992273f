#include "common/json.h"

#include <criterion/criterion.h>
#include <string.h>

static const uint8_t key[FINGERPRINT_KEY_BYTES] = "a key of this test";

static void read(struct json_fields *out, const char *text)
{
    cr_assert(json_fields_read(out, text, strlen(text), key), "%s", text);
}

Test(json_fields, every_scalar_and_empty_container_is_a_field)
{
    static const struct {
        const char *pointer;
        enum json_kind kind;
    } expected[] = {
        { "/a/0", JSON_NUMBER }, { "/a/1/x~1y", JSON_STRING },
        { "/a/2", JSON_ARRAY },  { "/b~0", JSON_NULL },
        { "/c", JSON_OBJECT },   { "/d", JSON_BOOL },
    };
    struct json_fields fields;

    read(&fields, "{\"d\":true,\"c\":{},\"b~\":null,"
                  "\"a\":[1,{\"x/y\":\"z\"},[]]}");
    cr_assert_eq(fields.count, 6);
    for (size_t i = 0; i < fields.count; i++) {
        cr_expect_str_eq(fields.items[i].pointer, expected[i].pointer);
        cr_expect_eq(fields.items[i].kind, expected[i].kind);
        cr_expect_eq(strlen(fields.items[i].fingerprint),
                     FINGERPRINT_HEX_SIZE - 1);
    }
    cr_expect_not(fields.cut);
    json_fields_release(&fields);
}

static bool same(const char *a, const char *b)
{
    struct json_fields left;
    struct json_fields right;
    bool whole;

    read(&left, a);
    read(&right, b);
    whole = !strcmp(left.whole, right.whole);
    if (!*left.items[0].pointer && !*right.items[0].pointer)
        cr_expect_eq(
            !strcmp(left.items[0].fingerprint, right.items[0].fingerprint),
            whole, "%s %s", a, b);
    json_fields_release(&left);
    json_fields_release(&right);
    return whole;
}

Test(json_fields, documents_are_equal_by_meaning)
{
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        { "1", "1.0", true },
        { "1", "1e0", true },
        { "1", "10e-1", true },
        { "1", "0.1E+1", true },
        { "100", "1e2", true },
        { "0", "-0.0e9", true },
        { "1.50", "15e-1", true },
        { "1", "-1", false },
        { "1", "\"1\"", false },
        { "1", "true", false },
        { "9007199254740992", "9007199254740993", false },
        { "123456789012345678901234567890", "123456789012345678901234567891",
          false },
        { "123456789012345678901234567890", "12345678901234567890123456789e1",
          true },
        { "1e400", "1e401", false },
        { "\"\\u0041\\/\"", "\"A/\"", true },
        { "\"a\"", "\"b\"", false },
        { "\"null\"", "null", false },
        { "{\"a\":1,\"b\":2}", "{ \"b\": 2, \"a\": 1 }", true },
        { "[1,2]", "[2,1]", false },
        { "{\"0\":1}", "[1]", false },
        { "[]", "{}", false },
        { "\"[]\"", "[]", false },
        { "{\"a\":[]}", "{\"a\":{}}", false },
        { "{\"a\":1}", "{\"a\":1,\"b\":null}", false },
        { "{\"a\":\"x\\\",\\\"b\\\":\\\"y\"}", "{\"a\":\"x\",\"b\":\"y\"}",
          false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(same(rows[i].a, rows[i].b), rows[i].same, "%s %s",
                     rows[i].a, rows[i].b);
}

Test(json_fields, fingerprints_need_the_key)
{
    static const uint8_t other[FINGERPRINT_KEY_BYTES] = "another key";
    struct json_fields a;
    struct json_fields b;

    read(&a, "1");
    cr_assert(json_fields_read(&b, "1", 1, other));
    cr_expect_str_neq(a.items[0].fingerprint, b.items[0].fingerprint);
    cr_expect_str_neq(a.whole, b.whole);
    json_fields_release(&a);
    json_fields_release(&b);
}

Test(json_fields, what_is_no_json_has_none)
{
    struct json_fields fields = { .count = 9 };

    cr_expect_not(json_fields_read(&fields, "{\"a\":1}x", 8, key));
    cr_expect_eq(fields.count, 0);
    cr_expect_null(fields.items);
    cr_expect_not(json_fields_read(&fields, "", 0, key));
}

Test(json_fields, many_fields_are_cut_and_still_in_the_whole)
{
    struct json_fields a;
    struct json_fields b;
    struct buf text = { 0 };

    buf_add_text(&text, "[0");
    for (int i = 1; i < 300; i++)
        buf_printf(&text, ",%d", i);
    buf_add_text(&text, "]");
    read(&a, text.data);
    text.data[text.length - 2] = '8';
    read(&b, text.data);
    cr_expect_eq(a.count, JSON_FIELDS_MOST);
    cr_expect(a.cut);
    cr_expect_str_neq(a.whole, b.whole);
    cr_expect_str_eq(a.items[255].fingerprint, b.items[255].fingerprint);
    json_fields_release(&a);
    json_fields_release(&b);
    buf_release(&text);
}
