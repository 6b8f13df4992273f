#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/drill/trial_parts.h"

/* Between two requests whose spans are told apart by time: clocks of a
 * millisecond's grain differ by less. */
#define IDLE_LEAST_NS (4 * NS_PER_MS)
#define IDLE_MOST_NS  (100 * NS_PER_MS)

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

/* What is waited for. */
struct awaited {
    const struct observation *o;
    struct telemetry_window *windows; /* of each request, or none */
    size_t window_count;
};

static bool is_of(const struct awaited *awaited, size_t request,
                  const struct telemetry_span *span)
{
    return !strcmp(span->trace_id, awaited->o->requests[request].trace_id) ||
           (awaited->window_count &&
            telemetry_in_window(&awaited->windows[request], span));
}

static bool trial_told_enough(const struct telemetry *seen, const void *context)
{
    const struct awaited *awaited = context;
    const struct observation *o = awaited->o;
    bool counted = (o->profile->promises & PROMISE_ATTEMPTS) != 0;

    for (size_t i = 0; i < o->request_count; i++) {
        const struct observed_request *request = &o->requests[i];
        size_t wanted = counted ? trial_attempts_of(o, request->epoch) : 0;
        size_t clients = 0;
        bool root = false;

        for (size_t k = 0; request->trace_id[0] && k < seen->span_count; k++) {
            const struct telemetry_span *span = &seen->spans[k];

            if (!is_of(awaited, i, span))
                continue;
            root |= span->kind == OTLP_SPAN_SERVER;
            clients += span->kind == OTLP_SPAN_CLIENT;
        }
        if (request->trace_id[0] && (!root || clients < wanted))
            return false;
    }
    return true;
}

/* Our clock's zero, in ns since the epoch: of several looks at both clocks the
 * quickest. */
static int64_t epoch_ns(void)
{
    int64_t best_ns = INT64_MAX, zero_ns = 0;

    for (int i = 0; i < 5; i++) {
        int64_t before_ns = clock_now_ns();
        struct timespec now;
        int64_t after_ns;

        clock_gettime(CLOCK_REALTIME, &now);
        after_ns = clock_now_ns();
        if (after_ns - before_ns >= best_ns)
            continue;
        best_ns = after_ns - before_ns;
        zero_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec - before_ns;
    }
    return zero_ns;
}

static bool has_trace(const struct telemetry *seen, const void *trace_id)
{
    for (size_t i = 0; i < seen->span_count; i++)
        if (!strcmp(seen->spans[i].trace_id, trace_id))
            return true;
    return false;
}

/* The probe's trace has spans of the gateway: it joins the traces it is told,
 * and what has another one is of something else. */
static bool joins_traces(const struct trial *t)
{
    return t->probe_trace_id[0] &&
           otlp_receiver_wait(t->slot->otlp, 0, has_trace, t->probe_trace_id);
}

int64_t trial_last_ns(const struct trial *t)
{
    const struct observation *o = t->o;
    int64_t ns = 0;

    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].trace.end_ns > ns)
            ns = o->requests[i].trace.end_ns;
    for (size_t i = 0; i < o->attempt_count; i++)
        if (o->attempts[i].times_ns.arrived > ns)
            ns = o->attempts[i].times_ns.arrived;
    return ns;
}

/* By time spans are told apart only where nobody else's request was under way
 * and one came well after the other: the middle of the time between two is
 * where the one's spans end and the other's begin. */
static void trial_windows(const struct trial *t, struct awaited *out)
{
    const struct observation *o = t->o;
    int64_t zero_ns = epoch_ns();
    int64_t ended_ns = t->quiet_ns;

    if (t->slot->kind.shared || joins_traces(t))
        return;
    for (size_t i = 0; i < o->request_count; i++) {
        const struct http_trace *trace = &o->requests[i].trace;
        int64_t idle_ns = trace->start_ns - ended_ns;

        if (!o->requests[i].trace_id[0] || idle_ns < IDLE_LEAST_NS)
            return;
        if (idle_ns > IDLE_MOST_NS)
            idle_ns = IDLE_MOST_NS;
        out->windows[i] = (struct telemetry_window){
            .trace_id = o->requests[i].trace_id,
            .from_ns = zero_ns + trace->start_ns - idle_ns / 2,
            .to_ns = zero_ns + trial_last_ns(t) + IDLE_LEAST_NS / 2,
        };
        if (i > 0)
            out->windows[i - 1].to_ns = out->windows[i].from_ns;
        ended_ns = trace->end_ns;
    }
    out->window_count = o->request_count;
}

void trial_stand_apart(struct trial *t)
{
    const struct timespec pause = { 0, IDLE_LEAST_NS * 2 };

    t->quiet_ns = clock_now_ns();
    if (t->slot->otlp && !t->slot->kind.shared)
        nanosleep(&pause, NULL);
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
    struct awaited awaited = { .o = o };
    const char **ids;
    size_t count = 0;

    if (!t->slot->otlp)
        return;
    trial_note_endpoints(t);
    ids = xcalloc(o->request_count + 1, sizeof *ids);
    for (size_t i = 0; i < o->request_count; i++)
        if (o->requests[i].trace_id[0])
            ids[count++] = o->requests[i].trace_id;
    awaited.windows = xcalloc(o->request_count + 1, sizeof *awaited.windows);
    trial_windows(t, &awaited);
    if (!t->drill->cancelled)
        otlp_receiver_wait(t->slot->otlp, t->drill->profile.flush_ms,
                           trial_told_enough, &awaited);
    if (awaited.window_count && joins_traces(t))
        awaited.window_count = 0; /* the probe's spans came while we waited */
    otlp_receiver_take(t->slot->otlp, &o->telemetry, ids, awaited.windows,
                       awaited.window_count);
    free(awaited.windows);
    free(ids);
}
