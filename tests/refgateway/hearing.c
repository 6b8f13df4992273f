#include "tests/refgateway/hearing.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tests/refgateway/bug.h"
#include "tests/refgateway/bug_text.h"
#include "tests/refgateway/classify.h"
#include "tests/refgateway/retry_after.h"

void hearing_begin(struct hearing *hearing, const struct rules *rules,
                   bool stream, int64_t now_ns)
{
    *hearing = (struct hearing){ .rules = rules, .stream = stream };
    hearing->intake.rules = rules;
    hearing->intake.moments = &hearing->moments;
    hearing->moments.start = now_ns;
}

void hearing_header(struct hearing *hearing, const char *line, size_t length,
                    int64_t now_ns)
{
    bool before = hearing->head.complete;

    head_take(&hearing->head, line, length);
    if (!hearing->head.complete || before)
        return;
    hearing->moments.head = now_ns;
    hearing->moments.progress = now_ns;
    hearing->moments.error_status = head_is_error(&hearing->head);
    hearing->intake.streaming =
        hearing->stream && !hearing->moments.error_status;
    if (hearing->intake.streaming && bug_is(BUG_COMMITTED_EARLY))
        hearing->moments.committed = true;
}

bool hearing_body(struct hearing *hearing, const char *bytes, size_t length,
                  int64_t now_ns)
{
    return intake_take(&hearing->intake, bytes, length, now_ns);
}

static enum said said(const char *value)
{
    if (!value)
        return SAID_NOTHING;
    return !strcasecmp(value, "true")    ? SAID_YES
           : !strcasecmp(value, "false") ? SAID_NO
                                         : SAID_NOTHING;
}

void hearing_result(const struct hearing *hearing, int64_t wall_ms,
                    struct result *out)
{
    const struct intake *intake = &hearing->intake;
    struct classify_wire wire = {
        .curl_code = hearing->curl_code,
        .os_errno = hearing->os_errno,
        .connected = hearing->moments.connected != 0,
        .head_complete = hearing->head.complete,
        .framed = hearing->head.framed,
        .status = hearing->head.status,
        .limit = hearing->limit,
        .stream_asked = hearing->stream,
        .stream = intake_stream(intake),
        .body = buf_text(&intake->body),
        .length = intake->body.length,
        .too_long = intake->too_long,
    };
    struct retry_after_headers headers = { hearing->head.retry_after,
                                           hearing->head.retry_after_ms,
                                           hearing->head.date };
    struct shape_error error;

    *out = (struct result){ .outcome = classify(&wire, &error) };
    if (intake->stream.error)
        error = intake->error;
    snprintf(out->code, sizeof out->code, "%s", error.code);
    snprintf(out->type, sizeof out->type, "%s", error.type);
    out->status = hearing->head.complete ? hearing->head.status : 0;
    if (out->outcome != OUTCOME_OK)
        bug_text_note(wire.body);
    if (bug_is(BUG_WORDS_ARE_CODES) && out->outcome == OUTCOME_HTTP &&
        strstr(wire.body, "invalid_api_key"))
        snprintf(out->code, sizeof out->code, "invalid_api_key");
    out->said = said(hearing->head.should_retry);
    out->told_ms = retry_after_told_ms(hearing->rules, &headers, wall_ms);
    if (bug_is(BUG_RETRY_AFTER_ON_200) && out->outcome == OUTCOME_OK &&
        headers.retry_after)
        out->outcome = OUTCOME_ERROR_IN_200;
    if (bug_is(BUG_TEXT_SNIFFED) && strstr(wire.body, "rate limit")) {
        out->status = 429;
        out->code[0] = '\0';
    }
}

void hearing_release(struct hearing *hearing)
{
    head_release(&hearing->head);
    intake_release(&hearing->intake);
}
