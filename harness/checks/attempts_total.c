/* Source: runbook retry.total_attempts_max; attempts multiply over layers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/seen.h"

static int64_t seen_total(const struct seen *seen)
{
    return seen->refused_at == SEEN_NONE ? (int64_t)seen->count
                                         : (int64_t)seen->refused_at + 1;
}

/* Attempts of a path that can be counted, up to a refused credential. */
static int64_t path_total(const struct seen *seen,
                          const struct allowed_path *path)
{
    size_t end = seen_path_end(seen, path);
    int64_t total = 0;

    for (size_t i = 0; i < end; i++)
        total += !seen_uncountable(seen, path->attempts[i].upstream);
    return total;
}

static void judge_ceiling(const struct seen *seen, struct finding *finding)
{
    int64_t most = seen->observation->runbook->retry.total_attempts_max;

    if (most < 0) {
        finding_reason(finding, "%s", seen->allowed->not_judged);
        return;
    }
    finding_expect(finding, "at most %" PRId64, most);
    finding_reason(finding, "retry.total_attempts_max");
    finding->verdict =
        (int64_t)seen->count <= most ? VERDICT_PASS : VERDICT_FAIL;
}

static void judge_override(const struct seen *seen, struct finding *finding)
{
    const struct allowed *allowed = seen->allowed;
    int64_t least = 0;
    int64_t most = 0;
    int64_t count = 0;

    for (size_t i = 0; i < allowed->attempts_override_count; i++) {
        least += allowed->attempts_override[i].least;
        most += allowed->attempts_override[i].most;
        for (size_t k = 0; k < seen->count; k++)
            count += !strcmp(seen->attempts[k]->upstream,
                             allowed->attempts_override[i].upstream);
    }
    finding_expect(finding, "%" PRId64 " to %" PRId64, least, most);
    finding_observe(finding, "%" PRId64, count);
    finding_reason(finding, "the scenario expects it");
    finding->verdict =
        count >= least && count <= most ? VERDICT_PASS : VERDICT_FAIL;
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct allowed *allowed = seen->allowed;
    int64_t total = seen_total(seen);

    finding_observe(finding, "%" PRId64, total);
    if (allowed->attempts_override_count > 0) {
        judge_override(seen, finding);
        return;
    }
    if (allowed->not_judged[0]) {
        judge_ceiling(seen, finding);
        return;
    }
    finding->verdict = VERDICT_FAIL;
    finding_reason(finding, "the sum over all upstreams");
    for (size_t i = 0; i < allowed->path_count; i++) {
        int64_t one = path_total(seen, &allowed->paths[i]);
        char text[32];

        if (!seen_in_time(seen, &allowed->paths[i]))
            continue;
        snprintf(text, sizeof text, "%" PRId64, one);
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      text);
        if (one == total)
            finding->verdict = VERDICT_PASS;
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_attempts_total = {
    .id = "attempts_total",
    .evidence_type = EVIDENCE_RESILIENCE,
    .severity = SEVERITY_REQUIRED,
    .text = "Is the number of attempts over all upstreams one that the runbook "
            "allows?",
    .judge = judge,
};
