/* The checks that look at what reached an upstream, a log, or the next
 * request. */
#include "tests/unit/stage.h"

static void set_key(struct attempt *attempt, const char *fingerprint)
{
    snprintf(attempt->request.credentials[0].fingerprint, FINGERPRINT_HEX_SIZE,
             "%s", fingerprint);
}

Test(checks_request, every_attempt_carries_the_right_key_alone)
{
    struct stage s;
    struct attempt *a;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    stage_attempt(&s, "primary", 503, 1);
    a = stage_attempt(&s, "fallback", 200, 1);
    EXPECT_VERDICT(&s, "one_credential", VERDICT_PASS);
    set_key(a, "p0"); /* the primary's key at the fallback */
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    set_key(a, "c0"); /* the client's */
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    set_key(a, "zz"); /* nobody's */
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    set_key(a, "f0");
    a->request.credential_count = 0;
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    a->request.credential_count = 2;
    snprintf(a->request.credentials[1].fingerprint, FINGERPRINT_HEX_SIZE, "f0");
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    stage_release(&s);
}

/* What the scenario makes the client send besides its key. */
Test(checks_request, a_second_key_of_the_clients_passes_only_where_its_key_does)
{
    static struct step_header also = { (char *)(uintptr_t) "X-Api-Key",
                                       (char *)(uintptr_t) "${client.key}" };
    static const struct {
        const char *rule, *key;
        bool named;
        enum verdict verdict;
    } rows[] = {
        { "client", "c0", true, VERDICT_PASS },
        { "client", "c0", false, VERDICT_FAIL },
        { "client", "p0", true, VERDICT_FAIL },
        { "own", "p0", true, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        struct attempt *a;
        char runbook[96];

        snprintf(runbook, sizeof runbook,
                 "{\"upstreams\":{\"primary\":{\"credential\":\"%s\"}}}",
                 rows[i].rule);
        stage_init(&s, runbook, false, NULL, NULL);
        s.d.phase.client.headers =
            (struct bind_list){ &also, rows[i].named, true };
        a = stage_attempt(&s, "primary", 200, 1);
        set_key(a, rows[i].key);
        a->request.credential_count = 2;
        snprintf(a->request.credentials[1].header,
                 sizeof a->request.credentials[1].header, "x-api-key");
        snprintf(a->request.credentials[1].fingerprint, FINGERPRINT_HEX_SIZE,
                 "c0");
        EXPECT_VERDICT(&s, "one_credential", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_request, the_clients_key_passes_through_where_declared)
{
    static const char runbook[] =
        "{\"upstreams\":{\"primary\":{\"credential\":\"client\"},"
        "\"fallback\":{\"credential\":\"none\"}}}";
    struct stage s;
    struct attempt *a, *b;

    stage_init(&s, runbook, false, NULL, NULL);
    a = stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    set_key(a, "c0");
    EXPECT_VERDICT(&s, "one_credential", VERDICT_PASS);
    b = stage_attempt(&s, "fallback", 200, 1);
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    b->request.credential_count = 0;
    EXPECT_VERDICT(&s, "one_credential", VERDICT_PASS);
    /* A client without a key has none to pass through. */
    s.d.phase.client.credential = CASE_CREDENTIAL_NONE;
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    a->request.credential_count = 0;
    EXPECT_VERDICT(&s, "one_credential", VERDICT_PASS);
    stage_release(&s);
}

Test(checks_request, a_key_of_another_upstream_is_wrong_whatever_is_declared)
{
    struct stage s;
    struct attempt *a;

    stage_init(&s, "{}", false, NULL, NULL);
    EXPECT_VERDICT(&s, "one_credential", VERDICT_NOT_APPLICABLE);
    a = stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "one_credential", VERDICT_NOT_APPLICABLE);
    set_key(a, "f0");
    EXPECT_VERDICT(&s, "one_credential", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_request, every_attempt_carries_the_same_body)
{
    struct stage s;
    struct attempt *b;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    stage_attempt(&s, "primary", 503, 1);
    EXPECT_VERDICT(&s, "same_body", VERDICT_NOT_APPLICABLE);
    b = stage_attempt(&s, "primary", 503, 1);
    EXPECT_VERDICT(&s, "same_body", VERDICT_PASS);
    snprintf(b->request.body_sha256, sizeof b->request.body_sha256, "b1");
    EXPECT_VERDICT(&s, "same_body", VERDICT_FAIL);
    snprintf(b->request.body_sha256, sizeof b->request.body_sha256, "b0");
    b->request.body = ATTEMPT_BODY_NONE;
    EXPECT_VERDICT(&s, "same_body", VERDICT_FAIL);
    cr_expect_str_eq(stage_judge(&s, "same_body").observed,
                     "1 of 2 attempts arrived without their body");
    stage_release(&s);

    /* Not declared: told, and not judged. */
    stage_init(&s, "{}", false, NULL, NULL);
    stage_attempt(&s, "primary", 200, 1)->request.body = ATTEMPT_BODY_NONE;
    EXPECT_VERDICT(&s, "same_body", VERDICT_NOT_APPLICABLE);
    cr_expect_str_eq(stage_judge(&s, "same_body").observed,
                     "1 of 1 attempts arrived without their body");
    stage_release(&s);

    /* A fault before the body leaves nothing to compare. */
    stage_init(&s, STAGE_RUNBOOK, false,
               "[{\"fault\":\"reset\",\"at\":\"request_head\"}]", NULL);
    for (int i = 0; i < 2; i++)
        stage_attempt(&s, "primary", -1, 1)->request.body = ATTEMPT_BODY_NONE;
    EXPECT_VERDICT(&s, "same_body", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

static void set_fields(struct json_fields *fields, const char *text)
{
    static const uint8_t key[FINGERPRINT_KEY_BYTES] = { 1 };

    json_fields_release(fields);
    cr_assert(json_fields_read(fields, text, strlen(text), key), "%s", text);
}

Test(checks_request, across_upstreams_bodies_are_compared_by_meaning)
{
    struct stage s;
    struct attempt *a, *b;

    stage_init(&s, STAGE_RUNBOOK, false, STEP_503, NULL);
    a = stage_attempt(&s, "primary", 503, 1);
    b = stage_attempt(&s, "fallback", 200, 1);
    a->request.json = b->request.json = true;
    snprintf(b->request.body_sha256, sizeof b->request.body_sha256, "b1");
    set_fields(&a->request.fields, "{\"model\":\"a\",\"n\":1,\"s\":\"x\"}");
    set_fields(&b->request.fields, "{\"s\":\"x\",\"n\":1.0,\"model\":\"b\"}");
    EXPECT_VERDICT(&s, "same_body", VERDICT_PASS);
    set_fields(&b->request.fields, "{\"s\":\"x\",\"n\":2,\"model\":\"b\"}");
    EXPECT_VERDICT(&s, "same_body", VERDICT_FAIL);
    set_fields(&b->request.fields, "{\"s\":\"x\",\"model\":\"b\"}");
    EXPECT_VERDICT(&s, "same_body", VERDICT_FAIL);
    json_fields_release(&a->request.fields);
    json_fields_release(&b->request.fields);
    stage_release(&s);
}

Test(checks_request, a_request_arrives_as_it_was_sent)
{
    static const char sent[] = "{\"model\":\"m\",\"n\":1,\"stop\":[\"x\"]}";
    static const struct {
        const char *upstream, *came;
        enum verdict verdict;
        const char *observed;
    } rows[] = {
        { "primary", "{\"n\":1.0,\"stop\":[\"x\"],\"model\":\"m\"}",
          VERDICT_PASS, "no change" },
        { "primary", "{\"model\":\"own\",\"n\":1,\"stop\":[\"x\"]}",
          VERDICT_PASS, "changed /model" },
        { "fallback", "{\"model\":\"own\",\"n\":1,\"stop\":[\"x\"]}",
          VERDICT_FAIL, "changed /model" },
        { "primary", "{\"model\":\"m\",\"n\":2,\"stop\":[\"x\"]}", VERDICT_FAIL,
          "changed /n" },
        { "primary", "{\"model\":\"m\",\"n\":1}", VERDICT_FAIL,
          "removed /stop/0" },
        { "primary",
          "{\"model\":\"m\",\"n\":1,\"stop\":[\"x\"],\"user\":\"u\"}",
          VERDICT_PASS, "added /user" },
        { "primary",
          "{\"model\":\"m\",\"n\":1,\"stop\":[\"x\"],\"users\":\"u\"}",
          VERDICT_FAIL, "added /users" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        struct attempt *a;
        struct finding f;

        stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
        a = stage_attempt(&s, rows[i].upstream, 200, 1);
        stage_success(&s);
        a->request.json = true;
        set_fields(&s.request.fields, sent);
        set_fields(&a->request.fields, rows[i].came);
        EXPECT_VERDICT(&s, "request_drift", rows[i].verdict);
        f = stage_judge(&s, "request_drift");
        cr_expect_str_eq(f.observed, rows[i].observed, "%s", f.observed);
        json_fields_release(&s.request.fields);
        json_fields_release(&a->request.fields);
        stage_release(&s);
    }
}

Test(checks_request, drift_is_told_but_not_judged_where_undeclared)
{
    struct stage s;
    struct attempt *a;

    stage_init(&s, "{}", false, NULL, NULL);
    a = stage_attempt(&s, "primary", 200, 1);
    a->request.json = true;
    set_fields(&s.request.fields, "{\"n\":1}");
    set_fields(&a->request.fields, "{\"n\":2}");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_NOT_APPLICABLE);
    cr_expect_str_eq(stage_judge(&s, "request_drift").observed, "changed /n");
    json_fields_release(&s.request.fields);
    json_fields_release(&a->request.fields);
    stage_release(&s);
}

Test(checks_request, the_right_model_and_the_declared_headers_arrive)
{
    struct step_header header = { (char *)(uintptr_t) "Traceparent",
                                  (char *)(uintptr_t) "00-1-2-01" };
    struct stage s;
    struct attempt *a;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    a = stage_attempt(&s, "primary", 200, 1);
    a->request.json = true;
    set_fields(&s.request.fields, "{\"model\":\"m\"}");
    set_fields(&a->request.fields, "{\"model\":\"own\"}");
    snprintf(s.o.keys[0].model_fingerprint, FINGERPRINT_HEX_SIZE, "m1");
    snprintf(a->request.model_fingerprint, FINGERPRINT_HEX_SIZE, "m1");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_PASS);
    snprintf(a->request.model_fingerprint, FINGERPRINT_HEX_SIZE, "m2");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_FAIL);
    snprintf(a->request.model_fingerprint, FINGERPRINT_HEX_SIZE, "m1");

    /* The client's own model where the upstream has another. */
    json_fields_release(&a->request.fields);
    set_fields(&a->request.fields, "{\"model\":\"m\"}");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_PASS);
    snprintf(a->request.model_fingerprint, FINGERPRINT_HEX_SIZE, "m2");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_FAIL);
    cr_expect_str_eq(stage_judge(&s, "request_drift").observed, "kept /model");
    snprintf(a->request.model_fingerprint, FINGERPRINT_HEX_SIZE, "m1");

    s.d.phase.client.headers =
        (struct bind_list){ .items = &header, .count = 1 };
    snprintf(a->request.header_names, sizeof a->request.header_names,
             "host authorization");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_FAIL);
    snprintf(a->request.header_names, sizeof a->request.header_names,
             "host traceparent authorization");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_PASS);
    json_fields_release(&s.request.fields);
    json_fields_release(&a->request.fields);
    stage_release(&s);
}

