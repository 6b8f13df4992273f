#include "common/bind.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

struct pet {
    char *name;
    int64_t legs;
};
struct thing {
    int64_t count, loose, shape, maybe;
    bool on;
    char *text;
    struct bind_texts words;
    struct bind_ints sizes;
    struct {
        int64_t depth;
    } inner;
    struct bind_list pets;
    struct bind_map zoo;
    struct json *any;
    char *upper;
};

static bool read_upper(void *field, const struct json *node, const char *path,
                       struct err *err)
{
    const char *text = json_text(node, "");

    if (text[strspn(text, "ABC")]) {
        err_set(err, ERR_SCHEMA, path, "not upper");
        return false;
    }
    *(char **)field = xstrdup(text);
    return true;
}

static void release_upper(void *field)
{
    free(*(char **)field);
    *(char **)field = NULL;
}

static const char *const shapes[] = { "circle", "square", NULL };
static const char *const colours[] = { "red", "green", NULL };
static const struct bind_row pet_table[] = {
    { .key = "name",
      .kind = BIND_TEXT,
      .offset = offsetof(struct pet, name),
      .required = true,
      .pattern = "^[a-z]+$" },
    { .key = "legs",
      .kind = BIND_INT,
      .offset = offsetof(struct pet, legs),
      .min = 2,
      .max = 8,
      .missing = 4 },
    { 0 }
};
static const struct bind_row inner_table[] = { { .key = "depth",
                                                 .kind = BIND_INT,
                                                 .offset = offsetof(
                                                     struct thing, inner.depth),
                                                 .missing = -1,
                                                 .max = 9 },
                                               { 0 } };
static const struct bind_row thing_table[] = {
    { .key = "count",
      .kind = BIND_INT,
      .offset = offsetof(struct thing, count),
      .min = 100,
      .max = 999,
      .missing = -1,
      .unit = "ms",
      .doc = "How many | of them." },
    { .key = "loose",
      .kind = BIND_INT,
      .offset = offsetof(struct thing, loose) },
    { .key = "shape",
      .kind = BIND_ENUM,
      .offset = offsetof(struct thing, shape),
      .names = shapes,
      .missing = 1 },
    { .key = "maybe",
      .kind = BIND_TRI,
      .offset = offsetof(struct thing, maybe),
      .missing = -1 },
    { .key = "on", .kind = BIND_BOOL, .offset = offsetof(struct thing, on) },
    { .key = "text",
      .kind = BIND_TEXT,
      .offset = offsetof(struct thing, text) },
    { .key = "words",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct thing, words),
      .names = colours,
      .min = 1,
      .max = 2 },
    { .key = "sizes",
      .kind = BIND_INTS,
      .offset = offsetof(struct thing, sizes),
      .min = 1,
      .max = 9 },
    { .key = "inner", .kind = BIND_OBJECT, .table = inner_table },
    { .key = "pets",
      .kind = BIND_LIST,
      .offset = offsetof(struct thing, pets),
      .table = pet_table,
      .item_size = sizeof(struct pet),
      .min = 1,
      .max = 2 },
    { .key = "zoo",
      .kind = BIND_MAP,
      .offset = offsetof(struct thing, zoo),
      .table = pet_table,
      .item_size = sizeof(struct pet),
      .pattern = "^[a-z]+$" },
    { .key = "any", .kind = BIND_JSON, .offset = offsetof(struct thing, any) },
    { .key = "upper",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct thing, upper),
      .parse = read_upper,
      .release = release_upper,
      .schema = "{\"type\":\"string\"}" },
    { 0 }
};

static bool read(struct thing *out, const char *text, enum bind_mode mode,
                 struct err *err)
{
    struct json *document = json_parse(text, strlen(text), "a.json", err);
    bool ok;

    cr_assert_not_null(document, "%s", err->text);
    ok = bind_read(out, sizeof *out, thing_table, document, "a.json: $", mode,
                   err);
    json_free(document);
    return ok;
}

