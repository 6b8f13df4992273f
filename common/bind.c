#include "common/bind.h"

#include <inttypes.h>
#include <regex.h>
#include <stdarg.h>
#include <string.h>

#include "common/nearest.h"
#include "common/xalloc.h"

/* One value being read. */
struct reading {
    const struct bind_row *row;
    const struct json *node;
    const char *path; /* of the value */
    enum bind_mode mode;
    struct err *err;
};

static bool read_object(void *out, const struct bind_row *table,
                        const struct reading *r);

/* "42 is not in 100..999", with what the value should be after "is not". */
__attribute__((format(printf, 2, 3))) static bool
refuse(const struct reading *r, const char *format, ...)
{
    char shown[BIND_SHOWN_SIZE];
    struct buf wanted = { 0 };
    va_list args;

    bind_show(shown, r->node);
    va_start(args, format);
    buf_vprintf(&wanted, format, args);
    va_end(args);
    err_set(r->err, ERR_SCHEMA, r->path, "%s is not %s", shown,
            buf_text(&wanted));
    buf_release(&wanted);
    return false;
}

/* A number or word that is only known later: "${name}" or {"of": ...}. */
static bool is_pending(const struct reading *r, bool number)
{
    const char *text = json_text(r->node, NULL);

    if (r->mode != BIND_LENIENT)
        return false;
    if (text)
        return !strncmp(text, "${", 2) && strchr(text, '}') != NULL;
    return number && json_get(r->node, "of") != NULL;
}

static bool read_number(int64_t *out, const struct reading *r)
{
    char range[96];

    if (is_pending(r, true)) {
        *out = r->row->min;
        return true;
    }
    bind_range(range, sizeof range, r->row);
    if (!json_is_int(r->node))
        return refuse(r, "a whole number%s%s",
                      bind_bounded(r->row) ? " in " : "",
                      bind_bounded(r->row) ? range : "");
    *out = json_int(r->node, 0);
    if (bind_bounded(r->row) && (*out < r->row->min || *out > r->row->max))
        return refuse(r, "in %s", range);
    return true;
}

static bool read_int(void *field, const struct reading *r)
{
    return read_number(field, r);
}

static bool read_bool(void *field, const struct reading *r)
{
    if (json_kind(r->node) != JSON_BOOL && !is_pending(r, false))
        return refuse(r, "true or false");
    *(bool *)field = json_true(r->node);
    return true;
}

static bool read_tri(void *field, const struct reading *r)
{
    bool value = false;

    if (!read_bool(&value, r))
        return false;
    *(int64_t *)field = value;
    return true;
}

/* Patterns are ours: one that does not compile is a mistake of the table. */
static bool matches(const char *pattern, const char *text)
{
    regex_t regex;
    bool match;

    if (!pattern)
        return true;
    if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
        return false;
    match = regexec(&regex, text, 0, NULL, 0) == 0;
    regfree(&regex);
    return match;
}

/* Position of the word, or -1 with err set. */
static int64_t find_word(const struct reading *r)
{
    const char *word = json_text(r->node, NULL);
    struct buf known = { 0 };

    for (size_t i = 0; r->row->names[i]; i++) {
        if (word && !strcmp(r->row->names[i], word)) {
            buf_release(&known);
            return (int64_t)i;
        }
        buf_printf(&known, "%s%s", i ? ", " : "", r->row->names[i]);
    }
    refuse(r, "one of %s", buf_text(&known));
    buf_release(&known);
    return -1;
}

static bool read_enum(void *field, const struct reading *r)
{
    int64_t index;

    if (is_pending(r, false)) {
        *(int64_t *)field = 0;
        return true;
    }
    index = find_word(r);
    if (index < 0)
        return false;
    *(int64_t *)field = index;
    return true;
}

/* Text by the row's pattern or names; NULL with err set. */
static const char *check_text(const struct reading *r)
{
    const char *text = json_text(r->node, NULL);

    if (!text) {
        refuse(r, "a text");
        return NULL;
    }
    if (is_pending(r, false))
        return text;
    if (r->row->names)
        return find_word(r) < 0 ? NULL : text;
    if (!matches(r->row->pattern, text)) {
        refuse(r, "a text that matches %s", r->row->pattern);
        return NULL;
    }
    return text;
}

