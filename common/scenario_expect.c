#include "common/scenario_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

#define ATTEMPTS_MOST 1000
#define GAP_MOST_MS   3600000

static const char *const decision_words[] = {
    "primary_used",           "fallback_used", "failed_closed",
    "fallback_not_triggered", "unknown",       NULL
};
static const char *const outcome_words[] = { "success", "error", NULL };
static const char *const severity_words[] = { "required", "advisory", NULL };

/* A whole number from 0 to most. */
static bool read_count(int64_t *out, const struct json *node, int64_t most)
{
    *out = json_int(node, -1);
    return *out >= 0 && *out <= most;
}

/* Custom rows that fill more than one member have the whole as their field. */

static bool read_attempts(void *field, const struct json *node,
                          const char *path, struct err *err)
{
    struct case_expect *expect = field;
    char place[sizeof err->where];

    if (json_kind(node) != JSON_OBJECT) {
        err_set(err, ERR_SCHEMA, path,
                "must be an object such as {\"primary\": 1, "
                "\"fallback\": [0, 1]}");
        return false;
    }
    expect->attempts = xcalloc(json_count(node), sizeof *expect->attempts);
    for (const struct json *m = json_first(node); m; m = json_next(m)) {
        bool range = json_kind(m) == JSON_ARRAY && json_count(m) == 2;
        int64_t least;
        int64_t most;

        if (!read_count(&least, range ? json_at(m, 0) : m, ATTEMPTS_MOST) ||
            !read_count(&most, range ? json_at(m, 1) : m, ATTEMPTS_MOST) ||
            least > most) {
            bind_path(place, sizeof place, path, json_key(m));
            err_set(err, ERR_SCHEMA, place,
                    "must be a number of attempts in 0..%d, or "
                    "[least, most]",
                    ATTEMPTS_MOST);
            return false;
        }
        expect->attempts[expect->attempt_count].upstream = xstrdup(json_key(m));
        expect->attempts[expect->attempt_count].least = least;
        expect->attempts[expect->attempt_count++].most = most;
    }
    return true;
}

static void release_attempts(void *field)
{
    struct case_expect *expect = field;

    for (size_t i = 0; i < expect->attempt_count; i++)
        free(expect->attempts[i].upstream);
    free(expect->attempts);
    expect->attempts = NULL;
    expect->attempt_count = 0;
}

/* A bound of a gap: a number, null for none, or one that is relative to a
 * runbook we do not know yet. */
static bool read_bound(int64_t *out, const struct json *node)
{
    if (node && (json_kind(node) == JSON_NULL || json_get(node, "of"))) {
        *out = -1;
        return true;
    }
    return read_count(out, node, GAP_MOST_MS);
}

static bool read_gaps(void *field, const struct json *node, const char *path,
                      struct err *err)
{
    struct case_expect *expect = field;
    char place[sizeof err->where];

    if (json_kind(node) != JSON_ARRAY || json_count(node) > CASE_GAPS) {
        err_set(err, ERR_SCHEMA, path,
                "must be a list of at most %d pairs [least, most]", CASE_GAPS);
        return false;
    }
    for (const struct json *e = json_first(node); e; e = json_next(e)) {
        size_t i = expect->gap_count;
        int64_t *least = &expect->gap_least_ms[i];
        int64_t *most = &expect->gap_most_ms[i];

        if (json_kind(e) != JSON_ARRAY || json_count(e) != 2 ||
            !read_bound(least, json_at(e, 0)) ||
            !read_bound(most, json_at(e, 1)) ||
            (*most >= 0 && *least > *most)) {
            bind_path_index(place, sizeof place, path, i);
            err_set(err, ERR_SCHEMA, place,
                    "must be [least, most] in 0..%d ms, most null for no "
                    "bound",
                    GAP_MOST_MS);
            return false;
        }
        if (*least < 0)
            *least = 0;
        expect->gap_count++;
    }
    return true;
}

static bool read_status(void *field, const struct json *node, const char *path,
                        struct err *err)
{
    struct bind_ints *statuses = field;
    bool list = json_kind(node) == JSON_ARRAY;
    size_t count = list ? json_count(node) : 1;

    statuses->declared = true;
    statuses->items = xcalloc(count, sizeof *statuses->items);
    for (; statuses->count < count; statuses->count++) {
        const struct json *one = list ? json_at(node, statuses->count) : node;
        int64_t status = json_int(one, 0);

        if (status < 100 || status > 999)
            break;
        statuses->items[statuses->count] = status;
    }
    if (count && statuses->count == count)
        return true;
    err_set(err, ERR_SCHEMA, path,
            "must be a status in 100..999, or a list of them");
    return false;
}

