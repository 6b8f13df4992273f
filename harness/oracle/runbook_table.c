/* The tables of a runbook: validation, schema and docs/runbook.md come from
 * here. Source of the words: the public contract, section 6. */
#include "harness/oracle/runbook.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/answer.h"

#define MS_MOST 3600000 /* an hour */

static const char *const jitter_names[] = { "none", "full", "equal", "additive",
                                            NULL };
static const char *const above_cap_names[] = { "give_up", "fail", "backoff",
                                               NULL };
static const char *const should_retry_names[] = { "ignored", "no", "obeyed",
                                                  NULL };
static const char *const fallback_after_names[] = { "retries_exhausted",
                                                    "each_failure", NULL };
static const char *const auth_rule_names[] = { "fail_closed", "rotate_key",
                                               "fallback", NULL };
static const char *const client_keys_names[] = { "checked", "ignored", NULL };
static const char *const commit_names[] = { "first_byte", "first_event",
                                            "first_output", NULL };
static const char *const all_failed_names[] = { "first", "last", "priority",
                                                NULL };
static const char *const credential_names[] = { "own", "client", "none", NULL };
static const char *const model_names[] = { "own", "client", NULL };
static const char *const idempotency_names[] = { "forwarded", "created",
                                                 "absent", NULL };
static const char *const request_id_names[] = { "kept", "mapped", NULL };
static const char *const redirect_names[] = { "not_followed", "followed",
                                              NULL };
static const char *const cache_names[] = { "off", "successes", NULL };
static const char *const body_names[] = { "json_equal", "bytes_equal", "any",
                                          NULL };
static const char *const forbid_names[] = { "credential", "prompt",
                                            "completion", "commercial",
                                            "metadata",   NULL };

/* Reads an array of words out of `names`, each at most once; sets the flag of
 * the same position. flags[i] belong to names[i]. */
static bool read_words(bool *const flags[], const char *const *names,
                       const struct json *node, const char *path,
                       struct err *err)
{
    char known[128] = "";
    size_t index = 0;

    for (size_t i = 0; names[i]; i++)
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s",
                 i ? ", " : "", names[i]);
    if (json_kind(node) != JSON_ARRAY || json_count(node) == 0) {
        err_set(err, ERR_SCHEMA, path,
                "must be an array with at least one of: %s", known);
        return false;
    }
    for (const struct json *item = json_first(node); item;
         item = json_next(item), index++) {
        const char *word = json_text(item, "");
        size_t i = 0;
        char where[sizeof err->where];

        while (names[i] && strcmp(names[i], word))
            i++;
        if (names[i] && !*flags[i]) {
            *flags[i] = true;
            continue;
        }
        snprintf(where, sizeof where, "%s[%zu]", path, index);
        if (names[i])
            err_set(err, ERR_SCHEMA, where, "\"%s\" is listed already", word);
        else
            err_set(err, ERR_SCHEMA, where, "\"%s\" is not one of: %s", word,
                    known);
        return false;
    }
    return true;
}

static bool read_formats(void *field, const struct json *node, const char *path,
                         struct err *err)
{
    static const char *const names[] = { "seconds", "date", "ms", NULL };
    struct retry_formats *formats = field;
    bool *const flags[] = { &formats->seconds, &formats->date, &formats->ms };

    *formats = (struct retry_formats){ .declared = true };
    return read_words(flags, names, node, path, err);
}

static bool read_after_commit(void *field, const struct json *node,
                              const char *path, struct err *err)
{
    static const char *const names[] = { "error_event", "abort", NULL };
    struct after_commit *after = field;
    bool *const flags[] = { &after->error_event, &after->abort };

    *after = (struct after_commit){ .declared = true };
    return read_words(flags, names, node, path, err);
}

/* factor 2 or 1.5, kept as percent so that no oracle rounds. */
static bool read_factor(void *field, const struct json *node, const char *path,
                        struct err *err)
{
    int64_t *percent = field;
    double factor = json_double(node, -1);
    double whole = floor(factor * 100 + 0.5);

    if (json_kind(node) != JSON_NUMBER) {
        err_set(err, ERR_SCHEMA, path, "must be a number in 1..10");
        return false;
    }
    if (factor < 1 || factor > 10) {
        err_set(err, ERR_SCHEMA, path, "%g is not in 1..10", factor);
        return false;
    }
    if (fabs(factor * 100 - whole) > 1e-6) {
        err_set(err, ERR_SCHEMA, path,
                "%.10g has more than two decimals; round it", factor);
        return false;
    }
    *percent = (int64_t)whole;
    return true;
}