Test(bind, every_kind_fills_its_field)
{
    struct thing t;
    struct err err;

    cr_assert(read(&t,
                   "{\"$schema\":\"x\",\"count\":100,\"loose\":-7,"
                   "\"shape\":\"circle\",\"maybe\":true,\"on\":true,"
                   "\"text\":\"t\",\"words\":[\"red\",\"green\"],"
                   "\"sizes\":[1,9],\"inner\":{\"depth\":3},"
                   "\"pets\":[{\"name\":\"rex\"},{\"name\":\"tit\","
                   "\"legs\":2}],\"zoo\":{\"b\":{\"name\":\"x\"},"
                   "\"a\":{\"name\":\"y\"}},\"any\":{\"k\":[1]},"
                   "\"upper\":\"AB\"}",
                   BIND_STRICT, &err),
              "%s %s", err.where, err.text);
    cr_expect_eq(t.count, 100);
    cr_expect_eq(t.loose, -7);
    cr_expect_eq(t.shape, 0);
    cr_expect_eq(t.maybe, 1);
    cr_expect(t.on);
    cr_expect_str_eq(t.text, "t");
    cr_expect_eq(t.words.count, 2);
    cr_expect_str_eq(t.words.items[1], "green");
    cr_expect_eq(t.sizes.items[1], 9);
    cr_expect_eq(t.inner.depth, 3);
    cr_expect_eq(((struct pet *)t.pets.items)[0].legs, 4);
    cr_expect_eq(((struct pet *)t.pets.items)[1].legs, 2);
    cr_expect_str_eq(t.zoo.keys[0], "b", "in the order of the file");
    cr_expect_str_eq(((struct pet *)t.zoo.items)[1].name, "y");
    cr_expect_eq(json_int(json_pointer(t.any, "/k/0"), 0), 1);
    cr_expect_str_eq(t.upper, "AB");
    bind_release(&t, thing_table);
    cr_expect_null(t.upper);
    bind_release(&t, thing_table);
}

Test(bind, absent_keys_take_their_missing_value)
{
    struct thing t;
    struct err err;

    cr_assert(read(&t, "{}", BIND_STRICT, &err));
    cr_expect_eq(t.count, -1);
    cr_expect_eq(t.shape, 1);
    cr_expect_eq(t.maybe, -1);
    cr_expect_eq(t.inner.depth, -1);
    cr_expect_not(t.words.declared);
    bind_release(&t, thing_table);
    cr_assert(read(&t, "{\"sizes\":[]}", BIND_STRICT, &err));
    cr_expect(t.sizes.declared);
    cr_expect_eq(t.sizes.count, 0);
    bind_release(&t, thing_table);
}

