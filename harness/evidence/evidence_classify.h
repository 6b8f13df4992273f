/*
 * evidence_classify: the words of a record that are judged from a history: how
 * one client request ended, what the gateway decided, what went wrong, whether
 * something leaked. Pure. The vocabulary is contracts.md section 4.
 */
#ifndef GATEDRILL_HARNESS_EVIDENCE_CLASSIFY_H
#define GATEDRILL_HARNESS_EVIDENCE_CLASSIFY_H

#include "harness/evidence/evidence.h"

/* One client request in the record's words. */
struct request_words {
    const char *status_class; /* "2xx" ... "none" */
    const char *error_class;
    const char *decision;
    char bucket[EVIDENCE_LABEL_SIZE];
    int64_t retries; /* attempts over all upstreams minus upstreams tried */
};
void evidence_request_words(struct request_words *out,
                            const struct observation *observation,
                            const struct observed_request *request);

/*
 * The request the record's single-valued fields speak of: the first that did
 * not succeed, since it is the one the case forced; else the last. NULL when
 * none was sent.
 */
const struct observed_request *
evidence_decisive(const struct observation *observation);

/* The whole case: the decisive request's words, retries of all its requests
 * together, and fallback_used when any of them reached a fallback. */
void evidence_case_words(struct request_words *out,
                         const struct observation *observation);

/*
 * leak_detected       a credential, prompt or completion was found in a sink,
 *                     whatever the runbook forbids: the word must be true
 * partial_leak_detected  a prefix, a preview or an end of one, and nowhere all
 *                     of it
 * not_checked         no positive evidence that a leak would have been found:
 *                     detector control failed, no sink live, one silent that
 *                     must not be, one unreadable, no canary on its way
 */
const char *evidence_redaction(const struct observation *observation);

/* The primary is the first of the runbook's fallback order, else "primary"; a
 * fallback is a later one, or without an order one named "fallback...". */
const char *evidence_primary(const struct observation *observation);
bool evidence_is_fallback(const struct observation *observation,
                          const char *upstream);

/* The step an attempt met, from the case's script; NULL when the upstream was
 * not scripted (healthy). */
const struct step *evidence_step(const struct observation *observation,
                                 const struct attempt *attempt);

#endif
