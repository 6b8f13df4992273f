#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/evidence/markup.h"
#include "harness/evidence/report_parts.h"
#include "harness/evidence/report_table.h"
#include "harness/evidence/stability.h"
#include "harness/terminal.h"

static const char *const shouts[] = { "N/A ", "PASS", "HOLD", "FAIL" };

/* The same in each of a finding's rows: what was wanted, seen, why. */
static void write_pair(struct buf *out, const struct report_style *style,
                       const char *name, const char *text)
{
    if (!*text)
        return;
    buf_printf(out, "      %s%-9s%s ", terminal_ink(style, INK_DIM), name,
               terminal_ink(style, INK_PLAIN));
    markup_plain(out, text);
    buf_add_text(out, "\n");
}

static void write_verdict(struct buf *out, const struct report_style *style,
                          enum verdict verdict)
{
    buf_printf(out, "%s%s%s",
               terminal_ink(style, terminal_verdict_ink(verdict)),
               shouts[verdict], terminal_ink(style, INK_PLAIN));
}

static void write_finding(struct buf *out, const struct report_style *style,
                          const struct finding *finding)
{
    buf_printf(out, "      %s%s%s\n", terminal_ink(style, INK_BOLD),
               finding->check, terminal_ink(style, INK_PLAIN));
    write_pair(out, style, "expected", finding->expected);
    write_pair(out, style, "observed", finding->observed);
    write_pair(out, style, "because", finding->reason);
}

/* One failed or held case: its findings, and how to see it again. */
static void write_trouble(struct buf *out, const struct run *run,
                          const struct result *result,
                          const struct report_style *style)
{
    const struct finding *finding;
    size_t from = 0;
    bool any = false;

    buf_add_text(out, "  ");
    write_verdict(out, style, result->verdict);
    buf_add_text(out, "  ");
    markup_plain(out, result->case_id);
    buf_add_text(out, "\n");
    while ((finding = report_next_finding(result, &from)) != NULL) {
        write_finding(out, style, finding);
        any = true;
    }
    if (!any)
        write_pair(out, style, "because", result->reason);
    buf_printf(out, "      %s%-9s%s ", terminal_ink(style, INK_DIM), "repro",
               terminal_ink(style, INK_PLAIN));
    report_repro(out, run, result);
    buf_add_text(out, "\n\n");
}

static void write_troubles(struct buf *out, const struct run *run,
                           const struct report_style *style)
{
    const struct result **sorted = report_worst_first(run);

    for (size_t i = 0; i < run->results.count; i++)
        if (sorted[i]->verdict >= VERDICT_HOLD)
            write_trouble(out, run, sorted[i], style);
    free(sorted);
}

static void write_count(struct buf *out, const struct report_style *style,
                        int64_t count, enum terminal_ink ink)
{
    buf_printf(out, "%s%6lld%s", terminal_ink(style, count ? ink : INK_DIM),
               (long long)count, terminal_ink(style, INK_PLAIN));
}

static void write_family(struct buf *out, const struct report_style *style,
                         const struct family_row *row)
{
    buf_printf(out, "  %-16s%6lld", row->name, (long long)family_ran(row));
    write_count(out, style, row->count[VERDICT_PASS], INK_GREEN);
    write_count(out, style, row->count[VERDICT_FAIL], INK_RED);
    write_count(out, style, row->count[VERDICT_HOLD], INK_YELLOW);
    write_count(out, style, row->count[VERDICT_NOT_APPLICABLE], INK_PLAIN);
    buf_add_text(out, "\n");
}

static void write_families(struct buf *out, const struct run *run,
                           const struct report_style *style)
{
    struct family_rows rows;
    struct family_row total = { .name = "total" };

    report_families(&rows, run);
    buf_printf(out, "  %s%-16s%6s%6s%6s%6s%6s%s\n",
               terminal_ink(style, INK_DIM), "family", "ran", "pass", "fail",
               "hold", "n.a.", terminal_ink(style, INK_PLAIN));
    for (size_t i = 0; i < rows.count; i++) {
        write_family(out, style, &rows.items[i]);
        for (size_t v = 0; v < 4; v++)
            total.count[v] += rows.items[i].count[v];
    }
    if (rows.count != 1)
        write_family(out, style, &total);
    family_rows_release(&rows);
}

static bool same_exemption(const struct result *a, const struct result *b)
{
    return a->verdict == b->verdict && !strcmp(a->family, b->family) &&
           !strcmp(a->reason, b->reason);
}

/* Why cases of a family did not apply: each reason once, with its number. What
 * was held stands above, case by case. */
