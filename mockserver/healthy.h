/*
 * healthy: drafts of the answers a whole upstream gives, which most faults then
 * delay, slow down, cut or spoil; and of its errors.
 */
#ifndef GATEDRILL_MOCKSERVER_HEALTHY_H
#define GATEDRILL_MOCKSERVER_HEALTHY_H

#include <stdbool.h>
#include <stdint.h>

#include "mockserver/completion.h"
#include "mockserver/draft.h"
#include "mockserver/fault.h"

/*
 * The answer to this request: 401 when its credential is not accepted, a stream
 * when it asks for one, else a completion. The step's events, interval_ms,
 * usage and finish are obeyed where set.
 */
void healthy_draft(struct draft *draft, const struct step *step,
                   const struct fault_request *request);

/* The same for an accepted credential: as JSON, as a stream. */
void healthy_draft_json(struct draft *draft, const struct step *step,
                        const struct fault_request *request);
void healthy_draft_sse(struct draft *draft, const struct step *step,
                       const struct fault_request *request);

/* A completion as one JSON body with status 200. */
void healthy_draft_completion(struct draft *draft,
                              const struct completion *completion,
                              const struct fault_request *request);

/* An error with the dialect's body. The strings may be NULL. */
struct healthy_error {
    int64_t status;
    const char *code, *type, *message;
};
void healthy_draft_error(struct draft *draft, const struct healthy_error *error,
                         const struct fault_request *request);
/* The error's body alone: one JSON object. */
void healthy_write_error(struct buf *out, const struct healthy_error *error,
                         const struct fault_request *request);

/* An SSE stream, event by event. */
struct stream_script {
    int64_t events;           /* content events sent */
    int64_t count;            /* how many the tokens say there are */
    int64_t interval_ms;      /* between content events */
    int64_t comment_every_ms; /* comments while waiting; 0: none */
    bool role;                /* the role chunk comes first */
    bool usage, finish, done; /* the three things at the end */
    int64_t error_at;         /* an error event after that many; -1: none */
    int64_t malformed_at;     /* this content event, from 1; -1: none */
    const struct step *step;  /* what its events say, and odd ones among them */
};
void healthy_draft_stream(struct draft *draft,
                          const struct stream_script *script,
                          const struct fault_request *request);
/* Head of a stream without any event. */
void healthy_draft_stream_head(struct draft *draft);
void healthy_add_role(struct draft *draft, const struct fault_request *request);
/* A heartbeat comment, wait_ms after what was before. */
void healthy_add_comment(struct draft *draft, int64_t wait_ms);

#endif
