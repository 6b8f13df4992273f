/* The checks that look at what the gateway says of itself by its spans. */
#include "tests/unit/stage.h"

#define TRACE "30313233343536373839616263646566"
#define ALL   511u

struct told_stage {
    struct stage s;
    struct profile profile;
    struct profile_sink sink;
};

/* Attempts: 503 and 503 at the primary, then 200 at the fallback; the client
 * has its answer. Spans: as they should be. */
static struct telemetry_span *told_span(struct told_stage *t, int64_t kind,
                                        int64_t port, int64_t status)
{
    struct telemetry_span *span = telemetry_new_span(&t->s.o.telemetry);

    snprintf(span->trace_id, sizeof span->trace_id, "%s", TRACE);
    snprintf(span->address, sizeof span->address, "127.0.0.1");
    span->kind = kind;
    span->port = port;
    span->http = span->url = span->path = span->scheme = true;
    span->port_said = true;
    span->http_status = status;
    span->start_ns = (int64_t)t->s.o.telemetry.span_count;
    if (status >= 400) {
        span->status = OTLP_STATUS_ERROR;
        span->error_type = true;
    }
    return span;
}

static void told_begin(struct told_stage *t)
{
    static const char *const names[] = { "primary", "fallback" };

    *t = (struct told_stage){ .sink = { .kind = SINK_OTLP } };
    stage_init(&t->s, STAGE_RUNBOOK, false, STEP_503, NULL);
    t->profile.promises = ALL;
    t->profile.flush_ms = 100;
    t->profile.sinks.items = &t->sink;
    t->profile.sinks.count = 1;
    t->s.o.profile = &t->profile;
    snprintf(t->s.request.trace_id, sizeof t->s.request.trace_id, "%s", TRACE);
    for (size_t i = 0; i < 2; i++) {
        snprintf(t->s.o.endpoints[i].upstream, UPSTREAM_NAME_SIZE, "%s",
                 names[i]);
        t->s.o.endpoints[i].port = 1001 + (int64_t)i;
    }
    t->s.o.endpoint_count = 2;
}

static void told_init_stage(struct told_stage *t)
{
    told_begin(t);
    stage_attempt(&t->s, "primary", 503, 1)->delivered.sent_bytes = 90;
    stage_attempt(&t->s, "primary", 503, 1)->delivered.sent_bytes = 90;
    stage_attempt(&t->s, "fallback", 200, 1)->delivered.sent_bytes = 900;
    stage_client(&t->s, TRACE_OUTCOME_SUCCESS, 200);
    told_span(t, OTLP_SPAN_SERVER, -1, 200);
    told_span(t, OTLP_SPAN_CLIENT, 1001, 503);
    told_span(t, OTLP_SPAN_CLIENT, 1001, 503)->resend_count = 1;
    told_span(t, OTLP_SPAN_CLIENT, 1002, 200);
}

static void told_end_stage(struct told_stage *t)
{
    telemetry_release(&t->s.o.telemetry);
    buf_release(&t->s.request.trace.body);
    stage_release(&t->s);
}

static const char *const span_checks[] = { "span_per_attempt", "span_truth",
                                           "span_status" };

Test(checks_telemetry, spans_that_say_what_was_seen_pass)
{
    struct told_stage t;

    told_init_stage(&t);
    for (size_t i = 0; i < 3; i++)
        EXPECT_VERDICT(&t.s, span_checks[i], VERDICT_PASS);
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_PASS);
    told_end_stage(&t);
}

Test(checks_telemetry, what_nobody_promised_is_not_judged)
{
    struct told_stage t;

    told_init_stage(&t);
    t.profile.promises = 0;
    for (size_t i = 0; i < 3; i++)
        EXPECT_VERDICT(&t.s, span_checks[i], VERDICT_NOT_APPLICABLE);
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_NOT_APPLICABLE);
    t.profile.promises = ALL;
    t.s.request.trace_id[0] = '\0';
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_NOT_APPLICABLE);
    told_end_stage(&t);
}

Test(checks_telemetry, without_the_server_span_nothing_can_be_said)
{
    struct told_stage t;

    told_init_stage(&t);
    t.s.o.telemetry.spans[0].kind = OTLP_SPAN_INTERNAL;
    for (size_t i = 0; i < 3; i++)
        EXPECT_VERDICT(&t.s, span_checks[i], VERDICT_HOLD);
    /* A client that left early may not have been met at all. */
    t.s.o.attempt_count = 0;
    t.s.request.trace.outcome = TRACE_OUTCOME_LEFT;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_NOT_APPLICABLE);
    told_end_stage(&t);
    told_init_stage(&t);
    t.s.o.telemetry.let_go = 1;
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_HOLD);
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_HOLD);
    told_end_stage(&t);
}

