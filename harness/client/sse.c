#include "harness/client/sse.h"

#include <string.h>

struct sse_line {
    const char *at;
    size_t length;
    bool ended; /* its LF, CRLF or CR came */
};

void sse_begin(struct sse_reader *out, const char *bytes, size_t length)
{
    static const char mark[] = "\xEF\xBB\xBF";

    *out = (struct sse_reader){ .bytes = bytes, .length = length };
    if (length >= 3 && memcmp(bytes, mark, 3) == 0)
        out->at = 3;
}

static struct sse_line next_line(struct sse_reader *reader)
{
    struct sse_line line = { .at = reader->bytes + reader->at };
    size_t left = reader->length - reader->at;

    while (line.length < left && line.at[line.length] != '\n' &&
           line.at[line.length] != '\r')
        line.length++;
    line.ended = line.length < left;
    reader->at += line.length + (line.ended ? 1 : 0);
    if (line.ended && line.at[line.length] == '\r' &&
        reader->at < reader->length && reader->bytes[reader->at] == '\n')
        reader->at++;
    return line;
}

/* The value of a field line, one leading space taken off; *name_length is that
 * of the field's name. */
static struct sse_line field_value(struct sse_line line, size_t *name_length)
{
    const char *colon = memchr(line.at, ':', line.length);
    struct sse_line value = { .at = line.at + line.length };

    *name_length = colon ? (size_t)(colon - line.at) : line.length;
    if (!colon)
        return value;
    value.at = colon + 1;
    value.length = line.length - *name_length - 1;
    if (value.length && *value.at == ' ') {
        value.at++;
        value.length--;
    }
    return value;
}

/* Returns true when the line was a data line. */
static bool take_field(struct sse_reader *reader, struct sse_line line,
                       bool first_data)
{
    size_t name_length;
    struct sse_line value = field_value(line, &name_length);

    if (name_length == 5 && memcmp(line.at, "event", 5) == 0) {
        buf_clear(&reader->type);
        buf_add(&reader->type, value.at, value.length);
    }
    if (name_length != 4 || memcmp(line.at, "data", 4) != 0)
        return false;
    if (!first_data)
        buf_add_text(&reader->data, "\n");
    buf_add(&reader->data, value.at, value.length);
    return true;
}

bool sse_next(struct sse_reader *reader)
{
    bool has_data = false, has_type = false;

    buf_clear(&reader->type);
    buf_clear(&reader->data);
    while (reader->at < reader->length) {
        struct sse_line line = next_line(reader);
        bool comment = line.length && *line.at == ':';

        if (!line.ended) {
            reader->cut = !comment || has_data || has_type;
            return false;
        }
        if (comment) {
            reader->comments++;
        } else if (line.length) {
            if (take_field(reader, line, !has_data))
                has_data = true;
            has_type = reader->type.length > 0;
        } else if (has_data) {
            reader->end = reader->at;
            return true;
        } else {
            buf_clear(&reader->type);
            has_type = false;
        }
    }
    reader->cut = has_data || has_type;
    return false;
}

void sse_reader_release(struct sse_reader *reader)
{
    buf_release(&reader->type);
    buf_release(&reader->data);
    *reader = (struct sse_reader){ 0 };
}
