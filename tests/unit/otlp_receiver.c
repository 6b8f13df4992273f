/* What an exporter is answered, and that what it sent is there. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "common/clock.h"
#include "common/xalloc.h"
#include "harness/client/client.h"
#include "harness/telemetry/otlp_receiver.h"
#include "harness/text_file.h"

#define TRACE "30313233343536373839616263646566"
static const char span[] =
    "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":\"" TRACE
    "\",\"spanId\":\"4142434445464748\",\"kind\":2}]}]}]}";
static const char json[] = "application/json";
static const char protobuf[] = "application/x-protobuf";

static void zip(struct buf *out, const char *text, size_t length)
{
    z_stream stream = { 0 };
    unsigned char piece[4096];

    cr_assert_eq(
        deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
        Z_OK);
    stream.next_in = (unsigned char *)(uintptr_t)text;
    stream.avail_in = (unsigned)length;
    do {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        deflate(&stream, Z_FINISH);
        buf_add(out, piece, sizeof piece - stream.avail_out);
    } while (!stream.avail_out);
    deflateEnd(&stream);
}

static const struct {
    const char *method, *path, *type, *encoding, *body;
    unsigned status;
    size_t spans;
} rows[] = {
    { "POST", "/v1/traces", json, NULL, span, 200, 1 },
    { "POST", "/prefix/v1/traces", "application/json; charset=utf-8",
      "identity", span, 200, 1 },
    { "POST", "/", json, NULL, span, 200, 1 },
    { "POST", "/v1/traces", json, NULL, "{}", 200, 0 },
    { "POST", "/v1/metrics", json, NULL, "{}", 200, 0 },
    { "POST", "/v1/traces", protobuf, NULL, "", 200, 0 },
    { "POST", "/v1/logs", protobuf, NULL, "", 200, 0 },
    { "POST", "/v1/traces", json, NULL, "{", 400, 0 },
    { "POST", "/v1/traces", protobuf, NULL, "\x0a\x05", 400, 0 },
    { "POST", "/v1/traces", json, "gzip", span, 400, 0 },
    { "POST", "/v1/traces", json, "br", span, 415, 0 },
    { "POST", "/v1/traces", "text/plain", NULL, span, 415, 0 },
    { "POST", "/v1/traces", NULL, NULL, span, 415, 0 },
    { "POST", "/v1/profiles", json, NULL, "{}", 404, 0 },
    { "POST", "/", json, NULL, "{}", 404, 0 },
    { "GET", "/v1/traces", json, NULL, "", 405, 0 },
};

Test(otlp_receiver, each_request_gets_the_answer_of_the_specification)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct otlp_answer answer;

        otlp_answer(&answer, rows[i].method, rows[i].path, rows[i].type,
                    rows[i].encoding, rows[i].body, strlen(rows[i].body));
        cr_expect_eq(answer.status, rows[i].status, "row %zu: %u", i,
                     answer.status);
        cr_expect_eq(answer.seen.span_count, rows[i].spans, "row %zu", i);
        if (answer.status == 200 && !strcmp(answer.type, json))
            cr_expect_str_eq(buf_text(&answer.body), "{}");
        else if (answer.status == 200)
            cr_expect_eq(answer.body.length, 0);
        else
            cr_expect(memmem(answer.body.data, answer.body.length,
                             "\"message\"", 9) ||
                          answer.body.data[0] == 0x08,
                      "row %zu says nothing", i);
        otlp_answer_release(&answer);
    }
}

Test(otlp_receiver, gzip_is_undone_and_its_size_is_bounded)
{
    struct otlp_answer answer;
    struct buf zipped = { 0 };
    char *zeros = xcalloc(OTLP_BODY_MOST + 1, 1);

    zip(&zipped, span, strlen(span));
    otlp_answer(&answer, "POST", "/v1/traces", json, "gzip", zipped.data,
                zipped.length);
    cr_expect_eq(answer.status, 200);
    cr_expect_eq(answer.seen.span_count, 1);
    cr_expect_str_eq(buf_text(&answer.plain), span);
    otlp_answer_release(&answer);
    otlp_answer(&answer, "POST", "/v1/traces", json, "gzip", zipped.data,
                zipped.length - 5);
    cr_expect_eq(answer.status, 400);
    otlp_answer_release(&answer);
    buf_clear(&zipped);
    zip(&zipped, zeros, OTLP_BODY_MOST + 1);
    otlp_answer(&answer, "POST", "/v1/traces", json, "gzip", zipped.data,
                zipped.length);
    cr_expect_eq(answer.status, 413);
    otlp_answer_release(&answer);
    otlp_answer(&answer, "POST", "/v1/traces", json, NULL, zeros,
                OTLP_BODY_MOST + 1);
    cr_expect_eq(answer.status, 413);
    otlp_answer_release(&answer);
    buf_release(&zipped);
    free(zeros);
}

static bool has_root(const struct telemetry *telemetry, const void *context)
{
    return telemetry_has_root(telemetry, context);
}

Test(otlp_receiver, what_was_sent_is_in_the_file_and_can_be_taken)
{
    static const char *const headers[] = { "Content-Type: application/json",
                                           NULL };
    static const char *const ids[] = { TRACE, NULL };
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    struct client_request request = { .method = "POST",
                                      .headers = headers,
                                      .body = span,
                                      .body_length = strlen(span),
                                      .timeout_ms = 2000 };
    struct otlp_receiver *receiver;
    struct http_trace trace;
    struct telemetry taken = { 0 };
    struct err err = { 0 };
    struct buf file = { 0 };
    char *url;

    close(mkstemp(path));
    receiver = otlp_receiver_new(path, &err);
    cr_assert(receiver, "%s: %s", err.where, err.text);
    cr_expect(!otlp_receiver_wait(receiver, 5, has_root, TRACE));
    url = xasprintf("%s/v1/traces", otlp_receiver_url(receiver));
    request.url = url;
    client_global_init();
    client_send(&trace, &request);
    cr_expect_eq(trace.status, 200);
    cr_expect_str_eq(buf_text(&trace.body), "{}");
    cr_expect(otlp_receiver_wait(receiver, 2000, has_root, TRACE));
    otlp_receiver_take(receiver, &taken, ids, NULL, 0);
    cr_expect_eq(taken.span_count, 1);
    cr_expect(!otlp_receiver_wait(receiver, 0, has_root, TRACE));
    cr_assert(text_file_append_to(&file, path, &err));
    cr_expect(strstr(buf_text(&file), span));
    otlp_receiver_free(receiver);
    http_trace_release(&trace);
    telemetry_release(&taken);
    buf_release(&file);
    free(url);
    unlink(path);
}

static struct otlp_receiver *receive(const char *path)
{
    struct err err = { 0 };
    struct otlp_receiver *receiver = otlp_receiver_new(path, &err);

    cr_assert(receiver, "%s: %s", err.where, err.text);
    return receiver;
}

#define HEAD                                                                   \
    "POST /v1/traces HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"             \
    "Content-Type: application/json\r\n"

/* Sends these bytes; answered: and waits until the other end is done. */
static void send_bytes(const struct otlp_receiver *receiver, const char *bytes,
                       bool answered)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char answer[1024];

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port =
        htons((uint16_t)atoi(strrchr(otlp_receiver_url(receiver), ':') + 1));
    cr_assert_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    cr_assert_eq(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    while (answered && read(fd, answer, sizeof answer) > 0)
        continue;
    close(fd);
}

