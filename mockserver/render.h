/*
 * render: from a draft to a plan: a reply for libmicrohttpd where it can send
 * what is meant, else the bytes of an HTTP/1.1 answer and the acts that send
 * them. The one place that writes heads, chunks and cuts.
 */
#ifndef GATEDRILL_MOCKSERVER_RENDER_H
#define GATEDRILL_MOCKSERVER_RENDER_H

#include "mockserver/draft.h"
#include "mockserver/plan.h"

/*
 * Fills *plan (overwritten; release with plan_release).
 * Where a draft is cut: "request" and earlier send nothing; "status_line" sends
 * "HTTP/1.1 2"; "headers" ends inside a header line; body points count body
 * bytes without chunk framing; an event point on a body without events is the
 * same share of ANSWER_TOKENS; beyond the last event it is the last event.
 * Chunked framing: a cut leaves the chunk it falls in as announced, and never
 * sends the last chunk. KEEP becomes HANG where the message is not whole, and
 * FIN where only a close can end it.
 */
void render_plan(struct plan *plan, const struct draft *draft);

#endif
