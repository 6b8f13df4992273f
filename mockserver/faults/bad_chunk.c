#include "mockserver/fault.h"

#include "mockserver/healthy.h"

void fault_bad_chunk_draft(struct draft *draft, const struct step *step,
                           const struct fault_request *request)
{
    healthy_draft(draft, step, request);
    draft->framing = STEP_FRAMING_CHUNKED;
    draft->cut = step->at;
    if (draft->cut.at == POINT_UNSET)
        draft->cut = (struct point){ .at = POINT_BODY_PERCENT, .value = 50 };
    buf_add_text(&draft->tail, "ZZZ\r\n");
    draft->end = STEP_END_FIN;
}
