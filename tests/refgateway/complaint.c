#include "tests/refgateway/complaint.h"

#include <string.h>

#include "common/json.h"
#include "tests/refgateway/bug.h"

struct row {
    int status;          /* the nearest one for the client */
    int rank;            /* all_failed "priority": lower is told first */
    const char *klass;   /* of the evidence record */
    const char *type;    /* error.type */
    const char *message; /* error.message */
};

static const struct row rows[OUTCOME_COUNT] = {
    [OUTCOME_OK] = { 200, 9, "none", "", "" },
    [OUTCOME_HTTP] = { 502, 5, "transient_error", "upstream_error",
                       "the upstream answered with an error" },
    [OUTCOME_CONNECT_REFUSED] = { 502, 7, "transient_error", "upstream_error",
                                  "the upstream cannot be reached" },
    [OUTCOME_CONNECT_TIMEOUT] = { 504, 7, "timeout", "timeout_error",
                                  "the upstream cannot be reached in time" },
    [OUTCOME_TLS_ERROR] = { 502, 7, "transient_error", "upstream_error",
                            "no secure connection to the upstream" },
    [OUTCOME_RESET_BEFORE_HEADERS] = { 502, 7, "transient_error",
                                       "upstream_error",
                                       "the upstream reset the connection" },
    [OUTCOME_EOF_BEFORE_HEADERS] = { 502, 7, "transient_error",
                                     "upstream_error",
                                     "the upstream closed the connection" },
    [OUTCOME_MALFORMED_HEAD] = { 502, 7, "transient_error", "upstream_error",
                                 "the upstream did not speak HTTP" },
    [OUTCOME_HEADER_TIMEOUT] = { 504, 6, "timeout", "timeout_error",
                                 "the upstream did not answer in time" },
    [OUTCOME_FIRST_TOKEN_TIMEOUT] = { 504, 6, "timeout", "timeout_error",
                                      "the upstream sent no output in time" },
    [OUTCOME_IDLE_TIMEOUT] = { 504, 6, "timeout", "timeout_error",
                               "the upstream fell silent" },
    [OUTCOME_ATTEMPT_TIMEOUT] = { 504, 6, "timeout", "timeout_error",
                                  "the upstream was too slow" },
    [OUTCOME_TRUNCATED_BODY] = { 502, 7, "parse_error", "upstream_error",
                                 "the upstream's answer was cut short" },
    [OUTCOME_TRUNCATED_BEFORE_COMMIT] = { 502, 7, "stream_error",
                                          "upstream_error",
                                          "the upstream's stream was cut "
                                          "short" },
    [OUTCOME_BAD_BODY] = { 502, 7, "parse_error", "upstream_error",
                           "the upstream's answer is not a completion" },
    [OUTCOME_EMPTY_BODY] = { 502, 7, "parse_error", "upstream_error",
                             "the upstream's answer is empty" },
    [OUTCOME_ERROR_IN_200] = { 502, 7, "transient_error", "upstream_error",
                               "the upstream answered with an error" },
    [OUTCOME_TOTAL_TIMEOUT] = { 504, 8, "timeout", "timeout_error",
                                "the time for this request is over" },
};

static bool is_auth(const struct result *result)
{
    return result->outcome == OUTCOME_HTTP &&
           (result->status == 401 || result->status == 403);
}

static bool is_4xx(const struct result *result)
{
    return result->outcome == OUTCOME_HTTP && result->status >= 400 &&
           result->status <= 499;
}

static bool is_body(const struct result *result)
{
    return result->outcome == OUTCOME_BAD_BODY ||
           result->outcome == OUTCOME_EMPTY_BODY ||
           result->outcome == OUTCOME_ERROR_IN_200;
}

static int rank(const struct result *result)
{
    if (result->outcome != OUTCOME_HTTP)
        return rows[result->outcome].rank;
    switch (result->status) {
    case 403:
        return 0;
    case 401:
        return 1;
    case 429:
        return 6;
    default:
        return is_4xx(result) ? 2 : 5;
    }
}

size_t complaint_pick(const struct rules *rules, const struct result *results,
                      size_t count, size_t last)
{
    size_t best = last;

    if (rules->client_errors.all_failed == RULES_ALL_FAILED_FIRST)
        return 0;
    if (rules->client_errors.all_failed != RULES_ALL_FAILED_PRIORITY)
        return last;
    for (size_t i = 0; i < count; i++) {
        if (rank(&results[i]) < rank(&results[best]))
            best = i;
    }
    return best;
}

