#include "harness/client/http_trace.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#define TAG 0x3fa9
/* Tokens of an answer of three. */
#define T1    "primary-1-1of3-3fa9 "
#define T2    "primary-1-2of3-3fa9 "
#define T3    "primary-1-3of3-3fa9 "
#define OTHER "fallback-1-2of3-3fa9 fallback-1-3of3-3fa9 "
#define OLD   "primary-1-1of3-0001 "

#define HEAD(status, type)                                                     \
    "HTTP/1.1 " status " X\r\nContent-Type: " type "\r\nConnection: close\r\n"
#define JSON_200   HEAD("200", "application/json") "\r\n"
#define PAGE_200   HEAD("200", "text/html") "\r\n"
#define EVENTS_200 HEAD("200", "text/event-stream; charset=utf-8") "\r\n"
#define CHUNKED_200                                                            \
    HEAD("200", "text/event-stream") "Transfer-Encoding: chunked\r\n\r\n"
#define LENGTH_200(n)                                                          \
    HEAD("200", "application/json") "Content-Length: " n "\r\n\r\n"

#define MESSAGE(text, more)                                                    \
    "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","          \
    "\"content\":\"" text "\"}" more "}]}"
#define STOP ",\"finish_reason\":\"stop\""
#define DELTA(text)                                                            \
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text          \
    "\"},\"finish_reason\":null}]}\n\n"
#define ROLE                                                                   \
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\","                  \
    "\"content\":\"\"}}]}\n\n"
#define FINISH                                                                 \
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
#define USAGE "data: {\"choices\":[],\"usage\":{\"total_tokens\":3}}\n\n"
#define DONE  "data: [DONE]\n\n"
#define ERROR "data: {\"error\":{\"message\":\"m\"}}\n\n"
#define ALL   DELTA(T1) DELTA(T2) DELTA(T3)

/* The same in the arguments of a call. */
#define CALL(text, more)                                                       \
    "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","          \
    "\"content\":null,\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\","    \
    "\"function\":{\"name\":\"record\",\"arguments\":\"{\\\"text\\\":"         \
    "\\\"" text "\\\"}\"}}]}" more "}]}"
#define ARGUMENTS(text)                                                        \
    "data: "                                                                   \
    "{\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,"      \
    "\"function\":{\"arguments\":\"" text                                      \
    "\"}}]},\"finish_reason\":null}]}\n\n"
#define CALLED ",\"finish_reason\":\"tool_calls\""
#define CALL_FINISH                                                            \
    "data: "                                                                   \
    "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}\n\n"

/* One chunk around text; the size is that of the text. */
static void add_chunk(struct buf *out, const char *text)
{
    buf_printf(out, "%zx\r\n%s\r\n", strlen(text), text);
}

static void decode(struct http_trace *trace, const char *bytes, size_t length,
                   enum trace_end end, bool stream)
{
    *trace = (struct http_trace){ .start_ns = NS_PER_S,
                                  .end_ns = 2 * NS_PER_S,
                                  .end = end,
                                  .stream_asked = stream,
                                  .tag = TAG };
    http_trace_add_read(trace, bytes, length, NS_PER_S + NS_PER_MS);
    http_trace_decode(trace);
}