Test(otlp_receiver, what_cannot_be_kept_is_a_problem)
{
    struct otlp_receiver *receiver = receive("/dev/full");

    cr_expect_null(otlp_receiver_problem(receiver));
    send_bytes(receiver, HEAD "Content-Length: 2\r\n\r\n{}", true);
    cr_expect_str_eq(otlp_receiver_problem(receiver),
                     "its file cannot be written");
    otlp_receiver_free(receiver);
}

Test(otlp_receiver, of_an_upload_that_breaks_off_is_kept_what_came)
{
    char path[] = "/tmp/gatedrill-test-XXXXXX";
    struct otlp_receiver *receiver;
    struct err err = { 0 };
    struct buf file = { 0 };

    close(mkstemp(path));
    receiver = receive(path);
    send_bytes(receiver, HEAD "Content-Length: 900\r\n\r\n{\"half", false);
    /* By then the first one has been read, too. */
    send_bytes(receiver, HEAD "Content-Length: 2\r\n\r\n{}", true);
    otlp_receiver_free(receiver);
    cr_assert(text_file_append_to(&file, path, &err));
    cr_expect(strstr(buf_text(&file), "{\"half\n"), "%s", buf_text(&file));
    buf_release(&file);
    unlink(path);
}

Test(otlp_receiver, too_long_a_request_is_a_problem)
{
    static const char *const headers[] = { "Content-Type: application/json",
                                           NULL };
    char path[] = "/tmp/gatedrill-test-XXXXXX", *url;
    struct client_request request = { .method = "POST",
                                      .headers = headers,
                                      .body_length = OTLP_BODY_MOST + 1,
                                      .timeout_ms = 20000 };
    struct otlp_receiver *receiver;
    struct http_trace trace;
    char *zeros = xcalloc(OTLP_BODY_MOST + 1, 1);

    close(mkstemp(path));
    receiver = receive(path);
    url = xasprintf("%s/v1/traces", otlp_receiver_url(receiver));
    request.url = url;
    request.body = zeros;
    client_global_init();
    client_exchange(&trace, &request);
    client_global_release();
    http_trace_decode(&trace);
    cr_expect_eq(trace.status, 413);
    cr_expect_str_eq(otlp_receiver_problem(receiver),
                     "a request was longer than 64 MiB");
    otlp_receiver_free(receiver);
    http_trace_release(&trace);
    free(zeros);
    free(url);
    unlink(path);
}

