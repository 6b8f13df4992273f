/*
 * oracle_hint: what an answer tells about the wait before a retry, as a gateway
 * may read it: Retry-After in every form, retry-after-ms, and what is said in
 * other headers or in words. Private to oracle*.c. Pure.
 */
#ifndef GATEDRILL_HARNESS_ORACLE_HINT_H
#define GATEDRILL_HARNESS_ORACLE_HINT_H

#include "common/step.h"
#include "harness/oracle/runbook.h"

#define HINT_MS_MOST (INT64_C(1) << 40)
#define HINTS_MOST   8

enum obeyed { OBEYED_NOT, OBEYED_MAYBE, OBEYED_SURELY };

struct hint {
    enum obeyed readable;
    int64_t least_ms, most_ms; /* ALLOWED_ANY: no bound */
    /* Not Retry-After but another header, or words: nobody declares whether
     * that is read, nor what it means. */
    bool elsewhere;
    char text[32]; /* who tells: for reasons */
};
/* In the order of precedence. */
struct hints {
    struct hint items[HINTS_MOST];
    size_t count;
};

/* What x-should-retry says. */
enum said { SAID_NOTHING, SAID_NO, SAID_YES };
enum said hint_said(const struct step *step);

void hints_of(struct hints *out, const struct runbook *runbook,
              const struct step *step);

#endif
