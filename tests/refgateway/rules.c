#include "tests/refgateway/rules.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/credential.h"
#include "tests/refgateway/rules_read.h"

enum row_kind {
    ROW_INT,      /* min..max */
    ROW_BOOL,     /* true or false */
    ROW_WORD,     /* one of names, as its index */
    ROW_WORDS,    /* a list of short texts */
    ROW_SET,      /* a list of failure classes */
    ROW_STATUSES, /* a list of statuses, or "same" */
    ROW_FACTOR,   /* a number from 1 up */
    ROW_FORMATS,  /* forms of Retry-After */
    ROW_AFTER,    /* what the client may see after the commit point */
    ROW_OTHER,    /* judged from outside; nothing to obey here */
};

struct row {
    const char *pointer;
    enum row_kind kind;
    size_t offset;
    int64_t min, max;
    const char *const *names;
};

static const char *const jitter_names[] = { "none", "full", "equal", "additive",
                                            NULL };
static const char *const above_names[] = { "give_up", "fail", "backoff", NULL };
static const char *const should_retry_names[] = { "ignored", "no", "obeyed",
                                                  NULL };
static const char *const after_names[] = { "retries_exhausted", "each_failure",
                                           NULL };
static const char *const auth_names[] = { "fail_closed", "rotate_key",
                                          "fallback", NULL };
static const char *const client_keys_names[] = { "checked", "ignored", NULL };
static const char *const commit_names[] = { "first_byte", "first_event",
                                            "first_output", NULL };
static const char *const all_failed_names[] = { "first", "last", "priority",
                                                NULL };
static const char *const request_id_names[] = { "kept", "mapped", NULL };
static const char *const idempotency_names[] = { "forwarded", "created",
                                                 "absent", NULL };
static const char *const whose_names[] = { "own", "client", "none", NULL };

#define AT(field) offsetof(struct rules, field)
#define MS_MOST   86400000

