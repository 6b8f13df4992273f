#include "harness/evidence/baseline.h"

#include <string.h>

#include "harness/evidence/markup.h"

static const char *const change_words[] = {
    [BASELINE_SAME] = "same",   [BASELINE_BETTER] = "better",
    [BASELINE_WORSE] = "worse", [BASELINE_LOST] = "lost",
    [BASELINE_NEW] = "new",
};
#define CHANGES (sizeof change_words / sizeof *change_words)

static bool was_judged(enum verdict verdict)
{
    return verdict == VERDICT_PASS || verdict == VERDICT_FAIL;
}

enum baseline_change baseline_change(bool was_present, enum verdict was,
                                     bool is_present, enum verdict is)
{
    if (!was_present)
        return is_present ? BASELINE_NEW : BASELINE_SAME;
    if (!is_present)
        return was_judged(was) ? BASELINE_LOST : BASELINE_SAME;
    if (is == VERDICT_FAIL)
        return was == VERDICT_FAIL ? BASELINE_SAME : BASELINE_WORSE;
    if (was_judged(was) && !was_judged(is))
        return BASELINE_LOST;
    return is == VERDICT_PASS && was != VERDICT_PASS ? BASELINE_BETTER
                                                     : BASELINE_SAME;
}

/* The worst of a case's runs; NULL: it is not in the run. */
static const struct result *worst_of(const struct run *run, const char *case_id)
{
    const struct result *worst = NULL;

    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];

        if (!strcmp(result->case_id, case_id) &&
            (!worst || result->verdict > worst->verdict))
            worst = result;
    }
    return worst;
}

static bool first_of_case(const struct run *run, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (!strcmp(run->results.items[i]->case_id,
                    run->results.items[index]->case_id))
            return false;
    return true;
}

static void write_row(struct buf *out, enum baseline_change change,
                      const char *case_id, const struct result *was,
                      const struct result *is)
{
    buf_printf(out, "  %-7s ", change_words[change]);
    markup_plain(out, case_id);
    buf_printf(out, ": %s, now %s",
               was ? verdict_names[was->verdict] : "not there",
               is ? verdict_names[is->verdict] : "not there");
    if (is && is->reason[0]) {
        buf_add_text(out, "; ");
        markup_plain(out, is->reason);
    }
    buf_add_text(out, "\n");
}

bool baseline_compare(struct buf *out, const struct run *was,
                      const struct run *is,
                      bool (*wanted)(const void *context, const char *case_id),
                      const void *context)
{
    const struct run *const runs[] = { was, is };
    size_t count[CHANGES] = { 0 };

    for (size_t r = 0; r < 2; r++)
        for (size_t i = 0; i < runs[r]->results.count; i++) {
            const char *id = runs[r]->results.items[i]->case_id;
            const struct result *before = worst_of(was, id);
            const struct result *now = worst_of(is, id);
            enum baseline_change change;

            /* A case of both is looked at once, and so is a repeated one. */
            if (!first_of_case(runs[r], i) || (r == 1 && before) ||
                (!now && wanted && !wanted(context, id)))
                continue;
            change =
                baseline_change(before, before ? before->verdict : VERDICT_HOLD,
                                now, now ? now->verdict : VERDICT_HOLD);
            count[change]++;
            if (change != BASELINE_SAME && change != BASELINE_NEW)
                write_row(out, change, id, before, now);
        }
    buf_printf(out, "  against %s: ", was->run_id);
    for (size_t c = 0; c < CHANGES; c++)
        buf_printf(out, "%s%s %zu", c ? ", " : "", change_words[c], count[c]);
    buf_add_text(out, "\n");
    return count[BASELINE_WORSE] + count[BASELINE_LOST] == 0;
}
