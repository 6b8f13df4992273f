#include "harness/evidence/report_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/evidence/markup.h"
#include "harness/evidence/run_folder.h"

const struct result **report_worst_first(const struct run *run)
{
    static const enum verdict order[] = { VERDICT_FAIL, VERDICT_HOLD,
                                          VERDICT_NOT_APPLICABLE,
                                          VERDICT_PASS };
    const struct result **sorted =
        xcalloc(run->results.count + 1, sizeof *sorted);
    size_t n = 0;

    for (size_t v = 0; v < sizeof order / sizeof order[0]; v++)
        for (size_t i = 0; i < run->results.count; i++)
            if (run->results.items[i]->verdict == order[v])
                sorted[n++] = run->results.items[i];
    return sorted;
}

static struct family_row *row_of(struct family_rows *rows, const char *name)
{
    for (size_t i = 0; i < rows->count; i++)
        if (!strcmp(rows->items[i].name, name))
            return &rows->items[i];
    rows->items =
        xgrow(rows->items, rows->count, &rows->capacity, sizeof *rows->items);
    rows->items[rows->count] = (struct family_row){ .name = name };
    return &rows->items[rows->count++];
}

void report_families(struct family_rows *out, const struct run *run)
{
    *out = (struct family_rows){ 0 };
    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];

        row_of(out, result->family)->count[result->verdict]++;
    }
}

int64_t family_ran(const struct family_row *row)
{
    return row->count[VERDICT_PASS] + row->count[VERDICT_FAIL] +
           row->count[VERDICT_HOLD];
}

void family_rows_release(struct family_rows *rows)
{
    free(rows->items);
    *rows = (struct family_rows){ 0 };
}

void report_repro(struct buf *out, const struct run *run,
                  const struct result *result)
{
    char name[256];
    char *path;

    run_record_name(name, sizeof name, result);
    path = xasprintf("%s/%s", run->folder ? run->folder : ".", name);
    buf_printf(out, "%s ",
               run->repro_prefix[0] ? run->repro_prefix : "gatedrill repro");
    markup_shell(out, path);
    free(path);
}

const struct finding *report_next_finding(const struct result *result,
                                          size_t *from)
{
    while (*from < result->findings.count) {
        const struct finding *f = &result->findings.items[(*from)++];

        if (f->severity != SEVERITY_ADVISORY && f->verdict >= VERDICT_HOLD &&
            f->verdict == result->verdict)
            return f;
        /* A precondition that failed is what makes a case hold. */
        if (result->verdict == VERDICT_HOLD && f->verdict == VERDICT_FAIL &&
            f->severity == SEVERITY_PRECONDITION)
            return f;
    }
    return NULL;
}

void report_conformance(struct buf *out, const struct run *run)
{
    int64_t judged = run->passed + run->failed + run->held;

    buf_printf(out, "%lld of %lld judged cases failed", (long long)run->failed,
               (long long)judged);
    if (run->held > 0)
        buf_printf(out, ", %lld hold", (long long)run->held);
    if (run->not_applicable > 0)
        buf_printf(out, ", %lld not applicable",
                   (long long)run->not_applicable);
    if ((int64_t)run->results.count < run->planned)
        buf_printf(out, ", %lld not run",
                   (long long)(run->planned - (int64_t)run->results.count));
}

void report_promotion(struct buf *out, const struct run *run)
{
    const char *comma = "";

    for (const struct json *row = json_first(run->promotion_conditions); row;
         row = json_next(row)) {
        const char *verdict = json_get_text(row, "verdict", "hold");

        if (!strcmp(verdict, verdict_names[VERDICT_PASS]))
            continue;
        buf_printf(out, "%s%s %s", comma, json_get_text(row, "id", ""),
                   verdict);
        comma = ", ";
    }
    if (!run->promotion_conditions)
        buf_add_text(out, "the conditions were not evaluated");
    else if (!*comma)
        buf_add_text(out, "all six conditions are met");
}
