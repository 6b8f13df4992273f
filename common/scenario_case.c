#include "common/scenario_file.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/answer.h"
#include "common/xalloc.h"

/* How the parts of one case are read. */
struct expansion {
    enum bind_mode mode;
    struct err *err;
};

static bool is_upstream_name(const char *name)
{
    regex_t regex;
    bool match;

    if (regcomp(&regex, UPSTREAM_NAME_PATTERN, REG_EXTENDED | REG_NOSUB))
        return false;
    match = regexec(&regex, name, 0, NULL, 0) == 0;
    regfree(&regex);
    return match;
}

static bool read_upstreams(struct case_phase *phase, const struct json *node,
                           const char *path, const struct expansion *e)
{
    char base[sizeof e->err->where];
    char place[sizeof e->err->where];

    if (!node) {
        err_set(e->err, ERR_SCHEMA, path, "\"upstreams\" is missing");
        return false;
    }
    bind_path(base, sizeof base, path, "upstreams");
    if (json_kind(node) != JSON_OBJECT) {
        err_set(e->err, ERR_SCHEMA, base,
                "must be an object of upstream names with lists of steps");
        return false;
    }
    phase->upstreams = xcalloc(json_count(node), sizeof *phase->upstreams);
    for (const struct json *m = json_first(node); m; m = json_next(m)) {
        struct case_upstream *upstream =
            &phase->upstreams[phase->upstream_count];

        bind_path(place, sizeof place, base, json_key(m));
        if (!is_upstream_name(json_key(m))) {
            err_set(e->err, ERR_SCHEMA, place,
                    "the name does not match " UPSTREAM_NAME_PATTERN);
            return false;
        }
        if (!script_read(&upstream->script, m, place, e->mode, e->err))
            return false;
        upstream->name = xstrdup(json_key(m));
        upstream->steps = json_copy(m);
        phase->upstream_count++;
    }
    return true;
}

/* What contradicts itself. */
static bool check_client(const struct case_client *client, const char *path,
                         struct err *err)
{
    char base[sizeof err->where];
    char place[sizeof err->where];
    int64_t number;

    bind_path(base, sizeof base, path, "client");
    if (client->reuse && client->concurrency > 1) {
        bind_path(place, sizeof place, base, "reuse");
        err_set(err, ERR_SCHEMA, place,
                "one connection cannot carry %lld requests at once",
                (long long)client->concurrency);
        return false;
    }
    if (case_abort_when(client, &number) == ABORT_EVENT && !client->stream) {
        bind_path(place, sizeof place, base, "abort");
        err_set(err, ERR_SCHEMA, place,
                "event:N needs a stream, and stream is false");
        return false;
    }
    return true;
}

static bool read_phase(struct case_phase *out, struct scenario_phase *from,
                       const char *path, const struct expansion *e)
{
    char place[sizeof e->err->where];

    out->client = from->client;
    from->client = (struct case_client){ 0 };
    if (!out->client.fixture)
        out->client.fixture = xstrdup("minimal-chat");
    if (!check_client(&out->client, path, e->err))
        return false;
    bind_path(place, sizeof place, path, "expect");
    return read_upstreams(out, from->upstreams, path, e) &&
           case_expect_read(&out->expect, from->expect, place, e->mode, e->err);
}

static bool read_phases(struct drill_case *out, struct scenario_file *file,
                        const struct json *document, const char *path,
                        const struct expansion *e)
{
    static const char *const single[] = { "client", "upstreams", "expect" };
    struct scenario_phase *phases = file->phases.items;
    char base[sizeof e->err->where];
    char place[sizeof e->err->where];

    out->phases = xcalloc(file->phases.declared ? file->phases.count : 1,
                          sizeof *out->phases);
    if (!file->phases.declared) {
        out->phase_count = 1;
        return read_phase(&out->phases[0], &file->phase, path, e);
    }
    for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
        if (!json_get(document, single[i]))
            continue;
        bind_path(place, sizeof place, path, single[i]);
        err_set(e->err, ERR_SCHEMA, place,
                "stands beside phases; it belongs into each phase");
        return false;
    }
    bind_path(base, sizeof base, path, "phases");
    for (size_t i = 0; i < file->phases.count; i++) {
        bind_path_index(place, sizeof place, base, i);
        out->phase_count++;
        if (!read_phase(&out->phases[i], &phases[i], place, e))
            return false;
    }
    return true;
}

static void move_texts(char ***items, size_t *count, struct bind_texts *from)
{
    *items = from->items;
    *count = from->count;
    *from = (struct bind_texts){ 0 };
}

static char *move_text(char **from)
{
    char *text = *from;

    *from = NULL;
    return text;
}

static void move_words(struct drill_case *out, struct scenario_file *file)
{
    out->family = xstrndup(file->id, strcspn(file->id, "/"));
    out->scenario = move_text(&file->id);
    out->title = move_text(&file->title);
    out->why = move_text(&file->why);
    out->evidence_type = (enum evidence_type)file->evidence_type;
    move_texts(&out->sources, &out->source_count, &file->sources);
    move_texts(&out->requires, &out->require_count, &file->requires);
    move_texts(&out->extra_upstreams, &out->extra_upstream_count,
               &file->needs.upstreams);
    out->variant = move_text(&file->needs.variant);
    out->prefer_variant = move_text(&file->needs.prefer_variant);
    out->needs_keys = file->needs.keys;
    out->together = file->together;
    out->needs_own_listeners = file->needs.own_listeners;
    out->needs_fresh_process = file->needs.fresh_process;
    out->needs_metrics = file->needs.metrics;
}

