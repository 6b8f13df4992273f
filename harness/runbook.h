/*
 * runbook: what the operator declares, and nothing else: every expectation is
 * a formula over it. The words are those of docs/runbook.md; the truth is
 * runbook_table in runbook.c. A figure of -1, a false `declared`, a NULL mean
 * "not declared": not judged.
 */
#ifndef GATEDRILL_HARNESS_RUNBOOK_H
#define GATEDRILL_HARNESS_RUNBOOK_H

#include "common/bind.h"
#include "harness/failure_class.h"

enum jitter { JITTER_NONE, JITTER_FULL, JITTER_EQUAL, JITTER_ADDITIVE };
enum above_cap { ABOVE_CAP_GIVE_UP, ABOVE_CAP_FAIL, ABOVE_CAP_BACKOFF };
enum fallback_after { FALLBACK_RETRIES_EXHAUSTED, FALLBACK_EACH_FAILURE };
enum auth_rule { AUTH_FAIL_CLOSED, AUTH_ROTATE_KEY, AUTH_FALLBACK };
enum commit_point {
    COMMIT_FIRST_BYTE,
    COMMIT_FIRST_EVENT,
    COMMIT_FIRST_OUTPUT
};
enum all_failed { ALL_FAILED_FIRST, ALL_FAILED_LAST, ALL_FAILED_PRIORITY };
enum credential_rule { CREDENTIAL_OWN, CREDENTIAL_CLIENT, CREDENTIAL_NONE };

/* A list of statuses, or "same" as the upstream's. */
struct status_rule {
    bool declared;
    bool same;
    int64_t statuses[16];
    size_t count;
};

struct runbook_upstream {
    int64_t credential; /* enum credential_rule or -1 */
    int64_t model;      /* enum credential_rule (own, client) or -1 */
};

struct runbook {
    char *path;
    char sha256[65];
    struct json *document; /* for requirements and relative numbers */

    struct {
        bool declared;
        int64_t budget; /* retries per upstream */
        int64_t total_attempts_max;
        struct failure_set on;
        struct bind_texts never_on_codes;
        struct {
            bool declared;
            int64_t base_ms, factor_percent, cap_ms; /* factor 2 = 200 */
            int64_t jitter;
        } backoff;
        struct {
            bool declared;
            struct failure_set on;
            bool seconds, date, ms;
            int64_t cap_ms;
            int64_t above_cap;
            int64_t total_cap_ms;
        } retry_after;
    } retry;
    struct {
        bool declared;
        struct bind_texts order;
        int64_t after; /* enum fallback_after */
        struct failure_set on;
        struct bind_texts on_codes;
    } fallback;
    struct {
        bool declared;
        int64_t on_401, on_403; /* enum auth_rule; on_403 defaults to on_401 */
        int64_t known_good_retry;
        struct bind_ints client_status;
    } auth;
    struct {
        struct status_rule upstream_4xx, exhausted;
        int64_t all_failed; /* enum all_failed or -1 */
    } client_errors;
    struct {
        int64_t connect_ms, header_ms, first_token_ms, idle_ms, attempt_ms,
            total_ms;
        int64_t comments_are_progress, cover_streams, last_attempt_exempt;
    } timeouts;
    struct {
        bool declared;
        int64_t commit;          /* enum commit_point or -1 */
        bool error_event, abort; /* what the client may see after it */
    } stream;
    struct {
        int64_t upstream_closed_within_ms;
    } cancel;
    struct {
        bool declared;
        struct failure_set on;
        int64_t after_failures, for_ms;
    } cooldown;
    struct bind_map upstreams; /* struct runbook_upstream */
    struct {
        int64_t body; /* 0 json_equal, 1 bytes_equal, 2 any; -1 */
        struct bind_texts headers_forwarded;
        struct bind_texts fields_added, fields_removed, fields_changed;
    } request;
    struct {
        struct bind_texts forbid;
    } redaction;
    struct bind_ints elapsed_buckets_ms;
};

bool runbook_load(struct runbook *out, const char *path, struct err *err);
void runbook_release(struct runbook *runbook);
/* NULL when the runbook says nothing about this upstream. */
const struct runbook_upstream *runbook_upstream(const struct runbook *runbook,
                                                const char *name);
extern const struct bind_row runbook_table[];

#endif
