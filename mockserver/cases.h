/*
 * cases: the scripts the mock holds: for each case what its upstreams do from
 * an epoch on, and how far each upstream's script has come. Scenarios and the
 * default script, used without a harness, are cases with a name and no nonce.
 */
#ifndef GATEDRILL_MOCKSERVER_CASES_H
#define GATEDRILL_MOCKSERVER_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/answer.h"
#include "common/drill_id.h"
#include "common/err.h"
#include "common/json.h"
#include "common/step.h"

struct armed_upstream {
    char name[UPSTREAM_NAME_SIZE];
    struct script script;
    int64_t *begun_ns; /* for a staged script: when each step was first met */
};

struct watch_text {
    char *id;   /* "prompt", "client.key" */
    char *text; /* secret: wiped on release, never written */
};

/* What PUT /scripts says: the steps of the upstreams, and what goes with them.
 */
struct arming {
    uint16_t first_epoch; /* from this one on; 0: always */
    struct armed_upstream *upstreams;
    size_t upstream_count, upstream_capacity;
    struct arming_plant {
        char *completion, *error, *reasoning, *tool_call, *account,
            *account_header;
    } plant; /* secret; each may be NULL */
    struct watch_text *watch;
    size_t watch_count, watch_capacity;
};

/* How many attempts an upstream has seen in one epoch. */
struct tally {
    uint16_t epoch;
    char upstream[UPSTREAM_NAME_SIZE];
    int64_t attempts;
};

/* How far a staged script has come for one epoch, upstream and key. */
struct stand {
    uint16_t epoch;
    char upstream[UPSTREAM_NAME_SIZE];
    int64_t key;       /* 0: the script does not tell keys apart */
    size_t at, before; /* index of the last step met, and of the one before */
    int64_t met;
};

struct mock_case {
    uint64_t nonce; /* 0: used alone */
    char *name;     /* used alone: scenario id, "" is the default script */
    struct arming **armings; /* by first_epoch */
    size_t arming_count, arming_capacity;
    struct tally *tallies;
    size_t tally_count, tally_capacity;
    struct stand *stands;
    size_t stand_count, stand_capacity;
    uint16_t highest_epoch; /* seen or leased */
    int64_t foreign_before; /* foreign arrivals when its script came */
    int64_t held;           /* exchanges that still point at it */
    bool forgotten;         /* goes with the last of them */
};

struct cases {
    struct mock_case **items; /* by nonce, then name */
    size_t count, capacity;
};

/*
 * Reads the body of PUT /scripts.
 * path  "body: $", stands before the place in errors
 */
bool arming_read(struct arming *out, const struct json *body, const char *path,
                 struct err *err);
/* Adds a script to an arming being built; takes it. */
void arming_add(struct arming *arming, const char *upstream,
                struct script *script);
void arming_release(struct arming *arming);

void cases_release(struct cases *cases);
/* NULL when there is none. Borrowed until the case is forgotten. */
struct mock_case *cases_find(const struct cases *cases, uint64_t nonce);
struct mock_case *cases_find_name(const struct cases *cases, const char *name);
/* Stores an arming (takes it, leaves it empty); an equal (case, epoch) is
 * replaced. name is for nonce 0 only. */
struct mock_case *cases_put(struct cases *cases, uint64_t nonce,
                            const char *name, struct arming *arming);
bool cases_forget(struct cases *cases, uint64_t nonce);
/* An exchange outlives the call that forgets its case: it holds it. NULL is
 * accepted by both. */
void case_hold(struct mock_case *of);
void case_drop(struct mock_case *of);
/* Forgets every case with a nonce, and how far those without one have come. */
void cases_reset(struct cases *cases);

/* What holds in an epoch; NULL: nothing was stored for it. */
const struct arming *case_arming(const struct mock_case *of, uint16_t epoch);
/* NULL: that upstream is healthy. */
const struct script *case_script(const struct mock_case *of, uint16_t epoch,
                                 const char *upstream);
/* The number the next attempt gets; from 1. */
int64_t case_next(const struct mock_case *of, uint16_t epoch,
                  const char *upstream);
/* Counts an attempt and returns its number. */
int64_t case_take(struct mock_case *of, uint16_t epoch, const char *upstream);
/* Takes back the last number: the attempt turned out to be another epoch's.
 * Nothing happens when others were counted since. */
void case_untake(struct mock_case *of, uint16_t epoch, const char *upstream,
                 int64_t number);

#endif
