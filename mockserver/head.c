#include "mockserver/head.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* One line of the head, without its ending. */
struct head_line {
    const char *text;
    size_t length;
    bool bare_lf;
};

static void head_note(struct head *head, const char *finding)
{
    for (size_t i = 0; i < head->finding_count; i++)
        if (!strcmp(head->findings[i], finding))
            return;
    if (head->finding_count == ATTEMPT_HEAD_FINDINGS)
        return;
    snprintf(head->findings[head->finding_count++], sizeof head->findings[0],
             "%s", finding);
}

/* Takes the next line off the bytes; false when there is no line feed. */
static bool head_next_line(struct head_line *line, const char **bytes,
                           size_t *length)
{
    const char *end = memchr(*bytes, '\n', *length);
    size_t whole;

    if (!end)
        return false;
    whole = (size_t)(end - *bytes);
    *line = (struct head_line){ *bytes, whole, true };
    if (whole && end[-1] == '\r')
        *line = (struct head_line){ *bytes, whole - 1, false };
    *bytes += whole + 1;
    *length -= whole + 1;
    return true;
}

size_t head_end(const char *bytes, size_t length)
{
    const char *at = bytes;
    size_t left = length;
    struct head_line line;
    bool begun = false;

    while (head_next_line(&line, &at, &left)) {
        if (line.length)
            begun = true;
        else if (begun)
            return length - left;
    }
    return 0;
}

static bool head_is_token(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool head_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool head_all_tokens(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!head_is_token(text[i]))
            return false;
    return length > 0;
}

static void head_copy(char *out, size_t size, const char *text, size_t length)
{
    snprintf(out, size, "%.*s", (int)length, text);
}

static void head_read_target(struct head *head, const char *text, size_t length)
{
    const char *query = memchr(text, '?', length);

    if (query) {
        head_note(head, "query");
        length = (size_t)(query - text);
    }
    if (length >= sizeof head->target)
        head_note(head, "long_target");
    head_copy(head->target, sizeof head->target, text, length);
}

static void head_read_method(struct head *head, const char *text, size_t length)
{
    if (!head_all_tokens(text, length) || length >= sizeof head->method)
        head_note(head, "bad_request_line");
    for (size_t i = 0; i < length; i++)
        if (text[i] >= 'a' && text[i] <= 'z')
            head_note(head, "lower_case_method");
    head_copy(head->method, sizeof head->method, text, length);
}

/* "METHOD SP target SP version": single spaces, and nothing after. */
static void head_read_request_line(struct head *head,
                                   const struct head_line *line)
{
    const char *text = line->text, *end = line->text + line->length;
    const char *first = memchr(text, ' ', line->length), *last = end;

    while (last > text && last[-1] != ' ')
        last--;
    if (!first || last - 1 <= first) {
        head_note(head, "bad_request_line");
        head_copy(head->target, sizeof head->target, text, line->length);
        return;
    }
    head_read_method(head, text, (size_t)(first - text));
    if (first[1] == ' ' || memchr(first + 1, ' ', (size_t)(last - first - 2)) ||
        memchr(text, '\t', line->length))
        head_note(head, "bad_request_line");
    head_read_target(head, first + 1, (size_t)(last - first - 2));
    head_copy(head->version, sizeof head->version, last, (size_t)(end - last));
    if (strcmp(head->version, "HTTP/1.1") && strcmp(head->version, "HTTP/1.0"))
        head_note(head, "not_http_1");
}

