#include "common/attempt_rows.h"

#include <string.h>

#include "common/bind.h"
#include "common/json_scan.h"
#include "common/nearest.h"

/* Enums of ours have no negative value, so they are unsigned int. */
static unsigned get_enum(const void *field)
{
    unsigned value;

    memcpy(&value, field, sizeof value);
    return value;
}

/* Bytes of a peer may be no UTF-8 and are then longer when printed; cut so
 * that the line reads back into the same array. */
struct json *attempt_text_node(const char *text, size_t size)
{
    struct buf clean = { 0 };
    size_t length = strnlen(text, size);
    struct json *node;

    for (size_t i = 0; i < length;) {
        size_t step = json_utf8_length(text + i, length - i);

        if (clean.length + (step ? step : 3) >= size)
            break;
        if (step)
            buf_add(&clean, text + i, step);
        else
            buf_add_text(&clean, "\xef\xbf\xbd");
        i += step ? step : 1;
    }
    node = json_new_text(buf_text(&clean));
    buf_release(&clean);
    return node;
}

static void print_row(struct json *object, const struct attempt_row *row,
                      const void *field)
{
    const bool *flag = field;
    const int64_t *number = field;

    switch (row->kind) {
    case ATTEMPT_ROW_INT:
        if (row->always || *number != row->missing)
            json_add_int(object, row->key, *number);
        break;
    case ATTEMPT_ROW_BOOL:
        if (row->always || *flag)
            json_add_bool(object, row->key, *flag);
        break;
    case ATTEMPT_ROW_TEXT:
        if (row->always || *(const char *)field)
            json_add(object, row->key, attempt_text_node(field, row->size));
        break;
    case ATTEMPT_ROW_ENUM:
        json_add_text(object, row->key, row->names[get_enum(field)]);
        break;
    case ATTEMPT_ROW_OBJECT:
        attempt_rows_print(json_add_object(object, row->key), row->rows, field);
        break;
    case ATTEMPT_ROW_CUSTOM:
        row->print(object, row->key, field);
        break;
    }
}

void attempt_rows_print(struct json *object, const struct attempt_row *rows,
                        const void *out)
{
    for (const struct attempt_row *row = rows; row->key; row++)
        print_row(object, row, (const char *)out + row->offset);
}

bool attempt_refuse(const struct json *node, struct attempt_place place,
                    const char *wanted)
{
    char shown[BIND_SHOWN_SIZE];

    bind_show(shown, node);
    err_set(place.err, ERR_SCHEMA, place.path, "%s is not %s", shown, wanted);
    return false;
}

bool attempt_read_text(char *out, size_t size, const struct json *node,
                       struct attempt_place place)
{
    const char *text = json_text(node, NULL);

    if (!text)
        return attempt_refuse(node, place, "a text");
    if (strlen(text) >= size) {
        err_set(place.err, ERR_SCHEMA, place.path,
                "%zu bytes of text; at most %zu are allowed", strlen(text),
                size - 1);
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

bool attempt_read_word(unsigned *out, const char *const *names,
                       const struct json *node, struct attempt_place place)
{
    const char *word = json_text(node, "");
    struct buf known = { 0 };

    buf_add_text(&known, "one of ");
    for (unsigned i = 0; names[i]; i++) {
        if (!strcmp(names[i], word)) {
            *out = i;
            buf_release(&known);
            return true;
        }
        buf_printf(&known, "%s%s", i ? ", " : "", names[i]);
    }
    attempt_refuse(node, place, known.data);
    buf_release(&known);
    return false;
}

static bool read_int(int64_t *out, const struct attempt_row *row,
                     const struct json *node, struct attempt_place place)
{
    if (!json_is_int(node) || json_int(node, 0) < row->missing)
        return attempt_refuse(node, place,
                              row->missing < 0 ? "a whole number from -1"
                                               : "a whole number from 0");
    *out = json_int(node, 0);
    return true;
}

static bool read_row(void *field, const struct attempt_row *row,
                     const struct json *node, struct attempt_place place)
{
    unsigned word = 0;

    switch (row->kind) {
    case ATTEMPT_ROW_INT:
        return read_int(field, row, node, place);
    case ATTEMPT_ROW_BOOL:
        if (json_kind(node) != JSON_BOOL)
            return attempt_refuse(node, place, "true or false");
        *(bool *)field = json_true(node);
        return true;
    case ATTEMPT_ROW_TEXT:
        return attempt_read_text(field, row->size, node, place);
    case ATTEMPT_ROW_ENUM:
        if (!attempt_read_word(&word, row->names, node, place))
            return false;
        memcpy(field, &word, sizeof word);
        return true;
    case ATTEMPT_ROW_OBJECT:
        return attempt_rows_read(field, row->rows, node, place);
    case ATTEMPT_ROW_CUSTOM:
        return row->read(field, node, place);
    }
    return false;
}

static bool check_keys(const struct attempt_row *rows,
                       const struct json *object, struct attempt_place place)
{
    for (const struct json *m = json_first(object); m; m = json_next(m)) {
        struct nearest nearest = { .word = json_key(m) };
        const struct attempt_row *row = rows;
        char path[sizeof place.err->where];

        while (row->key && strcmp(row->key, json_key(m)) != 0)
            nearest_consider(&nearest, row++->key);
        if (row->key)
            continue;
        bind_path(path, sizeof path, place.path, json_key(m));
        if (nearest.best)
            err_set(place.err, ERR_SCHEMA, path,
                    "unknown key; did you mean \"%s\"?", nearest.best);
        else
            err_set(place.err, ERR_SCHEMA, path, "unknown key");
        return false;
    }
    return true;
}

/* What is always written must be there to be read. */
static bool is_required(const struct attempt_row *row)
{
    return row->always || row->kind == ATTEMPT_ROW_ENUM ||
           row->kind == ATTEMPT_ROW_OBJECT;
}

bool attempt_rows_read(void *out, const struct attempt_row *rows,
                       const struct json *object, struct attempt_place place)
{
    if (json_kind(object) != JSON_OBJECT)
        return attempt_refuse(object, place, "an object");
    if (!check_keys(rows, object, place))
        return false;
    for (const struct attempt_row *row = rows; row->key; row++) {
        const struct json *node = json_get(object, row->key);
        void *field = (char *)out + row->offset;
        char path[sizeof place.err->where];

        if (row->kind == ATTEMPT_ROW_INT)
            *(int64_t *)field = row->missing;
        if (!node && is_required(row)) {
            err_set(place.err, ERR_SCHEMA, place.path, "\"%s\" is missing",
                    row->key);
            return false;
        }
        bind_path(path, sizeof path, place.path, row->key);
        if (node && !read_row(field, row, node,
                              (struct attempt_place){ path, place.err }))
            return false;
    }
    return true;
}
