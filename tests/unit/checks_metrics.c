/* The checks that look at what the gateway counts: metric_truth and
 * metric_series, and how readings become figures. */
#include "harness/judge/metered.h"
#include "harness/telemetry/exposition.h"
#include "tests/unit/stage.h"

#define METRICS                                                                \
    "{\"metrics\":{\"series_max\":2,\"counters\":["                            \
    "{\"counts\":\"requests_total\",\"name\":\"req\",\"status\":\"code\"},"    \
    "{\"counts\":\"attempts_total\",\"name\":\"att\",\"status\":\"code\"},"    \
    "{\"counts\":\"attempts_total\",\"name\":\"att\",\"labels\":{\"up\":"      \
    "\"${p}\"},\"upstream\":\"primary\"},"                                     \
    "{\"counts\":\"retries_total\",\"name\":\"ret\"},"                         \
    "{\"counts\":\"retries_primary\",\"name\":\"ret\",\"labels\":{\"up\":"     \
    "\"a\"}},"                                                                 \
    "{\"counts\":\"input_tokens\",\"name\":\"tok\",\"labels\":{\"kind\":"      \
    "\"in\"}},"                                                                \
    "{\"counts\":\"output_tokens\",\"name\":\"tok\",\"labels\":{\"kind\":"     \
    "\"out\"}}]}}"

static char *upstream_names[] = { (char[]){ "primary" },
                                  (char[]){ "fallback" } };

/* Two failures at the primary, then a success at the fallback. */
struct metered_stage {
    struct stage s;
    struct profile profile;
    struct profile_sink sink;
    struct names names;
};

static void begin(struct metered_stage *t)
{
    static char path[] = "profile.json", url[] = "http://127.0.0.1:1/metrics";
    struct err err = { 0 };

    *t = (struct metered_stage){ .sink = { .kind = SINK_HTTP, .url = url } };
    stage_init(&t->s, STAGE_RUNBOOK, false, STEP_503, NULL);
    t->profile.path = path;
    t->profile.sinks.items = &t->sink;
    t->profile.sinks.count = 1;
    t->profile.upstreams.keys = upstream_names;
    t->profile.upstreams.count = 2;
    t->profile.telemetry = json_parse(METRICS, strlen(METRICS), "test", &err);
    cr_assert(profile_metrics_read(&t->profile.metrics, &t->profile, &err),
              "%s: %s", err.where, err.text);
    t->s.o.profile = &t->profile;
    names_set(&t->names, "p", "a");
    stage_attempt(&t->s, "primary", 503, 1)->delivered.sent_bytes = 90;
    stage_attempt(&t->s, "primary", 503, 1)->delivered.sent_bytes = 90;
    stage_attempt(&t->s, "fallback", 200, 1)->delivered.sent_bytes = 900;
    stage_client(&t->s, TRACE_OUTCOME_SUCCESS, 200);
    buf_add_text(&t->s.request.trace.body,
                 "{\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":24}}");
}

static void end(struct metered_stage *t)
{
    json_free(t->profile.telemetry);
    profile_metrics_release(&t->profile.metrics);
    names_release(&t->names);
    buf_release(&t->s.request.trace.body);
    stage_release(&t->s);
}

/* Both pages, read; nothing but the figures is kept. */
static void read_pages(struct metered_stage *t, const char *before,
                       const char *after)
{
    struct metrics readings[2][METRIC_PLACES] = { 0 };
    struct err err = { 0 };

    cr_assert(exposition_read(&readings[0][0], before, strlen(before), &err) &&
                  exposition_read(&readings[1][0], after, strlen(after), &err),
              "%s: %s", err.where, err.text);
    t->s.o.metered = (struct metered){ .alone = true, .looked = true };
    metered_read(&t->s.o.metered, &t->profile.metrics, &t->names, readings[0],
                 readings[1]);
    metrics_release(&readings[0][0]);
    metrics_release(&readings[1][0]);
}

#define BEFORE                                                                 \
    "req{code=\"200\"} 5\natt{up=\"a\",code=\"200\"} 5\n"                      \
    "tok{kind=\"in\"} 50\ntok{kind=\"out\"} 120\n"
#define REQ "req{code=\"200\"} 6\n"
#define ATT                                                                    \
    "att{up=\"a\",code=\"200\"} 5\natt{up=\"a\",code=\"503\"} 2\n"             \
    "att{up=\"b\",code=\"200\"} 1\n"
