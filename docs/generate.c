/*
 * gatedrill-docs: prints a page or a schema that comes from the tables of the
 * programs, so that no documentation can drift from the code. `./dev docs`
 * writes them all; CI compares. Not installed, not part of a drill.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/bind.h"
#include "common/credential.h"
#include "common/scenario.h"
#include "common/xalloc.h"
#include "harness/judge/check.h"
#include "harness/evidence/expectation.h"
#include "harness/client/fixture.h"
#include "harness/evidence/markup.h"
#include "harness/launch/profile.h"
#include "harness/oracle/runbook.h"
#include "harness/drill/suite.h"
#include "harness/text_file.h"

/* A JSON Schema, or the tables below the words of a page. */
struct page {
    const char *file;
    const char *title;
    const struct bind_row *table; /* NULL: one of the two below does it */
    struct json *(*schema)(void);
    void (*print)(struct buf *out);
};

static const char *const effect_names[] = {
    [FAULT_EFFECT_OK] = "a complete answer, perhaps late or slow",
    [FAULT_EFFECT_STATUS] = "a complete answer with an error status",
    [FAULT_EFFECT_SILENCE] = "nothing more, the socket stays open",
    [FAULT_EFFECT_CUT] = "FIN, RST or broken framing",
    [FAULT_EFFECT_REFUSED] = "no connection",
    [FAULT_EFFECT_UNANSWERED] = "no answer to a connection",
    [FAULT_EFFECT_BAD_BODY] = "well framed, content wrong",
    [FAULT_EFFECT_GARBAGE] = "not HTTP",
    [FAULT_EFFECT_STREAM] = "an SSE stream, healthy or broken",
};

