/*
 * withhold: no line of ours holds a text that a case plants or watches for.
 * Each is looked for from its beginning, in either case and as JSON writes it;
 * where twelve bytes or more of it stand, its id stands instead. (What the
 * harness makes of a line passes its own scan, which knows every coding.)
 */
#ifndef GATEDRILL_MOCKSERVER_WITHHOLD_H
#define GATEDRILL_MOCKSERVER_WITHHOLD_H

#include "mockserver/cases.h"

#define WITHHOLD_LEAST 12 /* bytes of a text; all of it where it is shorter */

/* nonce: whose texts; 0: those of all cases. cases may be NULL. */
void withhold(struct buf *line, const struct cases *cases, uint64_t nonce);
/* The same for every log line from now on; NULL ends it. */
void withhold_logs(const struct cases *cases);

#endif
