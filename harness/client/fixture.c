#include "harness/client/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/xalloc.h"
#include "harness/launch/names.h"

const struct bind_row fixture_table[] = {
    { .key = "version",
      .kind = BIND_TEXT,
      .offset = offsetof(struct fixture, version),
      .required = true,
      .pattern = "^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$",
      .doc = "Named in the evidence; raised when the body changes." },
    { .key = "body",
      .kind = BIND_JSON,
      .offset = offsetof(struct fixture, body),
      .required = true,
      .doc = "The request body: model \"${model}\", and messages, of which the "
             "last is the user's and holds ${drill_id} and ${canary}. "
             "${canary.system} and ${canary.tools} may stand in other "
             "messages and in tools; ${canary.tools.quoted} is the latter as "
             "it is written within JSON, for the arguments of a tool call." },
    { 0 }
};

/* A copy of the node in which the texts are filled; NULL and err when a name in
 * one of them is unknown. Depth is bounded by the parser. */
static struct json *filled(const struct json *node, const struct names *names,
                           const char *where, struct err *err)
{
    enum json_kind kind = json_kind(node);
    struct json *out, *value;
    char *text;

    if (kind == JSON_STRING) {
        text = names_fill(names, json_text(node, ""), where, err);
        if (!text)
            return NULL;
        out = json_new_text(text);
        free(text);
        return out;
    }
    if (kind != JSON_OBJECT && kind != JSON_ARRAY)
        return json_copy(node);
    out = kind == JSON_OBJECT ? json_new_object() : json_new_array();
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        value = filled(at, names, where, err);
        if (!value) {
            json_free(out);
            return NULL;
        }
        if (kind == JSON_OBJECT)
            json_add(out, json_key(at), value);
        else
            json_append(out, value);
    }
    return out;
}

static const struct json *last_message(const struct json *body)
{
    const struct json *messages = json_get(body, "messages");

    return json_count(messages) ? json_at(messages, json_count(messages) - 1)
                                : NULL;
}

/* Set as it is, and as it stands within the quotes of a JSON text. */
static void set_canary(struct names *names, const char *name, const char *text)
{
    char *quoted_name = xasprintf("%s.quoted", name);
    struct buf quoted = { 0 };

    json_quote(&quoted, text ? text : "", text ? strlen(text) : 0);
    quoted.data[quoted.length - 1] = '\0';
    names_set(names, name, text ? text : "");
    names_set(names, quoted_name, quoted.data + 1);
    xwipe(quoted.data, quoted.length);
    buf_release(&quoted);
    free(quoted_name);
}

static struct json *fill_body(const struct fixture *fixture,
                              const struct fixture_fill *fill,
                              const char *where, struct err *err)
{
    char id[DRILL_ID_SIZE];
    struct names names = { 0 };
    struct json *body;

    drill_id_format(id, fill->id);
    names_set(&names, "model", fill->model);
    names_set(&names, "drill_id", id);
    names_set(&names, "canary", fill->canary);
    set_canary(&names, "canary.system", fill->system);
    set_canary(&names, "canary.tools", fill->tools);
    body = filled(fixture->body, &names, where, err);
    names_release(&names);
    return body;
}

/* What bind_read cannot say: where the three names must stand. */
static bool check_body(const struct fixture *fixture, const char *where,
                       struct err *err)
{
    static const struct fixture_fill sample = { .model = "m",
                                                .id = { .nonce = 1 },
                                                .canary = "c" };
    const struct json *message = last_message(fixture->body);
    const char *content = json_get_text(message, "content", "");
    struct json *body;

    if (strcmp(json_get_text(fixture->body, "model", ""), "${model}") != 0) {
        err_set(err, ERR_SCHEMA, where, "$.body.model: must be \"${model}\"");
        return false;
    }
    if (strcmp(json_get_text(message, "role", ""), "user") != 0 ||
        !strstr(content, "${drill_id}") || !strstr(content, "${canary}")) {
        err_set(err, ERR_SCHEMA, where,
                "$.body.messages: the last one must be of role \"user\" and "
                "its content must hold ${drill_id} and ${canary}");
        return false;
    }
    if (json_get(fixture->body, "stream")) {
        err_set(err, ERR_SCHEMA, where,
                "$.body.stream: is set by the scenario, not by the fixture");
        return false;
    }
    body = fill_body(fixture, &sample, where, err);
    json_free(body);
    return body != NULL;
}

/* Depth is bounded by the parser. */
static bool holds(const struct json *node, const char *name)
{
    if (json_kind(node) == JSON_STRING)
        return strstr(json_text(node, ""), name) != NULL;
    for (const struct json *at = json_first(node); at; at = json_next(at))
        if (holds(at, name))
            return true;
    return false;
}

bool fixture_names(const struct fixture *fixture, const char *name)
{
    return holds(fixture->body, name);
}

static bool is_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") ==
                        strlen(name);
}

bool fixture_load(struct fixture *out, const char *scenarios_root,
                  const char *name, struct err *err)
{
    char *path = xasprintf("%s/fixtures/%s.json", scenarios_root, name);
    char *where = xasprintf("%s: $", path);
    struct json *document = NULL;
    bool ok = false;

    *out = (struct fixture){ 0 };
    if (!is_name(name)) {
        err_set(err, ERR_SCHEMA, path,
                "\"%s\" is no fixture's name: lower case letters, digits, '-'",
                name);
        goto done;
    }
    document = json_load(path, err);
    if (!document || !bind_read(out, sizeof *out, fixture_table, document,
                                where, BIND_STRICT, err))
        goto done;
    out->name = xstrdup(name);
    ok =
        check_body(out, path, err) && digest_file(out->sha256, path, NULL, err);

done:
    if (!ok)
        fixture_release(out);
    json_free(document);
    free(where);
    free(path);
    return ok;
}

void fixture_release(struct fixture *fixture)
{
    if (!fixture)
        return;
    free(fixture->name);
    bind_release(fixture, fixture_table);
    *fixture = (struct fixture){ 0 };
}

/* The text, made wanted bytes long by words that say nothing. */
static struct json *padded(const char *text, size_t wanted)
{
    static const char filler[] = " padding";
    struct buf out = { 0 };
    struct json *node;

    buf_add_text(&out, text);
    while (out.length < wanted)
        buf_add(&out, filler,
                wanted - out.length < sizeof filler - 1 ? wanted - out.length
                                                        : sizeof filler - 1);
    node = json_new_text(buf_text(&out));
    if (out.data)
        xwipe(out.data, out.length);
    buf_release(&out);
    return node;
}

/* The body anew with the last message's content replaced: nodes below a
 * document cannot be reached for writing. */
static void pad_body(struct json *body, int64_t body_bytes)
{
    const struct json *last = last_message(body);
    struct json *messages = json_new_array(), *message;

    for (const struct json *at = json_first(json_get(body, "messages")); at;
         at = json_next(at)) {
        message = json_copy(at);
        if (at == last)
            json_set(
                message, "content",
                padded(json_get_text(at, "content", ""), (size_t)body_bytes));
        json_append(messages, message);
    }
    json_set(body, "messages", messages);
}

char *fixture_body(const struct fixture *fixture,
                   const struct fixture_fill *fill)
{
    struct json *body = fill_body(fixture, fill, fixture->name, NULL);
    char *text;

    if (fill->body_bytes > 0)
        pad_body(body, fill->body_bytes);
    if (fill->stream)
        json_add_bool(body, "stream", true);
    text = json_print(body);
    json_free(body);
    return text;
}
