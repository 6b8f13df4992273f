#include "common/scenario.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"

/* A folder of its own for every test: <root>/family/name.json. */
static char root[64];

static void make_root(void)
{
    char *family;

    strcpy(root, "/tmp/gatedrill-scenario-XXXXXX");
    cr_assert_not_null(mkdtemp(root));
    family = xasprintf("%s/family", root);
    cr_assert_eq(mkdir(family, 0700), 0);
    free(family);
}

static void drop_root(void)
{
    char *command = xasprintf("rm -r '%s'", root);

    cr_assert_eq(system(command), 0);
    free(command);
}

TestSuite(scenario, .init = make_root, .fini = drop_root);

/* Writes root/name; the path is to be freed. */
static char *put(const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", root, name);
    FILE *out = fopen(path, "w");

    cr_assert_not_null(out, "%s", path);
    fputs(text, out);
    fclose(out);
    return path;
}

#define WORDS                                                                  \
    "\"id\":\"family/one\",\"title\":\"t\",\"why\":\"w\","                     \
    "\"evidence_type\":\"resilience\""
#define HEALTHY "\"upstreams\":{}"

static bool load(struct scenario *out, const char *text, struct err *err)
{
    char *path = put("family/one.json", text);
    bool ok = scenario_load(out, path, root, err);

    free(path);
    return ok;
}

static void load_well(struct scenario *out, const char *text)
{
    struct err err;

    cr_assert(load(out, text, &err), "%s: %s", err.where, err.text);
}

/* One case of the scenario under a runbook given as text; NULL: none. */
static void expand(struct drill_case *out, const struct scenario *scenario,
                   size_t index, const char *runbook)
{
    struct err err;
    struct json *document =
        runbook ? json_parse(runbook, strlen(runbook), "r", &err) : NULL;

    cr_assert(scenario_case(out, scenario, index, document, &err), "%s: %s",
              err.where, err.text);
    json_free(document);
}

Test(scenario, matrix_expands_with_its_first_name_slowest)
{
    static const char *const ids[] = {
        "family/one[status=500,stream=false]",
        "family/one[status=500,stream=true]",
        "family/one[status=503,stream=false]",
        "family/one[status=503,stream=true]",
    };
    struct scenario s;

    load_well(&s,
              "{" WORDS ",\"matrix\":{\"status\":[500,503],"
              "\"stream\":[false,true]},\"client\":{\"stream\":\"${stream}\"},"
              "\"upstreams\":{\"primary\":[{\"fault\":\"status\","
              "\"status\":\"${status}\",\"message\":\"a ${status} b\"},"
              "{\"fault\":\"none\"}]}}");
    cr_assert_eq(s.case_count, 4);
    cr_expect_str_eq(s.id, "family/one");
    cr_expect_eq(strlen(s.file_sha256), 64);
    for (size_t i = 0; i < s.case_count; i++) {
        struct drill_case c;
        const struct step *step;

        expand(&c, &s, i, "{}");
        step = &c.phases[0].upstreams[0].script.steps[0];
        cr_expect_str_eq(c.id, ids[i]);
        cr_expect_eq(c.number, (int64_t)i + 1);
        cr_expect_eq(c.phases[0].client.stream, i % 2 == 1);
        cr_expect_eq(step->status, i < 2 ? 500 : 503);
        cr_expect_str_eq(step->message, i < 2 ? "a 500 b" : "a 503 b");
        drill_case_release(&c);
    }
    scenario_release(&s);
}

