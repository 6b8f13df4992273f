#include "harness/client/client.h"
#include "harness/client/http_framing.h"
#include "harness/leaks/source.h"

#define FETCH_MS 3000

/* The body: heads of two answers differ by their date alone. */
static void take(struct page *page, const struct http_trace *trace)
{
    const char *bytes = buf_text(&trace->raw);
    struct http_framing framing = { 0 };
    struct http_head head;

    http_head_read(&head, bytes, trace->raw.length);
    if (head.state == HTTP_HEAD_COMPLETE)
        http_framing_read(&framing, &head, bytes, trace->raw.length,
                          trace->end == TRACE_END_FIN);
    if (!framing.complete)
        page_fail(page, "no complete answer came: %s%s%.50s",
                  trace_end_names[trace->end], trace->end_text[0] ? ": " : "",
                  trace->end_text);
    else if (head.status < 200 || head.status > 299)
        page_fail(page, "it answered with status %d", (int)head.status);
    page_add_text(page, buf_text(&framing.body), framing.body.length);
    http_framing_release(&framing);
}

static void fetch(struct page *page, const struct source_target *target)
{
    struct client_request request = {
        .url = target->url,
        .method = "GET",
        .headers = (const char *const *)target->words,
        .timeout_ms = FETCH_MS,
    };
    struct http_trace trace;

    client_exchange(&trace, &request);
    take(page, &trace);
    http_trace_release(&trace);
}

const struct source source_http = { .name = "http", .fetch = fetch };
