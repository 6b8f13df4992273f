#include "tests/refgateway/rules.h"

#include <criterion/criterion.h>
#include <string.h>

static bool read_text(struct rules *rules, const char *text, struct err *err)
{
    struct json *document = json_parse(text, strlen(text), "r.json", err);
    bool ok;

    cr_assert_not_null(document, "%s", err->text);
    ok = rules_read(rules, document, "r.json", err);
    json_free(document);
    return ok;
}

Test(refgw_rules, the_shipped_runbook_is_read_whole)
{
    struct rules rules;
    struct err err;

    cr_assert(rules_load(&rules,
                         GATEDRILL_SOURCE_DIR
                         "/harness/gateways/refgw/runbook.json",
                         &err),
              "%s: %s", err.where, err.text);
    cr_expect_eq(rules.retry.budget, 2);
    cr_expect_eq(rules.retry.total_attempts_max, 6);
    cr_expect(outcome_set_has(&rules.retry.on, OUTCOME_HTTP, 599));
    cr_expect_not(outcome_set_has(&rules.retry.on, OUTCOME_HTTP, 400));
    cr_expect(rules_words_have(&rules.retry.never_on_codes, "model_not_found"));
    cr_expect_eq(rules.retry.backoff.jitter, RULES_JITTER_FULL);
    cr_expect(rules.retry.retry_after.ms);
    cr_expect_eq(rules.auth.on_401, RULES_AUTH_FAIL_CLOSED);
    cr_expect_eq(rules.client_errors.upstream_4xx.same, true);
    cr_expect_eq(rules.client_errors.exhausted.items[0], 502);
    cr_expect_eq(rules.stream.commit, RULES_COMMIT_FIRST_OUTPUT);
    cr_expect(rules.stream.error_event && rules.stream.abort);
    cr_expect_eq(rules_upstream(&rules, "fallback")->model, RULES_WHOSE_OWN);
    cr_expect_null(rules_upstream(&rules, "third"));
}

Test(refgw_rules, what_is_not_declared_asks_for_nothing)
{
    struct rules rules;
    struct err err;

    cr_assert(read_text(&rules, "{}", &err));
    cr_expect_eq(rules.retry.budget, -1);
    cr_expect_eq(rules.timeouts.total_ms, -1);
    cr_expect_not(rules.auth.declared);
    cr_expect_not(rules.fallback.order.declared);
    cr_expect(rules.stream.error_event && rules.stream.abort);
}

Test(refgw_rules, on_403_is_as_on_401_unless_said)
{
    struct rules rules;
    struct err err;

    cr_assert(
        read_text(&rules, "{\"auth\":{\"on_401\":\"rotate_key\"}}", &err));
    cr_expect_eq(rules.auth.on_403, RULES_AUTH_ROTATE_KEY);
    cr_assert(read_text(&rules,
                        "{\"auth\":{\"on_401\":\"rotate_key\","
                        "\"on_403\":\"fail_closed\"}}",
                        &err));
    cr_expect_eq(rules.auth.on_403, RULES_AUTH_FAIL_CLOSED);
}

Test(refgw_rules, a_list_replaces_what_is_assumed)
{
    struct rules rules;
    struct err err;

    cr_assert(
        read_text(&rules, "{\"stream\":{\"after_commit\":[\"abort\"]}}", &err));
    cr_expect_not(rules.stream.error_event);
    cr_expect(rules.stream.abort);
}

Test(refgw_rules, what_cannot_be_obeyed_is_refused_with_its_place)
{
    static const struct {
        const char *text, *where, *problem;
    } rows[] = {
        { "{\"retry\":{\"buget\":2}}", "r.json: /retry/buget", "unknown key" },
        { "{\"retries\":{}}", "r.json: /retries", "unknown key" },
        { "{\"retry\":2}", "r.json: /retry", "an object is wanted" },
        { "{\"retry\":{\"budget\":-1}}", "r.json: /retry/budget",
          "an integer in 0..100 is wanted" },
        { "{\"retry\":{\"budget\":1.5}}", "r.json: /retry/budget",
          "an integer in 0..100 is wanted" },
        { "{\"retry\":{\"on\":[\"http_6xx\"]}}", "r.json: /retry/on",
          "\"http_6xx\" is no failure class" },
        { "{\"retry\":{\"on\":\"http_5xx\"}}", "r.json: /retry/on",
          "a list of failure classes is wanted" },
        { "{\"retry\":{\"backoff\":{\"jitter\":\"some\"}}}",
          "r.json: /retry/backoff/jitter",
          "\"some\" is none of: none, full, equal, additive" },
        { "{\"retry\":{\"backoff\":{\"factor\":0.5}}}",
          "r.json: /retry/backoff/factor", "a number in 1..10 is wanted" },
        { "{\"auth\":{\"client_status\":[200]}}", "r.json: /auth/client_status",
          "an integer in 400..599 is wanted" },
        { "{\"client_errors\":{\"exhausted\":\"other\"}}",
          "r.json: /client_errors/exhausted",
          "\"same\" or a list of 1..16 statuses is wanted" },
        { "{\"timeouts\":{\"cover_streams\":1}}",
          "r.json: /timeouts/cover_streams", "true or false is wanted" },
        { "{\"request\":{\"headers_forwarded\":[\"Authorization\"]}}",
          "r.json: /request/headers_forwarded",
          "Authorization is never forwarded" },
        { "{\"request\":{\"headers_forwarded\":[\"X-Api-Key\"]}}",
          "r.json: /request/headers_forwarded",
          "X-Api-Key is never forwarded" },
        { "{\"request\":{\"headers_forwarded\":[\"Host\"]}}",
          "r.json: /request/headers_forwarded", "Host is never forwarded" },
        { "{\"upstreams\":{\"primary\":{\"credential\":\"mine\"}}}",
          "r.json: /upstreams/primary",
          "\"mine\" is none of: own, client, none" },
        { "{\"cooldown\":{\"for_ms\":0}}", "r.json: /cooldown/for_ms",
          "an integer in 1..86400000 is wanted" },
        { "[]", "r.json: /", "an object is wanted" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct rules rules;
        struct err err = { 0 };

        cr_expect_not(read_text(&rules, rows[i].text, &err), "%s",
                      rows[i].text);
        cr_expect_str_eq(err.where, rows[i].where);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_eq(err.code, ERR_SCHEMA);
    }
}
