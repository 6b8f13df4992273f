#include "common/cli.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Where the options of every test go. */
struct words {
    bool json;
    const char *out;
    int64_t jobs;
    struct cli_list filter, rest;
};

static bool parse(struct words *w, bool with_rest, struct err *err,
                  const char *line)
{
    const struct cli_option options[] = {
        { "json", CLI_FLAG, &w->json, 0, 0, NULL, "as JSON" },
        { "out", CLI_STRING, &w->out, 0, 0, "DIR", "where to" },
        { "jobs", CLI_INT, &w->jobs, 1, 64, "N", "at once" },
        { "filter", CLI_LIST, &w->filter, 0, 0, "GLOB", "which" },
        { 0 },
    };
    static char text[256];
    char *argv[32] = { text };
    int argc = 1;

    memcpy(text, line, strlen(line) + 1);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    *w = (struct words){ 0 };
    return cli_parse(options, argc, argv, with_rest ? &w->rest : NULL, err);
}

Test(cli, all_kinds_are_read_in_both_spellings)
{
    struct words w;
    struct err err;

    cr_assert(parse(&w, true, &err,
                    "a --json --out=dir --jobs 8 --filter x b --filter=y=z "
                    "- -- --json"));
    cr_expect(w.json);
    cr_expect_str_eq(w.out, "dir");
    cr_expect_eq(w.jobs, 8);
    cr_assert_eq(w.filter.count, 2);
    cr_expect_str_eq(w.filter.items[1], "y=z");
    cr_assert_eq(w.rest.count, 4);
    cr_expect_str_eq(w.rest.items[2], "-");
    cr_expect_str_eq(w.rest.items[3], "--json");
    cli_list_release(&w.filter);
    cli_list_release(&w.rest);
}

Test(cli, empty_value_is_a_value)
{
    struct words w;
    struct err err;

    cr_assert(parse(&w, false, &err, "--out="));
    cr_expect_str_eq(w.out, "");
}

Test(cli, wrong_words_are_named)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        { "--job 8", "--job: unknown option; did you mean \"--jobs\"?" },
        { "--fitler=x",
          "--fitler: unknown option; did you mean \"--filter\"?" },
        { "--verbose", "--verbose: unknown option; see --help" },
        { "--out", "--out: DIR is missing" },
        { "--json=yes", "--json: takes no value" },
        { "--jobs 0", "--jobs: \"0\" is not a whole number in 1..64" },
        { "--jobs=65", "--jobs: \"65\" is not a whole number in 1..64" },
        { "--jobs 8x", "--jobs: \"8x\" is not a whole number in 1..64" },
        { "--jobs=", "--jobs: \"\" is not a whole number in 1..64" },
        { "--jobs 99999999999999999999",
          "--jobs: \"99999999999999999999\" is not a whole number in 1..64" },
        { "-v", "-v: options have two dashes; see --help" },
        { "word", "word: this word is not expected here" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct words w;
        struct err err = { 0 };

        cr_assert_not(parse(&w, false, &err, rows[i].line), "%s", rows[i].line);
        cr_expect_eq(err.code, ERR_USAGE);
        cr_expect_str_eq(err.text, rows[i].text);
        cli_list_release(&w.filter);
    }
}

Test(cli, help_is_aligned)
{
    const struct cli_option options[] = {
        { "json", CLI_FLAG, NULL, 0, 0, NULL, "as JSON" },
        { "out", CLI_STRING, NULL, 0, 0, "DIR", "where to" },
        { "seed", CLI_INT, NULL, 0, 9, NULL, "of chance" },
        { 0 },
    };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    cli_write_help(out, options);
    fclose(out);
    cr_expect_str_eq(text, "  --json        as JSON\n"
                           "  --out DIR     where to\n"
                           "  --seed VALUE  of chance\n");
    free(text);
}
