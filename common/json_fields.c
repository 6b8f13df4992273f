#include "common/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

/* A longer pointer is not kept as a field: a hostile key of a megabyte would be
 * written once for every value below it. */
#define POINTER_MOST 1024

/* An exponent as a number; beyond any use it stays at the limit. */
static int64_t read_exponent(const char *text)
{
    int64_t value = 0;
    bool negative = *text == '-';

    if (*text == '-' || *text == '+')
        text++;
    for (; *text; text++) {
        if (value < INT64_MAX / 100)
            value = value * 10 + (*text - '0');
    }
    return negative ? -value : value;
}

/* One spelling for one value: digits without zeros at either end, and the
 * power of ten of the last one. 1, 1.0, 1e0 and 10e-1 are all "1e0". */
static void add_number(struct buf *out, const char *text)
{
    struct buf digits = { 0 };
    int64_t exponent = 0;
    bool negative = *text == '-';
    bool fraction = false;
    size_t skip;

    for (text += negative; *text && *text != 'e' && *text != 'E'; text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        buf_add(&digits, text, 1);
        exponent -= fraction;
    }
    if (*text)
        exponent += read_exponent(text + 1);
    while (digits.length && digits.data[digits.length - 1] == '0') {
        digits.data[--digits.length] = '\0';
        exponent++;
    }
    skip = strspn(buf_text(&digits), "0");
    if (skip == digits.length)
        buf_add_text(out, "0e0");
    else
        buf_printf(out, "%s%se%" PRId64, negative ? "-" : "",
                   digits.data + skip, exponent);
    buf_release(&digits);
}

static int compare_members(const void *a, const void *b)
{
    const struct json *const *left = a;
    const struct json *const *right = b;

    return strcmp(json_key(*left), json_key(*right));
}

/* The members sorted by key, elements as they are. Caller frees. */
static const struct json **sorted(const struct json *node, size_t *count)
{
    const struct json **members;
    size_t i = 0;

    *count = json_count(node);
    members = xcalloc(*count, sizeof *members);
    for (const struct json *m = json_first(node); m; m = json_next(m))
        members[i++] = m;
    if (json_kind(node) == JSON_OBJECT && *count > 1)
        qsort(members, *count, sizeof *members, compare_members);
    return members;
}

static void add_scalar(struct buf *out, const struct json *node)
{
    const char *text;

    switch (json_kind(node)) {
    case JSON_NUMBER:
        add_number(out, json_number_text(node));
        break;
    case JSON_STRING:
        text = json_text(node, "");
        json_quote(out, text, strlen(text));
        break;
    case JSON_BOOL:
        buf_add_text(out, json_true(node) ? "true" : "false");
        break;
    case JSON_NULL:
        buf_add_text(out, "null");
        break;
    case JSON_ARRAY:
        buf_add_text(out, "[]");
        break;
    case JSON_OBJECT:
        buf_add_text(out, "{}");
        break;
    }
}

struct walk {
    struct json_fields *fields;
    const uint8_t *key;
    struct buf pointer;
    struct buf whole; /* the document in canonical spelling */
};

static void add_field(struct walk *walk, const struct json *node,
                      const char *canonical)
{
    struct json_fields *fields = walk->fields;
    struct json_field *field;

    if (fields->count == JSON_FIELDS_MOST ||
        walk->pointer.length > POINTER_MOST) {
        fields->cut = true;
        return;
    }
    fields->items = xgrow(fields->items, fields->count, &fields->capacity,
                          sizeof *fields->items);
    field = &fields->items[fields->count++];
    field->pointer = xstrdup(buf_text(&walk->pointer));
    field->kind = json_kind(node);
    /* The spelling tells the kinds apart: quotes, digits, braces, words. */
    digest_fingerprint(field->fingerprint, walk->key, canonical,
                       strlen(canonical));
}

static void pointer_push(struct buf *pointer, const char *token)
{
    buf_add_text(pointer, "/");
    for (; *token; token++) {
        if (*token == '~' || *token == '/')
            buf_add_text(pointer, *token == '~' ? "~0" : "~1");
        else
            buf_add(pointer, token, 1);
    }
}

static void pointer_cut(struct buf *pointer, size_t length)
{
    if (!pointer->data)
        return;
    pointer->length = length;
    pointer->data[length] = '\0';
}

static void walk_node(struct walk *walk, const struct json *node)
{
    bool object = json_kind(node) == JSON_OBJECT;
    size_t start = walk->whole.length;
    size_t length = walk->pointer.length;
    size_t count;
    const struct json **members;

    if (!json_first(node)) {
        add_scalar(&walk->whole, node);
        add_field(walk, node, walk->whole.data + start);
        return;
    }
    members = sorted(node, &count);
    buf_add_text(&walk->whole, object ? "{" : "[");
    for (size_t i = 0; i < count; i++) {
        const char *key = json_key(members[i]);
        char index[24];

        if (i)
            buf_add_text(&walk->whole, ",");
        if (object) {
            json_quote(&walk->whole, key, strlen(key));
            buf_add_text(&walk->whole, ":");
        } else {
            snprintf(index, sizeof index, "%zu", i);
            key = index;
        }
        pointer_push(&walk->pointer, key);
        walk_node(walk, members[i]);
        pointer_cut(&walk->pointer, length);
    }
    buf_add_text(&walk->whole, object ? "}" : "]");
    free(members);
}

bool json_fields_read(struct json_fields *out, const char *text, size_t length,
                      const uint8_t key[static FINGERPRINT_KEY_BYTES])
{
    struct err err;
    struct json *root = json_parse(text, length, "", &err);
    struct walk walk = { .fields = out, .key = key };

    *out = (struct json_fields){ 0 };
    if (!root)
        return false;
    walk_node(&walk, root);
    digest_fingerprint(out->whole, key, walk.whole.data, walk.whole.length);
    /* The canonical text holds content: nothing of it stays in memory. */
    xwipe(walk.whole.data, walk.whole.length);
    buf_release(&walk.whole);
    buf_release(&walk.pointer);
    json_free(root);
    return true;
}

void json_fields_release(struct json_fields *fields)
{
    if (!fields)
        return;
    for (size_t i = 0; i < fields->count; i++)
        free(fields->items[i].pointer);
    free(fields->items);
    *fields = (struct json_fields){ 0 };
}
