#include <string.h>

#include "harness/leaks/view.h"

/* The nearest of the letters that escapes begin with. Each is looked for again
 * only when it was passed: memchr is much faster than a loop of ours. */
struct ahead {
    const char *next[3];
};

static const char *next_escape(struct ahead *ahead, const char *at,
                               const char *end)
{
    static const char letters[] = "\\%&";
    const char *nearest = end;

    for (size_t i = 0; i < 3; i++) {
        if (ahead->next[i] < at) {
            ahead->next[i] = memchr(at, letters[i], (size_t)(end - at));
            if (!ahead->next[i])
                ahead->next[i] = end;
        }
        if (ahead->next[i] < nearest)
            nearest = ahead->next[i];
    }
    return nearest;
}

/* What stands between two escapes, or only what is near to them. */
static void copy_between(struct tape *out, const struct tape *in, size_t from,
                         size_t to, size_t reach)
{
    bool first = out->length == 0;

    if (first && to - from > reach)
        from = to - reach;
    if (!first && to - from > 2 * reach) {
        tape_copy(out, in, from, from + reach, 0);
        tape_break(out, in, from + reach);
        from = to - reach;
    }
    tape_copy(out, in, from, to, 0);
}

void view_unescape(struct tape *out, const struct tape *in,
                   const struct view_request *request)
{
    const char *end = in->data + in->length, *at = in->data, *next;
    struct ahead ahead = { { NULL, NULL, NULL } };
    size_t copied = 0;

    if (!in->length)
        return;
    while ((next = next_escape(&ahead, at, end)) < end) {
        char plain[4];
        size_t length, used;
        unsigned kind = 0;

        used = view_escape(next, (size_t)(end - next), plain, &length, &kind);
        at = next + (used ? used : 1);
        if (!used)
            continue;
        copy_between(out, in, copied, (size_t)(next - in->data),
                     request->reach);
        copied = (size_t)(at - in->data);
        tape_put(out, in, (size_t)(next - in->data), plain, length,
                 kind << request->shift);
    }
    if (out->length)
        tape_copy(out, in, copied,
                  in->length - copied > request->reach ? copied + request->reach
                                                       : in->length,
                  0);
}
