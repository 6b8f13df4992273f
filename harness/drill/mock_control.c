#include "harness/drill/mock_control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/client/client.h"

#define CALL_MS 5000 /* of a call that need not wait for anything */

/* Says in err what the mock said. */
static void take_refusal(const struct buf *answer, int64_t status,
                         const char *where, struct err *err)
{
    struct json *document =
        json_parse(buf_text(answer), answer->length, "answer", NULL);
    const struct json *error = json_get(document, "error");
    const char *place = json_get_text(error, "where", "");

    err_set(err, ERR_STATE, where, "the mock answered %lld: %s%s%s",
            (long long)status, place, *place ? ": " : "",
            json_get_text(error, "text", "no reason given"));
    json_free(document);
}

/* One call; true when the mock answered 2xx. path begins with '/'. body may be
 * NULL. */
static bool call(const struct mock_control *control, const char *method,
                 const char *path, const struct json *body, int64_t timeout_ms,
                 struct buf *answer, struct err *err)
{
    char *url = xasprintf("%s%s", control->admin, path);
    char *text = body ? json_print(body) : NULL;
    char *where = xasprintf("%s %s", method, url);
    int64_t status =
        client_call(method, url, text, control->token, timeout_ms, answer, err);
    bool ok = status >= 200 && status < 300;

    if (status >= 0 && !ok)
        take_refusal(answer, status, where, err);
    else if (!ok)
        snprintf(err->where, sizeof err->where, "gatedrill-mock, %s", where);
    if (text)
        xwipe(text, strlen(text));
    free(text);
    free(where);
    free(url);
    return ok;
}

/* The same, and the answer read as JSON; NULL and err when it is none. */
static struct json *call_json(const struct mock_control *control,
                              const char *method, const char *path,
                              const struct json *body, struct err *err)
{
    struct buf answer = { 0 };
    struct json *document = NULL;

    if (call(control, method, path, body, CALL_MS, &answer, err))
        document = json_parse(buf_text(&answer), answer.length, path, err);
    buf_release(&answer);
    return document;
}

bool mock_control_open(struct mock_control *out, const char *admin,
                       const char *token, struct err *err)
{
    struct json *health;
    size_t length = strlen(admin);
    bool ok = false;

    while (length && admin[length - 1] == '/')
        length--;
    *out = (struct mock_control){ .admin = xstrndup(admin, length),
                                  .token = token ? xstrdup(token) : NULL };
    health = call_json(out, "GET", "/healthz", NULL, err);
    if (health) {
        ok = json_get_true(health, "ok") &&
             digest_from_hex(out->fingerprint_key, sizeof out->fingerprint_key,
                             json_get_text(health, "fingerprint_key", ""));
        snprintf(out->version, sizeof out->version, "%s",
                 json_get_text(health, "version", "unknown"));
        if (!ok)
            err_set(err, ERR_STATE, out->admin,
                    "answers, but not as gatedrill-mock does: no "
                    "fingerprint_key of 64 hex digits in /healthz");
    }
    json_free(health);
    if (!ok)
        mock_control_release(out);
    return ok;
}

void mock_control_release(struct mock_control *control)
{
    if (!control)
        return;
    if (control->token)
        xwipe(control->token, strlen(control->token));
    xwipe(control->fingerprint_key, sizeof control->fingerprint_key);
    free(control->admin);
    free(control->token);
    *control = (struct mock_control){ 0 };
}

static struct json *upstream_to_json(const struct mock_upstream *upstream)
{
    struct json *out = json_new_object();
    struct json *accept;

    json_add_text(out, "name", upstream->name);
    if (upstream->accept) {
        accept = json_add_array(out, "accept");
        for (size_t i = 0; upstream->accept[i]; i++)
            json_append(accept, json_new_text(upstream->accept[i]));
    }
    if (upstream->dialect)
        json_add_text(out, "dialect", upstream->dialect);
    return out;
}

bool mock_control_listen(const struct mock_control *control, const char *slot,
                         struct mock_upstream *upstreams, size_t count,
                         struct err *err)
{
    struct json *body = json_new_object(), *list, *answer;
    bool ok = true;

    json_add_text(body, "slot", slot);
    list = json_add_array(body, "upstreams");
    for (size_t i = 0; i < count; i++)
        json_append(list, upstream_to_json(&upstreams[i]));
    answer = call_json(control, "POST", "/listeners", body, err);
    json_free(body);
    if (!answer)
        return false;
    for (size_t i = 0; i < count && ok; i++) {
        const char *url =
            json_get_text(json_get(answer, "listeners"), upstreams[i].name, "");

        ok = *url && strlen(url) < sizeof upstreams[i].url;
        snprintf(upstreams[i].url, sizeof upstreams[i].url, "%s", url);
        if (!ok)
            err_set(err, ERR_STATE, "POST /listeners",
                    "the mock named no usable listener for %s",
                    upstreams[i].name);
    }
    json_free(answer);
    return ok;
}

/* A call whose answer says nothing but that it was done. */
static bool call_done(const struct mock_control *control, const char *method,
                      char *path, const struct json *body, struct err *err)
{
    struct buf answer = { 0 };
    bool ok = call(control, method, path, body, CALL_MS, &answer, err);

    buf_release(&answer);
    free(path);
    return ok;
}

bool mock_control_unlisten(const struct mock_control *control, const char *slot,
                           struct err *err)
{
    return call_done(control, "DELETE", xasprintf("/listeners?slot=%s", slot),
                     NULL, err);
}

struct mock_script mock_script_new(void)
{
    struct mock_script script = { .body = json_new_object() };

    script.upstreams = json_add_object(script.body, "upstreams");
    script.plant = json_add_object(script.body, "plant");
    script.watch = json_add_array(script.body, "watch");
    return script;
}

