#include "harness/client/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define SLICE_MS   200 /* how soon a cancellation is seen */
#define SPLIT_MS   20
#define ASK_MS     5    /* how soon it is seen that the client shall leave */
#define PACE_MS    20   /* between two reads of a slow reader */
#define EXPECT_MS  1000 /* how long a body waits for a 100 */
#define SLOW_BYTES 4096 /* receive buffer of a slow reader */
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
    size_t events, counted;  /* of a stream; bytes that were looked at */
    bool ended;
};

struct client_connection {
    CURL *curl; /* NULL: none is open */
    curl_socket_t socket;
};

struct client_connection *client_connection_new(void)
{
    return xcalloc(1, sizeof(struct client_connection));
}

static void connection_drop(struct client_connection *connection)
{
    curl_easy_cleanup(connection->curl);
    connection->curl = NULL;
}

void client_connection_free(struct client_connection *connection)
{
    if (connection)
        connection_drop(connection);
    free(connection);
}

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
    if (request->expect_continue)
        buf_add_text(&x->out, "Expect: 100-continue\r\n");
    buf_printf(&x->out, "Connection: %s\r\n\r\n",
               request->connection ? "keep-alive" : "close");
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

/* What a slow reader does not take shall wait at the gateway, not here. */
static int on_socket(void *context, curl_socket_t socket, curlsocktype purpose)
{
    int bytes = SLOW_BYTES;

    (void)context, (void)purpose;
    setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return CURL_SOCKOPT_OK;
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
    if (x->request->read_rate_bytes_per_s > 0)
        curl_easy_setopt(x->curl, CURLOPT_SOCKOPTFUNCTION, on_socket);
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
        x->second_write_ns =
            clock_now_ns() +
            (x->request->expect_continue ? EXPECT_MS : SPLIT_MS) * NS_PER_MS;
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

/* How many bytes may be read now, at most `most`. */
static size_t readable(const struct exchange *x, size_t most)
{
    int64_t rate = x->request->read_rate_bytes_per_s;
    int64_t allowed;

    if (rate <= 0)
        return most;
    allowed =
        (clock_now_ns() - x->trace->connected_ns) / NS_PER_MS * rate / 1000 -
        (int64_t)x->trace->raw.length;
    if (allowed <= 0)
        return 0;
    return (size_t)allowed < most ? (size_t)allowed : most;
}

/* The word may be cut by a read or by the framing of a chunk: then the event is
 * seen one later. */
static void count_events(struct exchange *x)
{
    static const char word[] = "data:";
    const char *bytes = buf_text(&x->trace->raw);
    const char *at;

    while ((at = strstr(bytes + x->counted, word)) != NULL) {
        x->events++;
        x->counted = (size_t)(at - bytes) + strlen(word);
    }
}

/* Reads what is there, without waiting. Bytes beside a complete message are
 * still taken when they are there already: they are a finding. */
static void receive_some(struct exchange *x)
{
    char bytes[16384];
    CURLcode code;
    size_t length;

    while (x->trace->raw.length <= BYTES_MOST + sizeof bytes) {
        size_t most = readable(x, sizeof bytes);

        if (!most)
            return;
        code = curl_easy_recv(x->curl, bytes, most, &length);
        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK || !length) {
            if (!x->ended)
                take_end(x, code);
            return;
        }
        http_trace_add_read(x->trace, bytes, length, clock_now_ns());
        if (x->request->expect_continue && x->sent == x->first_write)
            x->second_write_ns = 0;
        if (!x->ended)
            judge_progress(x);
    }
}

