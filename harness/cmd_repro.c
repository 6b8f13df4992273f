#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cli.h"
#include "common/xalloc.h"
#include "harness/client/client.h"
#include "harness/cmd.h"
#include "harness/home.h"
#include "harness/run_command.h"
#include "harness/text_file.h"
#include "harness/outlet.h"

/* What a record says about how to run its case again. */
struct repro {
    char *profile;   /* path below the run's inputs/ */
    char *scenarios; /* likewise */
    char *case_id;
    int64_t seed;
};

static void repro_release(struct repro *repro)
{
    free(repro->profile);
    free(repro->scenarios);
    free(repro->case_id);
    *repro = (struct repro){ 0 };
}

static bool repro_read(struct repro *out, const char *path, struct err *err)
{
    struct json *record = json_load(path, err);
    const struct json *extensions = json_get(record, "extensions");
    const char *case_id = json_get_text(extensions, "case", NULL);
    char *records = path_folder(path);
    char *run = path_folder(records);
    char *inputs = path_join(run, "inputs");
    bool ok = false;

    *out = (struct repro){ 0 };
    if (!record)
        goto done;
    if (!case_id) {
        err_set(err, ERR_USAGE, path,
                "is no evidence record: $.extensions.case is missing");
        goto done;
    }
    out->case_id = xstrdup(case_id);
    out->seed = json_get_int(extensions, "seed", -1);
    out->profile = path_join(inputs, "gateway/profile.json");
    out->scenarios = path_join(inputs, "scenarios");
    if (access(out->profile, R_OK) != 0) {
        err_set(err, ERR_USAGE, out->profile,
                "the run's inputs are not beside the record; keep the record "
                "in its run's folder");
        repro_release(out);
        goto done;
    }
    ok = true;

done:
    json_free(record);
    free(inputs);
    free(run);
    free(records);
    return ok;
}

/* Put the script of the case's first phase behind a slot's listeners. */
static bool repro_arm(struct drill *drill, struct slot *slot,
                      const struct drill_case *c, struct drill_id id,
                      struct err *err)
{
    struct mock_script script;
    struct mock_probes probes = { 0 };
    bool ok;

    if (!slot_script(&script, slot, &c->phases[0], err))
        return false;
    ok = mock_control_put(&drill->control, id, &script, err) &&
         mock_control_lease(&drill->control, slot->id, id, &probes, err);
    mock_probes_release(&probes);
    return ok;
}

/* A file for the caller's shell, since no key is to stand on a terminal or in
 * the arguments of a program. The text is wiped. */
static void repro_keep(const struct slot *slot, const char *name,
                       struct buf *text)
{
    char *path = path_join(slot->gateway.folder, name);
    struct err err = { 0 };

    if (!text_file_write(path, buf_text(text), &err))
        cmd_fail(&err);
    buf_release(text);
    free(path);
}

/* NAME='value' as a shell reads it. */
static void repro_add_export(struct buf *out, const char *pair)
{
    size_t name = strcspn(pair, "=");

    buf_printf(out, "export %.*s='", (int)name, pair);
    for (const char *at = pair + name + (pair[name] == '='); *at; at++)
        buf_add_text(out, *at == '\'' ? "'\\''" : (char[]){ *at, '\0' });
    buf_add_text(out, "'\n");
}

static void repro_print_gateway(const struct slot *slot)
{
    const struct gateway *gateway = &slot->gateway;
    struct err err = { 0 };
    char **environment = gateway_environment(gateway, &err);
    char **command = gateway_command(gateway, &err);
    struct buf script = { 0 };

    outlet_say(stdout, "files      %s\nenvironment", gateway->folder);
    for (size_t i = 0; environment && environment[i]; i++) {
        outlet_say(stdout, " '%s'", environment[i]);
        repro_add_export(&script, environment[i]);
    }
    repro_keep(slot, "environment.sh", &script);
    outlet_say(stdout, "\n           with the keys: . %s/environment.sh\n",
               gateway->folder);
    outlet_say(stdout, "command   ");
    for (size_t i = 0; command && command[i]; i++)
        outlet_say(stdout, " '%s'", command[i]);
    outlet_say(stdout, "\nroute      %s\n", gateway->url);
    gateway_texts_free(environment);
    gateway_texts_free(command);
}

