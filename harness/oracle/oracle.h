/*
 * oracle: runbook + script -> what is allowed to happen, each with its reason.
 * Pure. Where the runbook leaves something open there are several allowed
 * paths; where it says nothing at all, that aspect is not judged.
 */
#ifndef GATEDRILL_HARNESS_ORACLE_H
#define GATEDRILL_HARNESS_ORACLE_H

#include "common/answer.h"
#include "common/scenario.h"
#include "harness/oracle/failure_class.h"
#include "harness/oracle/runbook.h"

#define ALLOWED_ATTEMPTS  RUNBOOK_ATTEMPTS_MOST
#define ALLOWED_PATHS     256
#define ALLOWED_UPSTREAMS 6
#define ALLOWED_ANY       (-1)

enum decision {
    DECISION_PRIMARY_USED,
    DECISION_FALLBACK_USED,
    DECISION_FAILED_CLOSED,
    DECISION_FALLBACK_NOT_TRIGGERED,
    DECISION_UNKNOWN,
};
extern const char *const decision_names[]; /* the record's words */

enum client_outcome {
    CLIENT_ANY,     /* not judged, what the upstream sent passed on included */
    CLIENT_SUCCESS, /* complete answer of the path's last attempt */
    CLIENT_ERROR,   /* any honest error: status >= 400, error event, or a cut
                       that the framing shows once the answer has begun */
};

/* One attempt on an allowed path. Times in ms. */
struct allowed_attempt {
    char upstream[UPSTREAM_NAME_SIZE];
    int64_t ordinal;      /* at this upstream, from 1 */
    int64_t key;          /* which of its keys, from 1; 0: not told apart */
    enum failure failure; /* FAILURE_NONE: it answered well */
    int64_t status;       /* of FAILURE_HTTP */
    int64_t gap_least_ms; /* before it, after the one before; 0: none */
    int64_t gap_most_ms;  /* ALLOWED_ANY: no upper bound */
    char gap_reason[96];
    int64_t lasts_least_ms, lasts_most_ms; /* ALLOWED_ANY: unknown */
    char reason[128]; /* why this attempt is made, or why it is the last */
};

struct allowed_path {
    struct allowed_attempt attempts[ALLOWED_ATTEMPTS];
    size_t count;
    enum decision decision;
    enum client_outcome outcome;
    struct status_rule status; /* what the client may get; undeclared: any */
    int64_t upstream_status;   /* for "same"; -1 none */
    bool committed; /* the answer had begun when it failed: an error event or
                       a visible cut, never a status */
    bool error_event_allowed, abort_allowed;
    bool error_event_sent; /* by the upstream itself: it may be passed on */
    bool by_total;         /* ended by timeouts.total_ms */
    /* Allowed only when the client's end came no earlier than this after its
     * request: waits without a declared bound may have used up total_ms. 0: no
     * such condition. */
    int64_t not_before_ms;
    int64_t total_most_ms; /* ALLOWED_ANY: no bound */
    char end_reason[160];
};

/* What may happen to one client request. */
struct allowed {
    struct allowed_path *paths; /* at least one, or not_judged */
    size_t path_count, path_capacity;
    /* The oracle cannot say: why ("the runbook declares no retry.on"). Then
     * only invariants are judged. */
    char not_judged[160];
    /* At these upstreams attempts cannot be counted (a refused port). */
    char uncountable[ALLOWED_UPSTREAMS][UPSTREAM_NAME_SIZE];
    size_t uncountable_count;
    int64_t within_ms; /* total bound for the client; ALLOWED_ANY */
    char within_reason[128];
    bool overridden; /* the scenario's expect replaced a part */
    /* Attempts as the scenario's expect has them; count 0: derived. */
    struct {
        char upstream[UPSTREAM_NAME_SIZE];
        int64_t least, most;
    } attempts_override[ALLOWED_UPSTREAMS];
    size_t attempts_override_count;
};

/* phase: index into drill_case->phases. *out is released with
 * allowed_release(); never fails (what cannot be said is not_judged). */
void oracle_allow(struct allowed *out, const struct drill_case *drill_case,
                  size_t phase, const struct runbook *runbook);
void allowed_release(struct allowed *allowed);
/* For people: each path, each attempt with its reason. */
void allowed_write(struct buf *out, const struct allowed *allowed);
/* How long a client request may take, for scheduling: attempts without a bound
 * take total_ms, or 30 s; waits without one are as short as they may. */
int64_t allowed_longest_ms(const struct allowed *allowed,
                           const struct runbook *runbook);
/* For the client's own limit: besides, all waits without a bound together may
 * take total_ms, or 30 s. */
int64_t allowed_patience_ms(const struct allowed *allowed,
                            const struct runbook *runbook);

#endif
