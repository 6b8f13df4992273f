#include "harness/oracle/oracle.h"

#include <stdlib.h>

#include "tests/unit/drill_script.h"

/* A strict gateway: everything declared, nothing left open. */
#define STRICT_RETRY                                                           \
    "\"retry\":{\"budget\":2,\"total_attempts_max\":6,\"on\":[\"http_429\","   \
    "\"http_5xx\",\"connect_refused\",\"connect_timeout\","                    \
    "\"reset_before_headers\",\"eof_before_headers\",\"malformed_head\","      \
    "\"header_timeout\",\"first_token_timeout\",\"idle_timeout\","             \
    "\"attempt_timeout\",\"truncated_body\",\"truncated_before_commit\","      \
    "\"bad_body\",\"empty_body\",\"error_in_200\"],"                           \
    "\"never_on_codes\":[\"invalid_request\",\"model_not_found\","             \
    "\"insufficient_quota\"],"                                                 \
    "\"backoff\":{\"base_ms\":50,\"factor\":2,\"cap_ms\":400,"                 \
    "\"jitter\":\"full\"},"                                                    \
    "\"retry_after\":{\"on\":[\"http_429\",\"http_503\"],\"cap_ms\":3500,"     \
    "\"formats\":[\"seconds\",\"date\",\"ms\"],\"above_cap\":\"give_up\"}},"
#define STRICT_FALLBACK                                                        \
    "\"fallback\":{\"order\":[\"primary\",\"fallback\"],\"on\":[\"http_429\"," \
    "\"http_5xx\",\"connect_refused\",\"reset_before_headers\","               \
    "\"eof_before_headers\",\"malformed_head\",\"header_timeout\","            \
    "\"first_token_timeout\",\"idle_timeout\",\"attempt_timeout\","            \
    "\"truncated_body\",\"truncated_before_commit\",\"bad_body\","             \
    "\"empty_body\",\"error_in_200\"]},"
#define STRICT_REST                                                            \
    "\"auth\":{\"on_401\":\"fail_closed\",\"client_status\":[401,403],"        \
    "\"client_keys\":\"checked\"},"                                            \
    "\"client_errors\":{\"upstream_4xx\":\"same\","                            \
    "\"exhausted\":[502,503,504],\"all_failed\":\"last\"},"                    \
    "\"timeouts\":{\"header_ms\":500,\"first_token_ms\":700,\"idle_ms\":500,"  \
    "\"attempt_ms\":1500,\"total_ms\":8000,"                                   \
    "\"comments_are_progress\":false},"                                        \
    "\"stream\":{\"commit\":\"first_output\","                                 \
    "\"after_commit\":[\"error_event\",\"abort\"]},"                           \
    "\"upstreams\":{\"primary\":{\"credential\":\"own\"},"                     \
    "\"fallback\":{\"credential\":\"own\"}}"
#define STRICT "{" STRICT_RETRY STRICT_FALLBACK STRICT_REST "}"

#define STATUS(number) "[{\"fault\":\"status\",\"status\":" #number "}]"
#define ONCE(number)                                                           \
    "[{\"fault\":\"status\",\"status\":" #number "},{\"fault\":\"none\"}]"
#define HANG_AT(point)  "[{\"fault\":\"hang\",\"at\":\"" point "\"}]"
#define CLOSE_AT(point) "[{\"fault\":\"close\",\"at\":\"" point "\"}]"
#define RESET_AT(point) "[{\"fault\":\"reset\",\"at\":\"" point "\"}]"
#define BODY(word)      "[{\"fault\":\"body\",\"kind\":\"" word "\"}]"
#define STREAM(rest)    "[{\"fault\":\"stream\"," rest "}]"
#define REFUSE          "[{\"fault\":\"refuse\"}]"

static void add_rule(struct buf *out, const struct allowed_path *path)
{
    if (path->committed) {
        buf_add_text(out, "begun");
    } else if (path->status.same) {
        buf_printf(out, "same%d", (int)path->upstream_status);
    } else if (!path->status.declared) {
        buf_add_text(out, "error");
    } else {
        for (size_t i = 0; i < path->status.count; i++)
            buf_printf(out, "%s%d", i ? "," : "",
                       (int)path->status.statuses[i]);
    }
}

/* "PPPF primary_used ok": first letters of the upstreams, decision, client. */
static char *brief(const struct allowed_path *path)
{
    struct buf out = { 0 };

    for (size_t i = 0; i < path->count; i++)
        buf_printf(&out, "%c", path->attempts[i].upstream[0] - 32);
    if (path->count == 0)
        buf_add_text(&out, "-");
    buf_printf(&out, " %.8s ", decision_names[path->decision]);
    if (path->outcome == CLIENT_SUCCESS)
        buf_add_text(&out, "ok");
    else if (path->outcome == CLIENT_ANY)
        buf_add_text(&out, "any");
    else
        add_rule(&out, path);
    if (path->by_total)
        buf_add_text(&out, path->not_before_ms ? " total?" : " total");
    return buf_take(&out);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All allowed paths, sorted, without repetition, joined by " | ". */
static char *summary(const struct allowed *allowed)
{
    char **items = xcalloc(allowed->path_count + 1, sizeof *items);
    struct buf out = { 0 };

    if (allowed->not_judged[0])
        buf_printf(&out, "not judged: %s", allowed->not_judged);
    for (size_t i = 0; i < allowed->path_count; i++)
        items[i] = brief(&allowed->paths[i]);
    qsort(items, allowed->path_count, sizeof *items, by_text);
    for (size_t i = 0; i < allowed->path_count; i++) {
        if (i == 0 || strcmp(items[i], items[i - 1]))
            buf_printf(&out, "%s%s", i ? " | " : "", items[i]);
    }
    for (size_t i = 0; i < allowed->path_count; i++)
        free(items[i]);
    free(items);
    return buf_take(&out);
}

struct row {
    const char *runbook;
    bool stream;
    const char *primary, *fallback;
    const char *expected;
};

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct drill_script d;
        struct allowed allowed;
        struct buf words = { 0 };
        char *seen;

        drill_script_init(&d, rows[i].runbook, rows[i].stream, rows[i].primary,
                          rows[i].fallback);
        oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
        seen = summary(&allowed);
        allowed_write(&words, &allowed);
        cr_expect_str_eq(seen, rows[i].expected,
                         "row %zu: %.40s stream=%d P %s F %s\n  allowed  %s\n"
                         "  expected %s\n%s",
                         i, rows[i].runbook, rows[i].stream,
                         rows[i].primary ? rows[i].primary : "healthy",
                         rows[i].fallback ? rows[i].fallback : "healthy", seen,
                         rows[i].expected, buf_text(&words));
        free(seen);
        buf_release(&words);
        allowed_release(&allowed);
        drill_script_release(&d);
    }
}
#define EXPECT_ROWS(rows) expect_rows(rows, sizeof(rows) / sizeof *(rows))

/* The table of docs: real-gateways, nginx: three attempts at the primary
 * without a wait, then the fallback. */
