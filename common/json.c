#include "common/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/json_scan.h"
#include "common/xalloc.h"

/*
 * A node is a cJSON node. cJSON keeps numbers as double; every number of ours
 * is therefore a raw node that holds the number's text. cJSON's parser is not
 * used: the scanner's events build the tree.
 */

void json_wipe_freed(void)
{
    cJSON_Hooks hooks = { .malloc_fn = malloc, .free_fn = xfree };

    cJSON_InitHooks(&hooks);
}

static struct json *own(cJSON *node)
{
    if (!node)
        xalloc_fail();
    return (struct json *)node;
}

static cJSON *inner(struct json *node)
{
    return (cJSON *)node;
}

static const cJSON *look(const struct json *node)
{
    return (const cJSON *)node;
}

static const struct json *show(const cJSON *node)
{
    return (const struct json *)node;
}

/* Reading. */

struct builder {
    struct json *open[JSON_SCAN_DEPTH];
    size_t depth;
    struct json *root;
    char *key; /* of the member that comes next */
};

static void builder_add(struct builder *b, struct json *node)
{
    struct json *parent = b->depth ? b->open[b->depth - 1] : NULL;

    if (!parent) {
        b->root = node;
    } else if (b->key) {
        json_add(parent, b->key, node);
        free(b->key);
        b->key = NULL;
    } else {
        json_append(parent, node);
    }
}

static void builder_open(struct builder *b, struct json *node)
{
    builder_add(b, node);
    b->open[b->depth++] = node;
}

static void build(void *context, enum json_event_kind kind, const char *text)
{
    struct builder *b = context;

    switch (kind) {
    case JSON_EVENT_OBJECT:
        builder_open(b, json_new_object());
        break;
    case JSON_EVENT_ARRAY:
        builder_open(b, json_new_array());
        break;
    case JSON_EVENT_OBJECT_END:
    case JSON_EVENT_ARRAY_END:
        b->depth--;
        break;
    case JSON_EVENT_KEY:
        b->key = xstrdup(text);
        break;
    case JSON_EVENT_STRING:
        builder_add(b, own(cJSON_CreateString(text)));
        break;
    case JSON_EVENT_NUMBER:
        builder_add(b, own(cJSON_CreateRaw(text)));
        break;
    case JSON_EVENT_TRUE:
    case JSON_EVENT_FALSE:
        builder_add(b, json_new_bool(kind == JSON_EVENT_TRUE));
        break;
    case JSON_EVENT_NULL:
        builder_add(b, json_new_null());
        break;
    }
}

struct json *json_parse(const char *text, size_t length, const char *name,
                        struct err *err)
{
    struct builder b = { 0 };
    struct json_scan_problem problem;
    char *where;

    if (json_scan(text, length, build, &b, &problem))
        return b.root;
    json_free(b.root);
    free(b.key);
    where = xasprintf("%s:%zu:%zu", name, problem.line, problem.column);
    err_set(err, ERR_SYNTAX, where, "%s", problem.text);
    free(where);
    return NULL;
}

bool json_valid(const char *text, size_t length)
{
    return json_scan(text, length, NULL, NULL, NULL);
}

#define LOAD_MOST (64u << 20)

struct json *json_load(const char *path, struct err *err)
{
    struct buf text = { 0 };
    char piece[16384];
    size_t length;
    struct json *root = NULL;
    FILE *in = fopen(path, "rb");

    if (!in) {
        err_set_errno(err, ERR_IO, path);
        return NULL;
    }
    while (text.length <= LOAD_MOST &&
           (length = fread(piece, 1, sizeof piece, in)) > 0)
        buf_add(&text, piece, length);
    if (ferror(in))
        err_set_errno(err, ERR_IO, path);
    else if (text.length > LOAD_MOST)
        err_set(err, ERR_IO, path, "larger than %u bytes", LOAD_MOST);
    else
        root = json_parse(buf_text(&text), text.length, path, err);
    fclose(in);
    buf_release(&text);
    return root;
}

void json_free(struct json *root)
{
    cJSON_Delete(inner(root));
}

