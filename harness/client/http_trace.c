#include "harness/client/http_trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/client/http_framing.h"
#include "harness/client/trace_content.h"

const char *const trace_end_names[] = { "not_connected", "framed",  "fin",
                                        "rst",           "timeout", "left",
                                        "broken",        NULL };
const char *const trace_framing_names[] = { "none",  "length",  "chunked",
                                            "close", "no_body", NULL };
const char *const trace_content_names[] = { "empty", "completion", "error",
                                            "json",  "events",     "html",
                                            "other", NULL };
const char *const trace_outcome_names[] = { "success",     "error",
                                            "cut",         "false_success",
                                            "no_response", "hang",
                                            "left",        NULL };

void http_trace_add_read(struct http_trace *trace, const void *bytes,
                         size_t length, int64_t at_ns)
{
    if (!length)
        return;
    trace->reads = xgrow(trace->reads, trace->read_count, &trace->read_capacity,
                         sizeof *trace->reads);
    trace->reads[trace->read_count++] = (struct trace_read){ at_ns, length };
    buf_add(&trace->raw, bytes, length);
}

enum trace_progress http_trace_progress(struct http_trace *trace)
{
    const char *bytes = buf_text(&trace->raw);
    struct http_framing framing;
    struct http_head head;

    http_head_read(&head, bytes, trace->raw.length);
    if (head.state == HTTP_HEAD_BROKEN)
        return TRACE_PROGRESS_BROKEN;
    if (head.state == HTTP_HEAD_INCOMPLETE)
        return TRACE_PROGRESS_MORE;
    http_framing_scan(&framing, trace->scanned, &head, bytes,
                      trace->raw.length);
    trace->scanned = framing.resume;
    if (framing.broken)
        return TRACE_PROGRESS_BROKEN;
    return framing.complete ? TRACE_PROGRESS_COMPLETE : TRACE_PROGRESS_MORE;
}

/* When the byte with this raw offset was read. */
static int64_t read_at_ns(const struct http_trace *trace, size_t offset)
{
    size_t passed = 0;

    for (size_t i = 0; i < trace->read_count; i++) {
        passed += trace->reads[i].bytes;
        if (offset < passed)
            return trace->reads[i].at_ns;
    }
    return 0;
}

static bool form_is_whole(const struct http_trace *trace)
{
    if (trace->shape != ANSWER_COMPLETE)
        return false;
    return trace->stream_asked
               ? trace->content == TRACE_CONTENT_EVENTS && trace->events.finish
               : trace->content == TRACE_CONTENT_COMPLETION;
}

static enum trace_outcome judge_bytes(const struct http_trace *trace)
{
    bool said_well = trace->status >= 200 && trace->status < 300;

    if (trace->end == TRACE_END_LEFT)
        return TRACE_OUTCOME_LEFT;
    if (trace->end == TRACE_END_TIMEOUT && !trace->framing_complete)
        return TRACE_OUTCOME_HANG;
    if (!trace->head_complete)
        return TRACE_OUTCOME_NO_RESPONSE;
    if (said_well && trace->events.errors)
        return TRACE_OUTCOME_ERROR;
    if (!trace->framing_complete)
        return TRACE_OUTCOME_CUT;
    if (!said_well)
        return TRACE_OUTCOME_ERROR;
    return form_is_whole(trace) ? TRACE_OUTCOME_SUCCESS
                                : TRACE_OUTCOME_FALSE_SUCCESS;
}

/* Who half-closes may be taken for gone. */
static enum trace_outcome judge_outcome(const struct http_trace *trace)
{
    enum trace_outcome outcome = judge_bytes(trace);

    if (trace->left_ns &&
        (outcome == TRACE_OUTCOME_NO_RESPONSE || outcome == TRACE_OUTCOME_CUT ||
         outcome == TRACE_OUTCOME_ERROR))
        return TRACE_OUTCOME_LEFT;
    return outcome;
}

static void take_framing(struct http_trace *trace, struct http_framing *framing)
{
    trace->framing = framing->kind;
    trace->framing_complete = framing->complete;
    snprintf(trace->framing_problem, sizeof trace->framing_problem, "%s",
             framing->problem);
    if (framing->complete)
        trace->extra_bytes = trace->raw.length - framing->end;
    trace->body = framing->body;
    framing->body = (struct buf){ 0 };
}

static void decode_message(struct http_trace *trace,
                           const struct http_head *head)
{
    const char *bytes = buf_text(&trace->raw);
    struct http_framing framing;
    size_t first_output;

    trace->head_complete = true;
    trace->status = head->status;
    buf_add(&trace->head, bytes + head->start, head->end - head->start);
    trace->head_ns = read_at_ns(trace, head->end - 1);
    http_framing_read(&framing, head, bytes, trace->raw.length,
                      trace->end == TRACE_END_FIN);
    take_framing(trace, &framing);
    first_output = trace_content_read(trace);
    if (first_output)
        trace->first_output_ns =
            read_at_ns(trace, http_framing_raw_at(&framing, first_output - 1));
    http_framing_release(&framing);
}

void http_trace_decode(struct http_trace *trace)
{
    struct http_head head;

    http_head_read(&head, buf_text(&trace->raw), trace->raw.length);
    trace->status = -1;
    trace->interim_count = head.interim_count;
    snprintf(trace->head_problem, sizeof trace->head_problem, "%s",
             head.problem);
    if (trace->read_count) {
        trace->first_byte_ns = trace->reads[0].at_ns;
        trace->last_byte_ns = trace->reads[trace->read_count - 1].at_ns;
    }
    if (head.state == HTTP_HEAD_COMPLETE)
        decode_message(trace, &head);
    trace->outcome = judge_outcome(trace);
}