static const struct row rows[] = {
    { "/retry/budget", ROW_INT, AT(retry.budget), 0, 100, NULL },
    { "/retry/total_attempts_max", ROW_INT, AT(retry.total_attempts_max), 1,
      1000, NULL },
    { "/retry/on", ROW_SET, AT(retry.on), 0, 0, NULL },
    { "/retry/rotate_key_on", ROW_SET, AT(retry.rotate_key_on), 0, 0, NULL },
    { "/retry/never_on_codes", ROW_WORDS, AT(retry.never_on_codes), 0, 0,
      NULL },
    { "/retry/should_retry", ROW_WORD, AT(retry.should_retry), 0, 0,
      should_retry_names },
    { "/retry/backoff/base_ms", ROW_INT, AT(retry.backoff.base_ms), 0, MS_MOST,
      NULL },
    { "/retry/backoff/factor", ROW_FACTOR, AT(retry.backoff.factor), 0, 0,
      NULL },
    { "/retry/backoff/cap_ms", ROW_INT, AT(retry.backoff.cap_ms), 0, MS_MOST,
      NULL },
    { "/retry/backoff/jitter", ROW_WORD, AT(retry.backoff.jitter), 0, 0,
      jitter_names },
    { "/retry/retry_after/on", ROW_SET, AT(retry.retry_after.on), 0, 0, NULL },
    { "/retry/retry_after/formats", ROW_FORMATS, AT(retry.retry_after), 0, 0,
      NULL },
    { "/retry/retry_after/cap_ms", ROW_INT, AT(retry.retry_after.cap_ms), 0,
      MS_MOST, NULL },
    { "/retry/retry_after/above_cap", ROW_WORD, AT(retry.retry_after.above_cap),
      0, 0, above_names },
    { "/retry/retry_after/total_cap_ms", ROW_INT,
      AT(retry.retry_after.total_cap_ms), 0, MS_MOST, NULL },
    { "/fallback/order", ROW_WORDS, AT(fallback.order), 0, 0, NULL },
    { "/fallback/after", ROW_WORD, AT(fallback.after), 0, 0, after_names },
    { "/fallback/on", ROW_SET, AT(fallback.on), 0, 0, NULL },
    { "/fallback/on_codes", ROW_WORDS, AT(fallback.on_codes), 0, 0, NULL },
    { "/auth/on_401", ROW_WORD, AT(auth.on_401), 0, 0, auth_names },
    { "/auth/on_403", ROW_WORD, AT(auth.on_403), 0, 0, auth_names },
    { "/auth/known_good_retry", ROW_INT, AT(auth.known_good_retry), 0, 1,
      NULL },
    { "/auth/client_status", ROW_STATUSES, AT(auth.client_status), 0, 0, NULL },
    { "/auth/client_keys", ROW_WORD, AT(auth.client_keys), 0, 0,
      client_keys_names },
    { "/client_errors/upstream_4xx", ROW_STATUSES,
      AT(client_errors.upstream_4xx), 0, 0, NULL },
    { "/client_errors/exhausted", ROW_STATUSES, AT(client_errors.exhausted), 0,
      0, NULL },
    { "/client_errors/bad_body", ROW_STATUSES, AT(client_errors.bad_body), 0, 0,
      NULL },
    { "/client_errors/all_failed", ROW_WORD, AT(client_errors.all_failed), 0, 0,
      all_failed_names },
    { "/timeouts/connect_ms", ROW_INT, AT(timeouts.connect_ms), 1, MS_MOST,
      NULL },
    { "/timeouts/header_ms", ROW_INT, AT(timeouts.header_ms), 1, MS_MOST,
      NULL },
    { "/timeouts/first_token_ms", ROW_INT, AT(timeouts.first_token_ms), 1,
      MS_MOST, NULL },
    { "/timeouts/idle_ms", ROW_INT, AT(timeouts.idle_ms), 1, MS_MOST, NULL },
    { "/timeouts/attempt_ms", ROW_INT, AT(timeouts.attempt_ms), 1, MS_MOST,
      NULL },
    { "/timeouts/total_ms", ROW_INT, AT(timeouts.total_ms), 1, MS_MOST, NULL },
    { "/timeouts/comments_are_progress", ROW_BOOL,
      AT(timeouts.comments_are_progress), 0, 0, NULL },
    { "/timeouts/cover_streams", ROW_BOOL, AT(timeouts.cover_streams), 0, 0,
      NULL },
    { "/timeouts/last_attempt_exempt", ROW_BOOL,
      AT(timeouts.last_attempt_exempt), 0, 0, NULL },
    { "/stream/commit", ROW_WORD, AT(stream.commit), 0, 0, commit_names },
    { "/stream/after_commit", ROW_AFTER, AT(stream), 0, 0, NULL },
    { "/request/request_id", ROW_WORD, AT(request_id), 0, 0, request_id_names },
    { "/request/idempotency_key", ROW_WORD, AT(idempotency_key), 0, 0,
      idempotency_names },
    { "/request/headers_forwarded", ROW_WORDS, AT(headers_forwarded), 0, 0,
      NULL },
    { "/request/body", ROW_OTHER, 0, 0, 0, NULL },
    { "/request/fields_added", ROW_OTHER, 0, 0, 0, NULL },
    { "/request/fields_removed", ROW_OTHER, 0, 0, 0, NULL },
    { "/request/fields_changed", ROW_OTHER, 0, 0, 0, NULL },
    { "/cancel/upstream_closed_within_ms", ROW_OTHER, 0, 0, 0, NULL },
    { "/redaction", ROW_OTHER, 0, 0, 0, NULL },
    { "/response", ROW_OTHER, 0, 0, 0, NULL },
    { "/redirects", ROW_OTHER, 0, 0, 0, NULL },
    { "/cache", ROW_OTHER, 0, 0, 0, NULL },
    { "/elapsed_buckets_ms", ROW_OTHER, 0, 0, 0, NULL },
    { "/upstreams", ROW_OTHER, 0, 0, 0, NULL },
    { "/cooldown/on", ROW_SET, AT(cooldown.on), 0, 0, NULL },
    { "/cooldown/after_failures", ROW_INT, AT(cooldown.after_failures), 1, 1000,
      NULL },
    { "/cooldown/for_ms", ROW_INT, AT(cooldown.for_ms), 1, MS_MOST, NULL },
    { "/cooldown/retry_after", ROW_BOOL, AT(cooldown.retry_after), 0, 0, NULL },
    { "/$schema", ROW_OTHER, 0, 0, 0, NULL },
    { 0 },
};

