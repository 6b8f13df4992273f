#include "harness/oracle/runbook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/xalloc.h"

/* Which objects are there at all: bind fills figures, not presence. */
static void note_declared(struct runbook *runbook)
{
    const struct json *document = runbook->document;
    struct {
        const char *pointer;
        bool *declared;
    } const parts[] = {
        { "/retry", &runbook->retry.declared },
        { "/retry/backoff", &runbook->retry.backoff.declared },
        { "/retry/retry_after", &runbook->retry.retry_after.declared },
        { "/fallback", &runbook->fallback.declared },
        { "/auth", &runbook->auth.declared },
        { "/stream", &runbook->stream.declared },
        { "/cooldown", &runbook->cooldown.declared },
    };

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        *parts[i].declared = json_pointer(document, parts[i].pointer) != NULL;
    /* A factor of 0 cannot be written, so 0 is "not declared" here. */
    if (runbook->retry.backoff.factor_percent == 0)
        runbook->retry.backoff.factor_percent = -1;
    if (runbook->auth.on_403 < 0)
        runbook->auth.on_403 = runbook->auth.on_401;
}

static bool in_order(const struct runbook *runbook, const char *name)
{
    for (size_t i = 0; i < runbook->fallback.order.count; i++)
        if (!strcmp(runbook->fallback.order.items[i], name))
            return true;
    return false;
}

static bool refuse(struct err *err, const char *name, const char *place,
                   const char *text)
{
    char where[sizeof err->where];

    snprintf(where, sizeof where, "%s: $.%s", name, place);
    err_set(err, ERR_SCHEMA, where, "%s", text);
    return false;
}

static bool check_backoff(const struct runbook *runbook, const char *name,
                          struct err *err)
{
    const struct runbook_backoff *backoff = &runbook->retry.backoff;

    if (!backoff->declared)
        return true;
    if (backoff->base_ms < 0 && backoff->jitter >= 0)
        return refuse(err, name, "retry.backoff.jitter",
                      "jitter says how a wait varies, and base_ms is missing; "
                      "declare base_ms too");
    if (backoff->base_ms < 0 && backoff->factor_percent >= 0)
        return refuse(err, name, "retry.backoff.factor",
                      "factor says how a wait grows, and base_ms is missing; "
                      "declare base_ms too");
    if (backoff->base_ms < 0 && backoff->cap_ms >= 0)
        return refuse(err, name, "retry.backoff.cap_ms",
                      "cap_ms bounds a wait, and base_ms is missing; declare "
                      "base_ms too");
    if (backoff->cap_ms >= 0 && backoff->cap_ms < backoff->base_ms)
        return refuse(err, name, "retry.backoff.cap_ms",
                      "is below base_ms; a wait cannot start above its cap");
    return true;
}

static bool check_retry_after(const struct runbook *runbook, const char *name,
                              struct err *err)
{
    const struct runbook_retry_after *after = &runbook->retry.retry_after;

    if (after->above_cap >= 0 && after->cap_ms < 0 && after->total_cap_ms < 0)
        return refuse(err, name, "retry.retry_after.above_cap",
                      "says what happens above a cap, and neither cap_ms nor "
                      "total_cap_ms is declared; declare one");
    return true;
}

static bool check_order(const struct runbook *runbook, const char *name,
                        struct err *err)
{
    const struct bind_texts *order = &runbook->fallback.order;
    char place[64];
    char text[128];

    for (size_t i = 0; i < order->count; i++)
        for (size_t k = 0; k < i; k++) {
            if (strcmp(order->items[i], order->items[k]))
                continue;
            snprintf(place, sizeof place, "fallback.order[%zu]", i);
            snprintf(text, sizeof text,
                     "\"%s\" is listed already; an upstream has one place",
                     order->items[i]);
            return refuse(err, name, place, text);
        }
    return true;
}

static bool check_upstreams(const struct runbook *runbook, const char *name,
                            struct err *err)
{
    char place[64];
    char text[256];

    if (!runbook->fallback.declared)
        return true;
    for (size_t i = 0; i < runbook->upstreams.count; i++) {
        const char *key = runbook->upstreams.keys[i];

        if (in_order(runbook, key))
            continue;
        snprintf(place, sizeof place, "upstreams.%s", key);
        snprintf(text, sizeof text,
                 "\"%s\" is not in fallback.order, so nothing may reach it; "
                 "add it there or drop it here",
                 key);
        return refuse(err, name, place, text);
    }
    return true;
}

static bool check_auth(const struct runbook *runbook, const char *name,
                       struct err *err)
{
    const char *text = "is \"fallback\", and fallback.order names no second "
                       "upstream; declare one or choose fail_closed";

    if (runbook->fallback.order.count > 1)
        return true;
    if (runbook->auth.on_401 == AUTH_FALLBACK)
        return refuse(err, name, "auth.on_401", text);
    if (runbook->auth.on_403 == AUTH_FALLBACK)
        return refuse(err, name, "auth.on_403", text);
    return true;
}

static bool check_buckets(const struct runbook *runbook, const char *name,
                          struct err *err)
{
    const struct bind_ints *buckets = &runbook->elapsed_buckets_ms;
    char place[64], text[96];

    for (size_t i = 1; i < buckets->count; i++) {
        if (buckets->items[i] > buckets->items[i - 1])
            continue;
        snprintf(place, sizeof place, "elapsed_buckets_ms[%zu]", i);
        snprintf(text, sizeof text,
                 "%lld is not above the one before, %lld; list the bounds "
                 "rising",
                 (long long)buckets->items[i],
                 (long long)buckets->items[i - 1]);
        return refuse(err, name, place, text);
    }
    return true;
}

bool runbook_read(struct runbook *out, const struct json *document,
                  const char *name, struct err *err)
{
    char path[sizeof err->where];

    snprintf(path, sizeof path, "%s: $", name);
    if (!bind_read(out, sizeof *out, runbook_table, document, path, BIND_STRICT,
                   err))
        return false;
    out->document = json_copy(document);
    note_declared(out);
    if (check_backoff(out, name, err) && check_retry_after(out, name, err) &&
        check_order(out, name, err) && check_upstreams(out, name, err) &&
        check_auth(out, name, err) && check_buckets(out, name, err))
        return true;
    runbook_release(out);
    return false;
}

bool runbook_load(struct runbook *out, const char *path, struct err *err)
{
    struct json *document;
    char sha256[DIGEST_HEX_SIZE];
    bool ok;

    *out = (struct runbook){ 0 };
    if (!digest_file(sha256, path, NULL, err))
        return false;
    document = json_load(path, err);
    if (!document)
        return false;
    ok = runbook_read(out, document, path, err);
    json_free(document);
    if (!ok)
        return false;
    out->path = xstrdup(path);
    snprintf(out->sha256, sizeof out->sha256, "%s", sha256);
    return true;
}

void runbook_release(struct runbook *runbook)
{
    if (!runbook)
        return;
    free(runbook->path);
    json_free(runbook->document);
    bind_release(runbook, runbook_table);
    *runbook = (struct runbook){ 0 };
}

const struct runbook_upstream *runbook_upstream(const struct runbook *runbook,
                                                const char *name)
{
    const struct runbook_upstream *items = runbook->upstreams.items;

    for (size_t i = 0; i < runbook->upstreams.count; i++)
        if (!strcmp(runbook->upstreams.keys[i], name))
            return &items[i];
    return NULL;
}

const char *runbook_primary(const struct runbook *runbook)
{
    return runbook->fallback.order.count ? runbook->fallback.order.items[0]
                                         : "primary";
}
