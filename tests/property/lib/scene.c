#include "tests/property/lib/scene.h"

#include <inttypes.h>

#include "mockserver/delivery.h"
#include "mockserver/fault.h"
#include "tests/property/lib/rehearsal.h"

#define SCENE_WALL_MS  1782295200250 /* 2026-06-24T10:00:00.250Z */
#define SCENE_SLACK_MS 2000          /* as a trial's client waits */

const char *const scene_checks[] = { "fault_delivered",
                                     "attempts_per_upstream",
                                     "attempts_total",
                                     "fallback_decision",
                                     "auth_fail_closed",
                                     "client_status",
                                     "client_outcome",
                                     "honest_end",
                                     "client_framing",
                                     "gap_bounds",
                                     "no_overlap",
                                     "total_time",
                                     "no_late_attempts",
                                     "not_cached",
                                     "one_credential",
                                     "same_body",
                                     NULL };

void scene_draw(struct scene *scene, uint64_t seed, enum lottery_kind kind)
{
    struct lottery lottery = lottery_of(seed);

    *scene = (struct scene){ .stream = lottery_chance(&lottery, 50) };
    lottery_runbook(&scene->runbook, &lottery, kind);
    lottery_script(&scene->primary, &lottery, kind, scene->stream);
    lottery_script(&scene->fallback, &lottery, kind, scene->stream);
}

/* --- the upstream -------------------------------------------------------- */

struct upstreams {
    struct scene *scene;
    struct plan plans[REHEARSAL_ATTEMPTS]; /* by attempt */
    size_t count;
    struct lottery lottery;
};

static const struct step *step_for(const struct scene *scene,
                                   const char *upstream, int64_t ordinal)
{
    const struct case_upstream *upstreams = scene->stage.d.phase.upstreams;

    return script_step(&upstreams[strcmp(upstream, "primary") != 0].script,
                       ordinal);
}

static void add_piece(struct rehearsal_wire *wire, int64_t at_ms,
                      const void *bytes, size_t length)
{
    wire->pieces =
        xgrow(wire->pieces, wire->count, &wire->capacity, sizeof *wire->pieces);
    wire->pieces[wire->count++] =
        (struct rehearsal_piece){ at_ms * NS_PER_MS, wire->bytes.length,
                                  length };
    buf_add(&wire->bytes, bytes, length);
}

static void reply(struct rehearsal_wire *wire, const struct plan *plan)
{
    struct buf bytes = { 0 };

    buf_printf(&bytes, "HTTP/1.1 %d Status\r\n", (int)plan->status);
    for (size_t i = 0; i < plan->header_count; i++)
        buf_printf(&bytes, "%s: %s\r\n", plan->headers[i].name,
                   plan->headers[i].value);
    buf_printf(&bytes, "Content-Length: %zu\r\n\r\n", plan->body.length);
    buf_add(&bytes, plan->body.data, plan->body.length);
    add_piece(wire, plan->wait_ms, bytes.data, bytes.length);
    buf_release(&bytes);
}

static int64_t act_out(struct rehearsal_wire *wire, const struct plan *plan)
{
    int64_t at_ms = 0;

    for (size_t i = 0; i < plan->act_count; i++) {
        const struct act *act = &plan->acts[i];

        if (act->kind == ACT_WAIT)
            at_ms += act->wait_ms;
        else if (act->kind == ACT_SEND && act->length)
            add_piece(wire, at_ms, plan->bytes.data + act->from, act->length);
    }
    return at_ms;
}

static void meet(void *user, const struct rehearsal_attempt *attempt,
                 struct rehearsal_wire *out)
{
    struct upstreams *all = user;
    const struct step *step =
        step_for(all->scene, attempt->upstream, attempt->ordinal);
    struct plan *plan = &all->plans[all->count++];
    struct fault_request request = {
        .upstream = attempt->upstream,
        .attempt = attempt->ordinal,
        .id = { 1, 1 },
        .stream = all->scene->stream,
        .model = "drill-model",
        .dialect = dialects[0],
        .wall_ms = SCENE_WALL_MS + attempt->begin_ns / NS_PER_MS,
        .credential_accepted = true,
        .request_number = all->count,
    };
    int64_t end_ms;

