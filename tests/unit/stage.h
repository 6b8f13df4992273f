/* stage: the history of one case, made by hand, for tests of the checks. */
#ifndef GATEDRILL_TESTS_UNIT_STAGE_H
#define GATEDRILL_TESTS_UNIT_STAGE_H

#include "common/clock.h"
#include "harness/judge/check.h"
#include "tests/unit/drill_script.h"

#define STAGE_ATTEMPTS 12
#define STAGE_TAG      7

struct stage {
    struct drill_script d;
    struct allowed allowed;
    struct observation o;
    struct observed_request request;
    struct attempt attempts[STAGE_ATTEMPTS];
    struct answer_token tokens[32];
    int64_t now_ms; /* since the client's request */
};

static inline int64_t stage_ns(int64_t ms)
{
    return (1000 + ms) * NS_PER_MS;
}

/* As drill_script_init; a client request began at 0. */
static inline void stage_init(struct stage *s, const char *runbook, bool stream,
                              const char *primary, const char *fallback)
{
    *s = (struct stage){ 0 };
    drill_script_init(&s->d, runbook, stream, primary, fallback);
    oracle_allow(&s->allowed, &s->d.drill_case, 0, &s->d.runbook);
    s->request.epoch = 1;
    s->request.trace.tag = STAGE_TAG;
    s->request.trace.start_ns = stage_ns(0);
    s->request.trace.stream_asked = stream;
    s->request.trace.status = -1;
    s->o = (struct observation){
        .drill_case = &s->d.drill_case,
        .runbook = &s->d.runbook,
        .tolerance_ms = 50,
        .requests = &s->request,
        .request_count = 1,
        .attempts = s->attempts,
        .probe_before = { .made = true, .healthy = true },
        .detector_control = true,
    };
    snprintf(s->o.client_fingerprint, sizeof s->o.client_fingerprint, "c0");
    s->o.key_count = 2;
    snprintf(s->o.keys[0].upstream, UPSTREAM_NAME_SIZE, "primary");
    snprintf(s->o.keys[0].fingerprint, FINGERPRINT_HEX_SIZE, "p0");
    snprintf(s->o.keys[1].upstream, UPSTREAM_NAME_SIZE, "fallback");
    snprintf(s->o.keys[1].fingerprint, FINGERPRINT_HEX_SIZE, "f0");
}

static inline void stage_release(struct stage *s)
{
    allowed_release(&s->allowed);
    drill_script_release(&s->d);
}

/* The next attempt: at now, over after lasts_ms with a status (-1: none). */
static inline struct attempt *stage_attempt(struct stage *s,
                                            const char *upstream,
                                            int64_t status, int64_t lasts_ms)
{
    struct attempt *a = &s->attempts[s->o.attempt_count++];
    int64_t ordinal = 1;

    cr_assert_leq(s->o.attempt_count, STAGE_ATTEMPTS);
    for (const struct attempt *b = s->attempts; b < a; b++)
        ordinal += !strcmp(b->upstream, upstream);
    *a = (struct attempt){ .ordinal = ordinal, .id = { 1, 1 } };
    snprintf(a->upstream, sizeof a->upstream, "%s", upstream);
    snprintf(a->request.method, sizeof a->request.method, "POST");
    snprintf(a->request.body_sha256, sizeof a->request.body_sha256, "b0");
    a->request.body = ATTEMPT_BODY_COMPLETE;
    a->request.credential_count = 1;
    snprintf(a->request.credentials[0].header,
             sizeof a->request.credentials[0].header, "authorization");
    snprintf(a->request.credentials[0].fingerprint, FINGERPRINT_HEX_SIZE, "%s",
             !strcmp(upstream, "primary") ? "p0" : "f0");
    a->planned.status = status;
    a->delivered.status = status;
    a->delivered.head_complete = status > 0;
    a->delivered.faithful = true;
    a->delivered.end = ATTEMPT_END_KEEP;
    a->times_ns.accept = stage_ns(s->now_ms);
    a->times_ns.first_byte = a->times_ns.head = a->times_ns.body =
        stage_ns(s->now_ms);
    s->now_ms += lasts_ms;
    a->times_ns.first_sent = a->times_ns.last_sent = a->times_ns.end =
        stage_ns(s->now_ms);
    return a;
}

