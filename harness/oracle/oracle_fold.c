/* Outcomes that a gateway has no reason to treat differently, as one. */
#include "harness/oracle/oracle_walk.h"

/* Whether two outcomes lead to the same moves, so that one of them, with a
 * wider range of time, stands for both. */
static bool same_treatment(const struct walk *walk, const struct outcome *a,
                           const struct outcome *b)
{
    const struct runbook *runbook = walk->runbook;

    return a->failure != FAILURE_NONE && b->failure != FAILURE_NONE &&
           a->failure != FAILURE_HTTP && b->failure != FAILURE_HTTP &&
           a->committed == b->committed && a->claimed == b->claimed &&
           a->pending == b->pending && a->error_event == b->error_event &&
           a->code == b->code &&
           failure_set_has(&runbook->retry.on, a->failure, 0) ==
               failure_set_has(&runbook->retry.on, b->failure, 0) &&
           failure_set_has(&runbook->fallback.on, a->failure, 0) ==
               failure_set_has(&runbook->fallback.on, b->failure, 0) &&
           failure_set_has(&runbook->cooldown.on, a->failure, 0) ==
               failure_set_has(&runbook->cooldown.on, b->failure, 0);
}

void walk_fold(const struct walk *walk, struct outcomes *outcomes)
{
    size_t kept = 0;

    for (size_t i = 0; i < outcomes->count; i++) {
        const struct outcome *outcome = &outcomes->items[i];
        size_t k = 0;

        while (k < kept && !same_treatment(walk, &outcomes->items[k], outcome))
            k++;
        if (k == kept) {
            outcomes->items[kept++] = *outcome;
            continue;
        }
        struct span *span = &outcomes->items[k].lasts_ms;

        if (outcome->lasts_ms.least < span->least) {
            span->least = outcome->lasts_ms.least;
            outcomes->items[k].failure = outcome->failure;
            outcomes->items[k].reason = outcome->reason;
        }
        if (outcome->lasts_ms.most > span->most)
            span->most = outcome->lasts_ms.most;
    }
    outcomes->count = kept;
}
