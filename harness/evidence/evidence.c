#include "harness/evidence/evidence.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"

const char *const evidence_fields[] = {
    "test_id",
    "environment",
    "verified_reference_url",
    "verified_upstream_route_template",
    "gateway_route_name",
    "status_code_class",
    "retry_count",
    "fallback_decision",
    "error_class",
    "elapsed_time_bucket",
    "redaction_status",
    "operator_result",
    NULL,
};

/* What each of the twelve may say: a POSIX extended expression; NULL means a
 * whole number from 0. Source: contracts.md section 4. */
static const char *const evidence_patterns[] = {
    "^gateway-evidence-drill-[0-9]{8}-[0-9]{3,}$",
    "^.+$",
    "^(not_verified|https://[^ ]+)$",
    "^(not_verified|[A-Z]+ /[^ ]*)$",
    "^.+$",
    "^([1-5]xx|none)$",
    NULL,
    "^(primary_used|fallback_used|failed_closed|fallback_not_triggered|"
    "unknown)$",
    "^(none|auth_error|request_error|rate_limited|transient_error|timeout|"
    "parse_error|route_error|stream_error|unknown)$",
    "^((lt|ge)_[0-9]+m?s|none)$",
    "^(prompt_response_and_credential_not_logged|leak_detected|"
    "partial_leak_detected|not_checked)$",
    "^(pass|fail|hold)$",
};

/* Words no key of a record may hold: what the drill does not assert, and what
 * stands beside the record and never inside. Source: template R27, FM8. */
static const char *const evidence_forbidden_keys[] = {
    "price", "pricing", "cost",    "quota",      "billing",
    "sla",   "uptime",  "support", "latency_ms", NULL,
};

void evidence_test_id(char out[static EVIDENCE_TEST_ID_SIZE], time_t when,
                      int64_t number)
{
    struct tm day;

    gmtime_r(&when, &day);
    snprintf(out, EVIDENCE_TEST_ID_SIZE,
             "gateway-evidence-drill-%04d%02d%02d-%03lld",
             (day.tm_year + 1900) % 10000, (day.tm_mon + 1) % 100,
             day.tm_mday % 100, (long long)number);
}

static void label(char *out, const char *side, int64_t bound_ms)
{
    if (bound_ms >= 1000 && bound_ms % 1000 == 0)
        snprintf(out, EVIDENCE_LABEL_SIZE, "%s_%llds", side,
                 (long long)(bound_ms / 1000));
    else
        snprintf(out, EVIDENCE_LABEL_SIZE, "%s_%lldms", side,
                 (long long)bound_ms);
}

void evidence_bucket(char out[static EVIDENCE_LABEL_SIZE], int64_t ms,
                     const struct bind_ints *bounds)
{
    static const int64_t usual[] = { 250, 1000, 5000, 30000 };
    const int64_t *items = usual;
    size_t count = sizeof usual / sizeof usual[0];

    if (bounds && bounds->count > 0) {
        items = bounds->items;
        count = bounds->count;
    }
    for (size_t i = 0; i < count; i++) {
        if (ms < items[i]) {
            label(out, "lt", items[i]);
            return;
        }
    }
    label(out, "ge", items[count - 1]);
}

static bool is_figure(char c)
{
    return isdigit((unsigned char)c) || c == '.';
}

/* The end of a figure at text: digits with at most one point inside. 0: none.
 */
static size_t figure_length(const char *text)
{
    size_t n = 0;

    if (!isdigit((unsigned char)*text))
        return 0;
    while (isdigit((unsigned char)text[n]))
        n++;
    if (text[n] == '.' && isdigit((unsigned char)text[n + 1])) {
        n++;
        while (isdigit((unsigned char)text[n]))
            n++;
    }
    return n;
}

/* What may stand between the figures of one list that shares a unit. */
static size_t joint_length(const char *text)
{
    static const char *const joints[] = { "..",    ", ", ",", " to ",
                                          " and ", "-",  "/", NULL };

    for (size_t i = 0; joints[i]; i++)
        if (!strncmp(text, joints[i], strlen(joints[i])))
            return strlen(joints[i]);
    return 0;
}

/* The factor to ms of a unit at text, and its length; 0 when there is none. */
static double unit_at(const char *text, size_t *length)
{
    static const struct {
        const char *word;
        double factor;
    } units[] = {
        { "ms", 1 },   { "seconds", 1000 }, { "second", 1000 },
        { "s", 1000 }, { "us", 1e-3 },      { "ns", 1e-6 },
    };
    size_t space = *text == ' ' ? 1 : 0;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t n = strlen(units[i].word);

        if (!strncmp(text + space, units[i].word, n) &&
            !isalnum((unsigned char)text[space + n]) &&
            text[space + n] != '_') {
            *length = space + n;
            return units[i].factor;
        }
    }
    *length = 0;
    return 0;
}