/* "status! code" as "`status` (required), `code`". */
static void print_parameters(struct buf *out, const char *parameters)
{
    char *copy = xstrdup(parameters), *rest = NULL;
    const char *separator = "";

    for (char *word = strtok_r(copy, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        size_t length = strlen(word);
        bool required = word[length - 1] == '!';

        buf_printf(out, "%s`%.*s`%s", separator, (int)(length - required), word,
                   required ? " (required)" : "");
        separator = ", ";
    }
    if (!separator[0])
        buf_add_text(out, "none");
    free(copy);
}

static void print_faults(struct buf *out)
{
    buf_add_text(out,
                 "# Faults\n\nGenerated from `common/fault_list.h` by "
                 "`./dev docs`. What a parameter means stands in "
                 "[scenario-format.md](scenario-format.md); how to add a fault "
                 "in [adding.md](adding.md).\n\n"
                 "| fault | what the gateway meets | effect | parameters |\n"
                 "|---|---|---|---|\n");
    for (const struct fault_row *row = fault_rows; row->name; row++) {
        buf_printf(out, "| `%s` | %s | %s | ", row->name, row->text,
                   effect_names[row->effect]);
        print_parameters(out, row->parameters);
        buf_add_text(out, " |\n");
    }
}

static void print_checks(struct buf *out)
{
    buf_add_text(out,
                 "# Checks\n\nGenerated from `harness/judge/check_table.h` by "
                 "`./dev docs`. Every check is a pure function of the history "
                 "of a case and of what the oracle allows; how to add one "
                 "stands in [adding.md](adding.md).\n\n"
                 "| check | question | evidence | severity |\n"
                 "|---|---|---|---|\n");
    for (size_t i = 0; checks[i]; i++)
        buf_printf(out, "| `%s` | %s | %s | %s |\n", checks[i]->id,
                   checks[i]->text,
                   evidence_type_names[checks[i]->evidence_type],
                   severity_names[checks[i]->severity]);
}

/* The scenarios that name a source, ", " between them. */
static size_t print_sources(struct buf *out, const struct scenarios *all,
                            const char *id)
{
    size_t found = 0;

    for (size_t i = 0; i < all->count; i++) {
        const struct json *sources =
            json_get(all->items[i].document, "sources");

        for (const struct json *s = json_first(sources); s; s = json_next(s)) {
            if (strcmp(json_text(s, ""), id))
                continue;
            buf_printf(out, "%s%s", found ? ", " : "", all->items[i].id);
            found++;
        }
    }
    return found;
}

static void fail_row(const struct json *row, const char *text, const char *what)
{
    fprintf(stderr, "gatedrill-docs: docs/catalogue.json: %s %s%s\n",
            json_key(row), text, what);
    exit(1);
}

/* "tests/unit/evidence.c: a_record_holds_no_exact_latency": the file holds that
 * text. */
static void expect_test(const struct json *row, const char *said)
{
    const char *colon = strstr(said, ": ");
    char *path = xstrndup(said, colon ? (size_t)(colon - said) : strlen(said));
    struct err err = { 0 };
    char *text = text_file_read(path, &err);

    if (!text || (colon && !strstr(text, colon + 2)))
        fail_row(row, "names a test that is not there: ", said);
    free(text);
    free(path);
}

/* A row that no one scenario stands for: a check that judges it in every case,
 * or a test of ours. */
static bool print_proof(struct buf *out, const struct json *row)
{
    const char *check = json_get_text(row, "check", NULL);
    const char *test = json_get_text(row, "test", NULL);

    if (check && !check_find(check))
        fail_row(row, "names a check that is not there: ", check);
    if (check)
        buf_printf(out, "check `%s`, in every case it applies to", check);
    if (test) {
        expect_test(row, test);
        buf_printf(out, "%stest `%s`", check ? "; " : "", test);
    }
    return check || test;
}

static void print_covered(struct buf *out, const struct json *rows,
                          const struct scenarios *all)
{
    size_t covered = 0, open = 0;

    buf_add_text(out, "\n| id | what | what would catch it |\n|---|---|---|\n");
    for (const struct json *row = json_first(rows); row; row = json_next(row)) {
        struct buf proof = { 0 };
        bool found = print_sources(&proof, all, json_key(row)) > 0;

        if (!found)
            found = print_proof(&proof, row);
        if (!found && !json_get_text(row, "open", "")[0])
            fail_row(row, "has no scenario, check or test, and no reason", "");
        covered += found;
        open += !found;
        buf_printf(out, "| %s | ", json_key(row));
        markup_markdown(out, json_get_text(row, "text", ""));
        buf_printf(out, " | %s%s |\n", found ? "" : "open: ",
                   found ? buf_text(&proof) : json_get_text(row, "open", ""));
        buf_release(&proof);
    }
    buf_printf(out, "\n%zu of %zu are caught, %zu open.\n", covered,
               json_count(rows), open);
}

/* Reads the tree it stands in: the working folder is its root. */
static void print_coverage(struct buf *out)
{
    struct err err = { 0 };
    struct scenarios all = { 0 };
    struct json *catalogue = json_load("docs/catalogue.json", &err);

    if (!catalogue || !scenarios_load(&all, "scenarios", &err)) {
        fprintf(stderr, "gatedrill-docs: %s: %s\n", err.where, err.text);
        exit(1);
    }
    buf_add_text(
        out, "# Coverage\n\nGenerated from `docs/catalogue.json` and the "
             "`sources` of all scenarios by `./dev docs`, which fails where "
             "a row has neither a scenario, a check, a test nor a reason "
             "to be open.\n\n"
             "## Failure catalogue\n");
    print_covered(out, json_get(catalogue, "catalogue"), &all);
    buf_add_text(out, "\n## Requirements of the drill\n");
    print_covered(out, json_get(catalogue, "requirements"), &all);
    buf_add_text(out, "\n## What to expect after which answer\n");
    print_covered(out, json_get(catalogue, "answers"), &all);
    scenarios_release(&all);
    json_free(catalogue);
}

static void print_credentials(struct buf *out)
{
    static const char *const places[] = {
        [CREDENTIAL_REQUEST] = "header of a request",
        [CREDENTIAL_ANSWER] = "header of an answer",
        [CREDENTIAL_QUERY] = "parameter of a URL",
    };

    buf_add_text(
        out, "# Where credentials come\n\nGenerated from "
             "`common/credential.c` by `./dev docs`: the one list. What comes "
             "in these headers of a request the mock's journal names by its "
             "fingerprint, `Bearer` taken off, and the check "
             "`one_credential` counts it. Where a key is accepted, a healthy "
             "upstream takes it; elsewhere it opens nothing. What telemetry "
             "captures of any of these places fails the check "
             "`over_collection`.\n\n| name | place | a key is accepted | "
             "source |\n|---|---|---|---|\n");
    for (const struct credential_row *row = credential_rows; row->name; row++)
        buf_printf(out, "| `%s` | %s | %s | %s |\n", row->name,
                   places[row->place], row->accepted ? "yes" : "no", row->text);
}

static const struct page pages[] = {
    { .file = "scenarios/schema/scenario.schema.json",
      .schema = scenario_schema },
    { .file = "scenarios/schema/suite.schema.json",
      .title = "Suite",
      .table = suite_table },
    { .file = "scenarios/schema/fixture.schema.json",
      .title = "Fixture",
      .table = fixture_table },
    { .file = "scenarios/schema/profile.schema.json",
      .title = "Gateway profile",
      .table = profile_table },
    { .file = "scenarios/schema/runbook.schema.json",
      .title = "Runbook",
      .table = runbook_table },
    { .file = "scenarios/schema/verdicts.schema.json",
      .title = "Verdicts known beforehand",
      .table = expectation_table },
    { .file = "docs/scenario-format.md", .print = scenario_write_doc },
    { .file = "docs/gateway-profile.md",
      .title = "profile",
      .table = profile_table },
    { .file = "docs/runbook.md", .title = "runbook", .table = runbook_table },
    { .file = "docs/faults.md", .print = print_faults },
    { .file = "docs/checks.md", .print = print_checks },
    { .file = "docs/credentials.md", .print = print_credentials },
    { .file = "docs/coverage.md", .print = print_coverage },
    { 0 },
};

/* The schema of one table as a document of its own. */
static struct json *table_schema(const struct page *page)
{
    struct json *schema = bind_schema(page->table);
    struct json *document = json_new_object();

    json_add_text(document, "$schema",
                  "https://json-schema.org/draft/2020-12/schema");
    json_add_text(document, "title", page->title);
    for (const struct json *at = json_first(schema); at; at = json_next(at)) {
        struct json *member = json_copy(at);

        /* Editors find the schema by this key; every file may have it. */
        if (!strcmp(json_key(at), "properties"))
            json_add_text(json_add_object(member, "$schema"), "type", "string");
        json_add(document, json_key(at), member);
    }
    json_free(schema);
    return document;
}

static void print_schema(const struct page *page)
{
    struct json *schema = page->schema ? page->schema() : table_schema(page);
    char *text = json_print_pretty(schema);

    puts(text);
    free(text);
    json_free(schema);
}

static void print_page(const struct page *page)
{
    struct buf out = { 0 };
    size_t length = strlen(page->file);

    if (length > 5 && !strcmp(page->file + length - 5, ".json")) {
        print_schema(page);
        return;
    }
    if (page->print)
        page->print(&out);
    else
        bind_write_doc(&out, page->table, page->title);
    fputs(buf_text(&out), stdout);
    buf_release(&out);
}

int main(int argc, char **argv)
{
    for (const struct page *page = pages; page->file; page++) {
        if (argc == 1)
            puts(page->file);
        else if (argc == 2 && !strcmp(argv[1], page->file)) {
            print_page(page);
            return 0;
        }
    }
    if (argc == 1)
        return 0;
    fputs("usage: gatedrill-docs [FILE]; without FILE it names them\n", stderr);
    return 2;
}