Test(checks_request, bytes_are_compared_where_bytes_are_claimed)
{
    struct stage s;
    struct attempt *a;

    stage_init(&s, "@nginx", false, NULL, NULL);
    a = stage_attempt(&s, "primary", 200, 1);
    set_key(a, "c0");
    snprintf(s.request.body_sha256, sizeof s.request.body_sha256, "b0");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_PASS);
    snprintf(s.request.body_sha256, sizeof s.request.body_sha256, "b1");
    EXPECT_VERDICT(&s, "request_drift", VERDICT_FAIL);
    a->request.body = ATTEMPT_BODY_NONE;
    EXPECT_VERDICT(&s, "request_drift", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
}

Test(checks_request, every_attempt_goes_to_the_route)
{
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    EXPECT_VERDICT(&s, "route", VERDICT_NOT_APPLICABLE);
    stage_attempt(&s, "primary", 200, 1);
    EXPECT_VERDICT(&s, "route", VERDICT_PASS);
    stage_attempt(&s, "primary", 200, 1)->other_route = true;
    EXPECT_VERDICT(&s, "route", VERDICT_FAIL);
    stage_release(&s);
}

Test(checks_request, a_path_of_the_clients_own_choice_is_no_drift)
{
    static char elsewhere[] = "/elsewhere";
    struct stage s;

    stage_init(&s, STAGE_RUNBOOK, false, NULL, NULL);
    s.d.phase.client.path = elsewhere;
    stage_attempt(&s, "primary", 404, 1)->other_route = true;
    EXPECT_VERDICT(&s, "route", VERDICT_NOT_APPLICABLE);
    stage_attempt(&s, "primary", 404, 1)->other_route = true;
    s.attempts[1].id.epoch = 2; /* of no request that chose it */
    EXPECT_VERDICT(&s, "route", VERDICT_FAIL);
    stage_release(&s);
}

