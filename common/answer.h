/*
 * answer: the canonical answer. Every token says who made it, so that a cut, a
 * repetition, a splice of two upstreams, a cached or a foreign answer are each
 * recognisable. A token: "primary-2-7of24-3fa9" = upstream, attempt, index of
 * count, and a tag of the drill id (nonce and epoch).
 */
#ifndef GATEDRILL_COMMON_ANSWER_H
#define GATEDRILL_COMMON_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/drill_id.h"

#define ANSWER_TOKENS      24 /* of an answer that is not streamed */
#define UPSTREAM_NAME_SIZE 17
/* Upstream names: [a-z][a-z0-9]{0,15} */
#define UPSTREAM_NAME_PATTERN "^[a-z][a-z0-9]{0,15}$"

struct answer_token {
    char upstream[UPSTREAM_NAME_SIZE];
    int64_t attempt; /* from 1 */
    int64_t index;   /* from 1 */
    int64_t count;
    uint16_t tag;
};

uint16_t answer_tag(struct drill_id id);
/* Appends the token and a space: deltas of a stream are joined as they are. */
void answer_add_token(struct buf *out, const struct answer_token *token);

struct answer_tokens {
    struct answer_token *items; /* in order of appearance */
    size_t count;
    size_t capacity;
};
/* Adds every token in a text to *out; anything else between them is skipped. A
 * token cut by the end of the text is not a token, nor is one that runs on
 * into a further letter or digit. */
void answer_find_tokens(struct answer_tokens *out, const char *text,
                        size_t length);
void answer_tokens_release(struct answer_tokens *tokens);

/* What the tokens of one client answer add up to. */
enum answer_shape {
    ANSWER_NONE,     /* no token */
    ANSWER_COMPLETE, /* 1..count of one upstream and attempt, once, in order */
    ANSWER_CUT,      /* 1..k of one upstream and attempt, k < count */
    ANSWER_REPEATED, /* an index twice from one upstream and attempt */
    ANSWER_SPLICED,  /* tokens of more than one upstream or attempt */
    ANSWER_GAPPED,   /* one missing in the middle, or out of order */
    ANSWER_FOREIGN,  /* a tag that is not this request's */
};
extern const char *const answer_shape_names[]; /* NULL-terminated */

/* What stands before the first token of a stream whose characters are split
 * over writes, decoded: two, three and four bytes, a surrogate pair, a space.
 */
extern const char answer_characters[];

enum answer_shape answer_judge(const struct answer_tokens *tokens,
                               uint16_t expected_tag);

#endif
