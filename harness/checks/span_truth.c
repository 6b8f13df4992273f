/*
 * What a span says of its attempt is what the mock saw of it: which attempt it
 * was, what the upstream answered, whether it failed, which server it went to.
 * Source: OpenTelemetry HTTP spans (http.request.resend_count,
 * http.response.status_code, error.type, server.address); profile
 * telemetry.spans.promises.
 */
#include <inttypes.h>
#include <stdio.h>

#include "harness/judge/told.h"

/* "" when it is true; else what is not. */
typedef void question(char *out, size_t size, const struct seen *seen,
                      const struct told_pair *pair);

/* The first has none. Counted per upstream, or over all of a request. */
static void ask_resend(char *out, size_t size, const struct seen *seen,
                       const struct told_pair *pair)
{
    int64_t said = pair->span->resend_count;

    (void)seen;
    if (said == (int64_t)pair->ordinal || said == (int64_t)pair->position ||
        (pair->ordinal == 0 && said < 0))
        return;
    if (said < 0)
        snprintf(out, size, "no resend_count, where it was resent %zu times",
                 pair->ordinal);
    else
        snprintf(out, size, "resend_count %" PRId64 " for %zu", said,
                 pair->ordinal);
}

static void ask_status_code(char *out, size_t size, const struct seen *seen,
                            const struct told_pair *pair)
{
    const struct attempt *a = pair->attempt;
    int64_t said = pair->span->http_status;

    if (said < 0 && seen_head_was_read(seen, pair->attempt))
        snprintf(out, size, "no status code for %" PRId64, a->delivered.status);
    if (said < 0)
        return;
    if (a->delivered.head_complete && said != a->delivered.status)
        snprintf(out, size, "status code %" PRId64 " for %" PRId64, said,
                 a->delivered.status);
    if (!a->delivered.head_complete && a->delivered.sent_bytes == 0)
        snprintf(out, size, "status code %" PRId64 " where nothing was sent",
                 said);
}

static void ask_error_type(char *out, size_t size, const struct seen *seen,
                           const struct told_pair *pair)
{
    enum told_end end = told_end_of(seen, pair);

    if (end == TOLD_FAILURE && !pair->span->error_type)
        snprintf(out, size, "no error.type on a failure");
    if (end == TOLD_SUCCESS && pair->span->error_type)
        snprintf(out, size, "an error.type on a success");
}

static void ask_server(char *out, size_t size, const struct seen *seen,
                       const struct told_pair *pair)
{
    (void)seen;
    if (!pair->span->address[0])
        snprintf(out, size, "no server.address");
}

/* Required of each client span: semantic conventions, HTTP client span. */
static void ask_required(char *out, size_t size, const struct seen *seen,
                         const struct told_pair *pair)
{
    const struct telemetry_span *span = pair->span;

    (void)seen;
    if (!span->http)
        snprintf(out, size, "no http.request.method");
    else if (!span->address[0])
        snprintf(out, size, "no server.address");
    else if (!span->port_said)
        snprintf(out, size, "no server.port");
    else if (!span->url)
        snprintf(out, size, "no url.full");
}

/* And of the server span. */
static const char *root_lacks(const struct telemetry_span *root)
{
    if (!root->http)
        return "no http.request.method";
    if (!root->path)
        return "no url.path";
    return root->scheme ? NULL : "no url.scheme";
}

static const struct {
    enum profile_promise promise;
    question *ask;
} questions[] = {
    { PROMISE_RESEND_COUNT, ask_resend },
    { PROMISE_STATUS_CODE, ask_status_code },
    { PROMISE_ERROR_TYPE, ask_error_type },
    { PROMISE_SERVER, ask_server },
    { PROMISE_REQUIRED, ask_required },
};
#define ANY                                                                    \
    (PROMISE_RESEND_COUNT | PROMISE_STATUS_CODE | PROMISE_ERROR_TYPE |         \
     PROMISE_SERVER | PROMISE_REQUIRED)

static void judge_pair(const struct seen *seen, const struct told_pair *pair,
                       char *wrong, size_t size)
{
    unsigned promises = seen->observation->profile->promises;

    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        char answer[96] = "", name[48], text[160];

        if (!(promises & (unsigned)questions[i].promise))
            continue;
        questions[i].ask(answer, sizeof answer, seen, pair);
        if (!answer[0])
            continue;
        told_name(name, sizeof name, pair);
        snprintf(text, sizeof text, "%s: %s", name, answer);
        seen_add_word(wrong, size, "; ", text);
    }
}

static void judge_request(const struct seen *seen, const struct told *told,
                          struct finding *finding)
{
    char wrong[256] = "";

    if (!told->pair_count) {
        finding_reason(finding, "no span can be paired with an attempt");
        return;
    }
    for (size_t i = 0; i < told->pair_count; i++)
        judge_pair(seen, &told->pairs[i], wrong, sizeof wrong);
    if (seen->observation->profile->promises & PROMISE_REQUIRED &&
        root_lacks(told->root)) {
        seen_add_word(wrong, sizeof wrong, "; ", "the server span: ");
        seen_add_word(wrong, sizeof wrong, "", root_lacks(told->root));
    }
    finding_expect(finding, "spans that say what arrived and was answered");
    finding_observe(finding, "%s", wrong[0] ? wrong : "they do");
    finding_reason(finding, "%zu spans beside the attempts seen",
                   told->pair_count);
    finding->verdict = wrong[0] ? VERDICT_FAIL : VERDICT_PASS;
}

static void judge(const struct judged *judged, struct finding *finding)
{
    told_each(judged, finding, (enum profile_promise)ANY, judge_request);
}

const struct check check_span_truth = {
    .id = "span_truth",
    .evidence_type = EVIDENCE_OBSERVABILITY,
    .severity = SEVERITY_REQUIRED,
    .text = "Is what a span says of its attempt what was seen of it?",
    .judge = judge,
};
