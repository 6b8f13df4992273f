/* How a path may end: decision, what the client may get, and until when. */
#include "harness/oracle/oracle_walk.h"

#include <stdio.h>
#include <string.h>

#include "common/xalloc.h"

/* What the client may get; several of them make several paths. */
struct ending {
    enum client_outcome outcome;
    struct status_rule rule;
    int64_t upstream_status;
};
#define ENDINGS_MOST 12
struct endings {
    struct ending items[ENDINGS_MOST];
    size_t count;
};

static const struct status_rule any_status = { .declared = false };

static void add_ending(struct endings *out, enum client_outcome outcome,
                       const struct status_rule *rule, int64_t upstream_status)
{
    for (size_t i = 0; i < out->count; i++)
        if (out->items[i].upstream_status == upstream_status &&
            out->items[i].rule.same && rule->same)
            return;
    if (out->count < ENDINGS_MOST)
        out->items[out->count++] =
            (struct ending){ outcome, *rule, upstream_status };
}

static void add_error(struct endings *out, const struct status_rule *rule,
                      int64_t upstream_status)
{
    bool known = !rule->same || upstream_status >= 400;

    add_ending(out, CLIENT_ERROR, known ? rule : &any_status,
               known && rule->same ? upstream_status : -1);
}

/* With "same" and several failures: whose status, as client_errors.all_failed
 * says. */
static void add_same(struct endings *out, const struct walk *walk,
                     const struct status_rule *rule)
{
    const struct allowed_path *path = &walk->path;
    int64_t which = walk->runbook->client_errors.all_failed;

    for (size_t i = 0; i < path->count; i++) {
        bool taken = which == ALL_FAILED_FIRST ? i == 0
                     : which == ALL_FAILED_LAST
                         ? i + 1 == path->count
                         : true; /* by priority, or not declared */

        if (taken)
            add_error(out, rule,
                      path->attempts[i].failure == FAILURE_HTTP
                          ? path->attempts[i].status
                          : -1);
    }
}

/* What the client gets after a refused credential. */
static struct status_rule auth_rule(const struct walk *walk)
{
    const struct bind_ints *statuses = &walk->runbook->auth.client_status;
    struct status_rule rule = { .declared = statuses->count > 0 };

    for (size_t i = 0; i < statuses->count && i < STATUS_RULE_MOST; i++)
        rule.statuses[rule.count++] = statuses->items[i];
    return rule;
}

static bool has_auth_failure(const struct walk *walk)
{
    const struct runbook_auth *auth = &walk->runbook->auth;

    for (size_t i = 0; i < walk->path.count; i++) {
        const struct allowed_attempt *one = &walk->path.attempts[i];

        if (one->failure == FAILURE_HTTP && auth->declared &&
            ((one->status == 401 && auth->on_401 >= 0) ||
             (one->status == 403 && auth->on_403 >= 0)))
            return true;
    }
    return false;
}

static bool is_body(enum failure failure)
{
    return failure == FAILURE_BAD_BODY || failure == FAILURE_EMPTY_BODY ||
           failure == FAILURE_ERROR_IN_200;
}

static bool has_body_failure(const struct walk *walk)
{
    for (size_t i = 0; i < walk->path.count; i++)
        if (is_body(walk->path.attempts[i].failure))
            return true;
    return false;
}

static void add_exhausted(struct endings *out, const struct walk *walk)
{
    const struct status_rule *rule = &walk->runbook->client_errors.exhausted;
    const struct status_rule auth = auth_rule(walk);

    if (rule->declared && rule->same)
        add_same(out, walk, rule);
    else
        add_error(out, rule, -1);
    /* A refused credential or a bad body among the failures may be what is
     * told. */
    if (has_auth_failure(walk))
        add_error(out, &auth, -1);
    if (has_body_failure(walk) &&
        walk->runbook->client_errors.bad_body.declared)
        add_error(out, &walk->runbook->client_errors.bad_body, -1);
}

/* Only one upstream failed: the fallbacks have no part in it. */
static bool first_attempt(const struct walk *walk)
{
    return walk->path.count == 1;
}

static bool refusals_only(const struct walk *walk)
{
    for (size_t i = 0; i < walk->path.count; i++) {
        const struct allowed_attempt *attempt = &walk->path.attempts[i];

        if (attempt->failure != FAILURE_HTTP ||
            (attempt->status != 401 && attempt->status != 403))
            return false;
    }
    return true;
}

