/*
 * Whatever model names clients ask for, the series of the metrics stay as few
 * as was promised. Source: profile telemetry.metrics.series_max;
 * failure-catalogue P11, S16.6.
 */
#include <inttypes.h>
#include <stdio.h>

#include "harness/judge/seen.h"

static int64_t models_of(const struct drill_case *c)
{
    int64_t most = 0;

    for (size_t p = 0; p < c->phase_count; p++)
        if (c->phases[p].client.models > most)
            most = c->phases[p].client.models;
    return most;
}

/* Each request for a model of its own was answered: else the gateway may not
 * have met the names. */
static bool all_answered(const struct observation *o)
{
    for (size_t i = 0; i < o->request_count; i++)
        if (!o->requests[i].trace.head_complete)
            return false;
    return o->request_count > 0;
}

/* A place without a reading is told; false when there is none at all. */
static bool compare(const struct observation *o, struct finding *finding)
{
    int64_t most = o->profile->metrics.series_max;
    char over[128] = "", all[128] = "", missing[160] = "";

    for (size_t i = 0; i < METRIC_PLACES; i++) {
        char text[160];

        if (o->metered.problem[i][0]) {
            snprintf(text, sizeof text, "%s: %s", metric_place_names[i],
                     o->metered.problem[i]);
            seen_add_word(missing, sizeof missing, "; ", text);
            continue;
        }
        if (!o->metered.series[i])
            continue;
        snprintf(text, sizeof text, "%" PRId64 " new series of %" PRId64 " %s",
                 o->metered.fresh[i], o->metered.series[i],
                 i == METRIC_ON_PAGE ? "on the page" : "by OTLP");
        seen_add_word(all, sizeof all, ", ", text);
        if (o->metered.fresh[i] > most)
            seen_add_word(over, sizeof over, ", ", text);
    }
    finding_observe(finding, "%s", over[0] ? over : missing[0] ? missing : all);
    if (over[0])
        finding->verdict = VERDICT_FAIL;
    else if (missing[0] || !all[0])
        finding->verdict = VERDICT_HOLD;
    else
        finding->verdict = VERDICT_PASS;
    return all[0] || missing[0];
}

static void judge(const struct judged *judged, struct finding *finding)
{
    const struct observation *o = judged->observation;
    int64_t models = models_of(o->drill_case);

    if (!o->profile || o->profile->metrics.series_max < 0) {
        finding_reason(finding, "the profile promises no bound "
                                "(telemetry.metrics.series_max)");
        return;
    }
    if (models < 2 || !o->metered.alone) {
        finding_reason(finding, models < 2
                                    ? "its requests ask for one model"
                                    : "other cases ran on this process too");
        return;
    }
    finding_expect(finding,
                   "at most %" PRId64 " new series for %" PRId64 " models",
                   o->profile->metrics.series_max, models);
    finding_reason(finding, "telemetry.metrics.series_max");
    if (!o->metered.looked || !all_answered(o)) {
        finding->verdict = VERDICT_HOLD;
        finding_observe(finding, "%s",
                        o->metered.looked ? "not every request was answered"
                                          : "the metrics were not read");
        return;
    }
    if (!compare(o, finding))
        finding_observe(finding, "there are no series at all");
}

const struct check check_metric_series = {
    .id = "metric_series",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Do the metrics stay few, whatever model names clients ask for?",
    .judge = judge,
};
