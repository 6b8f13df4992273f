#include "tests/refgateway/post.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/xalloc.h"

#define TIMEOUT_MS 2000L
#define GZIP_BITS  (15 + 16)

void post_begin(struct post *out)
{
    const char *compression = getenv("OTEL_EXPORTER_OTLP_COMPRESSION");
    const char *chunked = getenv("REFGW_OTLP_CHUNKED");

    *out = (struct post){ .gzip = compression && !strcmp(compression, "gzip"),
                          .chunked = chunked && !strcmp(chunked, "1") };
}

static size_t ignore(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes;
    (void)user;
    return size * count;
}

struct reading {
    const char *at;
    size_t left;
};

static size_t give(char *out, size_t size, size_t count, void *user)
{
    struct reading *reading = user;
    size_t length = reading->left < size * count ? reading->left : size * count;

    memcpy(out, reading->at, length);
    reading->at += length;
    reading->left -= length;
    return length;
}

static void zip(struct buf *out, const struct buf *body)
{
    z_stream stream = { 0 };
    unsigned char piece[4096];

    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_BITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        xalloc_fail();
    stream.next_in = (unsigned char *)(uintptr_t)buf_text(body);
    stream.avail_in = (unsigned)body->length;
    do {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        deflate(&stream, Z_FINISH);
        buf_add(out, piece, sizeof piece - stream.avail_out);
    } while (!stream.avail_out);
    deflateEnd(&stream);
}

static void set_body(const struct post *post, CURL *easy,
                     struct reading *reading)
{
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    if (post->chunked) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, NULL);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, give);
        curl_easy_setopt(easy, CURLOPT_READDATA, reading);
        return;
    }
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, reading->at);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)reading->left);
}

void post_send(const struct post *post, void *easy, const char *url,
               const char *content_type, const struct buf *body)
{
    char *type = xasprintf("Content-Type: %s", content_type);
    struct curl_slist *headers = curl_slist_append(NULL, type);
    struct buf zipped = { 0 };
    struct reading reading = { body->data, body->length };

    headers = curl_slist_append(headers, "Expect:");
    if (post->chunked)
        headers = curl_slist_append(headers, "Transfer-Encoding: chunked");
    if (post->gzip) {
        headers = curl_slist_append(headers, "Content-Encoding: gzip");
        zip(&zipped, body);
        reading = (struct reading){ zipped.data, zipped.length };
    }
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
    set_body(post, easy, &reading);
    curl_easy_perform(easy);
    curl_slist_free_all(headers);
    buf_release(&zipped);
    free(type);
}