static bool read_text(void *field, const struct reading *r)
{
    const char *text = check_text(r);

    if (!text)
        return false;
    *(char **)field = xstrdup(text);
    return true;
}

static bool check_length(const struct reading *r, const char *what)
{
    int64_t count = (int64_t)json_count(r->node);

    if (r->row->max <= 0 || (count >= r->row->min && count <= r->row->max))
        return true;
    err_set(r->err, ERR_SCHEMA, r->path,
            "%" PRId64 " %s; from %" PRId64 " to %" PRId64 " are allowed",
            count, what, r->row->min, r->row->max);
    return false;
}

static bool check_array(const struct reading *r)
{
    return json_kind(r->node) == JSON_ARRAY || refuse(r, "an array");
}

static bool read_texts(void *field, const struct reading *r)
{
    struct bind_texts *texts = field;
    char path[sizeof r->err->where];

    if (!check_array(r) || !check_length(r, "entries"))
        return false;
    texts->declared = true;
    texts->items = xcalloc(json_count(r->node), sizeof *texts->items);
    for (const struct json *item = json_first(r->node); item;
         item = json_next(item)) {
        struct reading one = *r;
        const char *text;

        bind_path_index(path, sizeof path, r->path, texts->count);
        one.node = item;
        one.path = path;
        text = check_text(&one);
        if (!text)
            return false;
        texts->items[texts->count++] = xstrdup(text);
    }
    return true;
}

static bool read_ints(void *field, const struct reading *r)
{
    struct bind_ints *ints = field;
    char path[sizeof r->err->where];

    if (!check_array(r))
        return false;
    ints->declared = true;
    ints->items = xcalloc(json_count(r->node), sizeof *ints->items);
    for (const struct json *item = json_first(r->node); item;
         item = json_next(item)) {
        struct reading one = *r;

        bind_path_index(path, sizeof path, r->path, ints->count);
        one.node = item;
        one.path = path;
        if (!read_number(&ints->items[ints->count], &one))
            return false;
        ints->count++;
    }
    return true;
}

static bool read_nested(void *field, const struct reading *r)
{
    return read_object(field, r->row->table, r);
}

static void set_missing(void *out, const struct bind_row *table);

static bool read_list(void *field, const struct reading *r)
{
    struct bind_list *list = field;
    char path[sizeof r->err->where];

    if (!check_array(r) || !check_length(r, "entries"))
        return false;
    list->declared = true;
    list->items = xcalloc(json_count(r->node), r->row->item_size);
    for (const struct json *item = json_first(r->node); item;
         item = json_next(item)) {
        struct reading one = *r;
        void *slot = (char *)list->items + list->count * r->row->item_size;

        bind_path_index(path, sizeof path, r->path, list->count++);
        one.node = item;
        one.path = path;
        set_missing(slot, r->row->table);
        if (!read_object(slot, r->row->table, &one))
            return false;
    }
    return true;
}

static bool read_map(void *field, const struct reading *r)
{
    struct bind_map *map = field;
    char path[sizeof r->err->where];

    if (json_kind(r->node) != JSON_OBJECT)
        return refuse(r, "an object");
    if (!check_length(r, "members"))
        return false;
    map->declared = true;
    map->keys = xcalloc(json_count(r->node), sizeof *map->keys);
    map->items = xcalloc(json_count(r->node), r->row->item_size);
    for (const struct json *item = json_first(r->node); item;
         item = json_next(item)) {
        struct reading one = *r;
        void *slot = (char *)map->items + map->count * r->row->item_size;

        bind_path(path, sizeof path, r->path, json_key(item));
        if (!matches(r->row->pattern, json_key(item))) {
            err_set(r->err, ERR_SCHEMA, path, "the key does not match %s",
                    r->row->pattern);
            return false;
        }
        map->keys[map->count++] = xstrdup(json_key(item));
        one.node = item;
        one.path = path;
        set_missing(slot, r->row->table);
        if (!read_object(slot, r->row->table, &one))
            return false;
    }
    return true;
}

