#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/evidence/run_folder.h"

/* One file of JSON lines, each parsed; a torn last line is left out. */
struct lines {
    struct json **items;
    size_t count, capacity;
    bool torn;
};

static void lines_release(struct lines *lines)
{
    for (size_t i = 0; i < lines->count; i++)
        json_free(lines->items[i]);
    free(lines->items);
    *lines = (struct lines){ 0 };
}

static bool lines_add(struct lines *lines, const char *text, size_t length,
                      const char *path, struct err *err)
{
    char *name = xasprintf("%s:%zu", path, lines->count + 1);
    struct json *line = json_parse(text, length, name, err);

    free(name);
    if (!line)
        return false;
    lines->items = xgrow(lines->items, lines->count, &lines->capacity,
                         sizeof(struct json *));
    lines->items[lines->count++] = line;
    return true;
}

/* A file that is not there has no lines: a run killed early, or a bundle of
 * the ticket-safe files. */
static bool lines_load(struct lines *out, const char *folder, const char *name,
                       struct err *err)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *in = fopen(path, "re");
    char *text = NULL;
    size_t capacity = 0;
    ssize_t length;
    bool loaded = true;

    *out = (struct lines){ 0 };
    if (!in && errno != ENOENT) {
        err_set_errno(err, ERR_IO, path);
        loaded = false;
    }
    while (in && loaded && (length = getline(&text, &capacity, in)) > 0) {
        if (text[length - 1] != '\n')
            out->torn = true;
        else
            loaded = lines_add(out, text, (size_t)length - 1, path, err);
    }
    if (in && ferror(in)) {
        err_set(err, ERR_IO, path, "cannot be read");
        loaded = false;
    }
    if (in)
        fclose(in);
    free(text);
    free(path);
    if (!loaded)
        lines_release(out);
    return loaded;
}

/* The history of a record: the same test, the same repeat of it; the last
 * line, which says what was found later, when there are two. */
static const struct json *line_of(const struct lines *histories,
                                  const struct json *record)
{
    const char *test_id = json_get_text(record, "test_id", "");
    int64_t repeat = json_int(json_pointer(record, "/extensions/repeat"), 1);

    for (size_t i = histories->count; i > 0; i--)
        if (!strcmp(json_get_text(histories->items[i - 1], "test_id", ""),
                    test_id) &&
            json_get_int(histories->items[i - 1], "repeat", 1) == repeat)
            return histories->items[i - 1];
    return NULL;
}

/* A later line of the same test takes its place. */
static bool is_outdated(const struct lines *records, size_t index)
{
    const struct json *record = records->items[index];
    int64_t repeat = json_int(json_pointer(record, "/extensions/repeat"), 1);

    for (size_t i = index + 1; i < records->count; i++)
        if (!strcmp(json_get_text(records->items[i], "test_id", ""),
                    json_get_text(record, "test_id", "")) &&
            json_int(json_pointer(records->items[i], "/extensions/repeat"),
                     1) == repeat)
            return true;
    return false;
}

static size_t word_index(const char *const *words, const char *word,
                         size_t otherwise)
{
    for (size_t i = 0; words[i]; i++)
        if (!strcmp(words[i], word))
            return i;
    return otherwise;
}

static char *get_copy(const struct json *object, const char *key)
{
    return xstrdup(json_get_text(object, key, ""));
}

static void load_findings(struct result *result, const struct json *list)
{
    size_t count = json_count(list), i = 0;

    result->names = xcalloc(count + 1, sizeof *result->names);
    for (const struct json *row = json_first(list); row;
         row = json_next(row), i++) {
        struct finding *f = findings_add(&result->findings);

        result->names[i] = get_copy(row, "id");
        f->check = result->names[i];
        f->evidence_type = (enum evidence_type)word_index(
            evidence_type_names, json_get_text(row, "evidence_type", ""), 0);
        f->severity = (enum severity)word_index(
            severity_names, json_get_text(row, "severity", ""),
            SEVERITY_REQUIRED);
        f->verdict = (enum verdict)word_index(
            verdict_names, json_get_text(row, "verdict", ""), VERDICT_HOLD);
        snprintf(f->expected, sizeof f->expected, "%s",
                 json_get_text(row, "expected", ""));
        snprintf(f->observed, sizeof f->observed, "%s",
                 json_get_text(row, "observed", ""));
        snprintf(f->reason, sizeof f->reason, "%s",
                 json_get_text(row, "reason", ""));
    }
}

