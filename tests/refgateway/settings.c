#include "tests/refgateway/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/xalloc.h"
#include "tests/refgateway/bug.h"

static bool refuse(struct err *err, const char *path, const char *pointer,
                   const char *what)
{
    char where[512];

    snprintf(where, sizeof where, "%s: %s", path, pointer);
    err_set(err, ERR_SCHEMA, where, "%s", what);
    return false;
}

static char *from_env(const char *name, struct err *err)
{
    const char *value = name && *name ? getenv(name) : NULL;

    if (!value || !*value) {
        err_set(err, ERR_STATE, "environment", "%s is not set or empty",
                name && *name ? name : "a key's variable");
        return NULL;
    }
    return xstrdup(value);
}

static void free_secret(char *secret)
{
    if (secret)
        xwipe(secret, strlen(secret));
    free(secret);
}

static void release_upstream(struct settings_upstream *upstream)
{
    for (size_t i = 0; i < upstream->key_count; i++)
        free_secret(upstream->keys[i]);
    for (size_t i = 0; i < upstream->header_count; i++) {
        free(upstream->headers[i].name);
        free(upstream->headers[i].value);
    }
    free(upstream->headers);
    free(upstream->keys);
    free(upstream->name);
    free(upstream->url);
    free(upstream->model);
    free(upstream->ca_file);
    *upstream = (struct settings_upstream){ 0 };
}

void settings_release(struct settings *settings)
{
    for (size_t i = 0; i < settings->count; i++)
        release_upstream(&settings->upstreams[i]);
    free_secret(settings->client_key);
    while (settings->model_count)
        free(settings->models[--settings->model_count]);
    free(settings->models);
    *settings = (struct settings){ 0 };
}

static bool add_key(struct settings_upstream *out, const char *name,
                    struct err *err)
{
    char *key = from_env(name, err);

    if (!key)
        return false;
    out->keys = xrealloc(out->keys, (out->key_count + 1) * sizeof *out->keys);
    out->keys[out->key_count++] = key;
    return true;
}

static bool read_keys(struct settings_upstream *out, const struct json *names,
                      struct err *err)
{
    if (!names)
        return true;
    if (json_kind(names) == JSON_STRING)
        return add_key(out, json_text(names, ""), err);
    for (const struct json *item = json_first(names); item;
         item = json_next(item)) {
        if (!add_key(out, json_text(item, ""), err))
            return false;
    }
    return true;
}

static void read_headers(struct settings_upstream *out,
                         const struct json *headers)
{
    out->headers = xcalloc(json_count(headers) + 1, sizeof *out->headers);
    for (const struct json *item = json_first(headers); item;
         item = json_next(item))
        out->headers[out->header_count++] =
            (struct call_header){ xstrdup(json_key(item)),
                                  xstrdup(json_text(item, "")) };
}

static bool check_keys(const struct json *object, const char *const *known,
                       const char *path, const char *pointer, struct err *err)
{
    for (const struct json *member = json_first(object); member;
         member = json_next(member)) {
        const char *const *word = known;

        while (*word && strcmp(*word, json_key(member)))
            word++;
        if (!*word)
            return refuse(err, path, pointer,
                          "unknown key; known are client_key_env, upstreams, "
                          "order, name, base_url, key_env, model, ca_file, "
                          "headers");
    }
    return true;
}

static char *copy_text(const struct json *object, const char *key)
{
    const char *text = json_get_text(object, key, NULL);

    return text ? xstrdup(text) : NULL;
}

/* What the runbook says about credential and model of this upstream. */
static bool apply_rules(struct settings_upstream *out,
                        const struct rules *rules, const char *path,
                        struct err *err)
{
    const struct rules_upstream *rule = rules_upstream(rules, out->name);
    int64_t credential = rule ? rule->credential : -1;
    int64_t model = rule ? rule->model : -1;

    out->client_key = credential == RULES_WHOSE_CLIENT;
    if (credential == RULES_WHOSE_OWN && !out->key_count)
        return refuse(err, path, out->name,
                      "the runbook gives it a key of its own: set key_env");
    if (credential == RULES_WHOSE_NONE || out->client_key) {
        while (out->key_count)
            free_secret(out->keys[--out->key_count]);
    }
    if (model == RULES_WHOSE_OWN && !out->model)
        return refuse(err, path, out->name,
                      "the runbook gives it a model of its own: set model");
    if (model == RULES_WHOSE_CLIENT) {
        free(out->model);
        out->model = NULL;
    }
    return true;
}