Test(oracle, nginx_as_its_configuration_promises)
{
    static const struct row rows[] = {
        { "@nginx", false, NULL, NULL, "P primary_ ok" },
        { "@nginx", true, NULL, NULL, "P primary_ ok" },
        { "@nginx", false, STATUS(400), NULL, "P fallback same400" },
        { "@nginx", false, STATUS(401), NULL, "P failed_c 401,403" },
        { "@nginx", false, STATUS(403), NULL, "P failed_c 401,403" },
        { "@nginx", false, STATUS(408), NULL, "P fallback same408" },
        { "@nginx", false, STATUS(429), NULL, "PPPF fallback ok" },
        { "@nginx", false,
          "[{\"fault\":\"status\",\"status\":429,"
          "\"retry_after\":{\"seconds\":30}}]",
          NULL, "PPPF fallback ok" },
        { "@nginx", false, STATUS(500), NULL, "PPPF fallback ok" },
        { "@nginx", false, ONCE(503), NULL, "PP primary_ ok" },
        { "@nginx", false, STATUS(529), NULL, "P fallback error" },
        { "@nginx", false, REFUSE, NULL, "PPPF fallback ok" },
        { "@nginx", false, RESET_AT("accept"), NULL, "PPPF fallback ok" },
        { "@nginx", false, RESET_AT("request"), NULL, "PPPF fallback ok" },
        { "@nginx", false, CLOSE_AT("request"), NULL, "PPPF fallback ok" },
        { "@nginx", false, HANG_AT("request"), NULL, "PPPF fallback ok" },
        { "@nginx", false, STATUS(503), STATUS(503), "PPPF fallback same503" },
        { "@nginx", false, STATUS(503), STATUS(401),
          "PPPF fallback 401,403 | PPPF fallback same401" },
        { "@nginx", false, STATUS(401), STATUS(401), "P failed_c 401,403" },
        { "@nginx", false, REFUSE, REFUSE, "PPPF fallback error" },
        /* Bodies it does not look into: whatever the client gets. */
        { "@nginx", false, BODY("cut_json"), NULL, "P fallback any" },
        { "@nginx", false, BODY("html"), NULL, "P fallback any" },
        { "@nginx", false, BODY("empty"), NULL, "P fallback any" },
        { "@nginx", true, STREAM("\"done\":false"), NULL,
          "P fallback begun | P primary_ ok" },
        /* Stalls and cuts inside an answer that has begun. */
        { "@nginx", false, HANG_AT("body:50%"), NULL, "P fallback begun" },
        { "@nginx", true, HANG_AT("event:20"), NULL, "P fallback begun" },
        { "@nginx", true, STATUS(503), NULL, "PPPF fallback ok" },
        { "@nginx", true, STATUS(401), NULL, "P failed_c 401,403" },
    };

    EXPECT_ROWS(rows);
}

/* A cut that follows at once may be seen before anything was forwarded: then
 * the client gets a status, and still there is one attempt. */
Test(oracle, nginx_and_a_cut_body_is_one_attempt)
{
    static const char *const scripts[] = {
        RESET_AT("body:50%"),
        CLOSE_AT("body:50%"),
        "[{\"fault\":\"truncate\",\"content_length\":\"long\"}]",
        "[{\"fault\":\"bad_chunk\"}]",
    };

    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        struct drill_script d;
        struct allowed allowed;

        drill_script_init(&d, "@nginx", false, scripts[i], NULL);
        oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
        cr_assert_gt(allowed.path_count, 0, "%s", scripts[i]);
        for (size_t k = 0; k < allowed.path_count; k++) {
            /* A reset can take the head with it, broken framing can come as
             * one with it: those classes are retried. */
            enum failure first = allowed.paths[k].attempts[0].failure;
            bool lost = first == FAILURE_RESET_BEFORE_HEADERS ||
                        first == FAILURE_MALFORMED_HEAD;

            cr_expect(lost || allowed.paths[k].count == 1, "%s", scripts[i]);
            cr_expect(lost || allowed.paths[k].outcome == CLIENT_ERROR);
        }
        allowed_release(&allowed);
        drill_script_release(&d);
    }
}

