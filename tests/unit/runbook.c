#include "harness/oracle/runbook.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool read_text(struct runbook *out, const char *text, struct err *err)
{
    struct json *document = json_parse(text, strlen(text), "r.json", err);
    bool ok;

    cr_assert_not_null(document, "%s: %s", text, err->text);
    ok = runbook_read(out, document, "r.json", err);
    json_free(document);
    return ok;
}

/* The example of the contract, section 6. */
static const char example[] =
    "{\"retry\":{\"budget\":2,\"total_attempts_max\":6,"
    "\"on\":[\"http_429\",\"http_5xx\",\"connect_refused\","
    "\"reset_before_headers\",\"header_timeout\"],"
    "\"never_on_codes\":[\"invalid_request\",\"model_not_found\","
    "\"insufficient_quota\"],"
    "\"backoff\":{\"base_ms\":100,\"factor\":2,\"cap_ms\":2000,"
    "\"jitter\":\"full\"},"
    "\"retry_after\":{\"on\":[\"http_429\",\"http_503\"],"
    "\"formats\":[\"seconds\",\"date\",\"ms\"],\"cap_ms\":5000,"
    "\"above_cap\":\"give_up\"}},"
    "\"fallback\":{\"order\":[\"primary\",\"fallback\"],"
    "\"after\":\"retries_exhausted\","
    "\"on\":[\"http_429\",\"http_5xx\",\"header_timeout\"]},"
    "\"auth\":{\"on_401\":\"fail_closed\",\"client_status\":[401,403]},"
    "\"client_errors\":{\"upstream_4xx\":\"same\","
    "\"exhausted\":[502,503,504]},"
    "\"timeouts\":{\"connect_ms\":500,\"header_ms\":1000,"
    "\"first_token_ms\":1500,\"idle_ms\":1000,\"attempt_ms\":4000,"
    "\"total_ms\":12000},"
    "\"stream\":{\"commit\":\"first_byte\","
    "\"after_commit\":[\"error_event\",\"abort\"]},"
    "\"cancel\":{\"upstream_closed_within_ms\":1000},"
    "\"cooldown\":{\"on\":[\"http_5xx\"],\"after_failures\":3,"
    "\"for_ms\":2000},"
    "\"upstreams\":{\"primary\":{\"credential\":\"own\",\"model\":\"own\"},"
    "\"fallback\":{\"credential\":\"own\",\"model\":\"own\"}},"
    "\"request\":{\"body\":\"json_equal\","
    "\"headers_forwarded\":[\"traceparent\"]},"
    "\"redaction\":{\"forbid\":[\"credential\",\"prompt\",\"completion\","
    "\"commercial\"]},"
    "\"elapsed_buckets_ms\":[250,1000,5000,30000]}";

Test(runbook, the_example_of_the_contract_is_read_in_full)
{
    struct runbook r;
    struct err err;

    cr_assert(read_text(&r, example, &err), "%s: %s", err.where, err.text);
    cr_expect(r.retry.declared && r.fallback.declared && r.auth.declared);
    cr_expect_eq(r.retry.budget, 2);
    cr_expect_eq(r.retry.total_attempts_max, 6);
    cr_expect(failure_set_has(&r.retry.on, FAILURE_HTTP, 502));
    cr_expect_not(failure_set_has(&r.retry.on, FAILURE_BAD_BODY, 0));
    cr_expect_eq(r.retry.never_on_codes.count, 3);
    cr_expect_eq(r.retry.backoff.factor_percent, 200);
    cr_expect_eq(r.retry.backoff.jitter, JITTER_FULL);
    cr_expect(r.retry.retry_after.formats.seconds &&
              r.retry.retry_after.formats.date &&
              r.retry.retry_after.formats.ms);
    cr_expect_eq(r.retry.retry_after.above_cap, ABOVE_CAP_GIVE_UP);
    cr_expect_eq(r.fallback.after, FALLBACK_RETRIES_EXHAUSTED);
    cr_expect_str_eq(runbook_primary(&r), "primary");
    cr_expect_eq(r.auth.on_401, AUTH_FAIL_CLOSED);
    cr_expect_eq(r.auth.on_403, AUTH_FAIL_CLOSED, "as on_401");
    cr_expect(r.client_errors.upstream_4xx.same);
    cr_expect_eq(r.client_errors.exhausted.count, 3);
    cr_expect_eq(r.client_errors.exhausted.statuses[2], 504);
    cr_expect_not(r.client_errors.bad_body.declared);
    cr_expect_eq(r.timeouts.first_token_ms, 1500);
    cr_expect_eq(r.timeouts.cover_streams, -1);
    cr_expect_eq(r.stream.commit, COMMIT_FIRST_BYTE);
    cr_expect(r.stream.after_commit.error_event && r.stream.after_commit.abort);
    cr_expect_eq(r.cooldown.for_ms, 2000);
    cr_expect_eq(runbook_upstream(&r, "fallback")->credential, CREDENTIAL_OWN);
    cr_expect_null(runbook_upstream(&r, "trap"));
    cr_expect_eq(r.request.body, BODY_JSON_EQUAL);
    cr_expect_eq(r.redaction.forbid.count, 4);
    cr_expect_eq(r.elapsed_buckets_ms.items[3], 30000);
    runbook_release(&r);
}