Test(checks_telemetry, each_attempt_has_a_span_of_its_own)
{
    struct told_stage t;

    told_init_stage(&t);
    t.s.o.telemetry.span_count--; /* none for the fallback */
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_FAIL);
    cr_expect_str_eq(stage_judge(&t.s, "span_per_attempt").observed,
                     "primary 2, fallback 0");
    told_end_stage(&t);
    told_init_stage(&t);
    told_span(&t, OTLP_SPAN_CLIENT, 1002, 200); /* one too many */
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_FAIL);
    t.s.request.trace.outcome = TRACE_OUTCOME_LEFT;
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_PASS);
    told_end_stage(&t);
    told_init_stage(&t);
    t.s.o.telemetry.spans[3].port = 9; /* to nobody we know */
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_FAIL);
    told_end_stage(&t);
}

Test(checks_telemetry, a_genai_span_around_an_attempt_is_no_second_one)
{
    struct told_stage t;
    struct telemetry_span *span;

    told_init_stage(&t);
    span = told_span(&t, OTLP_SPAN_CLIENT, 1002, -1);
    span->http = false;
    span->genai = true;
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_PASS);
    /* Alone they stand for the attempts. */
    for (size_t i = 1; i < 4; i++) {
        t.s.o.telemetry.spans[i].http = false;
        t.s.o.telemetry.spans[i].genai = true;
    }
    t.s.o.telemetry.span_count--;
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_PASS);
    told_end_stage(&t);
}

Test(checks_telemetry, a_refusing_port_sees_no_attempts_to_count)
{
    struct told_stage t;

    told_begin(&t);
    stage_release(&t.s);
    stage_init(&t.s, STAGE_RUNBOOK, false, "[{\"fault\":\"refuse\"}]", NULL);
    t.s.o.profile = &t.profile;
    snprintf(t.s.request.trace_id, sizeof t.s.request.trace_id, "%s", TRACE);
    snprintf(t.s.o.endpoints[0].upstream, UPSTREAM_NAME_SIZE, "primary");
    t.s.o.endpoints[0].port = 1001;
    t.s.o.endpoint_count = 1;
    told_span(&t, OTLP_SPAN_SERVER, -1, 502);
    told_span(&t, OTLP_SPAN_CLIENT, 1001, -1);
    EXPECT_VERDICT(&t.s, "span_per_attempt", VERDICT_NOT_APPLICABLE);
    told_end_stage(&t);
}

Test(checks_telemetry, the_resend_count_is_which_attempt_it_was)
{
    static const struct {
        int64_t second, fallback;
        enum verdict verdict;
    } rows[] = {
        { 1, -1, VERDICT_PASS },  { 1, 0, VERDICT_PASS },
        { 1, 2, VERDICT_PASS }, /* counted over all upstreams */
        { -1, -1, VERDICT_FAIL }, { 0, -1, VERDICT_FAIL },
        { 2, -1, VERDICT_FAIL },  { 1, 1, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told_stage t;

        told_init_stage(&t);
        t.s.o.telemetry.spans[2].resend_count = rows[i].second;
        t.s.o.telemetry.spans[3].resend_count = rows[i].fallback;
        EXPECT_VERDICT(&t.s, "span_truth", rows[i].verdict);
        t.profile.promises = PROMISE_STATUS_CODE;
        EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
        told_end_stage(&t);
    }
}

Test(checks_telemetry, the_status_code_is_what_was_answered)
{
    struct told_stage t;
    struct telemetry_span *span;
    struct attempt *a;

    told_init_stage(&t);
    span = &t.s.o.telemetry.spans[1];
    a = &t.s.attempts[0];
    span->http_status = 500;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    cr_expect_str_eq(stage_judge(&t.s, "span_truth").observed,
                     "attempt 1 at primary: status code 500 for 503");
    span->http_status = -1;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    /* Whether a gateway that hung up had read it is not known. */
    t.s.request.trace.outcome = TRACE_OUTCOME_LEFT;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    t.s.request.trace.outcome = TRACE_OUTCOME_SUCCESS;
    a->delivered.peer_closed_first = true;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    a->delivered.peer_closed_first = false;
    a->delivered.end = ATTEMPT_END_RST;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    a->delivered.head_complete = false;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    span->http_status = 200; /* of a head that was cut: not known */
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    a->delivered.sent_bytes = 0;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    told_end_stage(&t);
}

Test(checks_telemetry, failures_have_an_error_type_and_successes_none)
{
    struct told_stage t;

    told_init_stage(&t);
    t.s.o.telemetry.spans[1].error_type = false;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    t.profile.promises = ALL & ~(unsigned)PROMISE_ERROR_TYPE;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    told_end_stage(&t);
    told_init_stage(&t);
    t.s.o.telemetry.spans[3].error_type = true;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    /* A 200 that failed all the same may say so. */
    t.s.request.trace.outcome = TRACE_OUTCOME_CUT;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
    told_end_stage(&t);
}

Test(checks_telemetry, a_span_names_its_server)
{
    struct told_stage t;

    told_init_stage(&t);
    t.s.o.telemetry.spans[1].address[0] = '\0';
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    told_end_stage(&t);
}

Test(checks_telemetry, the_status_of_a_span_goes_by_its_kind)
{
    static const struct {
        size_t span;
        int64_t status;
        int64_t client; /* what the client got */
        enum verdict verdict;
    } rows[] = {
        { 1, OTLP_STATUS_UNSET, 200, VERDICT_FAIL },
        { 3, OTLP_STATUS_ERROR, 200, VERDICT_FAIL },
        { 3, OTLP_STATUS_OK, 200, VERDICT_PASS },
        { 0, OTLP_STATUS_ERROR, 200, VERDICT_FAIL },
        { 0, OTLP_STATUS_ERROR, 502, VERDICT_PASS },
        { 0, OTLP_STATUS_UNSET, 502, VERDICT_FAIL },
        { 0, OTLP_STATUS_UNSET, 401, VERDICT_PASS },
        { 0, OTLP_STATUS_ERROR, 401, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told_stage t;

        told_init_stage(&t);
        t.s.o.telemetry.spans[rows[i].span].status = rows[i].status;
        if (rows[i].client != 200)
            stage_client(&t.s, TRACE_OUTCOME_ERROR, rows[i].client);
        EXPECT_VERDICT(&t.s, "span_status", rows[i].verdict);
        told_end_stage(&t);
    }
}

Test(checks_telemetry, the_tokens_are_those_of_the_answer)
{
    struct told_stage t;
    struct telemetry_span *span;

    told_init_stage(&t);
    span = &t.s.o.telemetry.spans[3];
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_NOT_APPLICABLE);
    buf_add_text(&t.s.request.trace.body,
                 "{\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":9}}");
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_FAIL);
    span->input_tokens = 7;
    span->output_tokens = 9;
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_PASS);
    span->output_tokens = 10;
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_FAIL);
    buf_clear(&t.s.request.trace.body);
    buf_add_text(&t.s.request.trace.body,
                 "data: {\"choices\":[],\"usage\":null}\n\n"
                 "data: {\"usage\":{\"prompt_tokens\":7,"
                 "\"completion_tokens\":10}}\n\ndata: [DONE]\n\n");
    t.s.request.trace.content = TRACE_CONTENT_EVENTS;
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_PASS);
    t.s.request.trace.outcome = TRACE_OUTCOME_ERROR;
    EXPECT_VERDICT(&t.s, "usage_truth", VERDICT_NOT_APPLICABLE);
    told_end_stage(&t);
}