static void endings_of_auth(struct endings *out, const struct walk *walk)
{
    const struct status_rule rule = auth_rule(walk);

    add_ending(out, CLIENT_ERROR, &rule, -1);
    /* An auth failure of a later upstream may be shown as what came before. */
    if (!refusals_only(walk))
        add_exhausted(out, walk);
}

static void endings_of_client_key(struct endings *out)
{
    const struct status_rule rule = {
        .declared = true,
        .statuses = { 400, 401, 402, 403, 404, 407, 422 },
        .count = 7,
    };

    add_ending(out, CLIENT_ERROR, &rule, -1);
}

/* Whether the class says something about a body, and the runbook does not say
 * that bodies are looked at. */
static bool not_looked_at(const struct outcome *outcome)
{
    return !outcome->claimed && outcome->failure != FAILURE_HTTP;
}

static void add_client_4xx(struct endings *out, const struct walk *walk,
                           int64_t status)
{
    add_error(out, &walk->runbook->client_errors.upstream_4xx, status);
    if (!first_attempt(walk))
        add_exhausted(out, walk);
}

static void endings_of_failure(struct endings *out, const struct walk *walk,
                               enum walk_end end, const struct outcome *outcome)
{
    const struct runbook_client_errors *errors = &walk->runbook->client_errors;
    bool http = outcome->failure == FAILURE_HTTP;
    bool body = is_body(outcome->failure);

    if (not_looked_at(outcome)) {
        add_ending(out, CLIENT_ANY, &any_status, -1);
    } else if (body && errors->bad_body.declared) {
        add_error(out, &errors->bad_body, -1);
        if (!first_attempt(walk))
            add_exhausted(out, walk);
    } else if (end == WALK_END_EXHAUSTED) {
        add_exhausted(out, walk);
    } else if (http && outcome->status < 400) {
        add_ending(out, CLIENT_ANY, &any_status, -1);
    } else if (http && outcome->status < 500) {
        add_client_4xx(out, walk, outcome->status);
    } else {
        add_error(out, &any_status, -1);
    }
}

static void endings_of(struct endings *out, const struct walk *walk,
                       enum walk_end end, const struct outcome *outcome)
{
    switch (end) {
    case WALK_END_ANSWER:
        add_ending(out, CLIENT_SUCCESS, &any_status, -1);
        break;
    case WALK_END_PASSED_ON:
        add_ending(out, CLIENT_ANY, &any_status, -1);
        break;
    case WALK_END_COMMITTED:
    case WALK_END_TOTAL:
    case WALK_END_NO_ROUTE:
        add_ending(out, CLIENT_ERROR, &any_status, -1);
        break;
    case WALK_END_AUTH:
        endings_of_auth(out, walk);
        break;
    case WALK_END_CLIENT:
        endings_of_client_key(out);
        break;
    case WALK_END_NOT_RETRIED:
    case WALK_END_EXHAUSTED:
        if (!outcome) { /* nothing was tried */
            add_exhausted(out, walk);
            break;
        }
        endings_of_failure(out, walk, end, outcome);
        break;
    }
}

static enum decision decision_of(const struct walk *walk, enum walk_end end,
                                 const struct outcome *outcome)
{
    const char *primary = walk->upstreams[0].name;

    for (size_t i = 0; i < walk->path.count; i++)
        if (strcmp(walk->path.attempts[i].upstream, primary))
            return DECISION_FALLBACK_USED;
    if (end == WALK_END_ANSWER)
        return DECISION_PRIMARY_USED;
    if (end == WALK_END_AUTH || end == WALK_END_CLIENT)
        return DECISION_FAILED_CLOSED;
    if (outcome && outcome->failure == FAILURE_HTTP &&
        (outcome->status == 401 || outcome->status == 403))
        return DECISION_FAILED_CLOSED;
    return DECISION_FALLBACK_NOT_TRIGGERED;
}

/* Whether total_ms bounds what the client waits for on this path. */
static bool total_binds(const struct walk *walk,
                        const struct allowed_path *path,
                        const struct outcome *outcome)
{
    bool begun = path->committed || ((path->outcome != CLIENT_ERROR) &&
                                     walk->phase->client.stream);

    (void)outcome;
    return walk->runbook->timeouts.total_ms >= 0 &&
           (!begun || walk->runbook->timeouts.cover_streams == 1);
}

