#include "harness/oracle/oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/oracle/oracle_walk.h"

const char *const decision_names[] = {
    "primary_used",           "fallback_used", "failed_closed",
    "fallback_not_triggered", "unknown",       NULL
};

/* What a gateway may take for its own work where no total_ms says so. */
#define OWN_WORK_MS 1000
/* Nothing is bounded: what a case then may take, in ms. */
#define UNBOUNDED_MS 30000

static const struct script *script_of(const struct case_phase *phase,
                                      const char *name)
{
    for (size_t i = 0; i < phase->upstream_count; i++)
        if (!strcmp(phase->upstreams[i].name, name) &&
            phase->upstreams[i].script.count > 0)
            return &phase->upstreams[i].script;
    return NULL;
}

/* Keys that are not the gateway's own it cannot change. */
static int64_t keys_of(const struct walk *walk, const char *name)
{
    const struct runbook_upstream *rule = runbook_upstream(walk->runbook, name);

    if (rule && (rule->credential == CREDENTIAL_CLIENT ||
                 rule->credential == CREDENTIAL_NONE))
        return 1;
    return drill_case_keys(walk->drill_case, name);
}

static void add_upstream(struct walk *walk, const char *name)
{
    struct walk_upstream *added;

    if (walk->upstream_count == ALLOWED_UPSTREAMS)
        return;
    walk->upstreams[walk->upstream_count++] = (struct walk_upstream){
        .name = name,
        .script = script_of(walk->phase, name),
        .credential_accepted = true,
        .keys = keys_of(walk, name),
    };
    added = &walk->upstreams[walk->upstream_count - 1];
    added->keyed =
        added->keys > 1 && added->script && script_is_keyed(added->script);
}

/* The declared order; without one the primary, and a fallback there may be. */
static void add_upstreams(struct walk *walk)
{
    const struct bind_texts *order = &walk->runbook->fallback.order;

    if (order->count == 0) {
        add_upstream(walk, "primary");
        add_upstream(walk, "fallback");
        walk->fallback_open = true;
        return;
    }
    for (size_t i = 0; i < order->count; i++)
        add_upstream(walk, order->items[i]);
}

/* At a port that takes no connection nobody can count. */
static void note_uncountable(struct allowed *out, const struct walk *walk)
{
    for (size_t u = 0; u < walk->upstream_count; u++) {
        const struct script *script = walk->upstreams[u].script;
        bool closed = false;

        for (size_t i = 0; script && i < script->count; i++)
            closed = closed || fault_is_closed_port(script->steps[i].fault);
        if (closed)
            snprintf(out->uncountable[out->uncountable_count++],
                     UPSTREAM_NAME_SIZE, "%s", walk->upstreams[u].name);
    }
}

/* Which key an upstream is called with decides whether it takes it. Returns
 * false when the runbook does not say. */
static void set_credentials(struct walk *walk, bool client_key_reaches)
{
    for (size_t u = 0; u < walk->upstream_count; u++) {
        const struct runbook_upstream *rule =
            runbook_upstream(walk->runbook, walk->upstreams[u].name);
        int64_t credential = rule ? rule->credential : -1;

        walk->upstreams[u].credential_accepted =
            credential == CREDENTIAL_CLIENT ? false
            : credential < 0                ? !client_key_reaches
                                            : true;
    }
}

static bool credential_undeclared(const struct walk *walk)
{
    for (size_t u = 0; u < walk->upstream_count; u++) {
        const struct runbook_upstream *rule =
            runbook_upstream(walk->runbook, walk->upstreams[u].name);

        if (!rule || rule->credential < 0)
            return true;
    }
    return false;
}

/* With a declared cooldown an earlier request may have put any upstream out of
 * use. */
static bool may_be_cool(const struct walk *walk,
                        const struct drill_case *drill_case, size_t phase)
{
    if (!walk->runbook->cooldown.declared)
        return false;
    return phase > 0 || drill_case->phases[phase].client.requests > 1 ||
           drill_case->phases[phase].client.concurrency > 1;
}

