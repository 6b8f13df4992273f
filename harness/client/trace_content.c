#include "harness/client/trace_content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/client/sse.h"

static bool is_media_type(const struct http_trace *trace, const char *type)
{
    char *value = http_trace_header(trace, "content-type");
    size_t length = value ? strcspn(value, "; \t") : 0;
    bool is = length == strlen(type) && strncasecmp(value, type, length) == 0;

    free(value);
    return is;
}

static bool is_page(const struct buf *body)
{
    const char *text = buf_text(body) + strspn(buf_text(body), " \t\r\n");

    return strncasecmp(text, "<!doctype html", 14) == 0 ||
           strncasecmp(text, "<html", 5) == 0;
}

/* A member that says something: there, and not null. */
static const struct json *said(const struct json *object, const char *key)
{
    const struct json *member = object && json_kind(object) == JSON_OBJECT
                                    ? json_get(object, key)
                                    : NULL;

    return member && json_kind(member) != JSON_NULL ? member : NULL;
}

static const struct json *first_choice(const struct json *document)
{
    const struct json *choices = said(document, "choices");

    return choices && json_kind(choices) == JSON_ARRAY ? json_at(choices, 0)
                                                       : NULL;
}

/* Finish reason and usage stand at the same place in both forms. Returns true
 * when the reason itself is an error, as some relays say it. */
static bool take_ending(struct http_trace *trace, const struct json *document)
{
    const struct json *reason = said(first_choice(document), "finish_reason");
    const char *text = json_text(reason, "");

    if (said(document, "usage"))
        trace->usage = true;
    if (!*text)
        return false;
    snprintf(trace->finish_reason, sizeof trace->finish_reason, "%s", text);
    return strcmp(text, "error") == 0;
}

static bool add_text(struct http_trace *trace, const struct json *node)
{
    const char *text = json_text(node, "");

    buf_add_text(&trace->text, text);
    return *text != '\0';
}

/* What the assistant says stands in the content, or in the arguments of the
 * functions it calls; pieces of one call follow each other. Returns true when
 * text was added, or it reasons: output, though no part of the answer. */
static bool take_text(struct http_trace *trace, const struct json *message)
{
    const struct json *calls = said(message, "tool_calls");
    const struct json *reasoning = said(message, "reasoning_content");
    bool added = add_text(trace, said(message, "content"));

    added = added || json_text(reasoning, "")[0];

    if (calls && json_kind(calls) != JSON_ARRAY)
        calls = NULL;
    for (size_t i = 0; i < (calls ? json_count(calls) : 0); i++) {
        const struct json *function = said(json_at(calls, i), "function");

        if (add_text(trace, said(function, "arguments")))
            added = true;
    }
    return added;
}

static void take_event(struct http_trace *trace, const struct sse_reader *event)
{
    bool error = strcmp(buf_text(&event->type), "error") == 0;
    struct json *document;

    trace->events.events++;
    if (strcmp(buf_text(&event->data), "[DONE]") == 0) {
        trace->events.done++;
        if (trace->events.errors)
            trace->events.done_after_error = true;
        return;
    }
    if (trace->events.done) {
        trace->events.after_done++;
        return;
    }
    document =
        json_parse(buf_text(&event->data), event->data.length, "event", NULL);
    if (!document && !error)
        trace->events.malformed++;
    if (said(document, "error"))
        error = true;
    if (take_ending(trace, document))
        error = true;
    if (said(document, "usage"))
        trace->events.usage++;
    if (trace->finish_reason[0])
        trace->events.finish = true;
    if (error)
        trace->events.errors++;
    if (take_text(trace, said(first_choice(document), "delta")))
        trace->events.output++;
    json_free(document);
}

static size_t read_events(struct http_trace *trace)
{
    struct sse_reader reader;
    size_t first_output = 0;

    sse_begin(&reader, buf_text(&trace->body), trace->body.length);
    while (sse_next(&reader)) {
        take_event(trace, &reader);
        if (!first_output && trace->events.output)
            first_output = reader.end;
    }
    trace->events.comments = reader.comments;
    trace->events.cut_event = reader.cut;
    sse_reader_release(&reader);
    return first_output;
}

static void read_document(struct http_trace *trace, const struct json *document)
{
    const struct json *message = said(first_choice(document), "message");
    bool completion = message && json_kind(message) == JSON_OBJECT;

    trace->content = TRACE_CONTENT_JSON;
    if (completion) {
        trace->content = TRACE_CONTENT_COMPLETION;
        take_text(trace, message);
    }
    if (take_ending(trace, document) || said(document, "error"))
        trace->content = TRACE_CONTENT_ERROR;
}

size_t trace_content_read(struct http_trace *trace)
{
    size_t first_output = trace->body.length ? 1 : 0;
    struct json *document = NULL;

    if (!trace->body.length) {
        trace->content = TRACE_CONTENT_EMPTY;
    } else if (is_media_type(trace, "text/event-stream")) {
        trace->content = TRACE_CONTENT_EVENTS;
        first_output = read_events(trace);
    } else if ((document = json_parse(buf_text(&trace->body),
                                      trace->body.length, "body", NULL))) {
        read_document(trace, document);
    } else {
        trace->content =
            is_media_type(trace, "text/html") || is_page(&trace->body)
                ? TRACE_CONTENT_HTML
                : TRACE_CONTENT_OTHER;
    }
    json_free(document);
    answer_find_tokens(&trace->tokens, buf_text(&trace->text),
                       trace->text.length);
    trace->shape = answer_judge(&trace->tokens, trace->tag);
    return first_output;
}
