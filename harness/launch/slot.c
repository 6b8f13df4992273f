#include "harness/launch/slot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/canary.h"
#include "harness/drill/drill.h"
#include "harness/home.h"

static const struct profile_upstream *slot_declared(const struct drill *drill,
                                                    size_t index)
{
    const struct profile_upstream *all = drill->profile.upstreams.items;

    return &all[index];
}

static struct json *slot_steps(const struct slot *slot,
                               const struct json *steps, struct err *err)
{
    char *text = json_print(steps);
    struct json *filled = NULL;
    char *known;

    if (!strstr(text, "${")) {
        free(text);
        return json_copy(steps);
    }
    known = names_fill(&slot->gateway.names, text, "$.upstreams", err);
    if (known)
        filled = json_parse(known, strlen(known), "$.upstreams", err);
    free(known);
    free(text);
    return filled;
}

bool slot_script(struct mock_script *out, const struct slot *slot,
                 const struct case_phase *phase, struct err *err)
{
    *out = mock_script_new();
    for (size_t i = 0; i < phase->upstream_count; i++) {
        struct json *steps = slot_steps(slot, phase->upstreams[i].steps, err);

        if (!steps) {
            json_free(out->body);
            return false;
        }
        mock_script_upstream(out, phase->upstreams[i].name, steps);
        json_free(steps);
    }
    return true;
}

bool slot_passes_credential(const struct slot *slot, const char *upstream)
{
    const struct runbook_upstream *said =
        runbook_upstream(slot->runbook, upstream);

    return said && said->credential == CREDENTIAL_CLIENT;
}

struct slot_kind slot_kind_of(const struct drill *drill,
                              const struct drill_case *c)
{
    struct slot_kind kind = { .variant = c->variant };

    bool needs_lease = c->together;

    for (size_t i = 0; i < c->phase_count; i++) {
        kind.wrong_key |= c->phases[i].client.credential ==
                          CASE_CREDENTIAL_INVALID_AT_UPSTREAM;
        /* Equal texts tell requests apart no more, and of several at once the
         * latest does not end the others; then a lease must say it. */
        needs_lease |= c->phases[i].client.prompt_same == 1 ||
                       c->phases[i].client.concurrency > 1;
    }
    kind.shared = drill->profile.process_reuse == REUSE_SHARED &&
                  !c->needs_own_listeners && !c->needs_fresh_process &&
                  !c->needs_metrics && !needs_lease;
    return kind;
}

static void slot_make_canary(struct canary *out, const struct drill *drill,
                             const struct slot *slot, const char *id)
{
    char label[96];

    snprintf(label, sizeof label, "%s/%s", slot->id, id);
    canary_make(out, CANARY_CREDENTIAL, CANARY_IN_HEADER, id, drill->seed,
                label, drill->control.fingerprint_key);
}

/* "primary.key", "primary.key.2" ... */
static void slot_key_id(char *out, size_t size, const struct slot *slot,
                        size_t upstream, size_t key, const char *word)
{
    int length =
        snprintf(out, size, "%s.%s", slot->upstreams[upstream].name, word);

    if (key > 0)
        snprintf(out + length, size - (size_t)length, ".%zu", key + 1);
}

static void slot_make_keys(struct slot *slot, struct drill *drill)
{
    char id[48];

    slot_make_canary(&slot->client_key, drill, slot, "client.key");
    slot_make_canary(&slot->bad_client_key, drill, slot, "client.invalid_key");
    for (size_t i = 0; i < slot->upstream_count; i++) {
        bool wrong = slot->kind.wrong_key && i == 0;

        slot->key_counts[i] = (size_t)slot_declared(drill, i)->keys;
        for (size_t k = 0; k < slot->key_counts[i]; k++) {
            slot_key_id(id, sizeof id, slot, i, k,
                        wrong ? "invalid_key" : "key");
            slot_make_canary(&slot->keys[i][k], drill, slot, id);
        }
    }
    if (slot->kind.wrong_key) {
        slot_key_id(id, sizeof id, slot, 0, 0, "key");
        slot_make_canary(&slot->good_key, drill, slot, id);
    }
}