static const struct row {
    const char *name;
    const char *bytes;
    enum trace_end end;
    bool stream;
    enum trace_outcome outcome;
    enum trace_content content;
    enum answer_shape shape;
} rows[] = {
    /* A plain answer. */
    { "whole", JSON_200 MESSAGE(T1 T2 T3, STOP), TRACE_END_FIN, false,
      TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_COMPLETE },
    { "a whole call", JSON_200 CALL(T1 T2 T3, CALLED), TRACE_END_FIN, false,
      TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_COMPLETE },
    { "half a call", JSON_200 CALL(T1 T2, CALLED), TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_CUT },
    { "a call of two attempts", JSON_200 CALL(T1 OTHER, CALLED), TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION,
      ANSWER_SPLICED },
    { "a streamed call",
      EVENTS_200 ROLE ARGUMENTS("{\\\"text\\\":\\\"") ARGUMENTS(T1)
          ARGUMENTS(T2) ARGUMENTS(T3) ARGUMENTS("\\\"}") CALL_FINISH DONE,
      TRACE_END_FIN, true, TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_EVENTS,
      ANSWER_COMPLETE },
    { "half a streamed call, ended cleanly",
      EVENTS_200 ROLE ARGUMENTS(T1) ARGUMENTS(T2) CALL_FINISH DONE,
      TRACE_END_FIN, true, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS,
      ANSWER_CUT },
    { "a streamed call, reset", EVENTS_200 ROLE ARGUMENTS(T1) ARGUMENTS(T2),
      TRACE_END_RST, true, TRACE_OUTCOME_CUT, TRACE_CONTENT_EVENTS,
      ANSWER_CUT },
    { "calls that are no list",
      JSON_200 "{\"choices\":[{\"message\":{\"tool_calls\":{}}"
               ",\"finish_reason\":\"stop\"}]}",
      TRACE_END_FIN, false, TRACE_OUTCOME_FALSE_SUCCESS,
      TRACE_CONTENT_COMPLETION, ANSWER_NONE },
    { "whole, no finish_reason", JSON_200 MESSAGE(T1 T2 T3, ""), TRACE_END_FIN,
      false, TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_COMPLETE },
    { "whole, under another label",
      HEAD("200", "text/plain") "\r\n" MESSAGE(T1 T2 T3, STOP), TRACE_END_FIN,
      false, TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_COMPLETE },
    { "error: null is none",
      JSON_200 "{\"error\":null,\"choices\":[{\"message\":{\"content\":"
               "\"" T1 T2 T3 "\"}}]}",
      TRACE_END_FIN, false, TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_COMPLETION,
      ANSWER_COMPLETE },
    { "cut text in whole JSON", JSON_200 MESSAGE(T1 T2, STOP), TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION,
      ANSWER_CUT },
    { "two upstreams", JSON_200 MESSAGE(T1 OTHER, STOP), TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_SPLICED },
    { "said twice", JSON_200 MESSAGE(T1 T2 T3 T1 T2 T3, STOP), TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION,
      ANSWER_REPEATED },
    { "one missing", JSON_200 MESSAGE(T1 T3, STOP), TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION, ANSWER_GAPPED },
    { "another request's", JSON_200 MESSAGE(OLD T2 T3, STOP), TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_COMPLETION,
      ANSWER_FOREIGN },
    { "finish_reason error in 200",
      JSON_200 MESSAGE(T1 T2 T3, ",\"finish_reason\":\"error\""), TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_ERROR,
      ANSWER_COMPLETE },
    { "cut JSON, framing whole", JSON_200 "{\"choices\":[{\"mess",
      TRACE_END_FIN, false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_OTHER,
      ANSWER_NONE },
    { "no body", LENGTH_200("0"), TRACE_END_FRAMED, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "204", "HTTP/1.1 204 No\r\n\r\n", TRACE_END_FRAMED, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "null", JSON_200 "null", TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_JSON, ANSWER_NONE },
    { "[]", JSON_200 "[]", TRACE_END_FIN, false, TRACE_OUTCOME_FALSE_SUCCESS,
      TRACE_CONTENT_JSON, ANSWER_NONE },
    { "a string", JSON_200 "\"\"", TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_JSON, ANSWER_NONE },
    { "{}", JSON_200 "{}", TRACE_END_FIN, false, TRACE_OUTCOME_FALSE_SUCCESS,
      TRACE_CONTENT_JSON, ANSWER_NONE },
    { "no choices", JSON_200 "{\"choices\":[]}", TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_JSON, ANSWER_NONE },
    { "a null choice", JSON_200 "{\"choices\":[null]}", TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_JSON, ANSWER_NONE },
    { "content null",
      JSON_200 "{\"choices\":[{\"message\":{\"content\":null}}]}",
      TRACE_END_FIN, false, TRACE_OUTCOME_FALSE_SUCCESS,
      TRACE_CONTENT_COMPLETION, ANSWER_NONE },
    { "an error under 200", JSON_200 "{\"error\":{\"message\":\"m\"}}",
      TRACE_END_FIN, false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_ERROR,
      ANSWER_NONE },
    { "a page under 200", PAGE_200 "<p>Busy</p>", TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_HTML, ANSWER_NONE },
    { "a page labelled JSON", JSON_200 " <!DOCTYPE html><p>", TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_HTML, ANSWER_NONE },
    { "words", JSON_200 "upstream busy", TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_OTHER, ANSWER_NONE },
    { "invalid UTF-8", JSON_200 MESSAGE("\xff", STOP), TRACE_END_FIN, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_OTHER, ANSWER_NONE },
    { "events that nobody asked for", EVENTS_200 ALL FINISH DONE, TRACE_END_FIN,
      false, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS,
      ANSWER_COMPLETE },
    /* Errors one can see. */
    { "503", HEAD("503", "application/json") "\r\n{\"error\":{}}",
      TRACE_END_FIN, false, TRACE_OUTCOME_ERROR, TRACE_CONTENT_ERROR,
      ANSWER_NONE },
    { "502 page", HEAD("502", "text/html") "\r\n<html>", TRACE_END_FIN, false,
      TRACE_OUTCOME_ERROR, TRACE_CONTENT_HTML, ANSWER_NONE },
    { "401 without a body", "HTTP/1.1 401 X\r\nContent-Length: 0\r\n\r\n",
      TRACE_END_FRAMED, true, TRACE_OUTCOME_ERROR, TRACE_CONTENT_EMPTY,
      ANSWER_NONE },
    { "a redirect", "HTTP/1.1 301 X\r\nContent-Length: 0\r\n\r\n",
      TRACE_END_FRAMED, false, TRACE_OUTCOME_ERROR, TRACE_CONTENT_EMPTY,
      ANSWER_NONE },
    { "a whole answer under 500",
      HEAD("500", "application/json") "\r\n" MESSAGE(T1 T2 T3, STOP),
      TRACE_END_FIN, false, TRACE_OUTCOME_ERROR, TRACE_CONTENT_COMPLETION,
      ANSWER_COMPLETE },
    /* Cuts the framing shows. */
    { "short of its length", LENGTH_200("500") "{\"choices\"", TRACE_END_FIN,
      false, TRACE_OUTCOME_CUT, TRACE_CONTENT_OTHER, ANSWER_NONE },
    { "nothing of its length", LENGTH_200("500"), TRACE_END_FIN, false,
      TRACE_OUTCOME_CUT, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "reset instead of FIN", JSON_200 MESSAGE(T1 T2 T3, STOP), TRACE_END_RST,
      false, TRACE_OUTCOME_CUT, TRACE_CONTENT_COMPLETION, ANSWER_COMPLETE },
    { "an error status, body cut",
      HEAD("503", "application/json") "Content-Length: 99\r\n\r\n{\"err",
      TRACE_END_FIN, false, TRACE_OUTCOME_CUT, TRACE_CONTENT_OTHER,
      ANSWER_NONE },
    { "a chunk size that is none", CHUNKED_200 "zz\r\n", TRACE_END_BROKEN, true,
      TRACE_OUTCOME_CUT, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "two lengths",
      HEAD("200", "application/json") "Content-Length: 1\r\n"
                                      "Content-Length: 2\r\n\r\n{}",
      TRACE_END_BROKEN, false, TRACE_OUTCOME_CUT, TRACE_CONTENT_JSON,
      ANSWER_NONE },
    /* No answer at all. */
    { "refused", "", TRACE_END_NOT_CONNECTED, false, TRACE_OUTCOME_NO_RESPONSE,
      TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "FIN at once", "", TRACE_END_FIN, false, TRACE_OUTCOME_NO_RESPONSE,
      TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "RST at once", "", TRACE_END_RST, false, TRACE_OUTCOME_NO_RESPONSE,
      TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "half a status line", "HTTP/1.1 20", TRACE_END_FIN, false,
      TRACE_OUTCOME_NO_RESPONSE, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "half a head", "HTTP/1.1 200 OK\r\nContent-Ty", TRACE_END_RST, false,
      TRACE_OUTCOME_NO_RESPONSE, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "interim only", "HTTP/1.1 100 C\r\n\r\n", TRACE_END_FIN, false,
      TRACE_OUTCOME_NO_RESPONSE, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "another protocol", "SSH-2.0-x\r\n", TRACE_END_BROKEN, false,
      TRACE_OUTCOME_NO_RESPONSE, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "no status", "HTTP/1.1 abc\r\n\r\n", TRACE_END_BROKEN, false,
      TRACE_OUTCOME_NO_RESPONSE, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    /* Silence. */
    { "nothing", "", TRACE_END_TIMEOUT, false, TRACE_OUTCOME_HANG,
      TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "a head, then nothing", LENGTH_200("9"), TRACE_END_TIMEOUT, false,
      TRACE_OUTCOME_HANG, TRACE_CONTENT_EMPTY, ANSWER_NONE },
    { "all events, never the end", EVENTS_200 ALL FINISH DONE,
      TRACE_END_TIMEOUT, true, TRACE_OUTCOME_HANG, TRACE_CONTENT_EVENTS,
      ANSWER_COMPLETE },
    { "whole before the limit", LENGTH_200("2") "{}", TRACE_END_TIMEOUT, false,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_JSON, ANSWER_NONE },
    { "told to leave", EVENTS_200 ALL, TRACE_END_LEFT, true, TRACE_OUTCOME_LEFT,
      TRACE_CONTENT_EVENTS, ANSWER_COMPLETE },
    /* Streams. */
    { "a whole stream", EVENTS_200 ROLE ALL FINISH USAGE DONE, TRACE_END_FIN,
      true, TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_COMPLETE },
    { "finished, no [DONE]", EVENTS_200 ALL FINISH, TRACE_END_FIN, true,
      TRACE_OUTCOME_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_COMPLETE },
    { "[DONE], never finished", EVENTS_200 ALL DONE, TRACE_END_FIN, true,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_COMPLETE },
    { "neither", EVENTS_200 ALL, TRACE_END_FIN, true,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_COMPLETE },
    { "a silent cut", EVENTS_200 DELTA(T1) DELTA(T2), TRACE_END_FIN, true,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_CUT },
    { "a cut with a made up [DONE]", EVENTS_200 DELTA(T1) FINISH DONE,
      TRACE_END_FIN, true, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS,
      ANSWER_CUT },
    { "an event that lost its blank line",
      EVENTS_200 DELTA(T1) DELTA(T2) "data: {\"choices\":[{\"delta\":{"
                                     "\"content\":\"" T3 "\"}}]}\n",
      TRACE_END_FIN, true, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS,
      ANSWER_CUT },
    { "no output", EVENTS_200 ROLE FINISH DONE, TRACE_END_FIN, true,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_NONE },
    { "comments only", EVENTS_200 ": PING\n\n: PING\n\n", TRACE_END_FIN, true,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS, ANSWER_NONE },
    { "an error event", EVENTS_200 DELTA(T1) ERROR DONE, TRACE_END_FIN, true,
      TRACE_OUTCOME_ERROR, TRACE_CONTENT_EVENTS, ANSWER_CUT },
    { "an error event, then RST", EVENTS_200 DELTA(T1) ERROR, TRACE_END_RST,
      true, TRACE_OUTCOME_ERROR, TRACE_CONTENT_EVENTS, ANSWER_CUT },
    { "an event named error", EVENTS_200 "event: error\ndata: {}\n\n",
      TRACE_END_FIN, true, TRACE_OUTCOME_ERROR, TRACE_CONTENT_EVENTS,
      ANSWER_NONE },
    { "finish_reason error in a stream",
      EVENTS_200 DELTA(T1) "data: {\"choices\":[{\"delta\":{},"
                           "\"finish_reason\":\"error\"}]}\n\n" DONE,
      TRACE_END_FIN, true, TRACE_OUTCOME_ERROR, TRACE_CONTENT_EVENTS,
      ANSWER_CUT },
    { "an error after the whole answer", EVENTS_200 ALL FINISH ERROR,
      TRACE_END_FIN, true, TRACE_OUTCOME_ERROR, TRACE_CONTENT_EVENTS,
      ANSWER_COMPLETE },
    { "an error event, then silence", EVENTS_200 ERROR, TRACE_END_TIMEOUT, true,
      TRACE_OUTCOME_HANG, TRACE_CONTENT_EVENTS, ANSWER_NONE },
    { "a stream cut by RST", EVENTS_200 DELTA(T1), TRACE_END_RST, true,
      TRACE_OUTCOME_CUT, TRACE_CONTENT_EVENTS, ANSWER_CUT },
    { "broken JSON in the middle",
      EVENTS_200 DELTA(T1) "data: {\"cho\n\n" DELTA(T3) FINISH DONE,
      TRACE_END_FIN, true, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_EVENTS,
      ANSWER_GAPPED },
    { "JSON instead of a stream", JSON_200 MESSAGE(T1 T2 T3, STOP),
      TRACE_END_FIN, true, TRACE_OUTCOME_FALSE_SUCCESS,
      TRACE_CONTENT_COMPLETION, ANSWER_COMPLETE },
    { "an error object instead of a stream", JSON_200 "{\"error\":{}}",
      TRACE_END_FIN, true, TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_ERROR,
      ANSWER_NONE },
    { "a page instead of a stream", PAGE_200 "<html>", TRACE_END_FIN, true,
      TRACE_OUTCOME_FALSE_SUCCESS, TRACE_CONTENT_HTML, ANSWER_NONE },
};

Test(http_trace, each_outcome_is_what_a_careful_application_would_see)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        struct http_trace trace;

        decode(&trace, row->bytes, strlen(row->bytes), row->end, row->stream);
        cr_expect_eq(trace.outcome, row->outcome, "%s: outcome is %s",
                     row->name, trace_outcome_names[trace.outcome]);
        cr_expect_eq(trace.content, row->content, "%s: content is %s",
                     row->name, trace_content_names[trace.content]);
        cr_expect_eq(trace.shape, row->shape, "%s: shape is %s", row->name,
                     answer_shape_names[trace.shape]);
        http_trace_release(&trace);
    }
}

