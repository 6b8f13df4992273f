#include "mockserver/options.h"

#include <stdio.h>
#include <string.h>

#include "common/answer.h"

#define OPTIONS_COUNT 13

static void options_table(struct cli_option table[static OPTIONS_COUNT],
                          struct options *out)
{
    const struct cli_option rows[OPTIONS_COUNT] = {
        { "listen", CLI_LIST, &out->listen, 0, 0, "NAME=ADDR:PORT",
          "an upstream used without a harness; port 0 takes any" },
        { "admin", CLI_STRING, &out->admin, 0, 0, "ADDR:PORT",
          "the control port; default 127.0.0.1:0" },
        { "admin-token-file", CLI_STRING, &out->admin_token_file, 0, 0, "FILE",
          "its first line is the token the control port wants" },
        { "advertise", CLI_LIST, &out->advertise, 0, 0, "NAME=URL",
          "what the ready line says instead of the bound address" },
        { "script", CLI_STRING, &out->script, 0, 0, "FILE",
          "what the listeners do: {\"upstreams\": {NAME: [steps]}}" },
        { "scenarios", CLI_STRING, &out->scenarios, 0, 0, "DIR",
          "scenarios for /s/<id>/ paths and drill/<id> models" },
        { "dialect", CLI_STRING, &out->dialect, 0, 0, "NAME",
          "how errors are worded; default cometapi" },
        { "credential", CLI_LIST, &out->credential, 0, 0, "NAME=ENVVAR",
          "the key this upstream takes stands in that variable" },
        { "journal", CLI_STRING, &out->journal, 0, 0, "FILE",
          "append each attempt's line to it" },
        { "seed", CLI_INT, &out->seed, 0, INT64_MAX, "N",
          "where request ids start; default 1" },
        { "help", CLI_FLAG, &out->help, 0, 0, NULL, "this text" },
        { "version", CLI_FLAG, &out->version, 0, 0, NULL, "the version" },
        { 0 },
    };

    memcpy(table, rows, sizeof rows);
}

bool options_read(struct options *out, int argc, char **argv, struct err *err)
{
    struct cli_option table[OPTIONS_COUNT];

    *out = (struct options){ .admin = "127.0.0.1:0", .seed = 1 };
    options_table(table, out);
    if (cli_parse(table, argc, argv, NULL, err))
        return true;
    options_release(out);
    return false;
}

void options_release(struct options *options)
{
    cli_list_release(&options->listen);
    cli_list_release(&options->advertise);
    cli_list_release(&options->credential);
}

void options_write_help(FILE *out)
{
    struct cli_option table[OPTIONS_COUNT];
    struct options unused = { 0 };

    options_table(table, &unused);
    fprintf(out, "usage: gatedrill-mock [options]\n"
                 "An upstream that does, byte for byte, what a script says.\n"
                 "\n");
    cli_write_help(out, table);
}

bool options_pair(const char *option, const char *text, char *name,
                  size_t name_size, const char **value, struct err *err)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;

    if (length && length < name_size && equals[1] && text[0] >= 'a' &&
        text[0] <= 'z' &&
        strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789") == length) {
        snprintf(name, name_size, "%.*s", (int)length, text);
        *value = equals + 1;
        return true;
    }
    err_set(err, ERR_USAGE, option,
            "\"%s\" is not NAME=VALUE with an upstream's name (%s)", text,
            UPSTREAM_NAME_PATTERN);
    return false;
}
