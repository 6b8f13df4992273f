/* report: one way to print a finished run. One file in reports/ and one row in
 * report_table.h. Pure: a run in, a text out. */
#ifndef GATEDRILL_HARNESS_REPORT_H
#define GATEDRILL_HARNESS_REPORT_H

#include "common/buf.h"
#include "harness/evidence/evidence.h"

struct report_style {
    bool colour;
    int width; /* of the terminal; 0: unknown */
};

struct report {
    const char *name; /* "junit" */
    const char *file; /* default name in the run's folder; NULL: none */
    bool always;      /* written with every run */
    const char *text; /* for list */
    void (*print)(struct buf *out, const struct run *run,
                  const struct report_style *style);
};
extern const struct report *const reports[]; /* NULL-terminated */
const struct report *report_find(const char *name);

/*
 * Prints a run as --report asks: spec is FORMAT or FORMAT=FILE; without a file,
 * and for "-", on stdout, in colour where the terminal has it.
 * Errors: ERR_USAGE (no such format: the known ones are named), ERR_IO.
 */
bool report_emit(const struct run *run, const char *spec, struct err *err);
/* True when spec names a known format; else ERR_USAGE. For reading options. */
bool report_spec_check(const char *spec, struct err *err);

#endif
