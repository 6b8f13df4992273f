/*
 * client: sends one request and records every byte and when it came. libcurl
 * only opens the connection (CONNECT_ONLY), so TLS and proxies follow its
 * rules; the bytes are ours. It never retries, follows a redirect or reuses a
 * connection, and ignores proxy variables. Blocking: one thread a request.
 */
#ifndef GATEDRILL_HARNESS_CLIENT_H
#define GATEDRILL_HARNESS_CLIENT_H

#include "common/err.h"
#include "harness/http_trace.h"

struct client_request {
    const char *url;    /* "http://127.0.0.1:8080/v1/chat/completions" */
    const char *method; /* "POST" */
    const char *const *headers; /* "Name: value", NULL-terminated; Host,
                                   Content-Length and Connection are added */
    const char *body;
    size_t body_length;
    bool split;         /* head and body in two writes, 20 ms apart */
    int64_t timeout_ms; /* from start to end; then TRACE_END_TIMEOUT */
    bool stream_asked;
    uint16_t tag;
    /* Polled while waiting; becomes true when the run is being stopped. May be
     * NULL. */
    const volatile int *cancelled;
};

/* Once, before any thread. */
void client_global_init(void);
void client_global_release(void);

/* Fills and decodes *out, always; what went wrong is in the trace. */
void client_send(struct http_trace *out, const struct client_request *request);

/* A plain exchange with a service of our own (the mock's control port): the
 * status, or -1 and err. Response body in *answer. */
int64_t client_call(const char *method, const char *url, const char *body,
                    const char *bearer_token, int64_t timeout_ms,
                    struct buf *answer, struct err *err);

#endif
