#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "mockserver/delivery.h"
#include "mockserver/echo.h"
#include "mockserver/exchange.h"
#include "mockserver/fault.h"
#include "mockserver/lease.h"
#include "mockserver/place.h"
#include "mockserver/turn.h"

static const char late_accept[] =
    "the connection was open already: acted after it was accepted";
static const char late_head[] =
    "not known in time whose it is: acted after the whole request";
static const char refused_late[] =
    "the connection came in before the port was closed";

static const char nothing_to_echo[] =
    "the request brought nothing that could be sent back";
static const char no_such_place[] =
    "the redirect names an upstream that is not there";

static struct selection exchange_select(const struct exchange *e,
                                        enum exchange_stage stage)
{
    const struct listener *listener = e->connection->listener;
    const char *model = e->arrival.model;
    bool by_model = model && !strncmp(model, "drill/", 6);
    struct select_input input = {
        .cases = &e->mock->cases,
        .lease =
            listener->slot ? listener->slot->lease : (struct drill_id){ 0 },
        .text = e->arrival.text,
        .header = e->arrival.header,
        .trace = e->arrival.trace,
        .path_name = e->arrival.path_name,
        .model_name = by_model && stage == EXCHANGE_AT_END ? model + 6 : NULL,
        .default_name = listener->alone ? "" : NULL,
    };

    return select_case(&input);
}

static const struct script *exchange_script(const struct exchange *e,
                                            const struct selection *selection)
{
    return selection->of ? case_script(selection->of, selection->id.epoch,
                                       e->connection->listener->upstream)
                         : NULL;
}

/* Which of the listener's keys the request brought, from 1; 0: none. */
static int64_t exchange_key(const struct exchange *e)
{
    const struct listener *l = e->connection->listener;

    for (size_t i = 0; i < e->attempt.request.credential_count; i++)
        for (size_t k = 0; k < l->accept_count; k++)
            if (!strcmp(l->accept[k],
                        e->attempt.request.credentials[i].fingerprint))
                return (int64_t)k + 1;
    return 0;
}

/* The same time for every look, so that all of them see the same step. */
static struct turn exchange_turn(struct exchange *e,
                                 const struct selection *selection)
{
    if (!e->asked_ns)
        e->asked_ns = clock_now_ns();
    return (struct turn){ .epoch = selection->id.epoch,
                          .upstream = e->connection->listener->upstream,
                          .key = exchange_key(e),
                          .now_ns = e->asked_ns };
}

/* The step an attempt of that number meets; healthy without a script. */
static const struct step *exchange_step(struct exchange *e,
                                        const struct selection *selection,
                                        int64_t number)
{
    const struct script *script = exchange_script(e, selection);
    const struct script *healthy = &e->mock->healthy;
    const struct step *step;
    struct turn turn;

    if (!script || !script_is_staged(script))
        return script_step(script ? script : healthy, number);
    if (e->counted)
        return e->met ? e->met : script_step(healthy, 1);
    turn = exchange_turn(e, selection);
    step = turn_look(selection->of, &turn);
    return step ? step : script_step(healthy, 1);
}

/* Steps of a staged script go with the number. */
static void exchange_take_turn(struct exchange *e, bool back)
{
    const struct script *script = exchange_script(e, &e->selection);
    struct turn turn;

    e->met = NULL;
    if (!script || !script_is_staged(script))
        return;
    turn = exchange_turn(e, &e->selection);
    if (back)
        turn_untake(e->selection.of, &turn);
    else
        e->met = turn_take(e->selection.of, &turn);
}

static void exchange_uncount(struct exchange *e)
{
    if (e->counted) {
        case_untake(e->selection.of, e->selection.id.epoch, e->attempt.upstream,
                    e->attempt.ordinal);
        exchange_take_turn(e, true);
    }
    e->counted = false;
    e->attempt.ordinal = 0;
}

/* Writes the selection into the attempt; a number under another one is taken
 * back. */
static void exchange_adopt(struct exchange *e,
                           const struct selection *selection, bool chat)
{
    if (e->selection.of != selection->of ||
        e->selection.id.epoch != selection->id.epoch)
        exchange_uncount(e);
    case_hold(selection->of);
    case_drop(e->selection.of);
    e->selection = *selection;
    e->attempt.id = selection->id;
    e->attempt.by = selection->by;
    e->attempt.foreign = selection->foreign;
    e->attempt.contradiction = selection->contradiction;
    e->attempt.late = selection->late;
    e->attempt.other_route = !chat && !selection->foreign;
}

