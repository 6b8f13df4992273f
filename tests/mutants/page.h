/* page: docs/kill-matrix.md, from what the drills of the mutants found. */
#ifndef GATEDRILL_MUTANTS_PAGE_H
#define GATEDRILL_MUTANTS_PAGE_H

#include "common/buf.h"
#include "tests/mutants/mutant.h"

void page_write(struct buf *out, const struct mutant *mutants, size_t count);

#endif