static void wait_socket(const struct exchange *x)
{
    struct pollfd poller = { .fd = x->socket, .events = POLLIN };
    int64_t now_ns = clock_now_ns();
    bool asking = x->request->leave && !x->trace->left_ns;
    int64_t until_ns = now_ns + (asking ? ASK_MS : SLICE_MS) * NS_PER_MS;
    struct timespec wait;

    if (x->request->read_rate_bytes_per_s > 0) {
        poller.events = 0;
        if (until_ns > now_ns + PACE_MS * NS_PER_MS)
            until_ns = now_ns + PACE_MS * NS_PER_MS;
    }
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

static bool shall_leave(struct exchange *x)
{
    const struct client_leave *leave = x->request->leave;

    if (!leave || x->trace->left_ns)
        return false;
    if (leave->events) {
        count_events(x);
        return x->events >= (size_t)leave->events;
    }
    if (leave->after_ms)
        return clock_now_ns() >=
               x->trace->start_ns + leave->after_ms * NS_PER_MS;
    return leave->asked && leave->asked(leave->context);
}

static void leave(struct exchange *x)
{
    struct linger at_once = { .l_onoff = 1 };

    x->trace->left_ns = clock_now_ns();
    if (x->request->leave->how == ABORT_RST)
        setsockopt(x->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    else
        shutdown(x->socket, SHUT_WR);
    if (x->request->leave->how != ABORT_HALF_CLOSE)
        end_exchange(x, TRACE_END_LEFT, "");
}

static void run_exchange(struct exchange *x)
{
    while (!x->ended) {
        send_some(x);
        receive_some(x);
        if (x->ended)
            break;
        if (shall_leave(x))
            leave(x);
        else if (is_cancelled(x->request))
            end_exchange(x, TRACE_END_LEFT, "the run is being stopped");
        else if (clock_now_ns() >= x->deadline_ns)
            end_exchange(x, TRACE_END_TIMEOUT, "our limit ran out");
        else
            wait_socket(x);
    }
}

/* A kept connection on which nothing came since: its end, most likely. */
static bool take_kept(struct exchange *x)
{
    struct client_connection *kept = x->request->connection;
    struct pollfd poller = { .events = POLLIN | POLLRDHUP };

    if (!kept || !kept->curl)
        return false;
    poller.fd = kept->socket;
    if (poll(&poller, 1, 0) != 0) {
        connection_drop(kept);
        return false;
    }
    x->curl = kept->curl;
    x->socket = kept->socket;
    x->trace->connected_ns = clock_now_ns();
    x->trace->reused = true;
    return true;
}

/* The connection is the kept one's, or ends here. */
static void put_back(struct exchange *x)
{
    struct client_connection *kept = x->request->connection;

    if (kept) {
        kept->curl = x->curl;
        kept->socket = x->socket;
    } else {
        curl_easy_cleanup(x->curl);
    }
}

void client_exchange(struct http_trace *trace,
                     const struct client_request *request)
{
    struct exchange x = { .trace = trace, .request = request };
    bool connected;

    *trace = (struct http_trace){ .status = -1,
                                  .start_ns = clock_now_ns(),
                                  .stream_asked = request->stream_asked,
                                  .tag = request->tag };
    x.deadline_ns = trace->start_ns + request->timeout_ms * NS_PER_MS;
    connected = take_kept(&x);
    if (!connected)
        x.curl = curl_easy_init();
    if (!x.curl || !write_head(&x)) {
        end_exchange(&x, TRACE_END_NOT_CONNECTED, "the URL cannot be used");
    } else if (connected || connect_socket(&x)) {
        size_t head_length = x.out.length;

        if (request->body)
            buf_add(&x.out, request->body, request->body_length);
        x.first_write = request->split || request->expect_continue
                            ? head_length
                            : x.out.length;
        run_exchange(&x);
    }
    put_back(&x);
    trace->end_ns = clock_now_ns();
    if (x.out.data)
        xwipe(x.out.data, x.out.length);
    buf_release(&x.out);
}

/* Both sides said that there may be another request. */
static bool may_keep(const struct http_trace *trace)
{
    char *said = http_trace_header(trace, "Connection");
    bool close = said && strcasestr(said, "close");

    free(said);
    return trace->end == TRACE_END_FRAMED && !trace->extra_bytes && !close &&
           trace->head.length > 8 &&
           strncmp(buf_text(&trace->head), "HTTP/1.0", 8) != 0;
}

void client_send(struct http_trace *out, const struct client_request *request)
{
    client_exchange(out, request);
    http_trace_decode(out);
    if (request->connection && !may_keep(out))
        connection_drop(request->connection);
}
