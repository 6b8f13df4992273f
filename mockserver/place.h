/* place: names of upstreams in a text, replaced by where they listen. */
#ifndef GATEDRILL_MOCKSERVER_PLACE_H
#define GATEDRILL_MOCKSERVER_PLACE_H

#include <stdbool.h>

#include "common/buf.h"

struct slot;

/*
 * Appends the text with "${NAME.url}", "${NAME.host}" and "${NAME.port}" of the
 * slot's upstreams replaced.
 * slot  may be NULL: then no name is known
 * Returns false when a name is not known; it then stands as it was.
 */
bool place_resolve(struct buf *out, const char *text, const struct slot *slot);

#endif
