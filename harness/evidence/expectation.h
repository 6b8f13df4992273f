/*
 * expectation: verdicts known beforehand (--expect VERDICTS.json): a failure
 * listed there is green, a listed one that passes is red, and so is a failure
 * that is not listed. Pure but for loading.
 */
#ifndef GATEDRILL_HARNESS_EXPECTATION_H
#define GATEDRILL_HARNESS_EXPECTATION_H

#include "common/bind.h"
#include "harness/evidence/evidence.h"

struct expected_case {
    int64_t verdict; /* enum verdict */
    bool sometimes;  /* a race or the machine decides: a pass or hold is as good
                      */
    struct bind_texts checks; /* those that fail; undeclared: any */
    char *finding;            /* where it is written down */
};
struct expectation {
    char *gateway, *version;
    struct bind_map cases; /* pattern to struct expected_case */
};

bool expectation_load(struct expectation *out, const char *path,
                      struct err *err);
void expectation_release(struct expectation *expectation);
/* True when every result is as expected (holds that are not listed are left to
 * the exit code); else says in words which are not, a line each. *held counts
 * unlisted holds. */
bool expectation_met(const struct expectation *expectation,
                     const struct run *run, int64_t *held, struct buf *why);
extern const struct bind_row expectation_table[];

#endif