Test(runbook, what_is_not_declared_is_minus_one_or_not_declared)
{
    struct runbook r;
    struct err err;

    cr_assert(read_text(&r, "{}", &err), "%s", err.text);
    cr_expect_not(r.retry.declared || r.retry.on.declared ||
                  r.retry.backoff.declared || r.retry.retry_after.declared ||
                  r.fallback.declared || r.auth.declared || r.stream.declared ||
                  r.cooldown.declared);
    cr_expect_eq(r.retry.budget, -1);
    cr_expect_eq(r.retry.total_attempts_max, -1);
    cr_expect_eq(r.retry.backoff.factor_percent, -1);
    cr_expect_eq(r.retry.backoff.jitter, -1);
    cr_expect_eq(r.auth.on_401, -1);
    cr_expect_eq(r.auth.on_403, -1);
    cr_expect_eq(r.auth.client_keys, -1);
    cr_expect_eq(r.timeouts.total_ms, -1);
    cr_expect_eq(r.stream.commit, -1);
    cr_expect_eq(r.request.body, -1);
    cr_expect_str_eq(runbook_primary(&r), "primary");
    runbook_release(&r);
    runbook_release(&r);
    runbook_release(NULL);
}

Test(runbook, a_factor_may_have_two_decimals)
{
    static const struct {
        const char *text;
        int64_t percent;
    } rows[] = { { "2", 200 }, { "1.5", 150 }, { "1", 100 }, { "1.25", 125 } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct runbook r;
        struct err err;
        char text[128];

        snprintf(text, sizeof text,
                 "{\"retry\":{\"backoff\":{\"base_ms\":1,\"factor\":%s}}}",
                 rows[i].text);
        cr_assert(read_text(&r, text, &err), "%s", err.text);
        cr_expect_eq(r.retry.backoff.factor_percent, rows[i].percent);
        runbook_release(&r);
    }
}

Test(runbook, on_403_can_differ_from_on_401)
{
    struct runbook r;
    struct err err;

    cr_assert(read_text(&r,
                        "{\"auth\":{\"on_401\":\"fail_closed\","
                        "\"on_403\":\"rotate_key\"}}",
                        &err));
    cr_expect_eq(r.auth.on_401, AUTH_FAIL_CLOSED);
    cr_expect_eq(r.auth.on_403, AUTH_ROTATE_KEY);
    runbook_release(&r);
}