static bool read_formats(struct rules *out, const struct json *node,
                         const struct rules_place *place)
{
    static const char *const names[] = { "seconds", "date", "ms", NULL };
    bool *const flags[] = { &out->retry.retry_after.seconds,
                            &out->retry.retry_after.date,
                            &out->retry.retry_after.ms };

    return rules_read_flags(node, place, names, flags);
}

static bool read_after(struct rules *out, const struct json *node,
                       const struct rules_place *place)
{
    static const char *const names[] = { "error_event", "abort", NULL };
    bool *const flags[] = { &out->stream.error_event, &out->stream.abort };

    return rules_read_flags(node, place, names, flags);
}

static bool read_row(struct rules *out, const struct row *row,
                     const struct json *node, const struct rules_place *place)
{
    void *field = (char *)out + row->offset;

    switch (row->kind) {
    case ROW_INT:
        return rules_read_int(field, node, place, row->min, row->max);
    case ROW_BOOL:
        if (!rules_is_kind(node, JSON_BOOL))
            return rules_refuse(place, "true or false is wanted");
        *(bool *)field = json_true(node);
        return true;
    case ROW_WORD:
        return rules_read_word(field, node, place, row->names);
    case ROW_WORDS:
        return rules_read_words(field, node, place);
    case ROW_SET:
        return rules_read_set(field, node, place);
    case ROW_STATUSES:
        return rules_read_statuses(field, node, place);
    case ROW_FACTOR:
        return rules_read_factor(field, node, place);
    case ROW_FORMATS:
        return read_formats(out, node, place);
    case ROW_AFTER:
        return read_after(out, node, place);
    case ROW_OTHER:
        return true;
    }
    return false;
}

/* 1: a row stands for exactly this place; 2: rows stand below it; 0: none. */
static int known(const char *pointer)
{
    size_t length = strlen(pointer);

    for (const struct row *row = rows; row->pointer; row++) {
        if (!strcmp(row->pointer, pointer))
            return 1;
        if (!strncmp(row->pointer, pointer, length) &&
            row->pointer[length] == '/')
            return 2;
    }
    return 0;
}

static bool check_keys(const struct json *object, const char *pointer,
                       const char *name, struct err *err)
{
    for (const struct json *member = json_first(object); member;
         member = json_next(member)) {
        char below[256];
        struct rules_place place = { name, below, err };
        int row;

        snprintf(below, sizeof below, "%s/%s", pointer, json_key(member));
        row = known(below);
        if (!row)
            return rules_refuse(&place, "unknown key");
        if (row == 2) {
            if (!rules_is_kind(member, JSON_OBJECT))
                return rules_refuse(&place, "an object is wanted");
            if (!check_keys(member, below, name, err))
                return false;
        }
    }
    return true;
}

static bool read_upstreams(struct rules *out, const struct json *map,
                           const char *name, struct err *err)
{
    if (!map)
        return true;
    for (const struct json *member = json_first(map); member;
         member = json_next(member)) {
        struct rules_upstream *upstream;
        char pointer[256];
        struct rules_place place = { name, pointer, err };

        snprintf(pointer, sizeof pointer, "/upstreams/%s", json_key(member));
        if (out->upstream_count == RULES_UPSTREAMS ||
            strlen(json_key(member)) >= RULES_WORD_SIZE)
            return rules_refuse(&place,
                                "at most %d upstreams, names under %d bytes",
                                RULES_UPSTREAMS, RULES_WORD_SIZE);
        upstream = &out->upstreams[out->upstream_count++];
        *upstream = (struct rules_upstream){ .credential = -1, .model = -1 };
        snprintf(upstream->name, sizeof upstream->name, "%s", json_key(member));
        if (json_get(member, "credential") &&
            !rules_read_word(&upstream->credential,
                             json_get(member, "credential"), &place,
                             whose_names))
            return false;
        if (json_get(member, "model") &&
            !rules_read_word(&upstream->model, json_get(member, "model"),
                             &place, whose_names))
            return false;
    }
    return true;
}

