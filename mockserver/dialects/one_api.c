#include "mockserver/dialect.h"

#include <stddef.h>

/* No code and no param on its own errors, and localised texts: a gateway that
 * looks for either does not find it. Sources: docs/dialects.md. */
static const struct dialect_row rows[] = {
    { 400, "invalid_text_request", NULL, "field messages is required", NULL },
    { 401, NULL, NULL, "\u65e0\u6548\u7684\u4ee4\u724c", NULL },
    { 403, NULL, NULL, "access denied", NULL },
    { 403, "insufficient_user_quota", NULL, "user quota is not enough", NULL },
    { 404, "", "invalid_request_error", "Invalid URL", "\"\"" },
    { 429, NULL, NULL,
      "\u5f53\u524d\u5206\u7ec4\u4e0a\u6e38\u8d1f\u8f7d\u5df2\u9971\u548c"
      "\uff0c\u8bf7\u7a0d\u540e\u518d\u8bd5",
      NULL },
    { 501, "api_not_implemented", NULL, "API not implemented", "\"\"" },
    { 502, "bad_response_status_code", "upstream_error",
      "bad response status code 502", "\"502\"" },
    { 503, NULL, NULL,
      "\u5f53\u524d\u5206\u7ec4 default \u4e0b\u5bf9\u4e8e\u6a21\u578b "
      "{model} \u65e0\u53ef\u7528\u6e20\u9053",
      NULL },
    { 0, "bad_response_status_code", "upstream_error",
      "bad response status code", NULL },
    { 0 },
};

static const struct dialect_style style = {
    .type = "one_api_error",
    .id_in_message = true,
};

static void error_body(struct buf *out, const struct dialect_error *error)
{
    dialect_write_error(out, &style, rows, error);
}

const struct dialect dialect_one_api = {
    .name = "one-api",
    .request_id_header = "X-Oneapi-Request-Id",
    .error_body = error_body,
};
