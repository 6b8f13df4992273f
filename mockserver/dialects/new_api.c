#include "mockserver/dialect.h"

#include <stddef.h>

/* The default status of an error is 500 there, so a malformed request is a 500
 * and an unknown model a 503. Sources: docs/dialects.md. */
static const struct dialect_row rows[] = {
    { 400, "", NULL, "model name is required", NULL },
    { 401, "", NULL, "Invalid token", NULL },
    { 403, "access_denied", NULL, "access denied", NULL },
    { 403, "insufficient_user_quota", NULL, "user quota is not enough", NULL },
    { 404, "", "invalid_request_error", "Invalid URL", "\"\"" },
    { 413, "read_request_body_failed", NULL, "request body too large", NULL },
    { 429, "", NULL, "you have reached the request limit", NULL },
    { 500, "do_request_failed", NULL, "upstream error: do request failed",
      NULL },
    { 500, "invalid_request", NULL, "field messages is required", "\"\"" },
    { 501, "api_not_implemented", NULL, "API not implemented", "\"\"" },
    { 502, "bad_response_status_code", NULL, "bad response status code 502",
      NULL },
    { 503, "", NULL, "the current group is saturated upstream", NULL },
    { 503, "model_not_found", NULL,
      "No available channel for model {model} under group default "
      "(distributor)",
      NULL },
    { 0, "bad_response_status_code", NULL, "bad response status code", NULL },
    { 0 },
};

static const struct dialect_style style = {
    .type = "new_api_error",
    .empty_code = "\"\"",
    .id_in_message = true,
};

static void error_body(struct buf *out, const struct dialect_error *error)
{
    dialect_write_error(out, &style, rows, error);
}

const struct dialect dialect_new_api = {
    .name = "new-api",
    .request_id_header = "X-Oneapi-Request-Id",
    .error_body = error_body,
};
