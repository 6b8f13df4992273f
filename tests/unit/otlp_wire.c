/* What exporters do on the wire, byte by byte, and what the receiver makes of
 * it: chunks, gzip, Expect, kept connections, several at once. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "common/buf.h"
#include "common/xalloc.h"
#include "harness/telemetry/otlp_receiver.h"

#define WAIT_S 5
#define METRIC                                                                 \
    "{\"resourceMetrics\":[{\"scopeMetrics\":[{\"metrics\":[{\"name\":"        \
    "\"calls\",\"sum\":{\"aggregationTemporality\":1,\"dataPoints\":[{"        \
    "\"asInt\":\"1\"}]}}]}]}]}"

struct wire {
    struct otlp_receiver *receiver;
    char path[40];
};

static void begin(struct wire *w)
{
    struct err err = { 0 };

    snprintf(w->path, sizeof w->path, "/tmp/gatedrill-test-XXXXXX");
    close(mkstemp(w->path));
    w->receiver = otlp_receiver_new(w->path, &err);
    cr_assert(w->receiver, "%s: %s", err.where, err.text);
}

static void end(struct wire *w)
{
    otlp_receiver_free(w->receiver);
    unlink(w->path);
}

static int connect_to(const struct wire *w)
{
    const char *port = strrchr(otlp_receiver_url(w->receiver), ':') + 1;
    struct sockaddr_in address = { .sin_family = AF_INET };
    struct timeval most = { WAIT_S, 0 };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void put(int fd, const void *bytes, size_t length)
{
    const char *at = bytes;

    while (length) {
        ssize_t sent = send(fd, at, length, MSG_NOSIGNAL);

        cr_assert_gt(sent, 0);
        at += sent;
        length -= (size_t)sent;
    }
}

static void put_text(int fd, const char *text)
{
    put(fd, text, strlen(text));
}

/* The status of the next answer, 100 too; what was read stays in in. */
static int next_status(int fd, struct buf *in)
{
    char piece[4096];
    int status = 0;

    for (;;) {
        const char *head = buf_text(in);
        const char *stop = strstr(head, "\r\n\r\n");
        const char *length = strcasestr(head, "\r\nContent-Length: ");
        size_t whole;
        ssize_t got;

        if (stop) {
            whole = (size_t)(stop + 4 - head);
            if (length && length < stop)
                whole += strtoul(length + 18, NULL, 10);
            if (in->length >= whole) {
                sscanf(head, "HTTP/1.1 %d", &status);
                memmove(in->data, in->data + whole, in->length - whole + 1);
                in->length -= whole;
                return status;
            }
        }
        got = recv(fd, piece, sizeof piece, 0);
        cr_assert_gt(got, 0, "no answer, after %s", head);
        buf_add(in, piece, (size_t)got);
    }
}

/* The deltas that arrived so far. */
static double calls(const struct wire *w)
{
    struct metrics all;
    int64_t came_ns;
    double sum = 0;

    cr_assert(otlp_receiver_metrics(w->receiver, &all, &came_ns));
    cr_expect_eq(came_ns > 0, all.count > 0, "when the latest came");
    for (size_t i = 0; i < all.count; i++)
        sum += all.samples[i].value;
    metrics_release(&all);
    return sum;
}

#define HEAD                                                                   \
    "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: application/"       \
    "json\r\n"

static void put_plain(int fd, const char *head, const char *more,
                      const void *body, size_t length)
{
    char *text =
        xasprintf("%s%sContent-Length: %zu\r\n\r\n", head, more, length);

    put_text(fd, text);
    put(fd, body, length);
    free(text);
}

Test(otlp_wire, a_body_in_chunks_is_put_together)
{
    static const char metric[] = METRIC;
    size_t sizes[] = { 1, 7, sizeof metric - 1 - 8 };
    const char *at = metric;
    struct buf in = { 0 };
    struct wire w;
    int fd;

    begin(&w);
    fd = connect_to(&w);
    put_text(fd, HEAD "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = 0; i < 3; i++) {
        char size[40];

        snprintf(size, sizeof size, "%zx;a=b\r\n", sizes[i]);
        put_text(fd, size);
        put(fd, at, sizes[i]);
        put_text(fd, "\r\n");
        at += sizes[i];
    }
    cr_expect_eq(calls(&w), 0);
    put_text(fd, "0\r\n\r\n");
    cr_expect_eq(next_status(fd, &in), 200);
    cr_expect_eq(calls(&w), 1);
    close(fd);
    buf_release(&in);
    end(&w);
}

