#include "mockserver/fault.h"

/* The listener refuses, so that no request gets here while it is in force. One
 * that does come (by its drill id, at a listener that is not leased) meets the
 * nearest thing: a reset before a byte is read. */
void fault_refuse_draft(struct draft *draft, const struct step *step,
                        const struct fault_request *request)
{
    (void)step;
    (void)request;
    draft->cut = (struct point){ .at = POINT_ACCEPT };
    draft->end = STEP_END_RST;
}