Test(scenario, case_holds_what_the_file_says)
{
    struct scenario s;
    struct drill_case c;
    char *steps;

    load_well(&s, "{\"$schema\":\"x\"," WORDS ",\"sources\":[\"S1\",\"R2\"],"
                  "\"needs\":{\"fresh_process\":true,\"variant\":\"no-retry\","
                  "\"upstreams\":[\"trap\"],\"keys\":3,"
                  "\"prefer_variant\":\"two\"},"
                  "\"client\":{\"prompt\":\"same\",\"requests\":2,"
                  "\"credential\":\"none\",\"headers\":[[\"A\",\"b\"]]},"
                  "\"upstreams\":{\"primary\":[{\"fault\":\"reset\","
                  "\"at\":\"accept\"}]},"
                  "\"expect\":\"runbook\"}");
    expand(&c, &s, 0, "{}");
    cr_expect_str_eq(c.id, "family/one");
    cr_expect_str_eq(c.family, "family");
    cr_expect_eq(c.evidence_type, EVIDENCE_RESILIENCE);
    cr_expect_eq(c.source_count, 2);
    cr_expect(c.needs_fresh_process);
    cr_expect(c.needs_own_listeners, "a step acts on accept");
    cr_expect_str_eq(c.variant, "no-retry");
    cr_expect_str_eq(c.extra_upstreams[0], "trap");
    cr_expect_str_eq(c.prefer_variant, "two");
    cr_expect_eq(c.needs_keys, 3);
    cr_assert_eq(c.phase_count, 1);
    cr_expect_str_eq(c.phases[0].client.fixture, "minimal-chat");
    cr_expect_eq(c.phases[0].client.prompt_same, 1);
    cr_expect_eq(c.phases[0].client.requests, 2);
    cr_expect_eq(c.phases[0].client.concurrency, 1);
    cr_expect_eq(c.phases[0].client.credential, CASE_CREDENTIAL_NONE);
    cr_expect_eq(c.phases[0].client.headers.count, 1);
    cr_expect_eq(c.phases[0].client.timeout_ms, -1);
    cr_expect(c.phases[0].expect.runbook);
    cr_expect_null(c.not_applicable);
    steps = json_print(c.phases[0].upstreams[0].steps);
    cr_expect_str_eq(steps, "[{\"fault\":\"reset\",\"at\":\"accept\"}]");
    free(steps);
    drill_case_release(&c);
    scenario_release(&s);
}

Test(scenario, phases_stand_in_their_order)
{
    struct scenario s;
    struct drill_case c;

    load_well(&s,
              "{" WORDS ",\"phases\":[{\"upstreams\":{\"primary\":[{\"fault\":"
              "\"refuse\"}]}},{\"client\":{\"requests\":3},"
              "\"upstreams\":{},\"expect\":{\"within_ms\":5}}]}");
    expand(&c, &s, 0, "{}");
    cr_assert_eq(c.phase_count, 2);
    cr_expect_eq(c.phases[0].client.requests, 1);
    cr_expect_eq(c.phases[0].upstream_count, 1);
    cr_expect_eq(c.phases[1].client.requests, 3);
    cr_expect_not(c.phases[1].expect.runbook);
    cr_expect_eq(c.phases[1].expect.within_ms, 5);
    cr_expect(c.needs_own_listeners);
    drill_case_release(&c);
    scenario_release(&s);
}

Test(scenario, overrides_of_the_oracle_are_read)
{
    struct scenario s;
    struct drill_case c;
    const struct case_expect *e;

    load_well(&s,
              "{" WORDS "," HEALTHY ",\"expect\":{\"attempts\":{\"primary\":1,"
              "\"fallback\":[0,2]},\"decision\":\"fallback_used\","
              "\"client\":{\"status\":[502,503],\"outcome\":\"error\"},"
              "\"gaps_ms\":[[100,200],[{\"of\":\"retry.backoff.base_ms\"},"
              "null]],\"severity\":\"advisory\"}}");
    expand(&c, &s, 0, "{\"retry\":{\"backoff\":{\"base_ms\":50}}}");
    e = &c.phases[0].expect;
    cr_expect_not(e->runbook);
    cr_assert_eq(e->attempt_count, 2);
    cr_expect_str_eq(e->attempts[1].upstream, "fallback");
    cr_expect_eq(e->attempts[0].least, 1);
    cr_expect_eq(e->attempts[0].most, 1);
    cr_expect_eq(e->attempts[1].least, 0);
    cr_expect_eq(e->attempts[1].most, 2);
    cr_expect_str_eq(e->decision, "fallback_used");
    cr_expect_eq(e->client_status.count, 2);
    cr_expect_str_eq(e->client_outcome, "error");
    cr_assert_eq(e->gap_count, 2);
    cr_expect_eq(e->gap_most_ms[0], 200);
    cr_expect_eq(e->gap_least_ms[1], 50);
    cr_expect_eq(e->gap_most_ms[1], -1);
    cr_expect_eq(e->within_ms, -1);
    cr_expect_eq(e->severity_advisory, 1);
    drill_case_release(&c);
    scenario_release(&s);
}

