#include "common/json.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_scan.h"

static struct json *parse(const char *text)
{
    struct err err;
    struct json *root = json_parse(text, strlen(text), "a.json", &err);

    cr_assert_not_null(root, "%s: %s", err.where, err.text);
    return root;
}

Test(json, what_rfc_8259_forbids_is_named_with_its_place)
{
    static const struct {
        const char *text, *where, *problem;
    } rows[] = {
        { "{\"id\": 1,\n\n    \"x\": 2, \"id\": 3}", "a.json:3:13",
          "duplicate key \"id\"" },
        { "{\"a\":{\"b\":1},\"b\":1,\"a\":2}", "a.json:1:20",
          "duplicate key \"a\"" },
        { "{\"a\":1,\"\\u0061\":2}", "a.json:1:8", "duplicate key \"a\"" },
        { "{\"id\": \"x\", \"y\": 2} trailing", "a.json:1:21",
          "text after the document" },
        { "1 2", "a.json:1:3", "text after the document" },
        { "", "a.json:1:1", "the text ends where a value should stand" },
        { "{", "a.json:1:2", "the text ends where a key should stand" },
        { "{\"a\"}", "a.json:1:5", "'}' where ':' should stand" },
        { "{\"a\":1,}", "a.json:1:8", "'}' where a key should stand" },
        { "[1,]", "a.json:1:4", "']' where a value should stand" },
        { "[1 2]", "a.json:1:4", "'2' where ',' or ']' should stand" },
        { "{a:1}", "a.json:1:2", "'a' where a key should stand" },
        { "{'a':1}", "a.json:1:2", "''' where a key should stand" },
        { "// x\n1", "a.json:1:1", "'/' where a value should stand" },
        { "tru", "a.json:1:1", "'t' where a value should stand" },
        { "NaN", "a.json:1:1", "'N' where a value should stand" },
        { "01", "a.json:1:1", "a number with a leading zero" },
        { "-", "a.json:1:2", "the text ends where a digit should stand" },
        { "+1", "a.json:1:1", "'+' where a value should stand" },
        { "1.", "a.json:1:3",
          "the text ends where a digit after the point should stand" },
        { ".5", "a.json:1:1", "'.' where a value should stand" },
        { "1e", "a.json:1:3",
          "the text ends where a digit of the exponent should stand" },
        { "\"a", "a.json:1:1", "this string never ends" },
        { "\"a\nb\"", "a.json:1:3",
          "control byte 0x0a in a string; write it as \\u000a" },
        { "\"\\x\"", "a.json:1:3",
          "'x' where an escape (one of \"\\/bfnrtu) should stand" },
        { "\"\\u00g0\"", "a.json:1:6",
          "'g' where a hex digit of \\u should stand" },
        { "\"\\u0000\"", "a.json:1:2",
          "\\u0000 (NUL) is not allowed in a string" },
        { "\"\\ud800\"", "a.json:1:2", "half a surrogate pair" },
        { "\"\\ud800\\u0041\"", "a.json:1:2", "half a surrogate pair" },
        { "\"\\udc00\"", "a.json:1:2", "half a surrogate pair" },
        { "\"\xff\"", "a.json:1:2", "byte 0xff is not UTF-8" },
        { "\"\xc0\xaf\"", "a.json:1:2", "byte 0xc0 is not UTF-8" },
        { "\"\xed\xa0\x80\"", "a.json:1:2", "byte 0xed is not UTF-8" },
        { "\"\xc3\xa9\xe2\x82\"", "a.json:1:3", "byte 0xe2 is not UTF-8" },
        { "\xef\xbb\xbf{}", "a.json:1:1",
          "a byte order mark; save the file without one" },
        { "\x0c{}", "a.json:1:1", "byte 0x0c where a value should stand" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err err = { 0 };

        cr_assert_null(
            json_parse(rows[i].text, strlen(rows[i].text), "a.json", &err),
            "%s", rows[i].text);
        cr_expect_eq(err.code, ERR_SYNTAX);
        cr_expect_str_eq(err.where, rows[i].where, "%s at %s", rows[i].text,
                         err.where);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_not(json_valid(rows[i].text, strlen(rows[i].text)));
    }
}

Test(json, nul_after_the_document_is_text)
{
    struct err err;

    cr_assert_null(json_parse("{}\0", 3, "a.json", &err));
    cr_expect_str_eq(err.text, "text after the document");
    cr_assert_null(json_parse("\"a\0b\"", 5, "a.json", &err));
    cr_expect_str_eq(err.text,
                     "control byte 0x00 in a string; write it as \\u0000");
}

Test(json, nesting_is_bounded)
{
    char text[2 * JSON_SCAN_DEPTH + 3];
    struct err err;

    memset(text, '[', JSON_SCAN_DEPTH);
    memset(text + JSON_SCAN_DEPTH, ']', JSON_SCAN_DEPTH);
    cr_expect(json_valid(text, (size_t)2 * JSON_SCAN_DEPTH));
    json_free(json_parse(text, (size_t)2 * JSON_SCAN_DEPTH, "", &err));
    memset(text, '[', JSON_SCAN_DEPTH + 1);
    memset(text + JSON_SCAN_DEPTH + 1, ']', JSON_SCAN_DEPTH + 1);
    cr_assert_null(
        json_parse(text, (size_t)2 * JSON_SCAN_DEPTH + 2, "a.json", &err));
    cr_expect_str_eq(err.where, "a.json:1:65");
    cr_expect_str_eq(err.text, "nested deeper than 64 levels");
}

Test(json, text_comes_back_as_it_went_in)
{
    static const char *const texts[] = {
        "{\"a\":[1,2.50,-0,1e3,true,false,null,\"x\"],\"b\":{},\"c\":[]}",
        "123456789012345678901234567890",
        "9223372036854775807",
        "9007199254740993",
        "0.1",
        "\"\xc3\xa9\xf0\x9f\x98\x80\\n\\t\\\"\\\\\"",
        "[]",
        "\"\"",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct json *root = parse(texts[i]);
        char *text = json_print(root);
        struct json *copy = json_copy(root);
        char *copied = json_print(copy);

        cr_expect_str_eq(text, texts[i]);
        cr_expect_str_eq(copied, texts[i]);
        free(text);
        free(copied);
        json_free(root);
        json_free(copy);
    }
}

Test(json, escapes_are_decoded)
{
    struct json *root =
        parse("\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/\\b\\f\\r\"");

    cr_expect_str_eq(json_text(root, ""),
                     "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\b\f\r");
    json_free(root);
}

Test(json, integers_are_exact_or_none)
{
    static const struct {
        const char *text;
        bool is_int;
        int64_t value;
    } rows[] = {
        { "0", true, 0 },
        { "-0", true, 0 },
        { "9223372036854775807", true, INT64_MAX },
        { "-9223372036854775808", true, INT64_MIN },
        { "9223372036854775808", false, 7 },
        { "9007199254740993", true, 9007199254740993 },
        { "1.0", false, 7 },
        { "1e2", false, 7 },
        { "\"1\"", false, 7 },
        { "true", false, 7 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct json *root = parse(rows[i].text);

        cr_expect_eq(json_is_int(root), rows[i].is_int, "%s", rows[i].text);
        cr_expect_eq(json_int(root, 7), rows[i].value, "%s", rows[i].text);
        json_free(root);
    }
    cr_expect_eq(json_int(NULL, 7), 7);
    cr_expect_not(json_is_int(NULL));
}

Test(json, keys_compare_exactly)
{
    struct json *root = parse("{\"ID\":1,\"id\":2}");

    cr_expect_eq(json_get_int(root, "id", 0), 2);
    cr_expect_eq(json_get_int(root, "ID", 0), 1);
    cr_expect_null(json_get(root, "Id"));
    json_set(root, "id", json_new_text("x"));
    json_remove(root, "Id");
    cr_expect_eq(json_count(root), 2);
    cr_expect_str_eq(json_get_text(root, "id", ""), "x");
    json_remove(root, "ID");
    json_set(root, "new", json_new_bool(true));
    cr_expect_eq(json_count(root), 2);
    cr_expect(json_get_true(root, "new"));
    json_free(root);
}

Test(json, absent_things_give_the_fallback)
{
    struct json *root = parse("{\"a\":[1]}");

    cr_expect_null(json_get(NULL, "a"));
    cr_expect_null(json_get(json_get(root, "a"), "a"));
    cr_expect_null(json_at(json_get(root, "a"), 1));
    cr_expect_null(json_first(json_at(json_get(root, "a"), 0)));
    cr_expect_eq(json_count(NULL), 0);
    cr_expect_str_eq(json_text(root, "no"), "no");
    cr_expect_str_eq(json_key(root), "");
    cr_expect_not(json_get_true(root, "a"));
    cr_expect_float_eq(json_double(root, 1.5), 1.5, 1e-9);
    json_free(root);
}

Test(json, pointers_find_their_node)
{
    static const struct {
        const char *pointer;
        int64_t value; /* -1: nothing there */
    } rows[] = {
        { "/a/0", 10 },   { "/a/1/b~1c", 20 }, { "/a/1/d~0", 30 },
        { "/", 40 },      { "/a/2", -1 },      { "/a/01", -1 },
        { "/a/-", -1 },   { "a", -1 },         { "/a/1/b~2c", -1 },
        { "/a/0/x", -1 }, { "/a/1e0", -1 },    { "/a/99999999999", -1 },
    };
    struct json *root = parse("{\"a\":[10,{\"b/c\":20,\"d~\":30}],\"\":40}");

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(json_int(json_pointer(root, rows[i].pointer), -1),
                     rows[i].value, "%s", rows[i].pointer);
    cr_expect_eq(json_pointer(root, ""), root);
    json_free(root);
}

Test(json, built_documents_print)
{
    struct json *root = json_new_object();
    struct json *list = json_add_array(root, "list");
    char *text;

    json_append(list, json_new_int(INT64_MAX));
    json_append(list, json_new_double(0.1));
    json_append(list, json_new_double(1.0 / 0.0));
    json_append(list, json_new_text(NULL));
    json_append(list, json_new_text("a\"\xff\x01"));
    json_add_bool(json_add_object(root, "o"), "b", false);
    text = json_print(root);
    cr_expect_str_eq(text,
                     "{\"list\":[9223372036854775807,0.1,null,null,"
                     "\"a\\\"\xef\xbf\xbd\\u0001\"],\"o\":{\"b\":false}}");
    cr_expect(json_valid(text, strlen(text)));
    free(text);
    json_free(root);
}

Test(json, pretty_print_breaks_containers_only)
{
    struct json *root =
        parse("{\"a\":[1,{}],\"b\":[],\"c{[\\\",\":\"x:y,\\\\\"}");
    char *text = json_print_pretty(root);

    cr_expect_str_eq(text, "{\n"
                           "  \"a\": [\n"
                           "    1,\n"
                           "    {}\n"
                           "  ],\n"
                           "  \"b\": [],\n"
                           "  \"c{[\\\",\": \"x:y,\\\\\"\n"
                           "}");
    free(text);
    json_free(root);
}

Test(json, quote_makes_any_bytes_a_string)
{
    struct buf out = { 0 };

    json_quote(&out, "a\"\\\n\x1f\0\xff\xc3\xa9", 9);
    cr_expect_str_eq(out.data, "\"a\\\"\\\\\\n\\u001f\xef\xbf\xbd\xef\xbf\xbd"
                               "\xc3\xa9\"");
    cr_expect(json_valid(out.data, out.length));
    buf_release(&out);
}

Test(json, missing_file_is_said)
{
    struct err err;

    cr_assert_null(json_load("/nonexistent/a.json", &err));
    cr_expect_eq(err.code, ERR_IO);
    cr_expect_str_eq(err.where, "/nonexistent/a.json");
    cr_assert_null(json_load("/", &err));
    cr_expect_eq(err.code, ERR_IO);
}

/* What the scanner takes must print and read again as the same text. */
Test(json, any_bytes_are_survived)
{
    static const char seed[] =
        "{\"id\":\"a\\u00e9\\n\",\"n\":[1,-2.5e10,true,null],\"o\":{\"\":0}}";
    static const char alphabet[] = "{}[]\",:\\u0123eE+-. tfn\n\xc3\xa9\xff";

    srandom(20260624);
    for (int round = 0; round < 40000; round++) {
        size_t length = sizeof seed - 1 - (size_t)(random() % 4);
        char *text = malloc(length);
        struct err err;
        struct json *root;

        memcpy(text, seed, length);
        for (long edits = random() % 5; edits; edits--)
            text[(size_t)random() % length] =
                alphabet[(size_t)random() % (sizeof alphabet - 1)];
        root = json_parse(text, length, "", &err);
        cr_assert_eq(root != NULL, json_valid(text, length));
        if (root) {
            char *first = json_print(root);
            struct json *again = json_parse(first, strlen(first), "", &err);
            char *second = again ? json_print(again) : NULL;

            cr_assert_not_null(second, "%s", first);
            cr_assert_str_eq(first, second);
            free(first);
            free(second);
            json_free(again);
        }
        json_free(root);
        free(text);
    }
}
