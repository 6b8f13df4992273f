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
    int64_t count; /* how many tokens they say there are */
    int64_t sent;  /* how many of them come */
    bool usage;
    bool finish;           /* with a finish_reason, else null */
    int64_t finish_reason; /* enum step_finish */
    int64_t usage_as;      /* enum step_usage; -1: as it is */
    bool tool_calls;       /* the tokens are the arguments of a tool call */
    const char *more;      /* further members with their commas; or NULL */
    bool no_choices;       /* "choices": [] */
    const char *raw_bytes; /* put at the content's end unescaped; or NULL */
};

/* enum step_finish: the reason a step asks for, or the natural one. */
int64_t completion_finish(const struct step *step);
/* How many of so many tokens come before it: half where that is an error. */
int64_t completion_events(const struct step *step, int64_t count);

/* One chat.completion: the completion canary, then the tokens. What the
 * request's plants name stands in its own members. */
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
/* The same with the delta {member: text}. */
void completion_write_text_chunk(struct buf *out,
                                 const struct fault_request *request,
                                 const char *member, const char *text,
                                 size_t length);
/* With the delta {"content": text}. */
void completion_write_content_chunk(struct buf *out,
                                    const struct fault_request *request,
                                    const char *text, size_t length);
/* The event after the final chunk: no choices, and the usage; usage_as as in
 * struct completion. */
void completion_write_usage_chunk(struct buf *out,
                                  const struct fault_request *request,
                                  int64_t count, int64_t usage_as);
/* A delta of a tool call's arguments; the first one names the tool. */
void completion_write_arguments_chunk(struct buf *out,
                                      const struct fault_request *request,
                                      bool first, const char *text,
                                      size_t length);
/* An event without text: members is what stands behind the model, such as
 * ",\"choices\":null". */
void completion_write_frame(struct buf *out,
                            const struct fault_request *request,
                            const char *members);

#endif
