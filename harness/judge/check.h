/*
 * check: one question about the history of a case. A check is one file in
 * checks/ and one row in check_table.h; it is pure.
 */
#ifndef GATEDRILL_HARNESS_CHECK_H
#define GATEDRILL_HARNESS_CHECK_H

#include "harness/judge/observation.h"
#include "harness/oracle/oracle.h"
#include "harness/judge/verdict.h"

struct judged {
    const struct observation *observation;
    const struct allowed *allowed; /* one per phase */
    size_t allowed_count;
};

struct check {
    const char *id; /* "attempts_per_upstream" */
    enum evidence_type evidence_type;
    enum severity severity;
    const char *text; /* the question, for list and docs */
    /* Fills verdict, expected, observed, reason of a prepared finding. Leaves
     * VERDICT_NOT_APPLICABLE when there is nothing to judge, with the reason.
     */
    void (*judge)(const struct judged *judged, struct finding *finding);
};

#define CHECK(name) extern const struct check check_##name;
#include "harness/judge/check_table.h"
#undef CHECK
extern const struct check *const checks[]; /* NULL-terminated */
const struct check *check_find(const char *id);

/* Runs every check. A hold by a precondition comes first. */
void judge_case(struct findings *out, const struct judged *judged);

#endif
