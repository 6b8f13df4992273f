#include "mockserver/fault.h"

#include "mockserver/healthy.h"

void fault_dribble_draft(struct draft *draft, const struct step *step,
                         const struct fault_request *request)
{
    healthy_draft(draft, step, request);
    draft->pace_bytes = step->bytes;
    draft->pace_every_ms = step->every_ms;
}