#define RET "ret{up=\"a\"} 1\n"
#define TOK "tok{kind=\"in\"} 60\ntok{kind=\"out\"} 144\n"

static const struct {
    const char *after;
    enum verdict verdict;
    const char *observed; /* stands in it */
} rows[] = {
    { REQ ATT RET TOK, VERDICT_PASS, "agree" },
    { "req{code=\"200\"} 5\n" ATT RET TOK, VERDICT_FAIL,
      "req rose by 0, not 1" },
    { "req{code=\"200\"} 5\nreq{code=\"503\"} 1\n" ATT RET TOK, VERDICT_FAIL,
      "req of status 503 rose by 1, not 0" },
    { "req{code=\"2xx\"} 1\n" BEFORE ATT RET TOK, VERDICT_FAIL, "att" },
    { "req{code=\"200\"} 5\nreq{code=\"2xx\"} 1\n" ATT RET TOK, VERDICT_FAIL,
      "status 200 rose by 0" },
    { REQ
      "att{up=\"a\",code=\"200\"} 5\natt{up=\"a\",code=\"503\"} 3\n" RET TOK,
      VERDICT_FAIL, "att rose by 3, not 2" },
    { REQ
      "att{up=\"a\",code=\"200\"} 5\natt{up=\"b\",code=\"200\"} 1\n" RET TOK,
      VERDICT_FAIL, "att rose by 1, not 3" },
    { REQ ATT "ret{up=\"a\"} 2\n" TOK, VERDICT_FAIL, "ret rose by 2, not 1" },
    { REQ ATT TOK, VERDICT_FAIL, "ret rose by 0, not 1" },
    { REQ ATT "ret{up=\"b\"} 1\n" TOK, VERDICT_FAIL, "ret rose by 0, not 1" },
    { REQ ATT "ret{up=\"a\"} -1\n" TOK, VERDICT_FAIL, "ret stands at -1" },
    { REQ ATT "ret{up=\"a\"} NaN\n" TOK, VERDICT_FAIL, "ret stands at" },
    { REQ ATT RET "tok{kind=\"in\"} 60\ntok{kind=\"out\"} 168\n", VERDICT_FAIL,
      "tok rose by 48, not 24" },
    { "req{code=\"200\"} 1\n" ATT RET TOK, VERDICT_HOLD, "req went back" },
    { "req{code=\"200\"} 1\n" ATT TOK, VERDICT_HOLD, "req went back" },
    { "req{code=\"200\"} 1\n" ATT TOK "ret -1\n", VERDICT_FAIL,
      "ret stands at -1" },
    { "", VERDICT_HOLD, "went back" },
};

Test(checks_metrics, counters_are_compared_with_what_was_seen)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct metered_stage t;
        struct finding finding;

        begin(&t);
        read_pages(&t, BEFORE, rows[i].after);
        finding = stage_judge(&t.s, "metric_truth");
        cr_expect_eq(finding.verdict, rows[i].verdict, "row %zu is %s: %s", i,
                     verdict_names[finding.verdict], finding.observed);
        cr_expect(strstr(finding.observed, rows[i].observed), "row %zu: %s", i,
                  finding.observed);
        end(&t);
    }
}

Test(checks_metrics, without_both_readings_nothing_can_be_said)
{
    struct metered_stage t;

    begin(&t);
    read_pages(&t, BEFORE, REQ ATT RET TOK);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_PASS);
    snprintf(t.s.o.metered.problem[METRIC_ON_PAGE], 16, "line 3: no");
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_HOLD);
    t.s.o.metered.problem[METRIC_ON_PAGE][0] = '\0';
    t.s.o.metered.looked = false;
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_HOLD);
    t.s.o.metered.alone = false;
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_NOT_APPLICABLE);
    t.s.o.profile = NULL;
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_NOT_APPLICABLE);
    end(&t);
}

/* What cannot be counted for certain is no fail: a range, or nothing at all. */
Test(checks_metrics, what_nobody_can_know_is_not_judged)
{
    struct metered_stage t;

    begin(&t);
    /* One attempt more, still open: counted or not, both are right. */
    t.s.attempts[1].delivered.end = ATTEMPT_END_OPEN;
    read_pages(&t, BEFORE, REQ ATT RET TOK);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_PASS);
    read_pages(&t, BEFORE,
               REQ
               "att{up=\"a\",code=\"200\"} 5\natt{up=\"a\",code=\"503\"} 1\n"
               "att{up=\"b\",code=\"200\"} 1\n" TOK);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_PASS);
    /* The client left: its request may be counted as anything. */
    t.s.request.trace.outcome = TRACE_OUTCOME_LEFT;
    read_pages(&t, BEFORE, BEFORE);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_PASS);
    read_pages(&t, BEFORE,
               "req{code=\"200\"} 7\natt{up=\"a\",code=\"200\"} 5\n" TOK);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_FAIL);
    end(&t);
}