/* What record and history both say, from whichever is there. case_key: how the
 * source calls the case. */
static struct result *load_words(const struct json *source)
{
    struct result *result = xcalloc(1, sizeof *result);
    const char *scenario = json_get_text(source, "scenario", "");

    result->case_id = get_copy(source, "case");
    result->scenario = xstrdup(scenario);
    result->family = xstrndup(scenario, strcspn(scenario, "/"));
    result->title = get_copy(source, "title");
    result->evidence_type = (enum evidence_type)word_index(
        evidence_type_names, json_get_text(source, "evidence_type", ""), 0);
    result->probe = (enum probe_kind)word_index(
        probe_kind_names, json_get_text(source, "probe", ""), PROBE_FAULT);
    result->variant = json_get(source, "variant") != NULL;
    result->repeat = json_get_int(source, "repeat", 1);
    return result;
}

static void load_history(struct result *result, const struct json *history)
{
    snprintf(result->test_id, sizeof result->test_id, "%s",
             json_get_text(history, "test_id", ""));
    snprintf(result->reason, sizeof result->reason, "%s",
             json_get_text(history, "reason", ""));
    result->verdict = (enum verdict)word_index(
        verdict_names, json_get_text(history, "verdict", ""), VERDICT_HOLD);
    result->number = json_get_int(history, "number", 0);
    result->wall_ms = json_get_int(history, "wall_ms", 0);
    load_findings(result, json_get(history, "findings"));
    result->history = json_copy(history);
}

/* A test_id ends in the case's number. */
static int64_t number_of(const char *test_id)
{
    const char *dash = strrchr(test_id, '-');

    return dash ? strtoll(dash + 1, NULL, 10) : 0;
}

/* Without the lab's history the record alone has to do: its texts are
 * bucketed. */
static void load_record_only(struct result *result, const struct json *record)
{
    const struct json *ext = json_get(record, "extensions");
    const char *test_id = json_get_text(record, "test_id", "");

    snprintf(result->test_id, sizeof result->test_id, "%s", test_id);
    snprintf(result->reason, sizeof result->reason, "%s",
             json_text(json_pointer(ext, "/reasons/0"), ""));
    result->verdict = (enum verdict)word_index(
        verdict_names, json_get_text(record, "operator_result", ""),
        VERDICT_HOLD);
    result->number = number_of(test_id);
    load_findings(result, json_get(ext, "checks"));
}

static void load_judged(struct run *run, const struct lines *records,
                        const struct lines *histories)
{
    for (size_t i = 0; i < records->count; i++) {
        const struct json *record = records->items[i];
        const struct json *history = line_of(histories, record);
        struct result *result;

        if (is_outdated(records, i))
            continue;
        result = load_words(history ? history : json_get(record, "extensions"));
        if (history)
            load_history(result, history);
        else
            load_record_only(result, record);
        result->record = json_copy(record);
        result_list_add(&run->results, result);
    }
}

static void load_not_applicable(struct run *run, const struct lines *histories,
                                const struct json *document)
{
    const struct json *list = json_get(document, "not_applicable");

    for (size_t i = 0; i < histories->count; i++) {
        struct result *result;

        if (strcmp(json_get_text(histories->items[i], "verdict", ""),
                   verdict_names[VERDICT_NOT_APPLICABLE]) != 0)
            continue;
        result = load_words(histories->items[i]);
        load_history(result, histories->items[i]);
        result_list_add(&run->results, result);
    }
    if (histories->count > 0)
        return;
    for (const struct json *row = json_first(list); row; row = json_next(row)) {
        struct result *result = load_words(row);
        const char *id = json_get_text(row, "case", "");

        free(result->family);
        free(result->scenario);
        result->family = xstrndup(id, strcspn(id, "/"));
        result->scenario = xstrndup(id, strcspn(id, "["));
        load_history(result, row);
        result->number = number_of(result->test_id);
        result->verdict = VERDICT_NOT_APPLICABLE;
        result_list_add(&run->results, result);
    }
}

static int by_number(const void *a, const void *b)
{
    const struct result *x = *(struct result *const *)a;
    const struct result *y = *(struct result *const *)b;

    if (x->number != y->number)
        return x->number < y->number ? -1 : 1;
    if (x->repeat != y->repeat)
        return x->repeat < y->repeat ? -1 : 1;
    return strcmp(x->test_id, y->test_id);
}

