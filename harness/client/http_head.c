#include "harness/client/http_head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool http_span_is(struct http_span span, const char *word)
{
    return span.length == strlen(word) &&
           strncasecmp(span.at, word, span.length) == 0;
}

bool http_line_next(const char *bytes, size_t length, size_t *at,
                    struct http_span *line, bool *bare_lf)
{
    const char *start = bytes + *at;
    const char *end = *at < length ? memchr(start, '\n', length - *at) : NULL;

    if (!end)
        return false;
    *at += (size_t)(end - start) + 1;
    line->at = start;
    line->length = (size_t)(end - start);
    *bare_lf = !line->length || start[line->length - 1] != '\r';
    if (!*bare_lf)
        line->length--;
    return true;
}

static struct http_span trimmed(struct http_span span)
{
    while (span.length && (*span.at == ' ' || *span.at == '\t')) {
        span.at++;
        span.length--;
    }
    while (span.length && (span.at[span.length - 1] == ' ' ||
                           span.at[span.length - 1] == '\t'))
        span.length--;
    return span;
}

static bool is_token_byte(unsigned char byte)
{
    static const char marks[] = "!#$%&'*+-.^_`|~";

    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           (byte >= 'A' && byte <= 'Z') ||
           (byte && memchr(marks, byte, sizeof marks - 1));
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Keeps the first problem: later ones often follow from it. */
static void note(struct http_head *head, const char *problem)
{
    if (!head->problem[0])
        snprintf(head->problem, sizeof head->problem, "%s", problem);
}

/* True while the bytes can still become a status line of HTTP/1.x. */
static bool may_begin(const char *bytes, size_t length)
{
    static const char begin[] = "HTTP/1.";
    size_t compared = length < sizeof begin - 1 ? length : sizeof begin - 1;

    return memcmp(bytes, begin, compared) == 0;
}

static bool read_status_line(struct http_head *head, struct http_span line)
{
    const char *at = line.at;

    if (line.length < 12 || !may_begin(at, line.length) ||
        (at[7] != '0' && at[7] != '1') || at[8] != ' ' || at[9] < '1' ||
        !is_digit(at[9]) || !is_digit(at[10]) || !is_digit(at[11]) ||
        (line.length > 12 && at[12] != ' '))
        return false;
    head->version_1_0 = at[7] == '0';
    head->status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
    if (line.length == 12)
        note(head, "no space after the status code");
    for (size_t i = 0; i < line.length; i++)
        if ((unsigned char)at[i] < ' ' && at[i] != '\t')
            note(head, "control character in the status line");
    return true;
}

static void judge_header_line(struct http_head *head, struct http_span line)
{
    const char *colon = memchr(line.at, ':', line.length);
    size_t name_length = colon ? (size_t)(colon - line.at) : 0;

    if (*line.at == ' ' || *line.at == '\t') {
        note(head, "folded header line");
        return;
    }
    if (!colon) {
        note(head, "header line without a colon");
        return;
    }
    if (!name_length)
        note(head, "empty header name");
    else if (colon[-1] == ' ' || colon[-1] == '\t')
        note(head, "space before the colon of a header");
    for (size_t i = 0; i < name_length; i++)
        if (!is_token_byte((unsigned char)line.at[i]))
            note(head, "header name that is no token");
    for (size_t i = name_length; i < line.length; i++)
        if ((unsigned char)line.at[i] < ' ' && line.at[i] != '\t')
            note(head, "control character in a header value");
}

/* One head from head->start on; sets state, and end when complete. */
static void read_one(struct http_head *head, const char *bytes, size_t length)
{
    size_t at = head->start;
    struct http_span line;
    bool bare_lf;

    head->state = HTTP_HEAD_INCOMPLETE;
    head->status = -1;
    if (!may_begin(bytes + at, length - at)) {
        head->state = HTTP_HEAD_BROKEN;
        note(head, "does not begin with HTTP/1.");
        return;
    }
    if (!http_line_next(bytes, length, &at, &line, &bare_lf))
        return;
    if (!read_status_line(head, line)) {
        head->state = HTTP_HEAD_BROKEN;
        note(head, "bad status line");
        return;
    }
    if (bare_lf)
        note(head, "line ended by a bare LF");
    while (http_line_next(bytes, length, &at, &line, &bare_lf)) {
        if (bare_lf)
            note(head, "line ended by a bare LF");
        if (!line.length) {
            head->state = HTTP_HEAD_COMPLETE;
            head->end = at;
            return;
        }
        judge_header_line(head, line);
    }
}

void http_head_read(struct http_head *out, const char *bytes, size_t length)
{
    *out = (struct http_head){ .status = -1 };
    if (!length)
        return;
    read_one(out, bytes, length);
    while (out->state == HTTP_HEAD_COMPLETE && out->status < 200 &&
           out->status != 101) {
        out->interim_count++;
        out->start = out->end;
        out->end = 0;
        if (out->start == length) {
            out->state = HTTP_HEAD_INCOMPLETE;
            out->status = -1;
            return;
        }
        read_one(out, bytes, length);
    }
}

bool http_head_next(const char *head, size_t length, size_t *cursor,
                    struct http_span *name, struct http_span *value)
{
    struct http_span line;
    bool bare_lf;

    if (*cursor == 0 && !http_line_next(head, length, cursor, &line, &bare_lf))
        return false;
    while (http_line_next(head, length, cursor, &line, &bare_lf)) {
        const char *colon = memchr(line.at, ':', line.length);

        if (!colon || *line.at == ' ' || *line.at == '\t')
            continue;
        *name =
            trimmed((struct http_span){ line.at, (size_t)(colon - line.at) });
        *value = trimmed((struct http_span){
            colon + 1, line.length - (size_t)(colon - line.at) - 1 });
        return true;
    }
    return false;
}
