/*
 * The log calls a failure a failure: no error of a request that succeeded, one
 * of each that failed, and an answer that was cut is no whole one. Source:
 * profile telemetry.json_log.says; failure-catalogue P15, F06, S16.9.
 */
#include "harness/judge/logged.h"

static bool has_failed(const struct http_trace *trace)
{
    if (trace->outcome == TRACE_OUTCOME_CUT)
        return true;
    /* A redirect that is passed on is an answer to whoever passes it on. */
    return trace->outcome == TRACE_OUTCOME_ERROR &&
           (trace->status >= 400 || trace->status < 300);
}

static const char *error_wrong(const struct seen *seen,
                               const struct log_line *line)
{
    bool said = line->error == LOG_ERROR_SOME;

    if (!logged_declares(seen, FACT_ERROR))
        return NULL;
    if (seen->trace->outcome == TRACE_OUTCOME_SUCCESS && said)
        return "an error of a request that succeeded";
    return has_failed(seen->trace) && !said ? "no error of one that failed"
                                            : NULL;
}

static const char *outcome_wrong(const struct seen *seen,
                                 const struct log_line *line)
{
    const struct profile_log_fact *how =
        &seen->observation->profile->log.facts[FACT_OUTCOME];

    if (!logged_declares(seen, FACT_OUTCOME))
        return NULL;
    if (seen->trace->outcome == TRACE_OUTCOME_SUCCESS)
        return line->outcome == LOG_OUTCOME_COMPLETE
                   ? NULL
                   : "a whole answer is not complete";
    if (!logged_was_cut(seen))
        return NULL;
    if (line->outcome == LOG_OUTCOME_COMPLETE)
        return "a part of an answer is complete";
    return how->partial.count && line->outcome != LOG_OUTCOME_PARTIAL
               ? "a part of an answer is not partial"
               : NULL;
}

static void judge_request(const struct seen *seen, const struct log_line *line,
                          struct finding *finding)
{
    const char *error = error_wrong(seen, line);
    const char *outcome = outcome_wrong(seen, line);

    finding_expect(finding, "an error of what failed alone, and a cut answer "
                            "is none that is complete");
    finding_observe(finding, "%s%s%s",
                    error || outcome ? "the log says: " : "so it is",
                    error ? error : "", error && outcome ? "; " : "");
    if (outcome)
        finding_observe(finding, "the log says: %s%s%s", error ? error : "",
                        error ? "; " : "", outcome);
    finding_reason(finding,
                   "telemetry.json_log.says, beside what the client "
                   "got: %s",
                   trace_outcome_names[seen->trace->outcome]);
    finding->verdict = error || outcome ? VERDICT_FAIL : VERDICT_PASS;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    logged_each(judged, finding, LOGGED(FACT_ERROR) | LOGGED(FACT_OUTCOME),
                judge_request);
}

const struct check check_log_outcome = {
    .id = "log_outcome",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the log call a failure a failure, and a cut answer cut?",
    .judge = judge,
};
