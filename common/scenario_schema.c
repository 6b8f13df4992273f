#include "common/scenario_file.h"

#include <assert.h>
#include <string.h>

#include "common/answer.h"

static struct json *constant(const char *text)
{
    struct json *schema = json_parse(text, strlen(text), "", NULL);

    assert(schema);
    return schema;
}

/* Upstreams and expect are read by hand, so their schema is put in by hand. */
static void complete(struct json *phase)
{
    json_set(phase, "upstreams",
             constant("{\"type\":\"object\",\"propertyNames\":{\"pattern\":"
                      "\"" UPSTREAM_NAME_PATTERN "\"},"
                      "\"additionalProperties\":{\"type\":\"array\","
                      "\"minItems\":1,\"maxItems\":64,"
                      "\"items\":{\"$ref\":\"#/$defs/step\"}}}"));
    json_set(phase, "expect",
             constant("{\"anyOf\":[{\"const\":\"runbook\"},"
                      "{\"$ref\":\"#/$defs/expect\"}]}"));
}

static const char matrix_schema[] =
    "{\"type\":\"object\",\"minProperties\":1,\"propertyNames\":{\"pattern\":"
    "\"^[a-z0-9_]+$\"},\"additionalProperties\":{\"type\":\"array\","
    "\"minItems\":1,\"maxItems\":64,\"uniqueItems\":true,\"items\":{\"type\":"
    "[\"number\",\"boolean\",\"string\"]}}}";

static const char matrix_value_schema[] =
    "{\"description\":\"A value of the matrix.\",\"type\":\"string\","
    "\"pattern\":\"[$][{][a-z0-9_]+[}]\"}";

struct json *scenario_schema(void)
{
    struct json *schema = json_new_object();
    struct json *tables = bind_schema_as(scenario_table, BIND_LENIENT);
    struct json *properties;
    struct json *phase;
    struct json *defs;

    json_add_text(schema, "$schema",
                  "https://json-schema.org/draft/2020-12/schema");
    json_add_text(schema, "title", "Scenario");
    for (const struct json *m = json_first(tables); m; m = json_next(m))
        json_add(schema, json_key(m), json_copy(m));
    json_free(tables);

    properties = json_edit(schema, "/properties");
    json_add(properties, "$schema", constant("{\"type\":\"string\"}"));
    json_set(properties, "matrix", constant(matrix_schema));
    complete(properties);
    phase = json_edit(schema, "/properties/phases/items");
    complete(json_edit(phase, "/properties"));
    json_add(phase, "required", constant("[\"upstreams\"]"));
    json_add(schema, "oneOf",
             constant("[{\"required\":[\"upstreams\"]},"
                      "{\"required\":[\"phases\"]}]"));

    defs = json_add_object(schema, "$defs");
    json_add(defs, "step", step_schema(BIND_LENIENT));
    json_add(defs, "expect", bind_schema_as(expect_table, BIND_LENIENT));
    json_add(defs, "relative_number", bind_schema(relative_table));
    json_add(defs, "matrix_value", constant(matrix_value_schema));
    return schema;
}

void scenario_write_doc(struct buf *out)
{
    bind_write_doc(out, scenario_table, "scenario");
    buf_add_text(out, "\n");
    bind_write_doc(out, step_table, "step");
    buf_add_text(out, "\n");
    bind_write_doc(out, expect_table, "expect");
    buf_add_text(out, "\n");
    bind_write_doc(out, relative_table, "relative number");
}
