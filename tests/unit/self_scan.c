/* The self-scan as a whole: a secret in any field of what is recorded, in any
 * form, keeps it from being written. Every document is walked leaf by leaf, so
 * that a new field is tried as soon as it is there. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/evidence/report.h"
#include "harness/evidence/run_folder.h"
#include "harness/leaks/coder.h"
#include "harness/leaks/plant.h"
#include "tests/unit/hand_made.h"

static char place[64];
/* Of the places that a report may show, each so many'th: a sanitizer is slow.
 */
#ifndef __has_feature
#define __has_feature(what) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||           \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STRIDE 7
#else
#define STRIDE 1
#endif

static void begin(void)
{
    snprintf(place, sizeof place, "/tmp/gatedrill-test-XXXXXX");
    cr_assert_not_null(mkdtemp(place));
}

static void finish(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -rf '%s'", place);
    cr_assert_eq(system(command), 0);
}

TestSuite(self_scan, .init = begin, .fini = finish);

static struct canary secrets[] = {
    { .id = "client.key",
      .kind = CANARY_CREDENTIAL,
      .text =
          (char[]){ "sk-q7ZrT0xVb3LmN8cKd1WyPa5JfE2uGh9SoRi4BvXtQwMz6YnUj" } },
    { .id = "prompt",
      .kind = CANARY_PROMPT,
      .text =
          (char[]){
              "gdprompt7k2m9x4q1z8w5c \"\\\n<&/+ \xc3\xa9v3b6n0j2h7t4p1y" } },
};
#define SECRETS (sizeof secrets / sizeof *secrets)

static void open_folder(struct run_folder *folder, const char *name)
{
    char *path = xasprintf("%s/%s", place, name);
    struct err err = { 0 };

    cr_assert(run_folder_open(folder, path, &err), "%s", err.text);
    for (size_t i = 0; i < SECRETS; i++)
        run_folder_forbid(folder, &secrets[i]);
    free(path);
}

/* --- the forms a secret may come in -------------------------------------- */

static void form_plain(struct buf *out, const char *text)
{
    buf_add_text(out, text);
}

static void form_within(struct buf *out, const char *text)
{
    buf_printf(out, "the gateway said %s, and then", text);
}

/* A text has 16 bytes then; a credential 12 would be enough for. */
static void form_preview(struct buf *out, const char *text)
{
    buf_printf(out, "%.16s...", text);
}

static void coded(struct buf *out, const char *text, const char *name,
                  size_t shift)
{
    const struct coder *coder = coders;
    char *whole = xasprintf("%.*s%s-", (int)shift, "xyz", text);
    struct coded form;

    while (strcmp(coder->name, name) != 0)
        coder++;
    coder_encode(&form, coder, whole, 0);
    buf_add(out, form.bytes.data, form.bytes.length);
    coded_release(&form);
    free(whole);
}

static void form_base64(struct buf *out, const char *text)
{
    coded(out, text, "base64", 0);
}

static void form_base64_shifted(struct buf *out, const char *text)
{
    coded(out, text, "base64", 1);
}

static void form_base64_url(struct buf *out, const char *text)
{
    size_t from = out->length;

    coded(out, text, "base64", 2);
    for (; from < out->length; from++)
        out->data[from] = out->data[from] == '+'   ? '-'
                          : out->data[from] == '/' ? '_'
                                                   : out->data[from];
}

static void form_hex(struct buf *out, const char *text)
{
    coded(out, text, "hex", 0);
}

static void planted_as(struct buf *out, const char *text, const char *name)
{
    const struct plant *plant = plants;

    while (strcmp(plant->name, name) != 0)
        plant++;
    plant->write(out, text, strlen(text));
}

static void form_json(struct buf *out, const char *text)
{
    planted_as(out, text, "json");
}

static void form_unicode(struct buf *out, const char *text)
{
    planted_as(out, text, "json-unicode");
}

static void form_percent(struct buf *out, const char *text)
{
    planted_as(out, text, "percent");
}

static void form_entity(struct buf *out, const char *text)
{
    planted_as(out, text, "entity");
}

static void form_upper(struct buf *out, const char *text)
{
    planted_as(out, text, "upper");
}

