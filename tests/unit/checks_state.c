/* Checks that look at several requests of a case, and at what holds in every
 * one. */
#include "tests/unit/stage.h"

#include "harness/judge/seen.h"

/* ----------------------------------------------------------- no_overlap */

Test(checks_state, attempts_come_one_after_the_other)
{
    static const struct {
        int64_t over_ms; /* the first attempt, from the second's begin */
        enum attempt_end end;
        enum verdict verdict;
    } rows[] = {
        { -1, ATTEMPT_END_KEEP, VERDICT_PASS },
        { 40, ATTEMPT_END_PEER_FIN, VERDICT_PASS }, /* within the tolerance */
        { 60, ATTEMPT_END_PEER_FIN, VERDICT_FAIL },
        { 0, ATTEMPT_END_OPEN, VERDICT_FAIL }, /* held to the end */
    };
    struct stage s;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        stage_init(&s, STAGE_RUNBOOK, false, STEP_ONCE, NULL);
        stage_attempt(&s, "primary", 503, 10);
        EXPECT_VERDICT(&s, "no_overlap", VERDICT_NOT_APPLICABLE);
        stage_attempt(&s, "primary", 200, 10);
        stage_success(&s);
        s.attempts[0].delivered.end = rows[i].end;
        s.attempts[0].times_ns.end = stage_ns(10 + rows[i].over_ms);
        EXPECT_VERDICT(&s, "no_overlap", rows[i].verdict);
        /* The gateway had hung up, whatever the mock still had in hand. */
        s.attempts[0].times_ns.peer_closed = stage_ns(9);
        EXPECT_VERDICT(&s, "no_overlap", VERDICT_PASS);
        stage_release(&s);
    }
}

/* ------------------------------------------------------- client_framing */

static void stage_head(struct stage *s, const char *head)
{
    buf_add_text(&s->request.trace.head, head);
}

Test(checks_state, a_response_is_read_in_one_way_only)
{
    struct http_trace *t;
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, true,
               "[{\"fault\":\"stream\",\"done\":false}]", NULL);
    t = &s.request.trace;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_NOT_APPLICABLE);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "client_framing", VERDICT_PASS);
    t->events.done = 2;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_FAIL);
    t->events.done = 1;
    t->events.done_after_error = true;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_FAIL);
    t->events.done_after_error = false;
    t->extra_bytes = 1;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_FAIL);
    t->extra_bytes = 0;
    snprintf(t->head_problem, sizeof t->head_problem, "two status lines");
    EXPECT_VERDICT(&s, "client_framing", VERDICT_FAIL);
    t->head_problem[0] = '\0';
    snprintf(t->framing_problem, sizeof t->framing_problem, "two lengths");
    EXPECT_VERDICT(&s, "client_framing", VERDICT_FAIL);
    /* A body that is cut shows it. */
    t->framing_complete = false;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_PASS);
    stage_release(&s);
}

Test(checks_state, what_stands_behind_the_end_is_the_upstreams_or_made_up)
{
    static const struct {
        const char *steps;
        enum verdict verdict;
    } rows[] = {
        { "[{\"fault\":\"stream\",\"after_done\":true}]", VERDICT_PASS },
        { "[{\"fault\":\"stream\"}]", VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, true, rows[i].steps, NULL);
        stage_attempt(&s, "primary", 200, 1);
        stage_success(&s);
        EXPECT_VERDICT(&s, "client_framing", VERDICT_PASS);
        s.request.trace.events.after_done = 1;
        EXPECT_VERDICT(&s, "client_framing", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_state, an_end_told_once_is_not_passed_on_twice)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, true, "[{\"fault\":\"none\"}]", NULL);
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    s.request.trace.events.done = 1;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_PASS);
    s.request.trace.events.done = 2;
    EXPECT_VERDICT(&s, "client_framing", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_state, a_label_says_what_the_bytes_are)
{
    static const struct {
        const char *head, *body;
        enum verdict verdict;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\n\r\n", "{}", VERDICT_PASS },
        { "HTTP/1.1 200 OK\r\n\r\n", "\x1f\x8b\x08", VERDICT_FAIL },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "\x1f\x8b\x08",
          VERDICT_PASS },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", "{}",
          VERDICT_FAIL },
        { "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n", "{}",
          VERDICT_PASS },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
        stage_attempt(&s, "primary", 200, 1);
        stage_success(&s);
        stage_head(&s, rows[i].head);
        buf_add_text(&s.request.trace.body, rows[i].body);
        EXPECT_VERDICT(&s, "client_framing", rows[i].verdict);
        buf_release(&s.request.trace.head);
        buf_release(&s.request.trace.body);
        stage_release(&s);
    }
}

