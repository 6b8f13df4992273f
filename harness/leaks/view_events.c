#include <string.h>

#include "harness/leaks/view.h"

const char *const view_event_keys[] = {
    "\"content\"",           "\"text\"",      "\"arguments\"",
    "\"reasoning_content\"", "\"reasoning\"", "\"thinking\"",
    "\"partial_json\"",      "\"delta\"",     NULL
};

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Behind a key: the first byte of its text, or length when it has none. */
static size_t text_begin(const struct tape *in, size_t at)
{
    while (at < in->length && is_space(in->data[at]))
        at++;
    if (at >= in->length || in->data[at] != ':')
        return in->length;
    at++;
    while (at < in->length && is_space(in->data[at]))
        at++;
    return at < in->length && in->data[at] == '"' ? at + 1 : in->length;
}

/* The quote that ends a text; an odd number of backslashes takes it back. */
static size_t text_end(const struct tape *in, size_t at)
{
    size_t from = at;

    while (at < in->length) {
        const char *quote = memchr(in->data + at, '"', in->length - at);
        size_t backslashes = 0;

        if (!quote)
            return in->length;
        at = (size_t)(quote - in->data);
        while (at - backslashes > from &&
               in->data[at - backslashes - 1] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return at;
        at++;
    }
    return in->length;
}

void view_events(struct tape *out, const struct tape *in,
                 const struct view_request *request)
{
    size_t done = 0;

    for (size_t i = 0; i < request->spot_count; i++) {
        size_t from = request->spots[i].end, to;

        if (from < done || from > in->length)
            continue;
        from = text_begin(in, from);
        if (from >= in->length)
            continue;
        to = text_end(in, from);
        tape_copy(out, in, from, to, out->length ? TAPE_EVENTS : 0);
        done = to;
    }
}