static void slot_forbid(struct slot *slot, struct drill *drill)
{
    const struct canary *all[] = { &slot->client_key, &slot->bad_client_key,
                                   &slot->good_key };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->text)
            run_folder_forbid(&drill->folder, all[i]);
    for (size_t i = 0; i < slot->upstream_count; i++)
        for (size_t k = 0; k < slot->key_counts[i]; k++)
            run_folder_forbid(&drill->folder, &slot->keys[i][k]);
}

/* Which keys a listener takes; NULL-terminated. */
static void slot_accept(const char *out[static SLOT_KEYS + 1],
                        const struct slot *slot, size_t i)
{
    size_t count = 0;

    if (slot_passes_credential(slot, slot->upstreams[i].name)) {
        out[count++] = slot->client_key.fingerprint;
    } else if (slot->kind.wrong_key && i == 0) {
        out[count++] = slot->good_key.fingerprint;
    } else {
        for (size_t k = 0; k < slot->key_counts[i]; k++)
            out[count++] = slot->keys[i][k].fingerprint;
    }
    out[count] = NULL;
}

static bool slot_listen(struct slot *slot, struct drill *drill, struct err *err)
{
    const char *accept[SLOT_UPSTREAMS][SLOT_KEYS + 1];

    for (size_t i = 0; i < slot->upstream_count; i++) {
        slot_accept(accept[i], slot, i);
        slot->upstreams[i].accept = accept[i];
    }
    return mock_control_listen(&drill->control, slot->id, slot->upstreams,
                               slot->upstream_count, err);
}

static void slot_name_keys(struct names *names, const struct slot *slot,
                           size_t i)
{
    char key[64];

    snprintf(key, sizeof key, "%s.key", slot->upstreams[i].name);
    names_set(names, key, slot->keys[i][0].text);
    for (size_t k = 0; k < slot->key_counts[i]; k++) {
        snprintf(key, sizeof key, "%s.key.%zu", slot->upstreams[i].name, k + 1);
        names_set(names, key, slot->keys[i][k].text);
    }
}

static void slot_name_upstream(struct names *names, const struct drill *drill,
                               const struct slot *slot, size_t i)
{
    const struct mock_upstream *upstream = &slot->upstreams[i];
    const char *host = strstr(upstream->url, "://") + 3;
    const char *port = strrchr(upstream->url, ':') + 1;
    const char *model = slot_declared(drill, i)->model;
    char *base_url = xasprintf("%s/v1", upstream->url);
    char *just_host = xstrndup(host, (size_t)(port - host) - 1);
    const char *values[][2] = {
        { "url", upstream->url },
        { "base_url", base_url },
        { "host", just_host },
        { "port", port },
        { "model", model ? model : drill->profile.client.model },
    };

    for (size_t j = 0; j < sizeof values / sizeof values[0]; j++) {
        char key[64];

        snprintf(key, sizeof key, "%s.%s", upstream->name, values[j][0]);
        names_set(names, key, values[j][1]);
    }
    slot_name_keys(names, slot, i);
    free(just_host);
    free(base_url);
}

/* Before the gateway is there: it is told the URL. The file stands beside the
 * gateway's folder, which is its own. */
static bool slot_receive(struct slot *slot, const struct drill *drill,
                         struct names *names, struct err *err)
{
    char *name;

    if (!profile_has_sink(&drill->profile, SINK_OTLP))
        return true;
    name = xasprintf("%s.otlp", slot->id);
    slot->otlp_file = path_join(drill->work, name);
    free(name);
    slot->otlp = otlp_receiver_new(slot->otlp_file, err);
    if (slot->otlp)
        names_set(names, "otlp.url", otlp_receiver_url(slot->otlp));
    return slot->otlp != NULL;
}

static bool slot_listen_to_syslog(struct slot *slot, const struct drill *drill,
                                  struct names *names, struct err *err)
{
    char *socket;