/* ---------------------------------------------------------- trap_silent */

Test(checks_state, nothing_goes_to_the_trap)
{
    char *names[] = { (char[]){ "primary" }, (char[]){ "trap" } };
    struct profile profile = { 0 };
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    s.o.profile = &profile;
    stage_attempt(&s, "primary", 307, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 307);
    EXPECT_VERDICT(&s, "trap_silent", VERDICT_NOT_APPLICABLE);
    profile.upstreams.keys = names;
    profile.upstreams.count = 2;
    EXPECT_VERDICT(&s, "trap_silent", VERDICT_PASS);
    /* Any request, also one that is no attempt of the route. */
    stage_attempt(&s, "trap", 200, 1)->other_route = true;
    EXPECT_VERDICT(&s, "trap_silent", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_state, a_declared_redirect_is_followed_without_a_credential)
{
    char *names[] = { (char[]){ "primary" }, (char[]){ "trap" } };
    struct profile profile = { .upstreams = { .keys = names, .count = 2 } };
    struct attempt *trapped;
    struct stage s;

    stage_init(&s, "{\"redirects\":\"followed\"}", false, NULL, NULL);
    s.o.profile = &profile;
    stage_attempt(&s, "primary", 307, 1);
    trapped = stage_attempt(&s, "trap", 200, 1);
    EXPECT_VERDICT(&s, "trap_silent", VERDICT_FAIL);
    trapped->request.credential_count = 0;
    EXPECT_VERDICT(&s, "trap_silent", VERDICT_PASS);
    stage_release(&s);

    stage_init(&s, "{\"redirects\":\"not_followed\"}", false, NULL, NULL);
    s.o.profile = &profile;
    stage_attempt(&s, "trap", 200, 1)->request.credential_count = 0;
    EXPECT_VERDICT(&s, "trap_silent", VERDICT_FAIL);
    stage_release(&s);
}

/* ------------------------------------------------------ response_headers */

Test(checks_state, what_is_kept_from_the_client_is_not_in_its_answer)
{
    static const struct {
        const char *runbook, *head;
        enum verdict verdict;
    } rows[] = {
        { "{}", "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\n",
          VERDICT_NOT_APPLICABLE },
        { "{\"response\":{\"headers_removed\":[\"set-cookie\"]}}",
          "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", VERDICT_PASS },
        { "{\"response\":{\"headers_removed\":[\"x-a\",\"set-cookie\"]}}",
          "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\r\n", VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, rows[i].runbook, false, NULL, NULL);
        stage_attempt(&s, "primary", 200, 1);
        EXPECT_VERDICT(&s, "response_headers", VERDICT_NOT_APPLICABLE);
        stage_client(&s, TRACE_OUTCOME_SUCCESS, 200);
        s.request.trace.head_complete = true;
        buf_add_text(&s.request.trace.head, rows[i].head);
        EXPECT_VERDICT(&s, "response_headers", rows[i].verdict);
        buf_release(&s.request.trace.head);
        stage_release(&s);
    }
}

/* ---------------------------------------------------- retry_count_truth */

static enum verdict counted(const char *sequence, const char *counts,
                            int64_t said)
{
    char *text =
        xasprintf("{\"retry_count\":{\"response_header\":\"x-n\"%s%s%s}}",
                  counts ? ",\"counts\":\"" : "", counts ? counts : "",
                  counts ? "\"" : "");
    struct profile profile = { .retry_count_header = (char[]){ "x-n" },
                               .telemetry =
                                   json_parse(text, strlen(text), "", NULL) };
    struct finding finding;
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    s.o.profile = &profile;
    for (const char *at = sequence; *at; at++)
        stage_attempt(&s, *at == 'P' ? "primary" : "fallback", 503, 1);
    stage_client(&s, TRACE_OUTCOME_ERROR, 503);
    s.request.reported_retries = said;
    finding = stage_judge(&s, "retry_count_truth");
    stage_release(&s);
    json_free(profile.telemetry);
    free(text);
    return finding.verdict;
}

Test(checks_state, the_reported_count_is_the_one_that_was_seen)
{
    static const struct {
        const char *sequence, *counts;
        int64_t said;
        enum verdict verdict;
    } rows[] = {
        { "PPPF", NULL, 2, VERDICT_PASS },
        { "PPPF", NULL, 3, VERDICT_FAIL }, /* a fallback is no retry */
        { "PPPF", NULL, -1, VERDICT_FAIL },
        { "PPPF", "attempts_total", 4, VERDICT_PASS },
        { "PPPF", "attempts_total", 3, VERDICT_FAIL },
        { "PPFF", "retries_primary", 1, VERDICT_PASS },
        { "PPFF", "retries_total", 2, VERDICT_PASS },
        { "PPFF", "retries_total", 1, VERDICT_FAIL },
        { "P", "something else", 0, VERDICT_NOT_APPLICABLE },
        { "", NULL, 0, VERDICT_NOT_APPLICABLE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(counted(rows[i].sequence, rows[i].counts, rows[i].said),
                     rows[i].verdict, "%zu", i);
}

Test(checks_state, where_no_header_counts_nothing_is_judged)
{
    struct profile profile = { 0 };
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    s.o.profile = &profile;
    stage_attempt(&s, "primary", 200, 1);
    stage_success(&s);
    EXPECT_VERDICT(&s, "retry_count_truth", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

/* ------------------------------------------------------ expected_client */

Test(checks_state, what_a_scenario_expects_of_the_client_is_judged)
{
    struct case_expect *expect;
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    expect = &s.d.phase.expect;
    stage_attempt(&s, "primary", 200, 10);
    stage_success(&s);
    EXPECT_VERDICT(&s, "expected_client", VERDICT_NOT_APPLICABLE);
    *expect = (struct case_expect){ .client_complete = -1,
                                    .first_output_within_ms = -1 };
    EXPECT_VERDICT(&s, "expected_client", VERDICT_NOT_APPLICABLE);

    expect->client_complete = 1;
    EXPECT_VERDICT(&s, "expected_client", VERDICT_PASS);
    expect->client_complete = 0;
    EXPECT_VERDICT(&s, "expected_client", VERDICT_FAIL);
    expect->client_complete = -1;

    expect->first_output_within_ms = 100;
    EXPECT_VERDICT(&s, "expected_client", VERDICT_FAIL); /* there was none */
    s.request.trace.first_output_ns = stage_ns(150);
    EXPECT_VERDICT(&s, "expected_client", VERDICT_PASS);
    s.request.trace.first_output_ns = stage_ns(170);
    EXPECT_VERDICT(&s, "expected_client", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_state, a_header_that_must_stay_inside_is_not_there)
{
    char *absent[] = { (char[]){ "X-Api-Key" }, (char[]){ "Server" } };
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    s.d.phase.expect = (struct case_expect){ .client_complete = -1,
                                             .first_output_within_ms = -1 };
    stage_attempt(&s, "primary", 200, 10);
    stage_success(&s);
    s.d.phase.expect.headers_absent.items = absent;
    s.d.phase.expect.headers_absent.count = 2;
    stage_head(&s, "HTTP/1.1 200 OK\r\nDate: now\r\n\r\n");
    EXPECT_VERDICT(&s, "expected_client", VERDICT_PASS);
    buf_release(&s.request.trace.head);
    stage_head(&s, "HTTP/1.1 200 OK\r\nserver: one\r\n\r\n");
    EXPECT_VERDICT(&s, "expected_client", VERDICT_FAIL);
    buf_release(&s.request.trace.head);
    stage_release(&s);
}

/* ------------------------------------------------- several requests at once */

#define MANY 40

/* A history of many requests, each with up to three attempts. */
struct crowd {
    struct stage s;
    struct observed_request requests[MANY];
    struct attempt attempts[3 * MANY];
};

static void crowd_init(struct crowd *c, const char *runbook)
{
    stage_init(&c->s, runbook, false, STEP_ONCE, NULL);
    c->s.o.requests = c->requests;
    c->s.o.attempts = c->attempts;
    c->s.o.request_count = c->s.o.attempt_count = 0;
}

static struct observed_request *crowd_request(struct crowd *c, int64_t start_ms,
                                              int64_t end_ms, int64_t status)
{
    struct observed_request *r = &c->requests[c->s.o.request_count++];

    *r = (struct observed_request){ .epoch = (uint16_t)c->s.o.request_count };
    r->trace.start_ns = stage_ns(start_ms);
    r->trace.end_ns = stage_ns(end_ms);
    r->trace.status = status;
    r->trace.head_complete = true;
    r->trace.outcome =
        status == 200 ? TRACE_OUTCOME_SUCCESS : TRACE_OUTCOME_ERROR;
    return r;
}

/* Of the last request made. */
static void crowd_attempt(struct crowd *c, const char *upstream, int64_t status,
                          double at_ms)
{
    struct attempt *a = &c->attempts[c->s.o.attempt_count++];
    int64_t at_ns = stage_ns(0) + (int64_t)(at_ms * NS_PER_MS);

    *a = (struct attempt){ .id = { 1, (uint16_t)c->s.o.request_count } };
    snprintf(a->upstream, sizeof a->upstream, "%s", upstream);
    a->delivered.status = status;
    a->delivered.head_complete = a->delivered.faithful = true;
    a->delivered.end = ATTEMPT_END_KEEP;
    a->times_ns.accept = a->times_ns.first_byte = at_ns;
    a->times_ns.first_sent = a->times_ns.last_sent = a->times_ns.end = at_ns;
}

Test(checks_state, an_answer_without_an_attempt_is_a_cached_one)
{
    struct crowd c;

    crowd_init(&c, "{\"cache\":\"off\"}");
    crowd_request(&c, 0, 10, 200);
    EXPECT_VERDICT(&c.s, "not_cached", VERDICT_NOT_APPLICABLE);
    crowd_attempt(&c, "primary", 200, 1);
    crowd_request(&c, 20, 30, 200);
    EXPECT_VERDICT(&c.s, "not_cached", VERDICT_FAIL);
    crowd_attempt(&c, "primary", 200, 21);
    EXPECT_VERDICT(&c.s, "not_cached", VERDICT_PASS);
    crowd_request(&c, 40, 41,
                  503); /* an error of its own is no cached answer */
    EXPECT_VERDICT(&c.s, "not_cached", VERDICT_PASS);
    stage_release(&c.s);
}

Test(checks_state, a_cache_is_judged_where_it_is_declared_off)
{
    static const char *const runbooks[] = { "{}", "{\"cache\":\"successes\"}" };

    for (size_t i = 0; i < 2; i++) {
        struct crowd c;

        crowd_init(&c, runbooks[i]);
        crowd_request(&c, 0, 10, 200);
        crowd_attempt(&c, "primary", 200, 1);
        crowd_request(&c, 20, 30, 200);
        EXPECT_VERDICT(&c.s, "not_cached", VERDICT_NOT_APPLICABLE);
        stage_release(&c.s);
    }
}

static struct finding herd(const char *jitter, size_t count, double least_ms,
                           double span_ms, const struct case_expect *expect)
{
    char *runbook = xasprintf("{\"retry\":{\"backoff\":{\"base_ms\":80,"
                              "\"factor\":2,\"jitter\":\"%s\"}}}",
                              jitter);
    struct finding finding;
    struct crowd c;

    crowd_init(&c, runbook);
    if (expect)
        c.s.d.phase.expect = *expect;
    for (size_t i = 0; i < count; i++) {
        crowd_request(&c, 0, 500, 200);
        crowd_attempt(&c, "primary", 503, 0);
        crowd_attempt(&c, "primary", 200,
                      least_ms + span_ms * (double)i / (double)(count - 1));
    }
    finding = stage_judge(&c.s, "herd_spread");
    stage_release(&c.s);
    free(runbook);
    return finding;
}

/* Each request fails twice; its waits are drawn evenly from first_ms and
 * later_ms. */
static struct finding grown(const char *backoff, size_t count, double first_ms,
                            double later_ms, enum fault fault)
{
    char *runbook = xasprintf("{\"retry\":{\"backoff\":{%s}}}", backoff);
    struct finding finding;
    struct crowd c;

    crowd_init(&c, runbook);
    for (size_t i = 0; i < count; i++) {
        double share = ((double)i + 0.5) / (double)count;

        crowd_request(&c, 0, 500, 200);
        crowd_attempt(&c, "primary", 503, 0);
        crowd_attempt(&c, "primary", 503, first_ms * share);
        crowd_attempt(&c, "primary", 200, first_ms * share + later_ms * share);
    }
    c.s.d.upstreams[0].script.steps[0].fault = fault;
    finding = stage_judge(&c.s, "backoff_growth");
    stage_release(&c.s);
    free(runbook);
    return finding;
}

Test(checks_state, waits_drawn_by_chance_grow_as_the_factor_says)
{
#define DOUBLED "\"base_ms\":50,\"factor\":2,\"jitter\":\"full\""
    static const struct {
        const char *backoff;
        size_t count;
        double first_ms, later_ms;
        enum verdict verdict;
    } rows[] = {
        { DOUBLED, 40, 50, 100, VERDICT_PASS },
        { DOUBLED, 40, 50, 50, VERDICT_FAIL },  /* never grown */
        { DOUBLED, 40, 50, 58, VERDICT_FAIL },  /* one or two by lateness */
        { DOUBLED, 40, 90, 100, VERDICT_HOLD }, /* the first are late too */
        { DOUBLED, 15, 50, 50, VERDICT_NOT_APPLICABLE }, /* too few */
        { DOUBLED ",\"cap_ms\":50", 40, 50, 50, VERDICT_NOT_APPLICABLE },
        { "\"base_ms\":50,\"factor\":1,\"jitter\":\"full\"", 40, 50, 50,
          VERDICT_NOT_APPLICABLE },
        { "\"base_ms\":50,\"jitter\":\"full\"", 40, 50, 50,
          VERDICT_NOT_APPLICABLE },
        { "\"base_ms\":50,\"factor\":2,\"jitter\":\"equal\"", 40, 50, 50,
          VERDICT_NOT_APPLICABLE },
    };
    struct finding finding;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        finding = grown(rows[i].backoff, rows[i].count, rows[i].first_ms,
                        rows[i].later_ms, FAULT_status);
        cr_expect_eq(finding.verdict, rows[i].verdict,
                     "row %zu is %s: expected %s; observed %s; %s", i,
                     verdict_names[finding.verdict], finding.expected,
                     finding.observed, finding.reason);
        cr_expect(finding.reason[0]);
    }
    /* When a silence ended only the gateway knows. */
    finding = grown(DOUBLED, 40, 50, 50, FAULT_hang);
    cr_expect_eq(finding.verdict, VERDICT_NOT_APPLICABLE);
    finding = grown(DOUBLED, 40, 50, 50, FAULT_status);
    cr_expect_str_eq(finding.expected,
                     "of 40 waits before retry 2 (0 to 100 ms) at least 5 "
                     "above 50 ms, the first range");
}

Test(checks_state, a_herd_comes_back_as_spread_as_its_jitter_says)
{
    static const struct {
        const char *jitter;
        size_t count;
        double least_ms, span_ms;
        enum verdict verdict;
    } rows[] = {
        { "full", 40, 0, 80, VERDICT_PASS },
        { "full", 40, 80, 3, VERDICT_FAIL },  /* all at once */
        { "full", 40, 100, 3, VERDICT_HOLD }, /* held up by the machine */
        { "full", 40, 0, 18, VERDICT_FAIL },  /* half of it is 9 ms, below 10 */
        { "full", 40, 0, 24, VERDICT_PASS },
        { "equal", 40, 40, 12, VERDICT_PASS },
        { "equal", 40, 40, 6, VERDICT_FAIL },
        { "none", 40, 80, 0, VERDICT_NOT_APPLICABLE },
        { "additive", 40, 80, 0, VERDICT_NOT_APPLICABLE },
        { "full", 19, 80, 0, VERDICT_NOT_APPLICABLE }, /* too few to tell */
    };
    struct finding finding;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(herd(rows[i].jitter, rows[i].count, rows[i].least_ms,
                          rows[i].span_ms, NULL)
                         .verdict,
                     rows[i].verdict, "%zu", i);
    finding = herd("full", 40, 0, 78, NULL);
    cr_expect_str_eq(finding.expected, "drawn over 80 ms: the middle half "
                                       "spans at least 10 ms");
    cr_expect_str_eq(finding.observed, "40 waits of 0.0 to 78.0 ms, the middle "
                                       "half spans 40.0 ms");
}

Test(checks_state, a_scenario_s_own_arrivals_are_judged)
{
    struct case_expect expect = { .client_complete = -1,
                                  .first_output_within_ms = -1 };

    expect.arrivals.not_before_ms = 1000;
    cr_expect_eq(herd("none", 40, 1000, 0, &expect).verdict, VERDICT_PASS);
    cr_expect_eq(herd("none", 40, 990, 50, &expect).verdict, VERDICT_FAIL);
    cr_expect_eq(herd("none", 10, 1000, 50, &expect).verdict, VERDICT_HOLD);
    expect.arrivals.spread_ms = 30;
    cr_expect_eq(herd("none", 40, 1000, 40, &expect).verdict, VERDICT_FAIL);
    cr_expect_eq(herd("none", 40, 1000, 70, &expect).verdict, VERDICT_PASS);
}

/* ------------------------------------------------------------- cooldown */

#define COOLDOWN                                                               \
    "{\"cooldown\":{\"on\":[\"http_5xx\"],\"after_failures\":2,"               \
    "\"for_ms\":1000}}"

/* Two failures at 10 and 30 ms, then one request at a time. */
static enum verdict cooled(const char *runbook, int64_t status, int64_t at_ms,
                           const char *upstream)
{
    struct finding finding;
    struct crowd c;

    crowd_init(&c, runbook);
    crowd_request(&c, 0, 11, 503);
    crowd_attempt(&c, "primary", 503, 10);
    crowd_request(&c, 20, 31, 503);
    crowd_attempt(&c, "primary", status, 30);
    crowd_request(&c, at_ms, at_ms + 5, 200);
    crowd_attempt(&c, upstream, 200, (double)at_ms + 1);
    finding = stage_judge(&c.s, "cooldown");
    stage_release(&c.s);
    return finding.verdict;
}

Test(checks_state, a_cooldown_spares_the_upstream_and_ends)
{
    static const struct {
        int64_t status, at_ms;
        const char *upstream;
        enum verdict verdict;
    } rows[] = {
        { 503, 200, "fallback", VERDICT_PASS },
        { 503, 200, "primary", VERDICT_FAIL },
        { 503, 1200, "primary", VERDICT_PASS },
        { 503, 1200, "fallback", VERDICT_FAIL }, /* it never comes back */
        /* On the edges nothing can be said. */
        { 503, 60, "primary", VERDICT_NOT_APPLICABLE },
        { 503, 1010, "fallback", VERDICT_NOT_APPLICABLE },
        /* What is not in the list does not count, and a success ends it. */
        { 429, 200, "primary", VERDICT_NOT_APPLICABLE },
        { 200, 200, "primary", VERDICT_NOT_APPLICABLE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(
            cooled(COOLDOWN, rows[i].status, rows[i].at_ms, rows[i].upstream),
            rows[i].verdict, "%zu", i);
    cr_expect_eq(cooled("{}", 503, 200, "primary"), VERDICT_NOT_APPLICABLE);
}

#define TOLD_RUNBOOK(rest)                                                     \
    "{\"cooldown\":{\"on\":[\"http_429\"],\"after_failures\":1,"               \
    "\"for_ms\":1000" rest "}}"

/* A 429 at 10 ms that says 2 s, then one request. */
static enum verdict cooled_as_told(const char *runbook, int64_t at_ms,
                                   const char *upstream)
{
    static const char steps[] = "[{\"fault\":\"status\",\"status\":429,"
                                "\"retry_after\":{\"seconds\":2}}]";
    struct finding finding;
    struct crowd c;

    crowd_init(&c, runbook);
    drill_script_release(&c.s.d);
    allowed_release(&c.s.allowed);
    drill_script_init(&c.s.d, runbook, false, steps, NULL);
    oracle_allow(&c.s.allowed, &c.s.d.drill_case, 0, &c.s.d.runbook);
    crowd_request(&c, 0, 11, 429);
    crowd_attempt(&c, "primary", 429, 10);
    c.attempts[0].ordinal = 1;
    crowd_request(&c, at_ms, at_ms + 5, 200);
    crowd_attempt(&c, upstream, 200, (double)at_ms + 1);
    finding = stage_judge(&c.s, "cooldown");
    stage_release(&c.s);
    return finding.verdict;
}

Test(checks_state, a_cooldown_lasts_as_long_as_the_upstream_said)
{
    static const struct {
        const char *rest; /* of the runbook */
        int64_t at_ms;
        const char *upstream;
        enum verdict verdict;
    } rows[] = {
        { TOLD_RUNBOOK(",\"retry_after\":true"), 1500, "primary",
          VERDICT_FAIL },
        { TOLD_RUNBOOK(",\"retry_after\":true"), 1500, "fallback",
          VERDICT_PASS },
        { TOLD_RUNBOOK(",\"retry_after\":true"), 2200, "primary",
          VERDICT_PASS },
        { TOLD_RUNBOOK(",\"retry_after\":false"), 1500, "primary",
          VERDICT_PASS },
        { TOLD_RUNBOOK(",\"retry_after\":false"), 1500, "fallback",
          VERDICT_FAIL },
        /* undeclared: between the two nothing can be said */
        { TOLD_RUNBOOK(""), 500, "primary", VERDICT_FAIL },
        { TOLD_RUNBOOK(""), 1500, "primary", VERDICT_NOT_APPLICABLE },
        { TOLD_RUNBOOK(""), 1500, "fallback", VERDICT_NOT_APPLICABLE },
        { TOLD_RUNBOOK(""), 2200, "fallback", VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(
            cooled_as_told(rows[i].rest, rows[i].at_ms, rows[i].upstream),
            rows[i].verdict, "%zu", i);
}

Test(checks_state, no_upstream_is_left_out_before_its_failures_are_full)
{
    struct crowd c;

    crowd_init(&c, COOLDOWN);
    crowd_request(&c, 0, 11, 503);
    crowd_attempt(&c, "primary", 503, 10);
    crowd_request(&c, 20, 31, 200);
    crowd_attempt(&c, "fallback", 200, 30);
    EXPECT_VERDICT(&c.s, "cooldown", VERDICT_FAIL);
    /* An answer that may have counted, or requests that went there unseen. */
    c.attempts[0].delivered.status = 429;
    EXPECT_VERDICT(&c.s, "cooldown", VERDICT_NOT_APPLICABLE);
    c.attempts[0].delivered.status = 503;
    c.s.allowed.uncountable_count = 1;
    snprintf(c.s.allowed.uncountable[0], UPSTREAM_NAME_SIZE, "primary");
    EXPECT_VERDICT(&c.s, "cooldown", VERDICT_NOT_APPLICABLE);
    stage_release(&c.s);
}