static void zip(struct buf *out, const void *bytes, size_t length)
{
    z_stream stream = { 0 };
    unsigned char piece[65536];

    cr_assert_eq(
        deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    stream.next_in = (unsigned char *)(uintptr_t)bytes;
    stream.avail_in = (unsigned)length;
    do {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        deflate(&stream, Z_FINISH);
        buf_add(out, piece, sizeof piece - stream.avail_out);
    } while (!stream.avail_out);
    deflateEnd(&stream);
}

Test(otlp_wire, one_kept_connection_carries_every_kind_of_request)
{
    struct buf in = { 0 }, zipped = { 0 };
    struct wire w;
    char size[32];
    int fd;

    begin(&w);
    fd = connect_to(&w);
    zip(&zipped, METRIC, strlen(METRIC));
    put_plain(fd, HEAD, "", METRIC, strlen(METRIC));
    cr_expect_eq(next_status(fd, &in), 200);
    put_plain(fd, HEAD, "Content-Encoding: gzip\r\n", zipped.data,
              zipped.length);
    cr_expect_eq(next_status(fd, &in), 200);
    put_text(fd, HEAD "Content-Encoding: gzip\r\nTransfer-Encoding: "
                      "chunked\r\n\r\n");
    snprintf(size, sizeof size, "%zx\r\n", zipped.length);
    put_text(fd, size);
    put(fd, zipped.data, zipped.length);
    put_text(fd, "\r\n0\r\n\r\n");
    cr_expect_eq(next_status(fd, &in), 200);
    put_plain(fd, HEAD, "", "{", 1);
    cr_expect_eq(next_status(fd, &in), 400);
    put_plain(fd,
              "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: "
              "application/json\r\n",
              "", METRIC, strlen(METRIC));
    cr_expect_eq(next_status(fd, &in), 200);
    put_plain(fd,
              "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nContent-Type: "
              "text/plain\r\n",
              "", METRIC, strlen(METRIC));
    cr_expect_eq(next_status(fd, &in), 415);
    put_text(fd, "GET /v1/metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    cr_expect_eq(next_status(fd, &in), 405);
    put_plain(fd, HEAD, "", METRIC, strlen(METRIC));
    cr_expect_eq(next_status(fd, &in), 200);
    cr_expect_eq(calls(&w), 5);
    close(fd);
    buf_release(&in);
    buf_release(&zipped);
    end(&w);
}

Test(otlp_wire, who_expects_a_100_gets_it_before_the_body)
{
    struct buf in = { 0 };
    struct wire w;
    char *head = xasprintf(HEAD "Expect: 100-continue\r\nContent-Length: %zu"
                                "\r\n\r\n",
                           strlen(METRIC));
    int fd;

    begin(&w);
    fd = connect_to(&w);
    put_text(fd, head);
    cr_expect_eq(next_status(fd, &in), 100);
    put_text(fd, METRIC);
    cr_expect_eq(next_status(fd, &in), 200);
    cr_expect_eq(calls(&w), 1);
    close(fd);
    free(head);
    buf_release(&in);
    end(&w);
}

Test(otlp_wire, several_connections_are_served_at_once)
{
    struct buf in[8] = { 0 };
    struct wire w;
    int fds[8];

    begin(&w);
    for (size_t i = 0; i < 8; i++) {
        fds[i] = connect_to(&w);
        put_text(fds[i], HEAD);
    }
    /* None has to wait until the one before it is done. */
    for (size_t i = 8; i-- > 0;) {
        put_plain(fds[i], "", "", METRIC, strlen(METRIC));
        cr_expect_eq(next_status(fds[i], &in[i]), 200);
        buf_release(&in[i]);
    }
    cr_expect_eq(calls(&w), 8);
    for (size_t i = 0; i < 8; i++)
        close(fds[i]);
    end(&w);
}

Test(otlp_wire, a_bomb_is_refused_and_nothing_of_it_is_read)
{
    struct buf in = { 0 }, bomb = { 0 };
    char *zeros = xcalloc(OTLP_BODY_MOST + 1, 1);
    struct wire w;
    int fd;

    begin(&w);
    fd = connect_to(&w);
    zip(&bomb, zeros, OTLP_BODY_MOST + 1);
    free(zeros);
    put_plain(fd, HEAD, "Content-Encoding: gzip\r\n", bomb.data, bomb.length);
    cr_expect_eq(next_status(fd, &in), 413);
    cr_expect_eq(calls(&w), 0);
    close(fd);
    buf_release(&in);
    buf_release(&bomb);
    end(&w);
}

/* google.rpc.Status: code 3, and what is wrong; nothing of the body. */
Test(otlp_wire, bad_data_is_told_as_a_status_in_the_coding_that_came)
{
    struct buf in = { 0 };
    char piece[2048];
    struct wire w;
    ssize_t got;
    int fd;

    begin(&w);
    fd = connect_to(&w);
    put_plain(fd,
              "POST /v1/metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
              "Content-Type: application/x-protobuf\r\n",
              "", "\x0a\x05secret", 8);
    while ((got = recv(fd, piece, sizeof piece, 0)) > 0)
        buf_add(&in, piece, (size_t)got);
    cr_expect_eq(strncmp(buf_text(&in), "HTTP/1.1 400 ", 13), 0);
    cr_expect(strstr(buf_text(&in), "Content-Type: application/x-protobuf"));
    cr_expect(memmem(in.data, in.length, "\r\n\r\n\x08\x03\x12", 7));
    cr_expect(!memmem(in.data, in.length, "secret", 6));
    close(fd);
    buf_release(&in);
    end(&w);
}
