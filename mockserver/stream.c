#include "mockserver/stream.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define INBOUND_LINE_MOST   8192
#define INBOUND_BEYOND_MOST 65536
#define INBOUND_CHUNK_MOST  0x3fffffffffffffff

void inbound_release(struct inbound *in)
{
    buf_release(&in->head);
    buf_release(&in->line);
    buf_release(&in->beyond);
    *in = (struct inbound){ 0 };
}

bool inbound_is_idle(const struct inbound *in)
{
    return in->state == INBOUND_HEAD && !in->head.length;
}

static void inbound_finish(struct inbound *in, int64_t now_ns)
{
    in->state = INBOUND_DONE;
    in->body_ns = now_ns;
}

/* Takes bytes of the head; returns how many were its own. */
static size_t inbound_take_head(struct inbound *in, const char *bytes,
                                size_t length, int64_t now_ns)
{
    size_t before = in->head.length, end;
    struct head head;

    if (!before)
        in->first_ns = now_ns;
    buf_add(&in->head, bytes, length);
    end = head_end(in->head.data, in->head.length);
    if (!end) {
        if (in->head.length > INBOUND_HEAD_MOST)
            in->state = INBOUND_LOST;
        return length;
    }
    in->head.length = end;
    in->head.data[end] = '\0';
    in->head_ns = now_ns;
    head_read(&head, in->head.data, end);
    if (head.chunked) {
        in->state = INBOUND_CHUNK_SIZE;
    } else if (head.content_length > 0) {
        in->state = INBOUND_LENGTH;
        in->left = head.content_length;
    } else {
        inbound_finish(in, now_ns);
    }
    return end - before;
}

static size_t inbound_take_length(struct inbound *in, size_t length,
                                  int64_t now_ns)
{
    size_t taken = length;

    if ((uint64_t)in->left < length)
        taken = (size_t)in->left;
    in->left -= (int64_t)taken;
    in->body_bytes += (int64_t)taken;
    if (!in->left)
        inbound_finish(in, now_ns);
    return taken;
}

