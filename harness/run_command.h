/* run_command: what `gatedrill run` was asked for, read from its command line;
 * `repro` builds one from a record. */
#ifndef GATEDRILL_HARNESS_RUN_COMMAND_H
#define GATEDRILL_HARNESS_RUN_COMMAND_H

#include "common/cli.h"
#include "harness/drill/drill.h"
#include "harness/evidence/expectation.h"

struct run_command {
    struct drill_options options;
    struct cli_list scenarios, filters, reports;
    const char *expect; /* path; NULL: none */
    struct expectation expectation;
    const char *baseline_path; /* NULL: none */
    struct run baseline;
    const char *shard;
    bool help; /* --help was printed */
};

/* Errors: ERR_USAGE, and those of the expectation file. */
bool run_command_parse(struct run_command *out, int argc, char **argv,
                       struct err *err);
void run_command_release(struct run_command *command);
/* Runs it to the exit code. */
int run_command_execute(struct run_command *command);

#endif