void rules_init(struct rules *out)
{
    *out = (struct rules){ 0 };
    out->retry.budget = -1;
    out->retry.total_attempts_max = -1;
    out->retry.should_retry = -1;
    out->retry.backoff = (struct rules_backoff){ -1, 2, -1, 0 };
    out->retry.retry_after.seconds = true;
    out->retry.retry_after.date = true;
    out->retry.retry_after.cap_ms = -1;
    out->retry.retry_after.total_cap_ms = -1;
    out->auth.client_keys = RULES_CLIENT_KEYS_CHECKED;
    out->auth.on_401 = -1;
    out->auth.on_403 = -1;
    out->client_errors.all_failed = RULES_ALL_FAILED_LAST;
    out->timeouts.connect_ms = -1;
    out->timeouts.header_ms = -1;
    out->timeouts.first_token_ms = -1;
    out->timeouts.idle_ms = -1;
    out->timeouts.attempt_ms = -1;
    out->timeouts.total_ms = -1;
    out->idempotency_key = -1;
    out->request_id = -1;
    out->cooldown.after_failures = -1;
    out->cooldown.for_ms = -1;
    out->stream.commit = RULES_COMMIT_FIRST_OUTPUT;
    out->stream.error_event = true;
    out->stream.abort = true;
}

/* Headers that this gateway makes itself, or that end at each hop. */
static bool may_forward(const char *name)
{
    static const char *const own[] = {
        "accept",  "connection", "content-length", "content-type",
        "expect",  "host",       "keep-alive",     "te",
        "trailer", "upgrade",    "user-agent",     "transfer-encoding",
        NULL,
    };

    for (size_t i = 0; own[i]; i++) {
        if (!strcasecmp(own[i], name))
            return false;
    }
    return !credential_is_header(name);
}

static bool check_forwarded(const struct rules *rules, const char *name,
                            struct err *err)
{
    struct rules_place place = { name, "/request/headers_forwarded", err };

    for (size_t i = 0; i < rules->headers_forwarded.count; i++) {
        const char *header = rules->headers_forwarded.items[i];

        if (!may_forward(header))
            return rules_refuse(&place, "%s is never forwarded", header);
    }
    return true;
}

bool rules_read(struct rules *out, const struct json *document,
                const char *name, struct err *err)
{
    struct rules_place root = { name, "/", err };

    rules_init(out);
    if (json_kind(document) != JSON_OBJECT)
        return rules_refuse(&root, "an object is wanted");
    if (!check_keys(document, "", name, err))
        return false;
    for (const struct row *row = rows; row->pointer; row++) {
        const struct json *node = json_pointer(document, row->pointer);
        struct rules_place place = { name, row->pointer, err };

        if (node && !read_row(out, row, node, &place))
            return false;
    }
    if (out->auth.on_403 < 0)
        out->auth.on_403 = out->auth.on_401;
    out->auth.declared = out->auth.on_401 >= 0 || out->auth.on_403 >= 0;
    return check_forwarded(out, name, err) &&
           read_upstreams(out, json_get(document, "upstreams"), name, err);
}

bool rules_load(struct rules *out, const char *path, struct err *err)
{
    struct json *document = json_load(path, err);
    bool ok;

    if (!document)
        return false;
    ok = rules_read(out, document, path, err);
    json_free(document);
    return ok;
}

bool rules_words_have(const struct rules_words *words, const char *word)
{
    for (size_t i = 0; i < words->count; i++) {
        if (!strcmp(words->items[i], word))
            return true;
    }
    return false;
}

const struct rules_upstream *rules_upstream(const struct rules *rules,
                                            const char *name)
{
    for (size_t i = 0; i < rules->upstream_count; i++) {
        if (!strcmp(rules->upstreams[i].name, name))
            return &rules->upstreams[i];
    }
    return NULL;
}
