/*
 * client: sends one request and records every byte and when it came. libcurl
 * only opens the connection (CONNECT_ONLY), so TLS and proxies follow its
 * rules; the bytes are ours. It never retries or follows a redirect, reuses a
 * connection only where it is given one to keep, and ignores proxy variables.
 * Blocking: one thread a request.
 */
#ifndef GATEDRILL_HARNESS_CLIENT_H
#define GATEDRILL_HARNESS_CLIENT_H

#include <stdatomic.h>

#include "common/err.h"
#include "common/scenario.h"
#include "harness/client/http_trace.h"

/* When the client leaves before the end, and how. */
struct client_leave {
    int64_t after_ms; /* after its start; 0: not by time */
    int64_t events;   /* of a stream, read; 0: not by events */
    /* Polled every few ms; NULL: nobody asks. */
    bool (*asked)(void *context);
    void *context;
    enum abort_how how;
};

/* A connection that is kept from one request to the next. */
struct client_connection;
struct client_connection *client_connection_new(void);
void client_connection_free(struct client_connection *connection);

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
    const struct client_leave *leave;     /* NULL: it stays */
    struct client_connection *connection; /* NULL: one of its own, closed */
    bool expect_continue; /* the body waits for a 100, at most a second */
    int64_t read_rate_bytes_per_s; /* 0: as fast as it comes */
    /* Polled while waiting; becomes true when the run is being stopped. May be
     * NULL. */
    const atomic_int *cancelled;
};

/* Once, before any thread. */
void client_global_init(void);
void client_global_release(void);

/* Fills and decodes *out, always; what went wrong is in the trace. */
void client_send(struct http_trace *out, const struct client_request *request);
/* The same without decoding it. */
void client_exchange(struct http_trace *trace,
                     const struct client_request *request);

/* A plain exchange with a service of our own (the mock's control port): the
 * status, or -1 and err. Response body in *answer. */
int64_t client_call(const char *method, const char *url, const char *body,
                    const char *bearer_token, int64_t timeout_ms,
                    struct buf *answer, struct err *err);

#endif
