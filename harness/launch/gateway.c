#include "harness/launch/gateway.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/xalloc.h"
#include "harness/home.h"
#include "harness/launch/ready.h"
#include "harness/text_file.h"

#define GATEWAY_TRIES      3
#define GATEWAY_TAIL_BYTES 600

void gateway_texts_free(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++) {
        xwipe(texts[i], strlen(texts[i]));
        free(texts[i]);
    }
    free(texts);
}

/* A name that is there already has the later value. */
static void environment_add(char ***list, size_t *count, const char *name,
                            const char *value)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < *count; i++) {
        if (strncmp((*list)[i], name, length) || (*list)[i][length] != '=')
            continue;
        xwipe((*list)[i], strlen((*list)[i]));
        free((*list)[i]);
        (*list)[i] = xasprintf("%s=%s", name, value);
        return;
    }
    *list = xrealloc(*list, (*count + 2) * sizeof **list);
    (*list)[(*count)++] = xasprintf("%s=%s", name, value);
    (*list)[*count] = NULL;
}

char **gateway_environment(const struct gateway *gateway, struct err *err)
{
    const struct profile *profile = gateway->profile;
    const struct profile_pairs *sources[2] = {
        &profile->start.env, gateway->variant ? &gateway->variant->env : NULL
    };
    const char *path = getenv("PATH");
    char *home = path_join(gateway->folder, "home");
    char **list = NULL;
    size_t count = 0;

    environment_add(&list, &count, "PATH",
                    path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");
    environment_add(&list, &count, "HOME", home);
    environment_add(&list, &count, "LANG", "C.UTF-8");
    environment_add(&list, &count, "TZ", "UTC");
    free(home);
    for (size_t i = 0; i < profile->start.pass_env.count; i++) {
        const char *name = profile->start.pass_env.items[i];
        const char *value = getenv(name);

        if (value)
            environment_add(&list, &count, name, value);
    }
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; sources[s] && i < sources[s]->count; i++) {
            const struct profile_pair *pair = &sources[s]->items[i];
            char *value =
                names_fill(&gateway->names, pair->value, "$.start.env", err);

            if (!value) {
                gateway_texts_free(list);
                return NULL;
            }
            environment_add(&list, &count, pair->name, value);
            xwipe(value, strlen(value));
            free(value);
        }
    }
    return list;
}

static char **command_fill(const struct names *names,
                           const struct bind_texts *words, const char *where,
                           struct err *err)
{
    char **argv = xcalloc(words->count + 1, sizeof *argv);

    for (size_t i = 0; i < words->count; i++) {
        argv[i] = names_fill(names, words->items[i], where, err);
        if (!argv[i]) {
            gateway_texts_free(argv);
            return NULL;
        }
    }
    return argv;
}

char **gateway_command(const struct gateway *gateway, struct err *err)
{
    return command_fill(&gateway->names, &gateway->profile->start.command,
                        "$.start.command", err);
}

static bool gateway_render_files(struct gateway *gateway, struct err *err)
{
    const struct profile_pairs *files = &gateway->profile->start.files;

    if (gateway->variant && gateway->variant->files.count)
        files = &gateway->variant->files;
    for (size_t i = 0; i < files->count; i++) {
        char *from = path_join(gateway->profile->folder, files->items[i].value);
        char *to = path_join(gateway->folder, files->items[i].name);
        char *raw = text_file_read(from, err);
        char *text = raw ? names_fill(&gateway->names, raw, from, err) : NULL;
        bool ok = text && text_file_write(to, text, err);

        if (text)
            xwipe(text, strlen(text));
        free(text);
        free(raw);
        free(to);
        free(from);
        if (!ok)
            return false;
    }
    return true;
}

static bool gateway_take_ports(struct gateway *gateway, struct err *err)
{
    const struct bind_texts *further = &gateway->profile->start.ports;

    gateway->ports = xcalloc(1 + further->count, sizeof *gateway->ports);
    for (size_t i = 0; i <= further->count; i++) {
        char key[64] = "gateway.port";

        if (i)
            snprintf(key, sizeof key, "gateway.port.%s", further->items[i - 1]);
        if (!port_take(&gateway->ports[i], err))
            return false;
        gateway->port_count++;
        names_set_int(&gateway->names, key, gateway->ports[i].number);
    }
    return true;
}

static void gateway_drop_ports(struct gateway *gateway)
{
    for (size_t i = 0; i < gateway->port_count; i++)
        port_release(&gateway->ports[i]);
    free(gateway->ports);
    gateway->ports = NULL;
    gateway->port_count = 0;
}

static bool folder_make(const char *path, struct err *err)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    err_set_errno(err, ERR_IO, path);
    return false;
}

/* The gateway runs in another folder than we do: a relative path is no use. */
static void gateway_name_profile(struct names *names,
                                 const struct profile *profile)
{
    char *whole = realpath(profile->folder, NULL);

    names_set(names, "profile", whole ? whole : profile->folder);
    free(whole);
}

