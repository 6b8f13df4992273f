#include "harness/trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/canary.h"
#include "harness/client.h"
#include "harness/lateness.h"
#include "harness/oracle.h"
#include "harness/sink.h"

#define TRIAL_PROBE_TIMEOUT_MS 5000
#define TRIAL_QUIET_LEAST_MS   300
#define TRIAL_QUIET_MOST_MS    1500
#define TRIAL_SLACK_MS         2000
#define TRIAL_SETTLE_MS        500
#define TRIAL_TOLERANCE_MS     100

struct trial {
    struct drill *drill;
    struct slot *slot;
    const struct planned_case *planned;
    struct observation *o;
    struct drill_id id;
    uint16_t epoch; /* of the last request sent */
    int64_t started_ns;
    int64_t probe_most_ms;
    bool *poisoned;
};

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

static void trial_break(struct trial *t, const struct err *err)
{
    if (!t->o->broken[0])
        snprintf(t->o->broken, sizeof t->o->broken, "%.100s: %.400s",
                 err->where, err->text);
}

/* ------------------------------------------------------------- canaries */

static struct canary *trial_add_canary(struct observation *o)
{
    o->canaries =
        xrealloc(o->canaries, (o->canary_count + 1) * sizeof *o->canaries);
    o->canaries[o->canary_count] = (struct canary){ 0 };
    return &o->canaries[o->canary_count++];
}

static void trial_plant(struct trial *t)
{
    static const struct {
        const char *id;
        enum canary_kind kind;
    } texts[] = { { "prompt", CANARY_PROMPT },
                  { "completion", CANARY_COMPLETION },
                  { "error_text", CANARY_ERROR_TEXT } };
    const struct canary *keys[2 + SLOT_UPSTREAMS];
    size_t count = 0;
    char label[512];

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct canary *canary = trial_add_canary(t->o);

        snprintf(label, sizeof label, "%s#%lld/%s", t->planned->drill_case.id,
                 (long long)t->planned->repeat, texts[i].id);
        canary_make(canary, texts[i].kind, texts[i].id, t->drill->seed, label,
                    t->drill->control.fingerprint_key);
        run_folder_forbid(&t->drill->folder, canary->id, canary->text);
    }
    keys[count++] = &t->slot->client_key;
    keys[count++] = &t->slot->bad_client_key;
    for (size_t i = 0; i < t->slot->upstream_count; i++)
        keys[count++] = &t->slot->keys[i];
    for (size_t i = 0; i < count; i++)
        canary_copy(trial_add_canary(t->o), keys[i]);
}

/* The text of a canary that trial_plant() made. */
static const char *trial_canary(const struct trial *t, const char *id)
{
    for (size_t i = 0; i < t->o->canary_count; i++)
        if (strcmp(t->o->canaries[i].id, id) == 0)
            return t->o->canaries[i].text;
    return "";
}

/* A canary reached the gateway when the mock or the client saw it. */
static bool trial_reached(const struct trial *t, const struct canary *canary)
{
    const struct observation *o = t->o;
    char wanted[48];

    snprintf(wanted, sizeof wanted, "%s@", canary->id);
    for (size_t i = 0; i < o->attempt_count; i++) {
        const struct attempt *attempt = &o->attempts[i];

        for (size_t j = 0; j < attempt->request.canary_count; j++)
            if (strncmp(attempt->request.canaries[j], wanted, strlen(wanted)) ==
                0)
                return true;
        for (size_t j = 0; j < attempt->request.credential_count; j++)
            if (strcmp(attempt->request.credentials[j].fingerprint,
                       canary->fingerprint) == 0)
                return true;
        if (canary->kind == CANARY_ERROR_TEXT &&
            attempt->delivered.status >= 400)
            return true;
        if (canary->kind == CANARY_COMPLETION &&
            attempt->delivered.status == 200)
            return true;
    }
    /* The client did send its key and its prompt. */
    return o->request_count && (strcmp(canary->id, "client.key") == 0 ||
                                canary->kind == CANARY_PROMPT);
}

/* --------------------------------------------------------------- client */

static const char *trial_client_key(const struct trial *t, int64_t credential)
{
    bool passed = slot_passes_credential(t->slot, t->slot->upstreams[0].name);

    if (credential == CASE_CREDENTIAL_INVALID_AT_CLIENT ||
        (credential == CASE_CREDENTIAL_INVALID_AT_UPSTREAM && passed))
        return t->slot->bad_client_key.text;
    return t->slot->client_key.text;
}