static bool lists(const struct rules_status *rule, int status)
{
    for (size_t i = 0; i < rule->count; i++) {
        if (rule->items[i] == status)
            return true;
    }
    return false;
}

/* The status of what happened, else the nearest one for its kind of failure,
 * else the list's first: the first of these that the rule lets through. */
static int by_rule(const struct rules_status *rule, const struct result *result)
{
    int nearest = rows[result->outcome].status;
    bool honest = result->outcome == OUTCOME_HTTP && result->status >= 400 &&
                  result->status <= 599;
    int wanted = honest ? result->status : nearest;

    if (!rule->declared || rule->same || lists(rule, wanted))
        return wanted;
    return lists(rule, nearest) ? nearest : (int)rule->items[0];
}

/* The rule for this end; an undeclared one lets every honest status through. */
static const struct rules_status *
rule_for(const struct rules *rules, const struct result *result, enum why why)
{
    static const struct rules_status none = { 0 };

    if (rules->client_errors.bad_body.declared && is_body(result))
        return &rules->client_errors.bad_body;
    if (why != WHY_CLASS && why != WHY_BARRED)
        return &rules->client_errors.exhausted;
    return is_4xx(result) ? &rules->client_errors.upstream_4xx : &none;
}

/* The status that a seeded bug tells instead; 0: none. */
static int bent_status(const struct result *result, enum why why)
{
    if (is_auth(result) && bug_is(BUG_AUTH_AS_500))
        return 500;
    if (is_auth(result) && bug_is(BUG_AUTH_AS_429))
        return 429;
    if (result->status == 404 && bug_is(BUG_NOT_FOUND_AS_500))
        return 500;
    if (is_4xx(result) && bug_is(BUG_ALL_4XX_AS_400))
        return 400;
    if (why == WHY_EXHAUSTED && bug_is(BUG_EXHAUSTED_AS_500))
        return 500;
    if (why == WHY_EXHAUSTED && bug_is(BUG_EXHAUSTED_AS_200))
        return 200;
    return 0;
}

int complaint_status(const struct rules *rules, const struct result *result,
                     enum why why)
{
    if (bent_status(result, why))
        return bent_status(result, why);
    if (policy_auth_rule(rules, result) < 0)
        return by_rule(rule_for(rules, result, why), result);
    /* Undeclared: a refused key of ours is not the client's fault. */
    return rules->auth.client_status.declared
               ? by_rule(&rules->auth.client_status, result)
               : 502;
}

/* Words such as "rate_limit_exceeded"; nothing that could be a secret. */
static bool is_plain_word(const char *text)
{
    size_t length = strlen(text);

    return length && length <= 40 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

static const char *message(const struct result *result, enum why why)
{
    if (is_auth(result))
        return "the upstream refused the credential or the permission";
    if (why == WHY_TOTAL && result->outcome != OUTCOME_TOTAL_TIMEOUT)
        return "the upstream failed and the time for this request is over";
    if (is_4xx(result) && result->status != 429)
        return "the upstream refused the request";
    if (is_4xx(result))
        return "the upstream is limiting requests";
    return rows[result->outcome].message;
}

void complaint_write(struct buf *out, const struct result *result, enum why why)
{
    const char *code = is_plain_word(result->code)
                           ? result->code
                           : outcome_names[result->outcome];
    const char *type =
        is_plain_word(result->type) ? result->type : rows[result->outcome].type;

    buf_add_text(out, "{\"error\":{\"message\":");
    json_quote(out, message(result, why), strlen(message(result, why)));
    buf_printf(out, ",\"type\":\"%s\",\"param\":null,\"code\":\"%s\"", type,
               code);
    if (result->outcome == OUTCOME_HTTP)
        buf_printf(out, ",\"upstream_status\":%d", result->status);
    buf_add_text(out, "}}");
}

void complaint_write_event(struct buf *out, const struct result *result,
                           enum why why)
{
    buf_add_text(out, "data: ");
    complaint_write(out, result, why);
    buf_add_text(out, "\n\n");
}

const char *complaint_class(const struct result *result, enum why why,
                            bool streaming)
{
    if (result->outcome == OUTCOME_OK)
        return "none";
    if (streaming)
        return "stream_error";
    if (is_auth(result))
        return "auth_error";
    if (result->outcome == OUTCOME_HTTP && result->status == 429)
        return "rate_limited";
    if (result->outcome == OUTCOME_HTTP && result->status == 404 &&
        !*result->code)
        return "route_error";
    if (is_4xx(result) || why == WHY_BARRED)
        return "request_error";
    if (result->outcome == OUTCOME_HTTP && result->status < 400)
        return "route_error";
    return rows[result->outcome].klass;
}
