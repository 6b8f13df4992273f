#include "tests/refgateway/request_body.h"

#include <string.h>

#include "common/json.h"

/* The text is valid JSON when these walk it: no bounds but the end. */
static size_t skip_space(const char *text, size_t at)
{
    return at + strspn(text + at, " \t\r\n");
}

static size_t skip_string(const char *text, size_t at)
{
    for (at++; text[at] != '"'; at++) {
        if (text[at] == '\\')
            at++;
    }
    return at + 1;
}

static size_t skip_value(const char *text, size_t at)
{
    size_t depth = 0;

    for (;;) {
        switch (text[at]) {
        case '"':
            at = skip_string(text, at);
            break;
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            if (!depth)
                return at;
            depth--;
            at++;
            break;
        case ',':
        case ' ':
        case '\t':
        case '\r':
        case '\n':
            if (!depth)
                return at;
            at++;
            break;
        default:
            at++;
        }
        if (!depth && text[at - 1] != ':' &&
            (text[at - 1] == '"' || text[at - 1] == '}' || text[at - 1] == ']'))
            return at;
    }
}

/* Keys may be written with escapes: compare what they mean. */
static bool key_is(const char *text, size_t length, const char *wanted)
{
    struct err err;
    struct json *key = json_parse(text, length, "key", &err);
    bool same = key && !strcmp(json_text(key, ""), wanted);

    json_free(key);
    return same;
}

static void find_model(struct request_body *body)
{
    const char *text = body->text;
    size_t at = skip_space(text, 0) + 1;

    for (;;) {
        size_t key;
        size_t key_end;

        at = skip_space(text, at);
        if (text[at] != '"')
            return;
        key = at;
        key_end = skip_string(text, at);
        at = skip_space(text, skip_space(text, key_end) + 1);
        body->model_start = at;
        at = skip_value(text, at);
        body->model_end = at;
        if (key_is(text + key, key_end - key, "model"))
            return;
        body->model_start = 0;
        body->model_end = 0;
        at = skip_space(text, at);
        if (text[at] == ',')
            at++;
    }
}

bool request_body_read(struct request_body *out, const char *text,
                       size_t length)
{
    struct err err;
    struct json *root = json_parse(text, length, "request", &err);

    *out = (struct request_body){ .text = text, .length = length };
    if (!root)
        return false;
    if (json_kind(root) != JSON_OBJECT) {
        json_free(root);
        return false;
    }
    out->stream = json_get_true(root, "stream");
    json_free(root);
    find_model(out);
    return true;
}

void request_body_write(struct buf *out, const struct request_body *body,
                        const char *model)
{
    if (!model || !body->model_end) {
        buf_add(out, body->text, body->length);
        return;
    }
    buf_add(out, body->text, body->model_start);
    json_quote(out, model, strlen(model));
    buf_add(out, body->text + body->model_end, body->length - body->model_end);
}