/* The same for HAProxy: primary, fallback, primary. */
Test(oracle, haproxy_as_its_configuration_promises)
{
    static const struct row rows[] = {
        { "@haproxy", false, NULL, NULL, "P primary_ ok" },
        { "@haproxy", false, STATUS(400), NULL, "P fallback same400" },
        { "@haproxy", false, STATUS(401), NULL, "P failed_c 401,403" },
        { "@haproxy", false, STATUS(429), NULL, "P fallback same429" },
        { "@haproxy", false, STATUS(500), NULL, "PF fallback ok" },
        { "@haproxy", false, ONCE(503), NULL, "PF fallback ok" },
        { "@haproxy", false, STATUS(529), NULL, "P fallback error" },
        { "@haproxy", false, REFUSE, NULL, "PF fallback ok" },
        { "@haproxy", false, RESET_AT("accept"), NULL, "PF fallback ok" },
        { "@haproxy", false, HANG_AT("request"), NULL, "PF fallback ok" },
        { "@haproxy", false, "[{\"fault\":\"garbage\"}]", NULL,
          "PF fallback ok" },
        /* Head and broken chunk as one: junk, or a cut in the answer. */
        { "@haproxy", false, "[{\"fault\":\"bad_chunk\"}]", NULL,
          "P fallback begun | P fallback error | PF fallback ok" },
        { "@haproxy", false, STATUS(503), STATUS(503), "PFP fallback same503" },
        { "@haproxy", false, STATUS(503), STATUS(401),
          "PF fallback 401,403 | PF fallback same401" },
        { "@haproxy", false, REFUSE, REFUSE, "PFP fallback error" },
        { "@haproxy", true, STATUS(503), NULL, "PF fallback ok" },
        { "@haproxy", true, HANG_AT("event:20"), NULL, "P fallback begun" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, a_strict_runbook_leaves_one_way)
{
    static const struct row rows[] = {
        { STRICT, false, NULL, NULL, "P primary_ ok" },
        { STRICT, false, ONCE(503), NULL, "PP primary_ ok" },
        { STRICT, false, STATUS(503), NULL, "PPPF fallback ok" },
        { STRICT, false, STATUS(503), ONCE(503), "PPPFF fallback ok" },
        { STRICT, false, STATUS(503), STATUS(503),
          "PPPFFF fallback 502,503,504" },
        { STRICT, false, STATUS(400), NULL, "P fallback same400" },
        { STRICT, false, STATUS(401), NULL, "P failed_c 401,403" },
        { STRICT, false, STATUS(403), NULL, "P failed_c 401,403" },
        { STRICT, false, STATUS(503), STATUS(400),
          "PPPF fallback 502,503,504 | PPPF fallback same400" },
        { STRICT, false,
          "[{\"fault\":\"status\",\"status\":500,"
          "\"code\":\"invalid_request\"}]",
          NULL, "P fallback error" },
        { STRICT, false,
          "[{\"fault\":\"status\",\"status\":503,"
          "\"code\":\"model_not_found\"}]",
          NULL, "P fallback error" },
        { STRICT, false,
          "[{\"fault\":\"status\",\"status\":429,"
          "\"code\":\"insufficient_quota\"}]",
          NULL, "P fallback same429" },
        { STRICT, false,
          "[{\"fault\":\"status\",\"status\":500,\"body\":\"html\","
          "\"code\":\"invalid_request\"}]",
          NULL, "PPPF fallback ok" },
        { STRICT, false,
          "[{\"fault\":\"status\",\"status\":301,\"body\":\"empty\"}]", NULL,
          "P fallback any" },
        { STRICT, false, HANG_AT("request"), NULL, "PPPF fallback ok" },
        { STRICT, true, HANG_AT("headers_end"), NULL, "PPPF fallback ok" },
        { STRICT, true, STREAM("\"role_only\":true"), NULL,
          "PPPF fallback ok" },
        { STRICT, true,
          STREAM("\"comments_only\":true,\"comment_every_ms\":100"), NULL,
          "PPPF fallback ok" },
        { STRICT, true, HANG_AT("event:20"), NULL, "P fallback begun" },
        { STRICT, false, HANG_AT("body:50%"), NULL, "PPPF fallback ok" },
        { STRICT, false, HANG_AT("headers_end"), NULL, "PPPF fallback ok" },
        { STRICT, false, BODY("html"), NULL, "PPPF fallback ok" },
        { STRICT, false, BODY("empty"), NULL, "PPPF fallback ok" },
        { STRICT, false, BODY("error_object"), NULL, "PPPF fallback ok" },
        { STRICT, false, BODY("cut_json"), BODY("null"),
          "PPPFFF fallback 502,503,504" },
        { STRICT, false, CLOSE_AT("body:50%"), NULL, "PPPF fallback ok" },
        { STRICT, true, STREAM("\"events\":0"), NULL, "PPPF fallback ok" },
        { STRICT, true, STREAM("\"error_at\":0"), NULL, "PPPF fallback ok" },
        { STRICT, false, CLOSE_AT("status_line"), NULL, "PPPF fallback ok" },
        { STRICT, false, RESET_AT("headers"), NULL, "PPPF fallback ok" },
        { STRICT, false, "[{\"fault\":\"garbage\"}]", NULL,
          "PPPF fallback ok" },
        { STRICT, true,
          "[{\"fault\":\"stream\",\"events\":30,\"interval_ms\":20,"
          "\"end\":{\"how\":\"rst\",\"at\":\"event:20\"}}]",
          NULL, "P fallback begun" },
        { STRICT, true,
          "[{\"fault\":\"stream\",\"events\":30,\"interval_ms\":20,"
          "\"error_at\":10}]",
          NULL, "P fallback begun" },
        { STRICT, true,
          "[{\"fault\":\"none\",\"events\":24,\"interval_ms\":300}]", NULL,
          "P primary_ ok" },
        { STRICT, true,
          "[{\"fault\":\"none\",\"events\":24,\"interval_ms\":900}]", NULL,
          "P fallback begun" },
        { STRICT, false, "[{\"fault\":\"delay\",\"ms\":400}]", NULL,
          "P primary_ ok" },
        { STRICT, false,
          "[{\"fault\":\"delay\",\"ms\":800},{\"fault\":"
          "\"none\"}]",
          NULL, "PP primary_ ok" },
        { STRICT, false,
          "[{\"fault\":\"dribble\",\"bytes\":97,\"every_ms\":5}]", NULL,
          "P primary_ ok" },
    };

    EXPECT_ROWS(rows);
}

/* Where two limits or two names are close, both ways are right. */
Test(oracle, what_the_wire_leaves_open_is_allowed_both_ways)
{
    static const struct row rows[] = {
        /* at the limit itself */
        { STRICT, false,
          "[{\"fault\":\"delay\",\"ms\":500},{\"fault\":\"none\"}]", NULL,
          "P primary_ ok | PP primary_ ok" },
    };
    struct drill_script d;
    struct allowed allowed;

    EXPECT_ROWS(rows);
    /* A burst and a cut: begun, or seen before anything went on. */
    drill_script_init(&d, STRICT, true, CLOSE_AT("event:16"), NULL);
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    bool one = false;
    bool four = false;
    for (size_t i = 0; i < allowed.path_count; i++) {
        one =
            one || (allowed.paths[i].count == 1 && allowed.paths[i].committed);
        four = four || (allowed.paths[i].count == 4 &&
                        allowed.paths[i].outcome == CLIENT_SUCCESS);
        cr_expect(allowed.paths[i].count == 1 ||
                  allowed.paths[i].attempts[0].failure ==
                      FAILURE_TRUNCATED_BEFORE_COMMIT);
    }
    cr_expect(one && four);
    allowed_release(&allowed);
    drill_script_release(&d);
}

Test(oracle, words_of_a_runbook_change_what_is_allowed)
{
#define RETRY_503 "\"retry\":{\"budget\":1,\"on\":[\"http_503\"]}"
#define ORDER     "\"order\":[\"primary\",\"fallback\"]"
    static const struct row rows[] = {
        /* only in fallback.on: at once */
        { "{" RETRY_503 ",\"fallback\":{" ORDER ",\"on\":[\"http_500\"]}}",
          false, STATUS(500), NULL, "PF fallback ok" },
        /* only in retry.on: no fallback */
        { "{" RETRY_503 ",\"fallback\":{" ORDER ",\"on\":[\"http_500\"]}}",
          false, STATUS(503), NULL, "PP fallback error" },
        /* in neither */
        { "{" RETRY_503 ",\"fallback\":{" ORDER ",\"on\":[\"http_500\"]}}",
          false, STATUS(502), NULL, "P fallback error" },
        /* total_attempts_max cuts the fallback's retries */
        { "{\"retry\":{\"budget\":2,\"total_attempts_max\":4,"
          "\"on\":[\"http_503\"]},"
          "\"fallback\":{" ORDER ",\"on\":[\"http_503\"]}}",
          false, STATUS(503), STATUS(503), "PPPF fallback error" },
        /* each_failure with a budget of two and no ceiling */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\","
          "\"on\":[\"http_503\"]}}",
          false, STATUS(503), STATUS(503), "PFPF fallback error" },
        /* each_failure and a class that is only in fallback.on */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\","
          "\"on\":[\"http_500\"]}}",
          false, STATUS(500), STATUS(500), "PF fallback error" },
        /* each_failure and a class that is only in retry.on */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\","
          "\"on\":[\"http_500\"]}}",
          false, STATUS(503), NULL, "PP fallback error" },
        /* each_failure, and back to the primary by a class that is only in
         * fallback.on: a retry there, a fallback from here */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_500\"]},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\","
          "\"on\":[\"http_5xx\"]}}",
          false, ONCE(500), STATUS(503),
          "PF fallback error | PFP fallback ok" },
        /* each_failure, and back to a primary whose failure is not retried */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_500\"]},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\","
          "\"on\":[\"http_5xx\"]}}",
          false, ONCE(503), ONCE(500), "PFF fallback ok | PFP fallback ok" },
        /* each_failure with fallback.on undeclared: in turn, or a retry */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\"}}",
          false, ONCE(503), NULL, "PF fallback ok | PP primary_ ok" },
        /* how often is undeclared: up to the ceiling */
        { "{\"retry\":{\"total_attempts_max\":2,\"on\":[\"http_503\"]},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, STATUS(503), NULL, "P fallback error | PP fallback error" },
        /* a 4xx that nothing declared covers: passed on, or used up */
        { "{\"retry\":{\"budget\":1},"
          "\"fallback\":{\"order\":[\"primary\"]},\"client_errors\":"
          "{\"upstream_4xx\":\"same\",\"exhausted\":[502]}}",
          false, STATUS(409), NULL,
          "P fallback 502 | P fallback same409 | "
          "PP fallback 502 | PP fallback same409" },
        /* fail above the cap ends the request though no wait is due */
        { "{\"retry\":{\"budget\":0,\"on\":[\"http_503\"],\"retry_after\":"
          "{\"on\":[\"http_503\"],\"cap_ms\":1000,"
          "\"above_cap\":\"fail\"}},"
          "\"fallback\":{" ORDER ",\"on\":[\"http_503\"]}}",
          false,
          "[{\"fault\":\"status\",\"status\":503,"
          "\"retry_after\":{\"seconds\":5}}]",
          NULL, "P fallback error | PF fallback ok" },
        /* fallback.on undeclared: either way */
        { "{" RETRY_503 ",\"fallback\":{" ORDER "}}", false, STATUS(503), NULL,
          "PP fallback error | PPF fallback ok" },
        /* no fallback section: there may be one */
        { "{" RETRY_503 "}", false, STATUS(503), NULL,
          "PP fallback error | PPF fallback ok" },
        /* one upstream only */
        { "{" RETRY_503 ",\"fallback\":{\"order\":[\"primary\"]}}", false,
          STATUS(503), NULL, "PP fallback error" },
        /* budget 0 */
        { "{\"retry\":{\"budget\":0},\"fallback\":{\"order\":[\"primary\"]}}",
          false, STATUS(503), NULL, "P fallback error" },
        /* retry.on undeclared: up to the budget */
        { "{\"retry\":{\"budget\":1},\"fallback\":{\"order\":[\"primary\"]}}",
          false, STATUS(503), NULL, "P fallback error | PP fallback error" },
        /* no limit at all */
        { "{\"retry\":{\"on\":[\"http_503\"]}}", false, STATUS(503), NULL,
          "not judged: the runbook declares neither retry.budget nor "
          "retry.total_attempts_max" },
        { "{}", false, STATUS(503), NULL,
          "not judged: the runbook declares neither retry.budget nor "
          "retry.total_attempts_max" },
        { "{}", false, NULL, NULL, "P primary_ ok" },
        /* auth rules */
        { "{\"auth\":{\"on_401\":\"fail_closed\"}}", false, STATUS(401), NULL,
          "P failed_c error" },
        { "{\"auth\":{\"on_401\":\"rotate_key\"}}", false, STATUS(401), NULL,
          "P failed_c error" },
        { "{\"auth\":{\"on_401\":\"fallback\"},\"fallback\":{" ORDER "}}",
          false, STATUS(401), NULL, "PF fallback ok" },
        { "{\"auth\":{\"on_401\":\"fallback\"},\"fallback\":{" ORDER "}}",
          false, STATUS(401), STATUS(401), "PF fallback error" },
        { "{\"auth\":{\"on_401\":\"fail_closed\",\"on_403\":\"fallback\"},"
          "\"fallback\":{" ORDER "}}",
          false, STATUS(403), NULL, "PF fallback ok" },
        { "{\"auth\":{\"on_401\":\"fail_closed\",\"known_good_retry\":1}}",
          false, ONCE(401), NULL, "P failed_c error | PP primary_ ok" },
        { "{\"auth\":{\"on_401\":\"fail_closed\",\"known_good_retry\":1}}",
          false, STATUS(401), NULL, "P failed_c error | PP failed_c error" },
        /* a code that bars, and one that leads to the fallback */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_5xx\"],"
          "\"never_on_codes\":[\"model_not_found\"]},"
          "\"fallback\":{" ORDER ",\"on\":[\"http_5xx\"],"
          "\"on_codes\":[\"model_not_found\"]}}",
          false,
          "[{\"fault\":\"status\",\"status\":503,"
          "\"code\":\"model_not_found\"}]",
          NULL, "PF fallback ok" },
        /* whose status */
        { "{\"retry\":{\"budget\":0,\"on\":[\"http_5xx\"]},"
          "\"client_errors\":{\"exhausted\":\"same\","
          "\"all_failed\":\"first\"},"
          "\"fallback\":{" ORDER ",\"on\":[\"http_5xx\"]}}",
          false, STATUS(503), STATUS(500), "PF fallback same503" },
        { "{\"retry\":{\"budget\":0,\"on\":[\"http_5xx\"]},"
          "\"client_errors\":{\"exhausted\":\"same\"},"
          "\"fallback\":{" ORDER ",\"on\":[\"http_5xx\"]}}",
          false, STATUS(503), STATUS(500),
          "PF fallback same500 | PF fallback same503" },
        /* bodies: claimed, by a class or by client_errors.bad_body */
        { "{\"retry\":{\"budget\":1,\"on\":[\"bad_body\"]},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, BODY("html"), NULL, "PP fallback error" },
        { "{\"retry\":{\"budget\":1,\"on\":[\"bad_body\"]},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, BODY("empty"), NULL, "P fallback any" },
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
          "\"client_errors\":{\"bad_body\":[502]},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, BODY("html"), NULL, "P fallback 502" },
        /* silence that no limit covers */
        { "{" RETRY_503 "}", false, HANG_AT("request"), NULL,
          "not judged: no declared timeout covers the silence before the "
          "head: timeouts.header_ms is not declared" },
        { "{" RETRY_503 ",\"timeouts\":{\"header_ms\":500}}", true,
          HANG_AT("event:5"), NULL,
          "not judged: no declared timeout covers the silence inside the "
          "answer: timeouts.idle_ms is not declared" },
        { "{" RETRY_503 ",\"timeouts\":{\"total_ms\":500}}", false,
          HANG_AT("request"), NULL, "P fallback error total" },
        { "{" RETRY_503 ",\"timeouts\":{\"header_ms\":500}}", true,
          HANG_AT("headers_end"), NULL,
          "not judged: no declared timeout covers the silence between head "
          "and first output: timeouts.first_token_ms" },
        /* the cut of a body that ends with the connection */
        { "{" RETRY_503 ",\"fallback\":{\"order\":[\"primary\"]}}", false,
          "[{\"fault\":\"close\",\"at\":\"body:50%\",\"framing\":\"close\"}]",
          NULL, "P fallback any | P fallback begun | P fallback error" },
    };

    EXPECT_ROWS(rows);
}

