/*
 * runbook: what the operator declares, and nothing else: every expectation is
 * a formula over it. The words are those of docs/runbook.md; the truth is
 * runbook_table in runbook_table.c. A figure of -1, a false `declared`, a NULL
 * mean "not declared": not judged.
 */
#ifndef GATEDRILL_HARNESS_RUNBOOK_H
#define GATEDRILL_HARNESS_RUNBOOK_H

#include "common/bind.h"
#include "harness/oracle/failure_class.h"

enum jitter { JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_ADDITIVE };
enum above_cap { ABOVE_CAP_GIVE_UP, ABOVE_CAP_FAIL, ABOVE_CAP_BACKOFF };
/* What x-should-retry of an upstream does: nothing, only its false counts, or
 * both its words. */
enum should_retry {
    SHOULD_RETRY_IGNORED,
    SHOULD_RETRY_NO,
    SHOULD_RETRY_OBEYED
};
enum fallback_after { FALLBACK_RETRIES_EXHAUSTED, FALLBACK_EACH_FAILURE };
enum auth_rule { AUTH_FAIL_CLOSED, AUTH_ROTATE_KEY, AUTH_FALLBACK };
enum client_keys { CLIENT_KEYS_CHECKED, CLIENT_KEYS_IGNORED };
enum commit_point {
    COMMIT_FIRST_BYTE,
    COMMIT_FIRST_EVENT,
    COMMIT_FIRST_OUTPUT
};
enum all_failed { ALL_FAILED_FIRST, ALL_FAILED_LAST, ALL_FAILED_PRIORITY };
enum credential_rule { CREDENTIAL_OWN, CREDENTIAL_CLIENT, CREDENTIAL_NONE };
enum body_rule { BODY_JSON_EQUAL, BODY_BYTES_EQUAL, BODY_ANY };
enum idempotency_rule {
    IDEMPOTENCY_FORWARDED,
    IDEMPOTENCY_CREATED,
    IDEMPOTENCY_ABSENT
};

enum request_id_rule { REQUEST_ID_KEPT, REQUEST_ID_MAPPED };
enum redirect_rule { REDIRECTS_NOT_FOLLOWED, REDIRECTS_FOLLOWED };
enum cache_rule { CACHE_OFF, CACHE_SUCCESSES };

#define STATUS_RULE_MOST 16
/* The most attempts a runbook may promise for one client request. */
#define RUNBOOK_ATTEMPTS_MOST 24

/* A list of statuses, or "same" as the upstream's. */
struct status_rule {
    bool declared;
    bool same;
    int64_t statuses[STATUS_RULE_MOST];
    size_t count;
};

/* Which forms of Retry-After the gateway reads. */
struct retry_formats {
    bool declared;
    bool seconds, date, ms;
};

/* What the client may see once the answer has begun. */
struct after_commit {
    bool declared;
    bool error_event, abort;
};

struct runbook_backoff {
    bool declared;
    int64_t base_ms, factor_percent, cap_ms; /* factor 2 is 200 */
    int64_t jitter;                          /* enum jitter or -1 */
};

struct runbook_retry_after {
    bool declared;
    struct failure_set on;
    struct retry_formats formats;
    int64_t cap_ms;
    int64_t above_cap; /* enum above_cap or -1 */
    int64_t total_cap_ms;
};

struct runbook_retry {
    bool declared;
    int64_t budget; /* retries per upstream */
    int64_t total_attempts_max;
    struct failure_set on;
    struct failure_set rotate_key_on;
    struct bind_texts never_on_codes;
    int64_t should_retry; /* enum should_retry or -1 */
    struct runbook_backoff backoff;
    struct runbook_retry_after retry_after;
};

struct runbook_fallback {
    bool declared;
    struct bind_texts order;
    int64_t after; /* enum fallback_after; retries_exhausted by default */
    struct failure_set on;
    struct bind_texts on_codes;
};

struct runbook_auth {
    bool declared;
    /* enum auth_rule or -1; runbook_load() sets on_403 to on_401 when it is
     * not declared itself. */
    int64_t on_401, on_403;
    int64_t known_good_retry;
    struct bind_ints client_status;
    int64_t client_keys; /* enum client_keys or -1 */
};

struct runbook_client_errors {
    struct status_rule upstream_4xx, exhausted, bad_body;
    int64_t all_failed; /* enum all_failed or -1 */
};

struct runbook_timeouts {
    int64_t connect_ms, header_ms, first_token_ms, idle_ms, attempt_ms,
        total_ms;
    int64_t comments_are_progress, cover_streams, last_attempt_exempt;
};

struct runbook_stream {
    bool declared;
    int64_t commit; /* enum commit_point or -1 */
    struct after_commit after_commit;
};

struct runbook_cancel {
    int64_t upstream_closed_within_ms;
};

struct runbook_cooldown {
    bool declared;
    struct failure_set on;
    int64_t after_failures, for_ms;
    int64_t retry_after; /* 1, 0; -1: not declared */
};

struct runbook_upstream {
    int64_t credential; /* enum credential_rule or -1 */
    int64_t model;      /* enum credential_rule (own, client) or -1 */
    struct bind_texts headers;
};

struct runbook_request {
    int64_t body;            /* enum body_rule or -1 */
    int64_t idempotency_key; /* enum idempotency_rule or -1 */
    int64_t request_id;      /* enum request_id_rule or -1 */
    struct bind_texts headers_forwarded;
    struct bind_texts fields_added, fields_removed, fields_changed;
};

struct runbook_response {
    struct bind_texts headers_removed;
};

/* How many letters of a key may be left where it is masked; 0: none. */
struct runbook_masked {
    int64_t first, last;
};
struct runbook_redaction {
    struct bind_texts forbid;
    struct runbook_masked masked;
};

struct runbook {
    char *path;
    char sha256[65];
    struct json *document; /* for requirements and relative numbers */

    struct runbook_retry retry;
    struct runbook_fallback fallback;
    struct runbook_auth auth;
    struct runbook_client_errors client_errors;
    struct runbook_timeouts timeouts;
    struct runbook_stream stream;
    struct runbook_cancel cancel;
    struct runbook_cooldown cooldown;
    struct bind_map upstreams; /* struct runbook_upstream */
    struct runbook_request request;
    struct runbook_response response;
    int64_t redirects; /* enum redirect_rule or -1 */
    int64_t cache;     /* enum cache_rule or -1 */
    struct runbook_redaction redaction;
    struct bind_ints elapsed_buckets_ms;
};

/*
 * Reads a runbook from its file, or from a document that is already parsed
 * (path and sha256 are then left empty; the document is copied).
 * name   stands before the place in errors
 * Errors: those of json_load and bind_read, and ERR_SCHEMA with the place for
 * what contradicts itself: jitter without a base, a fallback to nowhere, an
 * upstream that is not in fallback.order. On error *out is zeroed.
 */
bool runbook_load(struct runbook *out, const char *path, struct err *err);
bool runbook_read(struct runbook *out, const struct json *document,
                  const char *name, struct err *err);
void runbook_release(struct runbook *runbook);
/* NULL when the runbook says nothing about this upstream. */
const struct runbook_upstream *runbook_upstream(const struct runbook *runbook,
                                                const char *name);
/* The first of fallback.order, else "primary". Borrowed. */
const char *runbook_primary(const struct runbook *runbook);
extern const struct bind_row runbook_table[];

#endif
