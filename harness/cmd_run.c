#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cli.h"
#include "harness/evidence/baseline.h"
#include "harness/client/client.h"
#include "harness/cmd.h"
#include "harness/drill/drill.h"
#include "harness/evidence/expectation.h"
#include "harness/run_command.h"
#include "harness/outlet.h"

/* Whichever thread the signal interrupts. */
static struct drill *_Atomic stopping;

/* Only sets a flag: workers see it and end what they started. */
static void run_on_signal(int number)
{
    struct drill *drill = stopping;

    (void)number;
    if (drill)
        drill->cancelled = 1;
}

static void run_catch_signals(struct drill *drill)
{
    struct sigaction action = { .sa_handler = run_on_signal };

    stopping = drill;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, drill ? &action : &(struct sigaction){ 0 }, NULL);
    sigaction(SIGTERM, drill ? &action : &(struct sigaction){ 0 }, NULL);
    sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
    /* A file that may not grow is a write that fails, like a full disk. */
    sigaction(SIGXFSZ, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
}

static int run_exit_code(const struct run *run)
{
    switch (run_deciding_verdict(run)) {
    case VERDICT_PASS:
        return EXIT_PASS;
    case VERDICT_FAIL:
        return EXIT_FAIL;
    case VERDICT_HOLD:
    case VERDICT_NOT_APPLICABLE:
        break;
    }
    return EXIT_HOLD;
}

/* With --expect, what is listed decides. */
static int run_compare(const struct run_command *command, const struct run *run)
{
    struct buf why = { 0 };
    int64_t held;
    int code;

    if (!command->expect)
        return run_exit_code(run);
    if (!expectation_met(&command->expectation, run, &held, &why)) {
        outlet_say(stderr, "not as expected (%s):\n%s", command->expect,
                   buf_text(&why));
        code = EXIT_FAIL;
    } else {
        outlet_say(stderr, "as expected (%s)%s\n", command->expect,
                   held ? "; some cases are hold" : "");
        code = held || run->results.count == 0 ? EXIT_HOLD : EXIT_PASS;
    }
    buf_release(&why);
    return code;
}

static bool run_wanted(const void *context, const char *case_id)
{
    const struct drill_options *o = context;
    bool wanted = o->filter_count == 0;

    for (size_t i = 0; i < o->filter_count; i++)
        wanted |= case_matches(case_id, o->filters[i]);
    return wanted && o->shards < 2;
}

/* What got worse, or is judged no more, is red whatever else came out. */
static bool run_beside_baseline(const struct run_command *command,
                                const struct run *run)
{
    struct buf words = { 0 };
    bool ok = true;

    if (command->baseline_path) {
        ok = baseline_compare(&words, &command->baseline, run, run_wanted,
                              &command->options);
        outlet_say(stderr, "baseline\n%s", buf_text(&words));
    }
    buf_release(&words);
    return ok;
}

static int run_finish(const struct run_command *command, struct drill *drill)
{
    struct err err = { 0 };
    int code;

    for (size_t i = 0; i < command->reports.count; i++)
        if (!report_emit(&drill->run, command->reports.items[i], &err))
            return cmd_fail(&err);
    code = run_compare(command, &drill->run);
    if (!run_beside_baseline(command, &drill->run))
        code = EXIT_FAIL;
    fflush(stdout);
    return code;
}

int run_command_execute(struct run_command *command)
{
    struct drill drill;
    struct err err = { 0 };
    int code;

    client_global_init();
    if (!drill_open(&drill, &command->options, &err)) {
        /* Whatever it was, it was about what the caller gave. */
        cmd_fail(&err);
        code = EXIT_USAGE;
        drill_close(&drill);
        client_global_release();
        return code;
    }
    run_catch_signals(&drill);
    if (!drill_execute(&drill, &err)) {
        code = cmd_fail(&err);
        code = code == EXIT_USAGE ? EXIT_BROKE : code;
    } else if (drill.run.interrupted) {
        outlet_say(stderr, "gatedrill: stopped; what was finished is in %s\n",
                   drill.folder.path);
        code = EXIT_INTERRUPTED;
    } else {
        code = run_finish(command, &drill);
    }
    run_catch_signals(NULL);
    drill_close(&drill);
    client_global_release();
    return code;
}

int cmd_run(int argc, char **argv)
{
    struct run_command command;
    struct err err = { 0 };
    int code;

    if (!run_command_parse(&command, argc, argv, &err))
        code = command.help ? EXIT_PASS : (cmd_fail(&err), EXIT_USAGE);
    else
        code = run_command_execute(&command);
    run_command_release(&command);
    return code;
}
