#include <stdlib.h>

#include "harness/evidence/markup.h"
#include "harness/evidence/report_parts.h"
#include "harness/evidence/report_table.h"

static void write_results(struct buf *out, const struct run *run)
{
    struct buf words = { 0 };

    buf_add_text(out, "| result | verdict | why |\n|---|---|---|\n");
    report_conformance(&words, run);
    buf_printf(out, "| conformance | **%s** | %s |\n",
               verdict_names[run->conformance], buf_text(&words));
    for (const struct json *row = json_first(run->promotion_conditions); row;
         row = json_next(row)) {
        buf_printf(out, "| promotion: %s | **%s** | ",
                   json_get_text(row, "id", ""),
                   json_get_text(row, "verdict", "hold"));
        markup_markdown(out, json_get_text(row, "reason", ""));
        buf_add_text(out, " |\n");
    }
    buf_printf(out, "| promotion | **%s** | the worst of the above |\n",
               verdict_names[run->promotion]);
    buf_release(&words);
}

static void write_families(struct buf *out, const struct run *run)
{
    struct family_rows rows;

    report_families(&rows, run);
    buf_add_text(out, "\n## Families\n\n"
                      "| family | ran | pass | fail | hold | not applicable |\n"
                      "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < rows.count; i++) {
        const struct family_row *row = &rows.items[i];

        buf_printf(out, "| %s | %lld | %lld | %lld | %lld | %lld |\n",
                   row->name, (long long)family_ran(row),
                   (long long)row->count[VERDICT_PASS],
                   (long long)row->count[VERDICT_FAIL],
                   (long long)row->count[VERDICT_HOLD],
                   (long long)row->count[VERDICT_NOT_APPLICABLE]);
    }
    family_rows_release(&rows);
}

static void write_cell(struct buf *out, const char *text)
{
    markup_markdown(out, text);
    buf_add_text(out, " | ");
}

static void write_trouble(struct buf *out, const struct run *run,
                          const struct result *result)
{
    const struct finding *finding;
    size_t from = 0;

    buf_printf(out, "\n### %s: ", verdict_names[result->verdict]);
    markup_markdown(out, result->case_id);
    buf_add_text(out, "\n\n");
    markup_markdown(out, result->title);
    buf_add_text(out, "\n\n| check | expected | observed | because |\n"
                      "|---|---|---|---|\n");
    while ((finding = report_next_finding(result, &from)) != NULL) {
        buf_add_text(out, "| ");
        write_cell(out, finding->check);
        write_cell(out, finding->expected);
        write_cell(out, finding->observed);
        write_cell(out, finding->reason);
        out->data[--out->length] = '\0'; /* the last cell's space */
        buf_add_text(out, "\n");
    }
    buf_add_text(out, "\n    ");
    report_repro(out, run, result);
    buf_add_text(out, "\n");
}

static void write_troubles(struct buf *out, const struct run *run)
{
    const struct result **sorted = report_worst_first(run);

    if (run->failed + run->held > 0)
        buf_add_text(out, "\n## What failed, and what could not be judged\n");
    for (size_t i = 0; i < run->results.count; i++)
        if (sorted[i]->verdict >= VERDICT_HOLD)
            write_trouble(out, run, sorted[i]);
    free(sorted);
}

static void write_not_applicable(struct buf *out, const struct run *run)
{
    if (run->not_applicable == 0)
        return;
    buf_add_text(out, "\n## Not applicable\n\n| case | why |\n|---|---|\n");
    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];

        if (result->verdict != VERDICT_NOT_APPLICABLE)
            continue;
        buf_add_text(out, "| ");
        write_cell(out, result->case_id);
        write_cell(out, result->reason);
        out->data[--out->length] = '\0';
        buf_add_text(out, "\n");
    }
}

static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    (void)style;
    buf_add_text(out, "# Drill of ");
    markup_markdown(out, run->gateway_name ? run->gateway_name : "");
    buf_printf(out, "\n\nRun %s, %s", run->run_id, run->started_utc);
    buf_add_text(out, ", gateway version ");
    markup_markdown(out, run->gateway_version && run->gateway_version[0]
                             ? run->gateway_version
                             : "unknown");
    buf_printf(out, ", environment %s, suite %s, seed %llu.\n",
               run->environment ? run->environment : "",
               run->suite ? run->suite : "", (unsigned long long)run->seed);
    if (run->note[0])
        buf_printf(out, "\n**%s**\n", run->note);
    if (run->interrupted)
        buf_add_text(out, "\n**Interrupted: what had finished is kept.**\n");
    buf_add_text(out, "\n");
    write_results(out, run);
    write_families(out, run);
    write_troubles(out, run);
    write_not_applicable(out, run);
}

const struct report report_summary = {
    .name = "summary",
    .file = "summary.md",
    .always = true,
    .text = "Markdown for a job summary: results, families, failures",
    .print = print,
};