static int64_t bound_of(const struct walk *walk,
                        const struct progress *progress,
                        const struct allowed_path *path,
                        const struct outcome *outcome)
{
    if (total_binds(walk, path, outcome))
        return walk->runbook->timeouts.total_ms;
    if (progress->open || progress->most_ms < 0)
        return ALLOWED_ANY;
    return progress->most_ms;
}

static bool same_rule(const struct status_rule *a, const struct status_rule *b)
{
    return a->declared == b->declared && a->same == b->same &&
           a->count == b->count &&
           !memcmp(a->statuses, b->statuses, a->count * sizeof *a->statuses);
}

/* Two paths that no history can tell apart. */
static bool same_path(const struct allowed_path *a,
                      const struct allowed_path *b)
{
    if (a->count != b->count || a->decision != b->decision ||
        a->outcome != b->outcome || a->upstream_status != b->upstream_status ||
        a->committed != b->committed ||
        a->error_event_sent != b->error_event_sent ||
        a->by_total != b->by_total || !same_rule(&a->status, &b->status))
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (strcmp(a->attempts[i].upstream, b->attempts[i].upstream) ||
            a->attempts[i].key != b->attempts[i].key ||
            a->attempts[i].gap_least_ms != b->attempts[i].gap_least_ms ||
            a->attempts[i].gap_most_ms != b->attempts[i].gap_most_ms)
            return false;
    return true;
}

static int64_t wider(int64_t a, int64_t b)
{
    if (a == ALLOWED_ANY || b == ALLOWED_ANY)
        return ALLOWED_ANY;
    return a > b ? a : b;
}

/* Keeps the words of the first, and bounds that hold for both. */
static void merge(struct allowed_path *into, const struct allowed_path *path)
{
    for (size_t i = 0; i < into->count; i++) {
        struct allowed_attempt *a = &into->attempts[i];
        const struct allowed_attempt *b = &path->attempts[i];

        if (b->lasts_least_ms < a->lasts_least_ms) {
            a->lasts_least_ms = b->lasts_least_ms;
            a->failure = b->failure;
            a->status = b->status;
        }
        a->lasts_most_ms = wider(a->lasts_most_ms, b->lasts_most_ms);
    }
    into->total_most_ms = wider(into->total_most_ms, path->total_most_ms);
    if (path->not_before_ms < into->not_before_ms)
        into->not_before_ms = path->not_before_ms;
}

static void add_path(struct walk *walk, const struct allowed_path *path)
{
    struct allowed *out = walk->out;

    for (size_t i = 0; i < out->path_count; i++)
        if (same_path(&out->paths[i], path)) {
            merge(&out->paths[i], path);
            return;
        }
    if (out->path_count == ALLOWED_PATHS) {
        walk_not_judged(walk, "more allowed ways than can be told apart");
        return;
    }
    out->paths = xgrow(out->paths, out->path_count, &out->path_capacity,
                       sizeof *out->paths);
    out->paths[out->path_count++] = *path;
}

void walk_not_judged(struct walk *walk, const char *reason)
{
    if (!walk->out->not_judged[0])
        snprintf(walk->out->not_judged, sizeof walk->out->not_judged, "%s",
                 reason);
}

void walk_end(struct walk *walk, const struct progress *progress,
              enum walk_end end, const struct outcome *outcome,
              int64_t not_before_ms, const char *reason)
{
    const struct after_commit *after = &walk->runbook->stream.after_commit;
    struct allowed_path path = walk->path;
    struct endings endings = { 0 };

    path.decision = decision_of(walk, end, outcome);
    path.committed = end == WALK_END_COMMITTED ||
                     (end == WALK_END_TOTAL && outcome && outcome->committed);
    path.error_event_allowed = !after->declared || after->error_event;
    /* A plain answer has no place for an event. */
    path.abort_allowed =
        !after->declared || after->abort || !walk->phase->client.stream;
    path.error_event_sent = outcome && outcome->error_event;
    path.by_total = end == WALK_END_TOTAL;
    path.not_before_ms = not_before_ms;
    snprintf(path.end_reason, sizeof path.end_reason, "%s", reason);
    endings_of(&endings, walk, end, outcome);
    for (size_t i = 0; i < endings.count; i++) {
        path.outcome = endings.items[i].outcome;
        path.status = endings.items[i].rule;
        path.upstream_status = endings.items[i].upstream_status;
        path.total_most_ms = bound_of(walk, progress, &path, outcome);
        add_path(walk, &path);
    }
}