/* Exact words: an operator acts on them. */
Test(runbook, a_wrong_runbook_is_refused_with_place_value_and_range)
{
    static const struct {
        const char *text, *where, *says;
    } rows[] = {
        { "{\"retry\":{\"budget\":-1}}", "r.json: $.retry.budget",
          "-1 is not in 0..20 retries" },
        { "{\"retry\":{\"budget\":21}}", "r.json: $.retry.budget",
          "21 is not in 0..20 retries" },
        { "{\"retry\":{\"total_attempts_max\":0}}",
          "r.json: $.retry.total_attempts_max", "0 is not in 1..24 attempts" },
        { "{\"retry\":{\"budgets\":1}}", "r.json: $.retry.budgets",
          "unknown key; did you mean \"budget\"?" },
        { "{\"retry\":{\"on\":[\"http_5yy\"]}}", "r.json: $.retry.on[0]",
          NULL },
        { "{\"retry\":{\"backoff\":{\"jitter\":\"full\"}}}",
          "r.json: $.retry.backoff.jitter",
          "jitter says how a wait varies, and base_ms is missing; declare "
          "base_ms too" },
        { "{\"retry\":{\"backoff\":{\"factor\":2}}}",
          "r.json: $.retry.backoff.factor",
          "factor says how a wait grows, and base_ms is missing; declare "
          "base_ms too" },
        { "{\"retry\":{\"backoff\":{\"cap_ms\":2}}}",
          "r.json: $.retry.backoff.cap_ms",
          "cap_ms bounds a wait, and base_ms is missing; declare base_ms "
          "too" },
        { "{\"retry\":{\"backoff\":{\"base_ms\":10,\"cap_ms\":2}}}",
          "r.json: $.retry.backoff.cap_ms",
          "is below base_ms; a wait cannot start above its cap" },
        { "{\"retry\":{\"backoff\":{\"base_ms\":10,\"factor\":0.5}}}",
          "r.json: $.retry.backoff.factor", "0.5 is not in 1..10" },
        { "{\"retry\":{\"backoff\":{\"base_ms\":10,\"factor\":1.333}}}",
          "r.json: $.retry.backoff.factor",
          "1.333 has more than two decimals; round it" },
        { "{\"retry\":{\"backoff\":{\"base_ms\":10,\"factor\":\"2\"}}}",
          "r.json: $.retry.backoff.factor", "must be a number in 1..10" },
        { "{\"retry\":{\"backoff\":{\"base_ms\":1,\"jitter\":\"ful\"}}}",
          "r.json: $.retry.backoff.jitter",
          "\"ful\" is not one of none, full, equal, additive" },
        { "{\"retry\":{\"retry_after\":{\"formats\":[\"minutes\"]}}}",
          "r.json: $.retry.retry_after.formats[0]",
          "\"minutes\" is not one of: seconds, date, ms" },
        { "{\"retry\":{\"retry_after\":{\"formats\":[]}}}",
          "r.json: $.retry.retry_after.formats",
          "must be an array with at least one of: seconds, date, ms" },
        { "{\"retry\":{\"retry_after\":{\"formats\":[\"ms\",\"ms\"]}}}",
          "r.json: $.retry.retry_after.formats[1]",
          "\"ms\" is listed already" },
        { "{\"retry\":{\"retry_after\":{\"above_cap\":\"fail\"}}}",
          "r.json: $.retry.retry_after.above_cap",
          "says what happens above a cap, and neither cap_ms nor "
          "total_cap_ms is declared; declare one" },
        { "{\"fallback\":{}}", "r.json: $.fallback", "\"order\" is missing" },
        { "{\"fallback\":{\"order\":[]}}", "r.json: $.fallback.order", NULL },
        { "{\"fallback\":{\"order\":[\"Primary\"]}}",
          "r.json: $.fallback.order[0]", NULL },
        { "{\"fallback\":{\"order\":[\"primary\",\"primary\"]}}",
          "r.json: $.fallback.order[1]",
          "\"primary\" is listed already; an upstream has one place" },
        { "{\"fallback\":{\"order\":[\"primary\"]},"
          "\"upstreams\":{\"fallbak\":{}}}",
          "r.json: $.upstreams.fallbak",
          "\"fallbak\" is not in fallback.order, so nothing may reach it; add "
          "it there or drop it here" },
        { "{\"auth\":{\"on_401\":\"fallback\"}}", "r.json: $.auth.on_401",
          "is \"fallback\", and fallback.order names no second upstream; "
          "declare one or choose fail_closed" },
        { "{\"auth\":{\"on_401\":\"fail_open\"}}", "r.json: $.auth.on_401",
          NULL },
        { "{\"auth\":{\"client_status\":[200]}}",
          "r.json: $.auth.client_status[0]", "200 is not in 400..599" },
        { "{\"client_errors\":{\"exhausted\":\"sane\"}}",
          "r.json: $.client_errors.exhausted",
          "must be \"same\" or a list of statuses in 400..599" },
        { "{\"client_errors\":{\"exhausted\":[]}}",
          "r.json: $.client_errors.exhausted",
          "must be \"same\" or a list of statuses in 400..599" },
        { "{\"client_errors\":{\"exhausted\":[502,200]}}",
          "r.json: $.client_errors.exhausted[1]", "200 is not in 400..599" },
        { "{\"client_errors\":{\"exhausted\":[\"502\"]}}",
          "r.json: $.client_errors.exhausted[0]",
          "must be an integer in 400..599" },
        { "{\"timeouts\":{\"total_ms\":0}}", "r.json: $.timeouts.total_ms",
          "0 is not in 1..3600000 ms" },
        { "{\"timeouts\":{\"total_ms\":1.5}}", "r.json: $.timeouts.total_ms",
          NULL },
        { "{\"stream\":{\"after_commit\":[\"retry\"]}}",
          "r.json: $.stream.after_commit[0]",
          "\"retry\" is not one of: error_event, abort" },
        { "{\"elapsed_buckets_ms\":[250,100]}",
          "r.json: $.elapsed_buckets_ms[1]",
          "100 is not above the one before, 250; list the bounds rising" },
        { "{\"redaction\":{\"forbid\":[\"prompts\"]}}",
          "r.json: $.redaction.forbid[0]", NULL },
        { "[]", "r.json: $", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct runbook r;
        struct err err = { 0 };

        cr_assert_not(read_text(&r, rows[i].text, &err), "%s", rows[i].text);
        cr_expect_eq(err.code, ERR_SCHEMA);
        cr_expect_str_eq(err.where, rows[i].where, "%s: %s", rows[i].text,
                         err.where);
        if (rows[i].says)
            cr_expect_str_eq(err.text, rows[i].says, "%s: %s", rows[i].text,
                             err.text);
        cr_expect_null(r.document, "zeroed");
    }
}

Test(runbook, loads_from_a_file_with_its_digest)
{
    char path[] = "/tmp/gatedrill-runbook-XXXXXX";
    int file = mkstemp(path);
    struct runbook r;
    struct err err;

    cr_assert_geq(file, 0);
    cr_assert_eq(write(file, example, strlen(example)),
                 (ssize_t)strlen(example));
    close(file);
    cr_assert(runbook_load(&r, path, &err), "%s", err.text);
    cr_expect_str_eq(r.path, path);
    cr_expect_eq(strlen(r.sha256), 64);
    runbook_release(&r);
    unlink(path);
    cr_expect_not(runbook_load(&r, path, &err));
    cr_expect_eq(err.code, ERR_IO);
}

Test(runbook, the_table_makes_a_schema_and_a_page)
{
    struct json *schema = bind_schema(runbook_table);
    struct buf page = { 0 };

    cr_expect_not_null(json_pointer(
        schema, "/properties/retry/properties/backoff/properties/factor"));
    cr_expect_str_eq(
        json_text(json_pointer(schema, "/properties/retry/properties/on/type"),
                  ""),
        "array");
    bind_write_doc(&page, runbook_table, "Fields");
    cr_expect_not_null(strstr(buf_text(&page), "total_attempts_max"));
    buf_release(&page);
    json_free(schema);
}

/* The runbooks that ship are read too. */
Test(runbook, shipped_runbooks_are_valid)
{
    static const char *const names[] = { "nginx", "haproxy", "nginx-bad-budget",
                                         "haproxy-bad-auth" };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct runbook r;
        struct err err = { 0 };
        char path[512];

        snprintf(path, sizeof path, "%s/harness/gateways/%s/runbook.json",
                 GATEDRILL_SOURCE_DIR, names[i]);
        cr_assert(runbook_load(&r, path, &err), "%s: %s", err.where, err.text);
        runbook_release(&r);
    }
}
