/* Several keys for one upstream: what the oracle allows, and the check that
 * looks at which one came. */
#include "tests/unit/stage.h"

#include "harness/judge/seen.h"

#define ROTATE                                                                 \
    "{\"retry\":{\"budget\":2,\"on\":[\"http_429\",\"http_5xx\"],"             \
    "\"rotate_key_on\":[\"http_429\"],"                                        \
    "\"backoff\":{\"base_ms\":50,\"jitter\":\"none\",\"factor\":2}},"          \
    "\"auth\":{\"on_401\":\"rotate_key\",\"on_403\":\"fail_closed\","          \
    "\"client_status\":[401]},"                                                \
    "\"client_errors\":{\"exhausted\":[502]},"                                 \
    "\"fallback\":{\"order\":[\"primary\",\"fallback\"],"                      \
    "\"on\":[\"http_429\",\"http_5xx\"]}}"
#define UNCLEAR                                                                \
    "{\"retry\":{\"budget\":2,\"on\":[\"http_429\"]},"                         \
    "\"fallback\":{\"order\":[\"primary\"]}}"
#define ALWAYS(status) "[{\"fault\":\"status\",\"status\":" #status "}]"
#define KEY_1(status)                                                          \
    "[{\"fault\":\"status\",\"status\":" #status ",\"when\":{\"key\":1}}]"

/* The stage with so many keys of the primary, named p1, p2 ... */
static void keys_init(struct stage *s, const char *runbook, int64_t count,
                      const char *primary)
{
    stage_init(s, runbook, false, primary, NULL);
    snprintf(s->d.drill_case.keys[0].upstream, UPSTREAM_NAME_SIZE, "primary");
    s->d.drill_case.keys[0].count = count;
    s->d.drill_case.key_count = 1;
    allowed_release(&s->allowed);
    oracle_allow(&s->allowed, &s->d.drill_case, 0, &s->d.runbook);
    s->o.key_count = (size_t)count + 1;
    for (int64_t i = 0; i <= count; i++) {
        bool last = i == count;

        snprintf(s->o.keys[i].upstream, UPSTREAM_NAME_SIZE, "%s",
                 last ? "fallback" : "primary");
        snprintf(s->o.keys[i].fingerprint, FINGERPRINT_HEX_SIZE, "%c%d",
                 last ? 'f' : 'p', last ? 0 : (int)i + 1);
        s->o.keys[i].number = last ? 1 : i + 1;
    }
}

/* "P1 P2 F" of each way, joined by " | ". */
static void ways(char *out, size_t size, const struct allowed *allowed)
{
    size_t length = 0;

    out[0] = '\0';
    for (size_t i = 0; i < allowed->path_count; i++) {
        const struct allowed_path *path = &allowed->paths[i];

        length +=
            (size_t)snprintf(out + length, size - length, "%s", i ? "| " : "");
        for (size_t k = 0; k < path->count; k++)
            length += (size_t)snprintf(out + length, size - length, "%c%d ",
                                       path->attempts[k].upstream[0] - 32,
                                       (int)path->attempts[k].key);
    }
}

Test(keys, ways_go_from_key_to_key)
{
    static const struct {
        const char *runbook;
        int64_t keys;
        const char *steps, *expected;
    } rows[] = {
        /* each once, within the budget, and then the end */
        { ROTATE, 1, ALWAYS(401), "P0 " },
        { ROTATE, 2, ALWAYS(401), "P0 P0 " },
        { ROTATE, 3, ALWAYS(401), "P0 P0 P0 " },
        { ROTATE, 5, ALWAYS(401), "P0 P0 P0 " },
        { ROTATE, 3, ALWAYS(403), "P0 " },
        /* where keys are told apart, any may be the first */
        { ROTATE, 2, KEY_1(401), "P1 P2 | P2 " },
        { ROTATE, 3, KEY_1(401), "P1 P2 | P2 | P3 " },
        { ROTATE, 2, KEY_1(429), "P1 P2 | P2 " },
        /* not a failure of the key: it stays */
        { ROTATE, 2, KEY_1(503), "P1 P1 P1 F0 | P2 " },
        { ROTATE, 2, ALWAYS(429), "P0 P0 P0 F0 " },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        char seen[256];

        keys_init(&s, rows[i].runbook, rows[i].keys, rows[i].steps);
        ways(seen, sizeof seen, &s.allowed);
        cr_expect_str_eq(seen, rows[i].expected, "row %zu: %s, not %s", i, seen,
                         rows[i].expected);
        stage_release(&s);
    }
}

Test(keys, the_next_key_need_not_wait_and_the_same_one_must)
{
    struct stage s;

    keys_init(&s, ROTATE, 2, ALWAYS(429));
    cr_assert_eq(s.allowed.path_count, 1);
    cr_expect_eq(s.allowed.paths[0].attempts[1].gap_least_ms, 0);
    cr_expect_eq(s.allowed.paths[0].attempts[2].gap_least_ms, 100);
    stage_release(&s);
}

