#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cli.h"
#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/client.h"
#include "harness/cmd.h"
#include "harness/drill.h"
#include "harness/expectation.h"
#include "harness/run_command.h"
#include "harness/terminal.h"

static struct drill *volatile stopping;

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
}

/* "--report FORMAT[=FILE]": to stdout, or to a file of the caller's. */
static bool run_print_reports(const struct run_command *command,
                              const struct run *run, struct err *err)
{
    for (size_t i = 0; i < command->reports.count; i++) {
        const char *word = command->reports.items[i];
        const char *equals = strchr(word, '=');
        char *name =
            equals ? xstrndup(word, (size_t)(equals - word)) : xstrdup(word);
        const struct report *report = report_find(name);
        bool live;
        struct report_style style = terminal_look(stdout, &live);
        struct buf text = { 0 };
        FILE *out = equals ? fopen(equals + 1, "we") : stdout;

        free(name);
        if (!out) {
            err_set_errno(err, ERR_IO, equals + 1);
            return false;
        }
        if (equals)
            style = (struct report_style){ 0 };
        report->print(&text, run, &style);
        fwrite(text.data, 1, text.length, out);
        buf_release(&text);
        if (equals && fclose(out) != 0) {
            err_set_errno(err, ERR_IO, equals + 1);
            return false;
        }
    }
    return true;
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
        printf("\nnot as expected (%s):\n%s", command->expect, buf_text(&why));
        code = EXIT_FAIL;
    } else {
        printf("\nas expected (%s)%s\n", command->expect,
               held ? "; some cases are hold" : "");
        code = held || run->results.count == 0 ? EXIT_HOLD : EXIT_PASS;
    }
    buf_release(&why);
    return code;
}

static int run_finish(const struct run_command *command, struct drill *drill)
{
    struct err err = { 0 };
    struct buf why = { 0 };
    int code;

    if (!run_print_reports(command, &drill->run, &err))
        return cmd_fail(&err);
    if (drill->profile.breaks.count) {
        bool as_expected = run_breaks_as_expected(&drill->run, &why);

        printf("\nknown-bad gateway: %s%s\n",
               as_expected ? "fails exactly what its profile names"
                           : "not as its profile says: ",
               as_expected ? "" : buf_text(&why));
        buf_release(&why);
    }
    code = run_compare(command, &drill->run);
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
        code = cmd_fail(&err);
        drill_close(&drill);
        client_global_release();
        return code;
    }
    run_catch_signals(&drill);
    if (!drill_execute(&drill, &err)) {
        code = cmd_fail(&err);
        code = code == EXIT_USAGE ? EXIT_BROKE : code;
    } else if (drill.run.interrupted) {
        fprintf(stderr, "gatedrill: stopped; what was finished is in %s\n",
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
        code = command.help ? EXIT_PASS : cmd_fail(&err);
    else
        code = run_command_execute(&command);
    run_command_release(&command);
    return code;
}
