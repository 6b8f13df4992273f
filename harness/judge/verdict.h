/* verdict: the three answers of the drill and the two that are not answers.
 * Worst-of: any fail beats hold, any hold beats pass. */
#ifndef GATEDRILL_HARNESS_VERDICT_H
#define GATEDRILL_HARNESS_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/scenario.h"

enum verdict {
    VERDICT_NOT_APPLICABLE, /* nothing was claimed, so nothing was judged */
    VERDICT_PASS,
    VERDICT_HOLD, /* could not be evaluated */
    VERDICT_FAIL, /* was evaluated and violated */
};
extern const char *const verdict_names[]; /* "not_applicable", "pass", ... */

enum severity { SEVERITY_REQUIRED, SEVERITY_ADVISORY, SEVERITY_PRECONDITION };
extern const char *const severity_names[];

/* One check's answer. */
struct finding {
    const char *check; /* borrowed from the check table */
    enum evidence_type evidence_type;
    enum severity severity;
    enum verdict verdict;
    char expected[256]; /* in words and figures; never a secret */
    char observed[256];
    char reason[256]; /* why the runbook says so, or why it is hold */
};

struct findings {
    struct finding *items;
    size_t count;
    size_t capacity;
};
struct finding *findings_add(struct findings *all);
void findings_release(struct findings *all);

/* Worst of all findings. An advisory fail counts as pass (it is printed). A
 * precondition that is not met makes the whole hold: what other checks saw
 * then proves nothing, except a redaction or wrong-credential fail, which
 * stands whatever the fault did. No finding with an answer: hold. */
enum verdict verdict_of(const struct findings *all);
enum verdict verdict_worse(enum verdict a, enum verdict b);

#endif