/* Hexadecimal digits up to the end or a ';'; -1 when it is no chunk size. */
static int64_t inbound_chunk_size(const char *line)
{
    int64_t size = 0;
    size_t digits = strspn(line, "0123456789abcdefABCDEF");
    const char *after = line + digits + strspn(line + digits, " \t");

    if (!digits || digits > 15 || (*after && *after != ';'))
        return -1;
    for (size_t i = 0; i < digits; i++) {
        char c = line[i];

        size = size * 16 + (c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return size;
}

static void inbound_chunk_line(struct inbound *in, int64_t now_ns)
{
    const char *line = buf_text(&in->line);

    if (in->state == INBOUND_TRAILER) {
        if (!*line)
            inbound_finish(in, now_ns);
    } else {
        int64_t size = inbound_chunk_size(line);

        in->left = size + 2; /* and the line end behind the data */
        in->state = size < 0    ? INBOUND_LOST
                    : size == 0 ? INBOUND_TRAILER
                                : INBOUND_CHUNK_DATA;
    }
    buf_clear(&in->line);
}

static size_t inbound_take_line(struct inbound *in, const char *bytes,
                                size_t length, int64_t now_ns)
{
    const char *end = memchr(bytes, '\n', length);
    size_t taken = end ? (size_t)(end - bytes) + 1 : length;

    buf_add(&in->line, bytes, end ? taken - 1 : taken);
    if (in->line.length > INBOUND_LINE_MOST) {
        in->state = INBOUND_LOST;
    } else if (end) {
        if (in->line.length && in->line.data[in->line.length - 1] == '\r')
            in->line.data[--in->line.length] = '\0';
        inbound_chunk_line(in, now_ns);
    }
    return taken;
}

static size_t inbound_take_chunk(struct inbound *in, const char *bytes,
                                 size_t length)
{
    size_t taken = 0;

    while (taken < length && in->left > 0) {
        if (in->left > 2) {
            size_t data = length - taken;

            if ((uint64_t)(in->left - 2) < data)
                data = (size_t)(in->left - 2);
            in->left -= (int64_t)data;
            in->body_bytes += (int64_t)data;
            taken += data;
        } else {
            /* CRLF, or a bare LF, which the library forgives. */
            in->left -= bytes[taken] == '\n' ? in->left : 1;
            taken++;
        }
    }
    if (!in->left)
        in->state = INBOUND_CHUNK_SIZE;
    return taken;
}

void inbound_feed(struct inbound *in, const void *bytes, size_t length,
                  int64_t now_ns)
{
    const char *at = bytes;

    while (length) {
        size_t taken = length;

        switch (in->state) {
        case INBOUND_HEAD:
            taken = inbound_take_head(in, at, length, now_ns);
            break;
        case INBOUND_LENGTH:
            taken = inbound_take_length(in, length, now_ns);
            break;
        case INBOUND_CHUNK_SIZE:
        case INBOUND_TRAILER:
            taken = inbound_take_line(in, at, length, now_ns);
            break;
        case INBOUND_CHUNK_DATA:
            taken = inbound_take_chunk(in, at, length);
            break;
        case INBOUND_DONE:
            if (in->beyond.length < INBOUND_BEYOND_MOST)
                buf_add(&in->beyond, at, length);
            break;
        case INBOUND_LOST:
            break;
        }
        at += taken;
        length -= taken;
    }
}

void inbound_next(struct inbound *in, int64_t now_ns)
{
    struct buf beyond = in->beyond;
    enum inbound_state state = in->state;

    in->beyond = (struct buf){ 0 };
    inbound_release(in);
    if (state != INBOUND_DONE)
        in->state = INBOUND_LOST;
    else
        inbound_feed(in, buf_text(&beyond), beyond.length, now_ns);
    buf_release(&beyond);
}

void outbound_release(struct outbound *out)
{
    buf_release(&out->head);
    *out = (struct outbound){ .status = -1 };
}

void outbound_reset(struct outbound *out)
{
    outbound_release(out);
}

static int64_t outbound_status(const char *head)
{
    const char *space = strchr(head, ' ');

    if (strncmp(head, "HTTP/", 5) || !space ||
        strspn(space + 1, "0123456789") < 3)
        return -1;
    return strtol(space + 1, NULL, 10);
}

static bool outbound_says_close(const char *head, size_t length)
{
    static const char words[] = "\nconnection: close";
    const char *at = strcasestr(head, words);

    return at && (size_t)(at - head) + strlen(words) < length;
}

static void outbound_head_done(struct outbound *out, size_t end)
{
    int64_t status = outbound_status(out->head.data);

    if (status >= 100 && status < 200 && status != 101) {
        size_t rest = out->head.length - end;

        out->interim += (int64_t)end;
        out->bytes -= (int64_t)end;
        memmove(out->head.data, out->head.data + end, rest + 1);
        out->head.length = rest;
        if (!rest)
            out->first_ns = out->last_ns = 0;
        return;
    }
    out->head_length = end;
    out->status = status;
    out->says_close = outbound_says_close(out->head.data, end);
    /* What follows is body: it is counted, not kept. */
    buf_release(&out->head);
}

void outbound_feed(struct outbound *out, const void *bytes, size_t length,
                   int64_t before_ns)
{
    if (!length)
        return;
    if (!out->first_ns)
        out->first_ns = before_ns;
    out->last_ns = before_ns;
    out->bytes += (int64_t)length;
    if (out->head_length || out->head.length > OUTBOUND_HEAD_MOST)
        return;
    buf_add(&out->head, bytes,
            length < OUTBOUND_HEAD_MOST ? length : OUTBOUND_HEAD_MOST);
    for (;;) {
        size_t before = out->head.length;
        size_t end = head_end(buf_text(&out->head), before);

        if (!end)
            return;
        outbound_head_done(out, end);
        if (out->head_length)
            return;
    }
}
