/*
 * The tokens in the log are those the answer says, and of an answer that was
 * cut what is promised of it. Source: profile telemetry.json_log.says
 * (input_tokens, output_tokens); failure-catalogue P15, S16.9.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/client/trace_usage.h"
#include "harness/judge/logged.h"

static void compare(char *wrong, size_t size, const struct seen *seen,
                    const struct log_line *line, enum log_fact fact,
                    int64_t truth)
{
    char said[LOGGED_FIGURE], figure[LOGGED_FIGURE];

    if (!logged_declares(seen, fact) || line->figures[fact] == truth)
        return;
    logged_figure(said, line->figures[fact]);
    logged_figure(figure, truth);
    logged_wrong(wrong, size, log_fact_names[fact], said, figure);
}

/* What a gateway may have had of the answer, in events with content: those that
 * its client had, and what the upstream sent beyond the last token of them. */
static int64_t events_most(const struct seen *seen)
{
    int64_t had = (int64_t)seen->trace->events.output;
    int64_t sent =
        seen->count ? seen->attempts[seen->count - 1]->delivered.events : 0;
    int64_t more = sent - (int64_t)seen->trace->tokens.count;

    return had + (more > 0 ? more : 0);
}

static void judge_cut(const struct seen *seen, const struct log_line *line,
                      struct finding *finding)
{
    int64_t rule =
        seen->observation->profile->log.facts[FACT_OUTPUT_TOKENS].of_partial;
    int64_t said = line->figures[FACT_OUTPUT_TOKENS];
    int64_t least = 1, most = INT64_MAX;
    char figure[LOGGED_FIGURE];

    if (rule < 0) {
        finding_reason(finding, "nobody says what the tokens of a cut answer "
                                "are (says.output_tokens.of_partial)");
        return;
    }
    if (rule == LOG_PARTIAL_EVENTS) {
        if (seen->trace->content != TRACE_CONTENT_EVENTS) {
            finding_reason(finding, "it came in no events");
            return;
        }
        least = (int64_t)seen->trace->events.output;
        most = events_most(seen);
        finding_expect(finding, "output_tokens %" PRId64 " to %" PRId64, least,
                       most);
    } else {
        finding_expect(finding, "output_tokens, more than 0");
    }
    logged_figure(figure, said);
    finding_observe(finding, "%s", figure);
    finding_reason(finding, "says.output_tokens.of_partial: what the client "
                            "had of it when it was cut");
    finding->verdict =
        said >= least && said <= most ? VERDICT_PASS : VERDICT_FAIL;
}

static void judge_request(const struct seen *seen, const struct log_line *line,
                          struct finding *finding)
{
    struct trace_usage truth;
    char wrong[200] = "";

    if (logged_was_cut(seen)) {
        judge_cut(seen, line, finding);
        return;
    }
    trace_usage_read(&truth, seen->trace);
    if (seen->trace->outcome != TRACE_OUTCOME_SUCCESS || truth.input < 0 ||
        truth.output < 0) {
        finding_reason(finding, "the answer says no usage");
        return;
    }
    compare(wrong, sizeof wrong, seen, line, FACT_INPUT_TOKENS, truth.input);
    compare(wrong, sizeof wrong, seen, line, FACT_OUTPUT_TOKENS, truth.output);
    finding_expect(finding, "input %" PRId64 ", output %" PRId64, truth.input,
                   truth.output);
    finding_observe(finding, "%s", wrong[0] ? wrong : "so it is");
    finding_reason(finding, "against the usage in the answer");
    finding->verdict = wrong[0] ? VERDICT_FAIL : VERDICT_PASS;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    logged_each(judged, finding,
                LOGGED(FACT_INPUT_TOKENS) | LOGGED(FACT_OUTPUT_TOKENS),
                judge_request);
}

const struct check check_log_usage = {
    .id = "log_usage",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Are the tokens in the log those of the answer?",
    .judge = judge,
};