static void expect_gap(const char *retry, const char *primary, int64_t least,
                       int64_t most, const char *what)
{
    struct drill_script d;
    struct allowed allowed;
    char text[1024];

    snprintf(text, sizeof text,
             "{\"retry\":{\"budget\":2,\"on\":[\"http_429\",\"http_503\"],%s},"
             "\"fallback\":{\"order\":[\"primary\"]}}",
             retry);
    drill_script_init(&d, text, false, primary, NULL);
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    cr_assert_eq(allowed.path_count, 1, "%s: %zu paths", what,
                 allowed.path_count);
    cr_assert_geq(allowed.paths[0].count, 2, "%s", what);
    cr_expect_eq(allowed.paths[0].attempts[1].gap_least_ms, least,
                 "%s: least %d", what,
                 (int)allowed.paths[0].attempts[1].gap_least_ms);
    cr_expect_eq(allowed.paths[0].attempts[1].gap_most_ms, most, "%s: most %d",
                 what, (int)allowed.paths[0].attempts[1].gap_most_ms);
    allowed_release(&allowed);
    drill_script_release(&d);
}

#define BACKOFF(jitter)                                                        \
    "\"backoff\":{\"base_ms\":100,\"factor\":1.5,\"cap_ms\":2000,"             \
    "\"jitter\":\"" jitter "\"}"
