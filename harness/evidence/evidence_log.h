/* evidence_log: what the gateway's log said, for history and records: figures
 * and names, never a text of it. */
#ifndef GATEDRILL_HARNESS_EVIDENCE_LOG_H
#define GATEDRILL_HARNESS_EVIDENCE_LOG_H

#include "harness/judge/observation.h"

/* Adds "log": each line of the case's requests. */
void evidence_log_history(struct json *out, const struct observation *o);
/* Appends "log status", for each fact that some line told. */
void evidence_log_fields(struct json *list, const struct observation *o);

#endif
