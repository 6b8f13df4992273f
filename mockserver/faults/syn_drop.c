#include "mockserver/fault.h"

/* The listener leaves connections unanswered; who gets here all the same meets
 * the nearest thing: a connection that is open and says nothing. */
void fault_syn_drop_draft(struct draft *draft, const struct step *step,
                          const struct fault_request *request)
{
    (void)step;
    (void)request;
    draft->cut = (struct point){ .at = POINT_ACCEPT };
    draft->end = STEP_END_HANG;
}
