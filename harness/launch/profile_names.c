#include "harness/launch/profile_names.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/xalloc.h"
#include "harness/home.h"
#include "harness/launch/names.h"
#include "harness/text_file.h"

/* All names there are, with values that only have to be there. */
static void profile_names_make(struct names *names,
                               const struct profile *profile)
{
    static const char *const fixed[] = { "work", "profile", "bin",
                                         "gateway.port", "client.key" };
    static const char *const syslog[] = { "syslog.host", "syslog.port",
                                          "syslog.path" };
    static const char *const each[] = { "url",  "base_url", "host",
                                        "port", "key",      "model" };
    const struct profile_upstream *upstreams = profile->upstreams.items;
    char key[96];

    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        names_set(names, fixed[i], "x");
    if (profile_has_sink(profile, SINK_OTLP))
        names_set(names, "otlp.url", "x");
    if (profile_has_sink(profile, SINK_SYSLOG))
        for (size_t i = 0; i < sizeof syslog / sizeof syslog[0]; i++)
            names_set(names, syslog[i], "x");
    for (size_t i = 0; i < profile->start.ports.count; i++) {
        snprintf(key, sizeof key, "gateway.port.%s",
                 profile->start.ports.items[i]);
        names_set(names, key, "x");
    }
    for (size_t i = 0; i < profile->upstreams.count; i++) {
        for (size_t j = 0; j < sizeof each / sizeof each[0]; j++) {
            snprintf(key, sizeof key, "%s.%s", profile->upstreams.keys[i],
                     each[j]);
            names_set(names, key, "x");
        }
        for (int64_t n = 1; n <= upstreams[i].keys; n++) {
            snprintf(key, sizeof key, "%s.key.%lld", profile->upstreams.keys[i],
                     (long long)n);
            names_set(names, key, "x");
        }
    }
}

struct checking {
    const struct profile *profile;
    struct names names;
    struct err *err;
};

static bool check_text(struct checking *c, const char *text, const char *place)
{
    char *where = xasprintf("%s: %s", c->profile->path, place);
    char *filled = text ? names_fill(&c->names, text, where, c->err) : NULL;
    bool ok = !text || filled;

    free(filled);
    free(where);
    return ok;
}

static bool check_texts(struct checking *c, const struct bind_texts *texts,
                        const char *place)
{
    char one[128];

    for (size_t i = 0; i < texts->count; i++) {
        snprintf(one, sizeof one, "%s[%zu]", place, i);
        if (!check_text(c, texts->items[i], one))
            return false;
    }
    return true;
}

static bool check_pairs(struct checking *c, const struct profile_pairs *pairs,
                        const char *place)
{
    char one[160];

    for (size_t i = 0; i < pairs->count; i++) {
        snprintf(one, sizeof one, "%s.%s", place, pairs->items[i].name);
        if (!check_text(c, pairs->items[i].value, one))
            return false;
    }
    return true;
}

/* The template is there; where not, the place that names it is told too. */
static char *read_template(struct checking *c, const char *path,
                           const char *place, const char *name)
{
    struct err err = { 0 };
    char *text = text_file_read(path, &err);
    char *where;

    if (text)
        return text;
    where = xasprintf("%s: %s[\"%s\"]", c->profile->path, place, name);
    err_set(c->err, ERR_SCHEMA, where, "%s: %s", err.where, err.text);
    free(where);
    return NULL;
}

static bool check_files(struct checking *c, const struct profile_pairs *files,
                        const char *place)
{
    for (size_t i = 0; i < files->count; i++) {
        char *path = path_join(c->profile->folder, files->items[i].value);
        char *text = read_template(c, path, place, files->items[i].name);
        char *filled = text ? names_fill(&c->names, text, path, c->err) : NULL;
        bool ok = filled != NULL;

        free(filled);
        free(text);
        free(path);
        if (!ok)
            return false;
    }
    return true;
}

static bool check_variants(struct checking *c)
{
    const struct profile_variant *variants = c->profile->variants.items;

    for (size_t i = 0; i < c->profile->variants.count; i++)
        if (!check_files(c, &variants[i].files, "$.variants.files") ||
            !check_pairs(c, &variants[i].env, "$.variants.env"))
            return false;
    return true;
}

static bool check_lists(struct checking *c)
{
    const struct bind_texts *prepare = c->profile->start.prepare.items;
    const struct profile_sink *sinks = c->profile->sinks.items;
    char place[64];

    for (size_t i = 0; i < c->profile->start.prepare.count; i++) {
        snprintf(place, sizeof place, "$.start.prepare[%zu]", i);
        if (!check_texts(c, &prepare[i], place))
            return false;
    }
    for (size_t i = 0; i < c->profile->sinks.count; i++) {
        snprintf(place, sizeof place, "$.sinks[%zu]", i);
        if (!check_text(c, sinks[i].path, place) ||
            !check_text(c, sinks[i].url, place) ||
            !check_pairs(c, &sinks[i].headers, place) ||
            !check_texts(c, &sinks[i].command, place))
            return false;
    }
    return true;
}

bool profile_names_check(const struct profile *profile, struct err *err)
{
    struct checking c = { .profile = profile, .err = err };
    bool ok;

    profile_names_make(&c.names, profile);
    ok =
        check_text(&c, profile->route.url, "$.route.url") &&
        check_texts(&c, &profile->start.command, "$.start.command") &&
        check_pairs(&c, &profile->start.env, "$.start.env") &&
        check_text(&c, profile->start.ready_tcp, "$.start.ready.tcp") &&
        check_text(&c, profile->start.ready_http, "$.start.ready.http") &&
        check_texts(&c, &profile->start.stop_command, "$.start.stop_command") &&
        check_pairs(&c, &profile->client.headers, "$.client.headers") &&
        check_pairs(&c, &profile->log.facts[FACT_UPSTREAM].values,
                    "$.telemetry.json_log.says.upstream.values") &&
        check_lists(&c) &&
        check_files(&c, &profile->start.files, "$.start.files") &&
        check_variants(&c);
    names_release(&c.names);
    return ok;
}