static void head_read_header(struct head *head, const struct head_line *line)
{
    const char *colon = memchr(line->text, ':', line->length);
    const char *value, *end = line->text + line->length;
    size_t name_length;

    if (!colon) {
        head_note(head, "no_colon");
        return;
    }
    name_length = (size_t)(colon - line->text);
    if (name_length && head_is_blank(colon[-1])) {
        head_note(head, "space_before_colon");
        while (name_length && head_is_blank(line->text[name_length - 1]))
            name_length--;
    }
    if (!head_all_tokens(line->text, name_length))
        head_note(head, "non_token_header");
    for (value = colon + 1; value < end && head_is_blank(*value);)
        value++;
    while (end > value && head_is_blank(end[-1]))
        end--;
    for (const char *at = value; at < end; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 127)
            head_note(head, "control_in_value");
    if (head->header_count == HEAD_HEADERS_MOST) {
        head_note(head, "too_many_headers");
        return;
    }
    head->headers[head->header_count++] =
        (struct head_header){ line->text, value, name_length,
                              (size_t)(end - value) };
}

const struct head_header *head_find(const struct head *head, const char *name,
                                    size_t index)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < head->header_count; i++) {
        const struct head_header *header = &head->headers[i];

        if (header->name_length == length &&
            !strncasecmp(header->name, name, length) && !index--)
            return header;
    }
    return NULL;
}

/* Does the comma-separated list of the value hold the word (any case)? */
static bool head_lists(const struct head_header *header, const char *word)
{
    size_t length = strlen(word), at = 0;

    while (header && at < header->value_length) {
        size_t end = at, last;

        while (end < header->value_length && header->value[end] != ',')
            end++;
        last = end;
        while (at < last && head_is_blank(header->value[at]))
            at++;
        while (last > at && head_is_blank(header->value[last - 1]))
            last--;
        if (last - at == length &&
            !strncasecmp(header->value + at, word, length))
            return true;
        at = end + 1;
    }
    return false;
}

static int64_t head_number(const struct head_header *header)
{
    int64_t number = 0;

    if (!header->value_length || header->value_length > 18)
        return -1;
    for (size_t i = 0; i < header->value_length; i++) {
        if (header->value[i] < '0' || header->value[i] > '9')
            return -1;
        number = number * 10 + (header->value[i] - '0');
    }
    return number;
}

static void head_read_framing(struct head *head)
{
    const struct head_header *length = head_find(head, "content-length", 0);
    const struct head_header *coding = head_find(head, "transfer-encoding", 0);

    head->content_length = length ? head_number(length) : -1;
    if (length && head->content_length < 0)
        head_note(head, "bad_content_length");
    if (head_find(head, "content-length", 1))
        head_note(head, "duplicate_content_length");
    head->chunked = head_lists(coding, "chunked");
    if (coding && (coding->value_length != strlen("chunked") ||
                   !head->chunked || head_find(head, "transfer-encoding", 1)))
        head_note(head, "odd_transfer_encoding");
    if (coding && length)
        head_note(head, "length_and_chunked");
}

static void head_read_connection(struct head *head)
{
    const struct head_header *connection = head_find(head, "connection", 0);

    head->wants_close = head_lists(connection, "close");
    if (!strcmp(head->version, "HTTP/1.0"))
        head->wants_close = !head_lists(connection, "keep-alive");
    head->expects_continue =
        head_lists(head_find(head, "expect", 0), "100-continue");
    if (!head_find(head, "host", 0) && strcmp(head->version, "HTTP/1.0"))
        head_note(head, "no_host");
    if (head_find(head, "host", 1))
        head_note(head, "duplicate_host");
}

void head_read(struct head *out, const char *bytes, size_t length)
{
    struct head_line line;
    bool begun = false;

    *out = (struct head){ .content_length = -1 };
    while (head_next_line(&line, &bytes, &length)) {
        if (line.bare_lf)
            head_note(out, "bare_lf");
        if (memchr(line.text, '\0', line.length))
            head_note(out, "nul");
        if (memchr(line.text, '\r', line.length))
            head_note(out, "bare_cr");
        if (!line.length) {
            if (begun)
                break;
            head_note(out, "empty_line_before");
        } else if (!begun) {
            head_read_request_line(out, &line);
            begun = true;
        } else if (head_is_blank(line.text[0])) {
            head_note(out, "obs_fold");
        } else {
            head_read_header(out, &line);
        }
    }
    head_read_framing(out);
    head_read_connection(out);
}
