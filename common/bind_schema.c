#include "common/bind.h"

#include <assert.h>
#include <string.h>

static struct json *object_schema(const struct bind_row *table,
                                  enum bind_mode mode);

static struct json *typed(const char *type)
{
    struct json *schema = json_new_object();

    json_add_text(schema, "type", type);
    return schema;
}

static struct json *number_schema(const struct bind_row *row)
{
    struct json *schema = typed("integer");

    if (!bind_bounded(row))
        return schema;
    json_add_int(schema, "minimum", row->min);
    if (row->max != INT64_MAX)
        json_add_int(schema, "maximum", row->max);
    return schema;
}

static struct json *word_schema(const char *const *names)
{
    struct json *schema = json_new_object();
    struct json *words = json_add_array(schema, "enum");

    for (size_t i = 0; names[i]; i++)
        json_append(words, json_new_text(names[i]));
    return schema;
}

static struct json *text_schema(const struct bind_row *row)
{
    struct json *schema;

    if (row->names)
        return word_schema(row->names);
    schema = typed("string");
    if (row->pattern)
        json_add_text(schema, "pattern", row->pattern);
    return schema;
}

static struct json *array_schema(const struct bind_row *row, bool bounded,
                                 struct json *items)
{
    struct json *schema = typed("array");

    if (bounded && row->max > 0) {
        json_add_int(schema, "minItems", row->min);
        json_add_int(schema, "maxItems", row->max);
    }
    json_add(schema, "items", items);
    return schema;
}

static struct json *map_schema(const struct bind_row *row, enum bind_mode mode)
{
    struct json *schema = typed("object");

    if (row->max > 0) {
        json_add_int(schema, "minProperties", row->min);
        json_add_int(schema, "maxProperties", row->max);
    }
    if (row->pattern)
        json_add_text(json_add_object(schema, "propertyNames"), "pattern",
                      row->pattern);
    json_add(schema, "additionalProperties", object_schema(row->table, mode));
    return schema;
}

static struct json *custom_schema(const struct bind_row *row)
{
    struct json *schema;

    if (!row->schema)
        return json_new_object();
    schema = json_parse(row->schema, strlen(row->schema), row->key, NULL);
    /* The text is a constant of ours. */
    assert(schema);
    return schema ? schema : json_new_object();
}

static struct json *strict_schema(const struct bind_row *row,
                                  enum bind_mode mode)
{
    switch (row->kind) {
    case BIND_INT:
        return number_schema(row);
    case BIND_BOOL:
    case BIND_TRI:
        return typed("boolean");
    case BIND_TEXT:
        return text_schema(row);
    case BIND_ENUM:
        return word_schema(row->names);
    case BIND_TEXTS:
        return array_schema(row, true, text_schema(row));
    case BIND_INTS:
        return array_schema(row, false, number_schema(row));
    case BIND_OBJECT:
        return object_schema(row->table, mode);
    case BIND_LIST:
        return array_schema(row, true, object_schema(row->table, mode));
    case BIND_MAP:
        return map_schema(row, mode);
    case BIND_JSON:
        return json_new_object();
    case BIND_CUSTOM:
        return custom_schema(row);
    }
    return json_new_object();
}

static void add_reference(struct json *choices, const char *to)
{
    struct json *reference = json_new_object();

    json_add_text(reference, "$ref", to);
    json_append(choices, reference);
}

/* A value that a matrix or a runbook may give. */
static struct json *lenient_schema(const struct bind_row *row,
                                   struct json *schema)
{
    struct json *either = json_new_object();
    struct json *choices = json_add_array(either, "anyOf");

    json_append(choices, schema);
    add_reference(choices, "#/$defs/matrix_value");
    if (row->kind == BIND_INT)
        add_reference(choices, "#/$defs/relative_number");
    return either;
}

static bool is_scalar(const struct bind_row *row)
{
    return row->kind == BIND_INT || row->kind == BIND_BOOL ||
           row->kind == BIND_TRI || row->kind == BIND_ENUM ||
           row->kind == BIND_CUSTOM ||
           (row->kind == BIND_TEXT && (row->pattern || row->names));
}

static struct json *row_schema(const struct bind_row *row, enum bind_mode mode)
{
    struct json *schema = strict_schema(row, mode);
    struct buf text = { 0 };

    if (mode == BIND_LENIENT && is_scalar(row))
        schema = lenient_schema(row, schema);
    if (row->doc)
        buf_add_text(&text, row->doc);
    if (row->unit && *row->unit)
        buf_printf(&text, "%s(%s)", text.length ? " " : "", row->unit);
    if (text.length)
        json_add_text(schema, "description", text.data);
    buf_release(&text);
    return schema;
}

static struct json *object_schema(const struct bind_row *table,
                                  enum bind_mode mode)
{
    struct json *schema = typed("object");
    struct json *properties = json_add_object(schema, "properties");
    struct json *required = json_new_array();

    for (const struct bind_row *row = table; row->key; row++) {
        json_add(properties, row->key, row_schema(row, mode));
        if (row->required)
            json_append(required, json_new_text(row->key));
    }
    if (json_count(required))
        json_add(schema, "required", required);
    else
        json_free(required);
    json_add_bool(schema, "additionalProperties", false);
    return schema;
}

struct json *bind_schema_as(const struct bind_row *table, enum bind_mode mode)
{
    return object_schema(table, mode);
}

struct json *bind_schema(const struct bind_row *table)
{
    return object_schema(table, BIND_STRICT);
}
