#include "mockserver/fault.h"

#include "mockserver/healthy.h"

void fault_close_draft(struct draft *draft, const struct step *step,
                       const struct fault_request *request)
{
    healthy_draft(draft, step, request);
    draft->cut = step->at;
    draft->end = STEP_END_FIN;
}
