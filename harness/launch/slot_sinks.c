#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/drill/drill.h"
#include "harness/home.h"

/* A declared sink on its way to slot->sinks. */
struct adding {
    struct slot *slot;
    const struct profile_sink *declared;
    char name[96];
    struct sink_spec spec;
    struct source_target target;
    char *path; /* owned */
    struct err *err;
};

static char *fill(struct adding *a, const char *text)
{
    return names_fill(&a->slot->gateway.names, text, "$.sinks", a->err);
}

/* "access.log" of "${work}/logs/access.log*". */
static void name_by_path(struct adding *a)
{
    const char *slash = strrchr(a->declared->path, '/');
    size_t used;

    snprintf(a->name, sizeof a->name, "%s %s",
             sink_kind_names[a->declared->kind],
             slash ? slash + 1 : a->declared->path);
    used = strlen(a->name);
    while (used > strlen(sink_kind_names[a->declared->kind]) + 2 &&
           a->name[used - 1] == '*')
        a->name[--used] = '\0';
}

static bool add_output(struct adding *a)
{
    a->path = xasprintf("%s/%s.log", a->slot->gateway.folder, a->name);
    a->spec.path = a->path;
    return true;
}

static bool add_file(struct adding *a)
{
    a->path = fill(a, a->declared->path);
    a->spec.path = a->path;
    a->spec.given = a->slot->gateway.given;
    name_by_path(a);
    return a->path != NULL;
}

static bool add_otlp(struct adding *a)
{
    a->spec.path = a->slot->otlp_file;
    a->spec.drain = otlp_receiver_problem;
    a->spec.context = a->slot->otlp;
    return true;
}

static bool add_syslog(struct adding *a)
{
    a->spec.path = a->slot->syslog_file;
    a->spec.drain = syslog_receiver_drain;
    a->spec.context = a->slot->syslog;
    return true;
}

static bool add_sqlite(struct adding *a)
{
    a->target.path = fill(a, a->declared->path);
    a->spec.source = &source_sqlite;
    name_by_path(a);
    return a->target.path != NULL;
}

/* Without the scheme and the port, which another run does not have. */
static void name_by_url(struct adding *a)
{
    const char *host = strstr(a->declared->url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;

    snprintf(a->name, sizeof a->name, "http %.80s", path ? path : "/");
}

static bool add_http(struct adding *a)
{
    const struct profile_pairs *headers = &a->declared->headers;

    name_by_url(a);
    a->spec.source = &source_http;
    a->target.url = fill(a, a->declared->url);
    if (!a->target.url)
        return false;
    a->target.words = xcalloc(headers->count + 1, sizeof *a->target.words);
    for (size_t i = 0; i < headers->count; i++) {
        char *value = fill(a, headers->items[i].value);

        if (!value)
            return false;
        a->target.words[i] = xasprintf("%s: %s", headers->items[i].name, value);
        xwipe(value, strlen(value));
        free(value);
    }
    return true;
}

static bool add_command(struct adding *a)
{
    const struct bind_texts *command = &a->declared->command;
    const char *slash = strrchr(command->items[0], '/');

    snprintf(a->name, sizeof a->name, "command %.80s",
             slash ? slash + 1 : command->items[0]);
    a->spec.source = &source_command;
    a->target.folder = xstrdup(a->slot->gateway.folder);
    a->target.words = xcalloc(command->count + 1, sizeof *a->target.words);
    for (size_t i = 0; i < command->count; i++) {
        a->target.words[i] = fill(a, command->items[i]);
        if (!a->target.words[i])
            return false;
    }
    a->target.environment = gateway_environment(&a->slot->gateway, a->err);
    return a->target.environment != NULL;
}

static bool (*const adders[])(struct adding *a) = {
    [SINK_STDOUT] = add_output, [SINK_STDERR] = add_output,
    [SINK_FILE] = add_file,     [SINK_COMMAND] = add_command,
    [SINK_HTTP] = add_http,     [SINK_OTLP] = add_otlp,
    [SINK_SQLITE] = add_sqlite, [SINK_SYSLOG] = add_syslog,
};

static bool add_sink(struct slot *slot, const struct profile_sink *declared,
                     struct err *err)
{
    struct adding a = { .slot = slot, .declared = declared, .err = err };
    bool ok;

    snprintf(a.name, sizeof a.name, "%s", sink_kind_names[declared->kind]);
    ok = adders[declared->kind](&a);
    a.spec.name = a.name;
    a.spec.required = profile_sink_required(declared);
    a.spec.flush_ms = declared->flush_ms;
    a.spec.target = &a.target;
    if (ok)
        sink_set_add(&slot->sinks, &a.spec);
    free(a.path);
    free(a.target.path);
    free(a.target.url);
    free(a.target.folder);
    sink_texts_free(a.target.words);
    sink_texts_free(a.target.environment);
    return ok;
}

/* Whatever a profile declares: arguments anybody on the machine may read. What
 * it hands over itself is there by its will. */
static bool add_processes(struct slot *slot, struct err *err)
{
    char **command = gateway_command(&slot->gateway, err);
    char **environment = gateway_environment(&slot->gateway, err);
    const struct source_target target = { .group = slot->gateway.process.pid };
    const struct {
        const struct source *source;
        char **handed;
    } rows[] = { { &source_arguments, command },
                 { &source_environment, environment } };
    bool ok = command && environment;

    for (size_t i = 0; ok && i < sizeof rows / sizeof *rows; i++)
        sink_set_add(&slot->sinks,
                     &(struct sink_spec){ .name = rows[i].source->name,
                                          .source = rows[i].source,
                                          .target = &target,
                                          .handed = rows[i].handed });
    gateway_texts_free(command);
    gateway_texts_free(environment);
    return ok;
}

bool slot_add_sinks(struct slot *slot, const struct drill *drill,
                    struct err *err)
{
    const struct profile_sink *sinks = drill->profile.sinks.items;

    if (!slot->gateway.process.pid)
        return true;
    for (size_t i = 0; i < drill->profile.sinks.count; i++)
        if (!add_sink(slot, &sinks[i], err))
            return false;
    return add_processes(slot, err);
}
