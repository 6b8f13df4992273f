#include "harness/launch/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/xalloc.h"

static struct name *names_entry(const struct names *names, const char *key,
                                size_t length)
{
    for (size_t i = 0; i < names->count; i++)
        if (strlen(names->items[i].key) == length &&
            memcmp(names->items[i].key, key, length) == 0)
            return &names->items[i];
    return NULL;
}

void names_set(struct names *names, const char *key, const char *value)
{
    struct name *name = names_entry(names, key, strlen(key));

    if (!name) {
        names->items = xgrow(names->items, names->count, &names->capacity,
                             sizeof *names->items);
        name = &names->items[names->count++];
        name->key = xstrdup(key);
    }
    if (name->value)
        xwipe(name->value, strlen(name->value));
    free(name->value);
    name->value = xstrdup(value);
}

void names_set_int(struct names *names, const char *key, long long value)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", value);
    names_set(names, key, text);
}

const char *names_find(const struct names *names, const char *key)
{
    const struct name *name = names_entry(names, key, strlen(key));

    return name ? name->value : NULL;
}

void names_release(struct names *names)
{
    for (size_t i = 0; i < names->count; i++) {
        if (names->items[i].value)
            xwipe(names->items[i].value, strlen(names->items[i].value));
        free(names->items[i].key);
        free(names->items[i].value);
    }
    free(names->items);
    *names = (struct names){ 0 };
}

static void names_unknown(const struct names *names, const char *key,
                          size_t length, const char *where, struct err *err)
{
    struct buf known = { 0 };

    for (size_t i = 0; i < names->count; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", names->items[i].key);
    err_set(err, ERR_SCHEMA, where, "${%.*s} is not a name; known: %s",
            (int)length, key, buf_text(&known));
    buf_release(&known);
}

char *names_fill(const struct names *names, const char *text, const char *where,
                 struct err *err)
{
    struct buf out = { 0 };
    const char *at = text;
    const char *open;

    while ((open = strstr(at, "${")) != NULL) {
        const char *close = strchr(open, '}');
        const struct name *name;

        if (open > text && open[-1] == '$') {
            buf_add(&out, at, (size_t)(open - at) - 1);
            buf_add_text(&out, "${");
            at = open + 2;
            continue;
        }
        if (!close) {
            err_set(err, ERR_SCHEMA, where, "\"${\" without \"}\"");
            goto fail;
        }
        buf_add(&out, at, (size_t)(open - at));
        name = names_entry(names, open + 2, (size_t)(close - open - 2));
        if (!name) {
            names_unknown(names, open + 2, (size_t)(close - open - 2), where,
                          err);
            goto fail;
        }
        buf_add_text(&out, name->value);
        at = close + 1;
    }
    buf_add_text(&out, at);
    return buf_take(&out);

fail:
    if (out.data)
        xwipe(out.data, out.length);
    buf_release(&out);
    return NULL;
}
