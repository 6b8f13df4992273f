/* sse: the events of a stream's draft, written in another way. Pure. */
#ifndef GATEDRILL_MOCKSERVER_SSE_H
#define GATEDRILL_MOCKSERVER_SSE_H

#include "mockserver/draft.h"

/* Rewrites the body when it is a stream; each piece must be whole lines. The
 * text that a reader gets is the same, but for the characters that multibyte
 * adds before the first token. Source: HTML standard, 9.2.5 and 9.2.6. */
void sse_modify(struct draft *draft, const struct step_sse *sse);

#endif
