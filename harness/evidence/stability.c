#include "harness/evidence/stability.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/evidence/markup.h"

static struct stability_row *row_of(struct stability *all, const char *case_id)
{
    for (size_t i = 0; i < all->count; i++)
        if (!strcmp(all->items[i].case_id, case_id))
            return &all->items[i];
    all->items =
        xgrow(all->items, all->count, &all->capacity, sizeof *all->items);
    all->items[all->count] = (struct stability_row){ .case_id = case_id };
    return &all->items[all->count++];
}

static int64_t runs_of(const struct stability_row *row)
{
    int64_t runs = 0;

    for (size_t v = 0; v < 4; v++)
        runs += row->count[v];
    return runs;
}

void stability_of(struct stability *out, const struct run *run,
                  int64_t shuffled_from)
{
    *out = (struct stability){ 0 };
    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];
        struct stability_row *row = row_of(out, result->case_id);

        row->count[result->verdict]++;
        if (!shuffled_from || result->repeat < shuffled_from)
            row->ordered[result->verdict]++;
        if (!row->example || result->verdict > row->example->verdict)
            row->example = result;
        if (runs_of(row) > out->most_runs)
            out->most_runs = runs_of(row);
    }
}

void stability_release(struct stability *stability)
{
    free(stability->items);
    *stability = (struct stability){ 0 };
}

static size_t verdicts_in(const int64_t *counts)
{
    size_t different = 0;

    for (size_t v = 0; v < 4; v++)
        different += counts[v] > 0;
    return different;
}

bool stability_mixed(const struct stability_row *row)
{
    return verdicts_in(row->count) > 1;
}

bool stability_by_order(const struct stability_row *row)
{
    int64_t shuffled[4];

    for (size_t v = 0; v < 4; v++)
        shuffled[v] = row->count[v] - row->ordered[v];
    return stability_mixed(row) && verdicts_in(row->ordered) == 1 &&
           verdicts_in(shuffled) == 1;
}

static void write_counts(struct buf *out, const int64_t *counts)
{
    const char *separator = "";

    for (size_t v = 4; v-- > 0;) {
        if (!counts[v])
            continue;
        buf_printf(out, "%s%s %lld", separator, verdict_names[v],
                   (long long)counts[v]);
        separator = ", ";
    }
}

static void write_row(struct buf *out, const struct stability_row *row)
{
    buf_printf(out, "  %-16s ",
               stability_by_order(row) ? "order-dependent" : "unstable");
    markup_plain(out, row->case_id);
    buf_add_text(out, ": ");
    write_counts(out, row->count);
    if (row->example->reason[0]) {
        buf_add_text(out, "; ");
        markup_plain(out, row->example->reason);
    }
    buf_add_text(out, "\n");
}

void stability_write(struct buf *out, const struct run *run)
{
    struct stability all;
    size_t mixed = 0;

    stability_of(&all, run, run->shuffled_from);
    for (size_t i = 0; i < all.count; i++)
        mixed += stability_mixed(&all.items[i]);
    if (all.most_runs > 1) {
        buf_printf(out,
                   "\n  repeated     %zu cases up to %lld times: %zu gave the "
                   "same verdict each time, %zu did not\n",
                   all.count, (long long)all.most_runs, all.count - mixed,
                   mixed);
        for (size_t i = 0; i < all.count; i++)
            if (stability_mixed(&all.items[i]))
                write_row(out, &all.items[i]);
    }
    stability_release(&all);
}
