#include "harness/evidence/evidence_classify.h"

#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "harness/oracle/effect.h"
#include "harness/oracle/oracle.h"

const char *evidence_primary(const struct observation *observation)
{
    const struct bind_texts *order = &observation->runbook->fallback.order;

    return order->count > 0 ? order->items[0] : "primary";
}

bool evidence_is_fallback(const struct observation *observation,
                          const char *upstream)
{
    const struct bind_texts *order = &observation->runbook->fallback.order;

    if (order->count == 0)
        return !strncmp(upstream, "fallback", 8);
    for (size_t i = 1; i < order->count; i++)
        if (!strcmp(order->items[i], upstream))
            return true;
    return false;
}

static bool of_request(const struct attempt *attempt,
                       const struct observed_request *request)
{
    return attempt->id.epoch == request->epoch;
}

static const struct observed_request *
request_of(const struct observation *observation, const struct attempt *attempt)
{
    for (size_t i = 0; i < observation->request_count; i++)
        if (of_request(attempt, &observation->requests[i]))
            return &observation->requests[i];
    return NULL;
}

const struct step *evidence_step(const struct observation *observation,
                                 const struct attempt *attempt)
{
    const struct observed_request *request = request_of(observation, attempt);
    const struct case_phase *phase;

    if (!request || request->phase >= observation->drill_case->phase_count)
        return NULL;
    phase = &observation->drill_case->phases[request->phase];
    for (size_t i = 0; i < phase->upstream_count; i++) {
        const struct script *script = &phase->upstreams[i].script;

        if (!strcmp(phase->upstreams[i].name, attempt->upstream) &&
            script->count > 0 && attempt->ordinal > 0)
            return script_step(script, attempt->ordinal);
    }
    return NULL;
}

