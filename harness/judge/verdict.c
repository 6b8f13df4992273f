#include "harness/judge/verdict.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

const char *const verdict_names[] = { "not_applicable", "pass", "hold", "fail",
                                      NULL };
const char *const severity_names[] = { "required", "advisory", "precondition",
                                       NULL };

struct finding *findings_add(struct findings *all)
{
    struct finding *finding;

    all->items =
        xgrow(all->items, all->count, &all->capacity, sizeof *all->items);
    finding = &all->items[all->count++];
    *finding = (struct finding){ 0 };
    return finding;
}

void findings_release(struct findings *all)
{
    free(all->items);
    *all = (struct findings){ 0 };
}

enum verdict verdict_worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

/* What must never happen stands whatever the fault did. */
static bool stands_alone(const struct finding *finding)
{
    static const char *const ids[] = { "redaction", "one_credential", NULL };

    for (size_t i = 0; ids[i]; i++)
        if (!strcmp(finding->check, ids[i]))
            return finding->verdict == VERDICT_FAIL;
    return false;
}

static bool precondition_broken(const struct findings *all)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].severity == SEVERITY_PRECONDITION &&
            all->items[i].verdict >= VERDICT_HOLD)
            return true;
    return false;
}

/* Worst of the findings of one severity. */
static enum verdict worst_of(const struct findings *all, enum severity severity)
{
    enum verdict worst = VERDICT_NOT_APPLICABLE;

    for (size_t i = 0; i < all->count; i++)
        if (all->items[i].severity == severity)
            worst = verdict_worse(worst, all->items[i].verdict);
    return worst;
}

enum verdict verdict_of(const struct findings *all)
{
    enum verdict worst;

    for (size_t i = 0; i < all->count; i++)
        if (stands_alone(&all->items[i]) &&
            all->items[i].severity != SEVERITY_ADVISORY)
            return VERDICT_FAIL;
    if (precondition_broken(all))
        return VERDICT_HOLD;
    worst = worst_of(all, SEVERITY_REQUIRED);
    if (worst != VERDICT_NOT_APPLICABLE)
        return worst;
    /* A case that its scenario made advisory: seen, and never a fail. */
    return worst_of(all, SEVERITY_ADVISORY) == VERDICT_NOT_APPLICABLE
               ? VERDICT_HOLD
               : VERDICT_PASS;
}
