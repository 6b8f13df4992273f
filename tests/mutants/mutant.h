/*
 * mutant: one drill of the reference gateway with a seeded bug, or without
 * one: its profile, runbook and choice of cases are made in a folder of its
 * own, `gatedrill run` is started on them, and its records are read. The judge
 * knows nothing of it: it sees a gateway and the runbook it should obey.
 */
#ifndef GATEDRILL_MUTANTS_MUTANT_H
#define GATEDRILL_MUTANTS_MUTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"
#include "tests/refgateway/bug.h"

/* A finding that is not a pass. */
struct mutant_hit {
    char *case_id;
    char *check;
    bool hold; /* else a fail */
};

struct mutant {
    const struct bug_row *bug; /* NULL: the clean gateway */
    const char *runbook;       /* tests/mutants/<runbook>.json, or NULL */
    bool whole;                /* all cases, not only the bug's and controls */
    char *folder;
    pid_t pid; /* 0: not started, or ended */
    int64_t started_ns, ended_ns;
    int tries;
    int exit_code;
    size_t cases;
    struct mutant_hit *hits; /* sorted by case, then check */
    size_t hit_count;
    /* Of the bug: why it counts as not killed; "" when it is killed. Of the
     * clean gateway: what is wrong with it. */
    char survived[256];
};

/* Writes the folder below parent and starts the drill. bin: where the programs
 * are. On error nothing runs and *out needs mutant_release() all the same. */
bool mutant_start(struct mutant *mutant, const char *parent, const char *bin,
                  struct err *err);
/* The drill has ended with this wait status: reads what it found. */
void mutant_finish(struct mutant *mutant, int wait_status);
/* Forgets what was found, so that it can be started again. */
void mutant_clear(struct mutant *mutant);
void mutant_release(struct mutant *mutant);

/* "clean" or the bug's name, and the runbook. Borrowed until the next call. */
const char *mutant_name(const struct mutant *mutant);
/* The first case of this pattern that the check failed; NULL: none. */
const char *mutant_killer(const struct mutant *mutant, const char *pattern,
                          const char *check);

#endif