char *http_trace_header(const struct http_trace *trace, const char *name)
{
    struct http_span found, value;
    size_t cursor = 0;

    while (http_head_next(buf_text(&trace->head), trace->head.length, &cursor,
                          &found, &value))
        if (http_span_is(found, name))
            return xstrndup(value.at, value.length);
    return NULL;
}

static void add_time(struct json *times, const char *key,
                     const struct http_trace *trace, int64_t at_ns)
{
    int64_t us = (at_ns - trace->start_ns) / (NS_PER_MS / 1000);

    json_add(times, key,
             at_ns ? json_new_double((double)us / 1000.0) : json_new_null());
}

/* Runs of tokens in order of appearance: who made them, and which. */
static struct json *token_runs(const struct http_trace *trace)
{
    const struct answer_tokens *tokens = &trace->tokens;
    struct json *runs = json_new_array();

    for (size_t i = 0, last = 0; i < tokens->count; i = last + 1) {
        const struct answer_token *first = &tokens->items[i];
        struct json *run = json_new_object();

        last = i;
        while (last + 1 < tokens->count &&
               tokens->items[last + 1].index == tokens->items[last].index + 1 &&
               tokens->items[last + 1].attempt == first->attempt &&
               tokens->items[last + 1].count == first->count &&
               tokens->items[last + 1].tag == first->tag &&
               strcmp(tokens->items[last + 1].upstream, first->upstream) == 0)
            last++;
        json_add_text(run, "upstream", first->upstream);
        json_add_int(run, "attempt", first->attempt);
        json_add_int(run, "first", first->index);
        json_add_int(run, "last", tokens->items[last].index);
        json_add_int(run, "count", first->count);
        json_add_bool(run, "foreign", first->tag != trace->tag);
        json_append(runs, run);
    }
    return runs;
}

static void add_events(struct json *out, const struct http_trace *trace)
{
    struct json *events = json_add_object(out, "events");

    json_add_int(events, "events", (int64_t)trace->events.events);
    json_add_int(events, "output", (int64_t)trace->events.output);
    json_add_int(events, "malformed", (int64_t)trace->events.malformed);
    json_add_int(events, "done", (int64_t)trace->events.done);
    json_add_int(events, "after_done", (int64_t)trace->events.after_done);
    json_add_int(events, "usage", (int64_t)trace->events.usage);
    json_add_int(events, "errors", (int64_t)trace->events.errors);
    json_add_int(events, "comments", (int64_t)trace->events.comments);
    json_add_bool(events, "finish", trace->events.finish);
    json_add_bool(events, "done_after_error", trace->events.done_after_error);
    json_add_bool(events, "cut_event", trace->events.cut_event);
}

struct json *http_trace_to_json(const struct http_trace *trace)
{
    struct json *out = json_new_object();
    struct json *times = json_add_object(out, "times_ms");

    add_time(times, "connected", trace, trace->connected_ns);
    add_time(times, "sent", trace, trace->sent_ns);
    add_time(times, "first_byte", trace, trace->first_byte_ns);
    add_time(times, "head", trace, trace->head_ns);
    add_time(times, "first_output", trace, trace->first_output_ns);
    add_time(times, "last_byte", trace, trace->last_byte_ns);
    add_time(times, "left", trace, trace->left_ns);
    add_time(times, "end", trace, trace->end_ns);
    json_add_text(out, "end", trace_end_names[trace->end]);
    json_add_text(out, "end_text", trace->end_text);
    json_add_text(out, "outcome", trace_outcome_names[trace->outcome]);
    json_add_int(out, "status", trace->status);
    json_add_bool(out, "stream_asked", trace->stream_asked);
    json_add_bool(out, "reused", trace->reused);
    json_add_bool(out, "head_complete", trace->head_complete);
    json_add_text(out, "head_problem", trace->head_problem);
    json_add_int(out, "interim", trace->interim_count);
    json_add_text(out, "framing", trace_framing_names[trace->framing]);
    json_add_bool(out, "framing_complete", trace->framing_complete);
    json_add_text(out, "framing_problem", trace->framing_problem);
    json_add_int(out, "reads", (int64_t)trace->read_count);
    json_add_int(out, "raw_bytes", (int64_t)trace->raw.length);
    json_add_int(out, "head_bytes", (int64_t)trace->head.length);
    json_add_int(out, "body_bytes", (int64_t)trace->body.length);
    json_add_int(out, "extra_bytes", (int64_t)trace->extra_bytes);
    json_add_text(out, "content", trace_content_names[trace->content]);
    if (trace->content == TRACE_CONTENT_EVENTS)
        add_events(out, trace);
    json_add_bool(out, "usage", trace->usage);
    json_add_int(out, "text_bytes", (int64_t)trace->text.length);
    json_add_text(out, "shape", answer_shape_names[trace->shape]);
    json_add_int(out, "token_count", (int64_t)trace->tokens.count);
    json_add(out, "tokens", token_runs(trace));
    return out;
}

void http_trace_release(struct http_trace *trace)
{
    if (!trace)
        return;
    buf_release(&trace->raw);
    buf_release(&trace->head);
    buf_release(&trace->body);
    buf_release(&trace->text);
    free(trace->reads);
    answer_tokens_release(&trace->tokens);
    *trace = (struct http_trace){ 0 };
}