Test(http_trace, every_outcome_stands_in_the_table)
{
    for (size_t o = 0; trace_outcome_names[o]; o++) {
        bool seen = false;

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            seen = seen || (size_t)rows[i].outcome == o;
        cr_expect(seen, "%s", trace_outcome_names[o]);
    }
}

Test(http_trace, events_are_counted_by_what_they_are)
{
    static const char bytes[] = EVENTS_200 ": PING\r\n\r\n" ROLE DELTA(
        T1) "data: {\n\n" ERROR
            "event: error\ndata: words\n\n" FINISH USAGE DONE DONE "data: x";
    struct http_trace trace;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, true);
    cr_expect_eq(trace.events.events, 9);
    cr_expect_eq(trace.events.output, 1);
    cr_expect_eq(trace.events.malformed, 1);
    cr_expect_eq(trace.events.errors, 2);
    cr_expect_eq(trace.events.done, 2);
    cr_expect_eq(trace.events.usage, 1);
    cr_expect_eq(trace.events.after_done, 0);
    cr_expect_eq(trace.events.comments, 1);
    cr_expect(trace.events.finish);
    cr_expect(trace.events.done_after_error);
    cr_expect(trace.events.cut_event);
    cr_expect(trace.usage);
    cr_expect_str_eq(trace.finish_reason, "stop");
    http_trace_release(&trace);
}

