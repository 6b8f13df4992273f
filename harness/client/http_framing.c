#include "harness/client/http_framing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"

/* Larger sizes are an attack or a slip, never an answer. */
#define SIZE_MOST (INT64_C(1) << 53)

struct announced {
    size_t lengths; /* Content-Length values seen, list members counted */
    int64_t length;
    bool length_bad, length_conflict;
    bool coded;   /* a Transfer-Encoding header */
    bool chunked; /* its last coding */
};

__attribute__((format(printf, 2, 3))) static void
note(struct http_framing *framing, const char *format, ...)
{
    va_list args;

    if (framing->problem[0])
        return;
    va_start(args, format);
    vsnprintf(framing->problem, sizeof framing->problem, format, args);
    va_end(args);
}

static void add_body(struct http_framing *framing, const char *bytes,
                     size_t raw_at, size_t length)
{
    struct http_segment *segment;

    if (!length || framing->scan_only)
        return;
    framing->segments =
        xgrow(framing->segments, framing->segment_count,
              &framing->segment_capacity, sizeof *framing->segments);
    segment = &framing->segments[framing->segment_count++];
    *segment = (struct http_segment){ framing->body.length, raw_at };
    buf_add(&framing->body, bytes + raw_at, length);
}

/* Decimal digits and nothing else; -1 when it is not that. */
static int64_t parse_length(struct http_span text)
{
    int64_t value = 0;

    if (!text.length)
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -1;
        value = value * 10 + (text.at[i] - '0');
        if (value > SIZE_MOST)
            return -1;
    }
    return value;
}

/* Takes the next member of a comma separated list off *list. */
static struct http_span next_member(struct http_span *list)
{
    const char *comma = memchr(list->at, ',', list->length);
    size_t length = comma ? (size_t)(comma - list->at) : list->length;
    struct http_span member = { list->at, length };

    list->at += length + (comma ? 1 : 0);
    list->length -= length + (comma ? 1 : 0);
    while (member.length && (*member.at == ' ' || *member.at == '\t')) {
        member.at++;
        member.length--;
    }
    while (member.length && (member.at[member.length - 1] == ' ' ||
                             member.at[member.length - 1] == '\t'))
        member.length--;
    return member;
}

static void add_length(struct announced *out, struct http_span value)
{
    do {
        int64_t length = parse_length(next_member(&value));

        if (length < 0)
            out->length_bad = true;
        else if (out->lengths && length != out->length)
            out->length_conflict = true;
        out->length = length;
        out->lengths++;
    } while (value.length);
}

static void read_announced(struct announced *out, const struct http_head *head,
                           const char *bytes)
{
    size_t cursor = 0;
    struct http_span name, value;

    *out = (struct announced){ 0 };
    while (http_head_next(bytes + head->start, head->end - head->start, &cursor,
                          &name, &value)) {
        if (http_span_is(name, "content-length"))
            add_length(out, value);
        if (!http_span_is(name, "transfer-encoding"))
            continue;
        out->coded = true;
        do
            out->chunked = http_span_is(next_member(&value), "chunked");
        while (value.length);
    }
}

static void read_length(struct http_framing *out,
                        const struct announced *announced, const char *bytes,
                        size_t at, size_t length)
{
    size_t wanted = (size_t)announced->length;
    size_t there = length - at;

    out->kind = TRACE_FRAMING_LENGTH;
    if (announced->length_bad || announced->length_conflict) {
        out->broken = true;
        note(out, announced->length_bad ? "Content-Length is no number"
                                        : "Content-Length values differ");
        add_body(out, bytes, at, there);
        return;
    }
    if (announced->lengths > 1)
        note(out, "Content-Length more than once");
    out->complete = there >= wanted;
    add_body(out, bytes, at, out->complete ? wanted : there);
    if (out->complete)
        out->end = at + wanted;
    else
        note(out, "%zu of %zu body bytes came", there, wanted);
}

static int hex_value(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'F')
        return byte - 'A' + 10;
    return -1;
}

/* "1a", "1A;name=value"; blanks may stand before the semicolon. -1: neither. */
static int64_t parse_chunk_size(struct http_span line)
{
    int64_t size = 0;
    size_t at = 0;

    for (; at < line.length && hex_value(line.at[at]) >= 0; at++) {
        size = size * 16 + hex_value(line.at[at]);
        if (size > SIZE_MOST)
            return -1;
    }
    if (!at)
        return -1;
    while (at < line.length && (line.at[at] == ' ' || line.at[at] == '\t'))
        at++;
    return at == line.length || line.at[at] == ';' ? size : -1;
}

/* True when the bytes so far, without a line end, can still become the line of
 * a chunk size. */