static void release_status(void *field)
{
    struct bind_ints *statuses = field;

    free(statuses->items);
    *statuses = (struct bind_ints){ 0 };
}

/* clang-format off */
static const struct bind_row expect_client_table[] = {
    { .key = "status", .kind = BIND_CUSTOM,
      .offset = offsetof(struct case_expect, client_status),
      .parse = read_status, .release = release_status,
      .schema = "{\"anyOf\":[{\"type\":\"integer\",\"minimum\":100,\"maximum\":999},{\"type\":\"array\",\"minItems\":1,\"items\":{\"type\":\"integer\",\"minimum\":100,\"maximum\":999}}]}",
      .doc = "Status the client gets, or a list of allowed ones." },
    { .key = "outcome", .kind = BIND_TEXT,
      .offset = offsetof(struct case_expect, client_outcome),
      .names = outcome_words,
      .doc = "A whole answer, or an honest error." },
    { .key = "complete", .kind = BIND_TRI,
      .offset = offsetof(struct case_expect, client_complete), .missing = -1,
      .doc = "Whether the client has the whole answer." },
    { 0 }
};

static const struct bind_row arrivals_table[] = {
    { .key = "not_before_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_expect, arrivals.not_before_ms),
      .max = GAP_MOST_MS, .unit = "ms",
      .doc = "No second attempt earlier than this after the end of the first." },
    { .key = "spread_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_expect, arrivals.spread_ms),
      .max = GAP_MOST_MS, .unit = "ms",
      .doc = "The middle half of these waits differs by at least this." },
    { 0 }
};

const struct bind_row expect_table[] = {
    { .key = "attempts", .kind = BIND_CUSTOM, .parse = read_attempts,
      .release = release_attempts,
      .schema = "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000},{\"type\":\"array\",\"minItems\":2,\"maxItems\":2,\"items\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000}}]}}",
      .doc = "Attempts per upstream: a number, or [least, most]." },
    { .key = "decision", .kind = BIND_TEXT,
      .offset = offsetof(struct case_expect, decision),
      .names = decision_words, .doc = "The record's fallback_decision." },
    { .key = "client", .kind = BIND_OBJECT, .table = expect_client_table,
      .doc = "What the client gets." },
    { .key = "gaps_ms", .kind = BIND_CUSTOM, .parse = read_gaps,
      .schema = "{\"type\":\"array\",\"maxItems\":8,\"items\":{\"type\":\"array\",\"minItems\":2,\"maxItems\":2}}",
      .doc = "[least, most] in ms between an attempt and the next; most null: no bound." },
    { .key = "within_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_expect, within_ms), .max = 3600000,
      .missing = -1, .unit = "ms",
      .doc = "The client has its end by then." },
    { .key = "first_output_within_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_expect, first_output_within_ms),
      .max = 3600000, .missing = -1, .unit = "ms",
      .doc = "The client has the first output so soon after its upstream began to send it." },
    { .key = "upstream_closed_within_ms", .kind = BIND_INT,
      .offset = offsetof(struct case_expect, upstream_closed_within_ms),
      .max = 3600000, .missing = -1, .unit = "ms",
      .doc = "Instead of cancel.upstream_closed_within_ms of the runbook." },
    { .key = "arrivals", .kind = BIND_OBJECT, .table = arrivals_table,
      .doc = "When second attempts come, over all requests of the phase." },
    { .key = "headers_absent", .kind = BIND_TEXTS,
      .offset = offsetof(struct case_expect, headers_absent), .min = 1,
      .max = 32, .pattern = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
      .doc = "Headers the client's response must not have." },
    { .key = "severity", .kind = BIND_ENUM,
      .offset = offsetof(struct case_expect, severity_advisory),
      .names = severity_words,
      .doc = "advisory: a fail is printed and does not fail the case." },
    { 0 }
};
/* clang-format on */

bool case_expect_read(struct case_expect *out, const struct json *node,
                      const char *path, enum bind_mode mode, struct err *err)
{
    const char *word = json_text(node, NULL);
    char shown[BIND_SHOWN_SIZE];

    if (!node || (word && !strcmp(word, "runbook"))) {
        bind_init(out, sizeof *out, expect_table);
        out->runbook = true;
        return true;
    }
    if (json_kind(node) == JSON_OBJECT)
        return bind_read(out, sizeof *out, expect_table, node, path, mode, err);
    bind_show(shown, node);
    err_set(err, ERR_SCHEMA, path,
            "%s is not \"runbook\" or an object of overrides", shown);
    return false;
}

void case_expect_release(struct case_expect *expect)
{
    bind_release(expect, expect_table);
}
