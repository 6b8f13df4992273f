/*
 * policy: what to do after an attempt failed. Pure: rules, what happened so
 * far, the failure, the time and the dice go in; the next move comes out.
 */
#ifndef GATEDRILL_REFGATEWAY_POLICY_H
#define GATEDRILL_REFGATEWAY_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/refgateway/outcome.h"
#include "tests/refgateway/rules.h"

/* What one attempt came to. */
/* What the answer's x-should-retry says. */
enum said { SAID_NOTHING, SAID_NO, SAID_YES };

struct result {
    enum outcome outcome;
    int status;              /* of OUTCOME_HTTP and after a 2xx head; else 0 */
    char code[64], type[64]; /* error.code and error.type, "" when absent */
    int64_t told_ms;         /* retry_after_told_ms(); -1: nothing */
    enum said said;
};

enum move_kind { MOVE_ATTEMPT, MOVE_END };

enum why {
    WHY_FIRST,
    WHY_RETRY,
    WHY_KNOWN_GOOD, /* auth.known_good_retry */
    WHY_ROTATE,     /* auth rotate_key */
    WHY_FALLBACK,
    /* Ends. */
    WHY_AUTH,       /* fail closed, or no key and no upstream left to try */
    WHY_BARRED,     /* never_on_codes */
    WHY_CLASS,      /* a class that is neither retried nor falls back */
    WHY_EXHAUSTED,  /* budget or total_attempts_max spent, nobody left */
    WHY_RETRY_LATE, /* retry_after above its cap, and above_cap says fail */
    WHY_TOTAL,      /* total_ms is over, or waiting would pass it */
};
extern const char *const why_names[]; /* NULL-terminated */

struct move {
    enum move_kind kind;
    enum why why;
    size_t upstream; /* index into the order */
    size_t key;      /* index of the upstream's key */
    int64_t wait_ms;
};

struct progress_upstream {
    int64_t attempts;
    size_t keys;     /* how many it has; at least 1 */
    size_t key;      /* the one in use */
    bool key_worked; /* the key in use was accepted in an earlier request */
    bool known_good_used;
    bool closed; /* its last failure is not one to retry */
    int64_t not_before_ns;
    int64_t out_until_ns; /* left out until then; who is under way stays */
};

/* What happened so far to one client request. */
struct progress {
    struct progress_upstream at[RULES_UPSTREAMS]; /* in fallback order */
    size_t count; /* upstreams in the order; at least 1 */
    size_t current;
    int64_t attempts;       /* over all upstreams */
    int64_t told_waited_ms; /* sum of Retry-After waits */
    int64_t total_ends_ns;  /* total_ms as a time; INT64_MAX: none */
};

/* The first upstream that is not left out; WHY_EXHAUSTED when all are. */
struct move policy_first(const struct progress *progress, int64_t now_ns);
/*
 * The move after the current upstream's attempt failed with result.
 * now_ns   on the clock of progress->total_ends_ns and out_until_ns
 * unit     the dice, 0 <= unit < 1
 */
struct move policy_next(const struct rules *rules,
                        const struct progress *progress,
                        const struct result *result, int64_t now_ns,
                        double unit);
/* True when no failure of the current attempt could lead to another one. */
bool policy_is_last(const struct rules *rules, const struct progress *progress);

/* Book-keeping: an attempt begins; the current attempt failed, and next is
 * what policy_next() said to that. */
void progress_begin(struct progress *progress, const struct move *move);
void progress_fail(struct progress *progress, const struct rules *rules,
                   const struct result *result, const struct move *next,
                   int64_t now_ns);
/* Attempts minus upstreams tried. */
int64_t progress_retries(const struct progress *progress);
size_t progress_tried(const struct progress *progress);

/* The auth rule that holds for this result; -1: it is no auth failure. */
int64_t policy_auth_rule(const struct rules *rules,
                         const struct result *result);

#endif
