/*
 * cmd: the subcommands of gatedrill. One file a subcommand and one row in
 * main.c's table. argv[0] is the subcommand's name.
 */
#ifndef GATEDRILL_HARNESS_CMD_H
#define GATEDRILL_HARNESS_CMD_H

#include "common/err.h"

/* Exit codes of the contract. */
enum exit_code {
    EXIT_PASS = 0,
    EXIT_FAIL = 1,
    EXIT_USAGE = 2, /* command line or input is wrong; nothing was run */
    EXIT_HOLD = 3,  /* no fail, at least one hold, or nothing to judge */
    EXIT_BROKE = 4, /* the harness itself broke */
    EXIT_INTERRUPTED = 130,
};

struct cmd {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help; /* one line */
};

int cmd_explain(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_repro(int argc, char **argv);
int cmd_run(int argc, char **argv);

/* Prints "gatedrill: where: text" on stderr; EXIT_USAGE for what the caller
 * gave (ERR_USAGE, ERR_SYNTAX, ERR_SCHEMA), else EXIT_BROKE. */
int cmd_fail(const struct err *err);

#endif