/* The client's headers with its key put in; "Name: value" texts. */
static char **trial_headers(struct trial *t, const struct case_client *client,
                            struct err *err)
{
    const struct profile_pairs *pairs = &t->drill->profile.client.headers;
    const struct step_header *more = client->headers.items;
    struct names names = { 0 };
    char **list =
        xcalloc(pairs->count + client->headers.count + 2, sizeof *list);
    size_t count = 0;

    list[count++] = xstrdup("Content-Type: application/json");
    for (size_t i = 0; i < t->slot->gateway.names.count; i++)
        names_set(&names, t->slot->gateway.names.items[i].key,
                  t->slot->gateway.names.items[i].value);
    names_set(&names, "client.key", trial_client_key(t, client->credential));
    for (size_t i = 0; i < pairs->count; i++) {
        char *value;

        if (client->credential == CASE_CREDENTIAL_NONE &&
            strstr(pairs->items[i].value, "${client.key}"))
            continue;
        value =
            names_fill(&names, pairs->items[i].value, "$.client.headers", err);
        if (!value)
            break;
        list[count++] = xasprintf("%s: %s", pairs->items[i].name, value);
        xwipe(value, strlen(value));
        free(value);
    }
    for (size_t i = 0; i < client->headers.count; i++)
        list[count++] = xasprintf("%s: %s", more[i].name, more[i].value);
    names_release(&names);
    return list;
}

static void trial_headers_free(char **list)
{
    for (size_t i = 0; list[i]; i++) {
        xwipe(list[i], strlen(list[i]));
        free(list[i]);
    }
    free(list);
}

static char *trial_url(const struct trial *t, const struct case_client *client)
{
    const char *url = t->slot->gateway.url;
    const char *host_end;

    if (!client->path)
        return xstrdup(url);
    host_end = strchr(strstr(url, "://") + 3, '/');
    return xasprintf("%.*s%s",
                     (int)(host_end ? host_end - url : (int)strlen(url)), url,
                     client->path);
}

static int64_t trial_timeout_ms(const struct trial *t, size_t phase)
{
    const struct case_phase *p = &t->planned->drill_case.phases[phase];

    if (p->client.timeout_ms > 0)
        return p->client.timeout_ms;
    return allowed_longest_ms(&t->planned->allowed[phase],
                              t->planned->runbook) +
           TRIAL_SLACK_MS;
}

static const char *trial_model(const struct trial *t,
                               const struct case_client *client)
{
    if (client->model)
        return client->model;
    return t->drill->profile.client.model ? t->drill->profile.client.model
                                          : "drill-model";
}

static int64_t trial_reported_retries(const struct trial *t,
                                      const struct http_trace *trace)
{
    const char *name = t->drill->profile.retry_count_header;
    char *value = name ? http_trace_header(trace, name) : NULL;
    int64_t count = -1;

    if (value && value[0])
        count = strtoll(value, NULL, 10);
    free(value);
    return count;
}

/* Sends one request; fills *out and its trace. */
static void trial_send(struct trial *t, struct observed_request *out,
                       const struct case_client *client, struct drill_id id,
                       int64_t timeout_ms)
{
    struct fixture_fill fill = { .model = trial_model(t, client),
                                 .id = id,
                                 .canary = trial_canary(t, "prompt"),
                                 .stream = client->stream,
                                 .body_bytes = client->body_bytes };
    struct err err = { 0 };
    char **headers = trial_headers(t, client, &err);
    char *url = trial_url(t, client);
    struct client_request request = {
        .url = url,
        .method = t->drill->route_method,
        .headers = (const char *const *)headers,
        .split = client->split,
        .timeout_ms = timeout_ms,
        .stream_asked = client->stream,
        .tag = answer_tag(id),
        .cancelled = &t->drill->cancelled,
    };
    char *body;

    if (client->prompt_same == 1)
        fill.id.epoch = 0;
    body = fixture_body(drill_fixture(t->drill, client->fixture), &fill);
    request.body = body;
    request.body_length = strlen(body);
    out->epoch = id.epoch;
    digest_sha256(out->body_sha256, body, request.body_length);
    json_fields_read(&out->fields, body, request.body_length,
                     t->drill->control.fingerprint_key);
    client_send(&out->trace, &request);
    out->reported_retries = trial_reported_retries(t, &out->trace);
    xwipe(body, request.body_length);
    free(body);
    free(url);
    trial_headers_free(headers);
}

/* ------------------------------------------------------------- the mock */

