#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cli.h"
#include "harness/cmd.h"
#include "harness/home.h"
#include "harness/evidence/report.h"
#include "harness/evidence/run_folder.h"
#include "harness/outlet.h"

static void write_help(const struct cli_option *options)
{
    outlet_say(
        stdout,
        "usage: gatedrill report RUN [--report FORMAT[=FILE]]...\n\n"
        "Prints a finished run again from its evidence alone. RUN is its "
        "folder.\nA run that was killed is printed as far as it went.\n\n");
    cli_write_help(stdout, options);
    outlet_say(stdout, "\nformats:\n");
    for (size_t i = 0; reports[i]; i++)
        outlet_say(stdout, "  %-14s %s\n", reports[i]->name, reports[i]->text);
}

static bool check_input(const struct cli_list *rest,
                        const struct cli_list *formats, struct err *err)
{
    char *document;
    bool there;

    if (rest->count != 1) {
        err_set(err, ERR_USAGE, "report",
                "wants one run's folder, got %zu; usage: gatedrill report RUN",
                rest->count);
        return false;
    }
    document = path_join(rest->items[0], "run.json");
    there = access(document, R_OK) == 0;
    free(document);
    if (!there) {
        err_set(err, ERR_USAGE, rest->items[0],
                "is not the folder of a run: it holds no run.json that can be "
                "read; a run stands in <out>/<run_id>");
        return false;
    }
    for (size_t i = 0; i < formats->count; i++)
        if (!report_spec_check(formats->items[i], err))
            return false;
    return true;
}

static bool print_all(const struct run *run, const struct cli_list *formats,
                      struct err *err)
{
    if (formats->count == 0)
        return report_emit(run, "text", err);
    for (size_t i = 0; i < formats->count; i++)
        if (!report_emit(run, formats->items[i], err))
            return false;
    return true;
}

int cmd_report(int argc, char **argv)
{
    struct cli_list rest = { 0 }, formats = { 0 };
    bool help = false;
    const struct cli_option options[] = {
        { .name = "report",
          .kind = CLI_LIST,
          .out = &formats,
          .argument = "FORMAT[=FILE]",
          .help = "may be repeated; default text, on standard output" },
        { .name = "help", .kind = CLI_FLAG, .out = &help, .help = "this text" },
        { 0 },
    };
    struct run run = { 0 };
    struct err err = { 0 };
    int code = EXIT_PASS;

    if (!cli_parse(options, argc, argv, &rest, &err))
        code = cmd_fail(&err);
    else if (help)
        write_help(options);
    else if (!check_input(&rest, &formats, &err) ||
             !run_load(&run, rest.items[0], &err))
        code = cmd_fail(&err);
    else {
        if (run.note[0])
            outlet_say(stderr, "gatedrill: %s: %s\n", rest.items[0], run.note);
        if (!print_all(&run, &formats, &err))
            code = cmd_fail(&err);
    }
    run_release(&run);
    cli_list_release(&rest);
    cli_list_release(&formats);
    return code;
}