/* ------------------------------------------------------------- redaction */

struct scanned {
    struct stage s;
    struct canary canaries[3];
    struct observed_sink sinks[2];
    struct sink_hit hit;
};

static void scanned_init(struct scanned *x, const char *runbook)
{
    static const struct {
        const char *id;
        enum canary_kind kind;
    } planted[] = { { "primary.key", CANARY_CREDENTIAL },
                    { "prompt", CANARY_PROMPT },
                    { "completion", CANARY_COMPLETION } };

    *x = (struct scanned){ 0 };
    stage_init(&x->s, runbook, false, NULL, NULL);
    for (size_t i = 0; i < 3; i++) {
        snprintf(x->canaries[i].id, sizeof x->canaries[i].id, "%s",
                 planted[i].id);
        x->canaries[i].kind = planted[i].kind;
        x->canaries[i].reached = true;
    }
    snprintf(x->sinks[0].name, sizeof x->sinks[0].name, "stderr");
    snprintf(x->sinks[1].name, sizeof x->sinks[1].name, "file access.log");
    x->sinks[1].required = true;
    x->sinks[1].live = true;
    x->s.o.canaries = x->canaries;
    x->s.o.canary_count = 3;
    x->s.o.sinks = x->sinks;
    x->s.o.sink_count = 2;
    x->s.o.hits = &x->hit;
    snprintf(x->hit.encoding, sizeof x->hit.encoding, "plain");
}