static void trial_note_probes(struct observation *o,
                              const struct mock_probes *probes, bool before)
{
    for (size_t i = 0; i < probes->count; i++) {
        const struct mock_probe *probe = &probes->items[i];
        struct observed_refusal *found = NULL;

        if (!probe->expected_refused)
            continue;
        for (size_t j = 0; j < o->refusal_count; j++)
            if (strcmp(o->refusals[j].upstream, probe->upstream) == 0)
                found = &o->refusals[j];
        if (!found) {
            o->refusals = xrealloc(o->refusals, (o->refusal_count + 1) *
                                                    sizeof *o->refusals);
            found = &o->refusals[o->refusal_count++];
            *found = (struct observed_refusal){ .refused_before = true,
                                                .refused_after = true };
            snprintf(found->upstream, sizeof found->upstream, "%s",
                     probe->upstream);
        }
        if (before)
            found->refused_before &= probe->seen_refused;
        else
            found->refused_after &= probe->seen_refused;
    }
}

static bool trial_lease(struct trial *t, struct drill_id id, bool note,
                        struct err *err)
{
    struct mock_probes probes = { 0 };
    bool ok =
        t->slot->kind.shared ||
        mock_control_lease(&t->drill->control, t->slot->id, id, &probes, err);

    if (ok && note)
        trial_note_probes(t->o, &probes, true);
    mock_probes_release(&probes);
    return ok;
}

static void trial_lease_end(struct trial *t, bool note)
{
    struct mock_probes probes = { 0 };
    struct err err = { 0 };

    if (t->slot->kind.shared)
        return;
    if (!mock_control_lease_end(&t->drill->control, t->slot->id, &probes, &err))
        trial_break(t, &err);
    else if (note)
        trial_note_probes(t->o, &probes, false);
    mock_probes_release(&probes);
}

