/*
 * What a line of the log says of its request is what was seen of it: how often
 * it was tried, what the upstreams answered, who served it, what the client
 * got. Source: profile telemetry.json_log.says; invariant V10;
 * failure-catalogue P13, P16, P18, P19, S16.7, S16.8.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/judge/logged.h"

/* Adds what is not true. */
typedef void question(char *wrong, size_t size, const struct seen *seen,
                      const struct log_line *line, enum log_fact fact);

static void ask_count(char *wrong, size_t size, const struct seen *seen,
                      const struct log_line *line, enum log_fact fact)
{
    static const enum seen_counted counted[] = {
        [FACT_ATTEMPTS_TOTAL] = SEEN_ATTEMPTS_TOTAL,
        [FACT_RETRIES_TOTAL] = SEEN_RETRIES_TOTAL,
        [FACT_RETRIES_PRIMARY] = SEEN_RETRIES_PRIMARY,
    };
    int64_t counts = seen_ledger(seen, counted[fact]);
    int64_t said = line->figures[fact];
    char figure[LOGGED_FIGURE], truth[LOGGED_FIGURE];

    if (!logged_can_count(seen))
        return;
    if (said == counts || (said == LOG_UNSAID && seen->count == 0))
        return;
    /* Who hangs up when its client leaves may have begun one more that never
     * arrived. */
    if (seen->trace->outcome == TRACE_OUTCOME_LEFT && said == counts + 1)
        return;
    logged_figure(figure, said);
    logged_figure(truth, counts);
    logged_wrong(wrong, size, log_fact_names[fact], figure, truth);
}

static void ask_status(char *wrong, size_t size, const struct seen *seen,
                       const struct log_line *line, enum log_fact fact)
{
    char said[LOGGED_FIGURE], truth[LOGGED_FIGURE];

    if (!seen->trace->head_complete ||
        seen->trace->outcome == TRACE_OUTCOME_LEFT ||
        line->figures[fact] == seen->trace->status)
        return;
    logged_figure(said, line->figures[fact]);
    logged_figure(truth, seen->trace->status);
    logged_wrong(wrong, size, log_fact_names[fact], said, truth);
}

/* Whose answer it is stands in each token of it. */
static void ask_upstream(char *wrong, size_t size, const struct seen *seen,
                         const struct log_line *line, enum log_fact fact)
{
    const struct answer_tokens *tokens = &seen->trace->tokens;
    const char *served =
        tokens->count ? tokens->items[tokens->count - 1].upstream : NULL;

    if (!served || seen->trace->outcome == TRACE_OUTCOME_LEFT ||
        seen->trace->shape == ANSWER_FOREIGN || !strcmp(line->upstream, served))
        return;
    logged_wrong(wrong, size, log_fact_names[fact],
                 !line->upstream[0]             ? "nothing"
                 : !strcmp(line->upstream, "?") ? "none of them"
                                                : line->upstream,
                 served);
}

/* One entry for each attempt; those whose answer must have been read say what
 * it was. */
static void ask_statuses(char *wrong, size_t size, const struct seen *seen,
                         const struct log_line *line, enum log_fact fact)
{
    char said[LOGGED_FIGURE], truth[48];
    bool left = seen->trace->outcome == TRACE_OUTCOME_LEFT;

    if (!logged_can_count(seen))
        return;
    if (line->status_count != seen->count &&
        !(left && line->status_count == seen->count + 1)) {
        logged_figure(said, (int64_t)line->status_count);
        snprintf(truth, sizeof truth, "%zu attempts", seen->count);
        logged_wrong(wrong, size, log_fact_names[fact], said, truth);
        return;
    }
    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *attempt = seen->attempts[i];

        if (line->statuses[i] == attempt->delivered.status ||
            !seen_head_was_read(seen, attempt))
            continue;
        logged_figure(said, line->statuses[i]);
        snprintf(truth, sizeof truth, "%" PRId64 " of attempt %zu",
                 attempt->delivered.status, i + 1);
        logged_wrong(wrong, size, log_fact_names[fact], said, truth);
    }
}

static const struct {
    enum log_fact fact;
    question *ask;
} questions[] = {
    { FACT_ATTEMPTS_TOTAL, ask_count },  { FACT_RETRIES_TOTAL, ask_count },
    { FACT_RETRIES_PRIMARY, ask_count }, { FACT_STATUS, ask_status },
    { FACT_UPSTREAM, ask_upstream },     { FACT_STATUSES, ask_statuses },
};
#define ANY                                                                    \
    (LOGGED(FACT_ATTEMPTS_TOTAL) | LOGGED(FACT_RETRIES_TOTAL) |                \
     LOGGED(FACT_RETRIES_PRIMARY) | LOGGED(FACT_STATUS) |                      \
     LOGGED(FACT_UPSTREAM) | LOGGED(FACT_STATUSES))

static void judge_request(const struct seen *seen, const struct log_line *line,
                          struct finding *finding)
{
    char wrong[256] = "";

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        if (logged_declares(seen, questions[i].fact))
            questions[i].ask(wrong, sizeof wrong, seen, line,
                             questions[i].fact);
    finding_expect(finding, "a line that says what arrived and was answered");
    finding_observe(finding, "%s", wrong[0] ? wrong : "so it is");
    finding_reason(finding, "telemetry.json_log.says, beside the attempts and "
                            "the answer seen");
    finding->verdict = wrong[0] ? VERDICT_FAIL : VERDICT_PASS;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    logged_each(judged, finding, ANY, judge_request);
}

const struct check check_log_truth = {
    .id = "log_truth",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Is what the log says of a request what was seen of it?",
    .judge = judge,
};
