#include "common/cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/nearest.h"
#include "common/xalloc.h"

static void list_add(struct cli_list *list, const char *item)
{
    list->items =
        xgrow(list->items, list->count, &list->capacity, sizeof *list->items);
    list->items[list->count++] = item;
}

void cli_list_release(struct cli_list *list)
{
    if (!list)
        return;
    free(list->items);
    *list = (struct cli_list){ 0 };
}

static const struct cli_option *option_find(const struct cli_option *options,
                                            const char *name, size_t length)
{
    for (const struct cli_option *o = options; o->name; o++) {
        if (strlen(o->name) == length && !strncmp(o->name, name, length))
            return o;
    }
    return NULL;
}

static bool unknown_option(const struct cli_option *options, const char *word,
                           size_t length, struct err *err)
{
    char *name = xstrndup(word + 2, length);
    struct nearest nearest = { .word = name };

    for (const struct cli_option *o = options; o->name; o++)
        nearest_consider(&nearest, o->name);
    if (nearest.best)
        err_set(err, ERR_USAGE, NULL,
                "--%s: unknown option; did you mean \"--%s\"?", name,
                nearest.best);
    else
        err_set(err, ERR_USAGE, NULL, "--%s: unknown option; see --help", name);
    free(name);
    return false;
}

static bool read_int(const struct cli_option *option, const char *value,
                     struct err *err)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(value, &end, 10);
    /* strtoll would take leading blanks. */
    if (end == value || *end || errno || strchr(" \t\n\v\f\r", value[0]) ||
        number < option->min || number > option->max) {
        err_set(err, ERR_USAGE, NULL,
                "--%s: \"%s\" is not a whole number in %" PRId64 "..%" PRId64,
                option->name, value, option->min, option->max);
        return false;
    }
    *(int64_t *)option->out = number;
    return true;
}

static bool store(const struct cli_option *option, const char *value,
                  struct err *err)
{
    switch (option->kind) {
    case CLI_FLAG:
        *(bool *)option->out = true;
        return true;
    case CLI_STRING:
        *(const char **)option->out = value;
        return true;
    case CLI_INT:
        return read_int(option, value, err);
    case CLI_LIST:
        list_add(option->out, value);
        return true;
    }
    return false;
}

/* Reads the option at argv[*i]; *i moves to its value when that is a word. */
static bool read_option(const struct cli_option *options, int argc, char **argv,
                        int *i, struct err *err)
{
    const char *word = argv[*i];
    size_t length = strcspn(word + 2, "=");
    const char *value = word[2 + length] ? word + 2 + length + 1 : NULL;
    const struct cli_option *option = option_find(options, word + 2, length);

    if (!option)
        return unknown_option(options, word, length, err);
    if (option->kind == CLI_FLAG && value) {
        err_set(err, ERR_USAGE, NULL, "--%s: takes no value", option->name);
        return false;
    }
    if (option->kind != CLI_FLAG && !value) {
        if (*i + 1 >= argc) {
            err_set(err, ERR_USAGE, NULL, "--%s: %s is missing", option->name,
                    option->argument ? option->argument : "its value");
            return false;
        }
        value = argv[++*i];
    }
    return store(option, value, err);
}

bool cli_parse(const struct cli_option *options, int argc, char **argv,
               struct cli_list *rest, struct err *err)
{
    bool options_over = false;

    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];

        if (!options_over && !strcmp(word, "--")) {
            options_over = true;
        } else if (!options_over && !strncmp(word, "--", 2)) {
            if (!read_option(options, argc, argv, &i, err))
                return false;
        } else if (!options_over && word[0] == '-' && word[1]) {
            err_set(err, ERR_USAGE, NULL,
                    "%s: options have two dashes; see --help", word);
            return false;
        } else if (!rest) {
            err_set(err, ERR_USAGE, NULL, "%s: this word is not expected here",
                    word);
            return false;
        } else {
            list_add(rest, word);
        }
    }
    return true;
}

static int left_width(const struct cli_option *option)
{
    int width = (int)strlen(option->name) + 2;

    if (option->kind != CLI_FLAG)
        width += 1 + (int)strlen(option->argument ? option->argument : "VALUE");
    return width;
}

void cli_write_help(FILE *out, const struct cli_option *options)
{
    int widest = 0;

    for (const struct cli_option *o = options; o->name; o++) {
        if (left_width(o) > widest)
            widest = left_width(o);
    }
    for (const struct cli_option *o = options; o->name; o++) {
        fprintf(out, "  --%s", o->name);
        if (o->kind != CLI_FLAG)
            fprintf(out, " %s", o->argument ? o->argument : "VALUE");
        fprintf(out, "%*s  %s\n", widest - left_width(o), "",
                o->help ? o->help : "");
    }
}
