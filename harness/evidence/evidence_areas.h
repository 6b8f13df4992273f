/*
 * evidence_areas: which parts of the answer the application consumes, and how
 * the request changed on its way: JSON pointers only, never a value. Pure.
 */
#ifndef GATEDRILL_HARNESS_EVIDENCE_AREAS_H
#define GATEDRILL_HARNESS_EVIDENCE_AREAS_H

#include "harness/judge/observation.h"

/*
 * [{"pointer","type","ok"}] for every pointer of the profile's `consumes`, of
 * an answer that was presented as a success; empty for an error. A stream is
 * read as the message it adds up to: /choices/0/message/content is the joined
 * text, /choices/0/finish_reason the last one seen, /usage what came.
 */
struct json *evidence_areas(const struct profile *profile,
                            const struct http_trace *trace);

/* Pointers that arrived at an upstream and were not sent (added), were sent and
 * did not arrive (removed), or arrived with another value (changed), over all
 * attempts whose body came whole. Each array sorted by first appearance. */
void evidence_field_changes(const struct observation *observation,
                            struct json *added, struct json *removed,
                            struct json *changed);

#endif
