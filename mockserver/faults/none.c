#include "mockserver/fault.h"

#include "mockserver/healthy.h"

void fault_none_draft(struct draft *draft, const struct step *step,
                      const struct fault_request *request)
{
    healthy_draft(draft, step, request);
    if (step->status >= 0 && draft->status == 200)
        draft->status = step->status;
}
