#include "mockserver/fault.h"

#include "mockserver/healthy.h"

/* Announced beyond a body that is sent whole, so that something is missing. */
#define MISSING_BYTES 64

/* How much of the body the parameters mean; half of it by default. */
static int64_t share_of(const struct step *step, int64_t length)
{
    int64_t percent = step->percent >= 0 ? step->percent : 50;

    return step->bytes >= 0 ? step->bytes : length * percent / 100;
}

void fault_truncate_draft(struct draft *draft, const struct step *step,
                          const struct fault_request *request)
{
    int64_t length;
    int64_t share;

    healthy_draft(draft, step, request);
    draft->framing = STEP_FRAMING_LENGTH;
    draft->end = STEP_END_FIN;
    length = (int64_t)draft->body.length;
    share = share_of(step, length);
    if (step->content_length == STEP_LENGTH_LONG) {
        draft->cut = (struct point){ .at = POINT_BODY_BYTES, .value = share };
        draft->announced_bytes =
            share < length ? length : length + MISSING_BYTES;
    } else {
        draft->announced_bytes = share < length ? share : length - 1;
        draft->at_once = true;
    }
}
