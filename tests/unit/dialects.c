#include "mockserver/dialect.h"

#include <criterion/criterion.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

static const char request_id[] = "20260624100000250000042AbCdEf01";

static struct json *error_of(const char *dialect,
                             const struct dialect_error *error)
{
    struct buf text = { 0 };
    struct json *root;
    struct err err;

    dialect_find(dialect)->error_body(&text, error);
    root = json_parse(buf_text(&text), text.length, dialect, &err);
    cr_assert(root, "%s: %s in %s", dialect, err.text, buf_text(&text));
    buf_release(&text);
    return root;
}

static const char *member(const struct json *root, const char *key)
{
    return json_text(json_get(json_get(root, "error"), key), NULL);
}

Test(dialects, found_by_name_and_only_by_a_name)
{
    cr_expect_str_eq(dialects[0]->name, "cometapi");
    cr_expect_eq(dialect_find("new-api")->name, dialects[1]->name);
    cr_expect_str_eq(dialect_find("one-api")->name, "one-api");
    cr_expect_str_eq(dialect_find("openai")->name, "openai");
    cr_expect_null(dialect_find("openAI"));
    cr_expect_null(dialect_find(""));
}

/* NULL: the member is absent or null. */
static const struct {
    const char *dialect;
    int64_t status;
    const char *asked_code;
    const char *code;
    const char *type;
    const char *in_message;
} worded[] = {
    { "cometapi", 401, NULL, "", "comet_api_error", "invalid token" },
    { "cometapi", 400, NULL, "", "comet_api_error", "model name is required" },
    { "cometapi", 500, "invalid_request", "invalid_request", "comet_api_error",
      "field messages is required" },
    { "cometapi", 503, "model_not_found", "model_not_found", "comet_api_error",
      "no available channel for group default and model gpt-x (distributor)" },
    { "cometapi", 503, NULL, "", "comet_api_error", "busy" },
    { "cometapi", 524, NULL, "", "comet_api_error", "could not be served" },
    /* The code decides over the status, as it does upstream. */
    { "cometapi", 400, "invalid_request", "invalid_request", "comet_api_error",
      "field messages is required" },
    { "cometapi", 429, "my_code", "my_code", "comet_api_error", "slow down" },
    { "new-api", 401, NULL, "", "new_api_error", "Invalid token" },
    { "new-api", 503, "model_not_found", "model_not_found", "new_api_error",
      "model gpt-x " },
    { "new-api", 404, NULL, "", "invalid_request_error", "Invalid URL" },
    { "one-api", 401, NULL, NULL, "one_api_error", "无效的令牌" },
    { "one-api", 503, NULL, NULL, "one_api_error", " gpt-x " },
    { "one-api", 401, "given", "given", "one_api_error", "无效的令牌" },
    { "one-api", 502, NULL, "bad_response_status_code", "upstream_error",
      "502" },
    { "openai", 401, NULL, "invalid_api_key", "invalid_request_error",
      "Incorrect API key" },
    { "openai", 429, "insufficient_quota", "insufficient_quota",
      "insufficient_quota", "quota" },
    { "openai", 429, NULL, "rate_limit_exceeded", "requests", "Rate limit" },
    { "openai", 503, NULL, NULL, "server_error", "overloaded" },
    { "openai", 404, NULL, "model_not_found", "invalid_request_error",
      "`gpt-x`" },
};

static bool same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static const char *shown(const char *text)
{
    return text ? text : "(absent)";
}

Test(dialects, words_each_error_as_its_family_does)
{
    for (size_t i = 0; i < sizeof worded / sizeof worded[0]; i++) {
        struct dialect_error error = { .status = worded[i].status,
                                       .code = worded[i].asked_code,
                                       .request_id = request_id,
                                       .model = "gpt-x" };
        struct json *root = error_of(worded[i].dialect, &error);
        const char *message = member(root, "message");

        cr_expect(same(member(root, "code"), worded[i].code), "%s %d: code %s",
                  worded[i].dialect, (int)error.status,
                  shown(member(root, "code")));
        cr_expect(same(member(root, "type"), worded[i].type), "%s %d: type %s",
                  worded[i].dialect, (int)error.status,
                  shown(member(root, "type")));
        cr_expect(strstr(message, worded[i].in_message), "%s %d: message %s",
                  worded[i].dialect, (int)error.status, message);
        cr_expect_not(strstr(message, "{model}"));
        json_free(root);
    }
}

Test(dialects, members_that_a_family_leaves_out_are_absent_not_null)
{
    struct dialect_error error = { .status = 401, .request_id = request_id };
    struct json *one = error_of("one-api", &error);
    struct json *open = error_of("openai", &error);
    struct json *comet = error_of("cometapi", &error);

    cr_expect_null(json_get(json_get(one, "error"), "code"));
    cr_expect_null(json_get(json_get(one, "error"), "param"));
    cr_expect_eq(json_kind(json_get(json_get(open, "error"), "param")),
                 JSON_NULL);
    cr_expect_null(json_get(json_get(comet, "error"), "param"));
    json_free(one);
    json_free(open);
    json_free(comet);
}

Test(dialects, request_id_stands_in_the_message_except_in_openais)
{
    for (size_t i = 0; dialects[i]; i++) {
        struct dialect_error error = { .status = 500,
                                       .request_id = request_id };
        struct json *root = error_of(dialects[i]->name, &error);
        bool there = strstr(member(root, "message"), request_id) != NULL;

        cr_expect_eq(there, strcmp(dialects[i]->name, "openai") != 0, "%s",
                     dialects[i]->name);
        json_free(root);
    }
}

Test(dialects, given_words_win_and_are_escaped)
{
    for (size_t i = 0; dialects[i]; i++) {
        struct dialect_error error = { .status = 500,
                                       .code = "a\"b",
                                       .type = "t\\u",
                                       .message = "line\nand \"quote\"",
                                       .canary = "CANARY\"</x>\\1",
                                       .request_id = request_id };
        struct json *root = error_of(dialects[i]->name, &error);

        cr_expect_str_eq(member(root, "code"), "a\"b");
        cr_expect_str_eq(member(root, "type"), "t\\u");
        cr_expect(strstr(member(root, "message"), "line\nand \"quote\" "
                                                  "CANARY\"</x>\\1"));
        json_free(root);
    }
}

Test(dialects, request_id_has_the_shape_seen_and_repeats)
{
    regex_t shape;
    char first[DIALECT_REQUEST_ID_SIZE];
    char again[DIALECT_REQUEST_ID_SIZE];
    char next[DIALECT_REQUEST_ID_SIZE];

    cr_assert_eq(regcomp(&shape, "^20260624100000[0-9]{1,9}[A-Za-z0-9]{8}$",
                         REG_EXTENDED | REG_NOSUB),
                 0);
    dialect_request_id(first, 1782295200250, 7);
    dialect_request_id(again, 1782295200250, 7);
    dialect_request_id(next, 1782295200250, 8);
    cr_expect_eq(regexec(&shape, first, 0, NULL, 0), 0, "%s", first);
    cr_expect_str_eq(first, again);
    cr_expect_str_neq(first, next);
    cr_expect_neq(regexec(&shape, "20260624100000AbCdEfGh", 0, NULL, 0), 0);
    regfree(&shape);
}
