/*
 * What the client gets is HTTP that can be read in one way only: one status
 * line, a length that is true, a label that is true, one end of the stream.
 * Source: invariant V8; RFC 9112 6; failure-catalogue M11, F13.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/judge/seen.h"

/* A gateway that passes a stream on adds no end; what an upstream itself said
 * is the upstream's. */
struct said {
    size_t done;
    bool after_done;
};

static struct said upstreams_said(const struct seen *seen)
{
    struct said said = { 0 };

    for (size_t i = 0; i < seen->count; i++) {
        struct effect effect = { 0 };

        seen_effect(&effect, seen, seen->attempts[i]);
        said.done += effect.done;
        said.after_done = said.after_done || effect.after_done;
    }
    return said;
}

static bool starts_as_gzip(const struct buf *body)
{
    static const char magic[] = { '\x1f', '\x8b' };

    return body->length >= sizeof magic &&
           !memcmp(body->data, magic, sizeof magic);
}

static const char *label_problem(const struct http_trace *trace)
{
    char *label = http_trace_header(trace, "Content-Encoding");
    bool gzip = label && !strcasecmp(label, "gzip");
    bool other = label && !gzip && strcasecmp(label, "identity") != 0;

    free(label);
    if (trace->body.length < 2 || other)
        return NULL;
    if (gzip && !starts_as_gzip(&trace->body))
        return "the label says gzip and the bytes are not";
    if (!gzip && starts_as_gzip(&trace->body))
        return "the bytes are gzip and no label says so";
    return NULL;
}

static const char *problem_of(const struct seen *seen)
{
    const struct http_trace *trace = seen->trace;
    struct said said = upstreams_said(seen);

    if (trace->head_problem[0])
        return trace->head_problem;
    /* A body that is cut is visible; one that is read over is not. */
    if (trace->framing_complete && trace->framing_problem[0])
        return trace->framing_problem;
    if (trace->extra_bytes > 0)
        return "bytes after the end of the message";
    if (trace->events.done > 1 && trace->events.done > said.done)
        return "more than one [DONE]";
    if (trace->events.after_done > 0 && !said.after_done)
        return "an event behind [DONE]";
    if (trace->events.done_after_error && !said.done)
        return "[DONE] after an error event";
    return label_problem(trace);
}

static void judge_request(const struct seen *seen, struct finding *finding)
{
    const char *problem;

    if (!seen->trace->head_complete) {
        finding_reason(finding, "no complete head came");
        return;
    }
    finding_expect(finding, "one head, a true length, true labels, one end");
    finding_reason(finding, "always required");
    problem = problem_of(seen);
    finding->verdict = problem ? VERDICT_FAIL : VERDICT_PASS;
    finding_observe(finding, "%s", problem ? problem : "valid");
}

static void judge(const struct judged *judged, struct finding *finding)
{
    check_each(judged, finding, judge_request, 0);
}

const struct check check_client_framing = {
    .id = "client_framing",
    .evidence_type = EVIDENCE_CONTRACT,
    .severity = SEVERITY_REQUIRED,
    .text = "Can the client's response be read in one way only?",
    .judge = judge,
};