/* The client's end: now. */
static inline void stage_client(struct stage *s, enum trace_outcome outcome,
                                int64_t status)
{
    struct http_trace *t = &s->request.trace;

    t->outcome = outcome;
    t->status = status;
    t->head_complete = status > 0;
    t->framing_complete = outcome == TRACE_OUTCOME_SUCCESS ||
                          outcome == TRACE_OUTCOME_FALSE_SUCCESS ||
                          outcome == TRACE_OUTCOME_ERROR;
    t->end_ns = stage_ns(s->now_ms);
    t->content = s->d.phase.client.stream ? TRACE_CONTENT_EVENTS
                                          : TRACE_CONTENT_COMPLETION;
    s->o.listened_until_ns = stage_ns(s->now_ms + 300);
}

/* Tokens 1..count of 24 of an attempt, in the client's answer. */
static inline void stage_tokens(struct stage *s, const char *upstream,
                                int64_t attempt, int64_t count)
{
    struct answer_tokens *tokens = &s->request.trace.tokens;

    tokens->items = s->tokens;
    for (int64_t i = 1; i <= count; i++) {
        struct answer_token *token = &s->tokens[tokens->count++];

        *token = (struct answer_token){
            .attempt = attempt, .index = i, .count = 24, .tag = STAGE_TAG
        };
        memcpy(token->upstream, upstream, strlen(upstream));
    }
    s->request.trace.shape = answer_judge(&s->request.trace.tokens, STAGE_TAG);
}

/* The whole answer of the last attempt made. */
static inline void stage_success(struct stage *s)
{
    const struct attempt *a = &s->attempts[s->o.attempt_count - 1];

    stage_tokens(s, a->upstream, a->ordinal, 24);
    stage_client(s, TRACE_OUTCOME_SUCCESS, 200);
    s->request.trace.events.finish = true;
    s->request.trace.events.done = s->d.phase.client.stream ? 1 : 0;
}

static inline struct finding stage_judge(const struct stage *s, const char *id)
{
    const struct check *check = check_find(id);
    struct judged judged = { &s->o, &s->allowed, 1 };
    struct finding finding = { .check = id };

    cr_assert_not_null(check, "%s", id);
    check->judge(&judged, &finding);
    return finding;
}

#define EXPECT_VERDICT(stage, id, wanted)                                      \
    do {                                                                       \
        struct finding f_ = stage_judge(stage, id);                            \
        cr_expect_eq(f_.verdict, wanted,                                       \
                     "%s is %s: expected %s; observed %s; "                    \
                     "%s",                                                     \
                     id, verdict_names[f_.verdict], f_.expected, f_.observed,  \
                     f_.reason);                                               \
    } while (0)

/* A strict gateway: two retries, then the fallback. */
#define STAGE_RUNBOOK                                                          \
    "{\"retry\":{\"budget\":2,\"total_attempts_max\":6,"                       \
    "\"on\":[\"http_429\",\"http_5xx\",\"header_timeout\",\"bad_body\"],"      \
    "\"backoff\":{\"base_ms\":100,\"factor\":2,\"jitter\":\"equal\"},"         \
    "\"retry_after\":{\"on\":[\"http_429\"]}},"                                \
    "\"fallback\":{\"order\":[\"primary\",\"fallback\"],"                      \
    "\"on\":[\"http_429\",\"http_5xx\",\"header_timeout\",\"bad_body\"]},"     \
    "\"auth\":{\"on_401\":\"fail_closed\",\"client_status\":[401,403],"        \
    "\"client_keys\":\"checked\"},"                                            \
    "\"client_errors\":{\"upstream_4xx\":\"same\",\"exhausted\":[502,503]},"   \
    "\"timeouts\":{\"header_ms\":500,\"idle_ms\":500,\"total_ms\":8000},"      \
    "\"stream\":{\"commit\":\"first_output\","                                 \
    "\"after_commit\":[\"error_event\",\"abort\"]},"                           \
    "\"upstreams\":{\"primary\":{\"credential\":\"own\",\"model\":\"own\"},"   \
    "\"fallback\":{\"credential\":\"own\",\"model\":\"client\"}},"             \
    "\"request\":{\"body\":\"json_equal\",\"fields_added\":[\"/user\"],"       \
    "\"headers_forwarded\":[\"traceparent\"]},"                                \
    "\"redaction\":{\"forbid\":[\"credential\",\"prompt\"]}}"

#define STEP_503  "[{\"fault\":\"status\",\"status\":503}]"
#define STEP_401  "[{\"fault\":\"status\",\"status\":401}]"
#define STEP_ONCE "[{\"fault\":\"status\",\"status\":503},{\"fault\":\"none\"}]"

#endif
