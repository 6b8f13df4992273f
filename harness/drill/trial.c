#include "harness/drill/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/drill/lateness.h"
#include "harness/oracle/oracle.h"
#include "harness/leaks/sink.h"
#include "harness/drill/trial_parts.h"

#define TRIAL_PROBE_TIMEOUT_MS 5000
#define TRIAL_QUIET_LEAST_MS   300
#define TRIAL_QUIET_MOST_MS    1500
#define TRIAL_SETTLE_MS        500
#define TRIAL_ABORT_MORE_MS    400
#define TRIAL_ABORT_MOST_MS    5000
#define TRIAL_TOLERANCE_MS     100
/* Somebody else's healthy request that took longer was kept by a gateway that
 * had been drilled, not by the machine. */
#define TRIAL_PROBE_SLOW_MS 200

int64_t trial_quiet_ms(const struct runbook *runbook)
{
    int64_t cap_ms = runbook->retry.backoff.cap_ms;

    if (!runbook->retry.backoff.declared || cap_ms < 0)
        return TRIAL_QUIET_LEAST_MS;
    cap_ms += 200;
    if (cap_ms < TRIAL_QUIET_LEAST_MS)
        return TRIAL_QUIET_LEAST_MS;
    return cap_ms > TRIAL_QUIET_MOST_MS ? TRIAL_QUIET_MOST_MS : cap_ms;
}

/* Who left the gateway like this: the case that ended on the slot last. */
static void trial_describe_probe(struct trial *t, struct observed_probe *out,
                                 const struct http_trace *trace)
{
    char before[sizeof t->slot->before];

    pthread_mutex_lock(&t->drill->lock);
    snprintf(before, sizeof before, "%s", t->slot->before);
    pthread_mutex_unlock(&t->drill->lock);
    snprintf(out->text, sizeof out->text,
             "a healthy request through the gateway gave %s (status %lld); "
             "%s%.140s",
             trace_outcome_names[trace->outcome], (long long)trace->status,
             before[0] ? "before it ran " : "nothing ran before it", before);
}

/* A healthy request of its own, the plain fixture whatever the case sends. */
static void trial_probe(struct trial *t, struct observed_probe *out,
                        const char *name)
{
    const struct case_client plain = { .credential = CASE_CREDENTIAL_VALID,
                                       .prompt_same = -1,
                                       .body_bytes = -1 };
    struct observed_request request = { 0 };
    struct mock_script script = mock_script_new();
    const struct http_trace *trace = &request.trace;
    char label[512];
    struct drill_id id;
    struct err err = { 0 };
    int64_t took_ms;

    snprintf(label, sizeof label, "%s#%lld%s/%s", t->planned->drill_case.id,
             (long long)t->planned->repeat, t->slot->kind.shared ? "" : "/own",
             name);
    id = drill_new_id(t->drill, label);
    id.epoch = 1;
    if (!mock_control_put(&t->drill->control, id, &script, &err) ||
        !trial_lease(t, id, false, &err)) {
        trial_break(t, &err);
        return;
    }
    trial_send(t, &request, &plain, id, TRIAL_PROBE_TIMEOUT_MS);
    memcpy(t->probe_trace_id, request.trace_id, sizeof t->probe_trace_id);
    out->made = true;
    out->healthy = trace->outcome == TRACE_OUTCOME_SUCCESS;
    took_ms = (trace->end_ns - trace->start_ns) / NS_PER_MS;
    if (out->healthy) {
        lateness_note_probe(trace->end_ns, trace->end_ns - trace->start_ns);
        if (took_ms > t->probe_most_ms)
            t->probe_most_ms = took_ms;
    }
    if (!out->healthy)
        trial_describe_probe(t, out, trace);
    http_trace_release(&request.trace);
    json_fields_release(&request.fields);
    trial_lease_end(t, false);
    mock_control_forget(&t->drill->control, id, &err);
}

struct trial_thread {
    struct trial *trial;
    struct observed_request *request;
    size_t phase;
    struct drill_id id;
    pthread_t thread;
    bool started;
};

static void *trial_thread_main(void *context)
{
    struct trial_thread *one = context;

    trial_send(one->trial, one->request,
               &one->trial->planned->drill_case.phases[one->phase].client,
               one->id, trial_timeout_ms(one->trial, one->phase));
    return NULL;
}

/* Of a phase of many. */
static size_t trial_requests(const struct trial *t, size_t phase)
{
    int64_t count = t->planned->drill_case.phases[phase].client.requests;

    return count > 0 ? (size_t)count : 1;
}

