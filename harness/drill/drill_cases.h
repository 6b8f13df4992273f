/* drill_cases: from scenarios, suite and filters to the cases of a run, in the
 * order they are numbered and run. Private to drill*.c. */
#ifndef GATEDRILL_HARNESS_DRILL_CASES_H
#define GATEDRILL_HARNESS_DRILL_CASES_H

#include "harness/drill/drill.h"

bool drill_load_scenarios(struct drill *drill, struct err *err);
/* Fills drill->cases, tied to their runbooks; at least one, or ERR_USAGE. */
bool drill_load_cases(struct drill *drill, struct err *err);
/* Shard, oracle, repeats and the order of an ordered suite. */
void drill_arrange_cases(struct drill *drill);
void planned_release(struct planned_case *planned);

#endif
