#include <stdlib.h>
#include <string.h>

#include "harness/evidence/evidence.h"
#include "harness/evidence/markup.h"

/* A value for people: texts as they are, null as "none", lists of texts with
 * commas, anything else as JSON. */
static void write_value(struct buf *out, const struct json *value)
{
    char *text;
    bool texts = value && json_kind(value) == JSON_ARRAY;

    if (!value || json_kind(value) == JSON_NULL ||
        ((texts || json_kind(value) == JSON_OBJECT) &&
         json_count(value) == 0)) {
        buf_add_text(out, "none");
        return;
    }
    for (const struct json *item = texts ? json_first(value) : NULL; item;
         item = json_next(item))
        texts = texts && json_kind(item) == JSON_STRING;
    if (texts) {
        for (const struct json *item = json_first(value); item;
             item = json_next(item)) {
            markup_markdown(out, json_text(item, ""));
            buf_add_text(out, json_next(item) ? ", " : "");
        }
        return;
    }
    if (json_kind(value) == JSON_STRING) {
        markup_markdown(out, json_text(value, ""));
        return;
    }
    text = json_print(value);
    markup_markdown(out, text);
    free(text);
}

/* "primary 1, fallback 0" for an object of plain values. */
static void write_members(struct buf *out, const struct json *object)
{
    const char *comma = "";

    for (const struct json *member = json_first(object); member;
         member = json_next(member)) {
        buf_add_text(out, comma);
        markup_markdown(out, json_key(member));
        buf_add_text(out, " ");
        if (json_kind(member) == JSON_NULL)
            buf_add_text(out, "not seen");
        else
            write_value(out, member);
        comma = ", ";
    }
    if (!*comma)
        buf_add_text(out, "none");
}

static void write_row(struct buf *out, const char *name,
                      const struct json *value)
{
    buf_printf(out, "| %s | ", name);
    if (value && json_kind(value) == JSON_OBJECT)
        write_members(out, value);
    else
        write_value(out, value);
    buf_add_text(out, " |\n");
}

static void write_twelve(struct buf *out, const struct json *page)
{
    const struct json *happy = json_get(page, "happy_path");
    const struct json *invalid = json_get(page, "invalid_credential");

    buf_add_text(out, "\n## The twelve fields\n\n"
                      "| field | happy path | invalid credential |\n"
                      "|---|---|---|\n");
    for (size_t i = 0; evidence_fields[i]; i++) {
        buf_printf(out, "| `%s` | ", evidence_fields[i]);
        if (json_kind(happy) == JSON_OBJECT)
            write_value(out, json_get(happy, evidence_fields[i]));
        else
            buf_add_text(out, "not run");
        buf_add_text(out, " | ");
        if (json_kind(invalid) == JSON_OBJECT)
            write_value(out, json_get(invalid, evidence_fields[i]));
        else
            buf_add_text(out, "not run");
        buf_add_text(out, " |\n");
    }
}

static void write_conditions(struct buf *out, const struct json *page)
{
    buf_add_text(out, "\n## The six conditions\n\n"
                      "| condition | verdict | why |\n|---|---|---|\n");
    for (const struct json *row = json_first(json_get(page, "conditions")); row;
         row = json_next(row)) {
        buf_printf(out, "| `%s` | **%s** | ", json_get_text(row, "id", ""),
                   json_get_text(row, "verdict", ""));
        markup_markdown(out, json_get_text(row, "reason", ""));
        buf_add_text(out, " |\n");
    }
}

static void write_questions(struct buf *out, const struct json *page)
{
    buf_add_text(out, "\n## The seven questions\n\n"
                      "| question | answer |\n|---|---|\n");
    for (const struct json *row = json_first(json_get(page, "questions")); row;
         row = json_next(row))
        write_row(out, json_get_text(row, "question", ""),
                  json_get(row, "answer"));
}

static void write_sources(struct buf *out, const struct json *page)
{
    buf_add_text(out, "\n## Sources\n\n"
                      "| what | URL | accessed | checked by | status |\n"
                      "|---|---|---|---|---|\n");
    for (const struct json *row = json_first(json_get(page, "sources_checked"));
         row; row = json_next(row)) {
        static const char *const members[] = { "what",         "url",
                                               "accessed_utc", "checked_by",
                                               "status",       NULL };

        buf_add_text(out, "|");
        for (size_t i = 0; members[i]; i++) {
            buf_add_text(out, " ");
            write_value(out, json_get(row, members[i]));
            buf_add_text(out, " |");
        }
        buf_add_text(out, "\n");
    }
}

