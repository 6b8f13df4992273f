#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cli.h"
#include "common/xalloc.h"
#include "harness/cmd.h"
#include "harness/evidence/expectation.h"
#include "harness/home.h"
#include "harness/launch/profile.h"
#include "harness/launch/profile_names.h"
#include "harness/drill/suite.h"
#include "harness/outlet.h"

static void warn_of_keys_in(const struct profile *profile,
                            const struct bind_texts *words, const char *place)
{
    for (size_t i = 0; i < words->count; i++)
        if (strstr(words->items[i], ".key}") ||
            strstr(words->items[i], ".key."))
            outlet_say(
                stderr,
                "%s: %s[%zu]: warning: a key in the arguments "
                "can be read by everybody on the machine; hand it over in "
                "start.env or start.files\n",
                profile->path, place, i);
}

/* Arguments anybody on the machine may read; the environment only who runs the
 * gateway. What is found there of a key is then by the profile's own will. */
static void warn_of_keys(const struct profile *profile)
{
    const struct bind_texts *prepare = profile->start.prepare.items;
    const struct profile_sink *sinks = profile->sinks.items;
    char place[64];

    warn_of_keys_in(profile, &profile->start.command, "$.start.command");
    warn_of_keys_in(profile, &profile->start.stop_command,
                    "$.start.stop_command");
    for (size_t i = 0; i < profile->start.prepare.count; i++) {
        snprintf(place, sizeof place, "$.start.prepare[%zu]", i);
        warn_of_keys_in(profile, &prepare[i], place);
    }
    for (size_t i = 0; i < profile->sinks.count; i++) {
        snprintf(place, sizeof place, "$.sinks[%zu].command", i);
        warn_of_keys_in(profile, &sinks[i].command, place);
    }
}

static bool lint_profile(const char *path, struct err *err)
{
    struct profile profile;
    struct runbook runbook = { 0 };
    bool ok = profile_load(&profile, path, err);

    if (!ok)
        return false;
    ok = profile_names_check(&profile, err) &&
         runbook_load(&runbook, profile.runbook_path, err);
    if (ok)
        warn_of_keys(&profile);
    runbook_release(&runbook);
    profile_release(&profile);
    return ok;
}

static bool lint_runbook(const char *path, struct err *err)
{
    struct runbook runbook;
    bool ok = runbook_load(&runbook, path, err);

    if (ok)
        runbook_release(&runbook);
    return ok;
}

static bool lint_suite(const char *path, struct err *err)
{
    struct suite suite;
    char *with_slash =
        strchr(path, '/') ? xstrdup(path) : xasprintf("./%s", path);
    bool ok = suite_load(&suite, "", with_slash, err);

    suite_release(&suite);
    free(with_slash);
    return ok;
}

static bool lint_expectation(const char *path, struct err *err)
{
    struct expectation expectation;
    bool ok = expectation_load(&expectation, path, err);

    expectation_release(&expectation);
    return ok;
}

static bool lint_scenario(const char *path, struct err *err)
{
    struct scenario scenario;
    char *folder = path_folder(path);
    char *root = path_folder(folder);
    bool ok = scenario_load(&scenario, path, root, err);

    if (ok)
        scenario_release(&scenario);
    free(root);
    free(folder);
    return ok;
}

/* What a file is, told by a member that only its kind has. */
static const struct lint_kind {
    const char *member;
    const char *name;
    bool (*lint)(const char *path, struct err *err);
} lint_kinds[] = {
    { "/route", "profile", lint_profile },
    { "/evidence_type", "scenario", lint_scenario },
    { "/upstreams/primary/0", "scenario", lint_scenario },
    { "/gateway", "verdicts", lint_expectation },
    { "/cases/0", "suite", lint_suite },
    { "/start", "profile", lint_profile },
    { "/retry", "runbook", lint_runbook },
    { "/fallback", "runbook", lint_runbook },
    { "/auth", "runbook", lint_runbook },
    { "/client_errors", "runbook", lint_runbook },
    { "/timeouts", "runbook", lint_runbook },
    { "/stream", "runbook", lint_runbook },
    { "/cancel", "runbook", lint_runbook },
    { "/cooldown", "runbook", lint_runbook },
    { "/redaction", "runbook", lint_runbook },
    { "/elapsed_buckets_ms", "runbook", lint_runbook },
    { "", "scenario", lint_scenario },
};

static bool lint_file(const char *path, const char **kind, struct err *err)
{
    struct json *document = json_load(path, err);
    bool ok = false;

    *kind = "file";
    if (!document)
        return false;
    if (json_kind(document) != JSON_OBJECT) {
        char *place = xasprintf("%s: $", path);

        err_set(err, ERR_SCHEMA, place, "is not an object");
        free(place);
        json_free(document);
        return false;
    }
    for (size_t i = 0; i < sizeof lint_kinds / sizeof lint_kinds[0]; i++) {
        if (json_pointer(document, lint_kinds[i].member)) {
            *kind = lint_kinds[i].name;
            ok = lint_kinds[i].lint(path, err);
            break;
        }
    }
    json_free(document);
    return ok;
}

int cmd_lint(int argc, char **argv)
{
    struct cli_list rest = { 0 };
    const struct cli_option table[] = { { 0 } };
    struct err err = { 0 };
    int code = EXIT_PASS;

    if (!cli_parse(table, argc, argv, &rest, &err)) {
        code = cmd_fail(&err);
    } else if (rest.count == 0) {
        outlet_say(stderr, "usage: gatedrill lint FILE...\n");
        code = EXIT_USAGE;
    }
    for (size_t i = 0; i < rest.count; i++) {
        const char *kind;

        err = (struct err){ 0 };
        if (lint_file(rest.items[i], &kind, &err)) {
            outlet_say(stdout, "%s: %s, valid\n", rest.items[i], kind);
        } else {
            fflush(stdout);
            /* Also what cannot be read: the file was named by the caller. */
            cmd_fail(&err);
            code = EXIT_USAGE;
        }
    }
    cli_list_release(&rest);
    return code;
}
