/* sink_hit: noting what was found. Private to sink*.c. */
#ifndef GATEDRILL_HARNESS_SINK_HIT_H
#define GATEDRILL_HARNESS_SINK_HIT_H

#include "harness/leaks/scan.h"

/* As it was found; what is left of a masked key may be as much as the runbook
 * says (redaction.masked), and is then allowed. */
enum hit_class sink_class(const struct observation *o,
                          const struct scan_hit *found);
/* place: where in the sink, "" when it has but one. */
void sink_add_hit(struct observation *o, const char *sink, const char *place,
                  const struct scan_hit *found);

#endif