static bool read_statuses(struct status_rule *rule, const struct json *node,
                          const char *path, struct err *err)
{
    char where[sizeof err->where];

    for (const struct json *item = json_first(node); item;
         item = json_next(item)) {
        int64_t status = json_int(item, -1);

        snprintf(where, sizeof where, "%s[%zu]", path, rule->count);
        if (!json_is_int(item)) {
            err_set(err, ERR_SCHEMA, where, "must be an integer in 400..599");
            return false;
        }
        if (status < 400 || status > 599) {
            err_set(err, ERR_SCHEMA, where, "%lld is not in 400..599",
                    (long long)status);
            return false;
        }
        if (rule->count == STATUS_RULE_MOST) {
            err_set(err, ERR_SCHEMA, where, "more than %d statuses",
                    STATUS_RULE_MOST);
            return false;
        }
        rule->statuses[rule->count++] = status;
    }
    return true;
}

static bool read_status_rule(void *field, const struct json *node,
                             const char *path, struct err *err)
{
    struct status_rule *rule = field;
    const char *word = json_text(node, NULL);

    *rule = (struct status_rule){ .declared = true };
    if (word && !strcmp(word, "same")) {
        rule->same = true;
        return true;
    }
    if (word || json_kind(node) != JSON_ARRAY || json_count(node) == 0) {
        err_set(err, ERR_SCHEMA, path,
                "must be \"same\" or a list of statuses in 400..599");
        return false;
    }
    return read_statuses(rule, node, path, err);
}

#define STATUS_RULE_SCHEMA                                                     \
    "{\"oneOf\":[{\"const\":\"same\"},{\"type\":\"array\",\"minItems\":1,"     \
    "\"maxItems\":16,\"items\":{\"type\":\"integer\",\"minimum\":400,"         \
    "\"maximum\":599}}]}"

/* clang-format off */
#define MS(struct_name, member, text) \
    { .key = #member, .kind = BIND_INT, \
      .offset = offsetof(struct struct_name, member), .min = 1, \
      .max = MS_MOST, .missing = -1, .unit = "ms", .doc = text }
#define MS_FROM_0(struct_name, member, text) \
    { .key = #member, .kind = BIND_INT, \
      .offset = offsetof(struct struct_name, member), .min = 0, \
      .max = MS_MOST, .missing = -1, .unit = "ms", .doc = text }
#define TRI(struct_name, member, text) \
    { .key = #member, .kind = BIND_TRI, \
      .offset = offsetof(struct struct_name, member), .missing = -1, \
      .doc = text }
#define ENUM(struct_name, member, words, text) \
    { .key = #member, .kind = BIND_ENUM, \
      .offset = offsetof(struct struct_name, member), .names = words, \
      .missing = -1, .doc = text }
#define CLASSES(struct_name, member, text) \
    { .key = #member, .kind = BIND_CUSTOM, \
      .offset = offsetof(struct struct_name, member), \
      .parse = failure_set_parse, .schema = failure_set_schema, .doc = text }
#define TEXTS(struct_name, member, words, text) \
    { .key = #member, .kind = BIND_TEXTS, \
      .offset = offsetof(struct struct_name, member), .pattern = words, \
      .doc = text }
#define STATUSES(struct_name, member, text) \
    { .key = #member, .kind = BIND_CUSTOM, \
      .offset = offsetof(struct struct_name, member), \
      .parse = read_status_rule, .schema = STATUS_RULE_SCHEMA, .doc = text }
#define OBJECT(struct_name, member, rows, text) \
    { .key = #member, .kind = BIND_OBJECT, \
      .offset = offsetof(struct struct_name, member), .table = rows, \
      .doc = text }

#define CODE_PATTERN    "^[A-Za-z0-9_.:-]{1,64}$"
#define HEADER_PATTERN  "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$"
#define POINTER_PATTERN "^(/.*)?$"

static const struct bind_row backoff_table[] = {
    MS_FROM_0(runbook_backoff, base_ms,
              "Wait before the first retry; d = min(cap, base x factor^n), n = 0 for the first retry."),
    { .key = "factor", .kind = BIND_CUSTOM,
      .offset = offsetof(struct runbook_backoff, factor_percent),
      .parse = read_factor,
      .schema = "{\"type\":\"number\",\"minimum\":1,\"maximum\":10}",
      .doc = "Growth of the wait from one retry to the next, with at most two decimals; undeclared: only the first wait is judged." },
    MS_FROM_0(runbook_backoff, cap_ms, "The wait never grows beyond this."),
    ENUM(runbook_backoff, jitter, jitter_names,
         "How chance enters: none is d, full is 0 to d, equal is d/2 to d, additive is d plus some without an upper bound; undeclared: gaps are not judged."),
    { 0 }
};

