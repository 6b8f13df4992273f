#include "harness/client/trace_usage.h"

#include "harness/client/sse.h"

static void read_usage(struct trace_usage *out, const char *text, size_t length)
{
    struct err err;
    struct json *document = json_parse(text, length, "answer", &err);
    const struct json *usage =
        document ? json_pointer(document, "/usage") : NULL;

    if (usage && json_kind(usage) == JSON_OBJECT) {
        out->input = json_get_int(usage, "prompt_tokens", -1);
        out->output = json_get_int(usage, "completion_tokens", -1);
    }
    json_free(document);
}

void trace_usage_read(struct trace_usage *out, const struct http_trace *trace)
{
    struct sse_reader reader;

    *out = (struct trace_usage){ -1, -1 };
    if (trace->content != TRACE_CONTENT_EVENTS) {
        read_usage(out, buf_text(&trace->body), trace->body.length);
        return;
    }
    sse_begin(&reader, buf_text(&trace->body), trace->body.length);
    while (sse_next(&reader))
        read_usage(out, buf_text(&reader.data), reader.data.length);
    sse_reader_release(&reader);
}