#define OBEYED                                                                 \
    ",\"retry_after\":{\"on\":[\"http_429\"],"                                 \
    "\"formats\":[\"seconds\",\"date\",\"ms\"]}"
#define HINT(text)                                                             \
    "[{\"fault\":\"status\",\"status\":429,\"retry_after\":" text              \
    "},{\"fault\":\"none\"}]"

Test(oracle, gaps_follow_backoff_and_retry_after)
{
    static const struct {
        const char *retry, *primary;
        int64_t least, most;
    } rows[] = {
        { BACKOFF("none"), ONCE(503), 100, 100 },
        { BACKOFF("full"), ONCE(503), 0, 100 },
        { BACKOFF("equal"), ONCE(503), 50, 100 },
        { BACKOFF("additive"), ONCE(503), 100, ALLOWED_ANY },
        { "\"never_on_codes\":[]", ONCE(503), 0, ALLOWED_ANY },
        { "\"backoff\":{\"base_ms\":100}", ONCE(503), 0, ALLOWED_ANY },
        { BACKOFF("full") OBEYED, HINT("{\"seconds\":2}"), 2000, 2100 },
        { BACKOFF("full") OBEYED, HINT("{\"seconds\":0}"), 0, 200 },
        { BACKOFF("full") OBEYED, HINT("{\"date_in_ms\":3000}"), 2000, 4100 },
        { BACKOFF("full") OBEYED, HINT("{\"seconds\":5,\"ms\":700}"), 700,
          800 },
        { BACKOFF("full") OBEYED, HINT("{\"raw\":\"-5\"}"), 0, 100 },
        { BACKOFF("full") OBEYED, HINT("{\"raw\":\"NaN\"}"), 0, 100 },
        { BACKOFF("full") OBEYED, HINT("{\"raw\":\"soon\"}"), 0, 100 },
        { BACKOFF("none") OBEYED, HINT("{\"raw\":\"-5\"}"), 100, 100 },
        { BACKOFF("none") OBEYED, HINT("{\"date_ago_ms\":60000}"), 0, 200 },
        { BACKOFF("full") OBEYED, HINT("{\"raw\":\"2\"}"), 2000, 2100 },
        /* a status that is not in retry_after.on: ignored */
        { BACKOFF("full") OBEYED,
          "[{\"fault\":\"status\",\"status\":503,\"retry_after\":"
          "{\"seconds\":2}},{\"fault\":\"none\"}]",
          0, 100 },
        { "\"never_on_codes\":[]" OBEYED, HINT("{\"seconds\":2}"), 2000,
          ALLOWED_ANY },
        /* above the cap and to be ignored */
        { BACKOFF("full") ",\"retry_after\":{\"on\":[\"http_429\"],"
                          "\"cap_ms\":1000,\"above_cap\":\"backoff\"}",
          HINT("{\"seconds\":2}"), 0, 100 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char what[32];

        snprintf(what, sizeof what, "row %zu", i);
        expect_gap(rows[i].retry, rows[i].primary, rows[i].least, rows[i].most,
                   what);
    }
}

/* A connection that nobody answers ends by the limit for connecting, else by
 * that for an attempt. */
Test(oracle, an_unanswered_connection_has_a_limit_of_its_own)
{
#define SILENT "[{\"fault\":\"syn_drop\"}]"
#define LIMITS(limits)                                                         \
    "{\"retry\":{\"budget\":1,\"on\":[\"connect_timeout\"]},\"fallback\":{"    \
    "\"order\":[\"primary\",\"fallback\"],\"on\":[\"connect_timeout\"]},"      \
    "\"timeouts\":{" limits "}}"
    static const struct row rows[] = {
        { LIMITS("\"connect_ms\":500,\"attempt_ms\":2000"), false, SILENT, NULL,
          "PPF fallback ok" },
        { LIMITS("\"connect_ms\":500,\"header_ms\":100"), false, SILENT, NULL,
          "PPF fallback ok" },
        /* The attempt's limit comes first, and is in no set. */
        { LIMITS("\"connect_ms\":500,\"attempt_ms\":100"), false, SILENT, NULL,
          "P fallback error" },
        { LIMITS("\"header_ms\":100"), false, SILENT, NULL,
          "not judged: no declared timeout covers a connection that is not "
          "answered: timeouts.connect_ms is not declared" },
        { LIMITS("\"total_ms\":1000"), false, SILENT, NULL,
          "P fallback error total" },
    };

    EXPECT_ROWS(rows);
}

/* Back to the primary in turn: its Retry-After counts from its own failure. */
Test(oracle, a_retry_after_binds_a_later_return)
{
    static const char runbook[] =
        "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"],"
        "\"backoff\":{\"base_ms\":50,\"jitter\":\"none\"},"
        "\"retry_after\":{\"on\":[\"http_503\"]}},"
        "\"fallback\":{\"order\":[\"primary\",\"fallback\"],"
        "\"after\":\"each_failure\",\"on\":[\"http_503\"]}}";
    struct drill_script d;
    struct allowed allowed;

    drill_script_init(&d, runbook, false,
                      "[{\"fault\":\"status\",\"status\":503,"
                      "\"retry_after\":{\"seconds\":2}},{\"fault\":\"none\"}]",
                      STATUS(503));
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    cr_assert_eq(allowed.path_count, 1);
    cr_assert_eq(allowed.paths[0].count, 3);
    cr_expect_str_eq(allowed.paths[0].attempts[2].upstream, "primary");
    cr_expect_eq(allowed.paths[0].attempts[2].gap_least_ms, 1950);
    cr_expect_eq(allowed.paths[0].attempts[2].gap_most_ms, ALLOWED_ANY);
    /* What a client waits for must not be shorter than that. */
    cr_expect_geq(allowed_patience_ms(&allowed, &d.runbook), 30000);
    allowed_release(&allowed);
    drill_script_release(&d);
}

/* The wait would pass total_ms: also where only its lower bound is declared. */
Test(oracle, a_wait_without_a_bound_may_be_too_long)
{
    static const struct row rows[] = {
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"],\"backoff\":"
          "{\"base_ms\":600,\"jitter\":\"additive\"}},"
          "\"fallback\":{\"order\":[\"primary\"]},"
          "\"timeouts\":{\"total_ms\":1000}}",
          false, ONCE(503), NULL,
          "P fallback error total | PP fallback error total | PP primary_ ok" },
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"],\"backoff\":"
          "{\"base_ms\":100,\"jitter\":\"additive\"}},"
          "\"fallback\":{\"order\":[\"primary\"]},"
          "\"timeouts\":{\"total_ms\":1000}}",
          false, ONCE(503), NULL, "PP fallback error total? | PP primary_ ok" },
    };

    EXPECT_ROWS(rows);
}