    out->refused = step->fault == FAULT_refuse;
    if (out->refused)
        return;
    fault_plan(plan, step, &request);
    if (!plan->raw) {
        reply(out, plan);
        return;
    }
    end_ms = act_out(out, plan);
    out->end_ns = end_ms * NS_PER_MS;
    out->end = plan->end == STEP_END_FIN   ? REHEARSAL_END_FIN
               : plan->end == STEP_END_RST ? REHEARSAL_END_RST
                                           : REHEARSAL_END_OPEN;
    out->overtook = plan->when == PLAN_AT_ACCEPT &&
                    out->end == REHEARSAL_END_RST &&
                    lottery_chance(&all->lottery, 30);
}

/* --- the history --------------------------------------------------------- */

static int64_t at_ns(int64_t ns)
{
    return stage_ns(0) + ns;
}

/* What the wire did until the gateway had done with it. */
static void deliver(struct attempt *a, const struct plan *plan,
                    const struct rehearsal_attempt *seen)
{
    int64_t lasts_ms = (seen->over_ns - seen->begin_ns) / NS_PER_MS;
    int64_t at_ms = plan->raw ? 0 : plan->wait_ms;
    size_t sent = 0;

    a->times_ns.first_sent = a->times_ns.last_sent = 0;
    for (size_t i = 0; plan->raw && i < plan->act_count; i++) {
        const struct act *act = &plan->acts[i];

        if (act->kind == ACT_WAIT)
            at_ms += act->wait_ms;
        if (act->kind != ACT_SEND || at_ms > lasts_ms)
            continue;
        sent = act->from + act->length;
        a->times_ns.last_sent = at_ns(seen->begin_ns + at_ms * NS_PER_MS);
        if (!a->times_ns.first_sent)
            a->times_ns.first_sent = a->times_ns.last_sent;
    }
    if (!plan->raw && at_ms <= lasts_ms) {
        sent = 1;
        a->times_ns.first_sent = a->times_ns.last_sent =
            at_ns(seen->begin_ns + at_ms * NS_PER_MS);
    }
    a->delivered.head_complete =
        plan->raw ? plan->head_bytes && sent >= plan->head_bytes : sent > 0;
    a->delivered.status = a->delivered.head_complete ? plan->status : -1;
    a->delivered.peer_closed_first = seen->left;
    a->times_ns.peer_closed = at_ns(seen->over_ns);
    a->times_ns.end = at_ns(seen->over_ns);
    if (seen->left || plan->end == STEP_END_HANG)
        a->delivered.end = ATTEMPT_END_PEER_FIN;
    else
        a->delivered.end = delivery_planned_end(plan->end);
}

static void record_attempt(struct scene *scene, const struct plan *plan,
                           const struct rehearsal_attempt *seen)
{
    const struct step *step = step_for(scene, seen->upstream, seen->ordinal);
    struct attempt *a;

    if (step->fault == FAULT_refuse)
        return;
    a = stage_attempt(&scene->stage, seen->upstream, plan->status, 0);
    a->id = (struct drill_id){ 1, 1 };
    a->times_ns.accept = at_ns(seen->begin_ns);
    a->times_ns.first_byte = a->times_ns.head = a->times_ns.body =
        plan->raw && plan->when == PLAN_AT_ACCEPT ? 0 : at_ns(seen->begin_ns);
    snprintf(a->planned.fault, sizeof a->planned.fault, "%s",
             fault_rows[step->fault].name);
    deliver(a, plan, seen);
    if (plan->raw && plan->when == PLAN_AT_ACCEPT) {
        a->request.body = ATTEMPT_BODY_NONE;
        a->request.body_sha256[0] = a->request.method[0] = '\0';
        a->request.credential_count = 0;
    }
}

static void record_client(struct scene *scene, const struct rehearsal *played)
{
    struct http_trace *trace = &scene->stage.request.trace;

    *trace = (struct http_trace){
        .start_ns = at_ns(0),
        .connected_ns = at_ns(0),
        .sent_ns = at_ns(0),
        .end_ns = at_ns(played->end_ns),
        .stream_asked = scene->stream,
        .tag = answer_tag((struct drill_id){ 1, 1 }),
        .end = played->left    ? TRACE_END_TIMEOUT
               : played->whole ? TRACE_END_FRAMED
                               : TRACE_END_FIN,
    };
    for (size_t i = 0; i < played->piece_count; i++) {
        const struct rehearsal_piece *piece = &played->pieces[i];

        http_trace_add_read(trace, played->answer.data + piece->from,
                            piece->length, at_ns(piece->at_ns));
    }
    http_trace_decode(trace);
    scene->stage.o.listened_until_ns = trace->end_ns + 300 * NS_PER_MS;
}