Test(scenario, what_the_client_does_is_read)
{
    static const struct {
        const char *when;
        enum abort_when is;
        int64_t number;
    } rows[] = {
        { "after_ms:150", ABORT_AFTER_MS, 150 },
        { "event:5", ABORT_EVENT, 5 },
        { "attempt_head_complete", ABORT_ATTEMPT_HEAD, 0 },
        { "attempt_answered", ABORT_ATTEMPT_ANSWERED, 0 },
    };
    struct scenario s;
    struct drill_case c;
    struct err err;
    int64_t number;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *text = xasprintf(
            "{" WORDS "," HEALTHY ",\"client\":{\"stream\":true,\"reuse\":true,"
            "\"expect_continue\":true,\"read_rate_bytes_per_s\":7,"
            "\"abort\":{\"when\":\"%s\",\"how\":\"rst\"}},"
            "\"expect\":{\"client\":{\"complete\":false},"
            "\"first_output_within_ms\":3,\"upstream_closed_within_ms\":4,"
            "\"arrivals\":{\"not_before_ms\":5,\"spread_ms\":6},"
            "\"headers_absent\":[\"Set-Cookie\"]}}",
            rows[i].when);

        cr_assert(load(&s, text, &err), "%s: %s", err.where, err.text);
        cr_assert(scenario_case(&c, &s, 0, NULL, &err));
        cr_expect_eq(case_abort_when(&c.phases[0].client, &number), rows[i].is);
        cr_expect_eq(number, rows[i].number);
        cr_expect_eq(c.phases[0].client.abort.how, ABORT_RST);
        cr_expect(c.phases[0].client.reuse);
        cr_expect(c.phases[0].client.expect_continue);
        cr_expect_eq(c.phases[0].client.read_rate_bytes_per_s, 7);
        cr_expect_eq(c.phases[0].expect.client_complete, 0);
        cr_expect_eq(c.phases[0].expect.first_output_within_ms, 3);
        cr_expect_eq(c.phases[0].expect.upstream_closed_within_ms, 4);
        cr_expect_eq(c.phases[0].expect.arrivals.not_before_ms, 5);
        cr_expect_eq(c.phases[0].expect.arrivals.spread_ms, 6);
        cr_expect_eq(c.phases[0].expect.headers_absent.count, 1);
        drill_case_release(&c);
        scenario_release(&s);
        free(text);
    }
}

Test(scenario, what_is_known_when_the_case_runs_stays_as_it_is)
{
    struct scenario s;
    struct drill_case c;
    struct err err;

    cr_assert(load(&s,
                   "{" WORDS ",\"matrix\":{\"status\":[307]},\"upstreams\":"
                   "{\"primary\":[{\"fault\":\"status\",\"status\":"
                   "\"${status}\",\"headers\":[[\"Location\","
                   "\"${trap.url}/${status}\"]]}]}}",
                   &err),
              "%s: %s", err.where, err.text);
    cr_assert(scenario_case(&c, &s, 0, NULL, &err));
    cr_expect_str_eq(
        json_text(
            json_pointer(c.phases[0].upstreams[0].steps, "/0/headers/0/1"), ""),
        "${trap.url}/307");
    drill_case_release(&c);
    scenario_release(&s);
}

