#include "harness/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/http_framing.h"

#define SLICE_MS   200 /* how soon a cancellation is seen */
#define SPLIT_MS   20
#define BYTES_MOST ((size_t)64 << 20) /* of an answer; more is no answer */

struct exchange {
    CURL *curl;
    curl_socket_t socket;
    struct http_trace *trace;
    const struct client_request *request;
    struct buf out;     /* head and body as they are sent */
    size_t first_write; /* bytes of the first of two writes; all when one */
    size_t sent;
    int64_t deadline_ns;
    int64_t second_write_ns; /* not before; 0 while the first is not out */
    bool send_failed;        /* the peer takes no more; it may have answered */
    bool reset_seen;         /* a failed send told of an RST */
    bool ended;
};

void client_global_init(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

void client_global_release(void)
{
    curl_global_cleanup();
}

static bool is_cancelled(const struct client_request *request)
{
    return request->cancelled && *request->cancelled;
}

static void end_exchange(struct exchange *x, enum trace_end end,
                         const char *text)
{
    x->trace->end = end;
    x->ended = true;
    snprintf(x->trace->end_text, sizeof x->trace->end_text, "%s", text);
}

/* libcurl's words, or the operating system's where there are any. */
static void end_with_code(struct exchange *x, enum trace_end end, CURLcode code)
{
    char text[128];
    long number = 0;

    curl_easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &number);
    if (number)
        end_exchange(x, end, strerror_r((int)number, text, sizeof text));
    else
        end_exchange(x, end, curl_easy_strerror(code));
}

static bool is_reset(const struct exchange *x)
{
    long number = 0;

    curl_easy_getinfo(x->curl, CURLINFO_OS_ERRNO, &number);
    return number == ECONNRESET;
}

/* One part of a URL; "" when it has none. Caller frees. */
static char *url_part(CURLU *url, CURLUPart part)
{
    char *text = NULL, *copy;

    if (curl_url_get(url, part, &text, 0) != CURLUE_OK)
        return xstrdup("");
    copy = xstrdup(text);
    curl_free(text);
    return copy;
}

static bool write_head(struct exchange *x)
{
    const struct client_request *request = x->request;
    CURLU *url = curl_url();
    char *host, *port, *path, *query;

    if (!url || curl_url_set(url, CURLUPART_URL, request->url, 0)) {
        curl_url_cleanup(url);
        return false;
    }
    host = url_part(url, CURLUPART_HOST);
    port = url_part(url, CURLUPART_PORT);
    path = url_part(url, CURLUPART_PATH);
    query = url_part(url, CURLUPART_QUERY);
    buf_printf(&x->out, "%s %s%s%s HTTP/1.1\r\nHost: %s%s%s\r\n",
               request->method, path, *query ? "?" : "", query, host,
               *port ? ":" : "", port);
    for (size_t i = 0; request->headers && request->headers[i]; i++)
        buf_printf(&x->out, "%s\r\n", request->headers[i]);
    if (request->body)
        buf_printf(&x->out, "Content-Length: %zu\r\n", request->body_length);
    buf_add_text(&x->out, "Connection: close\r\n\r\n");
    free(host);
    free(port);
    free(path);
    free(query);
    curl_url_cleanup(url);
    return true;
}

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c,
                       curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return is_cancelled(context);
}