static void exchange_count(struct exchange *e,
                           const struct selection *selection, bool chat)
{
    struct mock_case *of = selection->of;

    exchange_adopt(e, selection, chat);
    if (e->counted || !of || !chat)
        return;
    if (selection->id.epoch > of->highest_epoch)
        of->highest_epoch = selection->id.epoch;
    e->attempt.ordinal =
        case_take(of, selection->id.epoch, e->attempt.upstream);
    exchange_take_turn(e, false);
    e->counted = true;
}

void exchange_identify(struct exchange *e)
{
    struct selection selection = exchange_select(e, EXCHANGE_AT_END);

    exchange_adopt(e, &selection, false);
}

static bool exchange_key_accepted(const struct exchange *e)
{
    if (e->connection->listener->accept_any)
        return true;
    for (size_t i = 0; i < e->attempt.request.credential_count; i++)
        if (e->attempt.request.credentials[i].accepted)
            return true;
    return false;
}

static bool needs_accept(const struct step *step)
{
    return fault_is_closed_port(step->fault) || step->at.at == POINT_ACCEPT ||
           step->end_at.at == POINT_ACCEPT;
}

/* True when the step behind this one needs a fresh connection: then this
 * answer must not leave one open. */
static bool exchange_next_needs_accept(const struct exchange *e,
                                       const struct selection *selection,
                                       int64_t number)
{
    const struct script *script = exchange_script(e, selection);
    bool staged = script && script_is_staged(script);

    if (!script)
        return false;
    /* Of a staged script any step may be next. */
    for (size_t i = 0; staged && i < script->count; i++)
        if (needs_accept(&script->steps[i]))
            return true;
    return !staged && needs_accept(script_step(script, number + 1));
}

static void exchange_read_echo(struct exchange *e, const struct step *step,
                               struct echo *echo)
{
    const struct inbound *in = &e->connection->tap.in;
    struct head head;

    head_read(&head, buf_text(&in->head), in->head.length);
    echo_read(echo, &head, e->body.data, e->body.length);
    if (step->echo.what == STEP_ECHO_PROMPT ? !echo->prompt
                                            : !echo->header_count)
        e->upset = nothing_to_echo;
}

static const char *either(const char *planted, const char *otherwise)
{
    return planted ? planted : otherwise;
}

/* Of what is planted only where a step asks for it. */
static struct fault_plants exchange_plants(const struct arming_plant *plant,
                                           const struct step *step)
{
    bool both = step->account == STEP_ACCOUNT_BOTH;
    struct fault_plants out = { 0 };

    if (step->reasoning == 1)
        out.reasoning = either(plant->reasoning, "It is a short answer.");
    if (step->tool_calls == 1)
        out.tool_call = plant->tool_call;
    if (both || step->account == STEP_ACCOUNT_USAGE)
        out.account = either(plant->account, "12.50 USD");
    if (both || step->account == STEP_ACCOUNT_HEADER)
        out.account_header = either(plant->account_header, "12.50");
    return out;
}

static void exchange_make_plan(struct exchange *e,
                               const struct selection *selection,
                               const struct step *step, int64_t number)
{
    bool last = exchange_next_needs_accept(e, selection, number);
    const struct arming *arming =
        selection->of ? case_arming(selection->of, selection->id.epoch) : NULL;
    const struct arming_plant plant =
        arming ? arming->plant : (struct arming_plant){ 0 };
    struct fault_request request = {
        .upstream = e->connection->listener->upstream,
        .attempt = number,
        .id = selection->id,
        .stream = e->arrival.stream,
        .include_usage = e->arrival.include_usage,
        .model = e->arrival.model ? e->arrival.model : "",
        .dialect = e->connection->listener->dialect,
        .wall_ms = clock_wall_ms(),
        .completion_canary = plant.completion,
        .error_canary = plant.error,
        .plants = exchange_plants(&plant, step),
        .credential_accepted = exchange_key_accepted(e),
        .request_number = ++e->mock->request_number,
        .http_1_0 = e->arrival.http_1_0,
        .last_answer = last || e->arrival.wants_close,
    };

    struct buf location = { 0 };
    struct echo echo = { 0 };

    if (step->location && !place_resolve(&location, step->location,
                                         e->connection->listener->slot))
        e->upset = no_such_place;
    request.location = step->location ? buf_text(&location) : NULL;
    if (step->echo.what >= 0)
        exchange_read_echo(e, step, &echo);
    request.echo = echo_view(&echo);
    plan_release(&e->plan);
    fault_plan(&e->plan, step, &request);
    buf_release(&location);
    echo_release(&echo);
    if (last && !e->plan.raw)
        plan_add_header(&e->plan, "Connection", "close");
}