Test(checks_telemetry, what_is_forbidden_may_not_be_collected)
{
    static const struct {
        enum telemetry_shape_kind kind;
        const char *runbook;
        unsigned promises;
        enum verdict verdict;
    } rows[] = {
        { TELEMETRY_CONTENT, "{\"redaction\":{\"forbid\":[\"prompt\"]}}", 0,
          VERDICT_FAIL },
        { TELEMETRY_CONTENT, "{\"redaction\":{\"forbid\":[\"credential\"]}}", 0,
          VERDICT_PASS },
        { TELEMETRY_CREDENTIAL, "{\"redaction\":{\"forbid\":[\"credential\"]}}",
          0, VERDICT_FAIL },
        { TELEMETRY_CREDENTIAL, "{}", 0, VERDICT_NOT_APPLICABLE },
        { TELEMETRY_RAW_NAME, "{}", PROMISE_NAMES, VERDICT_FAIL },
        { TELEMETRY_RAW_NAME, "{\"redaction\":{\"forbid\":[\"prompt\"]}}", 0,
          VERDICT_PASS },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct told_stage t;

        told_begin(&t);
        stage_release(&t.s);
        stage_init(&t.s, rows[i].runbook, false, NULL, NULL);
        t.s.o.profile = &t.profile;
        t.profile.promises = rows[i].promises;
        told_span(&t, OTLP_SPAN_SERVER, -1, 200);
        telemetry_note(&t.s.o.telemetry, rows[i].kind, "span", "a.name", TRACE);
        EXPECT_VERDICT(&t.s, "over_collection", rows[i].verdict);
        told_end_stage(&t);
    }
}

Test(checks_telemetry, silence_proves_nothing)
{
    struct told_stage t;

    told_init_stage(&t);
    t.s.o.telemetry.span_count = 0;
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_HOLD);
    t.profile.sinks.count = 0;
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_NOT_APPLICABLE);
    told_end_stage(&t);
}

Test(checks_telemetry, what_the_conventions_require_is_there)
{
    static const size_t members[] = {
        offsetof(struct telemetry_span, http),
        offsetof(struct telemetry_span, port_said),
        offsetof(struct telemetry_span, url),
    };
    struct told_stage t;

    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        told_init_stage(&t);
        for (size_t k = 1; k < t.s.o.telemetry.span_count; k++) {
            struct telemetry_span *span = &t.s.o.telemetry.spans[k];

            span->genai = true; /* it stands for an attempt all the same */
            *(bool *)((char *)span + members[i]) = false;
        }
        EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
        t.profile.promises &= ~(unsigned)PROMISE_REQUIRED;
        EXPECT_VERDICT(&t.s, "span_truth", VERDICT_PASS);
        told_end_stage(&t);
    }
    told_init_stage(&t);
    t.s.o.telemetry.spans[0].scheme = false; /* the server span */
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    t.s.o.telemetry.spans[0].scheme = true;
    t.s.o.telemetry.spans[0].path = false;
    EXPECT_VERDICT(&t.s, "span_truth", VERDICT_FAIL);
    told_end_stage(&t);
}
