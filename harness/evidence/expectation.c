#include "harness/evidence/expectation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

static const struct bind_row expected_case_table[] = {
    { .key = "verdict",
      .kind = BIND_ENUM,
      .required = true,
      .missing = -1,
      .names = verdict_names,
      .offset = offsetof(struct expected_case, verdict),
      .doc = "What the case is known to give" },
    { .key = "checks",
      .kind = BIND_TEXTS,
      .offset = offsetof(struct expected_case, checks),
      .doc = "The checks that fail; exactly these, or some of them where it is "
             "sometimes" },
    { .key = "sometimes",
      .kind = BIND_BOOL,
      .offset = offsetof(struct expected_case, sometimes),
      .doc = "A race or the machine decides: a pass or hold is as good" },
    { .key = "finding",
      .kind = BIND_TEXT,
      .offset = offsetof(struct expected_case, finding),
      .doc = "Where the finding is written down" },
    { 0 }
};

const struct bind_row expectation_table[] = {
    { .key = "gateway",
      .kind = BIND_TEXT,
      .required = true,
      .offset = offsetof(struct expectation, gateway),
      .doc = "The profile's name" },
    { .key = "version",
      .kind = BIND_TEXT,
      .offset = offsetof(struct expectation, version),
      .doc = "The version it was seen with" },
    { .key = "cases",
      .kind = BIND_MAP,
      .required = true,
      .table = expected_case_table,
      .item_size = sizeof(struct expected_case),
      .offset = offsetof(struct expectation, cases),
      .doc = "Case id or pattern, to what is known of it; first match wins" },
    { 0 }
};

bool expectation_load(struct expectation *out, const char *path,
                      struct err *err)
{
    struct json *document = json_load(path, err);
    char *where = xasprintf("%s: $", path);
    bool ok;

    *out = (struct expectation){ 0 };
    ok = document && bind_read(out, sizeof *out, expectation_table, document,
                               where, BIND_STRICT, err);
    free(where);
    json_free(document);
    return ok;
}

void expectation_release(struct expectation *expectation)
{
    if (!expectation)
        return;
    bind_release(expectation, expectation_table);
    *expectation = (struct expectation){ 0 };
}

static const struct expected_case *
expectation_find(const struct expectation *expectation, const char *case_id)
{
    const struct expected_case *cases = expectation->cases.items;

    for (size_t i = 0; i < expectation->cases.count; i++)
        if (case_matches(case_id, expectation->cases.keys[i]))
            return &cases[i];
    return NULL;
}

static bool expectation_lists(const struct bind_texts *listed, const char *id)
{
    for (size_t i = 0; i < listed->count; i++)
        if (strcmp(listed->items[i], id) == 0)
            return true;
    return false;
}

static bool finding_counts(const struct finding *finding)
{
    return finding->verdict == VERDICT_FAIL &&
           finding->severity != SEVERITY_ADVISORY;
}

/* The failed checks are exactly the listed ones; of a case that fails only
 * sometimes, some of them. */
static bool expectation_checks_met(const struct expected_case *expected,
                                   const struct result *result, struct buf *why)
{
    bool met = true;

    for (size_t i = 0; i < result->findings.count; i++) {
        const struct finding *finding = &result->findings.items[i];

        if (finding_counts(finding) &&
            !expectation_lists(&expected->checks, finding->check)) {
            buf_printf(why, "%s: fails %s, which is not listed: %s, seen %s\n",
                       result->case_id, finding->check, finding->expected,
                       finding->observed);
            met = false;
        }
    }
    for (size_t i = 0; i < expected->checks.count; i++) {
        bool failed = false;

        for (size_t j = 0; j < result->findings.count; j++)
            failed |= finding_counts(&result->findings.items[j]) &&
                      strcmp(result->findings.items[j].check,
                             expected->checks.items[i]) == 0;
        if (!failed && !expected->sometimes) {
            buf_printf(why, "%s: listed to fail %s, and does not\n",
                       result->case_id, expected->checks.items[i]);
            met = false;
        }
    }
    return met;
}

bool expectation_met(const struct expectation *expectation,
                     const struct run *run, int64_t *held, struct buf *why)
{
    bool met = true;

    *held = 0;
    for (size_t i = 0; i < run->results.count; i++) {
        const struct result *result = run->results.items[i];
        const struct expected_case *expected =
            expectation_find(expectation, result->case_id);

        if (!expected) {
            *held += result->verdict == VERDICT_HOLD;
            if (result->verdict == VERDICT_FAIL) {
                buf_printf(why, "%s: fails and is not listed: %s\n",
                           result->case_id, result->reason);
                met = false;
            }
        } else if (expected->sometimes && (result->verdict == VERDICT_PASS ||
                                           result->verdict == VERDICT_HOLD)) {
            continue;
        } else if ((int64_t)result->verdict != expected->verdict) {
            buf_printf(why, "%s: %s, listed as %s%s%s\n", result->case_id,
                       verdict_names[result->verdict],
                       verdict_names[expected->verdict],
                       result->reason[0] ? ": " : "", result->reason);
            met = false;
        } else if (expected->checks.declared &&
                   !expectation_checks_met(expected, result, why)) {
            met = false;
        }
    }
    return met;
}
