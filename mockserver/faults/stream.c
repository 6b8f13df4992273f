#include "mockserver/fault.h"

#include "common/answer.h"
#include "mockserver/healthy.h"

/* Heartbeats go on for so long, and never more than so many; then silence. */
#define COMMENTS_FOR_MS 120000
#define COMMENTS_MOST   10000

static void draft_comments(struct draft *draft, int64_t every_ms)
{
    int64_t most = COMMENTS_FOR_MS / every_ms;

    healthy_draft_stream_head(draft);
    for (int64_t i = 0; i < most && i < COMMENTS_MOST; i++)
        healthy_add_comment(draft, i ? every_ms : 0);
    draft->cut = (struct point){ .at = POINT_BODY_PERCENT, .value = 100 };
    draft->end = STEP_END_HANG;
}

static void draft_role(struct draft *draft, const struct fault_request *request)
{
    healthy_draft_stream_head(draft);
    healthy_add_role(draft, request);
    draft->cut = (struct point){ .at = POINT_BODY_PERCENT, .value = 100 };
    draft->end = STEP_END_HANG;
}

/* An error event ends the stream unless the step says otherwise. */
static bool is_on(int64_t set, bool otherwise)
{
    return set >= 0 ? set > 0 : otherwise;
}

void fault_stream_draft(struct draft *draft, const struct step *step,
                        const struct fault_request *request)
{
    bool error = step->error_at >= 0;
    int64_t events = step->events >= 0 ? step->events : ANSWER_TOKENS;
    struct stream_script script = {
        .events = completion_events(step, events),
        .count = events > ANSWER_TOKENS ? events : ANSWER_TOKENS,
        .interval_ms = step->interval_ms,
        .comment_every_ms = step->comment_every_ms,
        .role = step->role_only > 0 ||
                (events > 0 && (step->error_at != 0 || step->after_error == 1)),
        .usage = is_on(step->usage, step->usage_as >= 0 ||
                                        (request->include_usage && !error)),
        .finish = is_on(step->finish, !error),
        .done = is_on(step->done, !error),
        .error_at = step->error_at,
        .malformed_at = step->malformed_at,
        .step = step,
    };

    if (step->comments_only > 0 && !error)
        draft_comments(
            draft, step->comment_every_ms > 0 ? step->comment_every_ms : 1000);
    else if (step->role_only > 0 && !error)
        draft_role(draft, request);
    else
        healthy_draft_stream(draft, &script, request);
}