    if (!profile_has_sink(&drill->profile, SINK_SYSLOG))
        return true;
    slot->syslog_file = xasprintf("%s/%s.syslog", drill->work, slot->id);
    socket = xasprintf("%s/%s.socket", drill->work, slot->id);
    slot->syslog = syslog_receiver_new(slot->syslog_file, socket, err);
    if (slot->syslog) {
        names_set(names, "syslog.host", "127.0.0.1");
        names_set_int(names, "syslog.port", syslog_receiver_port(slot->syslog));
        names_set(names, "syslog.path", socket);
    }
    free(socket);
    return slot->syslog != NULL;
}

static const struct profile_variant *slot_variant(const struct drill *drill,
                                                  const char *name)
{
    const struct profile_variant *all = drill->profile.variants.items;

    for (size_t i = 0; name && i < drill->profile.variants.count; i++)
        if (strcmp(drill->profile.variants.keys[i], name) == 0)
            return &all[i];
    return NULL;
}

static bool slot_make(struct slot *out, struct drill *drill,
                      struct slot_kind kind, int64_t number,
                      bool (*bring_up)(struct gateway *, const struct profile *,
                                       const struct profile_variant *,
                                       const char *, struct names *,
                                       struct err *),
                      struct err *err)
{
    struct names names = { 0 };
    char *folder;
    bool ok;

    *out = (struct slot){ .kind = kind };
    snprintf(out->id, sizeof out->id, "s%lld", (long long)number);
    out->runbook = drill_runbook(drill, kind.variant);
    out->upstream_count = drill->profile.upstreams.count;
    for (size_t i = 0; i < out->upstream_count; i++)
        out->upstreams[i].name = drill->profile.upstreams.keys[i];
    slot_make_keys(out, drill);
    slot_forbid(out, drill);
    if (!slot_listen(out, drill, err)) {
        slot_close(out, drill);
        return false;
    }
    for (size_t i = 0; i < out->upstream_count; i++)
        slot_name_upstream(&names, drill, out, i);
    names_set(&names, "client.key", out->client_key.text);
    folder = path_join(drill->work, out->id);
    ok = slot_receive(out, drill, &names, err) &&
         slot_listen_to_syslog(out, drill, &names, err) &&
         bring_up(&out->gateway, &drill->profile,
                  slot_variant(drill, kind.variant), folder, &names, err) &&
         slot_add_sinks(out, drill, err);
    names_release(&names);
    free(folder);
    if (!ok)
        slot_close(out, drill);
    return ok;
}

bool slot_open(struct slot *out, struct drill *drill, struct slot_kind kind,
               int64_t number, struct err *err)
{
    return slot_make(out, drill, kind, number, gateway_start, err);
}

bool slot_prepare(struct slot *out, struct drill *drill, struct slot_kind kind,
                  int64_t number, struct err *err)
{
    return slot_make(out, drill, kind, number, gateway_render, err);
}

bool slot_compile(struct slot *slot, const struct canary *keys, size_t count,
                  struct err *err)
{
    struct needle_set *needles;

    if (slot->needles)
        return true;
    needles = xcalloc(1, sizeof *needles);
    if (!needle_set_init(needles, keys, count, NULL, 0, NULL, err)) {
        free(needles);
        return false;
    }
    needles->canaries = NULL; /* the caller's */
    slot->needles = needles;
    return true;
}

void slot_close(struct slot *slot, struct drill *drill)
{
    struct err ignored = { 0 };

    late_add_slot(drill, slot);
    gateway_stop(&slot->gateway);
    otlp_receiver_free(slot->otlp);
    slot->otlp = NULL;
    free(slot->otlp_file);
    slot->otlp_file = NULL;
    syslog_receiver_free(slot->syslog);
    slot->syslog = NULL;
    free(slot->syslog_file);
    slot->syslog_file = NULL;
    mock_control_unlisten(&drill->control, slot->id, &ignored);
    canary_release(&slot->client_key);
    canary_release(&slot->bad_client_key);
    canary_release(&slot->good_key);
    for (size_t i = 0; i < slot->upstream_count; i++)
        for (size_t k = 0; k < slot->key_counts[i]; k++)
            canary_release(&slot->keys[i][k]);
    sink_set_release(&slot->sinks);
    if (slot->needles)
        needle_set_release(slot->needles);
    free(slot->needles);
    slot->needles = NULL;
    slot->upstream_count = 0;
}
