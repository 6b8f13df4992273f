#include "harness/launch/profile_log.h"

#include <stdio.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/launch/profile.h"

#define FLUSH_MS      1000
#define FLUSH_MS_MOST 60000
#define POINTER       "^(/[^/]+)+$"
#define HEADER        "^[A-Za-z0-9-]{1,64}$"

const char *const log_fact_names[] = { "attempts_total",
                                       "retries_total",
                                       "retries_primary",
                                       "status",
                                       "upstream",
                                       "attempt_statuses",
                                       "error",
                                       "outcome",
                                       "input_tokens",
                                       "output_tokens",
                                       NULL };
static const char *const partial_names[] = { "present", "events", NULL };

static const struct bind_row fact_table[] = {
    { .key = "pointer",
      .kind = BIND_TEXT,
      .required = true,
      .pattern = POINTER,
      .offset = offsetof(struct profile_log_fact, pointer),
      .doc = "JSON pointer into a line" },
    { .key = "list",
      .kind = BIND_TEXT,
      .offset = offsetof(struct profile_log_fact, list),
      .doc = "What stands between the entries of a text, one an attempt" },
    { .key = "values",
      .kind = BIND_CUSTOM,
      .parse = profile_pairs_parse,
      .release = profile_pairs_release,
      .schema = profile_pairs_schema,
      .offset = offsetof(struct profile_log_fact, values),
      .doc = "upstream: how the log calls each; default: by its name" },
    { .key = "none",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct profile_log_fact, none),
      .doc = "error: texts that say there was none" },
    { .key = "complete",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct profile_log_fact, complete),
      .doc = "outcome: texts that say the answer was whole" },
    { .key = "partial",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct profile_log_fact, partial),
      .doc = "outcome: texts that say a part of it was sent" },
    { .key = "of_partial",
      .kind = BIND_ENUM,
      .names = partial_names,
      .missing = -1,
      .offset = offsetof(struct profile_log_fact, of_partial),
      .doc = "output_tokens: what they are of an answer that was cut" },
    { 0 }
};

/* A pointer alone, or an object. */
static bool read_fact(struct profile_log_fact *out, const struct json *node,
                      const char *path, struct err *err)
{
    struct json *object;
    bool ok;

    if (json_kind(node) != JSON_STRING)
        return bind_read(out, sizeof *out, fact_table, node, path, BIND_STRICT,
                         err);
    object = json_new_object();
    json_add_text(object, "pointer", json_text(node, ""));
    ok =
        bind_read(out, sizeof *out, fact_table, object, path, BIND_STRICT, err);
    json_free(object);
    return ok;
}

static void release_facts(void *field)
{
    struct profile_log_fact *facts = field;

    for (size_t i = 0; i < FACT_COUNT; i++)
        bind_release(&facts[i], fact_table);
}

static int fact_of(const char *name)
{
    for (int i = 0; log_fact_names[i]; i++)
        if (!strcmp(log_fact_names[i], name))
            return i;
    return -1;
}

static bool parse_facts(void *field, const struct json *node, const char *path,
                        struct err *err)
{
    struct profile_log_fact *facts = field;
    char where[512];

    if (json_kind(node) != JSON_OBJECT) {
        err_set(err, ERR_SCHEMA, path, "must be an object of JSON pointers");
        return false;
    }
    for (const struct json *at = json_first(node); at; at = json_next(at)) {
        int fact = fact_of(json_key(at));

        bind_path(where, sizeof where, path, json_key(at));
        if (fact < 0)
            err_set(err, ERR_SCHEMA, where,
                    "nothing that a line may say; known are attempts_total, "
                    "retries_total, retries_primary, status, upstream, "
                    "attempt_statuses, error, outcome, input_tokens, "
                    "output_tokens");
        if (fact < 0 || !read_fact(&facts[fact], at, where, err)) {
            release_facts(field);
            return false;
        }
    }
    return true;
}

static const struct bind_row id_table[] = {
    { .key = "pointer",
      .kind = BIND_TEXT,
      .required = true,
      .pattern = POINTER,
      .offset = offsetof(struct profile_log, id.pointer),
      .doc = "Where a line holds the id of its request" },
    { .key = "request_header",
      .kind = BIND_TEXT,
      .pattern = HEADER,
      .offset = offsetof(struct profile_log, id.request_header),
      .doc = "The client sends it; traceparent: its trace id" },
    { .key = "response_header",
      .kind = BIND_TEXT,
      .pattern = HEADER,
      .offset = offsetof(struct profile_log, id.response_header),
      .doc = "The gateway tells it to the client" },
    { 0 }
};

