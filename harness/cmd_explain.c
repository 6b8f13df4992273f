#include <stdio.h>
#include <stdlib.h>

#include "common/cli.h"
#include "harness/cmd.h"
#include "harness/drill/drill.h"
#include "harness/oracle/oracle.h"
#include "harness/outlet.h"

static void explain_write_script(struct buf *out,
                                 const struct case_phase *phase)
{
    for (size_t i = 0; i < phase->upstream_count; i++) {
        const struct case_upstream *upstream = &phase->upstreams[i];

        for (size_t j = 0; j < upstream->script.count; j++) {
            bool last = j + 1 == upstream->script.count;

            buf_printf(out, "  %s, attempt %zu%s: ", upstream->name, j + 1,
                       last ? " and after" : "");
            step_describe(out, &upstream->script.steps[j]);
            buf_add_text(out, "\n");
        }
    }
    buf_add_text(out, "  every other upstream: a healthy answer\n");
}

static void explain_case(struct buf *out, const struct planned_case *planned)
{
    const struct drill_case *c = &planned->drill_case;

    buf_printf(out, "%s\n%s\nwhy: %s\n", c->id, c->title, c->why);
    if (c->not_applicable) {
        buf_printf(out, "not applicable: %s\n", c->not_applicable);
        return;
    }
    for (size_t i = 0; i < c->phase_count; i++) {
        const struct case_client *client = &c->phases[i].client;

        buf_printf(out, "\nphase %zu: the client sends %s%s, %lld time%s\n",
                   i + 1, client->fixture ? client->fixture : "minimal-chat",
                   client->stream ? ", streamed" : "",
                   (long long)(client->requests > 0 ? client->requests : 1),
                   client->requests > 1 ? "s" : "");
        explain_write_script(out, &c->phases[i]);
        buf_add_text(out, "allowed:\n");
        allowed_write(out, &planned->allowed[i]);
    }
}

int cmd_explain(int argc, char **argv)
{
    struct drill_options options = {
        .gateway = "refgw", .suite = "full", .seed = 0, .allow_production = true
    };
    struct cli_list rest = { 0 };
    struct cli_list scenarios = { 0 };
    bool help = false;
    const struct cli_option table[] = {
        { "gateway", CLI_STRING, &options.gateway, 0, 0, "PROFILE",
          "shipped profile's name or path of a profile.json (refgw)" },
        { "scenarios", CLI_LIST, &scenarios, 0, 0, "PATH",
          "a folder of scenarios or one file, instead of the shipped ones" },
        { "help", CLI_FLAG, &help, 0, 0, NULL, "this" },
        { 0 },
    };
    struct err err = { 0 };
    struct drill drill = { 0 };
    struct buf out = { 0 };
    int code = EXIT_PASS;

    if (!cli_parse(table, argc, argv, &rest, &err)) {
        code = cmd_fail(&err);
        goto done;
    }
    if (help || rest.count == 0) {
        outlet_say(help ? stdout : stderr,
                   "usage: gatedrill explain CASE... [--gateway PROFILE]\n\n");
        cli_write_help(help ? stdout : stderr, table);
        code = help ? EXIT_PASS : EXIT_USAGE;
        goto done;
    }
    options.filters = rest.items;
    options.filter_count = rest.count;
    options.scenario_paths = scenarios.items;
    options.scenario_path_count = scenarios.count;
    if (!drill_open(&drill, &options, &err)) {
        code = cmd_fail(&err);
    } else {
        for (size_t i = 0; i < drill.case_count; i++) {
            if (i)
                buf_add_text(&out, "\n");
            explain_case(&out, &drill.cases[i]);
        }
        outlet_say(stdout, "%s", buf_text(&out));
    }
    drill_close(&drill);

done:
    buf_release(&out);
    cli_list_release(&rest);
    cli_list_release(&scenarios);
    return code;
}