static bool may_become_size(const char *bytes, size_t length)
{
    struct http_span line = { bytes, length };

    if (length && bytes[length - 1] == '\r')
        line.length--;
    return !line.length || parse_chunk_size(line) >= 0;
}

static void read_trailers(struct http_framing *out, const char *bytes,
                          size_t at, size_t length)
{
    struct http_span line;
    bool bare_lf;

    while (http_line_next(bytes, length, &at, &line, &bare_lf)) {
        if (bare_lf)
            note(out, "line in the trailer ended by a bare LF");
        if (!line.length) {
            out->complete = true;
            out->end = at;
            return;
        }
    }
    note(out, "ended inside the trailer");
}

/* The CRLF after a chunk's data. False when the walk ends here. */
static bool skip_chunk_end(struct http_framing *out, const char *bytes,
                           size_t *at, size_t length)
{
    if (*at < length && bytes[*at] == '\n') {
        note(out, "chunk ended by a bare LF");
        *at += 1;
        return true;
    }
    if ((*at < length && bytes[*at] != '\r') ||
        (*at + 1 < length && bytes[*at + 1] != '\n')) {
        out->broken = true;
        note(out, "chunk longer than its size");
        return false;
    }
    if (*at + 1 >= length) {
        note(out, "ended inside a chunk");
        return false;
    }
    *at += 2;
    return true;
}

static void read_chunks(struct http_framing *out, const char *bytes, size_t at,
                        size_t length)
{
    struct http_span line;
    bool bare_lf;

    for (;;) {
        size_t start = at;
        int64_t size;

        out->resume = start;
        if (!http_line_next(bytes, length, &at, &line, &bare_lf)) {
            out->broken = !may_become_size(bytes + start, length - start);
            note(out, out->broken ? "invalid chunk size"
                                  : "ended before the last chunk");
            return;
        }
        size = parse_chunk_size(line);
        if (size < 0) {
            out->broken = true;
            note(out, "invalid chunk size");
            return;
        }
        if (bare_lf)
            note(out, "chunk size ended by a bare LF");
        if (size == 0) {
            read_trailers(out, bytes, at, length);
            return;
        }
        if ((size_t)size > length - at) {
            add_body(out, bytes, at, length - at);
            note(out, "ended inside a chunk");
            return;
        }
        add_body(out, bytes, at, (size_t)size);
        at += (size_t)size;
        if (!skip_chunk_end(out, bytes, &at, length))
            return;
    }
}

static void read_until_close(struct http_framing *out, const char *bytes,
                             size_t at, size_t length, bool ended)
{
    out->kind = TRACE_FRAMING_CLOSE;
    add_body(out, bytes, at, length - at);
    out->complete = ended;
    out->end = length;
    if (!ended)
        note(out, "no FIN ended the body");
}

static void read_body(struct http_framing *out, const struct http_head *head,
                      const char *bytes, size_t length, bool ended)
{
    struct announced announced;

    read_announced(&announced, head, bytes);
    if (head->status == 204 || head->status == 304 || head->status == 101) {
        out->kind = TRACE_FRAMING_NO_BODY;
        out->complete = true;
        out->end = head->end;
        if (head->status == 204 && (announced.lengths || announced.coded))
            note(out, "a 204 that announces a body");
        return;
    }
    if (announced.coded && announced.lengths)
        note(out, "both Content-Length and Transfer-Encoding");
    if (announced.coded && head->version_1_0)
        note(out, "Transfer-Encoding in HTTP/1.0");
    if (announced.chunked) {
        out->kind = TRACE_FRAMING_CHUNKED;
        read_chunks(out, bytes, out->resume ? out->resume : head->end, length);
        return;
    }
    if (announced.coded)
        note(out, "Transfer-Encoding that is not chunked");
    if (announced.lengths && !announced.coded)
        read_length(out, &announced, bytes, head->end, length);
    else
        read_until_close(out, bytes, head->end, length, ended);
}

void http_framing_read(struct http_framing *out, const struct http_head *head,
                       const char *bytes, size_t length, bool ended)
{
    *out = (struct http_framing){ 0 };
    read_body(out, head, bytes, length, ended);
}

void http_framing_scan(struct http_framing *out, size_t resume,
                       const struct http_head *head, const char *bytes,
                       size_t length)
{
    *out = (struct http_framing){ .scan_only = true, .resume = resume };
    read_body(out, head, bytes, length, false);
}

size_t http_framing_raw_at(const struct http_framing *framing, size_t body_at)
{
    size_t low = 0, high = framing->segment_count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (framing->segments[middle].body_at <= body_at)
            low = middle;
        else
            high = middle;
    }
    return framing->segments[low].raw_at +
           (body_at - framing->segments[low].body_at);
}

void http_framing_release(struct http_framing *framing)
{
    buf_release(&framing->body);
    free(framing->segments);
    *framing = (struct http_framing){ 0 };
}
