#include "tests/refgateway/sse.h"

#include <stdint.h>
#include <string.h>

#include "tests/refgateway/bug.h"

#define LINE_MOST (64u << 10) /* of a seeded bug */

void sse_release(struct sse *sse)
{
    buf_release(&sse->raw);
    buf_release(&sse->data);
    *sse = (struct sse){ 0 };
}

bool sse_take_progress(struct sse *sse)
{
    bool progress = sse->progress;

    sse->progress = false;
    return progress;
}

bool sse_pending(const struct sse *sse)
{
    if (sse->line == SIZE_MAX)
        return false;
    return sse->has_data || sse->line < sse->raw.length;
}

static void restart(struct sse *sse)
{
    buf_clear(&sse->raw);
    buf_clear(&sse->data);
    sse->line = 0;
    sse->has_data = false;
    sse->has_lines = false;
    sse->in_comment = false;
}

void sse_forget(struct sse *sse)
{
    restart(sse);
}

/* The event that now stands in raw; restarted by the next sse_feed(). */
static void finish(struct sse *sse, struct sse_event *out)
{
    *out = (struct sse_event){ .raw = buf_text(&sse->raw),
                               .length = sse->raw.length,
                               .comment = !sse->has_data };
    if (sse->has_data)
        shape_judge_event(&out->shape, buf_text(&sse->data), sse->data.length);
    if (sse->too_long)
        out->shape.kind = SHAPE_EVENT_MALFORMED;
    if (bug_is(BUG_FIRST_LINE_IS_DATA) && strncmp(out->raw, "data", 4) != 0)
        out->comment = true;
    sse->line = SIZE_MAX;
}

static void take_data(struct sse *sse, const char *text, size_t length)
{
    if (sse->has_data && bug_is(BUG_LAST_DATA_LINE))
        buf_clear(&sse->data);
    else if (sse->has_data)
        buf_add(&sse->data, "\n", 1);
    buf_add(&sse->data, text, length);
    sse->has_data = true;
    sse->any = true;
}

/* A line is whole, its end included in raw. True when it is the empty one
 * that ends an event. */
static bool end_line(struct sse *sse, size_t line_end)
{
    const char *line = sse->raw.data + sse->line;
    size_t length = line_end - sse->line;

    sse->line = sse->raw.length;
    sse->in_comment = false;
    if (!length) {
        if (!sse->has_lines)
            restart(sse);
        return sse->has_lines;
    }
    sse->has_lines = true;
    if (length > 5 && !memcmp(line, "data: ", 6))
        take_data(sse, line + 6, length - 6);
    else if (length >= 5 && !memcmp(line, "data:", 5) &&
             !bug_is(BUG_SPACE_NEEDED))
        take_data(sse, line + 5, length - 5);
    else if (length == 4 && !memcmp(line, "data", 4))
        take_data(sse, "", 0);
    else if (*line == ':')
        sse->any = true;
    return false;
}

/* A byte inside a line. */
static void take_byte(struct sse *sse, char byte)
{
    if (sse->line == sse->raw.length)
        sse->in_comment = byte == ':';
    if (!sse->in_comment)
        sse->progress = true;
    buf_add(&sse->raw, &byte, 1);
    if (sse->raw.length >
        (bug_is(BUG_LINE_TOO_LONG) ? LINE_MOST : SSE_EVENT_MOST)) {
        sse->too_long = true;
        sse->has_data = true;
    }
}

bool sse_feed(struct sse *sse, const char *bytes, size_t length, size_t *used,
              struct sse_event *out)
{
    if (sse->line == SIZE_MAX)
        restart(sse);
    for (size_t i = 0; i < length && !sse->too_long; i++) {
        size_t line_end = sse->raw.length;
        bool split_crlf = sse->after_cr && bytes[i] == '\n';

        sse->after_cr = false;
        *used = i + 1;
        if (bytes[i] != '\n' && (bytes[i] != '\r' || bug_is(BUG_LF_ALONE))) {
            take_byte(sse, bytes[i]);
            continue;
        }
        buf_add(&sse->raw, &bytes[i], 1);
        if (split_crlf) {
            /* The second half of a CRLF: its line has ended already. */
            sse->line = sse->raw.length;
            continue;
        }
        if (bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n')
            buf_add(&sse->raw, &bytes[++i], 1);
        else
            sse->after_cr = bytes[i] == '\r';
        *used = i + 1;
        if (end_line(sse, line_end)) {
            finish(sse, out);
            return true;
        }
    }
    if (sse->too_long) {
        finish(sse, out);
        return true;
    }
    *used = length;
    return false;
}