bool gateway_render(struct gateway *out, const struct profile *profile,
                    const struct profile_variant *variant, const char *folder,
                    struct names *names, struct err *err)
{
    char *home = path_join(folder, "home");
    char *bin = home_bin();
    bool ok;

    *out = (struct gateway){ .profile = profile, .variant = variant };
    out->process.pidfd = -1;
    out->folder = xstrdup(folder);
    out->names = *names;
    *names = (struct names){ 0 };
    names_set(&out->names, "work", folder);
    gateway_name_profile(&out->names, profile);
    names_set(&out->names, "bin", bin);
    free(bin);
    ok = folder_make(folder, err) && folder_make(home, err) &&
         gateway_take_ports(out, err);
    free(home);
    if (ok) {
        out->url =
            names_fill(&out->names, profile->route.url, "$.route.url", err);
        ok = out->url && gateway_render_files(out, err);
    }
    if (!ok)
        gateway_stop(out);
    return ok;
}

static bool gateway_prepare(struct gateway *gateway, char *const *environment,
                            const char *stderr_path, struct err *err)
{
    const struct bind_list *list = &gateway->profile->start.prepare;
    const struct bind_texts *commands = list->items;

    for (size_t i = 0; i < list->count; i++) {
        char **argv =
            command_fill(&gateway->names, &commands[i], "$.start.prepare", err);
        struct process_spec spec = { .argv = argv,
                                     .environment = environment,
                                     .folder = gateway->folder,
                                     .stderr_path = stderr_path };
        int status;

        if (!argv)
            return false;
        status = process_run(&spec, 60000, err);
        if (status > 0)
            err_set(err, ERR_STATE, argv[0], "prepare command: exit status %d",
                    status);
        gateway_texts_free(argv);
        if (status != 0)
            return false;
    }
    return true;
}

/* Of the first try: a further one would find what that one wrote. */
static bool gateway_note_given(struct gateway *gateway, struct err *err)
{
    if (!gateway->given)
        gateway->given = gateway_sink_files(gateway, err);
    return gateway->given != NULL;
}

/* Adds the gateway's own last words to an error. */
static void gateway_add_tail(struct err *err, const char *stderr_path)
{
    char *tail = process_tail(stderr_path, GATEWAY_TAIL_BYTES);
    size_t used = strlen(err->text);

    if (tail[0])
        snprintf(err->text + used, sizeof err->text - used,
                 "; its last words: %s", tail);
    free(tail);
}

/* Where it is asked whether the gateway serves. Caller frees. */
static char *gateway_ready_target(const struct gateway *gateway,
                                  enum ready_kind *kind, struct err *err)
{
    const struct profile *profile = gateway->profile;
    const char *target = profile->start.ready_tcp ? profile->start.ready_tcp
                                                  : profile->start.ready_http;

    *kind = profile->start.ready_tcp ? READY_TCP : READY_HTTP;
    return names_fill(&gateway->names, target, "$.start.ready", err);
}

/* Who answers there already would be taken for the gateway. */
static bool gateway_port_is_free(const struct gateway *gateway, struct err *err)
{
    enum ready_kind kind;
    char *target = gateway_ready_target(gateway, &kind, err);
    bool free_now = target && !ready_now(kind, target);

    if (target && !free_now)
        err_set(err, ERR_STATE, gateway->profile->name,
                "%s is in use: somebody answers there before the gateway was "
                "started ($.start.ready)",
                target);
    free(target);
    return free_now;
}

static bool gateway_await(struct gateway *gateway, struct err *err)
{
    const struct profile *profile = gateway->profile;
    enum ready_kind kind;
    char *filled = gateway_ready_target(gateway, &kind, err);
    char how[64];
    bool ok;

    if (!filled)
        return false;
    ok = ready_wait(kind, filled, &gateway->process,
                    profile->start.ready_timeout_ms);
    if (!ok && process_has_ended(&gateway->process, how, sizeof how)) {
        err_set(err, ERR_STATE, profile->name,
                "the gateway ended before it was ready: %s", how);
    } else if (!ok) {
        err_set(err, ERR_STATE, profile->name,
                "the gateway was not ready at %s within %lld ms "
                "($.start.ready)",
                filled, (long long)profile->start.ready_timeout_ms);
    }
    free(filled);
    return ok;
}

static bool gateway_spawn(struct gateway *gateway,
                          const struct process_spec *spec, struct err *err)
{
    struct err why = { 0 };

    if (process_start(&gateway->process, spec, &why))
        return true;
    err_set(err, ERR_STATE, gateway->profile->name,
            "the gateway cannot be started ($.start.command): %s: %s",
            why.where, why.text);
    return false;
}

