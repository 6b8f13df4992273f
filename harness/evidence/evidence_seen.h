/*
 * evidence_seen: the part of a record that says what was seen, apart from any
 * judgement: attempts, gaps, routes, delivery, carriers, response areas,
 * request drift, sinks, leaks. Pure.
 */
#ifndef GATEDRILL_HARNESS_EVIDENCE_SEEN_H
#define GATEDRILL_HARNESS_EVIDENCE_SEEN_H

#include "harness/evidence/evidence.h"

void evidence_add_seen(struct json *extensions, const struct judged *judged);

/* What a finding is about and what it asks: id, evidence_type, severity,
 * verdict, expected. The caller adds what was observed, and frees. */
struct json *evidence_finding(const struct finding *finding);

/* What the history says of the checks: exact texts. */
void evidence_history_findings(struct json *history,
                               const struct findings *findings);
/* Adds a row for each hit. */
void evidence_add_leaks(struct json *list, const struct observation *o);
/* Fills in why a result is what it is. */
void result_give_reason(struct result *result);

/* Adds a text with its durations as bucket labels. */
void evidence_add_bucketed(struct json *object, const char *key,
                           const char *text, const struct runbook *runbook);

#endif