static void load_breaks(struct run *run, const struct json *list)
{
    size_t i = 0;

    run->expected_breaks =
        xcalloc(json_count(list) + 1, sizeof *run->expected_breaks);
    for (const struct json *item = json_first(list); item;
         item = json_next(item))
        run->expected_breaks[i++] = xstrdup(json_text(item, ""));
}

static void load_head(struct run *run, const struct json *document)
{
    const struct json *gateway = json_get(document, "gateway");
    const struct json *conditions = json_get(document, "promotion_conditions");

    snprintf(run->run_id, sizeof run->run_id, "%s",
             json_get_text(document, "run_id", ""));
    snprintf(run->started_utc, sizeof run->started_utc, "%s",
             json_get_text(document, "started_utc", ""));
    snprintf(run->ended_utc, sizeof run->ended_utc, "%s",
             json_get_text(document, "ended_utc", ""));
    snprintf(run->repro_prefix, sizeof run->repro_prefix, "%s",
             json_get_text(document, "repro", "gatedrill repro"));
    run->environment = get_copy(document, "environment");
    run->gateway_name = get_copy(gateway, "name");
    run->gateway_version = get_copy(gateway, "version");
    run->route_name = get_copy(gateway, "route_name");
    run->route_template = get_copy(gateway, "route_template");
    run->api_reference_url = get_copy(gateway, "api_reference_url");
    run->suite = get_copy(document, "suite");
    run->dialect = get_copy(document, "mock_dialect");
    run->seed = (uint64_t)json_get_int(document, "seed", 0);
    run->interrupted = json_get_true(document, "interrupted");
    run->promotion_decides = json_get_true(document, "promotion_decides");
    run->planned = json_int(json_pointer(document, "/counts/planned"), 0);
    run->promotion = (enum verdict)word_index(
        verdict_names, json_get_text(document, "promotion", "hold"),
        VERDICT_HOLD);
    if (conditions)
        run->promotion_conditions = json_copy(conditions);
    load_breaks(run, json_get(document, "expected_breaks"));
}

static void load_times(struct run *run, const struct lines *histories)
{
    for (size_t i = 0; i < histories->count; i++) {
        const struct json *line = histories->items[i];

        if (strcmp(json_get_text(line, "kind", ""), "run") != 0)
            continue;
        run->wall_ms = json_get_int(line, "wall_ms", 0);
        run->tolerance_ms = json_get_int(line, "tolerance_ms", 0);
    }
}

static void note_state(struct run *run, bool torn)
{
    if (run->complete)
        return;
    snprintf(run->note, sizeof run->note,
             "incomplete: no manifest was written; %zu of %lld cases are "
             "finished%s",
             run->results.count, (long long)run->planned,
             torn ? ", one was cut while being written" : "");
    /* What did not happen cannot have passed. */
    run->promotion = verdict_worse(run->promotion, VERDICT_HOLD);
    run->conformance = verdict_worse(run->conformance, VERDICT_HOLD);
}

static bool has_file(const char *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder, name);
    bool there = access(path, R_OK) == 0;

    free(path);
    return there;
}

bool run_load(struct run *out, const char *folder, struct err *err)
{
    struct lines records = { 0 }, histories = { 0 };
    char *path = xasprintf("%s/run.json", folder);
    struct json *document = json_load(path, err);
    bool loaded = document != NULL &&
                  lines_load(&records, folder, "records.jsonl", err) &&
                  lines_load(&histories, folder, "history.jsonl", err);

    *out = (struct run){ 0 };
    if (loaded) {
        out->folder = xstrdup(folder);
        for (size_t n = strlen(folder); n > 1 && folder[n - 1] == '/'; n--)
            out->folder[n - 1] = '\0';
        load_head(out, document);
        load_judged(out, &records, &histories);
        load_not_applicable(out, &histories, document);
        load_times(out, &histories);
        if (out->results.count)
            qsort(out->results.items, out->results.count,
                  sizeof *out->results.items, by_number);
        out->complete = has_file(folder, "manifest.json");
        run_sum_up(out);
        note_state(out, records.torn || histories.torn);
    }
    lines_release(&records);
    lines_release(&histories);
    json_free(document);
    free(path);
    return loaded;
}
