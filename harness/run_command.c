#include "harness/run_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/evidence/report.h"
#include "harness/outlet.h"

static bool run_parse_shard(struct run_command *command, struct err *err)
{
    struct drill_options *o = &command->options;
    char end;

    if (!command->shard)
        return true;
    if (sscanf(command->shard, "%" SCNd64 "/%" SCNd64 "%c", &o->shard,
               &o->shards, &end) != 2 ||
        o->shards < 1 || o->shards > 1000 || o->shard < 1 ||
        o->shard > o->shards) {
        err_set(err, ERR_USAGE, "--shard",
                "\"%s\" is not I/N with 1 <= I <= N <= 1000", command->shard);
        return false;
    }
    return true;
}

static bool run_check_reports(const struct run_command *command,
                              struct err *err)
{
    for (size_t i = 0; i < command->reports.count; i++)
        if (!report_spec_check(command->reports.items[i], err))
            return false;
    return true;
}

bool run_command_parse(struct run_command *out, int argc, char **argv,
                       struct err *err)
{
    static const char *const text_report[] = { "text" };
    struct drill_options *o = &out->options;
    const struct cli_option options[] = {
        { "gateway", CLI_STRING, &o->gateway, 0, 0, "PROFILE",
          "shipped profile's name or path of a profile.json (refgw)" },
        { "suite", CLI_STRING, &o->suite, 0, 0, "NAME",
          "promotion, full or live-safe (full)" },
        { "scenarios", CLI_LIST, &out->scenarios, 0, 0, "PATH",
          "a folder of scenarios or one file, instead of the shipped ones" },
        { "filter", CLI_LIST, &out->filters, 0, 0, "GLOB",
          "only cases whose id matches, such as 'transient*' or '*503*'" },
        { "jobs", CLI_INT, &o->jobs, 1, 256, "N",
          "cases at once (sized to the waits)" },
        { "out", CLI_STRING, &o->out, 0, 0, "DIR",
          "where runs are written (gatedrill-out)" },
        { "report", CLI_LIST, &out->reports, 0, 0, "FORMAT[=FILE]",
          "print the run in this form too; see list reports (text)" },
        { "seed", CLI_INT, &o->seed, 0, INT64_MAX, "N",
          "what keys, ids and texts are derived from (drawn)" },
        { "shard", CLI_STRING, &out->shard, 0, 0, "I/N",
          "only the I-th of N parts" },
        { "repeat", CLI_INT, &o->repeat, 1, 1000, "N", "every case N times" },
        { "shuffle", CLI_FLAG, &o->shuffle, 0, 0, NULL,
          "a second pass in an order drawn from the seed; says which verdicts "
          "depend on the order" },
        { "environment", CLI_STRING, &o->environment, 0, 0, "NAME",
          "instead of the profile's" },
        { "allow-production", CLI_FLAG, &o->allow_production, 0, 0, NULL,
          "drill an environment whose name starts with prod" },
        { "mock", CLI_STRING, &o->mock_admin, 0, 0, "ADMIN_URL",
          "use a mock that already runs" },
        { "expect", CLI_STRING, &out->expect, 0, 0, "VERDICTS.json",
          "known verdicts: listed failures are green, listed ones that pass "
          "are red" },
        { "baseline", CLI_STRING, &out->baseline_path, 0, 0, "RUN",
          "compare with an earlier run: what got worse or was lost is red" },
        { "no-api-reference", CLI_FLAG, &o->no_api_reference, 0, 0, NULL,
          "do not look for the API reference: promotion is hold" },
        { "quiet", CLI_FLAG, &o->quiet, 0, 0, NULL, "no progress" },
        { "help", CLI_FLAG, &out->help, 0, 0, NULL, "this" },
        { 0 },
    };

    *out = (struct run_command){ 0 };
    *o = (struct drill_options){ .gateway = "refgw",
                                 .suite = "full",
                                 .out = "gatedrill-out",
                                 .seed = -1,
                                 .repeat = 1 };
    if (!cli_parse(options, argc, argv, NULL, err))
        return false;
    if (out->help) {
        outlet_say(stdout, "usage: gatedrill run [OPTION...]\n\n");
        cli_write_help(stdout, options);
        return false;
    }
    o->scenario_paths = out->scenarios.items;
    o->scenario_path_count = out->scenarios.count;
    o->filters = out->filters.items;
    o->filter_count = out->filters.count;
    if (out->reports.count == 0) {
        out->reports.items = xcalloc(1, sizeof *out->reports.items);
        out->reports.items[0] = text_report[0];
        out->reports.count = 1;
    }
    return run_parse_shard(out, err) && run_check_reports(out, err) &&
           (!out->expect ||
            expectation_load(&out->expectation, out->expect, err)) &&
           (!out->baseline_path ||
            run_load(&out->baseline, out->baseline_path, err));
}

void run_command_release(struct run_command *command)
{
    expectation_release(&command->expectation);
    run_release(&command->baseline);
    cli_list_release(&command->scenarios);
    cli_list_release(&command->filters);
    cli_list_release(&command->reports);
}
