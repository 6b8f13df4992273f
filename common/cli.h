/* cli: long options from a table; one way to read a command line for both
 * programs and every subcommand. */
#ifndef GATEDRILL_COMMON_CLI_H
#define GATEDRILL_COMMON_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "common/err.h"

enum cli_kind {
    CLI_FLAG,   /* --name                 out: bool * */
    CLI_STRING, /* --name VALUE           out: const char ** (borrowed argv) */
    CLI_INT,    /* --name N, min..max     out: int64_t * */
    CLI_LIST,   /* --name VALUE, repeated out: struct cli_list * */
};

struct cli_list {
    const char **items; /* borrowed from argv */
    size_t count;
    size_t capacity;
};

struct cli_option {
    const char *name; /* without the dashes; NULL ends the table */
    enum cli_kind kind;
    void *out;
    int64_t min, max;     /* CLI_INT */
    const char *argument; /* how help names the value */
    const char *help;
};

/*
 * Reads argv[1..]; both "--name value" and "--name=value". Words that are no
 * options go to rest (NULL: none are allowed). "--" ends the options.
 * Returns false and sets err (ERR_USAGE) naming the word, and the nearest
 * option when it looks like a slip of the finger.
 */
bool cli_parse(const struct cli_option *options, int argc, char **argv,
               struct cli_list *rest, struct err *err);
void cli_list_release(struct cli_list *list);
/* One aligned line an option. */
void cli_write_help(FILE *out, const struct cli_option *options);

#endif
