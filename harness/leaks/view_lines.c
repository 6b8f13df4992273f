#include <string.h>

#include "harness/leaks/view.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void view_lines(struct tape *out, const struct tape *in,
                const struct view_request *request)
{
    const char *data = in->data;
    size_t from = 0, line_end, to;
    const char *next;

    (void)request;
    while (from < in->length &&
           (next = memchr(data + from, '\n', in->length - from)) != NULL) {
        line_end = to = (size_t)(next - data);
        if (to > from && data[to - 1] == '\r')
            to--;
        tape_copy(out, in, from, to, out->length ? TAPE_LINES : 0);
        for (from = line_end + 1; from < in->length && is_blank(data[from]);)
            from++;
    }
    /* Without a line end it would be the same text again. */
    if (out->length)
        tape_copy(out, in, from, in->length, TAPE_LINES);
}