static void walk_all(struct walk *walk, const struct drill_case *drill_case,
                     size_t phase)
{
    const struct progress start = { 0 };

    walk_from(walk, 0, "the client's request");
    if (!may_be_cool(walk, drill_case, phase))
        return;
    for (size_t u = 1; u < walk->upstream_count; u++)
        walk_from(walk, u,
                  u == 1 ? "the primary may be in cooldown from an earlier "
                           "request"
                         : "those before it may be in cooldown from an earlier "
                           "request");
    walk_end(walk, &start, WALK_END_EXHAUSTED, NULL, 0,
             "every upstream may be in cooldown from an earlier request");
}

/* A wrong or missing client key: refused by the gateway itself, or by the
 * upstream it is passed to, as the runbook says. */
static void walk_bad_client_key(struct walk *walk,
                                const struct drill_case *drill_case,
                                size_t phase)
{
    int64_t keys = walk->runbook->auth.client_keys;
    const struct progress start = { 0 };

    walk->key_known_good = false;
    if (keys != CLIENT_KEYS_IGNORED)
        walk_end(walk, &start, WALK_END_CLIENT, NULL, 0,
                 "the gateway refuses the client's key by itself");
    if (keys == CLIENT_KEYS_CHECKED)
        return;
    set_credentials(walk, true);
    walk_all(walk, drill_case, phase);
    if (credential_undeclared(walk)) {
        set_credentials(walk, false);
        walk_all(walk, drill_case, phase);
    }
}

static bool passes_client_key(const struct walk *walk)
{
    const struct runbook_upstream *rule =
        runbook_upstream(walk->runbook, walk->upstreams[0].name);

    return rule && rule->credential == CREDENTIAL_CLIENT;
}

/* Whether a path that is not the route's is refused by the gateway or passed to
 * an upstream that does not know it either, nobody declares: the client must be
 * told, and no attempt of the route belongs to it. */
static void walk_other_path(struct walk *walk)
{
    const struct progress start = { 0 };

    walk_end(walk, &start, WALK_END_NO_ROUTE, NULL, 0,
             "the client asks for a path that is not the route's");
}

static void walk_case(struct walk *walk, const struct drill_case *drill_case,
                      size_t phase)
{
    if (walk->phase->client.path) {
        walk_other_path(walk);
        return;
    }
    switch ((enum case_credential)walk->phase->client.credential) {
    case CASE_CREDENTIAL_NONE:
    case CASE_CREDENTIAL_INVALID_AT_CLIENT:
        walk_bad_client_key(walk, drill_case, phase);
        return;
    case CASE_CREDENTIAL_INVALID_AT_UPSTREAM:
        /* Where the client's key is passed through, it is that one. */
        if (passes_client_key(walk)) {
            walk_bad_client_key(walk, drill_case, phase);
            return;
        }
        walk->key_known_good = false;
        set_credentials(walk, false);
        walk->upstreams[0].credential_accepted = false;
        break;
    case CASE_CREDENTIAL_VALID:
        break;
    }
    walk_all(walk, drill_case, phase);
}

static void derive_within(struct allowed *out, const struct runbook *runbook)
{
    bool total = false;

    out->within_ms = 0;
    for (size_t i = 0; i < out->path_count; i++) {
        int64_t most = out->paths[i].total_most_ms;

        total = total || (most >= 0 && most == runbook->timeouts.total_ms);
        if (most == ALLOWED_ANY || out->within_ms == ALLOWED_ANY)
            out->within_ms = ALLOWED_ANY;
        else if (most > out->within_ms)
            out->within_ms = most;
    }
    if (out->not_judged[0])
        out->within_ms = ALLOWED_ANY;
    if (!total && out->within_ms != ALLOWED_ANY)
        out->within_ms += OWN_WORK_MS;
    snprintf(out->within_reason, sizeof out->within_reason, "%s",
             out->within_ms == ALLOWED_ANY ? "some part has no declared bound"
             : total                       ? "timeouts.total_ms"
                     : "the sum of declared timeouts and waits, and a second "
                       "for its own work");
}