static const struct bind_row retry_after_table[] = {
    CLASSES(runbook_retry_after, on,
            "Statuses on which Retry-After is obeyed; on others it is ignored. Undeclared: both are right."),
    { .key = "formats", .kind = BIND_CUSTOM,
      .offset = offsetof(struct runbook_retry_after, formats),
      .parse = read_formats,
      .schema = "{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true,\"items\":{\"enum\":[\"seconds\",\"date\",\"ms\"]}}",
      .doc = "Forms the gateway reads: seconds and date of Retry-After, ms of retry-after-ms, which beats the other two. A form that is not listed may be obeyed or ignored; undeclared is seconds and date." },
    MS_FROM_0(runbook_retry_after, cap_ms,
              "The longest single wait that is obeyed."),
    ENUM(runbook_retry_after, above_cap, above_cap_names,
         "What a longer wait leads to: give_up is no further attempt at this upstream (fallback still allowed), fail ends the request, backoff ignores the header. Undeclared: any of the three."),
    MS_FROM_0(runbook_retry_after, total_cap_ms,
              "The longest sum of waits that is obeyed in one request."),
    { 0 }
};

static const struct bind_row retry_table[] = {
    { .key = "budget", .kind = BIND_INT,
      .offset = offsetof(struct runbook_retry, budget), .min = 0, .max = 20,
      .missing = -1, .unit = "retries",
      .doc = "Retries per upstream: attempts there minus one." },
    { .key = "total_attempts_max", .kind = BIND_INT,
      .offset = offsetof(struct runbook_retry, total_attempts_max), .min = 1,
      .max = RUNBOOK_ATTEMPTS_MOST, .missing = -1, .unit = "attempts",
      .doc = "Attempts over all upstreams for one client request." },
    CLASSES(runbook_retry, on, "Failure classes that are retried."),
    CLASSES(runbook_retry, rotate_key_on,
            "Failure classes of retry.on whose retry is made with the upstream's next key, as long as there is one that this request has not used; no wait is asked for then. After the others the key stays. Undeclared: both are right."),
    TEXTS(runbook_retry, never_on_codes, CODE_PATTERN,
          "Error codes of a body that bar retry and fallback whatever the class, unless fallback.on_codes lists the code."),
    ENUM(runbook_retry, should_retry, should_retry_names,
         "What the header x-should-retry of an upstream does. ignored: nothing. no: false bars the retry, true changes nothing. obeyed: also true makes any failure one that is retried. Undeclared: it may be obeyed or ignored."),
    OBJECT(runbook_retry, backoff, backoff_table,
           "The wait before a retry. A gap runs from the failing attempt's last byte acknowledged (or its reset or timeout) to the next attempt's first byte."),
    OBJECT(runbook_retry, retry_after, retry_after_table,
           "Retry-After is a lower bound of the wait; jitter comes on top."),
    { 0 }
};

static const struct bind_row fallback_table[] = {
    { .key = "order", .kind = BIND_TEXTS,
      .offset = offsetof(struct runbook_fallback, order), .required = true,
      .min = 1, .max = 6, .pattern = UPSTREAM_NAME_PATTERN,
      .doc = "Upstreams in the order in which they are tried; the first is the primary." },
    { .key = "after", .kind = BIND_ENUM,
      .offset = offsetof(struct runbook_fallback, after),
      .names = fallback_after_names, .missing = FALLBACK_RETRIES_EXHAUSTED,
      .doc = "When the next upstream is tried: after the retries of one, or after each failure in turn (primary, fallback, primary ...)." },
    CLASSES(runbook_fallback, on,
            "Failure classes that lead to the next upstream. A class that is only here and not in retry.on falls back at once. Undeclared: any failure may fall back or not."),
    TEXTS(runbook_fallback, on_codes, CODE_PATTERN,
          "Error codes that lead to the next upstream although retry.never_on_codes bars them."),
    { 0 }
};

static const struct bind_row auth_table[] = {
    ENUM(runbook_auth, on_401, auth_rule_names,
         "What a 401 of an upstream leads to. fail_closed: no further attempt anywhere. rotate_key: the next key of the same upstream, each once, within retry.budget. fallback: the next upstream."),
    ENUM(runbook_auth, on_403, auth_rule_names,
         "The same for a 403; undeclared it is as on_401."),
    { .key = "known_good_retry", .kind = BIND_INT,
      .offset = offsetof(struct runbook_auth, known_good_retry), .min = 0,
      .max = 1, .missing = 0, .unit = "retries",
      .doc = "Retries with the same key when it has worked before." },
    { .key = "client_status", .kind = BIND_INTS,
      .offset = offsetof(struct runbook_auth, client_status), .min = 400,
      .max = 599,
      .doc = "Statuses of which the client gets one after an auth failure; undeclared: any honest error." },
    ENUM(runbook_auth, client_keys, client_keys_names,
         "Whether the gateway checks the client's own key: checked refuses a wrong one by itself, without an attempt. Undeclared: both are right."),
    { 0 }
};

