#include "harness/launch/profile.h"

#include <stdlib.h>

#include "common/answer.h"
#include "common/xalloc.h"

const char *const process_reuse_names[] = { "shared", "pooled", "per_case",
                                            NULL };
const char *const sink_kind_names[] = { "stdout",  "stderr", "file",
                                        "command", "http",   "otlp",
                                        "sqlite",  "syslog", NULL };

#define NAME_PATTERN "^[a-z0-9][a-z0-9._-]*$"

const char profile_pairs_schema[] =
    "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}";

void profile_pairs_release(void *field)
{
    struct profile_pairs *pairs = field;

    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (struct profile_pairs){ 0 };
}

bool profile_pairs_parse(void *field, const struct json *node, const char *path,
                         struct err *err)
{
    struct profile_pairs *pairs = field;
    size_t capacity = 0;

    if (json_kind(node) != JSON_OBJECT) {
        err_set(err, ERR_SCHEMA, path, "must be an object of texts");
        return false;
    }
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        if (json_kind(at) != JSON_STRING) {
            err_set(err, ERR_SCHEMA, path, "%s: must be a text", json_key(at));
            profile_pairs_release(field);
            return false;
        }
        pairs->items =
            xgrow(pairs->items, pairs->count, &capacity, sizeof *pairs->items);
        pairs->items[pairs->count++] =
            (struct profile_pair){ xstrdup(json_key(at)),
                                   xstrdup(json_text(at, "")) };
    }
    return true;
}

static const char prepare_schema[] =
    "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"minItems\":1,"
    "\"items\":{\"type\":\"string\"}}}";

static void profile_prepare_release(void *field)
{
    struct bind_list *list = field;
    struct bind_texts *commands = list->items;

    for (size_t i = 0; i < list->count; i++) {
        for (size_t j = 0; j < commands[i].count; j++)
            free(commands[i].items[j]);
        free(commands[i].items);
    }
    free(list->items);
    *list = (struct bind_list){ 0 };
}

static bool profile_prepare_parse(void *field, const struct json *node,
                                  const char *path, struct err *err)
{
    struct bind_list *list = field;
    struct bind_texts *commands;

    if (json_kind(node) != JSON_ARRAY) {
        err_set(err, ERR_SCHEMA, path, "must be an array of commands");
        return false;
    }
    commands = xcalloc(json_count(node), sizeof *commands);
    list->items = commands;
    list->declared = true;
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        struct bind_texts *command = &commands[list->count];

        if (json_kind(at) != JSON_ARRAY || json_count(at) == 0)
            goto fail;
        command->items = xcalloc(json_count(at), sizeof *command->items);
        list->count++;
        for (const struct json *w = json_first(at); w; w = json_next(w)) {
            if (json_kind(w) != JSON_STRING)
                goto fail;
            command->items[command->count++] = xstrdup(json_text(w, ""));
        }
    }
    return true;

fail:
    err_set(err, ERR_SCHEMA, path,
            "each command must be an array of texts, such as "
            "[\"mkdir\", \"-p\", \"run\"]");
    profile_prepare_release(field);
    return false;
}

#define PAIRS(k, s, f, text)                                                   \
    {                                                                          \
        .key = k, .kind = BIND_CUSTOM, .offset = offsetof(struct s, f),        \
        .parse = profile_pairs_parse, .release = profile_pairs_release,        \
        .schema = profile_pairs_schema, .doc = text                            \
    }
#define TEXT(k, s, f, text)                                                    \
    {                                                                          \
        .key = k, .kind = BIND_TEXT, .offset = offsetof(struct s, f),          \
        .doc = text                                                            \
    }
#define TEXTS(k, s, f, text)                                                   \
    {                                                                          \
        .key = k, .kind = BIND_TEXTS, .offset = offsetof(struct s, f),         \
        .doc = text                                                            \
    }

static const struct bind_row route_table[] = {
    { .key = "name",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct profile, route.name),
      .pattern = NAME_PATTERN,
      .doc = "How records call this route" },
    { .key = "url",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct profile, route.url),
      .pattern = "^https?://",
      .doc = "Where the client sends: the gateway's chat endpoint" },
    { .key = "template",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct profile, route.template),
      .pattern = "^[A-Z]+ /",
      .doc = "The upstream operation the route stands for" },
    TEXT("api_reference_url", profile, route.api_reference_url,
         "The page that documents that operation"),
    { 0 }
};

static const struct bind_row ready_table[] = {
    TEXT("tcp", profile, start.ready_tcp,
         "Ready when this host:port accepts a connection"),
    TEXT("http", profile, start.ready_http,
         "Ready when a GET of this URL answers 2xx"),
    { .key = "timeout_ms",
      .kind = BIND_INT,
      .min = 100,
      .max = 120000,
      .missing = 10000,
      .unit = "ms",
      .offset = offsetof(struct profile, start.ready_timeout_ms),
      .doc = "How long it may take; then the cases are hold" },
    { 0 }
};

static const struct bind_row stop_table[] = {
    TEXT("signal", profile, start.stop_signal, "What asks it to end (TERM)"),
    { .key = "timeout_ms",
      .kind = BIND_INT,
      .min = 0,
      .max = 60000,
      .missing = 2000,
      .unit = "ms",
      .offset = offsetof(struct profile, start.stop_timeout_ms),
      .doc = "Then its process group is killed" },
    { 0 }
};