Test(keys, refused_keys_end_with_the_status_of_a_refusal)
{
    struct stage s;

    keys_init(&s, ROTATE, 2, ALWAYS(401));
    cr_assert_eq(s.allowed.path_count, 1);
    cr_expect_eq(s.allowed.paths[0].decision, DECISION_FAILED_CLOSED);
    cr_expect_eq(s.allowed.paths[0].status.count, 1);
    cr_expect_eq(s.allowed.paths[0].status.statuses[0], 401);
    stage_release(&s);
}

Test(keys, what_the_runbook_leaves_open_is_not_judged)
{
    struct stage s;

    keys_init(&s, UNCLEAR, 2, KEY_1(429));
    cr_expect(strstr(s.allowed.not_judged, "retry.rotate_key_on"));
    stage_release(&s);
    /* With one key there is nothing to leave open. */
    keys_init(&s, UNCLEAR, 1, KEY_1(429));
    cr_expect_str_empty(s.allowed.not_judged);
    stage_release(&s);
}

static void key_attempt(struct stage *s, int64_t status, int key)
{
    struct attempt *a = stage_attempt(s, "primary", status, 1);

    snprintf(a->request.credentials[0].fingerprint, FINGERPRINT_HEX_SIZE, "p%d",
             key);
}

Test(keys, the_key_goes_on_where_the_runbook_says_so_and_only_there)
{
    static const struct {
        const char *steps;
        int64_t status;   /* of every attempt but the last */
        const char *keys; /* that came, in order */
        enum verdict rotation, attempts;
    } rows[] = {
        { KEY_1(401), 401, "12", VERDICT_PASS, VERDICT_PASS },
        { KEY_1(401), 401, "11", VERDICT_FAIL, VERDICT_FAIL },
        { KEY_1(401), 401, "13", VERDICT_FAIL, VERDICT_FAIL },
        { KEY_1(401), 401, "3", VERDICT_NOT_APPLICABLE, VERDICT_PASS },
        { KEY_1(429), 429, "12", VERDICT_PASS, VERDICT_PASS },
        { KEY_1(429), 429, "11", VERDICT_FAIL, VERDICT_FAIL },
        { ALWAYS(401), 401, "231", VERDICT_PASS, VERDICT_PASS },
        { ALWAYS(401), 401, "121", VERDICT_FAIL, VERDICT_PASS },
        { ALWAYS(503), 503, "111", VERDICT_PASS, VERDICT_FAIL },
        { ALWAYS(503), 503, "122", VERDICT_FAIL, VERDICT_FAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stage s;
        size_t count = strlen(rows[i].keys);
        bool ends_well = strcmp(rows[i].steps, ALWAYS(401)) != 0;

        keys_init(&s, ROTATE, 3, rows[i].steps);
        for (size_t k = 0; k < count; k++)
            key_attempt(&s, ends_well && k + 1 == count ? 200 : rows[i].status,
                        rows[i].keys[k] - '0');
        if (ends_well)
            stage_success(&s);
        else
            stage_client(&s, TRACE_OUTCOME_ERROR, 401);
        EXPECT_VERDICT(&s, "key_rotation", rows[i].rotation);
        EXPECT_VERDICT(&s, "attempts_per_upstream", rows[i].attempts);
        stage_release(&s);
    }
}

Test(keys, after_the_last_refused_key_nothing_follows)
{
    struct stage s;

    keys_init(&s, ROTATE, 2, ALWAYS(401));
    key_attempt(&s, 401, 1);
    key_attempt(&s, 401, 2);
    stage_client(&s, TRACE_OUTCOME_ERROR, 401);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_PASS);
    EXPECT_VERDICT(&s, "attempts_total", VERDICT_PASS);
    stage_client(&s, TRACE_OUTCOME_ERROR, 502);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    stage_client(&s, TRACE_OUTCOME_ERROR, 401);
    key_attempt(&s, 401, 1);
    EXPECT_VERDICT(&s, "auth_fail_closed", VERDICT_FAIL);
    stage_release(&s);
}

Test(keys, a_step_is_told_by_the_key_that_came)
{
    struct judged judged;
    struct seen seen;
    struct stage s;

    keys_init(&s, ROTATE, 2, KEY_1(401));
    judged = (struct judged){ &s.o, &s.allowed, 1 };
    key_attempt(&s, 401, 1);
    key_attempt(&s, 200, 2);
    seen_init(&seen, &judged, 0);
    cr_expect_eq(seen_key(&seen, &s.attempts[0]), 1);
    cr_expect_eq(seen_key(&seen, &s.attempts[1]), 2);
    cr_expect_eq(seen_step(&seen, &s.attempts[0])->status, 401);
    cr_expect_null(seen_step(&seen, &s.attempts[1]), "healthy");
    cr_expect_eq(seen_key_count(&s.o, "primary"), 2);
    cr_expect_eq(seen_key_count(&s.o, "nobody"), 1);
    stage_release(&s);
}
