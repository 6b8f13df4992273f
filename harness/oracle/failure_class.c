#include "harness/oracle/failure_class.h"

#include <stdio.h>
#include <string.h>

#define STATUS_LEAST 300
#define STATUS_MOST  999

const char *const failure_names[] = {
    [FAILURE_NONE] = "none",
    [FAILURE_HTTP] = "http",
    [FAILURE_CONNECT_REFUSED] = "connect_refused",
    [FAILURE_CONNECT_TIMEOUT] = "connect_timeout",
    [FAILURE_TLS_ERROR] = "tls_error",
    [FAILURE_RESET_BEFORE_HEADERS] = "reset_before_headers",
    [FAILURE_EOF_BEFORE_HEADERS] = "eof_before_headers",
    [FAILURE_MALFORMED_HEAD] = "malformed_head",
    [FAILURE_HEADER_TIMEOUT] = "header_timeout",
    [FAILURE_FIRST_TOKEN_TIMEOUT] = "first_token_timeout",
    [FAILURE_IDLE_TIMEOUT] = "idle_timeout",
    [FAILURE_ATTEMPT_TIMEOUT] = "attempt_timeout",
    [FAILURE_TRUNCATED_BODY] = "truncated_body",
    [FAILURE_TRUNCATED_BEFORE_COMMIT] = "truncated_before_commit",
    [FAILURE_BAD_BODY] = "bad_body",
    [FAILURE_EMPTY_BODY] = "empty_body",
    [FAILURE_ERROR_IN_200] = "error_in_200",
    [FAILURE_COUNT] = NULL,
};

#define FAILURE_WORDS                                                          \
    "connect_refused|connect_timeout|tls_error|reset_before_headers|"          \
    "eof_before_headers|malformed_head|header_timeout|first_token_timeout|"    \
    "idle_timeout|attempt_timeout|truncated_body|truncated_before_commit|"     \
    "bad_body|empty_body|error_in_200"

const char failure_set_schema[] =
    "{\"type\":\"array\",\"uniqueItems\":true,\"items\":{\"type\":\"string\","
    "\"pattern\":\"^(http_([3-9][0-9][0-9]|4xx|5xx)|" FAILURE_WORDS ")$\"}}";

static bool add_range(struct failure_set *set, int64_t from, int64_t to)
{
    bool news = false;

    for (int64_t status = from; status <= to; status++) {
        news = news || !set->status[status];
        set->status[status] = true;
    }
    return news;
}

enum added { ADDED, ADDED_TWICE, ADDED_UNKNOWN };

static enum added add_http(struct failure_set *set, const char *word)
{
    int status;
    int end = 0;
    bool news;

    if (!strcmp(word, "4xx"))
        news = add_range(set, 400, 499);
    else if (!strcmp(word, "5xx"))
        news = add_range(set, 500, 599);
    else if (strlen(word) == 3 && sscanf(word, "%3d%n", &status, &end) == 1 &&
             end == 3 && status >= STATUS_LEAST && status <= STATUS_MOST)
        news = add_range(set, status, status);
    else
        return ADDED_UNKNOWN;
    set->named[FAILURE_HTTP] = true;
    return news ? ADDED : ADDED_TWICE;
}

static enum added add_word(struct failure_set *set, const char *word)
{
    if (!strncmp(word, "http_", 5))
        return add_http(set, word + 5);
    for (int i = FAILURE_CONNECT_REFUSED; i < FAILURE_COUNT; i++) {
        if (strcmp(word, failure_names[i]))
            continue;
        if (set->named[i])
            return ADDED_TWICE;
        set->named[i] = true;
        return ADDED;
    }
    return ADDED_UNKNOWN;
}

bool failure_set_parse(void *field, const struct json *node, const char *path,
                       struct err *err)
{
    struct failure_set *set = field;
    size_t index = 0;

    *set = (struct failure_set){ .declared = true };
    if (json_kind(node) != JSON_ARRAY) {
        err_set(err, ERR_SCHEMA, path,
                "must be an array of failure classes such as "
                "[\"http_5xx\", \"connect_refused\"]");
        return false;
    }
    for (const struct json *item = json_first(node); item;
         item = json_next(item), index++) {
        const char *word = json_text(item, NULL);
        enum added added = word ? add_word(set, word) : ADDED_UNKNOWN;
        char where[sizeof err->where];

        if (added == ADDED)
            continue;
        snprintf(where, sizeof where, "%s[%zu]", path, index);
        if (!word)
            err_set(err, ERR_SCHEMA, where, "must be a string");
        else if (added == ADDED_TWICE)
            err_set(err, ERR_SCHEMA, where,
                    "\"%s\" is listed already; list each class once", word);
        else
            err_set(err, ERR_SCHEMA, where,
                    "\"%s\" is not a failure class; known are http_300 to "
                    "http_999, http_4xx, http_5xx, %s",
                    word, FAILURE_WORDS);
        return false;
    }
    return true;
}

bool failure_set_has(const struct failure_set *set, enum failure failure,
                     int64_t status)
{
    if (failure == FAILURE_HTTP)
        return status >= 0 && status <= STATUS_MOST && set->status[status];
    return failure > FAILURE_NONE && failure < FAILURE_COUNT &&
           set->named[failure];
}

void failure_format(char out[static 32], enum failure failure, int64_t status)
{
    if (failure == FAILURE_HTTP)
        snprintf(out, 32, "http_%d", (int)status);
    else
        snprintf(out, 32, "%s", failure_names[failure]);
}
