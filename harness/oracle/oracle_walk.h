/*
 * oracle_walk: how the oracle explores what may happen: attempt by attempt,
 * every outcome an honest gateway may see, every move its runbook allows.
 * Private to oracle*.c.
 */
#ifndef GATEDRILL_HARNESS_ORACLE_WALK_H
#define GATEDRILL_HARNESS_ORACLE_WALK_H

#include "harness/oracle/oracle.h"
#include "harness/oracle/outcome.h"

/* More steps than this and the script is not judged: a safety net. */
#define WALK_NODES_MOST 20000

struct walk_upstream {
    const char *name;
    const struct script *script; /* NULL: healthy */
    bool credential_accepted;
    int64_t keys; /* how many of its own the gateway may call it with */
    bool keyed;   /* the script tells them apart */
};

struct walk {
    struct allowed *out;
    const struct runbook *runbook;
    const struct drill_case *drill_case;
    const struct case_phase *phase;
    struct walk_upstream upstreams[ALLOWED_UPSTREAMS]; /* in fallback order */
    size_t upstream_count;
    bool fallback_open; /* the runbook names no fallback: there may be one */
    bool key_known_good;
    struct allowed_path path; /* so far */
    size_t nodes;
};

/* Outcomes that lead to the same moves become one, with a wider range of time.
 */
void walk_fold(const struct walk *walk, struct outcomes *outcomes);

enum walk_answer { WALK_NO, WALK_MAYBE, WALK_YES };

/* What is behind an attempt. Copied on the way down. */
struct progress {
    int64_t tries[ALLOWED_UPSTREAMS];
    int64_t failures[ALLOWED_UPSTREAMS]; /* in a row, of cooldown's classes */
    /* Whether it is out, by its last failure, for the rest of the request. */
    enum walk_answer closed[ALLOWED_UPSTREAMS];
    /* It may have asked for a wait, and when that is over at the earliest
     * (since the client's request), where it is surely obeyed; 0: nothing is
     * sure. */
    bool told[ALLOWED_UPSTREAMS];
    int64_t told_until_ms[ALLOWED_UPSTREAMS];
    int64_t told_most_ms[ALLOWED_UPSTREAMS]; /* or this late */
    int64_t least_ms, most_ms;               /* since the client's request */
    bool open; /* some wait had no upper bound; it is not in most_ms */
    int64_t waited_least_ms, waited_most_ms; /* for Retry-After, summed */
    int64_t retries;
    bool known_good_used;
    /* By upstream: the key in use, from 0, and how many were used. The first
     * one is only known where the script tells keys apart. */
    int64_t key[ALLOWED_UPSTREAMS], used[ALLOWED_UPSTREAMS];
    int64_t key_tries[ALLOWED_UPSTREAMS][SCENARIO_KEYS_MOST];
};

/* A wait before an attempt. most_ms ALLOWED_ANY: no bound. */
struct wait {
    int64_t least_ms, most_ms;
    /* Without a bound: as long as the declared figures make likely, so that an
     * end instead of a wait beyond total_ms is seen as one. */
    int64_t likely_ms;
    int64_t obeyed_least_ms, obeyed_most_ms; /* of Retry-After */
    char reason[96];
};
#define WAITS_MOST 8
struct waits {
    struct wait items[WAITS_MOST]; /* before a retry at the same upstream */
    size_t count;                  /* 0: no retry */
    bool give_up; /* or no retry there, because the wait is too long */
    bool fail;    /* or the end of the request */
    char reason[96];
};

/*
 * The waits before a retry of a step's attempt that ended with an outcome.
 * local   retries at this upstream so far, this one not counted
 */
void walk_waits(struct waits *out, const struct runbook *runbook,
                const struct step *step, const struct outcome *outcome,
                const struct progress *progress, int64_t local);
/* The wait before another upstream, u, is tried. */
struct wait walk_switch_wait(const struct runbook *runbook,
                             const struct progress *progress, size_t u);
/* What those waits ask for, remembered for a later return to upstream u. */
void walk_remember(struct progress *progress, size_t u,
                   const struct waits *waits);

enum walk_end {
    WALK_END_ANSWER,      /* the upstream answered well */
    WALK_END_PASSED_ON,   /* what the client gets is not judged */
    WALK_END_COMMITTED,   /* failed after the answer had begun */
    WALK_END_AUTH,        /* refused credential */
    WALK_END_CLIENT,      /* the client's own key was refused */
    WALK_END_NO_ROUTE,    /* the client asked for another path */
    WALK_END_NOT_RETRIED, /* neither retry nor fallback covers it */
    WALK_END_EXHAUSTED,   /* retries and fallbacks are used up */
    WALK_END_TOTAL,       /* timeouts.total_ms */
};
/* What may follow a failed attempt. */
struct moves {
    bool retry, fallback, end;
    bool rotate;  /* a retry with the next key */
    bool unclear; /* the runbook does not say with which key */
    enum walk_end end_kind;
    bool end_open;      /* by end_kind, or since nothing covers the failure */
    bool fallback_open; /* whether it falls back is not declared */
    bool closes;        /* the runbook does not retry it */
    size_t next;        /* upstream of the fallback */
    char retry_reason[96], rotate_reason[96];
    char fallback_reason[96], end_reason[128];
};

/* By auth rule, error code and failure class, in this order; a class may be
 * changed by the x-should-retry of the step. */
void walk_moves(const struct walk *walk, const struct progress *progress,
                size_t u, const struct step *step,
                const struct outcome *outcome, struct moves *moves);
/* MAYBE: the section or the set is not declared. */
enum walk_answer walk_in_set(bool section, const struct failure_set *set,
                             const struct outcome *outcome);
bool walk_total_used_up(const struct walk *walk);
bool walk_budget_left(const struct walk *walk, const struct progress *progress,
                      size_t u);
/* The next upstream that has not been tried; upstream_count: none. */
size_t walk_next_untried(const struct walk *walk,
                         const struct progress *progress, size_t u);
/* Sets moves->next and moves->fallback, and why: the outcome's class and a
 * clause. */
void walk_allow_fallback(const struct walk *walk,
                         const struct progress *progress, size_t u,
                         struct moves *moves, const struct outcome *outcome,
                         const char *why);

/* Adds the path so far, ended this way, to walk->out; once for every status
 * rule that may hold. outcome: the last attempt's; NULL without attempts.
 * reason: a clause, cut to fit. */
void walk_end(struct walk *walk, const struct progress *progress,
              enum walk_end end, const struct outcome *outcome,
              int64_t not_before_ms, const char *reason);
/* Explores everything from the first attempt at upstream u on. */
void walk_from(struct walk *walk, size_t u, const char *reason);
void walk_not_judged(struct walk *walk, const char *reason);

#endif
