/*
 * The counters of a gateway, read before and after a case. A count may be told
 * a little after its answer: before the case one waits until the probe is in,
 * after it until the figures agree with what was seen, at most as long as the
 * profile says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/drill/trial_parts.h"
#include "harness/judge/check.h"
#include "harness/telemetry/exposition.h"

#define PAGE_MS  2000
#define STILL_MS 15 /* between two readings that shall be the same */
#define AGAIN_MS 25

static bool is_wanted(const struct trial *t)
{
    return t->drill->profile.metrics.declared && !t->drill->cancelled;
}

static void read_page(struct trial *t, struct trial_reading *out)
{
    const char *declared = t->drill->profile.metrics.url;
    struct err err = { 0 };
    struct buf page = { 0 };
    char *url;
    int64_t status;

    if (!declared)
        return;
    url = names_fill(&t->slot->gateway.names, declared, "$.telemetry.metrics",
                     &err);
    status =
        url ? client_call("GET", url, NULL, NULL, PAGE_MS, &page, &err) : -1;
    if (status >= 0 && status != 200)
        snprintf(out->problem[METRIC_ON_PAGE],
                 sizeof out->problem[METRIC_ON_PAGE],
                 "the page answered with status %lld", (long long)status);
    else if (status < 0 || !exposition_read(&out->metrics[METRIC_ON_PAGE],
                                            buf_text(&page), page.length, &err))
        snprintf(out->problem[METRIC_ON_PAGE],
                 sizeof out->problem[METRIC_ON_PAGE], "%.30s: %.60s", err.where,
                 err.text);
    if (page.data)
        xwipe(page.data, page.length);
    buf_release(&page);
    free(url);
}

static void release_reading(struct trial_reading *reading)
{
    for (size_t i = 0; i < METRIC_PLACES; i++)
        metrics_release(&reading->metrics[i]);
    *reading = (struct trial_reading){ 0 };
}

static void take_reading(struct trial *t, struct trial_reading *out)
{
    release_reading(out);
    read_page(t, out);
    if (t->slot->otlp &&
        !otlp_receiver_metrics(t->slot->otlp, &out->metrics[METRIC_BY_OTLP],
                               &out->came_ns))
        snprintf(out->problem[METRIC_BY_OTLP],
                 sizeof out->problem[METRIC_BY_OTLP],
                 "more series came than are kept");
}

/* The sum of each declared counter. */
static void sum_up(const struct trial *t, const struct trial_reading *reading,
                   double sums[static METERED_COUNTERS])
{
    const struct profile_metrics *declared = &t->drill->profile.metrics;
    const struct profile_counter *counters = declared->counters.items;

    for (size_t i = 0; i < METERED_COUNTERS; i++)
        sums[i] = i < declared->counters.count
                      ? metered_sum(&counters[i], &t->slot->gateway.names,
                                    &reading->metrics[counters[i].from])
                      : 0;
}

/* A healthy request went through since: each counter of requests, and of the
 * primary's attempts, has it. */
static bool has_probe(const struct trial *t,
                      const double before[static METERED_COUNTERS],
                      const double now[static METERED_COUNTERS])
{
    const struct profile_metrics *declared = &t->drill->profile.metrics;
    const struct profile_counter *counters = declared->counters.items;
    const char *primary = runbook_primary(t->planned->runbook);

    for (size_t i = 0; i < declared->counters.count; i++) {
        bool counts =
            counters[i].counts == METRIC_REQUESTS ||
            (counters[i].counts == METRIC_ATTEMPTS &&
             (!counters[i].upstream || !strcmp(counters[i].upstream, primary)));

        if (counts && !(now[i] > before[i]))
            return false;
    }
    return true;
}

void trial_meter_open(struct trial *t)
{
    if (is_wanted(t))
        take_reading(t, &t->before);
}

void trial_meter_begin(struct trial *t)
{
    int64_t until_ns =
        clock_now_ns() + t->drill->profile.metrics.flush_ms * NS_PER_MS;
    double open[METERED_COUNTERS], last[METERED_COUNTERS],
        now[METERED_COUNTERS];
    bool same;

    if (!is_wanted(t))
        return;
    sum_up(t, &t->before, open);
    take_reading(t, &t->before);
    if (t->slot->kind.shared)
        return;
    sum_up(t, &t->before, now);
    do {
        memcpy(last, now, sizeof last);
        trial_pause(t, STILL_MS);
        take_reading(t, &t->before);
        sum_up(t, &t->before, now);
        same = !memcmp(last, now, sizeof last) &&
               (!t->o->probe_before.healthy || has_probe(t, open, now));
    } while (!same && !t->before.problem[METRIC_ON_PAGE][0] &&
             clock_now_ns() < until_ns);
}

static void note(struct trial *t, const struct trial_reading *after)
{
    struct metered *out = &t->o->metered;

    *out = (struct metered){ .alone = !t->slot->kind.shared, .looked = true };
    for (size_t i = 0; i < METRIC_PLACES; i++)
        memcpy(out->problem[i],
               t->before.problem[i][0] ? t->before.problem[i]
                                       : after->problem[i],
               sizeof out->problem[i]);
    metered_read(out, &t->drill->profile.metrics, &t->slot->gateway.names,
                 t->before.metrics, after->metrics);
}

static bool agrees(struct trial *t)
{
    const struct judged judged = {
        .observation = t->o,
        .allowed = t->planned->allowed,
        .allowed_count = t->planned->drill_case.phase_count,
    };
    struct finding finding = { .verdict = VERDICT_NOT_APPLICABLE };

    check_metric_truth.judge(&judged, &finding);
    return finding.verdict != VERDICT_FAIL;
}

/* Paths that this case's clients asked for, but for the route's own. */
static void look_at_names(struct trial *t, const struct trial_reading *after)
{
    const struct drill_case *c = &t->planned->drill_case;
    const char **paths = xcalloc(c->phase_count + 1, sizeof *paths);
    size_t count = 0;

    for (size_t i = 0; i < c->phase_count; i++) {
        const char *path = c->phases[i].client.path;

        if (path && strcmp(path, t->drill->route_path) != 0)
            paths[count++] = path;
    }
    for (size_t i = 0; i < METRIC_PLACES; i++)
        telemetry_add_metrics(&t->o->telemetry, &t->before.metrics[i],
                              &after->metrics[i], paths);
    free(paths);
}

void trial_meter_end(struct trial *t)
{
    int64_t until_ns =
        clock_now_ns() + t->drill->profile.metrics.flush_ms * NS_PER_MS;
    struct trial_reading after = { 0 };
    bool agreed, more;

    if (!is_wanted(t))
        return;
    do {
        take_reading(t, &after);
        note(t, &after);
        agreed = t->slot->kind.shared || agrees(t);
        more = !agreed && clock_now_ns() < until_ns;
        if (more)
            trial_pause(t, AGAIN_MS);
    } while (more && !t->drill->cancelled);
    if (!agreed && after.came_ns <= trial_last_ns(t))
        snprintf(t->o->metered.problem[METRIC_BY_OTLP],
                 sizeof t->o->metered.problem[METRIC_BY_OTLP],
                 "nothing came after the last answer");
    look_at_names(t, &after);
    release_reading(&after);
}

void trial_meter_close(struct trial *t)
{
    release_reading(&t->before);
}
