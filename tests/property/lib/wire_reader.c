#include "tests/property/lib/wire_reader.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void wire_reader_init(struct wire_reader *reader, struct hearing *hearing)
{
    *reader = (struct wire_reader){ .hearing = hearing, .length = -1 };
}

void wire_reader_release(struct wire_reader *reader)
{
    buf_release(&reader->pending);
}

static void over(struct wire_reader *reader, CURLcode code)
{
    reader->part = WIRE_OVER;
    reader->hearing->curl_code = (int)code;
}

static void take(struct wire_reader *reader, size_t length)
{
    struct buf *pending = &reader->pending;

    memmove(pending->data, pending->data + length, pending->length - length);
    pending->length -= length;
}

/* Length of the first whole line with its end; 0: none yet. */
static size_t line_length(const struct wire_reader *reader)
{
    const char *end =
        reader->pending.length
            ? memchr(reader->pending.data, '\n', reader->pending.length)
            : NULL;

    return end ? (size_t)(end - reader->pending.data) + 1 : 0;
}

static bool named(const char *line, size_t length, const char *name)
{
    return length > strlen(name) && !strncasecmp(line, name, strlen(name));
}

/* The head is whole: how does the body end? */
static void after_head(struct wire_reader *reader)
{
    int status = reader->hearing->head.status;

    if (!reader->hearing->head.complete)
        return; /* an interim answer */
    if (status == 204 || status == 304)
        over(reader, CURLE_OK);
    else if (reader->chunked)
        reader->part = WIRE_CHUNK_SIZE;
    else if (reader->length >= 0)
        reader->part = WIRE_LENGTH;
    else
        reader->part = WIRE_CLOSE;
    reader->left = reader->length;
    if (reader->part == WIRE_LENGTH && !reader->left)
        over(reader, CURLE_OK);
}

static bool read_head(struct wire_reader *reader, int64_t now_ns)
{
    const char *line = reader->pending.data;
    size_t length = line_length(reader);
    size_t known = reader->pending.length < 5 ? reader->pending.length : 5;

    if (!reader->hearing->head.status && strncmp(line, "HTTP/", known) != 0) {
        over(reader, CURLE_UNSUPPORTED_PROTOCOL);
        return false;
    }
    if (!length)
        return false;
    if (named(line, length, "transfer-encoding: chunked"))
        reader->chunked = true;
    if (named(line, length, "content-length:"))
        reader->length = strtoll(line + 15, NULL, 10);
    hearing_header(reader->hearing, line, length, now_ns);
    take(reader, length);
    after_head(reader);
    return reader->part != WIRE_OVER;
}

static bool read_bytes(struct wire_reader *reader, int64_t now_ns)
{
    size_t length = reader->pending.length;

    if (!length)
        return false;
    if (reader->part != WIRE_CLOSE && (int64_t)length > reader->left)
        length = (size_t)reader->left;
    reader->left -= (int64_t)length;
    if (!hearing_body(reader->hearing, reader->pending.data, length, now_ns)) {
        over(reader, CURLE_WRITE_ERROR);
        return false;
    }
    take(reader, length);
    if (!reader->left && reader->part == WIRE_LENGTH)
        over(reader, CURLE_OK);
    if (!reader->left && reader->part == WIRE_CHUNK_DATA)
        reader->part = WIRE_CHUNK_END;
    return reader->part != WIRE_OVER;
}

static bool read_chunk_line(struct wire_reader *reader)
{
    size_t length = line_length(reader);
    char *after;

    if (!length)
        return false;
    if (reader->part == WIRE_CHUNK_SIZE) {
        reader->left = (int64_t)strtoull(reader->pending.data, &after, 16);
        if (after == reader->pending.data || reader->left < 0) {
            over(reader, CURLE_RECV_ERROR);
            return false;
        }
        reader->part = reader->left ? WIRE_CHUNK_DATA : WIRE_TRAILER;
    } else if (reader->part == WIRE_CHUNK_END) {
        reader->part = WIRE_CHUNK_SIZE;
    } else if (length <= 2) {
        over(reader, CURLE_OK);
        return false;
    }
    take(reader, length);
    return true;
}

static bool read_some(struct wire_reader *reader, int64_t now_ns)
{
    if (!reader->pending.length)
        return false;
    switch (reader->part) {
    case WIRE_HEAD:
        return read_head(reader, now_ns);
    case WIRE_LENGTH:
    case WIRE_CHUNK_DATA:
    case WIRE_CLOSE:
        return read_bytes(reader, now_ns);
    case WIRE_CHUNK_SIZE:
    case WIRE_CHUNK_END:
    case WIRE_TRAILER:
        return read_chunk_line(reader);
    case WIRE_OVER:
        break;
    }
    return false;
}

void wire_reader_feed(struct wire_reader *reader, const char *bytes,
                      size_t length, int64_t now_ns)
{
    reader->any = reader->any || length;
    buf_add(&reader->pending, bytes, length);
    while (read_some(reader, now_ns))
        continue;
}

void wire_reader_end(struct wire_reader *reader, bool reset)
{
    if (reader->part == WIRE_OVER)
        return;
    if (reset) {
        reader->hearing->os_errno = ECONNRESET;
        over(reader, CURLE_RECV_ERROR);
    } else if (reader->part == WIRE_HEAD) {
        over(reader, reader->any ? CURLE_OK : CURLE_GOT_NOTHING);
    } else {
        over(reader,
             reader->part == WIRE_CLOSE ? CURLE_OK : CURLE_PARTIAL_FILE);
    }
}
