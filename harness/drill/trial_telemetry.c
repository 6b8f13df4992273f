#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "harness/drill/trial_parts.h"

/* The scenario says itself what it is about. */
static bool trial_has_own_trace(const struct trial *t,
                                const struct case_client *client)
{
    const struct profile_pairs *pairs = &t->drill->profile.client.headers;
    const struct step_header *headers = client->headers.items;

    for (size_t i = 0; i < client->headers.count; i++)
        if (!strcasecmp(headers[i].name, "traceparent"))
            return true;
    for (size_t i = 0; i < pairs->count; i++)
        if (!strcasecmp(pairs->items[i].name, "traceparent"))
            return true;
    return false;
}

/* The gateway's log says which trace a line is of. */
static bool tied_by_trace(const struct trial *t)
{
    const char *tie = t->drill->profile.log.id.request_header;

    return tie && !strcasecmp(tie, "traceparent");
}

char *trial_traceparent(const struct trial *t, struct observed_request *out,
                        const struct case_client *client, struct drill_id id)
{
    uint8_t fresh[16];
    char first[17], span[17], drill_id[DRILL_ID_SIZE];

    if ((!t->slot->otlp && !tied_by_trace(t)) || trial_has_own_trace(t, client))
        return NULL;
    digest_random(fresh, sizeof fresh);
    fresh[0] |= 1; /* neither id may be all zeros */
    fresh[8] |= 1;
    digest_to_hex(first, fresh, 8);
    digest_to_hex(span, fresh + 8, 8);
    first[16] = span[16] = '\0';
    drill_id_format(drill_id, id);
    snprintf(out->trace_id, sizeof out->trace_id, "%s%s", first, drill_id + 3);
    return xasprintf("traceparent: 00-%s-%s-01", out->trace_id, span);
}

/* Each attempt that arrived may have a span of its own. */
static size_t trial_attempts_of(const struct observation *o, uint16_t epoch)
{
    size_t count = 0;

    for (size_t i = 0; i < o->attempt_count; i++)
        count += o->attempts[i].id.epoch == epoch && !o->attempts[i].foreign;
    return count;
}

static bool trial_told_enough(const struct telemetry *seen, const void *context)
{
    const struct observation *o = context;
    bool counted = (o->profile->promises & PROMISE_ATTEMPTS) != 0;

    for (size_t i = 0; i < o->request_count; i++) {
        const struct observed_request *request = &o->requests[i];
        size_t wanted = counted ? trial_attempts_of(o, request->epoch) : 0;
        size_t clients = 0;
        bool root = false;

        for (size_t k = 0; request->trace_id[0] && k < seen->span_count; k++) {
            const struct telemetry_span *span = &seen->spans[k];

            if (strcmp(span->trace_id, request->trace_id) != 0)
                continue;
            root |= span->kind == OTLP_SPAN_SERVER;
            clients += span->kind == OTLP_SPAN_CLIENT;
        }
        if (request->trace_id[0] && (!root || clients < wanted))
            return false;
    }
    return true;
}

static void trial_note_endpoints(struct trial *t)
{
    struct observation *o = t->o;

    for (size_t i = 0; i < t->slot->upstream_count; i++) {
        const struct mock_upstream *upstream = &t->slot->upstreams[i];
        struct observed_endpoint *at = &o->endpoints[o->endpoint_count];

        if (o->endpoint_count == CASE_UPSTREAMS || !strrchr(upstream->url, ':'))
            return;
        snprintf(at->upstream, sizeof at->upstream, "%s", upstream->name);
        at->port = strtoll(strrchr(upstream->url, ':') + 1, NULL, 10);
        o->endpoint_count++;
    }
}

void trial_take_telemetry(struct trial *t)
{
    struct observation *o = t->o;
    const char **ids;
    size_t count = 0;

    if (!t->slot->otlp)
        return;
    trial_note_endpoints(t);
    ids = xcalloc(o->request_count + 1, sizeof *ids);
    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].trace_id[0])
            ids[count++] = o->requests[i].trace_id;
    if (!t->drill->cancelled)
        otlp_receiver_wait(t->slot->otlp, t->drill->profile.flush_ms,
                           trial_told_enough, o);
    otlp_receiver_take(t->slot->otlp, &o->telemetry, ids);
    free(ids);
}
