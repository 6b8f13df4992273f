#include "mockserver/page.h"

#include <inttypes.h>

#include "mockserver/reason.h"

static void add_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            buf_add_text(out, "&lt;");
            break;
        case '>':
            buf_add_text(out, "&gt;");
            break;
        case '&':
            buf_add_text(out, "&amp;");
            break;
        default:
            buf_add(out, text, 1);
            break;
        }
    }
}

void page_write(struct buf *out, int64_t status, const char *message,
                const char *canary)
{
    const char *reason = reason_find(status);

    buf_printf(out,
               "<!DOCTYPE html>\n<html><head><title>%" PRId64 " %s</title>"
               "</head>\n<body><h1>%" PRId64 " %s</h1>\n<p>",
               status, reason, status, reason);
    add_escaped(out,
                message ? message : "The edge could not reach its origin.");
    if (canary) {
        buf_add_text(out, " ");
        add_escaped(out, canary);
    }
    buf_add_text(out, "</p></body></html>\n");
}
