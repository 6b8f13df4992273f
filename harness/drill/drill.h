/*
 * drill: a run being made: what was asked for, what was loaded, what is
 * running. One struct that the scheduler, the slots and the cases share; after
 * drill_open() only what stands below `lock` changes.
 */
#ifndef GATEDRILL_HARNESS_DRILL_H
#define GATEDRILL_HARNESS_DRILL_H

#include <pthread.h>
#include <stdatomic.h>

#include "harness/client/fixture.h"
#include "harness/launch/gateway.h"
#include "harness/drill/mock_control.h"
#include "harness/progress.h"
#include "harness/evidence/run_folder.h"
#include "harness/launch/slot_pool.h"
#include "harness/drill/suite.h"
#include "harness/drill/late.h"

/* What the caller asked for. Texts are borrowed. */
struct drill_options {
    const char *gateway; /* profile name or path */
    const char *suite;
    const char *const *scenario_paths; /* files or folders; NULL: shipped */
    size_t scenario_path_count;
    const char *const *filters;
    size_t filter_count;
    const char *out;         /* folder for runs */
    const char *environment; /* NULL: the profile's */
    bool allow_production;
    int64_t jobs; /* 0: sized to the waits */
    int64_t seed; /* -1: drawn */
    int64_t repeat;
    bool shuffle;
    int64_t shard, shards;  /* shard of shards, from 1; 0: all */
    const char *mock_admin; /* a mock that already runs; NULL: start one */
    bool no_api_reference;
    bool quiet; /* no progress */
};

/* One case of the run. */
struct planned_case {
    struct drill_case drill_case;
    struct allowed *allowed; /* per phase */
    const struct runbook *runbook;
    int64_t longest_ms;
    int64_t repeat; /* from 1 */
    bool again;     /* a further run of a case above: borrows everything */
    struct result *result; /* once there is an answer; owned by the run */
};

/* A runbook of the profile: its own, and one per variant that has one. */
struct drill_runbook {
    const char *variant; /* NULL: the profile's own */
    struct runbook runbook;
};

struct drill {
    struct drill_options options;
    struct profile profile;
    struct drill_runbook *runbooks; /* the profile's own first */
    size_t runbook_count;
    char *scenarios_root;
    struct scenarios *scenarios; /* one set per scenario path */
    size_t scenarios_count;
    struct suite suite;
    struct fixture *fixtures;
    size_t fixture_count;
    struct planned_case *cases; /* in the order of the run */
    size_t case_count;
    char *work; /* temporary folder, 0700; gone after the run */
    char *route_path, *route_method; /* of route.template */
    uint64_t seed;
    struct process mock;
    struct mock_control control;
    struct run run;
    struct run_folder folder;
    atomic_int cancelled; /* set by a signal handler too: it is lock-free */

    pthread_mutex_t lock;
    struct slots slots;
    struct late late;
    struct progress progress;
    bool showing; /* progress was started */
    bool broke;   /* the harness itself: could not write ... */
    struct err broke_err;
};

/* Loads and checks everything; starts nothing. ERR_USAGE, ERR_SYNTAX or
 * ERR_SCHEMA: exit 2. *out is released by drill_close() in any case. */
bool drill_open(struct drill *out, const struct drill_options *options,
                struct err *err);
/* The temporary folder, the guardian and the mock: what execute and repro
 * stand on. */
bool drill_start(struct drill *drill, struct err *err);
/* drill_start(), then every case, then the evidence. */
bool drill_execute(struct drill *drill, struct err *err);
void drill_close(struct drill *drill);

const struct runbook *drill_runbook(const struct drill *drill,
                                    const char *variant);
const struct fixture *drill_fixture(const struct drill *drill,
                                    const char *name);
/* Bytes for a drill id or a port, from the seed and a label. */
struct drill_id drill_new_id(const struct drill *drill, const char *label);

#endif
