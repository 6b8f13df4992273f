#include <stdlib.h>

#include "harness/evidence/report_parts.h"
#include "harness/evidence/report_table.h"

static struct json *case_row(const struct run *run, const struct result *result)
{
    struct json *row = json_new_object();
    struct json *failed = json_new_array();
    const struct finding *finding;
    size_t from = 0;
    struct buf repro = { 0 };

    json_add_text(row, "test_id", result->test_id);
    json_add_text(row, "case", result->case_id);
    json_add_text(row, "evidence_type",
                  evidence_type_names[result->evidence_type]);
    json_add_text(row, "verdict", verdict_names[result->verdict]);
    json_add_text(row, "reason", result->reason);
    while ((finding = report_next_finding(result, &from)) != NULL) {
        struct json *item = json_new_object();

        json_add_text(item, "check", finding->check);
        json_add_text(item, "expected", finding->expected);
        json_add_text(item, "observed", finding->observed);
        json_append(failed, item);
    }
    json_add(row, "findings", failed);
    if (result->verdict >= VERDICT_HOLD) {
        report_repro(&repro, run, result);
        json_add_text(row, "repro", buf_text(&repro));
        buf_release(&repro);
    }
    return row;
}

/* run.json and one row a case, for programs that read standard output. */
static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    struct json *document = run_to_json(run);
    struct json *cases = json_new_array();
    char *text;

    (void)style;
    json_set(document, "conformance",
             json_new_text(verdict_names[run->conformance]));
    json_set(document, "promotion",
             json_new_text(verdict_names[run->promotion]));
    json_add_bool(document, "complete", run->complete);
    json_add_text(document, "note", run->note);
    json_add_text(document, "folder", run->folder);
    for (size_t i = 0; i < run->results.count; i++)
        json_append(cases, case_row(run, run->results.items[i]));
    json_add(document, "cases", cases);
    text = json_print_pretty(document);
    buf_printf(out, "%s\n", text);
    free(text);
    json_free(document);
}

const struct report report_json = {
    .name = "json",
    .text = "for programs: run.json and one row a case",
    .print = print,
};