static void write_sinks(struct buf *out, const struct json *page)
{
    const struct json *sinks = json_pointer(page, "/redaction_coverage/sinks");

    buf_add_text(out, "\n## Redaction coverage\n\n"
                      "| sink | activity | hits |\n|---|---|---|\n");
    for (const struct json *row = json_first(sinks); row;
         row = json_next(row)) {
        buf_add_text(out, "| ");
        markup_markdown(out, json_get_text(row, "name", ""));
        buf_printf(out, " | %s | %lld |\n",
                   json_get_true(row, "live") ? "live" : "silent",
                   (long long)json_get_int(row, "hits", 0));
    }
    if (json_count(sinks) == 0)
        buf_add_text(out, "| no sink was scanned | none | 0 |\n");
}

static void write_parse(struct buf *out, const struct json *areas)
{
    const char *comma = "";

    for (const struct json *area = json_first(areas); area;
         area = json_next(area)) {
        buf_add_text(out, comma);
        markup_markdown(out, json_get_text(area, "pointer", ""));
        buf_printf(out, " %s",
                   json_get_true(area, "ok") ? "parsed" : "not there");
        comma = ", ";
    }
    if (!*comma)
        buf_add_text(out, "none");
}

static void write_saved(struct buf *out, const struct json *page)
{
    static const struct {
        const char *name, *pointer;
    } rows[] = {
        { "fixture", "/fixture" },
        { "invalid-credential fixture", "/invalid_credential_result/fixture" },
        { "invalid-credential attempts",
          "/invalid_credential_result/attempts_by_upstream" },
        { "invalid-credential result",
          "/invalid_credential_result/operator_result" },
        { "retry budget", "/retry_budget" },
        { "fallback decisions", "/fallback_decisions" },
        { "telemetry fields", "/telemetry_fields" },
        { "redaction status", "/redaction_coverage/cases_by_status" },
        { "expectations overridden by a scenario", "/expectations_overridden" },
        { "not asserted", "/not_asserted" },
    };

    buf_add_text(out, "\n## Saved with the decision\n\n"
                      "| what | value |\n|---|---|\n");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        write_row(out, rows[i].name, json_pointer(page, rows[i].pointer));
    buf_add_text(out, "| parse assertion | ");
    write_parse(out, json_get(page, "parse_assertion"));
    buf_add_text(out, " |\n");
}

static void write_types(struct buf *out, const struct json *page)
{
    buf_add_text(out, "\n## Cases by evidence type\n\n"
                      "| type | pass | fail | hold | not applicable |\n"
                      "|---|---|---|---|---|\n");
    for (const struct json *row =
             json_first(json_get(page, "by_evidence_type"));
         row; row = json_next(row))
        buf_printf(out, "| %s | %lld | %lld | %lld | %lld |\n", json_key(row),
                   (long long)json_get_int(row, "pass", 0),
                   (long long)json_get_int(row, "fail", 0),
                   (long long)json_get_int(row, "hold", 0),
                   (long long)json_get_int(row, "not_applicable", 0));
}

void evidence_page_write(struct buf *out, const struct json *page)
{
    buf_add_text(out, "# Gateway evidence drill: ");
    write_value(out, json_get(page, "gateway"));
    buf_printf(out, "\n\n**Promotion: %s. Conformance: %s.**\n\n",
               json_get_text(page, "promotion", "hold"),
               json_get_text(page, "conformance", "hold"));
    buf_add_text(out, "| | |\n|---|---|\n");
    write_row(out, "run", json_get(page, "run_id"));
    write_row(out, "recorded", json_get(page, "recorded_utc"));
    write_row(out, "environment", json_get(page, "environment"));
    write_row(out, "gateway version", json_get(page, "gateway_version"));
    write_row(out, "suite", json_get(page, "suite"));
    write_conditions(out, page);
    write_twelve(out, page);
    write_questions(out, page);
    write_types(out, page);
    write_sources(out, page);
    write_sinks(out, page);
    write_saved(out, page);
    buf_add_text(out, "\nNote: ");
    markup_markdown(out, json_get_text(page, "note", ""));
    buf_add_text(out, ".\n");
}