static bool connect_socket(struct exchange *x)
{
    CURLcode code;

    curl_easy_setopt(x->curl, CURLOPT_URL, x->request->url);
    curl_easy_setopt(x->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(x->curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(x->curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(x->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(x->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(x->curl, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(x->curl, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(x->curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)x->request->timeout_ms);
    curl_easy_setopt(x->curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(x->curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    /* Given back to on_progress only, which reads it as const. */
    curl_easy_setopt(x->curl, CURLOPT_XFERINFODATA, (const void *)x->request);
    code = curl_easy_perform(x->curl);
    if (code == CURLE_OK)
        code = curl_easy_getinfo(x->curl, CURLINFO_ACTIVESOCKET, &x->socket);
    if (code != CURLE_OK) {
        if (is_cancelled(x->request))
            end_exchange(x, TRACE_END_LEFT, "the run is being stopped");
        else
            end_with_code(x, TRACE_END_NOT_CONNECTED, code);
        return false;
    }
    x->trace->connected_ns = clock_now_ns();
    return true;
}

/* How many bytes may be written now: none once all is out, while the second
 * write waits, or when the peer takes no more. */
static size_t sendable(const struct exchange *x)
{
    if (x->send_failed)
        return 0;
    if (x->sent < x->first_write)
        return x->first_write - x->sent;
    return clock_now_ns() >= x->second_write_ns ? x->out.length - x->sent : 0;
}

static void send_some(struct exchange *x)
{
    size_t length = sendable(x), taken = 0;
    CURLcode code;

    if (!length)
        return;
    code = curl_easy_send(x->curl, x->out.data + x->sent, length, &taken);
    if (code == CURLE_AGAIN)
        return;
    if (code != CURLE_OK) {
        /* What the peer said before it stopped reading may still be there. A
         * send that fails takes the socket's error away: the read after it
         * would then look like an orderly end. */
        x->send_failed = true;
        x->reset_seen = is_reset(x);
        return;
    }
    x->sent += taken;
    if (x->sent == x->first_write)
        x->second_write_ns = clock_now_ns() + SPLIT_MS * NS_PER_MS;
    if (x->sent == x->out.length)
        x->trace->sent_ns = clock_now_ns();
}

static void judge_progress(struct exchange *x)
{
    switch (http_trace_progress(x->trace)) {
    case TRACE_PROGRESS_COMPLETE:
        end_exchange(x, TRACE_END_FRAMED, "");
        break;
    case TRACE_PROGRESS_BROKEN:
        end_exchange(x, TRACE_END_BROKEN, "the bytes cannot be a response");
        break;
    case TRACE_PROGRESS_MORE:
        if (x->trace->raw.length > BYTES_MOST)
            end_exchange(x, TRACE_END_BROKEN, "more than 64 MiB came");
        break;
    }
}

static void take_end(struct exchange *x, CURLcode code)
{
    if (code == CURLE_OK && !x->reset_seen)
        end_exchange(x, TRACE_END_FIN, "");
    else if (code == CURLE_OK)
        end_exchange(x, TRACE_END_RST, "Connection reset by peer");
    else
        end_with_code(x, TRACE_END_RST, code);
}

/* Reads what is there, without waiting. Bytes beside a complete message are
 * still taken when they are there already: they are a finding. */
static void receive_some(struct exchange *x)
{
    char bytes[16384];
    CURLcode code;
    size_t length;

    while (x->trace->raw.length <= BYTES_MOST + sizeof bytes) {
        code = curl_easy_recv(x->curl, bytes, sizeof bytes, &length);
        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK || !length) {
            if (!x->ended)
                take_end(x, code);
            return;
        }
        http_trace_add_read(x->trace, bytes, length, clock_now_ns());
        if (!x->ended)
            judge_progress(x);
    }
}

static void wait_socket(const struct exchange *x)
{
    struct pollfd poller = { .fd = x->socket, .events = POLLIN };
    int64_t now_ns = clock_now_ns();
    int64_t until_ns = now_ns + SLICE_MS * NS_PER_MS;
    struct timespec wait;

    if (sendable(x))
        poller.events |= POLLOUT;
    else if (!x->send_failed && x->sent < x->out.length &&
             x->second_write_ns < until_ns)
        until_ns = x->second_write_ns;
    if (x->deadline_ns < until_ns)
        until_ns = x->deadline_ns;
    until_ns = until_ns > now_ns ? until_ns - now_ns : 0;
    wait.tv_sec = until_ns / NS_PER_S;
    wait.tv_nsec = until_ns % NS_PER_S;
    ppoll(&poller, 1, &wait, NULL);
}

static void run_exchange(struct exchange *x)
{
    while (!x->ended) {
        send_some(x);
        receive_some(x);
        if (x->ended)
            break;
        if (is_cancelled(x->request))
            end_exchange(x, TRACE_END_LEFT, "the run is being stopped");
        else if (clock_now_ns() >= x->deadline_ns)
            end_exchange(x, TRACE_END_TIMEOUT, "our limit ran out");
        else
            wait_socket(x);
    }
}

/* Fills all but what http_trace_decode sets. */
static void exchange(struct http_trace *trace,
                     const struct client_request *request)
{
    struct exchange x = { .trace = trace, .request = request };

    *trace = (struct http_trace){ .status = -1,
                                  .start_ns = clock_now_ns(),
                                  .stream_asked = request->stream_asked,
                                  .tag = request->tag };
    x.deadline_ns = trace->start_ns + request->timeout_ms * NS_PER_MS;
    x.curl = curl_easy_init();
    if (!x.curl || !write_head(&x)) {
        end_exchange(&x, TRACE_END_NOT_CONNECTED, "the URL cannot be used");
    } else if (connect_socket(&x)) {
        size_t head_length = x.out.length;

        if (request->body)
            buf_add(&x.out, request->body, request->body_length);
        x.first_write = request->split ? head_length : x.out.length;
        run_exchange(&x);
    }
    curl_easy_cleanup(x.curl);
    trace->end_ns = clock_now_ns();
    if (x.out.data)
        xwipe(x.out.data, x.out.length);
    buf_release(&x.out);
}

void client_send(struct http_trace *out, const struct client_request *request)
{
    exchange(out, request);
    http_trace_decode(out);
}

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

    exchange(&trace, &request);
    status = take_answer(&trace, where, answer, err);
    http_trace_release(&trace);
    if (token)
        xwipe(token, strlen(token));
    free(token);
    free(where);
    return status;
}
