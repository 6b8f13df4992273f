#include <stdio.h>
#include <string.h>

#include "harness/evidence/evidence_classify.h"
#include "harness/evidence/evidence_seen.h"

static bool is_named(const struct json *row, const char *key, const char *name)
{
    return strcmp(json_get_text(row, key, ""), name) == 0;
}

/* The check's row as it is now, in the place of what it was. */
static void set_check(struct json *ext, const struct finding *finding,
                      const struct runbook *runbook)
{
    struct json *list = json_new_array();

    for (const struct json *row = json_first(json_get(ext, "checks")); row;
         row = json_next(row)) {
        struct json *now;

        if (!is_named(row, "id", finding->check)) {
            json_append(list, json_copy(row));
            continue;
        }
        now = evidence_finding(finding);
        evidence_add_bucketed(now, "observed", finding->observed, runbook);
        evidence_add_bucketed(now, "reason", finding->reason, runbook);
        json_append(list, now);
    }
    json_set(ext, "checks", list);
}

static void add_reason(struct json *ext, const struct finding *finding)
{
    const struct json *known = json_get(ext, "reasons");
    struct json *list = known ? json_copy(known) : json_new_array();
    struct buf text = { 0 };

    buf_printf(&text, "%s: %s", finding->check, finding->observed);
    json_append(list, json_new_text(buf_text(&text)));
    json_set(ext, "reasons", list);
    buf_release(&text);
}

static void add_hits(struct json *ext, const struct observation *late)
{
    const struct json *known = json_get(ext, "leaks");
    struct json *leaks = known ? json_copy(known) : json_new_array();
    struct json *sinks = json_new_array();

    evidence_add_leaks(leaks, late);
    json_set(ext, "leaks", leaks);
    for (const struct json *row = json_first(json_get(ext, "sinks_scanned"));
         row; row = json_next(row)) {
        struct json *now = json_copy(row);
        int64_t hits = json_get_int(row, "hits", 0);

        for (size_t i = 0; i < late->hit_count; i++)
            hits += is_named(row, "name", late->hits[i].sink);
        json_set(now, "hits", json_new_int(hits));
        json_append(sinks, now);
    }
    json_set(ext, "sinks_scanned", sinks);
}

static void set_record(struct json *record, const struct observation *late,
                       const struct finding *finding)
{
    struct json *ext = json_copy(json_get(record, "extensions"));

    set_check(ext, finding, late->runbook);
    add_reason(ext, finding);
    add_hits(ext, late);
    json_set(ext, "not_logged_note",
             json_new_text("something that must not be logged was found in a "
                           "sink after the case, see leaks; it does not stand "
                           "in this record"));
    json_set(record, "extensions", ext);
    if (!is_named(record, "redaction_status", "leak_detected"))
        json_set(record, "redaction_status",
                 json_new_text(evidence_redaction(late)));
    json_set(record, "operator_result",
             json_new_text(verdict_names[VERDICT_FAIL]));
}

static void set_finding(struct findings *findings,
                        const struct finding *finding)
{
    for (size_t i = 0; i < findings->count; i++)
        if (!strcmp(findings->items[i].check, finding->check))
            findings->items[i] = *finding;
}

void result_add_late(struct result *result, const struct observation *late,
                     const struct finding *finding)
{
    bool failed = result->verdict == VERDICT_FAIL;

    set_finding(&result->findings, finding);
    result->verdict = VERDICT_FAIL;
    if (!failed)
        result_give_reason(result);
    if (result->record)
        set_record(result->record, late, finding);
    json_free(result->history);
    result->history = json_new_object();
    json_add_text(result->history, "kind", "late");
    json_add_text(result->history, "test_id", result->test_id);
    evidence_add_leaks(json_add_array(result->history, "hits"), late);
    evidence_history_findings(result->history, &result->findings);
    evidence_history_result(result->history, result);
}
