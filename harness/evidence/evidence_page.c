#include <string.h>

#include "harness/evidence/evidence.h"

/* The record of a kind that stands for it on the page: the worst, so that the
 * page never looks better than the run; of equals the one whose wrong key is
 * the gateway's own, then the first. */
static const struct result *speaker(const struct run *run, enum probe_kind kind)
{
    const struct result *best = NULL;
    int best_rank = -1;

    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];
        const char *credential = json_text(
            json_pointer(result->record, "/extensions/phases/0/credential"),
            "");
        int rank = (int)result->verdict * 2 +
                   (strcmp(credential, "invalid_at_upstream") == 0 ? 1 : 0);

        if (!result->record || result->probe != kind || rank <= best_rank)
            continue;
        best = result;
        best_rank = rank;
    }
    return best;
}

static void add_twelve(struct json *page, const char *key,
                       const struct result *result)
{
    struct json *twelve;

    if (!result) {
        json_add(page, key, json_new_null());
        return;
    }
    twelve = json_add_object(page, key);
    for (size_t i = 0; evidence_fields[i]; i++) {
        const struct json *value = json_get(result->record, evidence_fields[i]);

        json_add(twelve, evidence_fields[i],
                 value ? json_copy(value) : json_new_null());
    }
}

static const struct json *extension(const struct result *result,
                                    const char *key)
{
    return result ? json_get(json_get(result->record, "extensions"), key)
                  : NULL;
}

static void add_copy(struct json *out, const char *key,
                     const struct json *value)
{
    json_add(out, key, value ? json_copy(value) : json_new_null());
}

/* {"name": count} of a member's words over all records. */
static struct json *tally(const struct run *run, const char *field)
{
    struct json *counts = json_new_object();

    for (size_t i = 0; i < run->results.count; i++) {
        const char *word =
            json_get_text(run->results.items[i]->record, field, NULL);

        if (word)
            json_set(counts, word,
                     json_new_int(json_get_int(counts, word, 0) + 1));
    }
    return counts;
}

/* One row a sink, over all cases. */
static struct json *sinks_of(const struct run *run)
{
    struct json *by_name = json_new_object();
    struct json *out = json_new_array();

    for (size_t i = 0; i < run->results.count; i++) {
        const struct json *sinks =
            extension(run->results.items[i], "sinks_scanned");

        for (const struct json *s = json_first(sinks); s; s = json_next(s)) {
            const char *name = json_get_text(s, "name", "");
            const struct json *old = json_get(by_name, name);
            struct json *row = json_new_object();

            json_add_text(row, "name", name);
            json_add_bool(row, "live",
                          json_get_true(s, "live") ||
                              json_get_true(old, "live"));
            json_add_int(row, "hits",
                         json_get_int(s, "hits", 0) +
                             json_get_int(old, "hits", 0));
            json_set(by_name, name, row);
        }
    }
    for (const struct json *row = json_first(by_name); row;
         row = json_next(row))
        json_append(out, json_copy(row));
    json_free(by_name);
    return out;
}

static void add_redaction(struct json *page, const struct run *run)
{
    struct json *redaction = json_add_object(page, "redaction_coverage");

    json_add(redaction, "cases_by_status", tally(run, "redaction_status"));
    json_add(redaction, "sinks", sinks_of(run));
}

static void add_sources(struct json *page, const struct run *run)
{
    struct json *sources = json_add_array(page, "sources_checked");
    struct json *row = json_new_object();

    json_add_text(row, "what", "API reference of the route");
    json_add_text(row, "url", run->api_reference_url);
    json_add_text(row, "accessed_utc", NULL);
    json_add_text(row, "checked_by", "nobody");
    json_add_text(row, "status", "not_checked");
    json_append(sources, row);
}

/* How many cases of each evidence type ended how: the three-line summary. */
static void add_types(struct json *page, const struct run *run)
{
    struct json *types = json_add_object(page, "by_evidence_type");

    for (size_t t = 0; evidence_type_names[t]; t++) {
        struct json *row = json_add_object(types, evidence_type_names[t]);

        for (size_t v = 0; verdict_names[v]; v++) {
            int64_t count = 0;

            for (size_t i = 0; i < run->results.count; i++)
                count += run->results.items[i]->evidence_type == t &&
                         run->results.items[i]->verdict == v;
            json_add_int(row, verdict_names[v], count);
        }
    }
}

static void add_question(struct json *list, const char *question,
                         const char *answer)
{
    struct json *row = json_new_object();

    json_add_text(row, "question", question);
    json_add_text(row, "answer", answer);
    json_append(list, row);
}

static const struct json *condition(const struct run *run, const char *id)
{
    for (const struct json *row = json_first(run->promotion_conditions); row;
         row = json_next(row))
        if (!strcmp(json_get_text(row, "id", ""), id))
            return row;
    return NULL;
}

/* "pass: judged in 12 cases", the words of a condition as an answer. */
static void write_condition(struct buf *out, const struct run *run,
                            const char *id)
{
    const struct json *row = condition(run, id);

    buf_printf(out, "%s: %s", json_get_text(row, "verdict", "hold"),
               json_get_text(row, "reason", "not evaluated"));
}

static void write_tally(struct buf *out, const struct run *run,
                        const char *field)
{
    struct json *counts = tally(run, field);
    const char *comma = "";

    for (const struct json *row = json_first(counts); row;
         row = json_next(row)) {
        buf_printf(out, "%s%s in %lld", comma, json_key(row),
                   (long long)json_int(row, 0));
        comma = ", ";
    }
    if (!*comma)
        buf_add_text(out, "no case was judged");
    json_free(counts);
}

