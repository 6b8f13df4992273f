#include "harness/judge/logged.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void logged_init(struct logged *out, const struct seen *seen)
{
    const struct observation *o = seen->observation;
    size_t request = (size_t)(seen->request - o->requests);

    *out = (struct logged){ .apart = true };
    out->count = json_log_find(&o->log, request, &out->line);
    for (size_t i = 0; i < o->request_count; i++)
        if (i != request && seen->request->log_id[0] &&
            !strcmp(o->requests[i].log_id, seen->request->log_id))
            out->apart = false;
}

bool logged_can_count(const struct seen *seen)
{
    const struct observation *o = seen->observation;
    size_t all = 0;

    for (size_t i = 0; i < o->attempt_count; i++)
        all += o->attempts[i].id.epoch == seen->request->epoch &&
               !o->attempts[i].foreign;
    return !seen->allowed->uncountable_count && all == seen->count;
}

bool logged_was_cut(const struct seen *seen)
{
    const struct http_trace *trace = seen->trace;

    return trace->tokens.count && trace->status >= 200 &&
           trace->status <= 299 &&
           (trace->outcome == TRACE_OUTCOME_CUT ||
            trace->outcome == TRACE_OUTCOME_ERROR);
}

bool logged_declares(const struct seen *seen, enum log_fact fact)
{
    return seen->observation->profile->log.facts[fact].pointer != NULL;
}

static bool declares_any(const struct profile *profile, unsigned facts)
{
    for (unsigned i = 0; i < FACT_COUNT; i++)
        if (facts & 1u << i && profile->log.facts[i].pointer)
            return true;
    return false;
}

static void judge_one(const struct judged *judged, size_t request,
                      struct finding *finding, logged_request *judge)
{
    struct seen seen;
    struct logged logged;

    seen_init(&seen, judged, request);
    logged_init(&logged, &seen);
    if (logged.count == 1 && logged.apart)
        judge(&seen, logged.line, finding);
    else
        finding_reason(finding, "there is not one line of this request alone: "
                                "check log_line");
}

void logged_each(const struct judged *judged, struct finding *finding,
                 unsigned facts, logged_request *judge)
{
    const struct observation *o = judged->observation;

    if (!o->profile || !declares_any(o->profile, facts)) {
        finding_reason(finding, "the profile says of no line what would be "
                                "compared (telemetry.json_log.says)");
        return;
    }
    for (size_t i = 0; i < o->request_count; i++) {
        struct finding one = *finding;

        one.verdict = VERDICT_NOT_APPLICABLE;
        judge_one(judged, i, &one, judge);
        finding_worse(finding, &one);
    }
}

void logged_wrong(char *wrong, size_t size, const char *what, const char *said,
                  const char *seen)
{
    char text[120];

    snprintf(text, sizeof text, "%s: says %s, seen %s", what, said, seen);
    seen_add_word(wrong, size, "; ", text);
}

void logged_figure(char out[static LOGGED_FIGURE], int64_t figure)
{
    if (figure == LOG_UNSAID)
        snprintf(out, LOGGED_FIGURE, "nothing");
    else if (figure == LOG_NO_NUMBER)
        snprintf(out, LOGGED_FIGURE, "no number");
    else
        snprintf(out, LOGGED_FIGURE, "%" PRId64, figure);
}