/* Sends `count` requests at once, of one phase, or those of each phase in turn.
 */
static void trial_send_together(struct trial *t, size_t phase, size_t count)
{
    struct observation *o = t->o;
    struct trial_thread *all = xcalloc(count, sizeof *all);
    size_t left =
        t->planned->drill_case.together ? trial_requests(t, phase) : count;

    o->requests =
        xrealloc(o->requests, (o->request_count + count) * sizeof *o->requests);
    memset(o->requests + o->request_count, 0, count * sizeof *o->requests);
    for (size_t i = 0; i < count; i++) {
        if (!left--) {
            phase++;
            left = trial_requests(t, phase) - 1;
        }
        all[i] = (struct trial_thread){
            .trial = t,
            .request = &o->requests[o->request_count + i],
            .phase = phase,
            .id = { t->id.nonce, ++t->epoch },
        };
        all[i].request->phase = phase;
    }
    for (size_t i = 0; i < count; i++) {
        if (count > 1)
            all[i].started = pthread_create(&all[i].thread, NULL,
                                            trial_thread_main, &all[i]) == 0;
        if (!all[i].started)
            trial_thread_main(&all[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (all[i].started)
            pthread_join(all[i].thread, NULL);
    o->request_count += count;
    free(all);
}

void trial_pause(const struct trial *t, int64_t ms)
{
    struct timespec due = { ms / 1000, ms % 1000 * NS_PER_MS };

    if (ms > 0 && !t->drill->cancelled)
        nanosleep(&due, NULL);
}

static bool trial_phase_requests(struct trial *t, size_t phase, struct err *err)
{
    const struct case_client *client =
        &t->planned->drill_case.phases[phase].client;
    int64_t left = client->requests > 0 ? client->requests : 1;
    int64_t together = client->concurrency > 0 ? client->concurrency : 1;

    if (!trial_arm(t, phase, (uint16_t)(t->epoch + 1), err))
        return false;
    while (left > 0 && !t->drill->cancelled) {
        int64_t now = left < together ? left : together;
        struct drill_id id = { t->id.nonce, (uint16_t)(t->epoch + 1) };

        if (!trial_lease(t, id, true, err))
            return false;
        trial_send_together(t, phase, (size_t)now);
        left -= now;
        if (left > 0)
            trial_pause(t, client->interval_ms);
    }
    return true;
}

static bool trial_phase(struct trial *t, size_t phase, struct err *err)
{
    bool reuse = t->planned->drill_case.phases[phase].client.reuse;
    bool ok;

    t->connection = reuse ? client_connection_new() : NULL;
    ok = trial_phase_requests(t, phase, err);
    client_connection_free(t->connection);
    t->connection = NULL;
    return ok;
}

/* Each request meets the script of its phase by its epoch. */
static bool trial_phases_together(struct trial *t, struct err *err)
{
    const struct drill_case *c = &t->planned->drill_case;
    struct drill_id id = { t->id.nonce, (uint16_t)(t->epoch + 1) };
    size_t count = 0;

    for (size_t phase = 0; phase < c->phase_count; phase++) {
        if (!trial_arm(t, phase, (uint16_t)(id.epoch + count), err))
            return false;
        count += trial_requests(t, phase);
    }
    if (!trial_lease(t, id, true, err))
        return false;
    trial_send_together(t, 0, count);
    return true;
}

/* After a client left, what its request may still begin must have had the time
 * to: the longest wait that a way of the oracle names, and the time to hang up.
 */
static int64_t trial_aborted_quiet_ms(const struct planned_case *planned)
{
    const struct drill_case *c = &planned->drill_case;
    int64_t closed_ms = planned->runbook->cancel.upstream_closed_within_ms;
    int64_t most_ms = 0;
    bool aborts = false;

    for (size_t p = 0; p < c->phase_count; p++) {
        const struct allowed *allowed = &planned->allowed[p];

        aborts |= c->phases[p].client.abort.when != NULL;
        for (size_t i = 0; i < allowed->path_count; i++)
            for (size_t k = 0; k < allowed->paths[i].count; k++) {
                const struct allowed_attempt *a =
                    &allowed->paths[i].attempts[k];
                int64_t more_ms = a->gap_most_ms - a->gap_least_ms;
                int64_t gap_ms = a->gap_least_ms;

                if (more_ms > 0)
                    gap_ms += more_ms > TRIAL_ABORT_MORE_MS
                                  ? TRIAL_ABORT_MORE_MS
                                  : more_ms;
                most_ms = gap_ms > most_ms ? gap_ms : most_ms;
            }
    }
    if (!aborts)
        return 0;
    most_ms += (closed_ms > 0 ? closed_ms : 0) + TRIAL_ABORT_MORE_MS;
    return most_ms > TRIAL_ABORT_MOST_MS ? TRIAL_ABORT_MOST_MS : most_ms;
}

/* Late attempts, hedges and zombies: listen until nothing more may come. */
static void trial_listen(struct trial *t, struct mock_attempts *attempts)
{
    int64_t quiet_ms = trial_quiet_ms(t->planned->runbook);
    int64_t aborted_ms = trial_aborted_quiet_ms(t->planned);
    int64_t until_ns =
        clock_now_ns() +
        (aborted_ms > quiet_ms ? aborted_ms : quiet_ms) * NS_PER_MS;
    struct err err = { 0 };
    int64_t left_ms;

    do {
        left_ms = (until_ns - clock_now_ns()) / NS_PER_MS;
        if (t->drill->cancelled)
            break;
        if (!mock_control_attempts(&t->drill->control, t->id,
                                   left_ms > 200 ? 200
                                                 : (left_ms > 0 ? left_ms : 0),
                                   false, attempts, &err)) {
            trial_break(t, &err);
            return;
        }
    } while (left_ms > 0);
    t->o->listened_until_ns = clock_now_ns();
    if (!mock_control_attempts(&t->drill->control, t->id, 0, true, attempts,
                               &err))
        trial_break(t, &err);
}

static int64_t attempt_arrival(const struct attempt *attempt)
{
    return attempt->times_ns.first_byte ? attempt->times_ns.first_byte
                                        : attempt->times_ns.accept;
}

static int attempt_earlier(const void *a, const void *b)
{
    int64_t left = attempt_arrival(a);
    int64_t right = attempt_arrival(b);

    return left < right ? -1 : left > right;
}

static void trial_take_attempts(struct trial *t, struct mock_attempts *attempts)
{
    struct observation *o = t->o;

    if (attempts->count)
        qsort(attempts->items, attempts->count, sizeof *attempts->items,
              attempt_earlier);
    o->attempts = attempts->items;
    o->attempt_count = attempts->count;
    o->open_attempts = attempts->open;
    o->foreign_count = (size_t)attempts->foreign;
    *attempts = (struct mock_attempts){ 0 };
}

static void trial_note_upstream(struct trial *t, size_t i,
                                const struct case_client *client)
{
    const struct profile_upstream *declared = t->drill->profile.upstreams.items;
    const uint8_t *secret = t->drill->control.fingerprint_key;
    const char *model =
        declared[i].model ? declared[i].model : trial_model(t, client);
    struct observation *o = t->o;

    for (size_t k = 0; k < t->slot->key_counts[i]; k++) {
        size_t at = o->key_count++;

        snprintf(o->keys[at].upstream, sizeof o->keys[at].upstream, "%s",
                 t->slot->upstreams[i].name);
        o->keys[at].number = (int64_t)k + 1;
        snprintf(o->keys[at].fingerprint, sizeof o->keys[at].fingerprint, "%s",
                 t->slot->keys[i][k].fingerprint);
        digest_fingerprint(o->keys[at].model_fingerprint, secret, model,
                           strlen(model));
    }
}

static void trial_note_keys(struct trial *t)
{
    const struct case_client *client = &t->planned->drill_case.phases[0].client;
    const char *key = trial_client_key(t, client->credential);

    digest_fingerprint(t->o->client_fingerprint,
                       t->drill->control.fingerprint_key, key, strlen(key));
    for (size_t i = 0; i < t->slot->upstream_count; i++)
        trial_note_upstream(t, i, client);
}

static bool trial_wants_probes(const struct trial *t)
{
    /* With a wrong key a healthy request is refused: that is the case. */
    return !t->slot->kind.wrong_key;
}

/* The keys are the same in each case of a slot: they are shown once. */
static void trial_control(struct trial *t, struct scan_set *canaries)
{
    struct slot *slot = t->slot;

    sink_control(canaries, t->o, slot->controlled ? t->key_count : 0);
    slot->controlled |= t->o->detector_control;
}

/* They are compiled once as well. */
static bool trial_compile(struct trial *t, struct scan_set *out,
                          struct err *err)
{
    struct observation *o = t->o;

    return slot_compile(t->slot, o->canaries, t->key_count, err) &&
           scan_set_init_upon(out, t->slot->needles, o->canaries,
                              o->canary_count, err);
}

/* Looks for every canary where the gateway may have left one. One case at a
 * time: it only computes, and hundreds at once would each want their memory. */
static void trial_search(struct trial *t)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    struct observation *o = t->o;
    struct scan_set canaries;
    struct err err = { 0 };

    t->end = sink_settle(&t->slot->sinks, t->mark, TRIAL_SETTLE_MS);
    pthread_mutex_lock(&one_at_a_time);
    if (trial_compile(t, &canaries, &err)) {
        sink_scan(&t->slot->sinks, t->mark, t->end, &canaries, o);
        sink_scan_client(&canaries, o);
        trial_control(t, &canaries);
        scan_set_release(&canaries);
    } else {
        trial_break(t, &err);
    }
    pthread_mutex_unlock(&one_at_a_time);
}

static void trial_look(struct trial *t)
{
    struct observation *o = t->o;
    int64_t now_ns, late_ms, probe_ms;

    for (size_t i = 0; i < o->canary_count; i++)
        o->canaries[i].reached = trial_reached(t, &o->canaries[i]);
    trial_take_telemetry(t);
    trial_take_log(t);
    trial_search(t);
    now_ns = clock_now_ns();
    late_ms = lateness_worst_ms(t->started_ns, now_ns);
    probe_ms = lateness_worst_probe_ms(t->started_ns, now_ns);
    o->slow_ms = probe_ms ? probe_ms - lateness_best_probe_ms() : 0;
    if (probe_ms > TRIAL_PROBE_SLOW_MS)
        probe_ms = TRIAL_PROBE_SLOW_MS;
    o->stamp_ms = 2 * late_ms;
    o->late_ms = 3 * t->probe_most_ms + o->stamp_ms;
    o->tolerance_ms = TRIAL_TOLERANCE_MS + 2 * probe_ms + o->late_ms;
}

static void trial_carry_out(struct trial *t)
{
    const struct drill_case *c = &t->planned->drill_case;
    struct mock_attempts attempts = { 0 };
    struct err err = { 0 };

    trial_meter_open(t);
    if (trial_wants_probes(t)) {
        trial_probe(t, &t->o->probe_before, "probe-before");
        if (!t->o->probe_before.healthy) {
            *t->poisoned = true;
            if (!gateway_alive(&t->slot->gateway, &err))
                trial_break(t, &err);
        }
    }
    trial_meter_begin(t);
    t->mark = sink_mark(&t->slot->sinks);
    sink_mark_forget_text(t->mark);
    trial_log_begin(t);
    trial_stand_apart(t);
    if (c->together && !trial_phases_together(t, &err))
        trial_break(t, &err);
    for (size_t phase = 0;
         !c->together && phase < c->phase_count && !t->o->broken[0]; phase++)
        if (!trial_phase(t, phase, &err))
            trial_break(t, &err);
    trial_listen(t, &attempts);
    trial_lease_end(t, true);
    trial_take_attempts(t, &attempts);
    trial_meter_end(t);
    trial_look(t);
    if (trial_wants_probes(t))
        trial_probe(t, &t->o->probe_after, "probe-after");
    if (!gateway_alive(&t->slot->gateway, &err)) {
        trial_break(t, &err);
        *t->poisoned = true;
    }
    if (t->o->probe_after.made && !t->o->probe_after.healthy)
        *t->poisoned = true;
    mock_control_forget(&t->drill->control, t->id, &err);
    trial_meter_close(t);
}

void trial_run(struct observation *out, struct drill *drill, struct slot *slot,
               const struct planned_case *planned, bool *poisoned)
{
    struct trial t = { .drill = drill,
                       .slot = slot,
                       .planned = planned,
                       .o = out,
                       .poisoned = poisoned };
    char label[512];

    *out = (struct observation){ .drill_case = &planned->drill_case,
                                 .runbook = planned->runbook,
                                 .profile = &drill->profile };
    snprintf(out->run_id, sizeof out->run_id, "%s", drill->run.run_id);
    /* A case may be tried on a shared slot and then on its own: what comes
     * late of the first is none of the second's. */
    snprintf(label, sizeof label, "%s#%lld%s", planned->drill_case.id,
             (long long)planned->repeat, slot->kind.shared ? "" : "/own");
    t.id = drill_new_id(drill, label);
    t.started_ns = clock_now_ns();
    out->id = t.id;
    trial_plant(&t);
    trial_note_keys(&t);
    trial_carry_out(&t);
    sink_mark_free(t.mark);
    sink_mark_free(t.end);
}