struct json *json_copy(const struct json *node)
{
    return node ? own(cJSON_Duplicate(look(node), true)) : NULL;
}

/* Looking. */

enum json_kind json_kind(const struct json *node)
{
    const cJSON *item = look(node);

    if (cJSON_IsBool(item))
        return JSON_BOOL;
    if (cJSON_IsRaw(item))
        return JSON_NUMBER;
    if (cJSON_IsString(item))
        return JSON_STRING;
    if (cJSON_IsArray(item))
        return JSON_ARRAY;
    return cJSON_IsObject(item) ? JSON_OBJECT : JSON_NULL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (!cJSON_IsObject(look(object)))
        return NULL;
    return show(cJSON_GetObjectItemCaseSensitive(look(object), key));
}

static bool is_container(const struct json *node)
{
    return cJSON_IsArray(look(node)) || cJSON_IsObject(look(node));
}

const struct json *json_first(const struct json *array_or_object)
{
    return is_container(array_or_object) ? show(look(array_or_object)->child)
                                         : NULL;
}

const struct json *json_next(const struct json *node)
{
    return node ? show(look(node)->next) : NULL;
}

const struct json *json_at(const struct json *array, size_t index)
{
    const struct json *node = json_first(array);

    while (node && index--)
        node = json_next(node);
    return node;
}

size_t json_count(const struct json *array_or_object)
{
    size_t count = 0;

    for (const struct json *node = json_first(array_or_object); node;
         node = json_next(node))
        count++;
    return count;
}

const char *json_key(const struct json *member)
{
    return member && look(member)->string ? look(member)->string : "";
}

/* Undoes ~1 and ~0 of one reference token; NULL when it is malformed. */
static char *pointer_token(const char *token, size_t length)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < length; i++) {
        if (token[i] != '~') {
            buf_add(&out, token + i, 1);
        } else if (i + 1 < length &&
                   (token[i + 1] == '0' || token[i + 1] == '1')) {
            buf_add_text(&out, token[++i] == '0' ? "~" : "/");
        } else {
            buf_release(&out);
            return NULL;
        }
    }
    return buf_take(&out);
}

static const struct json *pointer_step(const struct json *node,
                                       const char *token)
{
    size_t digits = strspn(token, "0123456789");

    if (json_kind(node) == JSON_OBJECT)
        return json_get(node, token);
    if (!digits || token[digits] || digits > 9 ||
        (token[0] == '0' && digits > 1))
        return NULL;
    return json_at(node, strtoul(token, NULL, 10));
}

const struct json *json_pointer(const struct json *node, const char *pointer)
{
    while (node && *pointer) {
        size_t length;
        char *token;

        if (*pointer++ != '/')
            return NULL;
        length = strcspn(pointer, "/");
        token = pointer_token(pointer, length);
        node = token ? pointer_step(node, token) : NULL;
        free(token);
        pointer += length;
    }
    return node;
}

const char *json_text(const struct json *node, const char *fallback)
{
    return cJSON_IsString(look(node)) ? look(node)->valuestring : fallback;
}

const char *json_number_text(const struct json *node)
{
    return cJSON_IsRaw(look(node)) ? look(node)->valuestring : NULL;
}

static bool read_int(const struct json *node, int64_t *out)
{
    const char *text = json_number_text(node);

    if (!text || strpbrk(text, ".eE"))
        return false;
    errno = 0;
    *out = strtoll(text, NULL, 10);
    return !errno;
}

int64_t json_int(const struct json *node, int64_t fallback)
{
    int64_t value;

    return read_int(node, &value) ? value : fallback;
}

bool json_is_int(const struct json *node)
{
    int64_t value;

    return read_int(node, &value);
}

double json_double(const struct json *node, double fallback)
{
    const char *text = json_number_text(node);

    return text ? strtod(text, NULL) : fallback;
}

bool json_true(const struct json *node)
{
    return cJSON_IsTrue(look(node));
}

const char *json_get_text(const struct json *object, const char *key,
                          const char *fallback)
{
    return json_text(json_get(object, key), fallback);
}