Test(http_trace, a_plain_stream_has_none_of_the_odd_events)
{
    static const char bytes[] = EVENTS_200 ROLE ALL FINISH DONE;
    struct http_trace trace;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, true);
    cr_expect_eq(trace.events.events, 6);
    cr_expect_eq(trace.events.output, 3);
    cr_expect_eq(trace.events.malformed, 0);
    cr_expect_eq(trace.events.errors, 0);
    cr_expect_not(trace.events.done_after_error);
    cr_expect_not(trace.events.cut_event);
    cr_expect_not(trace.usage);
    cr_expect_str_eq(buf_text(&trace.text), T1 T2 T3);
    http_trace_release(&trace);
}

Test(http_trace, an_application_stops_reading_at_done)
{
    static const char bytes[] = EVENTS_200 ROLE ALL FINISH DONE DELTA(T1) USAGE;
    struct http_trace trace;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, true);
    cr_expect_eq(trace.events.after_done, 2);
    cr_expect_eq(trace.shape, ANSWER_COMPLETE);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_SUCCESS);
    cr_expect_not(trace.usage);
    http_trace_release(&trace);
}

/* Chunk boundaries inside events, as proxies make them. */
Test(http_trace, arguments_of_a_call_are_output)
{
    static const char bytes[] = EVENTS_200 ROLE ARGUMENTS(T1) ARGUMENTS("");
    struct http_trace trace;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, true);
    cr_expect_eq(trace.events.output, 1);
    cr_expect_str_eq(buf_text(&trace.text), T1);
    cr_expect_neq(trace.first_output_ns, 0);
    http_trace_release(&trace);
}

