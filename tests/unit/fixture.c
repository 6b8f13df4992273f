#include "harness/client/fixture.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"

#define SHIPPED GATEDRILL_SOURCE_DIR "/scenarios"

static char folder[] = "/tmp/gatedrill-fixture-XXXXXX";

/* A scenarios folder with one fixture, "it". */
static void write_fixture(const char *text)
{
    char path[128];
    FILE *out;

    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fixtures", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    snprintf(path, sizeof path, "%s/fixtures/it.json", folder);
    out = fopen(path, "w");
    cr_assert_not_null(out);
    fputs(text, out);
    fclose(out);
}

static void remove_fixture(void)
{
    char path[128];

    snprintf(path, sizeof path, "%s/fixtures/it.json", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/fixtures", folder);
    rmdir(path);
    rmdir(folder);
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
}

static struct json *body_of(const struct fixture *fixture,
                            const struct fixture_fill *fill)
{
    char *text = fixture_body(fixture, fill);
    struct json *body = json_parse(text, strlen(text), "body", NULL);

    cr_assert_not_null(body, "%s", text);
    free(text);
    return body;
}

static const char *content_of(const struct json *body)
{
    return json_text(json_pointer(body, "/messages/0/content"), "");
}

static struct fixture_fill fill_of(void)
{
    return (struct fixture_fill){ .model = "drill-model",
                                  .id = { .nonce = 0xabc, .epoch = 2 },
                                  .canary = "gdpromptx \"quoted\"",
                                  .body_bytes = -1 };
}

Test(fixture, the_shipped_one_is_filled_for_a_request)
{
    struct fixture_fill fill = fill_of();
    struct fixture fixture;
    struct err err = { 0 };
    struct json *body;

    cr_assert(fixture_load(&fixture, SHIPPED, "minimal-chat", &err), "%s: %s",
              err.where, err.text);
    cr_expect_str_eq(fixture.name, "minimal-chat");
    cr_expect_eq(strlen(fixture.sha256), 64);
    body = body_of(&fixture, &fill);
    cr_expect_str_eq(json_get_text(body, "model", ""), "drill-model");
    cr_expect_not_null(strstr(content_of(body), "gd-000000000abc0002"));
    cr_expect_not_null(strstr(content_of(body), "gdpromptx \"quoted\""));
    cr_expect_null(strstr(content_of(body), "${"));
    cr_expect_null(json_get(body, "stream"));
    cr_expect_eq(json_count(body), 2);
    json_free(body);
    fixture_release(&fixture);
}

/* In messages, in tools, and within the JSON of a call's arguments. */
Test(fixture, what_is_planted_beside_the_prompt_stands_in_its_places)
{
    static const char tricky[] = "a \"b\\\n\xc3\xa9";
    struct fixture_fill fill = fill_of();
    struct fixture fixture;
    struct err err = { 0 };
    struct json *body, *arguments;
    const char *text;

    cr_assert(fixture_load(&fixture, SHIPPED, "agent-chat", &err), "%s: %s",
              err.where, err.text);
    cr_expect(fixture_names(&fixture, "${canary.tools"));
    cr_expect_not(fixture_names(&fixture, "${canary.header"));
    fill.system = "SYSTEM";
    fill.tools = tricky;
    body = body_of(&fixture, &fill);
    cr_expect_not_null(strstr(content_of(body), "SYSTEM"));
    text = json_text(json_pointer(body, "/messages/2/tool_calls/0/function/"
                                        "arguments"),
                     "");
    arguments = json_parse(text, strlen(text), "arguments", &err);
    cr_assert_not_null(arguments, "%s", text);
    cr_expect_str_eq(json_get_text(arguments, "file", ""), tricky);
    text = json_text(json_pointer(body, "/tools/0/function/parameters/"
                                        "properties/file/description"),
                     "");
    cr_expect_str_eq(text, "such as a \"b\\\n\xc3\xa9");
    json_free(arguments);
    json_free(body);
    fixture_release(&fixture);
}

Test(fixture, stream_is_there_only_when_asked_for)
{
    struct fixture_fill fill = fill_of();
    struct fixture fixture;
    struct err err = { 0 };
    struct json *body;

    cr_assert(fixture_load(&fixture, SHIPPED, "minimal-chat", &err));
    fill.stream = true;
    body = body_of(&fixture, &fill);
    cr_expect(json_get_true(body, "stream"));
    json_free(body);
    fixture_release(&fixture);
}

Test(fixture, a_larger_body_is_padded_and_a_small_size_changes_nothing)
{
    struct fixture_fill fill = fill_of();
    struct fixture fixture;
    struct err err = { 0 };
    struct json *plain, *body;

    cr_assert(fixture_load(&fixture, SHIPPED, "minimal-chat", &err));
    plain = body_of(&fixture, &fill);
    fill.body_bytes = 20000;
    body = body_of(&fixture, &fill);
    cr_expect_eq(strlen(content_of(body)), 20000);
    cr_expect_eq(
        strncmp(content_of(body), content_of(plain), strlen(content_of(plain))),
        0);
    cr_expect_str_eq(json_text(json_pointer(body, "/messages/0/role"), ""),
                     "user");
    json_free(body);
    fill.body_bytes = 3;
    body = body_of(&fixture, &fill);
    cr_expect_str_eq(content_of(body), content_of(plain));
    json_free(body);
    json_free(plain);
    fixture_release(&fixture);
}

#define USER(content) "{\"role\":\"user\",\"content\":\"" content "\"}"
#define BODY(more, messages)                                                   \
    "{\"version\":\"1\",\"body\":{" more "\"messages\":[" messages "]}}"
#define MODEL "\"model\":\"${model}\","
#define BOTH  "${drill_id} ${canary}"

static const struct {
    const char *text;
    const char *problem; /* a part of the error's text; NULL: it is good */
} files[] = {
    { BODY(MODEL, USER(BOTH)), NULL },
    { BODY(MODEL "\"n\":1,", USER("first") "," USER(BOTH)), NULL },
    { BODY("", USER(BOTH)), "must be \"${model}\"" },
    { BODY("\"model\":\"mine\",", USER(BOTH)), "must be \"${model}\"" },
    { BODY(MODEL, USER("${drill_id}")), "must hold ${drill_id}" },
    { BODY(MODEL, USER("${canary}")), "must hold ${drill_id}" },
    { BODY(MODEL, ""), "must hold ${drill_id}" },
    { BODY(MODEL, USER(BOTH) "," USER("last")), "must hold ${drill_id}" },
    { BODY(MODEL, USER(BOTH " ${modle}")), "${modle} is not a name" },
    { BODY(MODEL "\"stream\":false,", USER(BOTH)), "set by the scenario" },
    { "{\"body\":{}}", "version" },
    { "{\"version\":\"1\"}", "body" },
    { "{\"version\":\"1\",\"body\":{},\"bodies\":{}}", "bodies" },
    { "{", "" },
};

Test(fixture, a_file_that_would_weaken_a_drill_is_refused)
{
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct fixture fixture;
        struct err err = { 0 };
        bool ok;

        write_fixture(files[i].text);
        ok = fixture_load(&fixture, folder, "it", &err);
        cr_expect_eq(ok, files[i].problem == NULL, "%s: %s", files[i].text,
                     err.text);
        if (files[i].problem) {
            char *both = xasprintf("%s %s", err.where, err.text);

            cr_expect_not_null(strstr(both, files[i].problem), "%s: %s",
                               files[i].text, both);
            cr_expect_not_null(strstr(err.where, "/fixtures/it.json"));
            cr_expect_null(fixture.body);
            free(both);
        }
        fixture_release(&fixture);
        remove_fixture();
    }
}

Test(fixture, a_name_cannot_leave_the_folder)
{
    struct fixture fixture;
    struct err err = { 0 };

    cr_expect_not(fixture_load(&fixture, SHIPPED, "../suites/full", &err));
    cr_expect_eq(err.code, ERR_SCHEMA);
    cr_expect_not(fixture_load(&fixture, SHIPPED, "no-such", &err));
    cr_expect_eq(err.code, ERR_IO);
}