static void record_refusals(struct scene *scene)
{
    struct observation *o = &scene->stage.o;

    o->refusals = scene->refusals;
    for (size_t i = 0; i < scene->stage.d.phase.upstream_count; i++) {
        struct observed_refusal *refusal = &scene->refusals[o->refusal_count++];

        refusal->refused_before = refusal->refused_after = true;
        snprintf(refusal->upstream, UPSTREAM_NAME_SIZE, "%s",
                 scene->stage.d.phase.upstreams[i].name);
    }
}

bool scene_play(struct scene *scene, uint64_t seed, struct err *err)
{
    struct stage *stage = &scene->stage;
    struct upstreams upstreams = { .scene = scene,
                                   .lottery = lottery_of(~seed) };
    struct rehearsal played;
    struct rehearsal_plan plan = { .stream = scene->stream,
                                   .seed = seed,
                                   .wall_ms = SCENE_WALL_MS,
                                   .meet = meet,
                                   .user = &upstreams };

    stage_init(stage, buf_text(&scene->runbook), scene->stream,
               buf_text(&scene->primary), buf_text(&scene->fallback));
    plan.runbook = stage->d.runbook.document;
    plan.client_until_ns =
        (allowed_patience_ms(&stage->allowed, &stage->d.runbook) +
         SCENE_SLACK_MS) *
        NS_PER_MS;
    if (!rehearsal_run(&played, &plan, err))
        return false;
    for (size_t i = 0; i < played.attempt_count; i++)
        record_attempt(scene, &upstreams.plans[i], &played.attempts[i]);
    record_client(scene, &played);
    record_refusals(scene);
    for (size_t i = 0; i < upstreams.count; i++)
        plan_release(&upstreams.plans[i]);
    rehearsal_release(&played);
    return true;
}

void scene_release(struct scene *scene)
{
    http_trace_release(&scene->stage.request.trace);
    allowed_release(&scene->stage.allowed);
    drill_script_release(&scene->stage.d);
    buf_release(&scene->runbook);
    buf_release(&scene->primary);
    buf_release(&scene->fallback);
}

const char *scene_objection(const struct scene *scene, struct finding *out)
{
    for (size_t i = 0; scene_checks[i]; i++) {
        *out = stage_judge(&scene->stage, scene_checks[i]);
        if (out->verdict != VERDICT_PASS &&
            out->verdict != VERDICT_NOT_APPLICABLE)
            return scene_checks[i];
    }
    return NULL;
}

void scene_write(struct buf *out, const struct scene *scene)
{
    const struct stage *stage = &scene->stage;
    const struct http_trace *trace = &stage->request.trace;

    buf_printf(out, "runbook  %s\nprimary  %s\nfallback %s\nstream   %d\n",
               buf_text(&scene->runbook), buf_text(&scene->primary),
               buf_text(&scene->fallback), scene->stream);
    for (size_t i = 0; i < stage->o.attempt_count; i++) {
        const struct attempt *a = &stage->attempts[i];

        buf_printf(out, "attempt  %s %d: %s, %d to %d ms, status %d%s\n",
                   a->upstream, (int)a->ordinal, a->planned.fault,
                   (int)((a->times_ns.accept - stage_ns(0)) / NS_PER_MS),
                   (int)((a->times_ns.end - stage_ns(0)) / NS_PER_MS),
                   (int)a->delivered.status,
                   a->delivered.peer_closed_first ? ", left" : "");
    }
    buf_printf(out, "client   %s, status %d, %d ms, tokens %s\n",
               trace_outcome_names[trace->outcome], (int)trace->status,
               (int)((trace->end_ns - stage_ns(0)) / NS_PER_MS),
               answer_shape_names[trace->shape]);
    allowed_write(out, &stage->allowed);
}