static const struct bind_row client_errors_table[] = {
    STATUSES(runbook_client_errors, upstream_4xx,
             "Status for the client when an upstream answered 4xx and that ended the request: a list of statuses, or \"same\" as the upstream's."),
    STATUSES(runbook_client_errors, exhausted,
             "The same when retries and fallbacks are used up."),
    STATUSES(runbook_client_errors, bad_body,
             "The same when an upstream's 200 was not the promised shape. Declaring it promises that the gateway looks into bodies."),
    ENUM(runbook_client_errors, all_failed, all_failed_names,
         "Whose status \"same\" means when several attempts failed: the first, the last, or one chosen by the gateway's own priority."),
    { 0 }
};

static const struct bind_row timeouts_table[] = {
    MS(runbook_timeouts, connect_ms, "To the TCP (and TLS) connection."),
    MS(runbook_timeouts, header_ms,
       "From the request fully sent to the response head."),
    MS(runbook_timeouts, first_token_ms,
       "From the request fully sent to the first output."),
    MS(runbook_timeouts, idle_ms, "Between bytes after the first output."),
    MS(runbook_timeouts, attempt_ms, "One attempt, until the commit point."),
    MS(runbook_timeouts, total_ms,
       "The whole client request, until the commit point."),
    TRI(runbook_timeouts, comments_are_progress,
        "SSE comments count as bytes for idle_ms; undeclared: both are right."),
    TRI(runbook_timeouts, cover_streams,
        "attempt_ms and total_ms bind beyond the commit point too."),
    TRI(runbook_timeouts, last_attempt_exempt,
        "The last attempt is not cut by header_ms, first_token_ms and attempt_ms."),
    { 0 }
};

static const struct bind_row stream_table[] = {
    ENUM(runbook_stream, commit, commit_names,
         "From where on the answer has begun for the client, and no further attempt may be made. first_byte: the first byte of any answer, streamed or not, may have been forwarded. first_event, first_output: the first event, or the first content, of a stream; an answer that is not streamed is then read whole before it is passed on."),
    { .key = "after_commit", .kind = BIND_CUSTOM,
      .offset = offsetof(struct runbook_stream, after_commit),
      .parse = read_after_commit,
      .schema = "{\"type\":\"array\",\"minItems\":1,\"uniqueItems\":true,\"items\":{\"enum\":[\"error_event\",\"abort\"]}}",
      .doc = "What the client may see when the upstream fails after that: an error event, or a cut that the framing shows." },
    { 0 }
};

static const struct bind_row cancel_table[] = {
    MS(runbook_cancel, upstream_closed_within_ms,
       "When the client leaves, the connection to the upstream is closed within this time and no further attempt is made."),
    { 0 }
};

static const struct bind_row cooldown_table[] = {
    CLASSES(runbook_cooldown, on, "Failure classes that count."),
    { .key = "after_failures", .kind = BIND_INT,
      .offset = offsetof(struct runbook_cooldown, after_failures), .min = 1,
      .max = 1000, .missing = -1, .unit = "failures",
      .doc = "After so many failures in a row an upstream is left out; only a success ends the row, so a failure after the time puts it out again." },
    MS(runbook_cooldown, for_ms, "For how long it is left out."),
    TRI(runbook_cooldown, retry_after,
        "A longer Retry-After of a failure that counts is for how long; of several the one that ends last. Undeclared: both are right."),
    { 0 }
};

static const struct bind_row upstream_table[] = {
    ENUM(runbook_upstream, credential, credential_names,
         "Which key the upstream gets: its own, the client's passed through, or none; undeclared: not judged."),
    ENUM(runbook_upstream, model, model_names,
         "Which model name it gets; undeclared: not judged."),
    TEXTS(runbook_upstream, headers, HEADER_PATTERN,
          "Names of request headers that the gateway sets for this upstream, and for no other that does not list them."),
    { 0 }
};