/* It counts as output, and is no part of the answer. */
Test(http_trace, reasoning_is_output_and_not_the_answer)
{
    static const char bytes[] =
        EVENTS_200 ROLE "data: {\"choices\":[{\"index\":0,\"delta\":"
                        "{\"reasoning_content\":\"hm\"}}]}\n\n"
                        "data: {\"choices\":[{\"index\":0,\"delta\":"
                        "{\"reasoning_content\":\"\"}}]}\n\n";
    struct http_trace trace;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, true);
    cr_expect_eq(trace.events.output, 1);
    cr_expect_eq(trace.text.length, 0);
    cr_expect_neq(trace.first_output_ns, 0);
    http_trace_release(&trace);
}

Test(http_trace, chunks_do_not_matter_to_events)
{
    static const char events[] = ALL FINISH DONE;
    struct http_trace trace;
    struct buf raw = { 0 };
    char piece[8];

    buf_add_text(&raw, CHUNKED_200);
    for (size_t at = 0; at < sizeof events - 1; at += 7) {
        snprintf(piece, sizeof piece, "%.7s", events + at);
        add_chunk(&raw, piece);
    }
    buf_add_text(&raw, "0\r\n\r\n");
    decode(&trace, raw.data, raw.length, TRACE_END_FRAMED, true);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_SUCCESS);
    cr_expect_str_eq(buf_text(&trace.body), events);
    http_trace_release(&trace);

    /* The same without the last chunk: its content is whole, its framing is
     * not. */
    decode(&trace, raw.data, raw.length - 5, TRACE_END_FIN, true);
    cr_expect_eq(trace.outcome, TRACE_OUTCOME_CUT);
    cr_expect_eq(trace.shape, ANSWER_COMPLETE);
    cr_expect_str_eq(trace.framing_problem, "ended before the last chunk");
    http_trace_release(&trace);
    buf_release(&raw);
}