int64_t json_get_int(const struct json *object, const char *key,
                     int64_t fallback)
{
    return json_int(json_get(object, key), fallback);
}

bool json_get_true(const struct json *object, const char *key)
{
    return json_true(json_get(object, key));
}

/* Building. */

struct json *json_new_object(void)
{
    return own(cJSON_CreateObject());
}

struct json *json_new_array(void)
{
    return own(cJSON_CreateArray());
}

static bool is_utf8(const char *text, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t size = json_utf8_length(text + i, length - i);

        if (!size)
            return false;
        i += size;
    }
    return true;
}

/* The text with U+FFFD for every byte that is not UTF-8. Caller frees. */
static char *clean_text(const char *text)
{
    struct buf out = { 0 };
    size_t length = strlen(text);

    for (size_t i = 0; i < length;) {
        size_t size = json_utf8_length(text + i, length - i);

        if (size)
            buf_add(&out, text + i, size);
        else
            buf_add_text(&out, "\xef\xbf\xbd");
        i += size ? size : 1;
    }
    return buf_take(&out);
}

struct json *json_new_text(const char *text)
{
    struct json *node;
    char *clean;

    if (!text)
        return json_new_null();
    if (is_utf8(text, strlen(text)))
        return own(cJSON_CreateString(text));
    clean = clean_text(text);
    node = own(cJSON_CreateString(clean));
    free(clean);
    return node;
}

struct json *json_new_int(int64_t value)
{
    char text[32];

    snprintf(text, sizeof text, "%lld", (long long)value);
    return own(cJSON_CreateRaw(text));
}

/* The shortest text that reads back as the same double; what JSON cannot say
 * (infinity, not a number) becomes null. */
struct json *json_new_double(double value)
{
    char text[32];

    if (!isfinite(value))
        return json_new_null();
    for (int digits = 15; digits <= 17; digits++) {
        double again;

        snprintf(text, sizeof text, "%.*g", digits, value);
        again = strtod(text, NULL);
        if (!(again < value) && !(again > value))
            break;
    }
    return own(cJSON_CreateRaw(text));
}

struct json *json_new_bool(bool value)
{
    return own(cJSON_CreateBool(value));
}

struct json *json_new_null(void)
{
    return own(cJSON_CreateNull());
}

void json_add(struct json *object, const char *key, struct json *value)
{
    char *clean = is_utf8(key, strlen(key)) ? NULL : clean_text(key);

    if (!cJSON_AddItemToObject(inner(object), clean ? clean : key,
                               inner(value)))
        xalloc_fail();
    free(clean);
}

void json_add_text(struct json *object, const char *key, const char *text)
{
    json_add(object, key, json_new_text(text));
}

void json_add_int(struct json *object, const char *key, int64_t value)
{
    json_add(object, key, json_new_int(value));
}

void json_add_bool(struct json *object, const char *key, bool value)
{
    json_add(object, key, json_new_bool(value));
}

struct json *json_add_object(struct json *object, const char *key)
{
    struct json *child = json_new_object();

    json_add(object, key, child);
    return child;
}

struct json *json_add_array(struct json *object, const char *key)
{
    struct json *child = json_new_array();

    json_add(object, key, child);
    return child;
}

void json_append(struct json *array, struct json *value)
{
    cJSON_AddItemToArray(inner(array), inner(value));
}

void json_set(struct json *object, const char *key, struct json *value)
{
    if (!json_get(object, key))
        json_add(object, key, value);
    else if (!cJSON_ReplaceItemInObjectCaseSensitive(inner(object), key,
                                                     inner(value)))
        xalloc_fail();
}

struct json *json_edit(struct json *node, const char *pointer)
{
    /* The node found belongs to a document of the caller that is not const. */
    union {
        const struct json *found;
        struct json *editable;
    } both = { .found = json_pointer(node, pointer) };

    return both.editable;
}

void json_remove(struct json *object, const char *key)
{
    cJSON_DeleteItemFromObjectCaseSensitive(inner(object), key);
}
