/*
 * Whatever the runbook says: a cut answer is never presented as a complete one,
 * nothing is made up that the upstream did not send, and what the client gets
 * comes from one attempt, once and in order. Source: invariants V7, V8;
 * failure-catalogue F: the most common serious bug is a false success.
 */
#include <inttypes.h>
#include <string.h>

#include "harness/judge/seen.h"

/* The last attempt that had begun when the client's answer was over; what came
 * later is for no_late_attempts. NULL: none. */
static const struct attempt *last_in_time(const struct seen *seen)
{
    const struct attempt *last = NULL;

    for (size_t i = 0; i < seen->count; i++) {
        const struct attempt *one = seen->attempts[i];
        int64_t began_ns = one->times_ns.first_byte ? one->times_ns.first_byte
                                                    : one->times_ns.accept;

        if (began_ns <= seen->trace->end_ns)
            last = one;
    }
    return last;
}

/* The attempt that made what the client got: by its tokens, else the last one
 * that came; NULL: none. */
static const struct attempt *maker_of(const struct seen *seen)
{
    const struct answer_tokens *tokens = &seen->trace->tokens;

    if (tokens->count == 0)
        return last_in_time(seen);
    for (size_t i = 0; i < seen->count; i++)
        if (seen->attempts[i]->ordinal == tokens->items[0].attempt &&
            !strcmp(seen->attempts[i]->upstream, tokens->items[0].upstream))
            return seen->attempts[i];
    return NULL;
}

static bool fail(struct finding *finding, const char *observed,
                 const char *reason)
{
    finding->verdict = VERDICT_FAIL;
    finding_observe(finding, "%s", observed);
    finding_reason(finding, "%s", reason);
    return false;
}

static bool shape_is_honest(const struct seen *seen, struct finding *finding)
{
    const struct http_trace *trace = seen->trace;

    switch (trace->shape) {
    case ANSWER_REPEATED:
        return fail(finding, "a part of the answer came twice",
                    "a replay after the answer had begun");
    case ANSWER_SPLICED:
        return fail(finding, "the answer mixes several attempts",
                    "pieces of different answers are no answer");
    case ANSWER_FOREIGN:
        return fail(finding, "the answer belongs to another request",
                    "an answer is for the request that asked for it");
    case ANSWER_GAPPED:
        /* A broken event that is passed on shows that something is missing. */
        if (trace->events.malformed > 0)
            return true;
        return fail(finding, "a part in the middle of the answer is missing",
                    "a silent gap looks like a complete answer");
    case ANSWER_NONE:
    case ANSWER_COMPLETE:
    case ANSWER_CUT:
        break;
    }
    return true;
}

/* Output of an attempt, and another attempt after it. */
static bool maker_was_last(const struct seen *seen, const struct attempt *maker,
                           struct finding *finding)
{
    const struct attempt *last = last_in_time(seen);

    if (seen->trace->tokens.count == 0 || !maker || !last || maker == last)
        return true;
    finding->verdict = VERDICT_FAIL;
    finding_observe(finding,
                    "the client has output of attempt %" PRId64
                    " at %s, and another attempt came after it",
                    maker->ordinal, maker->upstream);
    finding_reason(finding, "after the first output nothing may be retried");
    return false;
}

static bool nothing_made_up(const struct seen *seen,
                            const struct effect *effect,
                            struct finding *finding)
{
    const struct http_trace *trace = seen->trace;

    if (trace->content != TRACE_CONTENT_EVENTS)
        return true;
    if (trace->events.done_after_error && !effect->done)
        return fail(finding, "[DONE] after an error event",
                    "[DONE] says that all is well");
    if (!effect->streamed)
        return true; /* the gateway made a stream of it, ends included */
    if (trace->events.finish && !effect->finish &&
        strcmp(trace->finish_reason, "error") != 0)
        return fail(finding, "a finish_reason that the upstream did not send",
                    "a made-up end turns a cut into a success");
    if (trace->events.done > 0 && !effect->done)
        return fail(finding, "a [DONE] that the upstream did not send",
                    "a made-up end turns a cut into a success");
    return true;
}

