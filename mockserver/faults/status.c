#include "mockserver/fault.h"

#include <inttypes.h>

#include "mockserver/healthy.h"
#include "mockserver/page.h"
#include "mockserver/reason.h"

static void draft_page(struct draft *draft, const struct step *step,
                       const struct fault_request *request)
{
    struct buf text = { 0 };

    page_write(&text, step->status, step->message, request->error_canary);
    draft_set_body(draft, "text/html; charset=utf-8", buf_text(&text),
                   text.length);
    buf_release(&text);
}

static void draft_text(struct draft *draft, const struct step *step,
                       const struct fault_request *request)
{
    struct buf text = { 0 };

    buf_printf(&text, "%" PRId64 " %s", step->status,
               step->message ? step->message : reason_find(step->status));
    if (request->error_canary)
        buf_printf(&text, " %s", request->error_canary);
    buf_add_text(&text, "\n");
    draft_set_body(draft, "text/plain; charset=utf-8", buf_text(&text),
                   text.length);
    buf_release(&text);
}

void fault_status_draft(struct draft *draft, const struct step *step,
                        const struct fault_request *request)
{
    draft->status = step->status;
    if (step->location)
        draft_add_header(draft, "Location",
                         request->location ? request->location
                                           : step->location);
    if (step->status < 200 || step->status == 204 || step->status == 304)
        return;
    switch (step->body >= 0 ? (enum step_status_body)step->body
                            : STEP_STATUS_BODY_DIALECT) {
    case STEP_STATUS_BODY_DIALECT:
        healthy_draft_error(draft,
                            &(struct healthy_error){
                                .status = step->status,
                                .code = step->code,
                                .type = step->error_type,
                                .message = step->message,
                            },
                            request);
        break;
    case STEP_STATUS_BODY_EMPTY:
        break;
    case STEP_STATUS_BODY_HTML:
        draft_page(draft, step, request);
        break;
    case STEP_STATUS_BODY_TEXT:
        draft_text(draft, step, request);
        break;
    }
}