static void write_forced(struct buf *out, const struct run *run)
{
    int64_t kinds[3] = { 0 };

    for (size_t i = 0; i < run->results.count; i++)
        if (run->results.items[i]->record)
            kinds[run->results.items[i]->probe]++;
    buf_printf(out,
               "%lld with an invalid credential, %lld with an upstream fault, "
               "%lld with none (happy path); each record's phases say which",
               (long long)kinds[PROBE_INVALID_CREDENTIAL],
               (long long)kinds[PROBE_FAULT],
               (long long)kinds[PROBE_HAPPY_PATH]);
}

static void answer(struct json *list, const char *question, struct buf *text)
{
    add_question(list, question, buf_text(text));
    buf_clear(text);
}

/* The seven questions one record must answer. Source: the drill, R24. */
static void add_questions(struct json *page, const struct run *run,
                          const struct result *happy)
{
    struct json *list = json_add_array(page, "questions");
    const struct json *fixture = extension(happy, "fixture");
    struct buf text = { 0 };

    buf_printf(&text, "gateway route %s; the profile maps it to %s",
               run->route_name ? run->route_name : "(unnamed)",
               run->route_template ? run->route_template : "nothing");
    answer(list, "Which route was exercised?", &text);
    buf_printf(&text, "none yet: %s was named and not checked",
               run->api_reference_url ? run->api_reference_url : "nothing");
    answer(list, "Which source confirmed it?", &text);
    buf_printf(&text, "%s, version %s", json_get_text(fixture, "id", "unknown"),
               json_get_text(fixture, "version", "unknown"));
    answer(list, "Which fixture was sent?", &text);
    write_forced(&text, run);
    answer(list, "Which failure path was forced?", &text);
    write_condition(&text, run, "retries_within_budget");
    answer(list, "How did retries behave?", &text);
    write_tally(&text, run, "fallback_decision");
    answer(list, "What was the fallback decision?", &text);
    write_condition(&text, run, "logs_sanitized");
    answer(list, "Did sensitive data stay out of logs?", &text);
    buf_release(&text);
}

/* Cases whose scenario replaced what the runbook alone would ask. */
static void add_overrides(struct json *page, const struct run *run)
{
    struct json *list = json_add_array(page, "expectations_overridden");

    for (size_t i = 0; i < run->results.count; i++) {
        const struct json *phases = extension(run->results.items[i], "phases");

        for (const struct json *p = json_first(phases); p; p = json_next(p)) {
            if (!json_get_true(p, "expectation_overridden"))
                continue;
            json_append(list, json_new_text(run->results.items[i]->case_id));
            break;
        }
    }
}

static void add_head(struct json *page, const struct run *run)
{
    json_add_text(page, "schema", "gateway-evidence-page/v0.1");
    json_add_text(page, "run_id", run->run_id);
    json_add_text(page, "recorded_utc",
                  run->ended_utc[0] ? run->ended_utc : run->started_utc);
    json_add_text(page, "environment", run->environment);
    json_add_text(page, "gateway", run->gateway_name);
    json_add_text(page, "gateway_version", run->gateway_version);
    json_add_text(page, "suite", run->suite);
    json_add_text(page, "conformance", verdict_names[run->conformance]);
    json_add_text(page, "promotion", verdict_names[run->promotion]);
}

static void add_telemetry(struct json *page, const struct run *run)
{
    struct json *list = json_add_array(page, "telemetry_fields");
    struct json *seen = json_new_object();

    for (size_t i = 0; i < run->results.count; i++) {
        const struct json *fields =
            extension(run->results.items[i], "telemetry_fields_seen");

        for (const struct json *f = json_first(fields); f; f = json_next(f)) {
            if (json_get(seen, json_text(f, "")))
                continue;
            json_add_bool(seen, json_text(f, ""), true);
            json_append(list, json_copy(f));
        }
    }
    json_free(seen);
}

static const char *page_note(const struct run *run)
{
    const char *logs =
        json_get_text(condition(run, "logs_sanitized"), "verdict", "hold");

    if (!strcmp(logs, "pass"))
        return "credentials, full prompts and full responses were not logged";
    if (!strcmp(logs, "fail"))
        return "the logs do not meet the redaction rules, see logs_sanitized; "
               "no credential, prompt or response stands in this record";
    return "whether credentials, prompts or responses were logged is not "
           "established; none stands in this record";
}

struct json *evidence_page(const struct run *run)
{
    const struct result *happy = speaker(run, PROBE_HAPPY_PATH);
    const struct result *invalid = speaker(run, PROBE_INVALID_CREDENTIAL);
    const struct result *any = happy ? happy : invalid;
    struct json *page = json_new_object();
    struct json *result;

    add_head(page, run);
    add_twelve(page, "happy_path", happy);
    add_twelve(page, "invalid_credential", invalid);
    add_copy(page, "conditions", run->promotion_conditions);
    add_questions(page, run, any);
    add_sources(page, run);
    add_copy(page, "fixture", extension(any, "fixture"));
    result = json_add_object(page, "invalid_credential_result");
    json_add_text(result, "fixture",
                  json_text(extension(invalid, "invalid_token_fixture"), NULL));
    add_copy(result, "attempts_by_upstream",
             extension(invalid, "attempts_by_upstream"));
    add_copy(result, "operator_result",
             invalid ? json_get(invalid->record, "operator_result") : NULL);
    add_copy(page, "retry_budget", extension(any, "retry_budget"));
    json_add(page, "fallback_decisions", tally(run, "fallback_decision"));
    add_copy(page, "parse_assertion",
             extension(happy, "consumed_response_areas"));
    add_telemetry(page, run);
    add_redaction(page, run);
    add_types(page, run);
    add_overrides(page, run);
    add_copy(page, "not_asserted", extension(any, "not_asserted"));
    json_add_text(page, "note", page_note(run));
    return page;
}