/* "0..100 | 2000..2100": the gaps that may come before the second attempt,
 * and the ways that make none. */
static void expect_gaps(const char *retry, const char *primary,
                        const char *expected)
{
    struct drill_script d;
    struct allowed allowed;
    struct buf seen = { 0 };
    char text[1024];

    snprintf(text, sizeof text,
             "{\"retry\":{\"budget\":1,\"on\":[\"http_429\"],%s},"
             "\"fallback\":{" ORDER ",\"on\":[\"http_429\"]}}",
             retry);
    drill_script_init(&d, text, false, primary, NULL);
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    for (size_t i = 0; i < allowed.path_count; i++) {
        const struct allowed_path *path = &allowed.paths[i];

        buf_add_text(&seen, i ? " | " : "");
        if (path->count < 2 || path->attempts[1].upstream[0] != 'p')
            buf_printf(&seen, "%s", path->count < 2 ? "end" : "fallback");
        else
            buf_printf(&seen, "%d..%d", (int)path->attempts[1].gap_least_ms,
                       (int)path->attempts[1].gap_most_ms);
    }
    cr_expect_str_eq(buf_text(&seen), expected, "%s: %s, not %s", primary,
                     buf_text(&seen), expected);
    buf_release(&seen);
    allowed_release(&allowed);
    drill_script_release(&d);
}

#define CAP(ms)                                                                \
    ",\"retry_after\":{\"on\":[\"http_429\"],\"cap_ms\":" #ms                  \
    ",\"above_cap\":\"give_up\"}"
#define SAYS(rest)                                                             \
    "[{\"fault\":\"status\",\"status\":429," rest "},{\"fault\":\"none\"}]"

/* What RFC 9110 does not know may be ignored or read leniently, but neither
 * shortened nor slept on beyond the cap. */