Test(bind, wrong_values_are_named_with_place_and_range)
{
    static const struct {
        const char *text, *where, *problem;
    } rows[] = {
        { "[]", "a.json: $", "[] is not an object" },
        { "{\"cuont\":1}", "a.json: $.cuont",
          "unknown key; did you mean \"count\"?" },
        { "{\"inner\":{\"z\":1}}", "a.json: $.inner.z",
          "unknown key; known are depth" },
        { "{\"inner\":{\"$schema\":1}}", "a.json: $.inner.$schema",
          "unknown key; known are depth" },
        { "{\"a b\":1,\"inner\":{}}", "a.json: $[\"a b\"]",
          "unknown key; known are count, loose, shape, maybe, on, text, "
          "words, sizes, inner, pets, zoo, any, upper" },
        { "{\"count\":42}", "a.json: $.count", "42 is not in 100..999 ms" },
        { "{\"count\":1000}", "a.json: $.count", "1000 is not in 100..999 ms" },
        { "{\"count\":100.5}", "a.json: $.count",
          "100.5 is not a whole number in 100..999 ms" },
        { "{\"count\":1e2}", "a.json: $.count",
          "1e2 is not a whole number in 100..999 ms" },
        { "{\"count\":\"${x}\"}", "a.json: $.count",
          "\"${x}\" is not a whole number in 100..999 ms" },
        { "{\"count\":null}", "a.json: $.count",
          "null is not a whole number in 100..999 ms" },
        { "{\"loose\":99999999999999999999}", "a.json: $.loose",
          "99999999999999999999 is not a whole number" },
        { "{\"shape\":\"sqare\"}", "a.json: $.shape",
          "\"sqare\" is not one of circle, square" },
        { "{\"shape\":\"blob\"}", "a.json: $.shape",
          "\"blob\" is not one of circle, square" },
        { "{\"shape\":0}", "a.json: $.shape",
          "0 is not one of circle, square" },
        { "{\"maybe\":1}", "a.json: $.maybe", "1 is not true or false" },
        { "{\"on\":\"yes\"}", "a.json: $.on", "\"yes\" is not true or false" },
        { "{\"text\":1}", "a.json: $.text", "1 is not a text" },
        { "{\"words\":\"red\"}", "a.json: $.words", "\"red\" is not an array" },
        { "{\"words\":[]}", "a.json: $.words",
          "0 entries; from 1 to 2 are allowed" },
        { "{\"words\":[\"red\",\"blue\"]}", "a.json: $.words[1]",
          "\"blue\" is not one of red, green" },
        { "{\"sizes\":[1,10]}", "a.json: $.sizes[1]", "10 is not in 1..9" },
        { "{\"inner\":{\"depth\":10}}", "a.json: $.inner.depth",
          "10 is not in 0..9" },
        { "{\"pets\":[{}]}", "a.json: $.pets[0]", "\"name\" is missing" },
        { "{\"pets\":[{\"name\":\"a\"},{\"name\":\"B\"}]}",
          "a.json: $.pets[1].name",
          "\"B\" is not a text that matches ^[a-z]+$" },
        { "{\"pets\":[{\"name\":\"a\"},1]}", "a.json: $.pets[1]",
          "1 is not an object" },
        { "{\"zoo\":{\"a\":{\"name\":\"x\"},\"B\":{\"name\":\"x\"}}}",
          "a.json: $.zoo.B", "the key does not match ^[a-z]+$" },
        { "{\"zoo\":{\"a\":{\"name\":\"x\",\"legs\":9}}}",
          "a.json: $.zoo.a.legs", "9 is not in 2..8" },
        { "{\"text\":\"kept\",\"upper\":\"x\"}", "a.json: $.upper",
          "not upper" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const struct thing zero;
        struct thing t;
        struct err err = { 0 };

        cr_assert_not(read(&t, rows[i].text, BIND_STRICT, &err), "%s",
                      rows[i].text);
        cr_expect_eq(err.code, ERR_SCHEMA);
        cr_expect_str_eq(err.where, rows[i].where);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_eq(memcmp(&t, &zero, sizeof t), 0, "zeroed on failure");
    }
}

Test(bind, long_values_are_shortened_in_messages)
{
    struct thing t;
    struct err err;

    cr_assert_not(read(&t,
                       "{\"shape\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                       "aaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9 and more\"}",
                       BIND_STRICT, &err));
    cr_expect_str_eq(err.text,
                     "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                     "aaaaaaaaaaa\xc3\xa9... is not one of circle, square");
}

Test(bind, lenient_takes_what_is_known_later)
{
    struct thing t;
    struct err err;

    cr_assert(read(&t,
                   "{\"count\":\"${n}\",\"loose\":{\"of\":\"a\"},"
                   "\"shape\":\"${s}\",\"maybe\":\"${m}\",\"on\":\"${o}\","
                   "\"sizes\":[\"${n}\"],\"words\":[\"${w}\"]}",
                   BIND_LENIENT, &err),
              "%s %s", err.where, err.text);
    cr_expect_eq(t.count, 100);
    cr_expect_eq(t.maybe, 0);
    bind_release(&t, thing_table);
    cr_expect_not(read(&t, "{\"count\":\"n\"}", BIND_LENIENT, &err));
    cr_expect_not(read(&t, "{\"count\":{\"off\":1}}", BIND_LENIENT, &err));
    cr_expect_not(read(&t, "{\"on\":{\"of\":\"a\"}}", BIND_LENIENT, &err));
    cr_expect_not(read(&t, "{\"count\":42}", BIND_LENIENT, &err));
}

Test(bind, schema_says_what_read_does)
{
    struct json *schema = bind_schema(pet_table);
    char *text = json_print(schema);

    cr_expect_str_eq(text,
                     "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":"
                     "\"string\",\"pattern\":\"^[a-z]+$\"},\"legs\":{\"type\":"
                     "\"integer\",\"minimum\":2,\"maximum\":8}},\"required\":"
                     "[\"name\"],\"additionalProperties\":false}");
    free(text);
    json_free(schema);
    schema = bind_schema(thing_table);
    cr_expect_str_eq(json_text(json_pointer(schema, "/properties/count"
                                                    "/description"),
                               ""),
                     "How many | of them. (ms)");
    cr_expect_eq(
        json_int(json_pointer(schema, "/properties/words/maxItems"), 0), 2);
    cr_expect_str_eq(json_text(json_pointer(schema, "/properties/zoo"
                                                    "/propertyNames/pattern"),
                               ""),
                     "^[a-z]+$");
    cr_expect_null(json_pointer(schema, "/properties/zoo/required"));
    json_free(schema);
}

Test(bind, lenient_schema_refers_to_matrix_values)
{
    struct json *schema = bind_schema_as(pet_table, BIND_LENIENT);

    cr_expect_eq(json_count(json_pointer(schema, "/properties/legs/anyOf")), 3);
    cr_expect_str_eq(
        json_text(json_pointer(schema, "/properties/name/anyOf/1/$ref"), ""),
        "#/$defs/matrix_value");
    json_free(schema);
}

Test(bind, doc_has_a_row_a_field_and_nested_tables)
{
    struct buf out = { 0 };

    bind_write_doc(&out, thing_table, "thing");
    cr_expect_not_null(strstr(out.data, "| `count` | whole number | 100..999 "
                                        "ms |  | How many \\| of them. |\n"));
    cr_expect_not_null(strstr(out.data, "| `shape` | word | `circle`, "
                                        "`square` | `square` |  |\n"));
    cr_expect_not_null(strstr(out.data, "\n## thing.inner\n"));
    cr_expect_not_null(strstr(out.data, "\n## thing.pets[]\n"));
    cr_expect_not_null(strstr(out.data, "\n## thing.zoo.*\n"));
    cr_expect_not_null(
        strstr(out.data, "| `name` | text | `^[a-z]+$` | required |  |\n"));
    buf_release(&out);
}