const struct bind_row profile_log_table[] = {
    { .key = "sink",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct profile_log, sink),
      .doc = "stdout, stderr, or the path of a file that is a sink" },
    { .key = "id",
      .kind = BIND_OBJECT,
      .required = true,
      .table = id_table,
      .doc = "How a line is tied to a request" },
    { .key = "every_request",
      .kind = BIND_BOOL,
      .offset = offsetof(struct profile_log, every_request),
      .doc = "Each request has its line, and but one" },
    { .key = "flush_ms",
      .kind = BIND_INT,
      .min = 0,
      .max = FLUSH_MS_MOST,
      .missing = FLUSH_MS,
      .unit = "ms",
      .offset = offsetof(struct profile_log, flush_ms),
      .doc = "A line is there so long after the answer at the latest" },
    { .key = "says",
      .kind = BIND_CUSTOM,
      .offset = offsetof(struct profile_log, facts),
      .parse = parse_facts,
      .release = release_facts,
      .schema = "{\"type\":\"object\"}",
      .doc = "What a line says, and where" },
    { 0 }
};

static bool wrong(const struct profile *p, const char *pointer,
                  const char *what, struct err *err)
{
    char where[512];

    snprintf(where, sizeof where, "%s: $.telemetry.%s", p->path, pointer);
    err_set(err, ERR_SCHEMA, where, "%s", what);
    return false;
}

static bool is_sink(const struct profile *p, const char *name)
{
    const struct profile_sink *sinks = p->sinks.items;

    for (size_t i = 0; i < p->sinks.count; i++) {
        const char *called = sinks[i].kind == SINK_FILE
                                 ? sinks[i].path
                                 : sink_kind_names[sinks[i].kind];

        if ((sinks[i].kind == SINK_FILE || sinks[i].kind == SINK_STDOUT ||
             sinks[i].kind == SINK_STDERR) &&
            called && !strcmp(called, name))
            return true;
    }
    return false;
}

/* telemetry.retry_count.json_log: {"sink", "pointer"}, counts beside it. */
static bool read_retry_count(struct profile_log *out, const struct profile *p,
                             struct err *err)
{
    const struct json *count = json_pointer(p->telemetry, "/retry_count");
    const struct json *place = json_get(count, "json_log");
    const char *counts = json_get_text(count, "counts", "retries_total");
    const char *pointer = json_get_text(place, "pointer", NULL);
    int fact = fact_of(counts);

    if (!place)
        return true;
    if (!out->declared)
        return wrong(p, "retry_count.json_log",
                     "needs telemetry.json_log, which says how a line is tied "
                     "to a request",
                     err);
    if (!pointer || pointer[0] != '/' || fact < 0 ||
        fact > FACT_RETRIES_PRIMARY)
        return wrong(p, "retry_count.json_log",
                     "needs a JSON pointer, and counts retries_total, "
                     "retries_primary or attempts_total",
                     err);
    if (strcmp(json_get_text(place, "sink", out->sink), out->sink) != 0)
        return wrong(p, "retry_count.json_log.sink",
                     "is not the sink of telemetry.json_log", err);
    if (out->facts[fact].pointer)
        return wrong(p, "retry_count.json_log",
                     "telemetry.json_log.says has this figure already", err);
    out->facts[fact] = (struct profile_log_fact){ .pointer = xstrdup(pointer),
                                                  .of_partial = -1 };
    return true;
}

static bool check(const struct profile_log *log, const struct profile *p,
                  struct err *err)
{
    if (!is_sink(p, log->sink))
        return wrong(p, "json_log.sink",
                     "is no sink of this profile: stdout, stderr, or the path "
                     "of a file as it stands under sinks",
                     err);
    if (!log->id.request_header == !log->id.response_header)
        return wrong(p, "json_log.id",
                     "needs request_header, or response_header, and not both",
                     err);
    if (log->facts[FACT_OUTCOME].pointer &&
        !log->facts[FACT_OUTCOME].complete.count)
        return wrong(p, "json_log.says.outcome",
                     "needs complete: the texts that say so", err);
    return true;
}

bool profile_log_read(struct profile_log *out, const struct profile *p,
                      struct err *err)
{
    const struct json *node = json_pointer(p->telemetry, "/json_log");
    char where[512];

    *out = (struct profile_log){ 0 };
    if (node) {
        snprintf(where, sizeof where, "%s: $.telemetry.json_log", p->path);
        if (!bind_read(out, sizeof *out, profile_log_table, node, where,
                       BIND_STRICT, err))
            return false;
        out->declared = true;
    }
    if ((!node || check(out, p, err)) && read_retry_count(out, p, err))
        return true;
    profile_log_release(out);
    return false;
}

void profile_log_release(struct profile_log *log)
{
    bind_release(log, profile_log_table);
    *log = (struct profile_log){ 0 };
}