Test(oracle, an_odd_wait_is_ignored_or_read_within_the_cap)
{
    static const struct {
        const char *retry, *primary, *expected;
    } rows[] = {
        { BACKOFF("none") CAP(9000), HINT("{\"raw\":\"1.5\"}"),
          "1500..2100 | 100..100" },
        { BACKOFF("none") CAP(9000), HINT("{\"raw\":\"2 s\"}"),
          "2000..2100 | 100..100" },
        { BACKOFF("none") CAP(9000), HINT("{\"raw\":\"2, 5\"}"),
          "2000..5100 | 100..100" },
        { BACKOFF("none") CAP(9000), HINT("{\"raw\":\"1e3\"}"),
          "1000..9100 | 100..100 | fallback" },
        { BACKOFF("none") CAP(9000), HINT("{\"raw\":\"Infinity\"}"),
          "100..100 | fallback" },
        { BACKOFF("none") CAP(9000), HINT("{\"raw\":\"99999999999999999999\"}"),
          "100..100 | fallback" },
        { BACKOFF("none") CAP(9000), HINT("{\"seconds\":3600}"), "fallback" },
        { BACKOFF("none") CAP(9000),
          HINT("{\"date_in_ms\":3000,\"format\":\"rfc850\"}"),
          "2000..4100 | 100..100" },
        /* two lines: one of them, or none */
        { BACKOFF("none") CAP(9000),
          SAYS("\"headers\":[[\"Retry-After\",\"1\"],"
               "[\"retry-after\",\"3\"]]"),
          "1000..1100 | 3000..3100 | 100..100" },
        { BACKOFF("none") CAP(9000),
          SAYS("\"headers\":[[\"Retry-After\",\"3\"]]"), "3000..3100" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_gaps(rows[i].retry, rows[i].primary, rows[i].expected);
}

Test(oracle, a_wait_told_elsewhere_may_be_read_or_not)
{
    static const struct {
        const char *retry, *primary, *expected;
    } rows[] = {
        { BACKOFF("none") CAP(9000),
          SAYS("\"headers\":[[\"x-ratelimit-reset-tokens\",\"500ms\"]]"),
          "100..600 | 100..100" },
        { BACKOFF("none") CAP(9000),
          SAYS("\"headers\":[[\"x-ratelimit-reset-tokens\",\"6m0s\"]]"),
          "100..9100 | 100..100 | fallback" },
        { BACKOFF("none") CAP(9000),
          SAYS("\"headers\":[[\"RateLimit-Reset\",\"1893456000\"]]"),
          "100..9100 | 100..100 | fallback" },
        { BACKOFF("none"),
          SAYS("\"headers\":[[\"RateLimit-Reset\",\"1893456000\"]]"),
          "100..-1 | 100..100" },
        { BACKOFF("none") CAP(9000),
          SAYS("\"message\":\"Please try again in 2s.\""),
          "100..2100 | 100..100" },
        { BACKOFF("none") CAP(9000), SAYS("\"message\":\"too many\""),
          "100..100" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        expect_gaps(rows[i].retry, rows[i].primary, rows[i].expected);
}

/* The primary is barred by its code, the fallback by its wait: whether the turn
 * is the primary's again is nobody's word. */
Test(oracle, a_wait_too_long_may_end_a_turn)
{
    static const struct row rows[] = {
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_429\"],"
          "\"never_on_codes\":[\"insufficient_quota\"],"
          "\"retry_after\":{\"on\":[\"http_429\"],\"cap_ms\":1000,"
          "\"above_cap\":\"give_up\"}},"
          "\"fallback\":{" ORDER ",\"after\":\"each_failure\","
          "\"on\":[\"http_429\"],\"on_codes\":[\"insufficient_quota\"]}}",
          false,
          "[{\"fault\":\"status\",\"status\":429,\"code\":"
          "\"insufficient_quota\"},{\"fault\":\"none\"}]",
          "[{\"fault\":\"status\",\"status\":429,\"retry_after\":{"
          "\"seconds\":4}}]",
          "PF fallback error | PFP fallback ok" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, the_sum_of_waits_is_capped_too)
{
#define SUM                                                                    \
    "\"retry_after\":{\"on\":[\"http_429\"],\"cap_ms\":3000,"                  \
    "\"total_cap_ms\":4000,\"above_cap\":\"give_up\"}"
#define WAITS(first, second)                                                   \
    "[{\"fault\":\"status\",\"status\":429,\"retry_after\":{"                  \
    "\"seconds\":" first                                                       \
    "}},{\"fault\":\"status\",\"status\":429,\"retry_after\":{"                \
    "\"seconds\":" second "}},{\"fault\":\"none\"}]"
#define SUMMED                                                                 \
    "{\"retry\":{\"budget\":2,\"on\":[\"http_429\"]," SUM                      \
    "},\"fallback\":{" ORDER ",\"on\":[\"http_429\"]}}"
    static const struct row rows[] = {
        { SUMMED, false, WAITS("1", "3"), NULL, "PPP primary_ ok" },
        { SUMMED, false, WAITS("2", "3"), NULL, "PPF fallback ok" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, a_code_in_a_200_bars_a_retry_as_in_an_error)
{
    static const struct row rows[] = {
        { STRICT, false,
          "[{\"fault\":\"body\",\"kind\":\"error_object\","
          "\"code\":\"insufficient_quota\"}]",
          NULL, "P fallback error" },
        { STRICT, false,
          "[{\"fault\":\"body\",\"kind\":\"error_object\","
          "\"code\":\"another\"},{\"fault\":\"none\"}]",
          NULL, "PP primary_ ok" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, x_should_retry_counts_as_declared)
{
#define SHOULD(word)                                                           \
    "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]" word                      \
    "},\"fallback\":{" ORDER ",\"on\":[\"http_503\"]}}"
#define TELLS(status, value)                                                   \
    "[{\"fault\":\"status\",\"status\":" #status                               \
    ",\"headers\":[[\"x-should-retry\",\"" value "\"]]},{\"fault\":\"none\"}]"
    static const struct row rows[] = {
        { SHOULD(",\"should_retry\":\"ignored\""), false, TELLS(503, "false"),
          NULL, "PP primary_ ok" },
        { SHOULD(",\"should_retry\":\"no\""), false, TELLS(503, "false"), NULL,
          "PF fallback ok" },
        { SHOULD(",\"should_retry\":\"obeyed\""), false, TELLS(503, "false"),
          NULL, "PF fallback ok" },
        { SHOULD(""), false, TELLS(503, "false"), NULL,
          "P fallback error | PF fallback ok | PP primary_ ok" },
        { SHOULD(",\"should_retry\":\"ignored\""), false, TELLS(400, "true"),
          NULL, "P fallback error" },
        { SHOULD(",\"should_retry\":\"no\""), false, TELLS(400, "true"), NULL,
          "P fallback error" },
        { SHOULD(",\"should_retry\":\"obeyed\""), false, TELLS(400, "true"),
          NULL, "PP primary_ ok" },
        { SHOULD(""), false, TELLS(400, "true"), NULL,
          "P fallback error | PP primary_ ok" },
        { SHOULD(",\"should_retry\":\"no\""), false, TELLS(503, "true"), NULL,
          "PP primary_ ok" },
        { SHOULD(",\"should_retry\":\"no\""), false, TELLS(503, "perhaps"),
          NULL, "PP primary_ ok" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, the_second_wait_grows_up_to_the_cap)
{
    struct drill_script d;
    struct allowed allowed;

    drill_script_init(&d,
                      "{\"retry\":{\"budget\":4,\"on\":[\"http_503\"],"
                      "\"backoff\":{\"base_ms\":100,\"factor\":1.5,"
                      "\"cap_ms\":300,\"jitter\":\"none\"}},"
                      "\"fallback\":{\"order\":[\"primary\"]}}",
                      false, STATUS(503), NULL);
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    cr_assert_eq(allowed.path_count, 1);
    cr_assert_eq(allowed.paths[0].count, 5);
    static const int64_t waits[] = { 0, 100, 150, 225, 300 };
    for (size_t i = 0; i < 5; i++)
        cr_expect_eq(allowed.paths[0].attempts[i].gap_least_ms, waits[i]);
    allowed_release(&allowed);
    drill_script_release(&d);
}

Test(oracle, a_wait_that_is_too_long_ends_there)
{
#define CAPPED(rule)                                                           \
    "{\"retry\":{\"budget\":2,\"on\":[\"http_429\"],\"retry_after\":{"         \
    "\"on\":[\"http_429\"],\"cap_ms\":1000" rule "}},"                         \
    "\"fallback\":{" ORDER ",\"on\":[\"http_429\"]}}"
    static const struct row rows[] = {
        { CAPPED(",\"above_cap\":\"give_up\""), false,
          HINT("{\"seconds\":3600}"), NULL, "PF fallback ok" },
        { CAPPED(",\"above_cap\":\"fail\""), false, HINT("{\"seconds\":3600}"),
          NULL, "P fallback error" },
        { CAPPED(",\"above_cap\":\"backoff\""), false,
          HINT("{\"seconds\":3600}"), NULL, "PP primary_ ok" },
        { CAPPED(""), false, HINT("{\"seconds\":3600}"), NULL,
          "P fallback error | PF fallback ok | PP primary_ ok" },
        { CAPPED(",\"above_cap\":\"give_up\""), false, HINT("{\"seconds\":1}"),
          NULL, "PP primary_ ok" },
        /* It would pass total_ms: an early honest answer is right. */
        { "{\"retry\":{\"budget\":2,\"on\":[\"http_429\"],\"retry_after\":{"
          "\"on\":[\"http_429\"]}},\"timeouts\":{\"total_ms\":2000},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, HINT("{\"seconds\":3600}"), NULL, "P fallback error total" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, the_client_key_decides_before_any_attempt)
{
#define KEYS(rule, credential)                                                 \
    "{\"auth\":{\"on_401\":\"fail_closed\",\"client_status\":[401]" rule       \
    "},\"upstreams\":{\"primary\":{\"credential\":\"" credential "\"}},"       \
    "\"fallback\":{\"order\":[\"primary\"]}}"
    static const struct {
        const char *runbook;
        enum case_credential credential;
        const char *expected;
    } rows[] = {
        { KEYS(",\"client_keys\":\"checked\"", "own"),
          CASE_CREDENTIAL_INVALID_AT_CLIENT,
          "- failed_c 400,401,402,403,404,407,422" },
        { KEYS(",\"client_keys\":\"ignored\"", "own"), CASE_CREDENTIAL_NONE,
          "P primary_ ok" },
        { KEYS(",\"client_keys\":\"ignored\"", "client"),
          CASE_CREDENTIAL_INVALID_AT_CLIENT, "P failed_c 401" },
        { KEYS("", "own"), CASE_CREDENTIAL_NONE,
          "- failed_c 400,401,402,403,404,407,422 | P primary_ ok" },
        { KEYS("", "client"), CASE_CREDENTIAL_NONE,
          "- failed_c 400,401,402,403,404,407,422 | P failed_c 401" },
        { KEYS(",\"client_keys\":\"checked\"", "client"),
          CASE_CREDENTIAL_INVALID_AT_UPSTREAM,
          "- failed_c 400,401,402,403,404,407,422" },
        { KEYS(",\"client_keys\":\"ignored\"", "client"),
          CASE_CREDENTIAL_INVALID_AT_UPSTREAM, "P failed_c 401" },
        { KEYS("", "own"), CASE_CREDENTIAL_INVALID_AT_UPSTREAM,
          "P failed_c 401" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_script d;
        struct allowed allowed;
        char *seen;

        drill_script_init(&d, rows[i].runbook, false, NULL, NULL);
        d.phase.client.credential = rows[i].credential;
        oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
        seen = summary(&allowed);
        cr_expect_str_eq(seen, rows[i].expected, "row %zu: %s", i, seen);
        free(seen);
        allowed_release(&allowed);
        drill_script_release(&d);
    }
}

Test(oracle, a_refusing_port_is_uncountable)
{
    struct drill_script d;
    struct allowed allowed;

    drill_script_init(&d, STRICT, false, REFUSE, NULL);
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    cr_assert_eq(allowed.uncountable_count, 1);
    cr_expect_str_eq(allowed.uncountable[0], "primary");
    allowed_release(&allowed);
    drill_script_release(&d);
}

Test(oracle, time_is_bounded_where_the_runbook_bounds_it)
{
    static const struct {
        const char *runbook;
        bool stream;
        const char *primary;
        int64_t within_ms;
    } rows[] = {
        { STRICT, false, STATUS(503), 8000 },
        { "@nginx", false, STATUS(503), ALLOWED_ANY },
        { "@nginx", false, NULL, 1000 },
        /* total_ms binds until the commit point only; the stream itself takes
           what its events take */
        { STRICT, true,
          "[{\"fault\":\"none\",\"events\":24,\"interval_ms\":300}]", 7900 },
        { "{\"retry\":{\"budget\":1,\"on\":[\"header_timeout\"],"
          "\"backoff\":{\"base_ms\":100,\"jitter\":\"none\"}},"
          "\"timeouts\":{\"header_ms\":500},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, HANG_AT("request"), 2100 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct drill_script d;
        struct allowed allowed;

        drill_script_init(&d, rows[i].runbook, rows[i].stream, rows[i].primary,
                          NULL);
        oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
        cr_expect_eq(allowed.within_ms, rows[i].within_ms, "row %zu: %d", i,
                     (int)allowed.within_ms);
        cr_expect_geq(allowed_longest_ms(&allowed, &d.runbook), 0);
        allowed_release(&allowed);
        drill_script_release(&d);
    }
}

Test(oracle, total_ms_ends_a_request_that_hangs_everywhere)
{
    static const struct row rows[] = {
        /* 3 x 500 + 3 x 500 and waits stay below 8000 */
        { STRICT, false, HANG_AT("request"), HANG_AT("request"),
          "PPPFFF fallback 502,503,504" },
        /* the third attempt would end at 1500, total_ms is 1200 */
        { "{\"retry\":{\"budget\":2,\"on\":[\"header_timeout\"],"
          "\"backoff\":{\"base_ms\":0,\"jitter\":\"none\",\"factor\":1}},"
          "\"timeouts\":{\"header_ms\":500,\"total_ms\":1200},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, HANG_AT("request"), NULL, "PPP fallback error total" },
        /* a stream that begins when total_ms is over, or just before */
        { "{\"timeouts\":{\"total_ms\":500},"
          "\"stream\":{\"commit\":\"first_output\"}}",
          true, "[{\"fault\":\"delay\",\"ms\":450}]", NULL,
          "P fallback error total | P primary_ ok" },
        { "{\"timeouts\":{\"total_ms\":500},"
          "\"stream\":{\"commit\":\"first_output\"}}",
          true, "[{\"fault\":\"none\",\"interval_ms\":100}]", NULL,
          "P primary_ ok" },
        { "{\"timeouts\":{\"total_ms\":500,\"cover_streams\":true},"
          "\"stream\":{\"commit\":\"first_output\"}}",
          true, "[{\"fault\":\"none\",\"interval_ms\":100}]", NULL,
          "P fallback error total" },
        /* waits without a bound may use total_ms up: then, and only then */
        { "{\"retry\":{\"budget\":1,\"on\":[\"http_503\"]},"
          "\"timeouts\":{\"total_ms\":2000},"
          "\"fallback\":{\"order\":[\"primary\"]}}",
          false, STATUS(503), NULL,
          "PP fallback error | PP fallback error total?" },
    };

    EXPECT_ROWS(rows);
}

Test(oracle, the_scenario_may_override_parts)
{
    struct drill_script d;
    struct allowed allowed;
    int64_t statuses[] = { 418 };

    drill_script_init(&d, STRICT, false, ONCE(503), NULL);
    d.phase.expect = (struct case_expect){
        .decision = (char *)(uintptr_t) "failed_closed",
        .client_outcome = (char *)(uintptr_t) "error",
        .client_status = { .items = statuses, .count = 1, .declared = true },
        .gap_least_ms = { 7 },
        .gap_most_ms = { 9 },
        .gap_count = 1,
        .within_ms = 77,
    };
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    cr_assert_eq(allowed.path_count, 1);
    cr_expect(allowed.overridden);
    cr_expect_eq(allowed.paths[0].decision, DECISION_FAILED_CLOSED);
    cr_expect_eq(allowed.paths[0].outcome, CLIENT_ERROR);
    cr_expect_eq(allowed.paths[0].status.statuses[0], 418);
    cr_expect_eq(allowed.paths[0].attempts[1].gap_most_ms, 9);
    cr_expect_eq(allowed.within_ms, 77);
    allowed_release(&allowed);
    drill_script_release(&d);
}

Test(oracle, a_cooldown_lets_a_later_request_start_at_the_fallback)
{
    static const char runbook[] =
        "{\"retry\":{\"budget\":2,\"on\":[\"http_503\"]},"
        "\"fallback\":{" ORDER ",\"on\":[\"http_503\"]},"
        "\"cooldown\":{\"on\":[\"http_503\"],\"after_failures\":2,"
        "\"for_ms\":1000}}";
    struct drill_script d;
    struct allowed allowed;
    char *seen;

    drill_script_init(&d, runbook, false, STATUS(503), NULL);
    d.phase.client.requests = 2;
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    seen = summary(&allowed);
    cr_expect_str_eq(seen,
                     "- fallback error | F fallback ok | PP fallback error | "
                     "PPF fallback ok | PPPF fallback ok",
                     "%s", seen);
    free(seen);
    allowed_release(&allowed);
    drill_script_release(&d);
}

Test(oracle, another_path_than_the_routes_is_an_error_and_no_attempt)
{
    static const char *const runbooks[] = { "{}", "@nginx", STRICT };
    static char elsewhere[] = "/v1/elsewhere";

    for (size_t i = 0; i < sizeof runbooks / sizeof *runbooks; i++) {
        struct drill_script d;
        struct allowed allowed;
        char *seen;

        drill_script_init(&d, runbooks[i], false, NULL, NULL);
        d.phase.client.path = elsewhere;
        oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
        seen = summary(&allowed);
        cr_expect_str_eq(seen, "- fallback error", "%s", seen);
        free(seen);
        allowed_release(&allowed);
        drill_script_release(&d);
    }
}

Test(oracle, explains_itself_in_words)
{
    struct drill_script d;
    struct allowed allowed;
    struct buf words = { 0 };

    drill_script_init(&d, STRICT, false, ONCE(503), NULL);
    oracle_allow(&allowed, &d.drill_case, 0, &d.runbook);
    allowed_write(&words, &allowed);
    cr_expect_str_eq(
        buf_text(&words),
        "  allowed 1 of 1: primary 2\n"
        "    1. primary, attempt 1: http_503\n"
        "       because the client's request\n"
        "    2. primary, attempt 2: answers\n"
        "       because http_503 is in retry.on and the budget is not used "
        "up; waits 0 to 50 ms (backoff with full jitter: 0 to 50 ms)\n"
        "    client: the complete answer\n"
        "    decision: primary_used; the upstream answered well\n"
        "  time: within 8000 ms (timeouts.total_ms)\n",
        "%s", buf_text(&words));
    buf_release(&words);
    allowed_release(&allowed);
    drill_script_release(&d);
}
