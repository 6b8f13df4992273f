#include "mockserver/healthy.h"

#include <string.h>

#include "common/answer.h"

void healthy_draft_completion(struct draft *draft,
                              const struct completion *completion,
                              const struct fault_request *request)
{
    struct buf text = { 0 };

    completion_write(&text, completion, request);
    draft->status = 200;
    draft_set_body(draft, "application/json", buf_text(&text), text.length);
    buf_release(&text);
}

void healthy_write_error(struct buf *out, const struct healthy_error *error,
                         const struct fault_request *request)
{
    char request_id[DIALECT_REQUEST_ID_SIZE];
    struct dialect_error worded = {
        .status = error->status,
        .code = error->code,
        .type = error->type,
        .message = error->message,
        .canary = request->error_canary,
        .request_id = request_id,
        .model = request->model,
    };

    dialect_request_id(request_id, request->wall_ms, request->request_number);
    request->dialect->error_body(out, &worded);
}

void healthy_draft_error(struct draft *draft, const struct healthy_error *error,
                         const struct fault_request *request)
{
    struct buf text = { 0 };

    healthy_write_error(&text, error, request);
    draft->status = error->status;
    draft_set_body(draft, "application/json", buf_text(&text), text.length);
    buf_release(&text);
}

void healthy_draft(struct draft *draft, const struct step *step,
                   const struct fault_request *request)
{
    if (!request->credential_accepted) {
        healthy_draft_error(draft, &(struct healthy_error){ .status = 401 },
                            request);
        return;
    }
    if (request->stream)
        healthy_draft_sse(draft, step, request);
    else
        healthy_draft_json(draft, step, request);
}

void healthy_draft_json(struct draft *draft, const struct step *step,
                        const struct fault_request *request)
{
    healthy_draft_completion(draft,
                             &(struct completion){
                                 .count = ANSWER_TOKENS,
                                 .sent = completion_events(step, ANSWER_TOKENS),
                                 .usage = step->usage != 0,
                                 .usage_as = step->usage_as,
                                 .finish = step->finish != 0,
                                 .finish_reason = completion_finish(step),
                                 .tool_calls = step->tool_calls == 1,
                             },
                             request);
}

void healthy_draft_sse(struct draft *draft, const struct step *step,
                       const struct fault_request *request)
{
    int64_t events = step->events >= 0 ? step->events : ANSWER_TOKENS;
    bool wanted = request->include_usage || step->usage_as >= 0;
    struct stream_script script = {
        .events = completion_events(step, events),
        .count = events,
        .interval_ms = step->interval_ms,
        .role = true,
        .usage = step->usage >= 0 ? step->usage : wanted,
        .finish = step->finish != 0,
        .done = true,
        .error_at = -1,
        .malformed_at = -1,
        .step = step,
    };

    healthy_draft_stream(draft, &script, request);
}
