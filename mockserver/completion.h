/*
 * completion: the text of healthy answers: a chat.completion, and the events of
 * a chat.completion.chunk stream. The shapes stand in docs/dialects.md.
 */
#ifndef GATEDRILL_MOCKSERVER_COMPLETION_H
#define GATEDRILL_MOCKSERVER_COMPLETION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "mockserver/fault.h"

struct completion {
    int64_t count; /* tokens, all of them in the answer */
    bool usage;
    bool finish;           /* finish_reason "stop", else null */
    bool no_choices;       /* "choices": [] */
    const char *raw_bytes; /* put at the content's end unescaped; or NULL */
};

/* One chat.completion: the completion canary, then the tokens. */
void completion_write(struct buf *out, const struct completion *completion,
                      const struct fault_request *request);

/* One token of the answer, index from 1, and a space unless it is the last. */
void completion_write_token(struct buf *out,
                            const struct fault_request *request, int64_t index,
                            int64_t count);

/* One SSE event with its blank line. delta and finish_reason are JSON texts. */
void completion_write_chunk(struct buf *out,
                            const struct fault_request *request,
                            const char *delta, const char *finish_reason);
/* The same with the delta {"content": text}. */
void completion_write_content_chunk(struct buf *out,
                                    const struct fault_request *request,
                                    const char *text, size_t length);
/* The event after the final chunk: no choices, and the usage. */
void completion_write_usage_chunk(struct buf *out,
                                  const struct fault_request *request,
                                  int64_t count);

#endif
