#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/client/client.h"
#include "harness/client/http_framing.h"

/* The status and body of a complete answer; -1 and err when it is none. */
static int64_t take_answer(const struct http_trace *trace, const char *where,
                           struct buf *answer, struct err *err)
{
    const char *bytes = buf_text(&trace->raw);
    struct http_framing framing = { 0 };
    struct http_head head;
    int64_t status = -1;

    http_head_read(&head, bytes, trace->raw.length);
    if (head.state == HTTP_HEAD_COMPLETE)
        http_framing_read(&framing, &head, bytes, trace->raw.length,
                          trace->end == TRACE_END_FIN);
    if (framing.complete) {
        status = head.status;
        buf_add(answer, buf_text(&framing.body), framing.body.length);
    } else {
        err_set(err, ERR_NET, where, "no complete answer came: %s%s%s",
                trace_end_names[trace->end], trace->end_text[0] ? ": " : "",
                trace->end_text);
    }
    http_framing_release(&framing);
    return status;
}

int64_t client_call(const char *method, const char *url, const char *body,
                    const char *bearer_token, int64_t timeout_ms,
                    struct buf *answer, struct err *err)
{
    char *where = xasprintf("%s %s", method, url);
    char *token = bearer_token
                      ? xasprintf("Authorization: Bearer %s", bearer_token)
                      : NULL;
    const char *headers[] = { "Content-Type: application/json", token, NULL };
    struct client_request request = { .url = url,
                                      .method = method,
                                      .headers = headers,
                                      .body = body,
                                      .body_length = body ? strlen(body) : 0,
                                      .timeout_ms = timeout_ms };
    struct http_trace trace;
    int64_t status;

    client_exchange(&trace, &request);
    status = take_answer(&trace, where, answer, err);
    http_trace_release(&trace);
    if (token)
        xwipe(token, strlen(token));
    free(token);
    free(where);
    return status;
}
