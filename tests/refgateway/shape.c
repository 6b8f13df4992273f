#include "tests/refgateway/shape.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "tests/refgateway/bug.h"

static bool is_object(const struct json *node)
{
    return node && json_kind(node) == JSON_OBJECT;
}

static bool is_there(const struct json *node)
{
    return node && json_kind(node) != JSON_NULL;
}

static void copy_word(char *out, size_t size, const struct json *node)
{
    const char *text = json_text(node, "");

    *out = '\0';
    if (node && json_is_int(node))
        snprintf(out, size, "%" PRId64, json_int(node, 0));
    else if (strlen(text) < size)
        snprintf(out, size, "%s", text);
}

static void read_error(struct shape_error *out, const struct json *error)
{
    if (!is_object(error))
        return;
    copy_word(out->code, sizeof out->code, json_get(error, "code"));
    copy_word(out->type, sizeof out->type, json_get(error, "type"));
}

/* Only a text is a reason; null stands in every chunk before the last. */
static const char *finish_reason(const struct json *choice)
{
    return json_text(json_get(choice, "finish_reason"), "");
}

static bool is_blank(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isspace((unsigned char)text[i]))
            return false;
    }
    return true;
}

static struct json *parse(const char *text, size_t length)
{
    struct err err;

    return length ? json_parse(text, length, "body", &err) : NULL;
}

/* What a seeded bug hands on without a look into it. */
static bool passed_unread(const char *body)
{
    return (bug_is(BUG_CODED_PASSED) && !strncmp(body, "\x1f\x8b", 2)) ||
           (bug_is(BUG_EVENTS_FOR_PLAIN_PASSED) && !strncmp(body, "data:", 5));
}

enum outcome shape_judge(struct shape_error *error, const char *body,
                         size_t length)
{
    enum outcome outcome = OUTCOME_BAD_BODY;
    const struct json *choice;
    struct json *root;

    *error = (struct shape_error){ 0 };
    if (is_blank(body, length))
        return bug_is(BUG_EMPTY_BODY_PASSED) ? OUTCOME_OK : OUTCOME_EMPTY_BODY;
    if (passed_unread(body))
        return OUTCOME_OK;
    root = parse(body, length);
    if (!root)
        return bug_is(*body == '<' ? BUG_PAGE_PASSED : BUG_BAD_JSON_PASSED)
                   ? OUTCOME_OK
                   : OUTCOME_BAD_BODY;
    choice = json_pointer(root, "/choices/0");
    if (bug_is(BUG_USAGE_NEEDED) && !is_object(json_get(root, "usage")))
        choice = NULL;
    if (is_object(root) && is_there(json_get(root, "error"))) {
        read_error(error, json_get(root, "error"));
        outcome =
            bug_is(BUG_ERROR_IN_200_PASSED) ? OUTCOME_OK : OUTCOME_ERROR_IN_200;
    } else if (is_object(choice) && !strcmp(finish_reason(choice), "error") &&
               !bug_is(BUG_FINISH_ERROR_PASSED)) {
        outcome = OUTCOME_ERROR_IN_200;
    } else if (is_object(choice) && is_object(json_get(choice, "message"))) {
        outcome = OUTCOME_OK;
    } else if (bug_is(BUG_NO_CHOICES_PASSED)) {
        outcome = OUTCOME_OK;
    }
    json_free(root);
    return outcome;
}

void shape_find_error(struct shape_error *out, const char *body, size_t length)
{
    struct json *root = parse(body, length);

    *out = (struct shape_error){ 0 };
    if (!root)
        return;
    if (is_object(root))
        read_error(out, json_get(root, "error"));
    json_free(root);
}

static bool has_output(const struct json *delta)
{
    static const char *const texts[] = { "content", "refusal", "reasoning",
                                         "reasoning_content" };
    static const char *const parts[] = { "content", "tool_calls",
                                         "function_call", "audio" };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (*json_text(json_get(delta, texts[i]), ""))
            return true;
    }
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct json *part = json_get(delta, parts[i]);

        if (part &&
            (json_kind(part) == JSON_ARRAY || json_kind(part) == JSON_OBJECT) &&
            json_count(part))
            return true;
    }
    return false;
}

static void judge_choice(struct shape_event *out, const struct json *choice)
{
    const char *reason;

    if (!is_object(choice))
        return;
    if (is_object(json_get(choice, "delta")) &&
        has_output(json_get(choice, "delta")))
        out->output = true;
    reason = finish_reason(choice);
    if (!strcmp(reason, "error"))
        out->kind = SHAPE_EVENT_ERROR;
    else if (*reason)
        out->finish = true;
}

void shape_judge_event(struct shape_event *out, const char *data, size_t length)
{
    const struct json *choices;
    struct json *root;

    *out = (struct shape_event){ .kind = SHAPE_EVENT_MALFORMED };
    while (length && isspace((unsigned char)data[length - 1]))
        length--;
    if (length == 6 && !memcmp(data, "[DONE]", 6)) {
        out->kind = SHAPE_EVENT_DONE;
        return;
    }
    root = parse(data, length);
    if (!root)
        return;
    if (is_object(root))
        out->kind = SHAPE_EVENT_DATA;
    choices = json_get(root, "choices");
    if (bug_is(BUG_CHOICE_ASSUMED) && !json_pointer(root, "/choices/0"))
        out->kind = SHAPE_EVENT_MALFORMED;
    if (choices && json_kind(choices) == JSON_ARRAY) {
        for (const struct json *choice = json_first(choices); choice;
             choice = json_next(choice))
            judge_choice(out, choice);
    }
    if (is_object(root) && is_there(json_get(root, "error"))) {
        out->kind = SHAPE_EVENT_ERROR;
        read_error(&out->error, json_get(root, "error"));
    }
    json_free(root);
}
