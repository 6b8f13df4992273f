#include "common/scenario_file.h"

static struct json *rewrite_object(const struct rewrite *rewrite,
                                   const struct json *node, const char *path)
{
    struct json *copy = json_new_object();
    char place[sizeof rewrite->err->where];

    for (const struct json *m = json_first(node); m; m = json_next(m)) {
        struct json *child;

        bind_path(place, sizeof place, path, json_key(m));
        child = rewrite_node(rewrite, m, place);
        if (!child) {
            json_free(copy);
            return NULL;
        }
        json_add(copy, json_key(m), child);
    }
    return copy;
}

static struct json *rewrite_array(const struct rewrite *rewrite,
                                  const struct json *node, const char *path)
{
    struct json *copy = json_new_array();
    char place[sizeof rewrite->err->where];
    size_t index = 0;

    for (const struct json *e = json_first(node); e; e = json_next(e)) {
        struct json *child;

        bind_path_index(place, sizeof place, path, index++);
        child = rewrite_node(rewrite, e, place);
        if (!child) {
            json_free(copy);
            return NULL;
        }
        json_append(copy, child);
    }
    return copy;
}

struct json *rewrite_node(const struct rewrite *rewrite,
                          const struct json *node, const char *path)
{
    bool replaced = false;
    struct json *other = rewrite->one(rewrite, node, path, &replaced);

    if (replaced)
        return other;
    if (json_kind(node) == JSON_OBJECT)
        return rewrite_object(rewrite, node, path);
    if (json_kind(node) == JSON_ARRAY)
        return rewrite_array(rewrite, node, path);
    return json_copy(node);
}