static enum verdict hit_verdict(const char *canary, const char *sink)
{
    struct scanned x;
    enum verdict verdict;

    scanned_init(&x, STAGE_RUNBOOK);
    snprintf(x.hit.canary, sizeof x.hit.canary, "%s", canary);
    snprintf(x.hit.sink, sizeof x.hit.sink, "%s", sink);
    x.s.o.hit_count = 1;
    verdict = stage_judge(&x.s, "redaction").verdict;
    stage_release(&x.s);
    return verdict;
}

Test(checks_request, no_planted_secret_stands_in_a_sink)
{
    struct scanned x;

    scanned_init(&x, STAGE_RUNBOOK);
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_PASS);
    stage_release(&x.s);
    cr_expect_eq(hit_verdict("primary.key", "stderr"), VERDICT_FAIL);
    cr_expect_eq(hit_verdict("prompt", "file access.log"), VERDICT_FAIL);
    cr_expect_eq(hit_verdict("completion", "stderr"), VERDICT_PASS,
                 "the runbook does not forbid it");
    cr_expect_eq(hit_verdict("completion", "client response"), VERDICT_PASS);
    cr_expect_eq(hit_verdict("prompt", "client response"), VERDICT_PASS);
    cr_expect_eq(hit_verdict("primary.key", "client response"), VERDICT_FAIL);
}