Test(scenario, numbers_relative_to_the_runbook_are_resolved)
{
    static const struct {
        const char *number;
        int64_t ms;
    } rows[] = {
        { "{\"of\":\"timeouts.header_ms\"}", 1000 },
        { "{\"of\":\"timeouts.header_ms\",\"percent\":150}", 1500 },
        { "{\"of\":\"timeouts.header_ms\",\"percent\":60,\"plus_ms\":-50}",
          550 },
        { "{\"of\":\"timeouts.header_ms\",\"plus_ms\":20,\"as\":\"ms\"}",
          1020 },
        { "{\"of\":\"timeouts.header_ms\",\"as\":\"s\"}", 1 },
        { "{\"of\":\"timeouts.header_ms\",\"plus_ms\":1,\"as\":\"s\"}", 2 },
        { "{\"of\":\"timeouts.header_ms\",\"plus_ms\":-2000}", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario s;
        struct drill_case c;
        char *text = xasprintf("{" WORDS ",\"upstreams\":{\"primary\":"
                               "[{\"fault\":\"delay\",\"ms\":%s}]}}",
                               rows[i].number);
        const struct case_upstream *primary;

        load_well(&s, text);
        expand(&c, &s, 0, "{\"timeouts\":{\"header_ms\":1000}}");
        primary = &c.phases[0].upstreams[0];
        cr_expect_eq(primary->script.steps[0].ms, rows[i].ms, "%s",
                     rows[i].number);
        cr_expect_eq(json_int(json_pointer(primary->steps, "/0/ms"), -1),
                     rows[i].ms, "the mock is told the same");
        cr_expect_null(c.not_applicable);
        drill_case_release(&c);
        scenario_release(&s);
        free(text);
    }
}

Test(scenario, what_the_runbook_leaves_open_makes_it_not_applicable)
{
    struct scenario s;
    struct drill_case c;

    load_well(&s, "{" WORDS ",\"upstreams\":{\"primary\":[{\"fault\":"
                  "\"delay\",\"ms\":{\"of\":\"timeouts.header_ms\"}}]}}");
    expand(&c, &s, 0, "{\"timeouts\":{}}");
    cr_assert_not_null(c.not_applicable);
    cr_expect_str_eq(c.not_applicable,
                     "the runbook declares no timeouts.header_ms");
    cr_expect_eq(c.phase_count, 1);
    drill_case_release(&c);
    expand(&c, &s, 0, "{\"timeouts\":{\"header_ms\":\"soon\"}}");
    cr_assert_not_null(c.not_applicable);
    cr_expect_str_eq(c.not_applicable, "the runbook's timeouts.header_ms is "
                                       "not a number to reckon with");
    drill_case_release(&c);
    expand(&c, &s, 0, NULL);
    cr_expect_null(c.not_applicable, "without a runbook nothing is asked");
    drill_case_release(&c);
    scenario_release(&s);
}

Test(scenario, requirements_are_met_or_say_why_not)
{
    static const char runbook[] =
        "{\"retry\":{\"budget\":2,\"on\":[\"http_429\",\"http_5xx\","
        "\"connect_refused\"]},\"auth\":{\"on_401\":\"fallback\"},"
        "\"timeouts\":{\"cover_streams\":true}}";
    static const struct {
        const char *requirement, *reason; /* NULL: met */
    } rows[] = {
        { "retry.budget", NULL },
        { "retry.budget=2", NULL },
        { "retry.budget=3", "the runbook's retry.budget is 2, not 3" },
        { "retry.jitter", "the runbook declares no retry.jitter" },
        { "cooldown.on~http_5xx", "the runbook declares no cooldown.on" },
        { "auth.on_401=fallback", NULL },
        { "auth.on_401=fail_closed",
          "the runbook's auth.on_401 is \"fallback\", not fail_closed" },
        { "auth.on_403=fallback", NULL }, /* defaults to on_401 */
        { "timeouts.cover_streams=true", NULL },
        { "retry.on~http_429", NULL },
        { "retry.on~http_503", NULL },
        { "retry.on~http_5xx", NULL },
        { "retry.on~http_404",
          "the runbook's retry.on does not list http_404" },
        { "retry.on~connect_refused", NULL },
        { "retry.on~header_timeout",
          "the runbook's retry.on does not list header_timeout" },
        { "!cooldown", NULL },
        { "!retry.budget", "the runbook declares retry.budget" },
        { "!retry.on~http_404", NULL },
        { "!retry.on~http_503", "the runbook's retry.on lists http_503" },
        { "!auth.on_401=fail_closed", NULL },
        { "!auth.on_401=fallback",
          "the runbook's auth.on_401 is \"fallback\"" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario s;
        struct drill_case c;
        char *text = xasprintf("{" WORDS ",\"requires\":[\"%s\"]," HEALTHY "}",
                               rows[i].requirement);

        load_well(&s, text);
        expand(&c, &s, 0, runbook);
        if (rows[i].reason) {
            cr_assert_not_null(c.not_applicable, "%s", rows[i].requirement);
            cr_expect_str_eq(c.not_applicable, rows[i].reason);
        } else {
            cr_expect_null(c.not_applicable, "%s: %s", rows[i].requirement,
                           c.not_applicable);
        }
        drill_case_release(&c);
        scenario_release(&s);
        free(text);
    }
}

Test(scenario, broken_files_are_refused_with_place_and_range)
{
    static const struct {
        const char *text, *where, *problem;
    } rows[] = {
        { "{" WORDS ",\"upstreams\":{\"primary\":[{\"fault\":\"status\","
          "\"status\":42}]}}",
          ": $.upstreams.primary[0].status", "42 is not in 100..999" },
        { "{" WORDS ",\"upstreams\":{\"primary\":[{\"fault\":\"status\","
          "\"stauts\":500}]}}",
          ": $.upstreams.primary[0].stauts",
          "unknown key; did you mean \"status\"?" },
        { "{\"id\":\"family/one\",\"title\":\"t\",\"why\":\"w\","
          "\"evidence_type\":\"resilient\"," HEALTHY "}",
          ": $.evidence_type",
          "\"resilient\" is not one of contract, resilience, observability" },
        { "{" WORDS "," HEALTHY ",\"client\":{\"abort\":{\"when\":\"soon\"}}}",
          ": $.client.abort.when",
          "\"soon\" is not a text that matches "
          "^(after_ms:[1-9][0-9]{0,5}|event:[1-9][0-9]{0,5}|"
          "attempt_head_complete|attempt_answered)$" },
        { "{" WORDS "," HEALTHY
          ",\"client\":{\"abort\":{\"when\":\"event:2\"}}}",
          ": $.client.abort", "event:N needs a stream, and stream is false" },
        { "{" WORDS "," HEALTHY
          ",\"client\":{\"reuse\":true,\"concurrency\":2,\"requests\":2}}",
          ": $.client.reuse",
          "one connection cannot carry 2 requests at once" },
        { "{" WORDS "," HEALTHY ",\"id\":\"x\"}", ":1:86",
          "duplicate key \"id\"" },
        { "{" WORDS "," HEALTHY "} {}", ":1:87", "text after the document" },
        { "{" WORDS "}", ": $", "\"upstreams\" is missing" },
        { "{\"id\":\"other/one\",\"title\":\"t\",\"why\":\"w\","
          "\"evidence_type\":\"contract\"," HEALTHY "}",
          ": $.id",
          "\"other/one\" is not the file's path, which ends in "
          "\"family/one\"" },
        { "{\"id\":\"one\",\"title\":\"t\",\"why\":\"w\","
          "\"evidence_type\":\"contract\"," HEALTHY "}",
          ": $.id",
          "\"one\" is not a text that matches "
          "^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)+$" },
        { "{" WORDS ",\"upstreams\":[]}", ": $.upstreams",
          "must be an object of upstream names with lists of steps" },
        { "{" WORDS ",\"upstreams\":{\"Primary\":[{\"fault\":\"none\"}]}}",
          ": $.upstreams.Primary",
          "the name does not match ^[a-z][a-z0-9]{0,15}$" },
        { "{" WORDS ",\"upstreams\":{\"primary\":[]}}", ": $.upstreams.primary",
          "must be a list of 1 to 64 steps" },
        { "{" WORDS ",\"upstreams\":{\"primary\":[{\"fault\":\"delay\","
          "\"ms\":{\"of\":\"timeouts.header_ms\",\"procent\":1}}]}}",
          ": $.upstreams.primary[0].ms.procent",
          "unknown key; did you mean \"percent\"?" },
        { "{" WORDS ",\"upstreams\":{\"primary\":[{\"fault\":\"delay\","
          "\"ms\":{\"of\":\"timeouts\",\"as\":\"h\"}}]}}",
          ": $.upstreams.primary[0].ms.as", "\"h\" is not one of ms, s" },
        { "{" WORDS ",\"matrix\":[]," HEALTHY "}", ": $.matrix",
          "must be an object of names with lists of values" },
        { "{" WORDS ",\"matrix\":{\"a\":[]}," HEALTHY "}", ": $.matrix.a",
          "must be a list of 1 to 64 values" },
        { "{" WORDS ",\"matrix\":{\"A\":[1]}," HEALTHY "}", ": $.matrix.A",
          "a name has lower-case letters, digits and _ only" },
        { "{" WORDS ",\"matrix\":{\"a\":[1,{}]}," HEALTHY "}",
          ": $.matrix.a[1]",
          "{} cannot stand in a case id; a value is a number, true, false or "
          "a text of letters, digits and ._:%/+-" },
        { "{" WORDS ",\"matrix\":{\"a\":[\"x\",\"a]b\"]}," HEALTHY "}",
          ": $.matrix.a[1]",
          "\"a]b\" cannot stand in a case id; a value is a number, true, "
          "false or a text of letters, digits and ._:%/+-" },
        { "{" WORDS ",\"matrix\":{\"a\":[1,\"1\"]}," HEALTHY "}",
          ": $.matrix.a[1]", "\"1\" is listed already" },
        { "{" WORDS ",\"matrix\":{\"a\":[1]}," HEALTHY "}", ": $.matrix.a",
          "used nowhere; write \"${a}\" where the value belongs" },
        { "{" WORDS ",\"matrix\":{\"status\":[500]},\"upstreams\":{"
          "\"primary\":[{\"fault\":\"status\",\"status\":\"${stauts}\"}]}}",
          ": $.upstreams.primary[0].status",
          "\"${stauts}\" is not in the matrix; did you mean \"${status}\"?" },
        { "{" WORDS ",\"upstreams\":{\"primary\":[{\"fault\":\"status\","
          "\"status\":500,\"message\":\"a ${b}\"}]}}",
          ": $.upstreams.primary[0].message", "\"${b}\" is not in the matrix" },
        { "{" WORDS ",\"matrix\":{\"s\":[500,42]},\"upstreams\":{"
          "\"primary\":[{\"fault\":\"status\",\"status\":\"${s}\"}]}}",
          ": $.upstreams.primary[0].status", "42 is not in 100..999" },
        { "{" WORDS ",\"matrix\":{\"s\":[\"500\"]},\"upstreams\":{"
          "\"primary\":[{\"fault\":\"status\",\"status\":\"${s}\"}]}}",
          ": $.upstreams.primary[0].status",
          "\"500\" is not a whole number in 100..999" },
        { "{" WORDS ",\"requires\":[\"retry.budget >= 2\"]," HEALTHY "}",
          ": $.requires[0]",
          "\"retry.budget >= 2\" is not a requirement: a runbook path, "
          "path=value, path~class, or one of these after \"!\"" },
        { "{" WORDS "," HEALTHY ",\"phases\":[{\"upstreams\":{}}]}",
          ": $.upstreams", "stands beside phases; it belongs into each phase" },
        { "{" WORDS ",\"phases\":[{}]}", ": $.phases[0]",
          "\"upstreams\" is missing" },
        { "{" WORDS ",\"phases\":[]}", ": $.phases",
          "0 entries; from 1 to 64 are allowed" },
        { "{" WORDS ",\"phases\":[{\"upstreams\":{\"primary\":[{\"fault\":"
          "\"stats\"}]}}]}",
          ": $.phases[0].upstreams.primary[0].fault",
          "\"stats\" is not one of none, status, delay, hang, close, reset, "
          "truncate, refuse, syn_drop, body, bad_chunk, garbage, dribble, "
          "stream" },
        { "{" WORDS "," HEALTHY ",\"expect\":\"runboook\"}", ": $.expect",
          "\"runboook\" is not \"runbook\" or an object of overrides" },
        { "{" WORDS "," HEALTHY ",\"expect\":{\"attempts\":{\"primary\":"
          "[2,1]}}}",
          ": $.expect.attempts.primary",
          "must be a number of attempts in 0..1000, or [least, most]" },
        { "{" WORDS "," HEALTHY ",\"expect\":{\"decision\":\"retry\"}}",
          ": $.expect.decision",
          "\"retry\" is not one of primary_used, fallback_used, "
          "failed_closed, fallback_not_triggered, unknown" },
        { "{" WORDS "," HEALTHY ",\"expect\":{\"client\":{\"status\":"
          "[502,42]}}}",
          ": $.expect.client.status",
          "must be a status in 100..999, or a list of them" },
        { "{" WORDS "," HEALTHY ",\"expect\":{\"gaps_ms\":[[0,1],[5,4]]}}",
          ": $.expect.gaps_ms[1]",
          "must be [least, most] in 0..3600000 ms, most null for no bound" },
        { "{" WORDS "," HEALTHY ",\"client\":{\"requests\":0}}",
          ": $.client.requests", "0 is not in 1..1000 requests" },
        { "{" WORDS "," HEALTHY ",\"needs\":{\"variant\":\"../x\"}}",
          ": $.needs.variant",
          "\"../x\" is not a text that matches ^[a-z0-9][a-z0-9_-]*$" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct scenario s;
        struct err err = { 0 };
        size_t length = strlen(root) + strlen("/family/one.json");

        cr_assert_not(load(&s, rows[i].text, &err), "%s", rows[i].text);
        cr_assert_gt(strlen(err.where), length, "%s", err.where);
        cr_expect_str_eq(err.where + length, rows[i].where, "%s", rows[i].text);
        cr_expect_str_eq(err.text, rows[i].problem);
        cr_expect_null(s.document);
    }
}

Test(scenario, folder_is_loaded_sorted_numbered_and_without_its_helpers)
{
    struct scenarios all;
    struct scenario alone;
    struct err err;
    char *folder = xasprintf("%s/suites", root);

    cr_assert_eq(mkdir(folder, 0700), 0);
    free(folder);
    free(put("suites/x.json", "not even JSON"));
    free(put("family/notes.txt", "nor this"));
    free(put("family/b.json",
             "{\"id\":\"family/b\",\"title\":\"t\",\"why\":"
             "\"w\",\"evidence_type\":\"contract\"," HEALTHY "}"));
    free(put("family/a.json",
             "{\"id\":\"family/a\",\"title\":\"t\",\"why\":\"w\","
             "\"evidence_type\":\"contract\",\"matrix\":{\"n\":[1,2,3]},"
             "\"client\":{\"requests\":\"${n}\"}," HEALTHY "}"));
    cr_assert(scenarios_load(&all, root, &err), "%s: %s", err.where, err.text);
    cr_assert_eq(all.count, 2);
    cr_expect_str_eq(all.items[0].id, "family/a");
    cr_expect_eq(all.items[0].first_number, 1);
    cr_expect_str_eq(all.items[1].id, "family/b");
    cr_expect_eq(all.items[1].first_number, 4);

    /* A folder inside it will do as root. */
    folder = xasprintf("%s/family", root);
    cr_expect(scenario_load(&alone, all.items[1].path, folder, &err));
    scenario_release(&alone);
    scenarios_release(&all);
    cr_expect(scenarios_load(&all, folder, &err), "%s", err.text);
    scenarios_release(&all);

    free(put("family/c.json", "{}"));
    cr_expect_not(scenarios_load(&all, root, &err));
    cr_expect_str_eq(err.text, "\"id\" is missing");
    cr_expect_eq(all.count, 0);
    free(folder);
}

Test(scenario, folder_without_scenarios_is_an_error)
{
    struct scenarios all;
    struct err err;

    cr_assert_not(scenarios_load(&all, root, &err));
    cr_expect_str_eq(err.where, root);
    cr_expect_str_eq(err.text, "holds no scenario (*.json)");
    cr_assert_not(scenarios_load(&all, "/nonexistent", &err));
    cr_expect_str_eq(err.text, "No such file or directory");
}

Test(scenario, patterns_choose_cases)
{
    static const char id[] = "transient/5xx-once[status=503,stream=false]";
    static const struct {
        const char *pattern;
        bool match;
    } rows[] = {
        { "transient/5xx-once[status=503,stream=false]", true },
        { "transient/5xx-once", true },
        { "transient", true },
        { "*", true },
        { "transient/*", true },
        { "*stream=false]", true },
        { "*status=50?,*", true },
        { "transient/5xx-once[*]", true },
        { "**once**", true },
        { "transient/5xx", false },
        { "trans", false },
        { "transient/", false },
        { "", false },
        { "*stream=true]", false },
        { "transient/5xx-once[status=5??]", false },
        { "transient/5xx-onc?", false },
        { "transient/5xx-once[status=503,stream=false]?", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(case_matches(id, rows[i].pattern), rows[i].match, "%s",
                     rows[i].pattern);
}

Test(scenario, shipped_scenarios_all_expand)
{
    struct scenarios all;
    struct err err;

    cr_assert(scenarios_load(&all, GATEDRILL_SOURCE_DIR "/scenarios", &err),
              "%s: %s", err.where, err.text);
    cr_expect_geq(all.count, 40);
    scenarios_release(&all);
}

Test(scenario, schema_names_every_fault_and_what_it_reads)
{
    struct json *schema = scenario_schema();
    const struct json *step = json_pointer(schema, "/$defs/step");
    char *text;

    cr_expect_eq(json_count(json_pointer(step, "/allOf")), FAULT_COUNT);
    text = json_print(json_pointer(step, "/allOf/2"));
    cr_expect_str_eq(
        text, "{\"if\":{\"properties\":{\"fault\":{\"const\":\"delay\"}}},"
              "\"then\":{\"required\":[\"fault\",\"ms\"],\"propertyNames\":"
              "{\"enum\":[\"fault\",\"ms\",\"before_ms\",\"headers\","
              "\"retry_after\",\"framing\",\"pace\",\"end\",\"interim\","
              "\"early\",\"encoding\",\"pad_bytes\",\"head\","
              "\"chunks\",\"sse\",\"echo\",\"account\",\"idle\",\"for_ms\","
              "\"when\"]}}}");
    free(text);
    cr_expect_eq(json_count(json_pointer(step, "/properties/status/anyOf")), 3);
    cr_expect_str_eq(
        json_text(json_pointer(schema, "/properties/phases/items/properties/"
                                       "upstreams/additionalProperties/items/"
                                       "$ref"),
                  ""),
        "#/$defs/step");
    cr_expect_not(json_true(json_get(schema, "additionalProperties")));
    cr_expect_not_null(json_pointer(schema, "/properties/$schema"));
    json_free(schema);
}

Test(scenario, doc_has_every_table)
{
    struct buf out = { 0 };

    scenario_write_doc(&out);
    cr_expect_not_null(strstr(out.data, "## scenario\n"));
    cr_expect_not_null(strstr(out.data, "## scenario.client\n"));
    cr_expect_not_null(strstr(out.data, "## step.retry_after\n"));
    cr_expect_not_null(strstr(out.data, "| `bytes` |"));
    cr_expect_not_null(strstr(out.data, "## expect.client\n"));
    cr_expect_not_null(strstr(out.data, "## relative number\n"));
    buf_release(&out);
}
