/* plan_view: what a client would see of a plan; and the commonest step and
 * request. */
#ifndef GATEDRILL_TESTS_UNIT_PLAN_VIEW_H
#define GATEDRILL_TESTS_UNIT_PLAN_VIEW_H

#include "mockserver/fault.h"
#include "tests/view.h"

static inline struct view view_of_reply(const struct plan *plan)
{
    struct view view = { .head_whole = true,
                         .whole = true,
                         .length = (int64_t)plan->body.length };

    buf_printf(&view.head, "HTTP/1.1 %d\r\n", (int)plan->status);
    for (size_t i = 0; i < plan->header_count; i++)
        buf_printf(&view.head, "%s: %s\r\n", plan->headers[i].name,
                   plan->headers[i].value);
    buf_add_text(&view.head, "\r\n");
    buf_add(&view.body, buf_text(&plan->body), plan->body.length);
    return view;
}

static inline struct view view_of(const struct plan *plan)
{
    return plan->raw ? view_of_bytes(buf_text(&plan->bytes), plan->bytes.length)
                     : view_of_reply(plan);
}

/* A step that sets nothing but its fault. */
static inline struct step blank_step(enum fault fault)
{
    struct step step;

    step_init(&step, fault);
    return step;
}

/* 2026-06-24T10:00:00.250Z */
#define SOME_WALL_MS 1782295200250

static inline struct fault_request some_request(bool stream)
{
    return (struct fault_request){
        .upstream = "primary",
        .attempt = 2,
        .id = { .nonce = 0x0123456789ab, .epoch = 1 },
        .stream = stream,
        .model = "drill-model",
        .dialect = dialects[0],
        .wall_ms = SOME_WALL_MS,
        .completion_canary = "CANARYcompletion7d1e",
        .error_canary = "CANARYerror55aa",
        .credential_accepted = true,
        .request_number = 7,
    };
}

#endif
