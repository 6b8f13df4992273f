/* report_table: every report, in the order `gatedrill list reports` shows. A
 * row without a file in reports/ fails at link; a file without a row fails
 * under clang (its variable has no declaration). */
#ifndef GATEDRILL_HARNESS_REPORT_TABLE_H
#define GATEDRILL_HARNESS_REPORT_TABLE_H

#include "harness/evidence/report.h"

#define REPORT_TABLE(REPORT)                                                   \
    REPORT(text)                                                               \
    REPORT(json)                                                               \
    REPORT(evidence_json)                                                      \
    REPORT(evidence_md)                                                        \
    REPORT(summary)                                                            \
    REPORT(junit)

#define REPORT_DECLARE(name) extern const struct report report_##name;
REPORT_TABLE(REPORT_DECLARE)
#undef REPORT_DECLARE

#endif
