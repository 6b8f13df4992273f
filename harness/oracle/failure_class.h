/* failure_class: the words of retry.on, fallback.on and cooldown.on. */
#ifndef GATEDRILL_HARNESS_FAILURE_CLASS_H
#define GATEDRILL_HARNESS_FAILURE_CLASS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/json.h"

enum failure {
    FAILURE_NONE,
    FAILURE_HTTP, /* with a status */
    FAILURE_CONNECT_REFUSED,
    FAILURE_CONNECT_TIMEOUT,
    FAILURE_TLS_ERROR,
    FAILURE_RESET_BEFORE_HEADERS,
    FAILURE_EOF_BEFORE_HEADERS,
    FAILURE_MALFORMED_HEAD,
    FAILURE_HEADER_TIMEOUT,
    FAILURE_FIRST_TOKEN_TIMEOUT,
    FAILURE_IDLE_TIMEOUT,
    FAILURE_ATTEMPT_TIMEOUT,
    FAILURE_TRUNCATED_BODY,
    FAILURE_TRUNCATED_BEFORE_COMMIT,
    FAILURE_BAD_BODY,
    FAILURE_EMPTY_BODY,
    FAILURE_ERROR_IN_200,
    FAILURE_COUNT
};
extern const char *const failure_names[]; /* [FAILURE_HTTP] is "http" */

/* A set of classes as a runbook lists them. */
struct failure_set {
    bool declared;
    bool named[FAILURE_COUNT];
    bool status[1000]; /* http_429, http_4xx, http_5xx expanded */
};
/*
 * For bind tables: reads an array such as ["http_5xx", "connect_refused"].
 * field   a struct failure_set, zeroed by the caller
 * path    of the array: "runbook.json: $.retry.on"
 * Errors (ERR_SCHEMA, with the place and the word): not an array, an element
 * that is no string, a word that is no class, a status outside 300..999, a
 * class listed twice. Source of the words: docs/runbook.md.
 */
bool failure_set_parse(void *field, const struct json *node, const char *path,
                       struct err *err);
extern const char failure_set_schema[];
/* status is looked at for FAILURE_HTTP only. FAILURE_NONE is in no set. */
bool failure_set_has(const struct failure_set *set, enum failure failure,
                     int64_t status);
/* "http_503", "header_timeout": the word of a runbook. */
void failure_format(char out[static 32], enum failure failure, int64_t status);

#endif
