#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "common/core_files.h"
#include "common/json.h"
#include "common/log.h"
#include "common/nearest.h"
#include "harness/cmd.h"
#include "harness/launch/process.h"
#include "harness/outlet.h"

static const struct cmd cmds[] = {
    { "run", cmd_run, "drills a gateway and writes the evidence" },
    { "explain", cmd_explain, "what a case does and what is allowed, and why" },
    { "repro", cmd_repro, "runs the case of a record again" },
    { "lint", cmd_lint, "checks scenarios, profiles and runbooks" },
    { "list", cmd_list, "what there is: scenarios, faults, checks, ..." },
    { "report", cmd_report, "prints a finished run again, in any format" },
    { 0 },
};

static void write_usage(FILE *out)
{
    outlet_say(out,
               "usage: gatedrill COMMAND [OPTION...]\n\n"
               "Drills an LLM gateway: injects upstream faults, counts what "
               "arrives,\njudges it against the runbook, writes evidence.\n\n");
    for (const struct cmd *cmd = cmds; cmd->name; cmd++)
        outlet_say(out, "  %-8s  %s\n", cmd->name, cmd->help);
    outlet_say(out,
               "\nOptions: --version, --help; gatedrill COMMAND --help says "
               "more.\n\nexit codes: 0 pass, 1 fail, 2 wrong command line or "
               "input, 3 hold,\n4 the harness broke, 130 interrupted\n");
}

static int unknown(const char *word)
{
    struct nearest nearest = { .word = word };
    struct err err;

    for (const struct cmd *cmd = cmds; cmd->name; cmd++)
        nearest_consider(&nearest, cmd->name);
    err_set(&err, ERR_USAGE, NULL,
            "there is no command \"%s\"%s%s%s; see "
            "gatedrill --help",
            word, nearest.best ? "; did you mean \"" : "",
            nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
    return cmd_fail(&err);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : NULL;

    /* Hundreds of threads that mostly wait share two heaps: what one of them
     * needed for a moment, the next one may have. */
    mallopt(M_ARENA_MAX, 2);
    core_files_forbid();
    json_wipe_freed();
    process_raise_descriptors();
    log_init("gatedrill", LOG_WARNING);
    if (!word) {
        write_usage(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(word, "--help") || !strcmp(word, "-h") ||
        !strcmp(word, "help")) {
        write_usage(stdout);
        return EXIT_PASS;
    }
    if (!strcmp(word, "--version")) {
        outlet_say(stdout, "gatedrill %s\n", GATEDRILL_VERSION);
        return EXIT_PASS;
    }
    for (const struct cmd *cmd = cmds; cmd->name; cmd++)
        if (!strcmp(cmd->name, word))
            return cmd->run(argc - 1, argv + 1);
    return unknown(word);
}
