/* write: the bytes of heads and chunks, sound or odd as the step has it. */
#ifndef GATEDRILL_MOCKSERVER_WRITE_H
#define GATEDRILL_MOCKSERVER_WRITE_H

#include "mockserver/draft.h"

/*
 * The head of an answer with its blank line.
 * body  it says how the body is framed
 * close it says Connection: close, unless the draft has such a header
 */
void write_head(struct buf *out, const struct draft *draft, bool body,
                bool close);
/* A whole 1xx answer. */
void write_interim(struct buf *out, int64_t status);

/*
 * `length` bytes of a run that is announced as `whole` bytes, as chunks.
 * chunks  how they are written; NULL: one plain chunk. When length < whole the
 *         chunk it ends in is left as announced.
 */
void write_chunks(struct buf *out, const struct step_chunks *chunks,
                  const char *bytes, size_t length, size_t whole);
void write_last_chunk(struct buf *out, const struct step_chunks *chunks);

#endif
