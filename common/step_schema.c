#include "common/step.h"

#include <string.h>

#include "common/step_headers.h"

static void add_words(struct json *array, const char *list, bool required_only)
{
    for (const char *at = list; *at; at += strspn(at, " ")) {
        size_t size = strcspn(at, " ");
        size_t name = strcspn(at, " !");
        struct buf word = { 0 };

        buf_add(&word, at, name);
        if (!required_only || name < size)
            json_append(array, json_new_text(word.data));
        buf_release(&word);
        at += size;
    }
}

/* If the fault is this one, then only its parameters and the modifiers. */
static struct json *fault_rule(const struct fault_row *fault)
{
    struct json *rule = json_new_object();
    struct json *when = json_add_object(rule, "if");
    struct json *then = json_add_object(rule, "then");
    struct json *required = json_add_array(then, "required");
    struct json *keys =
        json_add_array(json_add_object(then, "propertyNames"), "enum");

    json_add_text(json_add_object(json_add_object(when, "properties"), "fault"),
                  "const", fault->name);
    json_append(required, json_new_text("fault"));
    json_append(keys, json_new_text("fault"));
    add_words(required, fault->parameters, true);
    add_words(keys, fault->parameters, false);
    if (!fault_is_closed_port(fault - fault_rows))
        add_words(keys, step_modifiers, false);
    return rule;
}

struct json *step_schema(enum bind_mode mode)
{
    struct json *schema = bind_schema_as(step_table, mode);
    struct json *rules = json_add_array(schema, "allOf");

    for (size_t i = 0; i < FAULT_COUNT; i++)
        json_append(rules, fault_rule(&fault_rows[i]));
    return schema;
}