Test(http_trace, times_are_those_of_the_reads_that_held_the_bytes)
{
    static const char *const pieces[] = {
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n", /* at 1 ms */
        "Content-Type: text/event-stream\r\n",
        "\r\n" ROLE,                  /* 3: the head ends */
        "data: {\"choices\":[{\"del", /* 4 */
        "ta\":{\"content\":\"" T1 "\"}}]}\n",
        "\n",      /* 6: the first output ends */
        DELTA(T2), /* 7 */
    };
    struct http_trace trace = {
        .start_ns = 1, .end = TRACE_END_FIN, .stream_asked = true, .tag = TAG
    };

    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        http_trace_add_read(&trace, pieces[i], strlen(pieces[i]),
                            (int64_t)(i + 1) * NS_PER_MS);
    http_trace_decode(&trace);
    cr_expect_eq(trace.interim_count, 1);
    cr_expect_eq(trace.first_byte_ns, 1 * NS_PER_MS);
    cr_expect_eq(trace.head_ns, 3 * NS_PER_MS);
    cr_expect_eq(trace.first_output_ns, 6 * NS_PER_MS);
    cr_expect_eq(trace.last_byte_ns, 7 * NS_PER_MS);
    http_trace_release(&trace);
}

Test(http_trace, the_first_output_of_a_plain_answer_is_its_first_body_byte)
{
    struct http_trace trace = { .start_ns = 1, .end = TRACE_END_FIN };

    http_trace_add_read(&trace, JSON_200, strlen(JSON_200), 5);
    http_trace_add_read(&trace, "{", 1, 6);
    http_trace_add_read(&trace, "}", 1, 7);
    http_trace_decode(&trace);
    cr_expect_eq(trace.first_output_ns, 6);
    http_trace_release(&trace);
}

