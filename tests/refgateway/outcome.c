#include "tests/refgateway/outcome.h"

#include <stdlib.h>
#include <string.h>

const char *const outcome_names[OUTCOME_COUNT + 1] = {
    [OUTCOME_OK] = "none",
    [OUTCOME_HTTP] = "http",
    [OUTCOME_CONNECT_REFUSED] = "connect_refused",
    [OUTCOME_CONNECT_TIMEOUT] = "connect_timeout",
    [OUTCOME_TLS_ERROR] = "tls_error",
    [OUTCOME_RESET_BEFORE_HEADERS] = "reset_before_headers",
    [OUTCOME_EOF_BEFORE_HEADERS] = "eof_before_headers",
    [OUTCOME_MALFORMED_HEAD] = "malformed_head",
    [OUTCOME_HEADER_TIMEOUT] = "header_timeout",
    [OUTCOME_FIRST_TOKEN_TIMEOUT] = "first_token_timeout",
    [OUTCOME_IDLE_TIMEOUT] = "idle_timeout",
    [OUTCOME_ATTEMPT_TIMEOUT] = "attempt_timeout",
    [OUTCOME_TRUNCATED_BODY] = "truncated_body",
    [OUTCOME_TRUNCATED_BEFORE_COMMIT] = "truncated_before_commit",
    [OUTCOME_BAD_BODY] = "bad_body",
    [OUTCOME_EMPTY_BODY] = "empty_body",
    [OUTCOME_ERROR_IN_200] = "error_in_200",
    [OUTCOME_TOTAL_TIMEOUT] = "total_timeout",
};

static bool add_statuses(struct outcome_set *set, const char *digits)
{
    size_t first;
    size_t last;

    if (strlen(digits) != 3)
        return false;
    if (!strcmp(digits, "4xx") || !strcmp(digits, "5xx")) {
        first = (size_t)(digits[0] - '0') * 100;
        last = first + 99;
    } else {
        if (strspn(digits, "0123456789") != 3 || digits[0] == '0')
            return false;
        first = strtoul(digits, NULL, 10);
        last = first;
    }
    for (size_t status = first; status <= last; status++)
        set->status[status] = true;
    return true;
}

bool outcome_set_add(struct outcome_set *set, const char *word)
{
    if (!strncmp(word, "http_", 5))
        return add_statuses(set, word + 5);
    for (size_t i = OUTCOME_CONNECT_REFUSED; i < OUTCOME_TOTAL_TIMEOUT; i++) {
        if (!strcmp(word, outcome_names[i])) {
            set->named[i] = true;
            return true;
        }
    }
    return false;
}

bool outcome_set_has(const struct outcome_set *set, enum outcome outcome,
                     int status)
{
    if (outcome == OUTCOME_HTTP)
        return status > 0 && status < OUTCOME_STATUSES && set->status[status];
    return set->named[outcome];
}