/* ------------------------------------------------------- connection_end */

Test(checks_request, a_connection_is_over_when_an_answer_says_so)
{
    static const struct {
        const char *said;
        int64_t second; /* connection of the second attempt */
        enum verdict verdict;
    } rows[] = {
        { "close", 2, VERDICT_PASS },
        { "close", 1, VERDICT_FAIL },
        { "X-Hop, CLOSE", 1, VERDICT_FAIL },
        { "closed", 1, VERDICT_NOT_APPLICABLE },
        { "keep-alive", 1, VERDICT_NOT_APPLICABLE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char steps[128];
        struct stage s;

        snprintf(steps, sizeof steps,
                 "[{\"fault\":\"status\",\"status\":503,\"headers\":"
                 "[[\"connection\",\"%s\"]]},{\"fault\":\"none\"}]",
                 rows[i].said);
        stage_init(&s, STAGE_RUNBOOK, false, steps, NULL);
        stage_attempt(&s, "primary", 503, 1)->connection = 1;
        s.attempts[0].request_on_connection = 1;
        stage_attempt(&s, "primary", 200, 1)->connection = rows[i].second;
        s.attempts[1].request_on_connection = rows[i].second == 1 ? 2 : 1;
        stage_success(&s);
        EXPECT_VERDICT(&s, "connection_end", rows[i].verdict);
        stage_release(&s);
    }
}

Test(checks_request, absence_proves_nothing_in_silence)
{
    struct scanned x;

    scanned_init(&x, STAGE_RUNBOOK);
    x.sinks[1].live = false;
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_HOLD);
    x.sinks[1].required = false;
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_HOLD);
    x.sinks[0].live = true;
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_PASS);
    x.s.o.detector_control = false;
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_HOLD);
    x.s.o.detector_control = true;
    x.sinks[1].required = true;
    x.sinks[1].live = true;
    snprintf(x.sinks[1].problem, sizeof x.sinks[1].problem, "no such file");
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_HOLD);
    x.sinks[1].problem[0] = '\0';
    for (size_t i = 0; i < 3; i++)
        x.canaries[i].reached = false;
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_HOLD);
    stage_release(&x.s);

    scanned_init(&x, "{}");
    EXPECT_VERDICT(&x.s, "redaction", VERDICT_NOT_APPLICABLE);
    stage_release(&x.s);
}

/* ----------------------------------------------------------- probe_after */

Test(checks_request, a_gateway_that_remembers_is_told)
{
    struct stage s;

    stage_init(&s, "{}", false, NULL, NULL);
    EXPECT_VERDICT(&s, "probe_after", VERDICT_NOT_APPLICABLE);
    s.o.probe_after.made = true;
    EXPECT_VERDICT(&s, "probe_after", VERDICT_FAIL);
    s.o.probe_after.healthy = true;
    EXPECT_VERDICT(&s, "probe_after", VERDICT_PASS);
    stage_release(&s);

    stage_init(&s, "{\"cooldown\":{\"on\":[\"http_503\"]}}", false, NULL, NULL);
    s.o.probe_after.made = true;
    EXPECT_VERDICT(&s, "probe_after", VERDICT_NOT_APPLICABLE);
    stage_release(&s);
    cr_expect_eq(check_find("probe_after")->severity, SEVERITY_ADVISORY);
}

