/* suite: a named choice of cases: scenarios/suites/<name>.json, a list of
 * patterns as in case_matches(). Order matters: cases run and are numbered in
 * scenario order, but a suite that says "ordered" runs its patterns in turn. */
#ifndef GATEDRILL_HARNESS_SUITE_H
#define GATEDRILL_HARNESS_SUITE_H

#include "common/bind.h"

struct suite {
    char *title, *why;
    struct bind_texts cases;
    bool ordered;
};

/* name: of a shipped suite, or a path to a file. root: scenarios folder. */
bool suite_load(struct suite *out, const char *root, const char *name,
                struct err *err);
void suite_release(struct suite *suite);
/* Position of the first pattern that matches, or -1. */
int64_t suite_find(const struct suite *suite, const char *case_id);
extern const struct bind_row suite_table[];

#endif
