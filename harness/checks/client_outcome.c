/* The complete answer, or an error an application can see: whichever the
 * runbook leads to. Source: invariants V7, V8; runbook stream.after_commit. */
#include <inttypes.h>

#include "harness/judge/seen.h"

/* A status of 400 or more tells the truth even when its body is cut. */
static bool says_error(const struct http_trace *trace)
{
    return trace->head_complete && trace->status >= 400 &&
           (trace->outcome == TRACE_OUTCOME_ERROR ||
            trace->outcome == TRACE_OUTCOME_CUT);
}

static bool is_error_event(const struct http_trace *trace)
{
    return trace->outcome == TRACE_OUTCOME_ERROR && trace->events.errors > 0;
}

static bool error_fits(const struct allowed_path *path,
                       const struct http_trace *trace)
{
    if (says_error(trace))
        return true;
    if (!path->committed)
        return false;
    if (is_error_event(trace))
        return path->error_event_allowed || path->error_event_sent;
    return trace->outcome == TRACE_OUTCOME_CUT && path->abort_allowed;
}

static bool outcome_fits(const struct allowed_path *path,
                         const struct http_trace *trace)
{
    switch (path->outcome) {
    case CLIENT_ANY:
        return trace->outcome != TRACE_OUTCOME_HANG;
    case CLIENT_SUCCESS:
        return trace->outcome == TRACE_OUTCOME_SUCCESS;
    case CLIENT_ERROR:
        break;
    }
    return error_fits(path, trace);
}

static const char *expected_of(const struct allowed_path *path)
{
    if (path->outcome == CLIENT_SUCCESS)
        return "the complete answer";
    if (path->outcome == CLIENT_ANY)
        return "anything but a hang";
    if (!path->committed)
        return "an error status";
    if ((path->error_event_allowed || path->error_event_sent) &&
        path->abort_allowed)
        return "an error event or a visible cut";
    return path->abort_allowed ? "a visible cut" : "an error event";
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct http_trace *trace = seen->trace;

    finding->verdict = VERDICT_FAIL;
    finding_observe(finding, "%s, status %" PRId64,
                    trace_outcome_names[trace->outcome], trace->status);
    for (size_t i = 0; i < seen->allowed->path_count; i++) {
        const struct allowed_path *path = &seen->allowed->paths[i];

        if (!seen_candidate(seen, i))
            continue;
        seen_add_word(finding->expected, sizeof finding->expected, " or ",
                      expected_of(path));
        if (finding->verdict == VERDICT_PASS)
            continue;
        finding_reason(finding, "%s", path->end_reason);
        if (outcome_fits(path, trace))
            finding->verdict = VERDICT_PASS;
    }
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request,
               CHECK_NEEDS_PATHS | CHECK_NOT_AFTER_REFUSAL);
}

const struct check check_client_outcome = {
    .id = "client_outcome",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Does the client get the complete answer, or an error it can see, "
            "as the runbook leads to?",
    .judge = judge,
};
