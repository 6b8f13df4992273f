/*
 * Nothing stands in the telemetry that should not be collected at all,
 * whatever it says: contents, credential headers, credentials in URLs; and no
 * raw path where low cardinality is promised. Source: runbook
 * redaction.forbid; OpenTelemetry: contents and headers SHOULD NOT be captured
 * by default, a span name is no path.
 */
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

static bool forbids(const struct observation *o, const char *word)
{
    const struct bind_texts *forbid = &o->runbook->redaction.forbid;

    for (size_t i = 0; i < forbid->count; i++)
        if (!strcmp(forbid->items[i], word))
            return true;
    return false;
}

/* Whether somebody declared that this does not happen. */
static bool is_ruled(const struct observation *o,
                     enum telemetry_shape_kind kind)
{
    if (kind == TELEMETRY_CONTENT)
        return forbids(o, "prompt") || forbids(o, "completion");
    if (kind == TELEMETRY_CREDENTIAL)
        return forbids(o, "credential");
    return (o->profile->promises & PROMISE_NAMES) != 0;
}

static bool has_otlp(const struct observation *o)
{
    return o->profile && profile_has_sink(o->profile, SINK_OTLP);
}

static bool has_page(const struct observation *o)
{
    return o->profile && o->profile->metrics.declared &&
           o->profile->metrics.url;
}

/* Why absence proves nothing; NULL: it does. */
static const char *silence(const struct observation *o)
{
    if (o->telemetry.let_go)
        return "more came than is kept";
    if (has_otlp(o) && o->telemetry.span_count == 0)
        return "no span of this case came";
    if (has_page(o) && o->metered.looked &&
        o->metered.problem[METRIC_ON_PAGE][0])
        return o->metered.problem[METRIC_ON_PAGE];
    if (has_page(o) && !o->metered.looked)
        return "the metrics were not read";
    return NULL;
}

static void list(char *out, size_t size, const struct observation *o,
                 bool ruled)
{
    for (size_t i = 0; i < o->telemetry.shape_count; i++) {
        const struct telemetry_shape *shape = &o->telemetry.shapes[i];
        char text[128];

        if (is_ruled(o, shape->kind) != ruled)
            continue;
        snprintf(text, sizeof text, "%s %s (%s)", shape->where, shape->name,
                 telemetry_shape_names[shape->kind]);
        seen_add_word(out, size, ", ", text);
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    char against[200] = "", beside[200] = "";

    if (!has_otlp(o) && !has_page(o)) {
        finding_reason(finding, "the profile has neither a sink of kind otlp "
                                "nor a page in telemetry.metrics");
        return;
    }
    list(against, sizeof against, o, true);
    list(beside, sizeof beside, o, false);
    finding_expect(finding, "no contents, credentials or raw paths");
    finding_reason(finding, "redaction.forbid, and what "
                            "telemetry.spans.promises says of names");
    if (against[0]) {
        finding->verdict = VERDICT_FAIL;
        finding_observe(finding, "%s", against);
        return;
    }
    if (beside[0])
        finding_observe(finding, "%s: nobody forbids it", beside);
    if (!is_ruled(o, TELEMETRY_CONTENT) && !is_ruled(o, TELEMETRY_CREDENTIAL) &&
        !is_ruled(o, TELEMETRY_RAW_NAME)) {
        finding_reason(finding, "neither runbook nor profile forbids it");
        return;
    }
    if (silence(o)) {
        finding->verdict = VERDICT_HOLD;
        finding_observe(finding, "%s", silence(o));
        finding_reason(finding, "in silence absence proves nothing");
        return;
    }
    if (!beside[0])
        finding_observe(finding, "none in %zu spans, %zu fields",
                        o->telemetry.span_count, o->telemetry.field_count);
    finding->verdict = VERDICT_PASS;
}

const struct check check_over_collection = {
    .id = "over_collection",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the telemetry leave out what should not be collected at "
            "all?",
    .judge = judge,
};