static const struct form {
    const char *name;
    void (*write)(struct buf *out, const char *text);
} forms[] = {
    { "as it is", form_plain },
    { "within words", form_within },
    { "a preview", form_preview },
    { "base64", form_base64 },
    { "base64, shifted by one", form_base64_shifted },
    { "base64, URL-safe", form_base64_url },
    { "hex", form_hex },
    { "JSON in JSON", form_json },
    { "\\u escapes", form_unicode },
    { "percent", form_percent },
    { "entities", form_entity },
    { "upper case", form_upper },
};
#define FORMS (sizeof forms / sizeof *forms)

/* --- a document with a text in one of its places ------------------------- */

/* A copy in which the text stands instead of the left-th value or key. */
static struct json *with(const struct json *node, size_t *left,
                         const char *text, struct buf *where)
{
    bool object = json_kind(node) == JSON_OBJECT;
    struct json *copy;

    if (json_kind(node) == JSON_STRING && (*left)-- == 0)
        return json_new_text(text);
    if (!object && json_kind(node) != JSON_ARRAY)
        return json_copy(node);
    copy = object ? json_new_object() : json_new_array();
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        size_t before = *left;
        const char *key = object && (*left)-- == 0 ? text : json_key(at);
        struct json *child = with(at, left, text, where);

        if (object)
            json_add(copy, key, child);
        else
            json_append(copy, child);
        if (before < SIZE_MAX / 2 && *left > SIZE_MAX / 2) {
            char *below = xstrdup(buf_text(where));

            buf_clear(where);
            buf_printf(where, "/%s%s", json_key(at), below);
            free(below);
        }
    }
    return copy;
}

/* NULL when it has no place of that number. where: of the place. */
static struct json *planted(const struct json *document, size_t number,
                            const char *text, struct buf *where)
{
    struct json *copy;

    buf_clear(where);
    copy = with(document, &number, text, where);
    if (number < SIZE_MAX / 2) {
        json_free(copy);
        return NULL;
    }
    return copy;
}

/* A result whose record and history have all that a rich case has. */
static struct result *rich_result(struct hand *h, int64_t number)
{
    struct result *result;
    char test_id[EVIDENCE_TEST_ID_SIZE];

    evidence_test_id(test_id, HAND_WHEN, number);
    h->drill_case.number = number;
    hand_finding(&h->findings, "attempts_per_upstream", VERDICT_FAIL,
                 "primary 1", "primary 4 after 431 ms");
    hand_finding(&h->findings, "redaction", VERDICT_HOLD, "nothing",
                 "a sink was silent");
    result = result_new(&h->drill_case, test_id);
    result_judge(result, &h->run, &h->judged, &h->findings, HAND_WHEN, 431);
    return result;
}

static void rich_hand(struct hand *h)
{
    hand_init(h);
    hand_step(h, 0, 0, FAULT_status, 503);
    hand_attempt(h, "primary", 1, 503, 0);
    hand_attempt(h, "fallback", 1, 200, 300);
    h->hit = (struct sink_hit){ .canary = "primary.key",
                                .sink = "stderr",
                                .encoding = "plain",
                                .offset = 7 };
    h->o.hits = &h->hit;
    h->o.hit_count = 1;
}

Test(self_scan, knows_each_form)
{
    struct run_folder folder;

    open_folder(&folder, "run");
    for (size_t f = 0; f < FORMS; f++) {
        for (size_t i = 0; i < SECRETS; i++) {
            struct buf text = { 0 };
            struct err err = { 0 };

            buf_add_text(&text, "it said ");
            forms[f].write(&text, secrets[i].text);
            cr_expect_not(
                run_folder_allows(&folder, "x", text.data, text.length, &err),
                "%s, %s", secrets[i].id, forms[f].name);
            buf_release(&text);
        }
    }
    run_folder_close(&folder);
}

/* --- records ------------------------------------------------------------- */

#define PASSES 3

/* Every place of the document, each with three forms and both secrets. Returns
 * how many places. */
static size_t expect_refused(struct run_folder *folder, struct result *result,
                             struct json **document)
{
    struct json *clean = *document;
    struct buf text = { 0 }, where = { 0 };
    size_t number = 0;