static void override_paths(struct allowed *out,
                           const struct case_expect *expect)
{
    for (size_t i = 0; i < out->path_count; i++) {
        struct allowed_path *path = &out->paths[i];

        for (size_t k = 0; expect->decision && decision_names[k]; k++)
            if (!strcmp(expect->decision, decision_names[k]))
                path->decision = (enum decision)k;
        if (expect->client_outcome)
            path->outcome = !strcmp(expect->client_outcome, "success")
                                ? CLIENT_SUCCESS
                                : CLIENT_ERROR;
        if (expect->client_status.declared) {
            path->status = (struct status_rule){ .declared = true };
            for (size_t k = 0;
                 k < expect->client_status.count && k < STATUS_RULE_MOST; k++)
                path->status.statuses[path->status.count++] =
                    expect->client_status.items[k];
        }
        for (size_t k = 0; k < expect->gap_count && k + 1 < path->count; k++) {
            struct allowed_attempt *attempt = &path->attempts[k + 1];

            attempt->gap_least_ms = expect->gap_least_ms[k];
            attempt->gap_most_ms = expect->gap_most_ms[k];
            snprintf(attempt->gap_reason, sizeof attempt->gap_reason,
                     "the scenario expects it");
        }
    }
}

static void override(struct allowed *out, const struct case_expect *expect)
{
    if (expect->runbook)
        return;
    out->overridden = expect->attempt_count || expect->decision ||
                      expect->client_outcome ||
                      expect->client_status.declared || expect->gap_count ||
                      expect->within_ms > 0;
    override_paths(out, expect);
    for (size_t i = 0; i < expect->attempt_count && i < ALLOWED_UPSTREAMS;
         i++) {
        snprintf(out->attempts_override[i].upstream, UPSTREAM_NAME_SIZE, "%s",
                 expect->attempts[i].upstream);
        out->attempts_override[i].least = expect->attempts[i].least;
        out->attempts_override[i].most = expect->attempts[i].most;
        out->attempts_override_count++;
    }
    if (expect->within_ms > 0) {
        out->within_ms = expect->within_ms;
        snprintf(out->within_reason, sizeof out->within_reason,
                 "the scenario expects it");
    }
}

void oracle_allow(struct allowed *out, const struct drill_case *drill_case,
                  size_t phase, const struct runbook *runbook)
{
    struct walk walk = {
        .out = out,
        .runbook = runbook,
        .drill_case = drill_case,
        .phase = &drill_case->phases[phase],
        .key_known_good = true,
    };

    *out = (struct allowed){ 0 };
    add_upstreams(&walk);
    note_uncountable(out, &walk);
    walk_case(&walk, drill_case, phase);
    if (out->not_judged[0])
        out->path_count = 0;
    derive_within(out, runbook);
    override(out, &walk.phase->expect);
}

void allowed_release(struct allowed *allowed)
{
    if (!allowed)
        return;
    free(allowed->paths);
    *allowed = (struct allowed){ 0 };
}

static int64_t path_longest_ms(const struct allowed_path *path,
                               int64_t unknown_ms)
{
    int64_t sum = 0;

    if (path->total_most_ms >= 0 && !path->by_total)
        return path->total_most_ms;
    for (size_t i = 0; i < path->count; i++) {
        const struct allowed_attempt *attempt = &path->attempts[i];

        sum += attempt->gap_most_ms >= 0 ? attempt->gap_most_ms
                                         : attempt->gap_least_ms;
        sum +=
            attempt->lasts_most_ms >= 0 ? attempt->lasts_most_ms : unknown_ms;
    }
    return sum;
}

static bool has_open_wait(const struct allowed_path *path)
{
    for (size_t i = 0; i < path->count; i++)
        if (path->attempts[i].gap_most_ms < 0)
            return true;
    return false;
}

static int64_t unknown_ms(const struct runbook *runbook)
{
    return runbook->timeouts.total_ms >= 0 ? runbook->timeouts.total_ms
                                           : UNBOUNDED_MS;
}

int64_t allowed_longest_ms(const struct allowed *allowed,
                           const struct runbook *runbook)
{
    int64_t unknown = unknown_ms(runbook);
    int64_t longest = 0;

    if (allowed->not_judged[0])
        return unknown;
    for (size_t i = 0; i < allowed->path_count; i++) {
        int64_t one = path_longest_ms(&allowed->paths[i], unknown);

        if (one > longest)
            longest = one;
    }
    return longest;
}

int64_t allowed_patience_ms(const struct allowed *allowed,
                            const struct runbook *runbook)
{
    bool open = false;

    for (size_t i = 0; i < allowed->path_count; i++)
        open = open || has_open_wait(&allowed->paths[i]);
    return allowed_longest_ms(allowed, runbook) +
           (open ? unknown_ms(runbook) : 0);
}