static const struct bind_row request_table[] = {
    ENUM(runbook_request, idempotency_key, idempotency_names,
         "What becomes of the header Idempotency-Key. forwarded: the client's comes with every attempt, and without one none does. created: every attempt of a request has the same one, the client's where it sent one. absent: none arrives. Undeclared: not judged."),
    ENUM(runbook_request, request_id, request_id_names,
         "What becomes of the header X-Request-Id. kept: the client's comes with every attempt and back in the answer, and where it sends none, or no plain one, the gateway's own does. mapped: the gateway's own, the same on every attempt and in the answer. Undeclared: not judged."),
    ENUM(runbook_request, body, body_names,
         "How the body of each attempt compares with the client's: equal by meaning, byte by byte, or free."),
    TEXTS(runbook_request, headers_forwarded, HEADER_PATTERN,
          "Request headers of the client that reach the upstream unchanged."),
    TEXTS(runbook_request, fields_added, POINTER_PATTERN,
          "JSON pointers of fields the gateway may add; what stands below one is allowed too."),
    TEXTS(runbook_request, fields_removed, POINTER_PATTERN,
          "JSON pointers of fields it may drop."),
    TEXTS(runbook_request, fields_changed, POINTER_PATTERN,
          "JSON pointers of fields it may change."),
    { 0 }
};

static const struct bind_row response_table[] = {
    TEXTS(runbook_response, headers_removed, HEADER_PATTERN,
          "Response headers of an upstream's that never reach the client."),
    { 0 }
};

static const struct bind_row masked_table[] = {
    { .key = "first", .kind = BIND_INT, .max = 64, .unit = "letters",
      .offset = offsetof(struct runbook_masked, first),
      .doc = "Of its beginning, sk- and the like among them." },
    { .key = "last", .kind = BIND_INT, .max = 64, .unit = "letters",
      .offset = offsetof(struct runbook_masked, last),
      .doc = "Of its end." },
    { 0 }
};

static const struct bind_row redaction_table[] = {
    { .key = "forbid", .kind = BIND_TEXTS,
      .offset = offsetof(struct runbook_redaction, forbid),
      .names = forbid_names, .min = 1, .max = 5,
      .doc = "What must not appear in any log or other sink of the gateway. credential: keys, also one in a URL. prompt: what a request's body says: messages, tools, arguments. completion: what an answer says, reasoning and tool calls too. commercial: balances, prices, quotas. metadata: other headers of the client." },
    OBJECT(runbook_redaction, masked, masked_table,
         "How much of a key may be left anywhere where the rest of it is masked (sk-abcde***wxyz). Undeclared: nothing, but what shows fewer than four letters of its own on either side, which is too little to tell."),
    { 0 }
};

const struct bind_row runbook_table[] = {
    OBJECT(runbook, retry, retry_table, "When and how often an attempt is repeated."),
    OBJECT(runbook, fallback, fallback_table, "When another upstream is tried."),
    OBJECT(runbook, auth, auth_table, "What a refused credential leads to."),
    OBJECT(runbook, client_errors, client_errors_table, "What the client gets instead of an answer; undeclared: any honest error, which is a status of 400 or more, or an error event or a visible cut once the answer has begun."),
    OBJECT(runbook, timeouts, timeouts_table, "How long anything may take."),
    OBJECT(runbook, stream, stream_table, "From where on an answer has begun."),
    OBJECT(runbook, cancel, cancel_table, "What happens when the client leaves."),
    OBJECT(runbook, cooldown, cooldown_table, "When an upstream is left out for a time."),
    { .key = "upstreams", .kind = BIND_MAP,
      .offset = offsetof(struct runbook, upstreams), .table = upstream_table,
      .item_size = sizeof(struct runbook_upstream),
      .pattern = UPSTREAM_NAME_PATTERN, .doc = "What each upstream gets." },
    OBJECT(runbook, request, request_table, "What the gateway may do to a request."),
    OBJECT(runbook, response, response_table, "What the gateway does to an answer."),
    ENUM(runbook, redirects, redirect_names,
         "What becomes of an upstream's redirect. Undeclared: nothing may arrive where no configuration sends it. followed: only a credential may not."),
    ENUM(runbook, cache, cache_names,
         "Whether a client request may be answered without an attempt. off: never. successes: an answer may serve again, an error never. Undeclared: not judged."),
    OBJECT(runbook, redaction, redaction_table, "What stays out of its logs."),
    { .key = "elapsed_buckets_ms", .kind = BIND_INTS,
      .offset = offsetof(struct runbook, elapsed_buckets_ms), .min = 1,
      .max = MS_MOST, .unit = "ms",
      .doc = "Upper ends of the buckets by which a record tells elapsed time, rising." },
    { 0 }
};
/* clang-format on */