static bool trial_arm(struct trial *t, size_t phase, struct err *err)
{
    const struct case_phase *p = &t->planned->drill_case.phases[phase];
    struct mock_script script = mock_script_new();
    struct drill_id id = { t->id.nonce, (uint16_t)(t->epoch + 1) };

    for (size_t i = 0; i < p->upstream_count; i++)
        mock_script_upstream(&script, p->upstreams[i].name,
                             p->upstreams[i].steps);
    mock_script_plant(&script, "completion", trial_canary(t, "completion"));
    mock_script_plant(&script, "error", trial_canary(t, "error_text"));
    for (size_t i = 0; i < t->o->canary_count; i++)
        if (t->o->canaries[i].kind == CANARY_PROMPT ||
            t->o->canaries[i].kind == CANARY_CREDENTIAL)
            mock_script_watch(&script, t->o->canaries[i].id,
                              t->o->canaries[i].text);
    return mock_control_put(&t->drill->control, id, &script, err);
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

    snprintf(label, sizeof label, "%s#%lld/%s", t->planned->drill_case.id,
             (long long)t->planned->repeat, name);
    id = drill_new_id(t->drill, label);
    id.epoch = 1;
    if (!mock_control_put(&t->drill->control, id, &script, &err) ||
        !trial_lease(t, id, false, &err)) {
        trial_break(t, &err);
        return;
    }
    trial_send(t, &request, &plain, id, TRIAL_PROBE_TIMEOUT_MS);
    out->made = true;
    out->healthy = trace->outcome == TRACE_OUTCOME_SUCCESS;
    took_ms = (trace->end_ns - trace->start_ns) / NS_PER_MS;
    if (out->healthy && took_ms > t->probe_most_ms)
        t->probe_most_ms = took_ms;
    if (!out->healthy)
        snprintf(out->text, sizeof out->text,
                 "a healthy request through the gateway gave %s (status %lld)",
                 trace_outcome_names[trace->outcome], (long long)trace->status);
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

/* Sends `count` requests at once. */
static void trial_send_together(struct trial *t, size_t phase, size_t count)
{
    struct observation *o = t->o;
    struct trial_thread *all = xcalloc(count, sizeof *all);

    o->requests =
        xrealloc(o->requests, (o->request_count + count) * sizeof *o->requests);
    memset(o->requests + o->request_count, 0, count * sizeof *o->requests);
    for (size_t i = 0; i < count; i++) {
        all[i] = (struct trial_thread){
            .trial = t,
            .request = &o->requests[o->request_count + i],
            .phase = phase,
            .id = { t->id.nonce, ++t->epoch },
        };
        all[i].request->phase = phase;
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

static void trial_pause(const struct trial *t, int64_t ms)
{
    struct timespec due = { ms / 1000, ms % 1000 * NS_PER_MS };

    if (ms > 0 && !t->drill->cancelled)
        nanosleep(&due, NULL);
}

static bool trial_phase(struct trial *t, size_t phase, struct err *err)
{
    const struct case_client *client =
        &t->planned->drill_case.phases[phase].client;
    int64_t left = client->requests > 0 ? client->requests : 1;
    int64_t together = client->concurrency > 0 ? client->concurrency : 1;

    if (!trial_arm(t, phase, err))
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

/* Late attempts, hedges and zombies: listen until nothing more may come. */
static void trial_listen(struct trial *t, struct mock_attempts *attempts)
{
    int64_t until_ns =
        clock_now_ns() + trial_quiet_ms(t->planned->runbook) * NS_PER_MS;
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

static void trial_note_keys(struct trial *t)
{
    struct observation *o = t->o;
    const struct case_client *client = &t->planned->drill_case.phases[0].client;
    const char *key = trial_client_key(t, client->credential);
    const uint8_t *secret = t->drill->control.fingerprint_key;
    const struct profile_upstream *declared = t->drill->profile.upstreams.items;

    digest_fingerprint(o->client_fingerprint, secret, key, strlen(key));
    for (size_t i = 0; i < t->slot->upstream_count; i++) {
        const char *model = declared[i].model;

        if (!model)
            model = trial_model(t, client);
        snprintf(o->keys[i].upstream, sizeof o->keys[i].upstream, "%s",
                 t->slot->upstreams[i].name);
        snprintf(o->keys[i].fingerprint, sizeof o->keys[i].fingerprint, "%s",
                 t->slot->keys[i].fingerprint);
        digest_fingerprint(o->keys[i].model_fingerprint, secret, model,
                           strlen(model));
        o->key_count++;
    }
}

static bool trial_wants_probes(const struct trial *t)
{
    /* With a wrong key a healthy request is refused: that is the case. */
    return !t->slot->kind.wrong_key;
}

static void trial_look(struct trial *t, const int64_t *mark)
{
    struct observation *o = t->o;
    int64_t late_ms;

    for (size_t i = 0; i < o->canary_count; i++)
        o->canaries[i].reached = trial_reached(t, &o->canaries[i]);
    sink_settle(&t->slot->sinks, mark, TRIAL_SETTLE_MS);
    sink_scan(&t->slot->sinks, mark, o);
    sink_scan_client(o);
    sink_control(o, t->slot->gateway.folder);
    late_ms = lateness_worst_ms(t->started_ns, clock_now_ns());
    o->late_ms = 3 * t->probe_most_ms + 2 * late_ms;
    o->tolerance_ms = TRIAL_TOLERANCE_MS + o->late_ms;
}

static void trial_carry_out(struct trial *t)
{
    const struct drill_case *c = &t->planned->drill_case;
    struct mock_attempts attempts = { 0 };
    struct err err = { 0 };
    int64_t *mark;

    if (trial_wants_probes(t)) {
        trial_probe(t, &t->o->probe_before, "probe-before");
        if (!t->o->probe_before.healthy) {
            *t->poisoned = true;
            if (!gateway_alive(&t->slot->gateway, &err))
                trial_break(t, &err);
        }
    }
    mark = sink_mark(&t->slot->sinks);
    for (size_t phase = 0; phase < c->phase_count && !t->o->broken[0]; phase++)
        if (!trial_phase(t, phase, &err))
            trial_break(t, &err);
    trial_listen(t, &attempts);
    trial_lease_end(t, true);
    trial_take_attempts(t, &attempts);
    trial_look(t, mark);
    free(mark);
    if (trial_wants_probes(t))
        trial_probe(t, &t->o->probe_after, "probe-after");
    if (!gateway_alive(&t->slot->gateway, &err)) {
        trial_break(t, &err);
        *t->poisoned = true;
    }
    if (t->o->probe_after.made && !t->o->probe_after.healthy)
        *t->poisoned = true;
    mock_control_forget(&t->drill->control, t->id, &err);
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
    snprintf(label, sizeof label, "%s#%lld", planned->drill_case.id,
             (long long)planned->repeat);
    t.id = drill_new_id(drill, label);
    t.started_ns = clock_now_ns();
    out->id = t.id;
    trial_plant(&t);
    trial_note_keys(&t);
    trial_carry_out(&t);
}
