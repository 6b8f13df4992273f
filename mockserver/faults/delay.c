#include "mockserver/fault.h"

#include "mockserver/healthy.h"

void fault_delay_draft(struct draft *draft, const struct step *step,
                       const struct fault_request *request)
{
    healthy_draft(draft, step, request);
    draft->wait_ms = step->ms;
}