static bool read_json(void *field, const struct reading *r)
{
    *(struct json **)field = json_copy(r->node);
    return true;
}

static bool read_custom(void *field, const struct reading *r)
{
    return r->row->parse(field, r->node, r->path, r->err);
}

typedef bool reader(void *field, const struct reading *r);
static reader *const readers[] = {
    [BIND_INT] = read_int,   [BIND_BOOL] = read_bool,
    [BIND_TRI] = read_tri,   [BIND_TEXT] = read_text,
    [BIND_ENUM] = read_enum, [BIND_TEXTS] = read_texts,
    [BIND_INTS] = read_ints, [BIND_OBJECT] = read_nested,
    [BIND_LIST] = read_list, [BIND_MAP] = read_map,
    [BIND_JSON] = read_json, [BIND_CUSTOM] = read_custom,
};

static bool unknown_key(const struct bind_row *table, const char *key,
                        const struct reading *r)
{
    struct nearest nearest = { .word = key };
    struct buf known = { 0 };
    char path[sizeof r->err->where];

    for (const struct bind_row *row = table; row->key; row++) {
        nearest_consider(&nearest, row->key);
        buf_printf(&known, "%s%s", row == table ? "" : ", ", row->key);
    }
    bind_path(path, sizeof path, r->path, key);
    if (nearest.best)
        err_set(r->err, ERR_SCHEMA, path, "unknown key; did you mean \"%s\"?",
                nearest.best);
    else
        err_set(r->err, ERR_SCHEMA, path, "unknown key; known are %s",
                buf_text(&known));
    buf_release(&known);
    return false;
}

static bool is_known(const struct bind_row *table, const char *key,
                     const char *path)
{
    size_t length = strlen(path);

    for (const struct bind_row *row = table; row->key; row++) {
        if (!strcmp(row->key, key))
            return true;
    }
    return !strcmp(key, "$schema") && length && path[length - 1] == '$';
}

static bool read_object(void *out, const struct bind_row *table,
                        const struct reading *r)
{
    char path[sizeof r->err->where];

    if (json_kind(r->node) != JSON_OBJECT)
        return refuse(r, "an object");
    for (const struct json *member = json_first(r->node); member;
         member = json_next(member)) {
        if (!is_known(table, json_key(member), r->path))
            return unknown_key(table, json_key(member), r);
    }
    for (const struct bind_row *row = table; row->key; row++) {
        struct reading one = *r;

        one.row = row;
        one.node = json_get(r->node, row->key);
        one.path = path;
        if (!one.node && row->required) {
            err_set(r->err, ERR_SCHEMA, r->path, "\"%s\" is missing", row->key);
            return false;
        }
        bind_path(path, sizeof path, r->path, row->key);
        if (one.node && !readers[row->kind]((char *)out + row->offset, &one))
            return false;
    }
    return true;
}

static void set_missing(void *out, const struct bind_row *table)
{
    for (const struct bind_row *row = table; row->key; row++) {
        void *field = (char *)out + row->offset;

        if (row->kind == BIND_INT || row->kind == BIND_TRI ||
            row->kind == BIND_ENUM)
            *(int64_t *)field = row->missing;
        else if (row->kind == BIND_OBJECT)
            set_missing(field, row->table);
    }
}

void bind_init(void *out, size_t size, const struct bind_row *table)
{
    memset(out, 0, size);
    set_missing(out, table);
}

bool bind_read(void *out, size_t size, const struct bind_row *table,
               const struct json *object, const char *path, enum bind_mode mode,
               struct err *err)
{
    struct err unwanted;
    struct reading r = {
        .node = object, .path = path, .mode = mode, .err = err ? err : &unwanted
    };

    bind_init(out, size, table);
    if (read_object(out, table, &r))
        return true;
    bind_release(out, table);
    memset(out, 0, size);
    return false;
}