/* ---------------------------------------------------- upstream_headers */

#define OWN_HEADERS                                                            \
    "{\"fallback\":{\"order\":[\"primary\",\"fallback\"]},"                    \
    "\"upstreams\":{\"primary\":{\"headers\":[\"X-Own\"]},\"fallback\":{}}}"

Test(checks_request, what_is_set_for_one_upstream_stays_with_it)
{
    static const struct {
        const char *runbook, *primary, *fallback; /* names of headers */
        enum verdict verdict;
    } rows[] = {
        { OWN_HEADERS, "host x-own", "host", VERDICT_PASS },
        { OWN_HEADERS, "host", "host", VERDICT_FAIL },
        { OWN_HEADERS, "host x-own", "x-own host", VERDICT_FAIL },
        { OWN_HEADERS, "host x-own-too", "host", VERDICT_FAIL },
        { "{}", "host", "x-own", VERDICT_NOT_APPLICABLE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, rows[i].runbook, false, NULL, NULL);
        EXPECT_VERDICT(&s, "upstream_headers", VERDICT_NOT_APPLICABLE);
        snprintf(stage_attempt(&s, "primary", 503, 1)->request.header_names, 64,
                 "%s", rows[i].primary);
        snprintf(stage_attempt(&s, "fallback", 200, 1)->request.header_names,
                 64, "%s", rows[i].fallback);
        stage_success(&s);
        EXPECT_VERDICT(&s, "upstream_headers", rows[i].verdict);
        stage_release(&s);
    }
}

/* -------------------------------------------------------- idempotency */

#define IDEMPOTENCY(word) "{\"request\":{\"idempotency_key\":\"" word "\"}}"

Test(checks_request, what_is_repeated_has_the_key_it_had)
{
    static const struct {
        const char *runbook, *sent, *first, *second; /* fingerprints */
        enum verdict verdict;
    } rows[] = {
        { IDEMPOTENCY("forwarded"), "k1", "k1", "k1", VERDICT_PASS },
        { IDEMPOTENCY("forwarded"), "k1", "k1", "", VERDICT_FAIL },
        { IDEMPOTENCY("forwarded"), "k1", "k1", "k2", VERDICT_FAIL },
        { IDEMPOTENCY("forwarded"), "k1", "k2", "k2", VERDICT_FAIL },
        { IDEMPOTENCY("forwarded"), "", "", "", VERDICT_PASS },
        { IDEMPOTENCY("forwarded"), "", "k2", "k2", VERDICT_FAIL },
        { IDEMPOTENCY("created"), "", "k2", "k2", VERDICT_PASS },
        { IDEMPOTENCY("created"), "", "k2", "k3", VERDICT_FAIL },
        { IDEMPOTENCY("created"), "", "", "", VERDICT_FAIL },
        { IDEMPOTENCY("created"), "k1", "k2", "k2", VERDICT_FAIL },
        { IDEMPOTENCY("absent"), "k1", "", "", VERDICT_PASS },
        { IDEMPOTENCY("absent"), "k1", "", "k1", VERDICT_FAIL },
        { "{}", "k1", "", "k2", VERDICT_NOT_APPLICABLE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;

        stage_init(&s, rows[i].runbook, false, NULL, NULL);
        EXPECT_VERDICT(&s, "idempotency", VERDICT_NOT_APPLICABLE);
        strcpy(s.request.idempotency_fingerprint, rows[i].sent);
        strcpy(stage_attempt(&s, "primary", 503, 1)
                   ->request.idempotency_fingerprint,
               rows[i].first);
        strcpy(stage_attempt(&s, "primary", 200, 1)
                   ->request.idempotency_fingerprint,
               rows[i].second);
        stage_success(&s);
        EXPECT_VERDICT(&s, "idempotency", rows[i].verdict);
        stage_release(&s);
    }
}
