#include <stdio.h>
#include <string.h>

#include "harness/launch/profile.h"

#define FLUSH_MS      2000
#define FLUSH_MS_MOST 60000

const char *const profile_promise_names[] = {
    "attempts", "resend_count", "status_code", "error_type", "server",
    "status",   "usage",        "names",       "required",   NULL
};

bool profile_has_sink(const struct profile *profile, enum sink_kind kind)
{
    const struct profile_sink *sinks = profile->sinks.items;

    for (size_t i = 0; i < profile->sinks.count; i++)
        if (sinks[i].kind == (int64_t)kind)
            return true;
    return false;
}

static bool wrong(const struct profile *profile, const char *pointer,
                  const char *value, const char *what, struct err *err)
{
    char where[512];

    snprintf(where, sizeof where, "%s: $.telemetry.spans%s", profile->path,
             pointer);
    err_set(err, ERR_SCHEMA, where, "\"%s\" %s", value, what);
    return false;
}

/* 0: no such promise. */
static unsigned promise_of(const char *word)
{
    for (unsigned i = 0; profile_promise_names[i]; i++)
        if (!strcmp(profile_promise_names[i], word))
            return 1u << i;
    return 0;
}

static bool read_promises(struct profile *p, const struct json *list,
                          struct err *err)
{
    if (json_kind(list) != JSON_ARRAY)
        return wrong(p, ".promises", "promises", "must be a list", err);
    for (const struct json *at = json_first(list); at; at = json_next(at)) {
        unsigned promise = promise_of(json_text(at, ""));

        if (!promise)
            return wrong(p, ".promises", json_text(at, "?"),
                         "is no promise; known are attempts, resend_count, "
                         "status_code, error_type, server, status, usage, "
                         "names, required",
                         err);
        p->promises |= promise;
    }
    return true;
}

static bool read_member(struct profile *p, const struct json *member,
                        struct err *err)
{
    if (!strcmp(json_key(member), "promises"))
        return read_promises(p, member, err);
    if (strcmp(json_key(member), "flush_ms") != 0)
        return wrong(p, "", json_key(member),
                     "is no key; known are promises and flush_ms", err);
    p->flush_ms = json_int(member, -1);
    if (p->flush_ms < 0 || p->flush_ms > FLUSH_MS_MOST)
        return wrong(p, ".flush_ms", "flush_ms",
                     "must be a whole number in 0..60000 ms", err);
    return true;
}

bool profile_read_telemetry(struct profile *p, struct err *err)
{
    const struct json *spans = json_pointer(p->telemetry, "/spans");

    p->flush_ms = FLUSH_MS;
    if (!spans)
        return true;
    if (json_kind(spans) != JSON_OBJECT)
        return wrong(p, "", "spans", "must be an object", err);
    if (!profile_has_sink(p, SINK_OTLP))
        return wrong(p, "", "spans",
                     "needs a sink of kind otlp, to which they come", err);
    for (const struct json *at = json_first(spans); at; at = json_next(at))
        if (!read_member(p, at, err))
            return false;
    return true;
}
