#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "harness/evidence/report.h"
#include "harness/evidence/run_folder.h"

#define RECORD_NAME_MOST 120 /* characters of the case in a file's name */

void run_record_name(char *out, size_t size, const struct result *result)
{
    char words[RECORD_NAME_MOST + 1];
    size_t n = 0;
    bool joint = true; /* no dash at the start, none twice */

    for (const char *at = result->case_id; *at && n < RECORD_NAME_MOST; at++) {
        bool plain = isalnum((unsigned char)*at) || *at == '.' || *at == '_';

        if (!plain && joint)
            continue;
        words[n++] = plain ? *at : '-';
        joint = !plain;
    }
    while (n > 0 && words[n - 1] == '-')
        n--;
    words[n] = '\0';
    if (result->repeat > 1)
        snprintf(out, size, "records/%03lld-%s-r%lld.json",
                 (long long)result->number, words, (long long)result->repeat);
    else
        snprintf(out, size, "records/%03lld-%s.json", (long long)result->number,
                 words);
}

static bool save_pretty(struct run_folder *folder, const char *name,
                        const struct json *document, struct err *err)
{
    char *text = json_print_pretty(document);
    struct buf whole = { 0 };
    bool saved;

    buf_printf(&whole, "%s\n", text);
    free(text);
    saved = run_folder_write(folder, name, buf_text(&whole), whole.length, err);
    buf_release(&whole);
    return saved;
}

static bool save_line(struct run_folder *folder, const char *name,
                      const struct json *document, struct err *err)
{
    char *text = json_print(document);
    bool saved = run_folder_append(folder, name, text, err);

    free(text);
    return saved;
}

static bool save_run(struct run_folder *folder, const struct run *run,
                     struct err *err)
{
    struct json *document = run_to_json(run);
    bool saved = save_pretty(folder, "run.json", document, err);

    json_free(document);
    return saved;
}

bool run_save_begin(struct run_folder *folder, const struct run *run,
                    struct err *err)
{
    return save_run(folder, run, err);
}

/* Before anything of a result is written: a history line without its record
 * would be half a case. */
static bool allow(struct run_folder *folder, const char *name,
                  const struct json *document, struct err *err)
{
    char *text = json_print(document);
    bool allowed = run_folder_allows(folder, name, text, strlen(text), err);

    free(text);
    return allowed;
}

bool run_save_result(struct run_folder *folder, const struct result *result,
                     struct err *err)
{
    char name[RECORD_NAME_MOST + 64];

    run_record_name(name, sizeof name, result);
    if (result->record && (!allow(folder, name, result->record, err) ||
                           !evidence_record_check(result->record, err)))
        return false;
    if (!save_line(folder, "history.jsonl", result->history, err))
        return false;
    return !result->record ||
           (save_pretty(folder, name, result->record, err) &&
            save_line(folder, "records.jsonl", result->record, err));
}

static void conceal_text(struct run_folder *folder, char *text, size_t size)
{
    struct buf safe = { 0 };

    buf_add_text(&safe, text);
    run_folder_conceal(folder, &safe);
    snprintf(text, size, "%s", buf_text(&safe));
    buf_release(&safe);
}

static void conceal_document(struct run_folder *folder, struct json **document)
{
    struct buf safe = { 0 };
    struct err err;
    char *text = *document ? json_print(*document) : NULL;
    struct json *now;

    if (!text)
        return;
    buf_add_text(&safe, text);
    run_folder_conceal(folder, &safe);
    now = json_parse(buf_text(&safe), safe.length, "concealed", &err);
    if (now) {
        json_free(*document);
        *document = now;
    }
    xwipe(text, strlen(text));
    free(text);
    buf_release(&safe);
}

void run_conceal_result(struct run_folder *folder, struct result *result)
{
    conceal_text(folder, result->reason, sizeof result->reason);
    for (size_t i = 0; i < result->findings.count; i++) {
        struct finding *f = &result->findings.items[i];

        conceal_text(folder, f->expected, sizeof f->expected);
        conceal_text(folder, f->observed, sizeof f->observed);
        conceal_text(folder, f->reason, sizeof f->reason);
    }
    conceal_document(folder, &result->record);
    conceal_document(folder, &result->history);
}

bool run_save_safely(struct run_folder *folder, struct result *result,
                     struct err *err)
{
    if (run_save_result(folder, result, err))
        return true;
    if (err->code != ERR_STATE)
        return false;
    log_line(LOG_WARNING, "%s: %s: %s; its id stands there instead",
             result->case_id, err->where, err->text);
    run_conceal_result(folder, result);
    return run_save_result(folder, result, err);
}

static bool save_reports(struct run_folder *folder, const struct run *run,
                         struct err *err)
{
    const struct report_style plain = { .colour = false, .width = 0 };
    bool saved = true;

    for (size_t i = 0; reports[i] && saved; i++) {
        struct buf text = { 0 };

        if (!reports[i]->always)
            continue;
        reports[i]->print(&text, run, &plain);
        saved = run_folder_write(folder, reports[i]->file, buf_text(&text),
                                 text.length, err);
        buf_release(&text);
    }
    return saved;
}

/* What only lab files may hold of the whole run. */
static bool save_times(struct run_folder *folder, const struct run *run,
                       struct err *err)
{
    struct json *line = json_new_object();
    bool saved;

    json_add_text(line, "kind", "run");
    json_add_int(line, "wall_ms", run->wall_ms);
    json_add_int(line, "longest_case_ms", run->longest_case_ms);
    json_add_int(line, "sum_cases_ms", run->sum_cases_ms);
    json_add_int(line, "tolerance_ms", run->tolerance_ms);
    saved = save_line(folder, "history.jsonl", line, err);
    json_free(line);
    return saved;
}

bool run_save_end(struct run_folder *folder, struct run *run,
                  const struct runbook *runbook, struct err *err)
{
    run_sum_up(run);
    evidence_promotion(run, runbook);
    /* The reports describe the folder as it is once this has succeeded. */
    run->complete = true;
    run->complete =
        save_reports(folder, run, err) && save_times(folder, run, err) &&
        save_run(folder, run, err) && run_folder_manifest(folder, run, err);
    return run->complete;
}
