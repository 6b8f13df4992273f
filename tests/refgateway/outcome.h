/*
 * outcome: what an attempt at an upstream came to, in the runbook's words, and
 * the sets of classes that a runbook lists (retry.on, fallback.on ...).
 * This gateway reads a runbook by itself; it shares no code with the harness
 * that judges it, so that two readings of the same words meet.
 */
#ifndef GATEDRILL_REFGATEWAY_OUTCOME_H
#define GATEDRILL_REFGATEWAY_OUTCOME_H

#include <stdbool.h>

enum outcome {
    OUTCOME_OK,
    OUTCOME_HTTP, /* a final status that is not 2xx */
    OUTCOME_CONNECT_REFUSED,
    OUTCOME_CONNECT_TIMEOUT,
    OUTCOME_TLS_ERROR,
    OUTCOME_RESET_BEFORE_HEADERS,
    OUTCOME_EOF_BEFORE_HEADERS,
    OUTCOME_MALFORMED_HEAD,
    OUTCOME_HEADER_TIMEOUT,
    OUTCOME_FIRST_TOKEN_TIMEOUT,
    OUTCOME_IDLE_TIMEOUT,
    OUTCOME_ATTEMPT_TIMEOUT,
    OUTCOME_TRUNCATED_BODY,
    OUTCOME_TRUNCATED_BEFORE_COMMIT,
    OUTCOME_BAD_BODY,
    OUTCOME_EMPTY_BODY,
    OUTCOME_ERROR_IN_200,
    /* No class of a runbook: the request itself is over. */
    OUTCOME_TOTAL_TIMEOUT,
    OUTCOME_COUNT
};
/* NULL-terminated; [OUTCOME_HTTP] is "http". */
extern const char *const outcome_names[OUTCOME_COUNT + 1];

#define OUTCOME_STATUSES 1000

struct outcome_set {
    bool declared;
    bool named[OUTCOME_COUNT];
    bool status[OUTCOME_STATUSES];
};

/* Adds one word: a class, "http_<code>", "http_4xx" or "http_5xx". False when
 * the word is none of these. */
bool outcome_set_add(struct outcome_set *set, const char *word);
/* status counts for OUTCOME_HTTP only. */
bool outcome_set_has(const struct outcome_set *set, enum outcome outcome,
                     int status);

#endif