Test(http_trace, what_never_came_has_no_time)
{
    struct http_trace trace;

    decode(&trace, "HTTP/1.1 20", 11, TRACE_END_FIN, false);
    cr_expect_eq(trace.head_ns, 0);
    cr_expect_eq(trace.first_output_ns, 0);
    cr_expect_eq(trace.status, -1);
    cr_expect_neq(trace.first_byte_ns, 0);
    http_trace_release(&trace);
    decode(&trace, "", 0, TRACE_END_FIN, false);
    cr_expect_eq(trace.first_byte_ns, 0);
    http_trace_release(&trace);
}

static enum trace_progress progress_of(const char *bytes)
{
    struct http_trace trace = { 0 };
    enum trace_progress progress;

    http_trace_add_read(&trace, bytes, strlen(bytes), 1);
    progress = http_trace_progress(&trace);
    http_trace_release(&trace);
    return progress;
}

Test(http_trace, a_client_knows_when_to_stop_reading)
{
    cr_expect_eq(progress_of(""), TRACE_PROGRESS_MORE);
    cr_expect_eq(progress_of("HTTP/1.1 200"), TRACE_PROGRESS_MORE);
    cr_expect_eq(progress_of(LENGTH_200("2") "{"), TRACE_PROGRESS_MORE);
    cr_expect_eq(progress_of(LENGTH_200("2") "{}"), TRACE_PROGRESS_COMPLETE);
    cr_expect_eq(progress_of(JSON_200 "{}"), TRACE_PROGRESS_MORE);
    cr_expect_eq(progress_of("SSH-2.0"), TRACE_PROGRESS_BROKEN);
    cr_expect_eq(progress_of(CHUNKED_200 "zz\r\n"), TRACE_PROGRESS_BROKEN);
}

