#include "mockserver/dialect.h"

#include <stddef.h>

/* Every member is always there, null when it says nothing; the request id
 * stands in its header alone. Sources: docs/dialects.md. */
static const struct dialect_row rows[] = {
    { 400, "missing_required_parameter", NULL,
      "Missing required parameter: 'messages'.", "\"messages\"" },
    { 401, "invalid_api_key", NULL, "Incorrect API key provided.", "null" },
    { 403, "unsupported_country_region_territory", "request_forbidden",
      "Country, region, or territory not supported", "null" },
    { 404, "model_not_found", NULL,
      "The model `{model}` does not exist or you do not have access to it.",
      "null" },
    { 429, "rate_limit_exceeded", "requests", "Rate limit reached.", "null" },
    { 429, "insufficient_quota", "insufficient_quota",
      "You exceeded your current quota.", "null" },
    { 500, NULL, "server_error",
      "The server had an error while processing your request.", "null" },
    { 503, NULL, "server_error",
      "The engine is currently overloaded, please try again later.", "null" },
    { 0, NULL, NULL, "The request could not be served.", "null" },
    { 0 },
};

static const struct dialect_style style = {
    .type = "invalid_request_error",
    .empty_code = "null",
};

static void error_body(struct buf *out, const struct dialect_error *error)
{
    dialect_write_error(out, &style, rows, error);
}

const struct dialect dialect_openai = {
    .name = "openai",
    .request_id_header = "x-request-id",
    .error_body = error_body,
};