void mock_script_upstream(struct mock_script *script, const char *upstream,
                          const struct json *steps)
{
    json_set(script->upstreams, upstream, json_copy(steps));
}

void mock_script_plant(struct mock_script *script, const char *where,
                       const char *text)
{
    json_set(script->plant, where, json_new_text(text));
}

void mock_script_watch(struct mock_script *script, const char *id,
                       const char *text)
{
    struct json *watched = json_new_object();

    json_add_text(watched, "id", id);
    json_add_text(watched, "text", text);
    json_append(script->watch, watched);
}

static char *script_path(struct drill_id id)
{
    char text[DRILL_ID_SIZE];

    drill_id_format(text, id);
    return xasprintf("/scripts/%s", text);
}

bool mock_control_put(const struct mock_control *control, struct drill_id id,
                      struct mock_script *script, struct err *err)
{
    bool ok = call_done(control, "PUT", script_path(id), script->body, err);

    json_free(script->body);
    *script = (struct mock_script){ 0 };
    return ok;
}

bool mock_control_forget(const struct mock_control *control, struct drill_id id,
                         struct err *err)
{
    return call_done(control, "DELETE", script_path(id), NULL, err);
}

/* Replaces what *probes held. */
static void read_probes(struct mock_probes *probes, const struct json *answer)
{
    const struct json *list = json_get(answer, "probes");

    mock_probes_release(probes);
    for (const struct json *at = json_first(list); at; at = json_next(at)) {
        struct mock_probe *probe;

        probes->items = xgrow(probes->items, probes->count, &probes->capacity,
                              sizeof *probes->items);
        probe = &probes->items[probes->count++];
        *probe = (struct mock_probe){ 0 };
        snprintf(probe->upstream, sizeof probe->upstream, "%s",
                 json_get_text(at, "upstream", ""));
        probe->expected_refused =
            strcmp(json_get_text(at, "expected", ""), "accepted") != 0;
        probe->seen_refused = strcmp(json_get_text(at, "seen", ""),
                                     json_get_text(at, "expected", "")) == 0;
    }
}

bool mock_control_lease(const struct mock_control *control, const char *slot,
                        struct drill_id id, struct mock_probes *probes,
                        struct err *err)
{
    char text[DRILL_ID_SIZE];
    struct json *body = json_new_object(), *answer;

    drill_id_format(text, id);
    json_add_text(body, "slot", slot);
    json_add_text(body, "drill_id", text);
    answer = call_json(control, "POST", "/leases", body, err);
    json_free(body);
    if (!answer)
        return false;
    read_probes(probes, answer);
    json_free(answer);
    return true;
}

bool mock_control_lease_end(const struct mock_control *control,
                            const char *slot, struct mock_probes *probes,
                            struct err *err)
{
    char *path = xasprintf("/leases?slot=%s", slot);
    struct json *answer = call_json(control, "DELETE", path, NULL, err);

    free(path);
    if (!answer)
        return false;
    read_probes(probes, answer);
    json_free(answer);
    return true;
}

void mock_probes_release(struct mock_probes *probes)
{
    free(probes->items);
    *probes = (struct mock_probes){ 0 };
}

static bool add_attempt(struct mock_attempts *all, const char *line,
                        size_t length, struct err *err)
{
    struct attempt *attempt;

    all->items =
        xgrow(all->items, all->count, &all->capacity, sizeof *all->items);
    attempt = &all->items[all->count];
    if (!attempt_parse(attempt, line, length, err))
        return false;
    all->count++;
    if (attempt->delivered.end != ATTEMPT_END_OPEN && attempt->seq > all->last)
        all->last = attempt->seq;
    return true;
}

/* The last line; without it the answer is not whole. */
static bool read_end(struct mock_attempts *all, const char *line, size_t length,
                     struct err *err)
{
    struct json *document = json_parse(line, length, "GET /attempts", err);
    const struct json *end = json_get(document, "end");
    bool ok = json_kind(end) == JSON_OBJECT && json_count(document) == 1;

    if (ok) {
        all->open = json_get_int(end, "open", 0);
        all->foreign = json_get_int(end, "foreign", 0);
    } else if (document) {
        err_set(err, ERR_STATE, "GET /attempts",
                "the last line is not {\"end\":{...}}");
    }
    json_free(document);
    return ok;
}

static bool read_attempts(struct mock_attempts *all, const struct buf *answer,
                          struct err *err)
{
    const char *at = buf_text(answer);

    for (;;) {
        size_t length = strcspn(at, "\n");

        if (!at[length] || !at[length + 1])
            return read_end(all, at, length, err);
        if (!add_attempt(all, at, length, err))
            return false;
        at += length + 1;
    }
}

bool mock_control_attempts(const struct mock_control *control,
                           struct drill_id id, int64_t wait_ms,
                           bool include_open, struct mock_attempts *all,
                           struct err *err)
{
    char text[DRILL_ID_SIZE];
    struct buf answer = { 0 };
    char *path;
    bool ok;

    drill_id_format(text, id);
    path = xasprintf("/attempts?drill_id=%s&after=%lld&wait_ms=%lld%s", text,
                     (long long)all->last, (long long)wait_ms,
                     include_open ? "&open=1" : "");
    ok = call(control, "GET", path, NULL, wait_ms + CALL_MS, &answer, err) &&
         read_attempts(all, &answer, err);
    free(path);
    buf_release(&answer);
    return ok;
}

void mock_attempts_release(struct mock_attempts *all)
{
    for (size_t i = 0; i < all->count; i++)
        attempt_release(&all->items[i]);
    free(all->items);
    *all = (struct mock_attempts){ 0 };
}
