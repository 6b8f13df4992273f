/*
 * complaint: how a failure is told to the client: the status, a JSON error in
 * the shape chat completion clients know, or the same as a stream's event.
 * Pure. The upstream's own text is never repeated: it may echo a key or a
 * prompt. Its code and type are, when they are plain words.
 */
#ifndef GATEDRILL_REFGATEWAY_COMPLAINT_H
#define GATEDRILL_REFGATEWAY_COMPLAINT_H

#include "common/buf.h"
#include "tests/refgateway/policy.h"
#include "tests/refgateway/rules.h"

/* The failure that decides what the client is told, by
 * client_errors.all_failed: index into results (one an upstream tried, in the
 * order they were tried first; at least one). last: index of the latest. */
size_t complaint_pick(const struct rules *rules, const struct result *results,
                      size_t count, size_t last);

/* The status for the client. Where the runbook lists several, the one nearest
 * to what happened, else the first of the list. */
int complaint_status(const struct rules *rules, const struct result *result,
                     enum why why);

void complaint_write(struct buf *out, const struct result *result,
                     enum why why);
/* "data: {...}" and an empty line. */
void complaint_write_event(struct buf *out, const struct result *result,
                           enum why why);

/* The word of the evidence record for it: "none", "auth_error", ...
 * streaming: the answer had begun. */
const char *complaint_class(const struct result *result, enum why why,
                            bool streaming);

#endif
