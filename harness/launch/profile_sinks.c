#include <stdio.h>
#include <string.h>

#include "common/credential.h"
#include "harness/launch/profile.h"

/* Members of a sink, as bits. */
enum {
    HAS_PATH = 1,
    HAS_COMMAND = 2,
    HAS_URL = 4,
    HAS_HEADERS = 8,
};

/* What each kind must have and may have, in the order of sink_kind. */
static const struct {
    unsigned needs, may;
    bool optional;    /* silent unless something is wrong */
    const char *hint; /* what to write when it is not there */
} kinds[] = {
    [SINK_STDOUT] = { .optional = true },
    [SINK_STDERR] = { .optional = true },
    [SINK_FILE] = { .needs = HAS_PATH,
                    .hint = "\"path\": \"${work}/logs/*.log*\"" },
    [SINK_COMMAND] = { .needs = HAS_COMMAND,
                       .hint = "\"command\": [\"program\", \"argument\"]" },
    [SINK_HTTP] = { .needs = HAS_URL,
                    .may = HAS_HEADERS,
                    .hint = "\"url\": \"http://127.0.0.1:${gateway.port}"
                            "/metrics\"" },
    [SINK_OTLP] = { 0 },
    [SINK_SQLITE] = { .needs = HAS_PATH,
                      .hint = "\"path\": \"${work}/spend.db\"" },
    [SINK_SYSLOG] = { 0 },
};

static const char *const members[] = { "path", "command", "url", "headers",
                                       NULL };

static unsigned members_of(const struct profile_sink *sink)
{
    return (sink->path && sink->path[0] ? HAS_PATH : 0u) |
           (sink->command.count ? HAS_COMMAND : 0u) |
           (sink->url && sink->url[0] ? HAS_URL : 0u) |
           (sink->headers.count ? HAS_HEADERS : 0u);
}

bool profile_sink_required(const struct profile_sink *sink)
{
    if (sink->activity_required >= 0)
        return sink->activity_required == 1;
    return !kinds[sink->kind].optional;
}

static const char *place(char out[static 512], const struct profile *profile,
                         size_t index)
{
    snprintf(out, 512, "%s: $.sinks[%zu]", profile->path, index);
    return out;
}

static bool check_members(const struct profile *profile, size_t index,
                          struct err *err)
{
    const struct profile_sink *sinks = profile->sinks.items;
    int64_t kind = sinks[index].kind;
    unsigned has = members_of(&sinks[index]);
    unsigned may = kinds[kind].needs | kinds[kind].may;
    char where[512];

    for (unsigned i = 0; members[i]; i++) {
        if (kinds[kind].needs & ~has & 1u << i) {
            err_set(err, ERR_SCHEMA, place(where, profile, index),
                    "a sink of kind %s needs \"%s\", such as %s",
                    sink_kind_names[kind], members[i], kinds[kind].hint);
            return false;
        }
        if (has & ~may & 1u << i) {
            err_set(err, ERR_SCHEMA, place(where, profile, index),
                    "a sink of kind %s takes no \"%s\"", sink_kind_names[kind],
                    members[i]);
            return false;
        }
    }
    return true;
}

/* A gateway runs in another folder than we do. */
static bool check_path(const struct profile *profile, size_t index,
                       struct err *err)
{
    const struct profile_sink *sinks = profile->sinks.items;
    const char *path = sinks[index].path;
    char where[512];

    if (!path || !path[0] || path[0] == '/' || strncmp(path, "${", 2) == 0)
        return true;
    err_set(err, ERR_SCHEMA, place(where, profile, index),
            "path: \"%s\" is relative: begin it with ${work}/ or with /", path);
    return false;
}

static bool check_page(const struct profile *profile, size_t index,
                       struct err *err)
{
    const struct profile_sink *sinks = profile->sinks.items;
    const struct profile_pairs *headers = &sinks[index].headers;
    const char *url = sinks[index].url;
    char where[512];

    if (url && strncmp(url, "http://", 7) != 0 &&
        strncmp(url, "https://", 8) != 0) {
        err_set(err, ERR_SCHEMA, place(where, profile, index),
                "url: \"%s\" does not begin with http:// or https://", url);
        return false;
    }
    for (size_t i = 0; i < headers->count; i++)
        if (credential_is_header(headers->items[i].name) &&
            !strstr(headers->items[i].value, "${")) {
            err_set(err, ERR_SCHEMA, place(where, profile, index),
                    "headers.%s: holds a credential as it is; use "
                    "${client.key} or its like, which is made for each run",
                    headers->items[i].name);
            return false;
        }
    return true;
}

bool profile_check_sinks(const struct profile *profile, struct err *err)
{
    for (size_t i = 0; i < profile->sinks.count; i++)
        if (!check_members(profile, i, err) || !check_path(profile, i, err) ||
            !check_page(profile, i, err))
            return false;
    return true;
}