/* The length of "101, 202 and 303" at text, and where a figure of it starts
 * when more than one. */
static size_t figures_length(const char *text)
{
    size_t n = figure_length(text);

    while (n > 0) {
        size_t joint = joint_length(text + n);
        size_t more = joint ? figure_length(text + n + joint) : 0;

        if (more == 0)
            break;
        n += joint + more;
    }
    return n;
}

static void bucket_figures(struct buf *out, const char *text, size_t length,
                           double factor, const struct bind_ints *bounds)
{
    for (size_t i = 0; i < length;) {
        size_t n = figure_length(text + i);
        char name[EVIDENCE_LABEL_SIZE];

        if (n == 0) {
            buf_add(out, text + i++, 1);
            continue;
        }
        evidence_bucket(name, (int64_t)(strtod(text + i, NULL) * factor),
                        bounds);
        buf_add_text(out, name);
        i += n;
    }
}

void evidence_bucket_text(struct buf *out, const char *text,
                          const struct bind_ints *bounds)
{
    bool inside = false; /* of a word or figure, so "v2 s" stays */

    for (const char *at = text; *at;) {
        size_t figures = inside ? 0 : figures_length(at);
        size_t unit = 0;
        double factor = figures ? unit_at(at + figures, &unit) : 0;

        if (unit > 0) {
            bucket_figures(out, at, figures, factor, bounds);
            at += figures + unit;
            continue;
        }
        inside = isalnum((unsigned char)*at) || *at == '_' || is_figure(*at);
        buf_add(out, at++, 1);
    }
}

static bool matches(const char *pattern, const char *text)
{
    regex_t compiled;
    bool match;

    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    match = regexec(&compiled, text, 0, NULL, 0) == 0;
    regfree(&compiled);
    return match;
}

/* True when one of the forbidden words stands in the key as a whole word of
 * it: "unit_price" is refused, "slack" is not. */
static const char *forbidden_word(const char *key)
{
    for (size_t i = 0; evidence_forbidden_keys[i]; i++) {
        const char *word = evidence_forbidden_keys[i];

        for (const char *at = strstr(key, word); at;
             at = strstr(at + 1, word)) {
            char after = at[strlen(word)];

            if ((at == key || !isalnum((unsigned char)at[-1])) &&
                !isalnum((unsigned char)after))
                return word;
        }
    }
    return NULL;
}

static bool keys_allowed(const struct json *node, const char *path,
                         struct err *err)
{
    for (const struct json *child = json_first(node); child;
         child = json_next(child)) {
        const char *word = forbidden_word(json_key(child));
        char below[512];

        snprintf(below, sizeof below, "%.400s.%.100s", path, json_key(child));
        if (word) {
            err_set(err, ERR_STATE, below,
                    "a record must not hold \"%s\": it is not evidence of the "
                    "drill",
                    word);
            return false;
        }
        if (!keys_allowed(child, below, err))
            return false;
    }
    return true;
}

static bool field_allowed(const struct json *member, size_t index,
                          struct err *err)
{
    const char *pattern = evidence_patterns[index];
    char where[128];

    snprintf(where, sizeof where, "$.%s", evidence_fields[index]);
    if (!member || strcmp(json_key(member), evidence_fields[index]) != 0) {
        err_set(err, ERR_STATE, where,
                "the record lacks it at position %zu of its twelve fields",
                index + 1);
        return false;
    }
    if (pattern ? matches(pattern, json_text(member, ""))
                : json_is_int(member) && json_int(member, -1) >= 0)
        return true;
    err_set(err, ERR_STATE, where, "\"%s\" is not one of its values: %s",
            json_text(member, "not a text"),
            pattern ? pattern : "a whole number from 0");
    return false;
}

bool evidence_record_check(const struct json *record, struct err *err)
{
    const struct json *member = json_first(record);

    for (size_t i = 0; evidence_fields[i]; i++) {
        if (!field_allowed(member, i, err))
            return false;
        member = json_next(member);
    }
    if (!member || strcmp(json_key(member), "extensions") != 0 ||
        json_next(member)) {
        err_set(err, ERR_STATE, "$.extensions",
                "everything beyond the twelve fields stands here, and only "
                "here");
        return false;
    }
    return keys_allowed(member, "$.extensions", err);
}
