#include "harness/judge/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int begins_earlier(const void *a, const void *b)
{
    const struct telemetry_span *const *left = a;
    const struct telemetry_span *const *right = b;

    return (*left)->start_ns < (*right)->start_ns
               ? -1
               : (*left)->start_ns > (*right)->start_ns;
}

/* A GenAI span around an HTTP one is the same attempt told twice; alone it
 * stands for it. */
static void gather(struct told *out, const struct seen *seen, bool http)
{
    const struct telemetry *all = &seen->observation->telemetry;

    for (size_t i = 0; i < all->span_count; i++) {
        const struct telemetry_span *span = &all->spans[i];

        if (strcmp(span->trace_id, seen->request->trace_id) != 0)
            continue;
        if (span->kind == OTLP_SPAN_SERVER && (!out->root || !out->root->http))
            out->root = span;
        if (span->kind == OTLP_SPAN_CLIENT && out->span_count < TOLD_MOST &&
            (http ? span->http : span->genai))
            out->spans[out->span_count++] = span;
    }
    if (out->span_count)
        qsort(out->spans, out->span_count, sizeof *out->spans, begins_earlier);
}

/* NULL: its port is none of the upstreams'. */
static const char *upstream_of(const struct observation *o,
                               const struct telemetry_span *span)
{
    for (size_t i = 0; i < o->endpoint_count; i++)
        if (o->endpoints[i].port == span->port)
            return o->endpoints[i].upstream;
    return NULL;
}

size_t told_spans_at(const struct told *told, const struct observation *o,
                     const char *upstream)
{
    size_t count = 0;

    for (size_t i = 0; i < told->span_count; i++) {
        const char *at = upstream_of(o, told->spans[i]);

        count += upstream ? at && !strcmp(at, upstream) : !at;
    }
    return count;
}

static bool is_of(const struct seen *seen, const struct attempt *attempt,
                  const char *upstream)
{
    return attempt->id.epoch == seen->request->epoch && !attempt->foreign &&
           !strcmp(attempt->upstream, upstream);
}

size_t told_attempts_at(const struct seen *seen, const char *upstream)
{
    const struct observation *o = seen->observation;
    size_t count = 0;

    for (size_t i = 0; i < o->attempt_count; i++)
        count += is_of(seen, &o->attempts[i], upstream);
    return count;
}

static const struct attempt *attempt_number(const struct seen *seen,
                                            const char *upstream, size_t number)
{
    const struct observation *o = seen->observation;

    for (size_t i = 0; i < o->attempt_count; i++)
        if (is_of(seen, &o->attempts[i], upstream) && number-- == 0)
            return &o->attempts[i];
    return NULL;
}

static size_t ordinal_of(const struct told *told, const char *upstream)
{
    size_t ordinal = 0;

    for (size_t i = 0; i < told->pair_count; i++)
        ordinal += !strcmp(told->pairs[i].attempt->upstream, upstream);
    return ordinal;
}

static void pair(struct told *out, const struct seen *seen)
{
    const struct observation *o = seen->observation;

    for (size_t i = 0; i < out->span_count; i++) {
        const char *upstream = upstream_of(o, out->spans[i]);
        struct told_pair *one = &out->pairs[out->pair_count];

        if (!upstream ||
            told_spans_at(out, o, upstream) != told_attempts_at(seen, upstream))
            continue;
        *one = (struct told_pair){ .span = out->spans[i],
                                   .ordinal = ordinal_of(out, upstream),
                                   .position = i };
        one->attempt = attempt_number(seen, upstream, one->ordinal);
        one->decisive = seen->trace->outcome == TRACE_OUTCOME_SUCCESS &&
                        i + 1 == out->span_count &&
                        one->attempt->delivered.status == 200;
        out->pair_count++;
    }
}

void told_init(struct told *out, const struct seen *seen)
{
    *out = (struct told){ 0 };
    gather(out, seen, true);
    if (!out->span_count)
        gather(out, seen, false);
    pair(out, seen);
}

enum told_end told_end_of(const struct seen *seen, const struct told_pair *pair)
{
    const struct attempt *attempt = pair->attempt;
    struct effect effect;

    if (seen->trace->outcome == TRACE_OUTCOME_LEFT)
        return TOLD_UNCLEAR;
    if (pair->decisive)
        return TOLD_SUCCESS;
    seen_effect(&effect, seen, attempt);
    if (attempt->delivered.head_complete)
        return attempt->delivered.status >= 400 && !effect.head_may_be_refused
                   ? TOLD_FAILURE
                   : TOLD_UNCLEAR;
    return attempt->delivered.sent_bytes == 0 ? TOLD_FAILURE : TOLD_UNCLEAR;
}

void told_name(char *out, size_t size, const struct told_pair *pair)
{
    snprintf(out, size, "attempt %zu at %s", pair->ordinal + 1,
             pair->attempt->upstream);
}

static void judge_one(const struct judged *judged, size_t request,
                      struct finding *finding, told_request *judge)
{
    struct seen seen;
    struct told told;

    seen_init(&seen, judged, request);
    if (!seen.request->trace_id[0]) {
        finding_reason(finding, "it was sent with a traceparent of its own");
        return;
    }
    told_init(&told, &seen);
    if (!told.root && seen.count == 0 &&
        (seen.trace->outcome == TRACE_OUTCOME_LEFT ||
         !seen.trace->head_complete)) {
        finding_reason(finding, "the gateway may not have met this request");
        return;
    }
    if (!told.root) {
        finding->verdict = VERDICT_HOLD;
        finding_observe(finding,
                        "no server span of this trace came within "
                        "%lld ms",
                        (long long)seen.observation->profile->flush_ms);
        finding_reason(finding, "late, sampled out, or of a trace of the "
                                "gateway's own that cannot be tied by time: "
                                "nothing can be said");
        return;
    }
    judge(&seen, &told, finding);
}

void told_each(const struct judged *judged, struct finding *finding,
               enum profile_promise promise, told_request *judge)
{
    const struct observation *o = judged->observation;

    if (!o->profile || !(o->profile->promises & (unsigned)promise)) {
        finding_reason(finding, "the profile promises nothing of the kind "
                                "(telemetry.spans.promises)");
        return;
    }
    if (o->telemetry.let_go) {
        finding->verdict = VERDICT_HOLD;
        finding_reason(finding, "more spans came than are kept");
        return;
    }
    for (size_t i = 0; i < o->request_count; i++) {
        struct finding one = *finding;

        one.verdict = VERDICT_NOT_APPLICABLE;
        judge_one(judged, i, &one, judge);
        finding_worse(finding, &one);
    }
}