static void write_exemptions(struct buf *out, const struct run *run,
                             const struct report_style *style)
{
    const struct result_list *all = &run->results;
    bool first_line = true;

    for (size_t i = 0; i < all->count; i++) {
        const struct result *result = all->items[i];
        size_t same = 0, before = 0;

        if (result->verdict != VERDICT_NOT_APPLICABLE)
            continue;
        for (size_t k = 0; k < all->count; k++) {
            same += same_exemption(result, all->items[k]);
            before += k < i && same_exemption(result, all->items[k]);
        }
        if (before)
            continue;
        buf_printf(out, "%s  %sn.a.%s %-16s%6zu  ", first_line ? "\n" : "",
                   terminal_ink(style, INK_DIM), terminal_ink(style, INK_PLAIN),
                   result->family, same);
        markup_plain(out, result->reason);
        buf_add_text(out, "\n");
        first_line = false;
    }
}

static void write_conditions(struct buf *out, const struct run *run,
                             const struct report_style *style)
{
    for (const struct json *row = json_first(run->promotion_conditions); row;
         row = json_next(row)) {
        const char *word = json_get_text(row, "verdict", "hold");
        enum verdict verdict = VERDICT_HOLD;

        for (size_t v = 0; verdict_names[v]; v++)
            if (!strcmp(verdict_names[v], word))
                verdict = (enum verdict)v;
        buf_add_text(out, "    ");
        write_verdict(out, style, verdict);
        buf_printf(out, "  %-33s ", json_get_text(row, "id", ""));
        markup_plain(out, json_get_text(row, "reason", ""));
        buf_add_text(out, "\n");
    }
}

static void write_results(struct buf *out, const struct run *run,
                          const struct report_style *style)
{
    struct buf words = { 0 };

    buf_add_text(out, "\n  conformance  ");
    write_verdict(out, style, run->conformance);
    report_conformance(&words, run);
    buf_printf(out, "  %s%s\n", buf_text(&words),
               run->promotion_decides ? "" : "  (decides the exit code)");
    buf_clear(&words);
    buf_add_text(out, "  promotion    ");
    write_verdict(out, style, run->promotion);
    report_promotion(&words, run);
    buf_printf(out, "  %s%s\n", buf_text(&words),
               run->promotion_decides ? "  (decides the exit code)" : "");
    buf_release(&words);
    write_conditions(out, run, style);
}

static void write_breaks(struct buf *out, const struct run *run,
                         const struct report_style *style)
{
    struct buf why = { 0 };
    bool met;

    if (!run->expected_breaks || !run->expected_breaks[0])
        return;
    met = run_breaks_as_expected(run, &why);
    buf_add_text(out, "\n  known bad    ");
    write_verdict(out, style, met ? VERDICT_PASS : VERDICT_FAIL);
    buf_printf(out, "  %s\n",
               met ? "it fails exactly the checks its profile names"
                   : "it does not fail exactly the checks its profile names:");
    for (const char *line = buf_text(&why); *line;) {
        size_t length = strcspn(line, "\n");

        buf_printf(out, "                     %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    buf_release(&why);
}

static void write_head(struct buf *out, const struct run *run,
                       const struct report_style *style)
{
    buf_printf(out, "%sgatedrill%s  ", terminal_ink(style, INK_BOLD),
               terminal_ink(style, INK_PLAIN));
    markup_plain(out, run->gateway_name ? run->gateway_name : "");
    if (run->gateway_version && run->gateway_version[0]) {
        buf_add_text(out, " (");
        markup_plain(out, run->gateway_version);
        buf_add_text(out, ")");
    }
    buf_printf(out, "  suite %s  seed %llu  %s\n\n",
               run->suite ? run->suite : "", (unsigned long long)run->seed,
               run->started_utc);
}

static void print(struct buf *out, const struct run *run,
                  const struct report_style *style)
{
    write_head(out, run, style);
    if (run->note[0])
        buf_printf(out, "  %s%s%s\n\n", terminal_ink(style, INK_YELLOW),
                   run->note, terminal_ink(style, INK_PLAIN));
    if (run->interrupted)
        buf_printf(out, "  %sinterrupted: what had finished is kept%s\n\n",
                   terminal_ink(style, INK_YELLOW),
                   terminal_ink(style, INK_PLAIN));
    write_troubles(out, run, style);
    write_families(out, run, style);
    write_exemptions(out, run, style);
    write_results(out, run, style);
    write_breaks(out, run, style);
    stability_write(out, run);
    if (run->wall_ms > 0)
        buf_printf(out,
                   "\n  time         %.1f s; longest case %.1f s, all cases "
                   "one after the other %.1f s\n",
                   (double)run->wall_ms / 1e3,
                   (double)run->longest_case_ms / 1e3,
                   (double)run->sum_cases_ms / 1e3);
    if (run->folder)
        buf_printf(out, "%s  evidence     %s\n", run->wall_ms > 0 ? "" : "\n",
                   run->folder);
}

const struct report report_text = {
    .name = "text",
    .text = "for the terminal: failures first, then counts and both results",
    .print = print,
};