static void exchange_describe_plan(struct exchange *e)
{
    e->has_plan = true;
    e->attempt.planned.status = e->plan.status;
    e->attempt.planned.end = delivery_planned_end(e->plan.end);
}

/* What answers an arrival that has no step: nobody's, or another route. */
static void exchange_plan_neutral(struct exchange *e)
{
    struct dialect_error error = { .status = 404 };
    const struct dialect *dialect = e->connection->listener->dialect;
    char request_id[DIALECT_REQUEST_ID_SIZE];

    dialect_request_id(request_id, clock_wall_ms(), ++e->mock->request_number);
    error.request_id = request_id;
    plan_release(&e->plan);
    e->plan = (struct plan){ .when = PLAN_AT_REQUEST,
                             .status = 404,
                             .end = STEP_END_KEEP };
    plan_add_header(&e->plan, "Content-Type", "application/json");
    plan_add_header(&e->plan, dialect->request_id_header, request_id);
    dialect->error_body(&e->plan.body, &error);
    snprintf(e->attempt.planned.text, sizeof e->attempt.planned.text, "%s",
             e->attempt.foreign ? "404 to a request of no case"
                                : "404 to another route");
    exchange_describe_plan(e);
}

/* A plan that should have begun before this stage. */
static const char *exchange_lateness(const struct plan *plan,
                                     const struct step *step,
                                     enum exchange_stage stage)
{
    if (stage == EXCHANGE_AT_ACCEPT)
        return NULL;
    if (fault_is_closed_port(step->fault))
        return refused_late;
    if (plan->when == PLAN_AT_ACCEPT)
        return late_accept;
    if (plan->when == PLAN_AT_REQUEST_HEAD && stage == EXCHANGE_AT_END)
        return late_head;
    return NULL;
}

static void exchange_settle(struct exchange *e, const struct step *step,
                            enum exchange_stage stage)
{
    struct buf text = { 0 };
    const char *late = exchange_lateness(&e->plan, step, stage);

    if (late)
        e->upset = late;
    step_describe(&text, step);
    snprintf(e->attempt.planned.fault, sizeof e->attempt.planned.fault, "%s",
             fault_rows[step->fault].name);
    snprintf(e->attempt.planned.text, sizeof e->attempt.planned.text, "%s",
             buf_text(&text));
    buf_release(&text);
    exchange_describe_plan(e);
    /* Before a byte of this answer is out, lest the next attempt be faster. */
    lease_apply(e->connection->listener);
}

bool exchange_choose(struct exchange *e, enum exchange_stage stage)
{
    struct selection selection = exchange_select(e, stage);
    bool chat = stage == EXCHANGE_AT_ACCEPT ||
                select_is_chat(e->attempt.request.method, e->arrival.path);
    bool at_end = stage == EXCHANGE_AT_END;
    const struct step *step;
    int64_t number = 1;

    if (at_end && (selection.foreign || !chat)) {
        exchange_count(e, &selection, chat);
        exchange_plan_neutral(e);
        return true;
    }
    if (!at_end && (!selection.of || !chat))
        return false;
    /* Leased, the head is enough to count it; an id in the text can still say
     * that it belongs to an epoch that is over. */
    if (at_end ||
        (stage == EXCHANGE_AT_HEAD && selection.by == ATTEMPT_BY_LEASE))
        exchange_count(e, &selection, chat);
    if (e->counted)
        number = e->attempt.ordinal;
    else if (selection.of)
        number =
            case_next(selection.of, selection.id.epoch, e->attempt.upstream);
    step = exchange_step(e, &selection, number);
    if (stage == EXCHANGE_AT_HEAD)
        e->connection->tap.mute_continue =
            step->interim.declared && !step->interim.count;
    if (!at_end && !step_needs_lease(step))
        return false;
    exchange_make_plan(e, &selection, step, number);
    if ((stage == EXCHANGE_AT_ACCEPT && e->plan.when != PLAN_AT_ACCEPT) ||
        (stage == EXCHANGE_AT_HEAD && e->plan.when == PLAN_AT_REQUEST))
        return false;
    exchange_count(e, &selection, chat);
    exchange_settle(e, step, stage);
    return true;
}
