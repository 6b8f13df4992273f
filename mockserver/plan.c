#include "mockserver/plan.h"

#include <stdlib.h>

#include "common/xalloc.h"

void plan_release(struct plan *plan)
{
    if (!plan)
        return;
    for (size_t i = 0; i < plan->header_count; i++) {
        free(plan->headers[i].name);
        free(plan->headers[i].value);
    }
    free(plan->headers);
    free(plan->acts);
    buf_release(&plan->body);
    buf_release(&plan->bytes);
    *plan = (struct plan){ 0 };
}

void plan_add_header(struct plan *plan, const char *name, const char *value)
{
    plan->headers = xgrow(plan->headers, plan->header_count,
                          &plan->header_capacity, sizeof *plan->headers);
    plan->headers[plan->header_count++] =
        (struct step_header){ xstrdup(name), xstrdup(value) };
}

static struct act *plan_add_act(struct plan *plan, enum act_kind kind)
{
    struct act *act;

    plan->raw = true;
    plan->acts = xgrow(plan->acts, plan->act_count, &plan->act_capacity,
                       sizeof *plan->acts);
    act = &plan->acts[plan->act_count++];
    *act = (struct act){ .kind = kind };
    return act;
}

void plan_add_wait(struct plan *plan, int64_t ms)
{
    plan_add_act(plan, ACT_WAIT)->wait_ms = ms;
}

void plan_add_send(struct plan *plan, const void *bytes, size_t length)
{
    struct act *act = plan_add_act(plan, ACT_SEND);

    act->from = plan->bytes.length;
    act->length = length;
    buf_add(&plan->bytes, bytes, length);
}

void plan_add_event_mark(struct plan *plan)
{
    plan_add_act(plan, ACT_EVENT);
    plan->events++;
}

void plan_add_end(struct plan *plan, enum step_end end)
{
    plan_add_act(plan, ACT_END)->end = end;
    plan->end = end;
}
