/*
 * rules: the runbook as this gateway reads and obeys it. Words and units are
 * those of the runbook; -1 stands for a figure that is not declared. Plain
 * data: copied, compared and built by hand in tests.
 */
#ifndef GATEDRILL_REFGATEWAY_RULES_H
#define GATEDRILL_REFGATEWAY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"
#include "tests/refgateway/outcome.h"

#define RULES_WORDS     16
#define RULES_WORD_SIZE 64
#define RULES_STATUSES  16
#define RULES_UPSTREAMS 8

enum rules_jitter {
    RULES_JITTER_NONE,
    RULES_JITTER_FULL,
    RULES_JITTER_EQUAL,
    RULES_JITTER_ADDITIVE,
};
enum rules_should_retry {
    RULES_SHOULD_RETRY_IGNORED,
    RULES_SHOULD_RETRY_NO, /* x-should-retry: false bars a retry */
    RULES_SHOULD_RETRY_OBEYED,
};
enum rules_above_cap {
    RULES_ABOVE_GIVE_UP, /* no further attempt there; fallback still allowed */
    RULES_ABOVE_FAIL,    /* the request ends */
    RULES_ABOVE_BACKOFF, /* the header is ignored */
};
enum rules_after { RULES_AFTER_RETRIES, RULES_AFTER_EACH };
enum rules_auth {
    RULES_AUTH_FAIL_CLOSED,
    RULES_AUTH_ROTATE_KEY,
    RULES_AUTH_FALLBACK,
};
enum rules_client_keys {
    RULES_CLIENT_KEYS_CHECKED, /* where the settings name a client key */
    RULES_CLIENT_KEYS_IGNORED,
};
enum rules_commit {
    RULES_COMMIT_FIRST_BYTE,
    RULES_COMMIT_FIRST_EVENT,
    RULES_COMMIT_FIRST_OUTPUT,
};
enum rules_all_failed {
    RULES_ALL_FAILED_FIRST,
    RULES_ALL_FAILED_LAST,
    RULES_ALL_FAILED_PRIORITY,
};
enum rules_request_id { RULES_REQUEST_ID_KEPT, RULES_REQUEST_ID_MAPPED };
enum rules_idempotency {
    RULES_IDEMPOTENCY_FORWARDED,
    RULES_IDEMPOTENCY_CREATED,
    RULES_IDEMPOTENCY_ABSENT, /* as when it is not declared */
};
enum rules_whose { RULES_WHOSE_OWN, RULES_WHOSE_CLIENT, RULES_WHOSE_NONE };

struct rules_words {
    char items[RULES_WORDS][RULES_WORD_SIZE];
    size_t count;
    bool declared;
};

/* What the client may get: a list of statuses, or the upstream's own. */
struct rules_status {
    bool declared;
    bool same;
    int64_t items[RULES_STATUSES];
    size_t count;
};

struct rules_backoff {
    int64_t base_ms; /* -1: no backoff is declared, no wait is made */
    double factor;
    int64_t cap_ms; /* -1: none */
    int64_t jitter; /* enum rules_jitter */
};

struct rules_upstream {
    char name[RULES_WORD_SIZE];
    int64_t credential; /* enum rules_whose; -1: not declared */
    int64_t model;      /* own or client; -1: not declared */
};

struct rules {
    struct {
        int64_t budget; /* retries per upstream */
        int64_t total_attempts_max;
        struct outcome_set on;
        struct outcome_set rotate_key_on; /* with the next key, at once */
        struct rules_words never_on_codes;
        int64_t should_retry; /* enum rules_should_retry; -1: as ignored */
        struct rules_backoff backoff;
        struct {
            struct outcome_set on;
            bool seconds, date, ms; /* the forms that count */
            int64_t cap_ms;
            int64_t above_cap; /* enum rules_above_cap */
            int64_t total_cap_ms;
        } retry_after;
    } retry;
    struct {
        struct rules_words order;
        int64_t after; /* enum rules_after */
        struct outcome_set on;
        struct rules_words on_codes;
    } fallback;
    struct {
        bool declared;
        int64_t on_401, on_403; /* enum rules_auth; -1: an ordinary status */
        int64_t known_good_retry;
        int64_t client_keys; /* enum rules_client_keys */
        struct rules_status client_status;
    } auth;
    struct {
        struct rules_status upstream_4xx, exhausted, bad_body;
        int64_t all_failed; /* enum rules_all_failed */
    } client_errors;
    struct {
        int64_t connect_ms, header_ms, first_token_ms, idle_ms, attempt_ms,
            total_ms;
        bool comments_are_progress, cover_streams, last_attempt_exempt;
    } timeouts;
    struct {
        int64_t commit; /* enum rules_commit */
        bool error_event, abort;
    } stream;
    struct {
        struct outcome_set on;
        int64_t after_failures, for_ms; /* without both none is made */
        bool retry_after;
    } cooldown;
    int64_t idempotency_key; /* enum rules_idempotency; -1: not declared */
    int64_t request_id;      /* enum rules_request_id; -1: not declared */
    struct rules_words headers_forwarded; /* as written; any case matches */
    struct rules_upstream upstreams[RULES_UPSTREAMS];
    size_t upstream_count;
};

/*
 * Reads a runbook. Errors: ERR_IO, ERR_SYNTAX, and ERR_SCHEMA with the JSON
 * path for an unknown key, a wrong type, a word or figure out of range.
 */
bool rules_load(struct rules *out, const char *path, struct err *err);
bool rules_read(struct rules *out, const struct json *document,
                const char *name, struct err *err);
/* What a runbook that declares nothing means here. */
void rules_init(struct rules *out);

bool rules_words_have(const struct rules_words *words, const char *word);
/* NULL when the runbook says nothing about this upstream. */
const struct rules_upstream *rules_upstream(const struct rules *rules,
                                            const char *name);

#endif