static bool read_upstream(struct settings_upstream *out,
                          const struct json *object, const char *path,
                          const struct rules *rules, struct err *err)
{
    static const char *const known[] = { "name",  "base_url", "key_env",
                                         "model", "ca_file",  "headers",
                                         NULL };
    const char *base = json_get_text(object, "base_url", "");
    size_t length = strlen(base);

    if (!check_keys(object, known, path, "$.upstreams[]", err))
        return false;
    while (length && base[length - 1] == '/')
        length--;
    if (strncmp(base, "http://", 7) && strncmp(base, "https://", 8))
        return refuse(err, path, "$.upstreams[].base_url",
                      "an http:// or https:// URL is wanted");
    out->url = xasprintf("%.*s%s", (int)length, base,
                         bug_is(BUG_WRONG_PATH) ? "/completions"
                                                : "/chat/completions");
    out->name = copy_text(object, "name");
    out->model = copy_text(object, "model");
    out->ca_file = copy_text(object, "ca_file");
    read_headers(out, json_get(object, "headers"));
    if (!out->name)
        return refuse(err, path, "$.upstreams[].name", "missing");
    return read_keys(out, json_get(object, "key_env"), err) &&
           apply_rules(out, rules, path, err);
}

static const struct json *find_named(const struct json *list, const char *name)
{
    for (const struct json *item = json_first(list); item;
         item = json_next(item)) {
        if (!strcmp(json_get_text(item, "name", ""), name))
            return item;
    }
    return NULL;
}

/* A list that leads back to an upstream gives it no second turn. */
static void order_add(struct rules_words *order, const char *name)
{
    if (order->count == RULES_WORDS ||
        (rules_words_have(order, name) && !bug_is(BUG_CYCLE_FOLLOWED)))
        return;
    snprintf(order->items[order->count++], RULES_WORD_SIZE, "%s", name);
}

/* The runbook's, unless the configuration has a list of its own, which then
 * must come to the same. */
static bool find_order(struct rules_words *out, const struct json *own,
                       const char *path, const struct rules *rules,
                       struct err *err)
{
    const struct rules_words *wanted = &rules->fallback.order;
    size_t place = 0;

    *out = *wanted;
    if (!own)
        return true;
    *out = (struct rules_words){ .declared = true };
    for (const struct json *item = json_first(own); item;
         item = json_next(item)) {
        const char *name = json_text(item, "");

        if (!rules_words_have(out, name) &&
            (place == wanted->count || strcmp(wanted->items[place++], name)))
            return refuse(err, path, "$.order",
                          "not the order of the runbook's fallback.order");
        order_add(out, name);
    }
    return place == wanted->count ||
           refuse(err, path, "$.order",
                  "an upstream of the runbook's fallback.order is missing");
}

static bool read_upstreams(struct settings *out, const struct json *document,
                           const char *path, const struct rules *rules,
                           struct err *err)
{
    const struct json *list = json_get(document, "upstreams");
    struct rules_words order;
    size_t count;

    if (!list || json_kind(list) != JSON_ARRAY || !json_count(list))
        return refuse(err, path, "$.upstreams",
                      "a list of upstreams is "
                      "wanted");
    if (!find_order(&order, json_get(document, "order"), path, rules, err))
        return false;
    count = order.declared ? order.count : 1;
    if (!count || count > RULES_UPSTREAMS)
        return refuse(err, path, "$.upstreams",
                      "fallback.order names no upstream, or more than 8");
    for (size_t i = 0; i < count; i++) {
        const struct json *item = order.declared
                                      ? find_named(list, order.items[i])
                                      : json_at(list, 0);

        if (!item)
            return refuse(err, path, "$.upstreams",
                          "an upstream of the runbook's fallback.order is "
                          "not there");
        out->count++;
        if (!read_upstream(&out->upstreams[i], item, path, rules, err))
            return false;
    }
    return true;
}

static bool read_models(struct settings *out, const struct json *list,
                        const char *path, struct err *err)
{
    if (!list)
        return true;
    if (json_kind(list) != JSON_ARRAY)
        return refuse(err, path, "$.models", "a list of names is wanted");
    out->models = xcalloc(json_count(list) + 1, sizeof *out->models);
    for (const struct json *item = json_first(list); item;
         item = json_next(item)) {
        const char *name = json_text(item, NULL);

        if (!name)
            return refuse(err, path, "$.models[]", "a name is wanted");
        out->models[out->model_count++] = xstrdup(name);
    }
    return true;
}

bool settings_load(struct settings *out, const char *path,
                   const struct rules *rules, struct err *err)
{
    static const char *const known[] = { "client_key_env", "models", "order",
                                         "upstreams", NULL };
    struct json *document = json_load(path, err);
    const char *client;

    *out = (struct settings){ 0 };
    if (!document)
        return false;
    if (json_kind(document) != JSON_OBJECT) {
        refuse(err, path, "$", "an object is wanted");
        goto fail;
    }
    if (!check_keys(document, known, path, "$", err))
        goto fail;
    client = json_get_text(document, "client_key_env", NULL);
    if (client && rules->auth.client_keys == RULES_CLIENT_KEYS_CHECKED) {
        out->client_key = from_env(client, err);
        if (!out->client_key)
            goto fail;
    }
    if (!read_models(out, json_get(document, "models"), path, err) ||
        !read_upstreams(out, document, path, rules, err))
        goto fail;
    json_free(document);
    return true;

fail:
    json_free(document);
    settings_release(out);
    return false;
}