    for (;; number++) {
        const struct form *form =
            &forms[(number / PASSES * 5 + number % PASSES * 4) % FORMS];
        const struct canary *secret = &secrets[number % PASSES % SECRETS];
        struct err err = { 0 };

        buf_clear(&text);
        form->write(&text, secret->text);
        *document = planted(clean, number / PASSES, text.data, &where);
        if (!*document)
            break;
        cr_expect_not(run_save_result(folder, result, &err),
                      "%s was written, %s, in %s", secret->id, form->name,
                      buf_text(&where));
        cr_expect_eq(err.code, ERR_STATE, "%s: %s", buf_text(&where), err.text);
        cr_expect_not_null(strstr(err.text, secret->id), "%s: %s",
                           buf_text(&where), err.text);
        cr_expect_null(strstr(err.text, text.data));
        cr_expect_null(strstr(err.where, text.data));
        json_free(*document);
    }
    *document = clean;
    buf_release(&text);
    buf_release(&where);
    return number / PASSES;
}

static void expect_empty(const struct run_folder *folder, const char *name)
{
    char *path = xasprintf("%s/%s", folder->path, name);

    cr_expect_eq(access(path, F_OK), 0);
    cr_expect_eq(truncate(path, 0), 0);
    free(path);
}

Test(self_scan, refuses_a_secret_in_any_field_of_a_record_and_its_history)
{
    struct run_folder folder;
    struct hand h;
    struct result *result;
    struct err err = { 0 };
    size_t places;

    rich_hand(&h);
    result = rich_result(&h, 1);
    open_folder(&folder, "run");
    places = expect_refused(&folder, result, &result->record);
    cr_expect_gt(places, 150, "only %zu places of a record", places);
    places = expect_refused(&folder, result, &result->history);
    cr_expect_gt(places, 200, "only %zu places of a history", places);
    cr_expect_eq(folder.lines[0].count, 0);
    cr_expect_eq(folder.lines[1].count, 0);
    cr_expect_eq(folder.file_count, 0);
    expect_empty(&folder, "records.jsonl");
    expect_empty(&folder, "history.jsonl");
    /* The same without one is written. */
    cr_expect(run_save_result(&folder, result, &err), "%s: %s", err.where,
              err.text);
    result_free(result);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(self_scan, refuses_a_secret_in_any_field_of_the_run_itself)
{
    static const char *const names[] = { "run.json", "manifest.json",
                                         "evidence.json" };
    struct run_folder folder;
    struct json *document;
    struct buf where = { 0 };
    struct hand h;

    rich_hand(&h);
    result_list_add(&h.run.results, rich_result(&h, 1));
    run_sum_up(&h.run);
    evidence_promotion(&h.run, &h.runbook);
    document = run_to_json(&h.run);
    open_folder(&folder, "run");
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        for (size_t number = 0;; number++) {
            struct json *now =
                planted(document, number, secrets[0].text, &where);
            struct err err = { 0 };
            char *text;

            if (!now) {
                cr_expect_gt(number, 20, "only %zu places", number);
                break;
            }
            text = json_print_pretty(now);
            cr_expect_not(
                run_folder_write(&folder, names[n], text, strlen(text), &err),
                "%s", buf_text(&where));
            cr_expect_str_eq(err.where, names[n]);
            free(text);
            json_free(now);
        }
    }
    cr_expect_eq(folder.file_count, 0);
    buf_release(&where);
    json_free(document);
    run_folder_close(&folder);
    hand_release(&h);
}

Test(self_scan, refuses_a_secret_in_the_name_of_a_file)
{
    struct run_folder folder;
    struct err err = { 0 };
    char *name = xasprintf("inputs/%s.json", secrets[0].text);

    open_folder(&folder, "run");
    cr_expect_not(run_folder_write(&folder, name, "{}", 2, &err));
    cr_expect_null(strstr(err.where, secrets[0].text));
    free(name);
    run_folder_close(&folder);
}

/* --- reports ------------------------------------------------------------- */

static void put_file(const char *folder, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *out = fopen(path, "we");

    cr_assert_not_null(out, "%s", path);
    fprintf(out, "%s\n", text);
    fclose(out);
    free(path);
}

/* Letters and digits alone, lower case: what is left of a text whatever stands
 * between them. Markup leaves letters of its own only where it escapes. */