Test(http_trace, bytes_beside_the_message_are_counted)
{
    struct http_trace trace;

    decode(&trace, LENGTH_200("2") "{}HTTP/1.1 200",
           strlen(LENGTH_200("2")) + 14, TRACE_END_FRAMED, false);
    cr_expect(trace.framing_complete);
    cr_expect_eq(trace.extra_bytes, 12);
    http_trace_release(&trace);
}

Test(http_trace, a_header_is_found_in_any_case_and_only_when_there)
{
    static const char bytes[] =
        "HTTP/1.1 200 OK\r\nX-Retry-Count:  2 \r\nx-retry-count: 3\r\n\r\n";
    struct http_trace trace;
    char *value;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, false);
    value = http_trace_header(&trace, "x-retry-count");
    cr_expect_str_eq(value, "2");
    free(value);
    cr_expect_null(http_trace_header(&trace, "x-retry"));
    http_trace_release(&trace);
}

/* Texts and header values stay in memory. */
Test(http_trace, the_written_form_has_figures_and_no_text)
{
    static const char bytes[] =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "X-Secret: header-secret\r\n\r\n" MESSAGE(T1 OTHER "body-secret", STOP);
    struct http_trace trace;
    const struct json *run;
    struct json *out;
    char *text;

    decode(&trace, bytes, sizeof bytes - 1, TRACE_END_FIN, false);
    out = http_trace_to_json(&trace);
    text = json_print(out);
    cr_expect_null(strstr(text, "secret"));
    cr_expect_eq(json_get_int(out, "status", 0), 200);
    cr_expect_str_eq(json_get_text(out, "outcome", ""), "false_success");
    cr_expect_str_eq(json_get_text(out, "shape", ""), "spliced");
    cr_expect_eq(json_get_int(out, "token_count", 0), 3);
    cr_expect_eq(json_count(json_get(out, "tokens")), 2);
    run = json_at(json_get(out, "tokens"), 1);
    cr_expect_str_eq(json_get_text(run, "upstream", ""), "fallback");
    cr_expect_eq(json_get_int(run, "first", 0), 2);
    cr_expect_eq(json_get_int(run, "last", 0), 3);
    cr_expect_not(json_get_true(run, "foreign"));
    cr_expect_float_eq(json_double(json_pointer(out, "/times_ms/end"), 0), 1000,
                       0.001);
    cr_expect_eq(json_kind(json_pointer(out, "/times_ms/sent")), JSON_NULL);
    free(text);
    json_free(out);
    http_trace_release(&trace);
}

Test(http_trace, who_half_closes_may_be_taken_for_gone)
{
    static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}";
    static const struct {
        const char *bytes;
        enum trace_end end;
        enum trace_outcome stayed, left;
    } halves[] = {
        { "", TRACE_END_FIN, TRACE_OUTCOME_NO_RESPONSE, TRACE_OUTCOME_LEFT },
        { cut, TRACE_END_FIN, TRACE_OUTCOME_CUT, TRACE_OUTCOME_LEFT },
        { LENGTH_200("2") "{}", TRACE_END_FRAMED, TRACE_OUTCOME_FALSE_SUCCESS,
          TRACE_OUTCOME_FALSE_SUCCESS },
        { "", TRACE_END_TIMEOUT, TRACE_OUTCOME_HANG, TRACE_OUTCOME_HANG },
    };

    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
        struct http_trace trace = { .end = halves[i].end };

        http_trace_add_read(&trace, halves[i].bytes, strlen(halves[i].bytes),
                            1);
        http_trace_decode(&trace);
        cr_expect_eq(trace.outcome, halves[i].stayed, "%zu", i);
        http_trace_release(&trace);
        trace = (struct http_trace){ .end = halves[i].end, .left_ns = 1 };
        http_trace_add_read(&trace, halves[i].bytes, strlen(halves[i].bytes),
                            1);
        http_trace_decode(&trace);
        cr_expect_eq(trace.outcome, halves[i].left, "%zu", i);
        http_trace_release(&trace);
    }
}
