/*
 * mock: everything one gatedrill-mock process holds. One thread, no locks.
 */
#ifndef GATEDRILL_MOCKSERVER_MOCK_H
#define GATEDRILL_MOCKSERVER_MOCK_H

#include "common/digest.h"
#include "common/scenario.h"
#include "mockserver/cases.h"
#include "mockserver/dialect.h"
#include "mockserver/journal.h"
#include "mockserver/loop.h"
#include "mockserver/server.h"

struct slot;
struct admin;

struct mock {
    struct loop loop;
    struct server data;  /* the upstreams */
    struct server admin; /* the control port */
    struct admin *control;
    struct cases cases;
    struct journal journal;
    struct slot *slots;
    const struct dialect *dialect; /* default */
    struct scenarios scenarios;    /* of --scenarios */
    const char **scenario_names;   /* NULL-terminated; borrowed from them */
    uint8_t fingerprint_key[FINGERPRINT_KEY_BYTES];
    uint64_t request_number; /* for request ids; starts at the seed */
    struct script healthy;   /* one step: none */
    int64_t arrivals;        /* so far, dropped ones too */
    /* For GET /metrics. */
    int64_t attempts, foreign, unfaithful, open;
};

/* seed  where request ids start; journal_path  NULL for none. What a failure
 * leaves is for mock_release(). */
bool mock_init(struct mock *mock, const struct dialect *dialect, int64_t seed,
               const char *journal_path, struct err *err);
/* Until the loop is stopped. */
void mock_run(struct mock *mock);
void mock_release(struct mock *mock);

/* How many connections fit the process's limit of descriptors. */
unsigned mock_connection_limit(int64_t descriptors);

/* A line of this case (0: foreign) came to the journal: wakes long polls. */
void admin_notice(struct mock *mock, uint64_t nonce);

/* Ends every attempt of a case (0: of all) that is still open: its connections
 * are closed. */
void mock_end_open(struct mock *mock, uint64_t nonce);

#endif
