#include "tests/refgateway/refusal.h"

#include <stddef.h>

#define BODY(message, type, code)                                              \
    "{\"error\":{\"message\":\"" message "\",\"type\":\"" type                 \
    "\",\"param\":null,\"code\":\"" code "\"}}"

/* The same words whether the key is wrong or missing: nothing of it is said. */
const struct refusal refusal_unauthorized = {
    .status = 401,
    .decision = "failed_closed",
    .error_class = "auth_error",
    .header = "WWW-Authenticate",
    .value = "Bearer",
    .body = BODY("a valid API key is needed", "authentication_error",
                 "invalid_api_key"),
};

const struct refusal refusal_no_route = {
    .status = 404,
    .decision = "fallback_not_triggered",
    .error_class = "route_error",
    .body = BODY("there is no such route", "invalid_request_error",
                 "route_not_found"),
};

const struct refusal refusal_no_method = {
    .status = 405,
    .decision = "fallback_not_triggered",
    .error_class = "route_error",
    .header = "Allow",
    .value = "POST",
    .body = BODY("this route takes POST", "invalid_request_error",
                 "method_not_allowed"),
};

const struct refusal refusal_too_large = {
    .status = 413,
    .decision = "fallback_not_triggered",
    .error_class = "request_error",
    .body = BODY("the request body is too large", "invalid_request_error",
                 "request_too_large"),
};

const struct refusal refusal_not_json = {
    .status = 400,
    .decision = "fallback_not_triggered",
    .error_class = "request_error",
    .body = BODY("the request body is not a JSON object",
                 "invalid_request_error", "invalid_json"),
};

const struct refusal refusal_stopping = {
    .status = 503,
    .decision = "fallback_not_triggered",
    .error_class = "transient_error",
    .body = BODY("the gateway is stopping", "gateway_error", "stopping"),
};
