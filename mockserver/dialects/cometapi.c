#include "mockserver/dialect.h"

#include <stddef.h>

/* Two rows break the rule that the status class decides: a malformed request is
 * a 500, an unknown model a 503. Sources: docs/dialects.md. */
static const struct dialect_row rows[] = {
    { 400, "", NULL, "model name is required", NULL },
    { 401, "", NULL, "invalid token", NULL },
    { 403, "", NULL, "the current request was not allowed", NULL },
    { 404, "", NULL, "resource not found", NULL },
    { 413, "", NULL, "request body too large", NULL },
    { 429, "", NULL, "too many requests, please slow down", NULL },
    { 500, "", NULL, "internal error, please retry", NULL },
    { 500, "invalid_request", NULL, "field messages is required", "\"\"" },
    { 503, "", NULL, "upstream is busy, please retry", NULL },
    { 503, "model_not_found", NULL,
      "no available channel for group default and model {model} (distributor)",
      NULL },
    { 504, "", NULL, "upstream did not answer in time", NULL },
    { 0, "", NULL, "the request could not be served", NULL },
    { 0 },
};

static const struct dialect_style style = {
    .type = "comet_api_error",
    .empty_code = "\"\"",
    .id_in_message = true,
};

static void error_body(struct buf *out, const struct dialect_error *error)
{
    dialect_write_error(out, &style, rows, error);
}

const struct dialect dialect_cometapi = {
    .name = "cometapi",
    .request_id_header = "x-cometapi-request-id",
    .error_body = error_body,
};