Test(checks_metrics, tokens_of_an_answer_given_up_on_are_not_judged)
{
    struct metered_stage t;

    begin(&t);
    t.s.attempts[1].delivered.status = 200;
    read_pages(&t, BEFORE,
               REQ
               "att{up=\"a\",code=\"200\"} 6\natt{up=\"a\",code=\"503\"} 1\n"
               "att{up=\"b\",code=\"200\"} 1\n" RET
               "tok{kind=\"in\"} 70\ntok{kind=\"out\"} 168\n");
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_PASS);
    end(&t);
}

Test(checks_metrics, a_request_that_failed_took_no_tokens)
{
    struct metered_stage t;

    begin(&t);
    t.s.attempts[2].delivered.status = 503;
    stage_client(&t.s, TRACE_OUTCOME_ERROR, 503);
    read_pages(&t, BEFORE,
               BEFORE "req{code=\"503\"} 1\natt{up=\"a\",code=\"503\"} 2\n"
                      "att{up=\"b\",code=\"503\"} 1\n" RET);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_PASS);
    read_pages(&t, BEFORE,
               "req{code=\"200\"} 5\natt{up=\"a\",code=\"200\"} 5\n"
               "req{code=\"503\"} 1\natt{up=\"a\",code=\"503\"} 2\n"
               "att{up=\"b\",code=\"503\"} 1\n" RET TOK);
    EXPECT_VERDICT(&t.s, "metric_truth", VERDICT_FAIL);
    end(&t);
}

Test(checks_metrics, series_are_counted_against_the_promise)
{
    static const struct {
        const char *before, *after;
        enum verdict verdict;
    } pages[] = {
        { "a 1\n", "a 9\nb{m=\"x\"} 1\nb{m=\"y\"} 1\n", VERDICT_PASS },
        { "a 1\n", "a 9\nb{m=\"x\"} 1\nb{m=\"y\"} 1\nb{m=\"z\"} 1\n",
          VERDICT_FAIL },
        { "a 1\n", "a 51\n", VERDICT_PASS },
        { "", "", VERDICT_HOLD },
    };

    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct metered_stage t;

        begin(&t);
        read_pages(&t, pages[i].before, pages[i].after);
        EXPECT_VERDICT(&t.s, "metric_series", VERDICT_NOT_APPLICABLE);
        t.s.d.phase.client.models = 50;
        EXPECT_VERDICT(&t.s, "metric_series", pages[i].verdict);
        end(&t);
    }
}

Test(checks_metrics, series_need_a_promise_a_reading_and_answers)
{
    struct metered_stage t;

    begin(&t);
    t.s.d.phase.client.models = 50;
    read_pages(&t, "a 1\n", "a 2\n");
    EXPECT_VERDICT(&t.s, "metric_series", VERDICT_PASS);
    t.s.request.trace.head_complete = false;
    EXPECT_VERDICT(&t.s, "metric_series", VERDICT_HOLD);
    t.s.request.trace.head_complete = true;
    snprintf(t.s.o.metered.problem[METRIC_ON_PAGE], 16, "line 3: no");
    EXPECT_VERDICT(&t.s, "metric_series", VERDICT_HOLD);
    t.s.o.metered.alone = false;
    EXPECT_VERDICT(&t.s, "metric_series", VERDICT_NOT_APPLICABLE);
    t.profile.metrics.series_max = -1;
    EXPECT_VERDICT(&t.s, "metric_series", VERDICT_NOT_APPLICABLE);
    end(&t);
}

Test(checks_metrics, a_page_alone_is_looked_at_for_what_should_not_be_there)
{
    struct metered_stage t;

    begin(&t);
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_HOLD);
    read_pages(&t, BEFORE, BEFORE);
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_PASS);
    snprintf(t.s.o.metered.problem[METRIC_ON_PAGE], 16, "line 3: no");
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_HOLD);
    telemetry_note(&t.s.o.telemetry, TELEMETRY_CREDENTIAL, "metric label",
                   "authorization", "");
    EXPECT_VERDICT(&t.s, "over_collection", VERDICT_FAIL);
    telemetry_release(&t.s.o.telemetry);
    end(&t);
}