Test(otlp_receiver, a_file_that_cannot_be_written_is_told)
{
    struct err err = { 0 };

    cr_expect_null(otlp_receiver_new("/nowhere/at/all", &err));
    cr_expect_eq(err.code, ERR_IO);
}

/* One item of each signal, in a scope, in a resource. */
#define SPAN_BYTES                                                             \
    "\x0a\x20\x12\x1e\x12\x1c\x0a\x10"                                         \
    "0123456789abcdef"                                                         \
    "\x12\x08"                                                                 \
    "ABCDEFGH"
#define METRIC_BYTES                                                           \
    "\x0a\x12\x12\x10\x12\x0e\x0a\x01n\x3a\x09\x0a\x07"                        \
    "\x3a\x05\x0a\x03key"
#define LOG_BYTES "\x0a\x0c\x12\x0a\x12\x08\x10\x11\x2a\x04\x0a\x02hi"

Test(otlp_receiver, protobuf_without_a_path_is_what_it_makes_sense_as)
{
    static const struct {
        const char *bytes;
        size_t length;
        unsigned status;
        size_t spans, points;
    } bodies[] = {
        { SPAN_BYTES, sizeof SPAN_BYTES - 1, 200, 1, 0 },
        { METRIC_BYTES, sizeof METRIC_BYTES - 1, 200, 0, 1 },
        { LOG_BYTES, sizeof LOG_BYTES - 1, 200, 0, 0 },
        { "", 0, 404, 0, 0 },
        { "\x0a\x02\x12\x00", 4, 404, 0, 0 },
        { "nothing", 7, 404, 0, 0 },
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct otlp_answer answer;

        otlp_answer(&answer, "POST", "/", protobuf, NULL, bodies[i].bytes,
                    bodies[i].length);
        cr_expect_eq(answer.status, bodies[i].status, "body %zu: %u", i,
                     answer.status);
        cr_expect_eq(answer.seen.span_count, bodies[i].spans, "body %zu", i);
        cr_expect_eq(answer.points.count, bodies[i].points, "body %zu", i);
        otlp_answer_release(&answer);
    }
}
