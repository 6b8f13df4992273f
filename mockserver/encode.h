/* encode: the body of a draft in a content coding, true or false. Pure. */
#ifndef GATEDRILL_MOCKSERVER_ENCODE_H
#define GATEDRILL_MOCKSERVER_ENCODE_H

#include "mockserver/draft.h"

#define ENCODE_BOMB_BYTES (10 << 20)

/*
 * Recodes body and pieces and adds Content-Encoding. Each piece stays a piece
 * that can be read when it comes (a flush of the deflate stream), so that an
 * encoded stream is still one. Truncated: the first half of the coded bytes.
 * A draft without a body is left as it is. Source: RFC 9110 8.4, RFC 1952.
 */
void encode_draft(struct draft *draft, enum step_encoding encoding);

#endif
