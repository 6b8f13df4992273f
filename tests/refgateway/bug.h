/*
 * bug: the reference gateway gone wrong on purpose. Exactly one bug is active,
 * or none: then the gateway is what its runbook says. Each bug is a small
 * branch at the function whose decision it corrupts, where bug_is() asks for
 * it; the rows are in bug_list.h. The drill must fail every one of them by the
 * check named there: ./dev mutants.
 */
#ifndef GATEDRILL_REFGATEWAY_BUG_H
#define GATEDRILL_REFGATEWAY_BUG_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/err.h"
#include "tests/refgateway/outcome.h"

enum bug {
    BUG_NONE,
#define BUG(word, name, sources, check, cases, runbook, text) BUG_##word,
#include "tests/refgateway/bug_list.h"
#undef BUG
    BUG_COUNT
};

struct bug_row {
    const char *name;
    const char *sources; /* ids of the failure catalogue, space separated */
    const char *check;   /* the check that must fail it */
    const char *cases;   /* patterns on case ids, space separated; in each of
                            them some case must be failed by the check */
    const char *runbook; /* tests/mutants/<runbook>.json, or NULL */
    const char *text;
};
/* By enum bug; [BUG_NONE] is empty; ends with a row without a name. */
extern const struct bug_row bug_rows[BUG_COUNT + 1];

/* Makes it the active one. Before any thread is started. */
void bug_set(enum bug bug);
/* Errors: ERR_USAGE for an unknown name. */
bool bug_find(enum bug *out, const char *name, struct err *err);
bool bug_is(enum bug bug);

/* The bugs that only see some failures in another class than the runbook does:
 * they bend whether a failure is retried and falls back. */
void bug_bend(bool *retry, bool *fall_back, enum outcome outcome, int status);
/* True when the active bug bends what is said about this status. */
bool bug_bends(int status);

/* One row as a JSON line, without its newline. */
void bug_format(struct buf *out, enum bug bug);

#endif