static bool gateway_launch(struct gateway *gateway, struct err *err)
{
    char *stdout_path = path_join(gateway->folder, "stdout.log");
    char *stderr_path = path_join(gateway->folder, "stderr.log");
    char **environment = gateway_environment(gateway, err);
    char **argv = gateway_command(gateway, err);
    struct process_spec spec = { .argv = argv,
                                 .environment = environment,
                                 .folder = gateway->folder,
                                 .stdout_path = stdout_path,
                                 .stderr_path = stderr_path };
    bool ok = environment && argv &&
              gateway_prepare(gateway, environment, stderr_path, err) &&
              gateway_note_given(gateway, err) &&
              gateway_port_is_free(gateway, err) &&
              gateway_spawn(gateway, &spec, err);

    if (ok && !gateway_await(gateway, err)) {
        gateway_add_tail(err, stderr_path);
        process_stop(&gateway->process, SIGKILL, 0);
        ok = false;
    }
    gateway_texts_free(argv);
    gateway_texts_free(environment);
    free(stdout_path);
    free(stderr_path);
    return ok;
}

bool gateway_start(struct gateway *out, const struct profile *profile,
                   const struct profile_variant *variant, const char *folder,
                   struct names *names, struct err *err)
{
    if (!gateway_render(out, profile, variant, folder, names, err))
        return false;
    for (int try = 1;; try++) {
        if (gateway_launch(out, err))
            return true;
        /* Somebody took the port between our look and its bind. */
        if (try == GATEWAY_TRIES || !strcasestr(err->text, "in use"))
            break;
        gateway_drop_ports(out);
        free(out->url);
        out->url = NULL;
        if (!gateway_take_ports(out, err) ||
            !(out->url = names_fill(&out->names, profile->route.url,
                                    "$.route.url", err)) ||
            !gateway_render_files(out, err))
            break;
    }
    gateway_stop(out);
    return false;
}

bool gateway_alive(struct gateway *gateway, struct err *err)
{
    char how[64];

    if (!process_has_ended(&gateway->process, how, sizeof how))
        return true;
    err_set(err, ERR_STATE, gateway->profile->name,
            "the gateway ended during the run: %s", how);
    gateway_add_tail(err, gateway->process.stderr_path);
    return false;
}

static void gateway_run_stop_command(struct gateway *gateway)
{
    struct err err = { 0 };
    char **environment;
    char **argv;

    if (!gateway->profile->start.stop_command.count || !gateway->process.pid)
        return;
    environment = gateway_environment(gateway, &err);
    argv = command_fill(&gateway->names, &gateway->profile->start.stop_command,
                        "$.start.stop_command", &err);
    if (environment && argv)
        process_run(&(struct process_spec){ .argv = argv,
                                            .environment = environment,
                                            .folder = gateway->folder },
                    gateway->profile->start.stop_timeout_ms + 1000, &err);
    gateway_texts_free(argv);
    gateway_texts_free(environment);
}

static int gateway_stop_signal(const struct gateway *gateway)
{
    const char *name = gateway->profile->start.stop_signal;

    return name ? process_signal_number(name) : SIGTERM;
}

void gateway_ask_to_stop(const struct gateway *gateway)
{
    if (gateway->profile && gateway->process.pid)
        kill(-gateway->process.pid, gateway_stop_signal(gateway));
}

void gateway_stop(struct gateway *gateway)
{
    if (!gateway || !gateway->profile)
        return;
    gateway_run_stop_command(gateway);
    process_stop(&gateway->process, gateway_stop_signal(gateway),
                 gateway->profile->start.stop_timeout_ms);
    gateway_drop_ports(gateway);
    names_release(&gateway->names);
    free(gateway->folder);
    free(gateway->url);
    gateway_texts_free(gateway->given);
    *gateway = (struct gateway){ 0 };
    gateway->process.pidfd = -1;
}

char *gateway_version(const struct profile *profile, const char *folder)
{
    char *path = path_join(folder, "version.txt");
    struct gateway fake = { .profile = profile };
    struct err err = { 0 };
    char *bin = home_bin();
    char **argv = NULL;
    char **environment = NULL;
    char *text;

    fake.folder = xstrdup(folder);
    names_set(&fake.names, "bin", bin);
    gateway_name_profile(&fake.names, profile);
    if (profile->version_command.count) {
        struct profile quiet = *profile;

        quiet.start.env = (struct profile_pairs){ 0 };
        fake.profile = &quiet;
        argv = command_fill(&fake.names, &profile->version_command,
                            "$.version_command", &err);
        environment = gateway_environment(&fake, &err);
        if (argv && environment)
            process_run(&(struct process_spec){ .argv = argv,
                                                .environment = environment,
                                                .folder = folder,
                                                .stdout_path = path,
                                                .stderr_path = path },
                        10000, &err);
    }
    text = process_tail(path, 2000);
    text[strcspn(text, "\n")] = '\0';
    unlink(path);
    gateway_texts_free(argv);
    gateway_texts_free(environment);
    names_release(&fake.names);
    free(fake.folder);
    free(bin);
    free(path);
    if (!text[0]) {
        free(text);
        return xstrdup("unknown");
    }
    return text;
}
