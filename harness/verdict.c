#include "harness/verdict.h"

#include <stdlib.h>

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
