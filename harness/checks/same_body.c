/*
 * Every attempt of a request carries the same body: byte by byte at one
 * upstream, by meaning across upstreams; and it does carry one. Source: runbook
 * request.body; invariant V3. Real proxies send retries without their body.
 */
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

/* The fault itself may act before a body can be read. */
static bool body_expected(const struct seen *seen,
                          const struct attempt *attempt)
{
    struct effect effect;

    seen_effect(&effect, seen, attempt);
    return effect.connects && !effect.before_request &&
           attempt->request.method[0];
}

static bool came(const struct attempt *attempt)
{
    return attempt->request.body == ATTEMPT_BODY_COMPLETE;
}

static bool is_model(const char *pointer)
{
    return !strcmp(pointer, "/model");
}

/* Field by field, the model apart: each upstream may have its own. */
static bool same_meaning(const struct json_fields *a,
                         const struct json_fields *b)
{
    size_t i = 0;
    size_t k = 0;

    for (;; i++, k++) {
        while (i < a->count && is_model(a->items[i].pointer))
            i++;
        while (k < b->count && is_model(b->items[k].pointer))
            k++;
        if (i == a->count || k == b->count)
            return i == a->count && k == b->count && a->cut == b->cut;
        if (strcmp(a->items[i].pointer, b->items[k].pointer) ||
            strcmp(a->items[i].fingerprint, b->items[k].fingerprint))
            return false;
    }
}

static bool same_body(const struct attempt *a, const struct attempt *b)
{
    if (!strcmp(a->request.body_sha256, b->request.body_sha256))
        return true;
    if (!strcmp(a->upstream, b->upstream))
        return false;
    return a->request.json && b->request.json &&
           same_meaning(&a->request.fields, &b->request.fields);
}

/* The first two attempts whose bodies differ; false: there are none. */
static bool find_difference(const struct seen *seen, char *out, size_t size)
{
    for (size_t i = 0; i < seen->count; i++)
        for (size_t k = i + 1; k < seen->count; k++) {
            const struct attempt *a = seen->attempts[i];
            const struct attempt *b = seen->attempts[k];

            if (!came(a) || !came(b) || same_body(a, b))
                continue;
            snprintf(out, size, "attempts %zu and %zu differ in their body",
                     i + 1, k + 1);
            return true;
        }
    return false;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    int64_t rule = seen->observation->runbook->request.body;
    bool declared = rule == BODY_JSON_EQUAL || rule == BODY_BYTES_EQUAL;
    size_t expected = 0;
    size_t missing = 0;
    bool different;

    for (size_t i = 0; i < seen->count; i++) {
        if (!body_expected(seen, seen->attempts[i]))
            continue;
        expected++;
        missing += !came(seen->attempts[i]);
    }
    finding_expect(finding, "the same body on every attempt");
    different =
        find_difference(seen, finding->observed, sizeof finding->observed);
    if (missing)
        finding_observe(finding,
                        "%zu of %zu attempts arrived without their "
                        "body",
                        missing, expected);
    else if (!different)
        finding_observe(finding, "%zu attempts with one body", expected);
    if (!declared) {
        finding_reason(finding, rule == BODY_ANY
                                    ? "request.body is any"
                                    : "request.body is not declared");
        return;
    }
    finding_reason(finding, "request.body declares it");
    if (missing || different)
        finding->verdict = VERDICT_FAIL;
    else if (expected > 1)
        finding->verdict = VERDICT_PASS;
    else
        finding_reason(finding, "fewer than two attempts with a body");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_same_body = {
    .id = "same_body",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does every attempt of a request carry the same body?",
    .judge = judge,
};