static void repro_print_curl(const struct drill *drill, const struct slot *slot,
                             const struct drill_case *c, const char *url,
                             const char *key, struct drill_id id)
{
    struct fixture_fill fill = { .model = drill->profile.client.model,
                                 .id = id,
                                 .canary = "repro",
                                 .stream = c->phases[0].client.stream,
                                 .body_bytes = -1 };
    const struct fixture *fixture =
        drill_fixture(drill, c->phases[0].client.fixture);
    char *body = fixture_body(fixture, &fill);
    struct buf header = { 0 };

    buf_printf(&header, "Authorization: Bearer %s\n", key);
    repro_keep(slot, "client.header", &header);
    outlet_say(stdout,
               "curl -i -N -H @%s/client.header -H 'Content-Type: "
               "application/json' -d '%s' %s\n",
               slot->gateway.folder, body, url);
    free(body);
}

static void repro_wait(void)
{
    sigset_t set;
    int number;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    outlet_say(stdout, "serving until SIGINT\n");
    fflush(stdout);
    sigwait(&set, &number);
}

/* Holds the mock up with the case's script. The keys, which are this run's own
 * planted ones, stand in files of its working folder. */
static int repro_hold(struct run_command *command, bool serve)
{
    struct drill drill;
    struct slot *slot = xcalloc(1, sizeof *slot);
    struct err err = { 0 };
    struct drill_id id;
    const struct drill_case *c;
    struct slot_kind kind;
    int code = EXIT_BROKE;

    client_global_init();
    if (!drill_open(&drill, &command->options, &err)) {
        code = cmd_fail(&err);
        goto done;
    }
    c = &drill.cases[0].drill_case;
    kind = slot_kind_of(&drill, c);
    kind.shared = false;
    id = drill_new_id(&drill, c->id);
    id.epoch = 1;
    if (!drill_start(&drill, &err) ||
        !slot_prepare(slot, &drill, kind, 1, &err) ||
        !repro_arm(&drill, slot, c, id, &err)) {
        code = cmd_fail(&err);
        goto done;
    }
    outlet_say(stdout, "case       %s\n", c->id);
    for (size_t i = 0; i < slot->upstream_count; i++)
        outlet_say(stdout, "upstream   %s at %s\n", slot->upstreams[i].name,
                   slot->upstreams[i].url);
    if (!serve)
        repro_print_gateway(slot);
    {
        char *url =
            serve ? xasprintf("%s%s", slot->upstreams[0].url, drill.route_path)
                  : xstrdup(slot->gateway.url);

        /* Straight at the upstream it takes the key the gateway would send. */
        repro_print_curl(
            &drill, slot, c, url,
            serve && !slot_passes_credential(slot, slot->upstreams[0].name)
                ? slot->keys[0][0].text
                : slot->client_key.text,
            id);
        free(url);
    }
    repro_wait();
    code = EXIT_PASS;

done:
    slot_close(slot, &drill);
    free(slot);
    drill_close(&drill);
    client_global_release();
    return code;
}

int cmd_repro(int argc, char **argv)
{
    struct run_command command = { 0 };
    struct repro repro = { 0 };
    struct cli_list rest = { 0 };
    bool serve = false, no_start = false, help = false;
    const char *out = "gatedrill-out";
    const struct cli_option table[] = {
        { "serve", CLI_FLAG, &serve, 0, 0, NULL,
          "only hold the mock up with that script and print a curl line" },
        { "no-start", CLI_FLAG, &no_start, 0, 0, NULL,
          "print the gateway's configuration, environment and command, so that "
          "you start it under your debugger" },
        { "out", CLI_STRING, &out, 0, 0, "DIR",
          "where the run is written (gatedrill-out)" },
        { "help", CLI_FLAG, &help, 0, 0, NULL, "this" },
        { 0 },
    };
    struct err err = { 0 };
    char *argv_run[] = { (char[]){ "run" }, NULL };
    int code;

    if (!cli_parse(table, argc, argv, &rest, &err)) {
        code = cmd_fail(&err);
        goto done;
    }
    if (help || rest.count != 1) {
        outlet_say(help ? stdout : stderr,
                   "usage: gatedrill repro RECORD [OPTION...]\n\n");
        cli_write_help(help ? stdout : stderr, table);
        code = help ? EXIT_PASS : EXIT_USAGE;
        goto done;
    }
    if (!repro_read(&repro, rest.items[0], &err) ||
        !run_command_parse(&command, 1, argv_run, &err)) {
        code = cmd_fail(&err);
        goto done;
    }
    command.options.gateway = repro.profile;
    command.options.scenario_paths = (const char *const[]){ repro.scenarios };
    command.options.scenario_path_count = 1;
    command.options.filters = (const char *const[]){ repro.case_id };
    command.options.filter_count = 1;
    command.options.seed = repro.seed;
    command.options.out = out;
    code = serve || no_start ? repro_hold(&command, serve)
                             : run_command_execute(&command);

done:
    run_command_release(&command);
    repro_release(&repro);
    cli_list_release(&rest);
    return code;
}