/* What a status says by itself. Source: contract-and-standards.md 1.6, 4.9. */
static const char *status_error(int64_t status)
{
    static const struct {
        int64_t low, high;
        const char *word;
    } rows[] = {
        { 300, 399, "route_error" },     { 401, 401, "auth_error" },
        { 403, 403, "auth_error" },      { 404, 405, "route_error" },
        { 408, 408, "transient_error" }, { 429, 429, "rate_limited" },
        { 400, 499, "request_error" },   { 504, 504, "timeout" },
        { 500, 999, "transient_error" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (status >= rows[i].low && status <= rows[i].high)
            return rows[i].word;
    return "unknown";
}

/* CometAPI answers permanent request errors with 500 and 503: the body's code
 * decides there. */
static bool permanent_code(const struct step *step)
{
    static const char *const codes[] = { "invalid_request", "model_not_found",
                                         "invalid_request_error", NULL };

    for (size_t i = 0; step && step->code && codes[i]; i++)
        if (!strcmp(step->code, codes[i]))
            return true;
    return false;
}

/* A whole answer that a careful reader need not take. */
static bool odd_answer(const struct step *step, bool stream)
{
    const struct effect_context context = { .stream = stream,
                                            .credential_accepted = true };
    struct effect effect;

    effect_of(&effect, step, &context);
    return effect.content != EFFECT_CONTENT_ANSWER ||
           effect.head_may_be_refused || effect.status != 200;
}

/* What an upstream's step makes of a request that did not succeed. */
static const char *step_error(const struct step *step, bool stream)
{
    switch (fault_rows[step->fault].effect) {
    case FAULT_EFFECT_STATUS:
        return permanent_code(step) ? "request_error"
                                    : status_error(step->status);
    case FAULT_EFFECT_SILENCE:
        return "timeout";
    case FAULT_EFFECT_OK:
        if (odd_answer(step, stream))
            return "parse_error";
        return "timeout"; /* healthy but late: somebody's limit ran out */
    case FAULT_EFFECT_STREAM:
        return "stream_error";
    case FAULT_EFFECT_CUT:
        return stream && step->at.at >= POINT_HEADERS_END ? "stream_error"
                                                          : "transient_error";
    case FAULT_EFFECT_BAD_BODY:
        return step->status >= 300 ? status_error(step->status) : "parse_error";
    case FAULT_EFFECT_GARBAGE:
        return "parse_error";
    case FAULT_EFFECT_REFUSED:
        return "transient_error";
    case FAULT_EFFECT_UNANSWERED:
        return "timeout";
    }
    return "unknown";
}

/* Without a scripted cause: what the client saw says it. */
static const char *trace_error(const struct http_trace *trace)
{
    switch (trace->outcome) {
    case TRACE_OUTCOME_HANG:
        return "timeout";
    case TRACE_OUTCOME_FALSE_SUCCESS:
        return trace->content == TRACE_CONTENT_EVENTS ? "stream_error"
                                                      : "parse_error";
    case TRACE_OUTCOME_CUT:
        return trace->content == TRACE_CONTENT_EVENTS ? "stream_error"
                                                      : "transient_error";
    case TRACE_OUTCOME_NO_RESPONSE:
        return "transient_error";
    case TRACE_OUTCOME_ERROR:
        return trace->status >= 300 ? status_error(trace->status)
                                    : "stream_error";
    case TRACE_OUTCOME_SUCCESS:
        return "none";
    case TRACE_OUTCOME_LEFT:
        break;
    }
    return "unknown";
}

/* The last attempt of a request: what it met is why the request failed. */
static const struct attempt *last_attempt(const struct observation *o,
                                          const struct observed_request *r)
{
    const struct attempt *last = NULL;

    for (size_t i = 0; i < o->attempt_count; i++)
        if (of_request(&o->attempts[i], r))
            last = &o->attempts[i];
    return last;
}

static bool is_success(const struct observed_request *request)
{
    return request->trace.outcome == TRACE_OUTCOME_SUCCESS;
}

static const char *error_class(const struct observation *o,
                               const struct observed_request *request)
{
    const struct attempt *last = last_attempt(o, request);
    const struct step *step = last ? evidence_step(o, last) : NULL;

    if (is_success(request))
        return "none";
    /* An upstream that refuses the key does so by itself, script or not. */
    if (last &&
        (last->delivered.status == 401 || last->delivered.status == 403))
        return "auth_error";
    if (last && last->other_route)
        return "route_error";
    if (step && step->fault != FAULT_none)
        return step_error(step, request->trace.stream_asked);
    return trace_error(&request->trace);
}

static bool reached_fallback(const struct observation *o,
                             const struct observed_request *request)
{
    for (size_t i = 0; i < o->attempt_count; i++)
        if ((!request || of_request(&o->attempts[i], request)) &&
            evidence_is_fallback(o, o->attempts[i].upstream))
            return true;
    return false;
}

static bool reached(const struct observation *o, const char *upstream,
                    const struct observed_request *request)
{
    for (size_t i = 0; i < o->attempt_count; i++)
        if (of_request(&o->attempts[i], request) &&
            !strcmp(o->attempts[i].upstream, upstream))
            return true;
    return false;
}

static enum decision decision(const struct observation *o,
                              const struct observed_request *request,
                              const char *error)
{
    if (reached_fallback(o, request))
        return DECISION_FALLBACK_USED;
    if (is_success(request))
        return reached(o, evidence_primary(o), request) ? DECISION_PRIMARY_USED
                                                        : DECISION_UNKNOWN;
    if (!strcmp(error, "auth_error"))
        return DECISION_FAILED_CLOSED;
    /* Nobody can count what a refusing port refused. */
    for (size_t i = 0; i < o->refusal_count; i++)
        if (strcmp(o->refusals[i].upstream, evidence_primary(o)))
            return DECISION_UNKNOWN;
    return DECISION_FALLBACK_NOT_TRIGGERED;
}

/* Attempts over all upstreams minus upstreams tried: a fallback's first attempt
 * is no retry. */
static int64_t retries(const struct observation *o,
                       const struct observed_request *request)
{
    int64_t count = 0;

    for (size_t i = 0; i < o->attempt_count; i++) {
        bool first = true;

        if (!of_request(&o->attempts[i], request))
            continue;
        for (size_t k = 0; k < i && first; k++)
            first =
                !(of_request(&o->attempts[k], request) &&
                  !strcmp(o->attempts[k].upstream, o->attempts[i].upstream));
        count += first ? 0 : 1;
    }
    return count;
}

static const char *status_class(int64_t status)
{
    static const char *const words[] = { "none", "1xx", "2xx",
                                         "3xx",  "4xx", "5xx" };

    return status >= 100 && status <= 599 ? words[status / 100] : words[0];
}

void evidence_request_words(struct request_words *out,
                            const struct observation *observation,
                            const struct observed_request *request)
{
    const struct http_trace *trace = &request->trace;
    int64_t end_ns = trace->end_ns ? trace->end_ns : trace->last_byte_ns;

    out->status_class = status_class(trace->status);
    out->error_class = error_class(observation, request);
    out->decision =
        decision_names[decision(observation, request, out->error_class)];
    out->retries = retries(observation, request);
    snprintf(out->bucket, sizeof out->bucket, "none");
    if (trace->start_ns && end_ns)
        evidence_bucket(out->bucket, (end_ns - trace->start_ns) / NS_PER_MS,
                        &observation->runbook->elapsed_buckets_ms);
}

const struct observed_request *
evidence_decisive(const struct observation *observation)
{
    for (size_t i = 0; i < observation->request_count; i++)
        if (!is_success(&observation->requests[i]))
            return &observation->requests[i];
    return observation->request_count
               ? &observation->requests[observation->request_count - 1]
               : NULL;
}

void evidence_case_words(struct request_words *out,
                         const struct observation *observation)
{
    const struct observed_request *decisive = evidence_decisive(observation);

    *out = (struct request_words){ .status_class = "none",
                                   .error_class = "unknown",
                                   .decision = decision_names[DECISION_UNKNOWN],
                                   .bucket = "none" };
    if (!decisive)
        return;
    evidence_request_words(out, observation, decisive);
    out->retries = 0;
    for (size_t i = 0; i < observation->request_count; i++)
        out->retries += retries(observation, &observation->requests[i]);
    if (reached_fallback(observation, NULL))
        out->decision = decision_names[DECISION_FALLBACK_USED];
}

static enum canary_kind kind_of(const struct observation *o, const char *id)
{
    for (size_t i = 0; i < o->canary_count; i++)
        if (!strcmp(o->canaries[i].id, id))
            return o->canaries[i].kind;
    return CANARY_CREDENTIAL; /* a secret unknown to us is still a secret */
}

/* What the prompt's sender gets back may be the prompt; a key belongs into
 * nobody's response. Upstream error texts are no secret, and what else a client
 * says in its headers is neither prompt nor credential. */
static bool is_leak(const struct observation *o, const struct sink_hit *hit)
{
    enum canary_kind kind = kind_of(o, hit->canary);

    if (!hit_is_leak(hit->how))
        return false;
    if (!strcmp(hit->sink, "client response"))
        return kind == CANARY_CREDENTIAL;
    return kind != CANARY_ERROR_TEXT && kind != CANARY_METADATA;
}

static bool sinks_spoke(const struct observation *o)
{
    bool live = false;

    for (size_t i = 0; i < o->sink_count; i++) {
        const struct observed_sink *sink = &o->sinks[i];
        bool spoke = sink->live && !sink->problem[0];

        if (sink->required && !spoke)
            return false;
        live = live || spoke;
    }
    return live;
}

/* Something secret was on its way through the gateway. */
static bool canary_travelled(const struct observation *o)
{
    for (size_t i = 0; i < o->canary_count; i++)
        if (o->canaries[i].reached && o->canaries[i].kind != CANARY_ERROR_TEXT)
            return true;
    return false;
}

const char *evidence_redaction(const struct observation *observation)
{
    bool in_part = false;

    for (size_t i = 0; i < observation->hit_count; i++) {
        if (!is_leak(observation, &observation->hits[i]))
            continue;
        if (observation->hits[i].how == HIT_FULL)
            return "leak_detected";
        in_part = true;
    }
    if (in_part)
        return "partial_leak_detected";
    if (!observation->detector_control || !sinks_spoke(observation) ||
        !canary_travelled(observation))
        return "not_checked";
    return "prompt_response_and_credential_not_logged";
}