static const struct bind_row start_table[] = {
    PAIRS("files", profile, start.files,
          "Files to write below ${work}: name to template in this folder"),
    { .key = "prepare",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct profile, start.prepare),
      .parse = profile_prepare_parse,
      .release = profile_prepare_release,
      .schema = prepare_schema,
      .doc = "Commands to run to the end first, in ${work}" },
    TEXTS("command", profile, start.command,
          "The gateway: a program and its arguments, no shell"),
    PAIRS("env", profile, start.env, "Environment of the gateway"),
    TEXTS("pass_env", profile, start.pass_env,
          "Names taken over from the caller's environment"),
    TEXTS("ports", profile, start.ports,
          "Further ports to choose: ${gateway.port.NAME}"),
    { .key = "ready",
      .kind = BIND_OBJECT,
      .table = ready_table,
      .doc = "How one knows that it serves" },
    { .key = "stop",
      .kind = BIND_OBJECT,
      .table = stop_table,
      .doc = "How it is ended" },
    TEXTS("stop_command", profile, start.stop_command,
          "For what a signal cannot end"),
    { 0 }
};

static const struct bind_row variant_table[] = {
    PAIRS("files", profile_variant, files, "Instead of start.files"),
    TEXT("runbook", profile_variant, runbook, "Instead of the runbook"),
    PAIRS("env", profile_variant, env, "Added to start.env"),
    { 0 }
};

static const struct bind_row client_table[] = {
    PAIRS("headers", profile, client.headers,
          "Headers of every client request; a value may use ${client.key}"),
    TEXT("model", profile, client.model, "The model the client asks for"),
    { 0 }
};

static const struct bind_row upstream_table[] = {
    { .key = "keys",
      .kind = BIND_INT,
      .min = 1,
      .max = 8,
      .missing = 1,
      .offset = offsetof(struct profile_upstream, keys),
      .doc = "How many keys the gateway holds for it" },
    TEXT("model", profile_upstream, model,
         "The model the gateway asks it for; default: the client's"),
    TEXT("key_env", profile_upstream, key_env,
         "Environment variable with the real key, for --upstream real"),
    { 0 }
};

static const struct bind_row sink_table[] = {
    { .key = "kind",
      .kind = BIND_ENUM,
      .required = true,
      .names = sink_kind_names,
      .missing = -1,
      .offset = offsetof(struct profile_sink, kind),
      .doc = "Where the gateway leaves traces" },
    TEXT("path", profile_sink, path,
         "file, sqlite: which, usually below ${work}; of files a glob names "
         "all that match, rotated ones too"),
    TEXTS("command", profile_sink, command,
          "command: what it prints; no shell, run in ${work}"),
    TEXT("url", profile_sink, url, "http: the page, by GET"),
    PAIRS("headers", profile_sink, headers,
          "http: sent with it; a value may use ${...}"),
    { .key = "flush_ms",
      .kind = BIND_INT,
      .min = 0,
      .max = 60000,
      .missing = 0,
      .unit = "ms",
      .offset = offsetof(struct profile_sink, flush_ms),
      .doc = "Something of each request is there by then; if not, hold" },
    { .key = "activity",
      .kind = BIND_ENUM,
      .missing = -1,
      .names = (const char *const[]){ "optional", "required", NULL },
      .offset = offsetof(struct profile_sink, activity_required),
      .doc = "Whether silence is hold; required but for stdout and stderr" },
    { 0 }
};

const struct bind_row profile_table[] = {
    { .key = "name",
      .kind = BIND_TEXT,
      .required = true,
      .pattern = NAME_PATTERN,
      .offset = offsetof(struct profile, name),
      .doc = "The gateway's name in reports" },
    { .key = "environment",
      .kind = BIND_TEXT,
      .required = true,
      .pattern = NAME_PATTERN,
      .offset = offsetof(struct profile, environment),
      .doc = "Where it is drilled; prod... needs --allow-production" },
    TEXTS("version_command", profile, version_command,
          "Prints the gateway's version on its first line"),
    { .key = "route",
      .kind = BIND_OBJECT,
      .required = true,
      .table = route_table,
      .doc = "The route under test" },
    { .key = "start",
      .kind = BIND_OBJECT,
      .required = true,
      .table = start_table,
      .doc = "How the gateway is started and ended" },
    { .key = "variants",
      .kind = BIND_MAP,
      .table = variant_table,
      .item_size = sizeof(struct profile_variant),
      .pattern = NAME_PATTERN,
      .offset = offsetof(struct profile, variants),
      .doc = "Other configurations of the same gateway" },
    { .key = "client",
      .kind = BIND_OBJECT,
      .table = client_table,
      .doc = "What the client sends besides the fixture" },
    { .key = "upstreams",
      .kind = BIND_MAP,
      .required = true,
      .table = upstream_table,
      .item_size = sizeof(struct profile_upstream),
      .pattern = UPSTREAM_NAME_PATTERN,
      .offset = offsetof(struct profile, upstreams),
      .doc = "The upstreams the gateway is configured with" },
    { .key = "process_reuse",
      .kind = BIND_ENUM,
      .missing = REUSE_POOLED,
      .names = process_reuse_names,
      .offset = offsetof(struct profile, process_reuse),
      .doc = "How many cases one process may serve" },
    { .key = "sinks",
      .kind = BIND_LIST,
      .table = sink_table,
      .item_size = sizeof(struct profile_sink),
      .offset = offsetof(struct profile, sinks),
      .doc = "Every place where something might leak" },
    { .key = "telemetry",
      .kind = BIND_JSON,
      .offset = offsetof(struct profile, telemetry),
      .doc = "What the gateway says of itself, and where: see above" },
    TEXTS("consumes", profile, consumes,
          "JSON pointers the application reads in a success"),
    TEXTS("breaks", profile, breaks,
          "Checks this known-bad gateway must fail: exactly these"),
    TEXT("runbook", profile, runbook_path, "The runbook, beside this file"),
    { 0 }
};