/* A stream in which characters are split over writes. */
static bool characters_are_whole(const struct seen *seen,
                                 const struct attempt *maker,
                                 struct finding *finding)
{
    const struct step *step = seen_step(seen, maker);
    const struct buf *text = &seen->trace->text;

    if (!step || step->sse.multibyte != 1 || seen->trace->tokens.count == 0 ||
        memmem(buf_text(text), text->length, answer_characters,
               strlen(answer_characters)))
        return true;
    return fail(finding, "a character of several bytes is not what was sent",
                "bytes are decoded when they are all there");
}

/* What ended the answer, and what it cost, as the upstream told it. */
static bool told_as_sent(const struct seen *seen, const struct effect *effect,
                         struct finding *finding)
{
    const struct http_trace *trace = seen->trace;

    if (trace->finish_reason[0] && effect->reason &&
        strcmp(trace->finish_reason, "error") != 0 &&
        strcmp(trace->finish_reason, effect->reason) != 0)
        return fail(finding, "another finish_reason than the upstream sent",
                    "a length or a filter that reads as stop turns half an "
                    "answer into a whole one");
    if ((int64_t)trace->events.usage > effect->usage_told)
        return fail(finding, "usage is told more often than it was sent",
                    "who adds up what is told pays twice");
    return true;
}

static bool may_pass_on(const struct seen *seen)
{
    for (size_t i = 0; i < seen->allowed->path_count; i++)
        if (seen->allowed->paths[i].outcome == CLIENT_ANY &&
            seen_candidate(seen, i))
            return true;
    return seen->allowed->not_judged[0] != '\0';
}

/* Status 2xx and complete framing, and not the whole answer. */
static bool success_is_true(const struct seen *seen,
                            const struct effect *effect, bool made,
                            struct finding *finding)
{
    if (seen->trace->outcome != TRACE_OUTCOME_FALSE_SUCCESS)
        return true;
    if (!made)
        return fail(finding, "a success without an upstream's answer",
                    "no attempt can have made it");
    if (effect->end != EFFECT_END_COMPLETE && effect->framed)
        return fail(finding, "a cut answer, presented as complete",
                    "status and framing say success, the upstream was cut");
    if (!may_pass_on(seen))
        return fail(finding, "no complete answer, presented as success",
                    "neither the upstream's answer nor the runbook makes it "
                    "a success");
    return true;
}

static bool framing_is_valid(const struct seen *seen, struct finding *finding)
{
    if (seen->trace->extra_bytes == 0)
        return true;
    return fail(finding, "bytes after the end of the message",
                "the client would take them for its next answer");
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const struct http_trace *trace = seen->trace;
    const struct attempt *maker = maker_of(seen);
    struct effect effect = { 0 };

    finding_expect(finding, "a complete answer of one attempt, or an error or "
                            "a cut that can be seen");
    if (trace->outcome == TRACE_OUTCOME_HANG) {
        finding_reason(finding, "there was no end; total_time judges that");
        return;
    }
    if (maker)
        seen_effect(&effect, seen, maker);
    if (!shape_is_honest(seen, finding) ||
        !maker_was_last(seen, maker, finding) ||
        (maker && (!nothing_made_up(seen, &effect, finding) ||
                   !told_as_sent(seen, &effect, finding) ||
                   !characters_are_whole(seen, maker, finding))) ||
        !success_is_true(seen, &effect, maker != NULL, finding) ||
        !framing_is_valid(seen, finding))
        return;
    finding->verdict = VERDICT_PASS;
    finding_observe(finding, "%s, tokens %s",
                    trace_outcome_names[trace->outcome],
                    answer_shape_names[trace->shape]);
    finding_reason(finding, "always required");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_honest_end = {
    .id = "honest_end",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Is the end of the answer true: complete or visibly not, nothing "
            "made up, from one attempt?",
    .judge = judge,
};
