#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/evidence/evidence.h"

void run_release(struct run *run)
{
    if (!run)
        return;
    free(run->folder);
    free(run->gateway_name);
    free(run->gateway_version);
    free(run->environment);
    free(run->route_name);
    free(run->route_template);
    free(run->api_reference_url);
    free(run->suite);
    free(run->dialect);
    json_free(run->facts);
    json_free(run->fixtures);
    json_free(run->promotion_conditions);
    for (size_t i = 0; i < run->results.count; i++)
        result_free(run->results.items[i]);
    free(run->results.items);
    for (size_t i = 0; run->expected_breaks && run->expected_breaks[i]; i++)
        free(run->expected_breaks[i]);
    free(run->expected_breaks);
    *run = (struct run){ 0 };
}

void run_sum_up(struct run *run)
{
    int64_t *const counts[] = {
        [VERDICT_NOT_APPLICABLE] = &run->not_applicable,
        [VERDICT_PASS] = &run->passed,
        [VERDICT_HOLD] = &run->held,
        [VERDICT_FAIL] = &run->failed,
    };

    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        *counts[i] = 0;
    run->longest_case_ms = run->sum_cases_ms = 0;
    run->conformance = VERDICT_NOT_APPLICABLE;
    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];

        (*counts[result->verdict])++;
        run->conformance = verdict_worse(run->conformance, result->verdict);
        run->sum_cases_ms += result->wall_ms;
        if (result->wall_ms > run->longest_case_ms)
            run->longest_case_ms = result->wall_ms;
    }
    /* Nothing judged, or chosen cases that never ran: no pass. */
    if (run->conformance == VERDICT_NOT_APPLICABLE ||
        (int64_t)run->results.count < run->planned)
        run->conformance = verdict_worse(run->conformance, VERDICT_HOLD);
}

enum verdict run_deciding_verdict(const struct run *run)
{
    return run->promotion_decides ? run->promotion : run->conformance;
}

static void add_counts(struct json *out, const struct run *run)
{
    struct json *counts = json_add_object(out, "counts");

    json_add_int(counts, "planned", run->planned);
    json_add_int(counts, "judged", run->passed + run->failed + run->held);
    json_add_int(counts, "pass", run->passed);
    json_add_int(counts, "fail", run->failed);
    json_add_int(counts, "hold", run->held);
    json_add_int(counts, "not_applicable", run->not_applicable);
}

/* Cases without a record would otherwise leave no ticket-safe trace. */
static void add_not_applicable(struct json *out, const struct run *run)
{
    struct json *list = json_add_array(out, "not_applicable");

    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];
        struct json *row;

        if (result->verdict != VERDICT_NOT_APPLICABLE)
            continue;
        row = json_new_object();
        json_add_text(row, "case", result->case_id);
        json_add_text(row, "test_id", result->test_id);
        json_add_text(row, "reason", result->reason);
        json_append(list, row);
    }
}

static void add_gateway(struct json *out, const struct run *run)
{
    struct json *gateway = json_add_object(out, "gateway");

    json_add_text(gateway, "name", run->gateway_name);
    json_add_text(gateway, "version", run->gateway_version);
    json_add_text(gateway, "route_name", run->route_name);
    json_add_text(gateway, "route_template", run->route_template);
    json_add_text(gateway, "api_reference_url", run->api_reference_url);
}

struct json *run_to_json(const struct run *run)
{
    struct json *out = json_new_object();
    struct json *breaks;

    json_add_text(out, "schema", "gateway-run/v0.1");
    json_add_text(out, "run_id", run->run_id);
    json_add_text(out, "tool", "gatedrill " GATEDRILL_VERSION);
    json_add_text(out, "started_utc", run->started_utc);
    json_add_text(out, "ended_utc", run->ended_utc[0] ? run->ended_utc : NULL);
    json_add_text(out, "environment", run->environment);
    add_gateway(out, run);
    json_add_text(out, "suite", run->suite);
    json_add_text(out, "mock_dialect",
                  run->dialect ? run->dialect : "cometapi");
    json_add_int(out, "seed", (int64_t)run->seed);
    if (run->fixtures)
        json_add(out, "fixtures", json_copy(run->fixtures));
    for (const struct json *fact = json_first(run->facts); fact;
         fact = json_next(fact))
        if (!json_get(out, json_key(fact)))
            json_add(out, json_key(fact), json_copy(fact));
    breaks = json_add_array(out, "expected_breaks");
    for (size_t i = 0; run->expected_breaks && run->expected_breaks[i]; i++)
        json_append(breaks, json_new_text(run->expected_breaks[i]));
    json_add_text(out, "repro", run->repro_prefix);
    json_add_bool(out, "interrupted", run->interrupted);
    json_add_bool(out, "promotion_decides", run->promotion_decides);
    add_counts(out, run);
    add_not_applicable(out, run);
    if (!run->ended_utc[0])
        return out; /* no result yet: absent, not a guess */
    json_add_text(out, "conformance", verdict_names[run->conformance]);
    json_add_text(out, "promotion", verdict_names[run->promotion]);
    json_add(out, "promotion_conditions",
             run->promotion_conditions ? json_copy(run->promotion_conditions)
                                       : json_new_array());
    return out;
}

static bool listed(char *const *list, const char *id)
{
    for (size_t i = 0; list && list[i]; i++)
        if (!strcmp(list[i], id))
            return true;
    return false;
}

static bool failed_somewhere(const struct run *run, const char *check)
{
    for (size_t i = 0; i < run->results.count; i++) {
        const struct findings *all = &run->results.items[i]->findings;

        for (size_t k = 0; k < all->count; k++)
            if (all->items[k].verdict == VERDICT_FAIL &&
                all->items[k].severity != SEVERITY_ADVISORY &&
                !strcmp(all->items[k].check, check))
                return true;
    }
    return false;
}

/* Names each unexpected check once. */
static bool too_many(const struct run *run, struct buf *why)
{
    struct json *named = json_new_object();
    bool any;

    for (size_t i = 0; i < run->results.count; i++) {
        const struct findings *all = &run->results.items[i]->findings;

        for (size_t k = 0; k < all->count; k++) {
            const struct finding *f = &all->items[k];

            if (f->verdict != VERDICT_FAIL ||
                f->severity == SEVERITY_ADVISORY ||
                listed(run->expected_breaks, f->check) ||
                json_get(named, f->check))
                continue;
            json_add_bool(named, f->check, true);
            buf_printf(why, "%s failed in %s and is not among the breaks\n",
                       f->check, run->results.items[i]->case_id);
        }
    }
    any = json_count(named) > 0;
    json_free(named);
    return any;
}

bool run_breaks_as_expected(const struct run *run, struct buf *why)
{
    bool missing = false;

    if (!run->expected_breaks || !run->expected_breaks[0])
        return true;
    for (size_t i = 0; run->expected_breaks[i]; i++) {
        if (failed_somewhere(run, run->expected_breaks[i]))
            continue;
        missing = true;
        buf_printf(why, "%s should have failed and did not\n",
                   run->expected_breaks[i]);
    }
    return !too_many(run, why) && !missing;
}