static char *bare(const char *text)
{
    char *out = xcalloc(strlen(text) + 1, 1);
    size_t n = 0;

    for (; *text; text++)
        if (isalnum((unsigned char)*text))
            out[n++] = (char)tolower((unsigned char)*text);
    return out;
}

/* Another way to see it than the one that is tried: 14 letters in a row. */
static bool shows(const char *text, const char *secret)
{
    char *all = bare(text), *wanted = bare(secret);
    bool seen = false;

    for (size_t i = 0; i + 14 <= strlen(wanted) && !seen; i++) {
        char piece[15] = { 0 };

        memcpy(piece, wanted + i, 14);
        seen = strstr(all, piece) != NULL;
    }
    free(all);
    free(wanted);
    return seen;
}

/* Every report of a run is printed; true when one of them shows the secret, and
 * each that does is refused. */
static bool reports_refused(struct run_folder *folder, const char *from,
                            const struct canary *secret,
                            const struct report_style *style, const char *where)
{
    struct run run;
    struct err err = { 0 };
    bool shown = false;

    cr_assert(run_load(&run, from, &err), "%s: %s", err.where, err.text);
    for (size_t i = 0; reports[i]; i++) {
        struct buf text = { 0 };
        bool seen;

        reports[i]->print(&text, &run, style);
        seen = shows(buf_text(&text), secret->text);
        cr_expect_eq(!run_folder_allows(folder, reports[i]->name,
                                        buf_text(&text), text.length, &err),
                     seen, "report %s, %s, %s", reports[i]->name, where,
                     seen ? "was let through" : "was refused");
        shown |= seen;
        buf_release(&text);
    }
    run_release(&run);
    return shown;
}

Test(self_scan, refuses_a_report_of_any_form_with_a_secret_from_any_field)
{
    static const struct report_style styles[] = {
        { .colour = false }, { .colour = true, .width = 60 }
    };
    enum { RUN, RECORD, HISTORY, FILES };
    static const char *const names[] = { "run.json", "records.jsonl",
                                         "history.jsonl" };
    struct json *documents[FILES];
    struct result *result;
    struct run_folder folder;
    char *from = xasprintf("%s/from", place), *texts[FILES];
    struct buf where = { 0 };
    size_t shown[FILES] = { 0 };
    struct hand h;

    rich_hand(&h);
    result = rich_result(&h, 1);
    documents[RECORD] = json_copy(result->record);
    documents[HISTORY] = json_copy(result->history);
    result_list_add(&h.run.results, result);
    run_sum_up(&h.run);
    evidence_promotion(&h.run, &h.runbook);
    documents[RUN] = run_to_json(&h.run);
    open_folder(&folder, "run");
    cr_assert_eq(mkdir(from, 0700), 0);
    for (size_t f = 0; f < FILES; f++) {
        texts[f] = json_print(documents[f]);
        put_file(from, names[f], texts[f]);
    }
    cr_expect_not(reports_refused(&folder, from, &secrets[0], styles,
                                  "without a secret"));
    for (size_t f = 0; f < FILES; f++) {
        for (size_t number = 0;; number += STRIDE) {
            const struct canary *secret = &secrets[number % SECRETS];
            struct json *now =
                planted(documents[f], number, secret->text, &where);
            char *text;

            if (!now)
                break;
            text = json_print(now);
            put_file(from, names[f], text);
            shown[f] += reports_refused(&folder, from, secret,
                                        &styles[number / SECRETS % 2],
                                        buf_text(&where));
            free(text);
            json_free(now);
        }
        put_file(from, names[f], texts[f]);
    }
    cr_expect_gt(shown[RUN], 5 / STRIDE, "%zu places of run.json", shown[RUN]);
    cr_expect_gt(shown[RECORD], 5 / STRIDE, "%zu places of a record",
                 shown[RECORD]);
    cr_expect_gt(shown[HISTORY], 5 / STRIDE, "%zu places of a history",
                 shown[HISTORY]);
    for (size_t f = 0; f < FILES; f++) {
        json_free(documents[f]);
        free(texts[f]);
    }
    buf_release(&where);
    free(from);
    run_folder_close(&folder);
    hand_release(&h);
}
