#include "common/scenario_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/xalloc.h"

#define LIST_MOST 64

static const char name_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
static const char value_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:%/+-";

/* A scalar as it stands in a case id and inside of other texts. */
static char *value_text(const struct json *value)
{
    const char *text = json_text(value, NULL);

    return text ? xstrdup(text) : json_print(value);
}

static bool is_value(const struct json *node)
{
    enum json_kind kind = json_kind(node);
    const char *text = json_text(node, "x");

    return kind == JSON_NUMBER || kind == JSON_BOOL ||
           (kind == JSON_STRING && *text && !text[strspn(text, value_bytes)]);
}

/* 1 and "1" would give the same case id. */
static bool seen_before(const struct json *list, const struct json *value)
{
    char *text = value_text(value);
    bool seen = false;

    for (const struct json *v = json_first(list); v != value && !seen;
         v = json_next(v)) {
        char *other = value_text(v);

        seen = !strcmp(text, other);
        free(other);
    }
    free(text);
    return seen;
}

static bool check_list(const struct json *list, const char *path,
                       struct err *err)
{
    size_t count = json_count(list);
    size_t index = 0;
    char place[sizeof err->where];
    char shown[BIND_SHOWN_SIZE];

    if (json_kind(list) != JSON_ARRAY || !count || count > LIST_MOST) {
        err_set(err, ERR_SCHEMA, path, "must be a list of 1 to %d values",
                LIST_MOST);
        return false;
    }
    for (const struct json *v = json_first(list); v; v = json_next(v)) {
        bind_path_index(place, sizeof place, path, index++);
        bind_show(shown, v);
        if (!is_value(v)) {
            err_set(err, ERR_SCHEMA, place,
                    "%s cannot stand in a case id; a value is a number, true, "
                    "false or a text of letters, digits and ._:%%/+-",
                    shown);
            return false;
        }
        if (seen_before(list, v)) {
            err_set(err, ERR_SCHEMA, place, "%s is listed already", shown);
            return false;
        }
    }
    return true;
}

size_t matrix_count(const struct json *document, const char *path,
                    struct err *err)
{
    const struct json *matrix = json_get(document, "matrix");
    char base[sizeof err->where];
    char place[sizeof err->where];
    size_t count = 1;

    if (!matrix)
        return 1;
    bind_path(base, sizeof base, path, "matrix");
    if (json_kind(matrix) != JSON_OBJECT || !json_first(matrix)) {
        err_set(err, ERR_SCHEMA, base,
                "must be an object of names with lists of values");
        return 0;
    }
    for (const struct json *list = json_first(matrix); list;
         list = json_next(list)) {
        const char *name = json_key(list);

        bind_path(place, sizeof place, base, name);
        if (!*name || name[strspn(name, name_bytes)]) {
            err_set(err, ERR_SCHEMA, place,
                    "a name has lower-case letters, digits and _ only");
            return 0;
        }
        if (!check_list(list, place, err))
            return 0;
        count *= json_count(list);
        if (count > SCENARIO_CASES_MOST) {
            err_set(err, ERR_SCHEMA, base, "more than %d cases",
                    SCENARIO_CASES_MOST);
            return 0;
        }
    }
    return count;
}

struct json *matrix_values(const struct json *document, size_t index)
{
    const struct json *matrix = json_get(document, "matrix");
    struct json *values = json_new_object();
    size_t below = 1;

    for (const struct json *l = json_first(matrix); l; l = json_next(l))
        below *= json_count(l);
    for (const struct json *l = json_first(matrix); l; l = json_next(l)) {
        below /= json_count(l);
        json_add(values, json_key(l),
                 json_copy(json_at(l, index / below % json_count(l))));
    }
    return values;
}

void matrix_suffix(struct buf *out, const struct json *values)
{
    const char *before = "[";

    for (const struct json *v = json_first(values); v; v = json_next(v)) {
        char *text = value_text(v);

        buf_printf(out, "%s%s=%s", before, json_key(v), text);
        free(text);
        before = ",";
    }
    if (json_first(values))
        buf_add_text(out, "]");
}