static bool some_step_needs_lease(const struct drill_case *c)
{
    for (size_t p = 0; p < c->phase_count; p++) {
        const struct case_phase *phase = &c->phases[p];

        for (size_t u = 0; u < phase->upstream_count; u++) {
            const struct script *script = &phase->upstreams[u].script;

            for (size_t s = 0; s < script->count; s++) {
                if (step_needs_lease(&script->steps[s]))
                    return true;
            }
        }
    }
    return false;
}

/* runbook NULL: the words are only checked. */
static bool check_requires(struct drill_case *c, const struct json *runbook,
                           const char *path, struct err *err)
{
    char base[sizeof err->where];
    char place[sizeof err->where];

    bind_path(base, sizeof base, path, "requires");
    for (size_t i = 0; i < c->require_count; i++) {
        if (!requirement_valid(c->requires[i])) {
            bind_path_index(place, sizeof place, base, i);
            err_set(err, ERR_SCHEMA, place,
                    "\"%s\" is not a requirement: a runbook path, path=value, "
                    "path~class, or one of these after \"!\"",
                    c->requires[i]);
            return false;
        }
        if (runbook && !c->not_applicable)
            c->not_applicable = requirement_unmet(c->requires[i], runbook);
    }
    return true;
}

static bool fill_case(struct drill_case *out, const struct json *document,
                      const struct json *runbook, char **reason,
                      const char *path, struct err *err)
{
    struct expansion e = { .mode =
                               runbook && !*reason ? BIND_STRICT : BIND_LENIENT,
                           .err = err };
    struct scenario_file file;
    bool ok;

    if (!bind_read(&file, sizeof file, scenario_table, document, path, e.mode,
                   err))
        return false;
    ok = read_phases(out, &file, document, path, &e);
    move_words(out, &file);
    bind_release(&file, scenario_table);
    if (!ok || !check_requires(out, runbook, path, err))
        return false;
    if (!out->not_applicable)
        out->not_applicable = move_text(reason);
    out->needs_own_listeners =
        out->needs_own_listeners || some_step_needs_lease(out);
    return true;
}

bool scenario_case(struct drill_case *out, const struct scenario *scenario,
                   size_t index, const struct json *runbook, struct err *err)
{
    struct err unwanted;
    char *path = xasprintf("%s: $", scenario->path);
    struct json *values = matrix_values(scenario->document, index);
    struct json *document = NULL;
    struct json *resolved = NULL;
    struct buf id = { 0 };
    char *reason = NULL;
    bool ok = false;

    if (!err)
        err = &unwanted;
    *out = (struct drill_case){ 0 };
    document = matrix_apply(scenario->document, values, path, err);
    if (document)
        resolved = relative_apply(document, runbook, path, &reason, err);
    if (resolved)
        ok = fill_case(out, resolved, runbook, &reason, path, err);
    if (ok) {
        buf_add_text(&id, out->scenario);
        matrix_suffix(&id, values);
        out->id = buf_take(&id);
        out->number = scenario->first_number + (int64_t)index;
        memcpy(out->file_sha256, scenario->file_sha256,
               sizeof out->file_sha256);
    } else {
        drill_case_release(out);
    }
    free(reason);
    json_free(values);
    json_free(document);
    json_free(resolved);
    free(path);
    return ok;
}

static void release_texts(char **items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(items[i]);
    free(items);
}

static void release_phase(struct case_phase *phase)
{
    case_client_release(&phase->client);
    case_expect_release(&phase->expect);
    for (size_t i = 0; i < phase->upstream_count; i++) {
        free(phase->upstreams[i].name);
        script_release(&phase->upstreams[i].script);
        json_free(phase->upstreams[i].steps);
    }
    free(phase->upstreams);
}

void drill_case_release(struct drill_case *drill_case)
{
    if (!drill_case)
        return;
    free(drill_case->id);
    free(drill_case->scenario);
    free(drill_case->family);
    free(drill_case->title);
    free(drill_case->why);
    release_texts(drill_case->sources, drill_case->source_count);
    release_texts(drill_case->requires, drill_case->require_count);
    for (size_t i = 0; i < drill_case->phase_count; i++)
        release_phase(&drill_case->phases[i]);
    free(drill_case->phases);
    free(drill_case->variant);
    free(drill_case->prefer_variant);
    release_texts(drill_case->extra_upstreams,
                  drill_case->extra_upstream_count);
    free(drill_case->not_applicable);
    *drill_case = (struct drill_case){ 0 };
}

/* '*' and '?' only; the last '*' is tried again one byte further. */
static bool matches_whole(const char *text, const char *pattern)
{
    const char *star = NULL;
    const char *again = NULL;

    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            again = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++again;
        } else {
            return false;
        }
    }
    return !pattern[strspn(pattern, "*")];
}

bool case_matches(const char *case_id, const char *pattern)
{
    size_t length = strlen(pattern);

    if (matches_whole(case_id, pattern))
        return true;
    if (strpbrk(pattern, "*?") || strncmp(case_id, pattern, length) != 0)
        return false;
    return case_id[length] == '[' || case_id[length] == '/';
}

int64_t drill_case_keys(const struct drill_case *drill_case,
                        const char *upstream)
{
    for (size_t i = 0; i < drill_case->key_count; i++)
        if (!strcmp(drill_case->keys[i].upstream, upstream))
            return drill_case->keys[i].count;
    return 1;
}
