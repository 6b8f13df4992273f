#include "mockserver/fault.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "mockserver/render.h"

static fault_draft_function *const functions[FAULT_COUNT] = {
#define FAULT(name, effect, parameters, text)                                  \
    [FAULT_##name] = fault_##name##_draft,
#include "common/fault_list.h"
#undef FAULT
};

static void add_date(struct draft *draft, const char *name, int64_t wall_ms,
                     enum clock_http_date format)
{
    char date[64];

    clock_format_http(date, sizeof date, (time_t)(wall_ms / 1000), format);
    draft_add_header(draft, name, date);
}

/* One clock for Date and Retry-After: the moment the answer starts. */
static void add_own_headers(struct draft *draft,
                            const struct fault_request *request)
{
    char request_id[DIALECT_REQUEST_ID_SIZE];

    dialect_request_id(request_id, request->wall_ms, request->request_number);
    add_date(draft, "Date", draft->wall_ms + draft->wait_ms,
             CLOCK_HTTP_DATE_IMF);
    draft_add_header(draft, request->dialect->request_id_header, request_id);
}

static void add_retry_after(struct draft *draft,
                            const struct step_retry_after *retry_after)
{
    char number[24];

    if (retry_after->seconds >= 0) {
        snprintf(number, sizeof number, "%" PRId64, retry_after->seconds);
        draft_add_header(draft, "Retry-After", number);
    }
    if (retry_after->date_in_ms != -1)
        add_date(draft, "Retry-After",
                 draft->wall_ms + draft->wait_ms + retry_after->date_in_ms,
                 (enum clock_http_date)retry_after->format);
    if (retry_after->raw)
        draft_add_header(draft, "Retry-After", retry_after->raw);
    if (retry_after->ms >= 0) {
        snprintf(number, sizeof number, "%" PRId64, retry_after->ms);
        draft_add_header(draft, "retry-after-ms", number);
    }
}

/* A header the step names stands in place of ours; named twice, it comes
 * twice. */
static void add_step_headers(struct draft *draft, const struct step *step)
{
    const struct step_header *headers = step->headers.items;

    for (size_t i = 0; i < step->headers.count; i++)
        draft_remove_header(draft, headers[i].name);
    for (size_t i = 0; i < step->headers.count; i++)
        draft_add_header(draft, headers[i].name, headers[i].value);
}

static void modify_end(struct draft *draft, const struct step *step)
{
    bool silent = draft->status < 0 && !draft->garbage.length;

    if (step->end_how < 0 || silent)
        return;
    draft->end = (enum step_end)step->end_how;
    if (step->end_at.at == POINT_UNSET || step->end_at.at == POINT_END)
        return;
    draft->cut = step->end_at;
    buf_clear(&draft->tail);
}

static void modify(struct draft *draft, const struct step *step,
                   const struct fault_request *request)
{
    if (step->before_ms > 0)
        draft->wait_ms += step->before_ms;
    if (step->framing >= 0)
        draft->framing = (enum step_framing)step->framing;
    else if (request->http_1_0 && draft->framing == STEP_FRAMING_CHUNKED)
        draft->framing = STEP_FRAMING_CLOSE;
    if (step->pace_bytes > 0) {
        draft->pace_bytes = step->pace_bytes;
        draft->pace_every_ms = step->pace_every_ms;
    }
    modify_end(draft, step);
    add_own_headers(draft, request);
    add_retry_after(draft, &step->retry_after);
    add_step_headers(draft, step);
    draft->last_answer = request->last_answer;
}

void fault_plan(struct plan *plan, const struct step *step,
                const struct fault_request *request)
{
    struct draft draft;

    draft_init(&draft, request->wall_ms);
    functions[step->fault](&draft, step, request);
    modify(&draft, step, request);
    render_plan(plan, &draft);
    draft_release(&draft);
}