struct application {
    const struct json *values;
    struct json *used; /* names that stood somewhere */
    const char *root;  /* path of the document */
};

static const struct json *find_value(const struct rewrite *rewrite,
                                     const char *name, const char *path)
{
    struct application *a = rewrite->context;
    const struct json *value = json_get(a->values, name);
    struct nearest nearest = { .word = name };

    if (value) {
        json_set(a->used, name, json_new_bool(true));
        return value;
    }
    for (const struct json *v = json_first(a->values); v; v = json_next(v))
        nearest_consider(&nearest, json_key(v));
    if (nearest.best)
        err_set(rewrite->err, ERR_SCHEMA, path,
                "\"${%s}\" is not in the matrix; did you mean \"${%s}\"?", name,
                nearest.best);
    else
        err_set(rewrite->err, ERR_SCHEMA, path,
                "\"${%s}\" is not in the matrix", name);
    return NULL;
}

/* "trap.url" and "trap.port" name a listener, whose port is known when the case
 * runs; no name of a matrix has a dot. */
static bool is_later(const char *name)
{
    return strchr(name, '.') != NULL;
}

/* The text with each ${name} in it replaced; alone it keeps its type. */
static struct json *apply_text(const struct rewrite *rewrite, const char *text,
                               const char *path)
{
    struct buf out = { 0 };
    struct json *node = NULL;
    const char *at = text;
    const char *open;

    while ((open = strstr(at, "${")) != NULL && strchr(open, '}')) {
        size_t length = strcspn(open + 2, "}");
        char *name = xstrndup(open + 2, length);
        const struct json *value;
        char *shown;

        if (is_later(name)) {
            buf_add(&out, at, (size_t)(open - at) + length + 3);
            at = open + length + 3;
            free(name);
            continue;
        }
        value = find_value(rewrite, name, path);
        free(name);
        if (!value)
            goto out;
        if (open == text && !open[length + 3]) {
            node = json_copy(value);
            goto out;
        }
        shown = value_text(value);
        buf_add(&out, at, (size_t)(open - at));
        buf_add_text(&out, shown);
        free(shown);
        at = open + length + 3;
    }
    buf_add_text(&out, at);
    node = json_new_text(buf_text(&out));
out:
    buf_release(&out);
    return node;
}

static struct json *apply_one(const struct rewrite *rewrite,
                              const struct json *node, const char *path,
                              bool *replaced)
{
    const char *text = json_text(node, NULL);

    if (!text || !strstr(text, "${"))
        return NULL;
    *replaced = true;
    return apply_text(rewrite, text, path);
}

/* These name the file itself, whatever the case. */
static bool is_fixed(const char *key)
{
    return !strcmp(key, "matrix") || !strcmp(key, "id") ||
           !strcmp(key, "$schema");
}

static bool all_used(const struct application *a, struct err *err)
{
    char base[sizeof err->where];
    char place[sizeof err->where];

    for (const struct json *v = json_first(a->values); v; v = json_next(v)) {
        if (json_get(a->used, json_key(v)))
            continue;
        bind_path(base, sizeof base, a->root, "matrix");
        bind_path(place, sizeof place, base, json_key(v));
        err_set(err, ERR_SCHEMA, place,
                "used nowhere; write \"${%s}\" where the value belongs",
                json_key(v));
        return false;
    }
    return true;
}

struct json *matrix_apply(const struct json *document,
                          const struct json *values, const char *path,
                          struct err *err)
{
    struct application a = { values, json_new_object(), path };
    struct rewrite rewrite = { apply_one, &a, err };
    struct json *out = json_new_object();
    char place[sizeof err->where];

    for (const struct json *m = json_first(document); m; m = json_next(m)) {
        struct json *child;

        bind_path(place, sizeof place, path, json_key(m));
        child = is_fixed(json_key(m)) ? json_copy(m)
                                      : rewrite_node(&rewrite, m, place);
        if (!child)
            goto fail;
        json_add(out, json_key(m), child);
    }
    if (!all_used(&a, err))
        goto fail;
    json_free(a.used);
    return out;

fail:
    json_free(a.used);
    json_free(out);
    return NULL;
}
