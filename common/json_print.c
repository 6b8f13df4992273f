#include "common/json.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "common/json_scan.h"
#include "common/xalloc.h"

char *json_print(const struct json *node)
{
    char *text = cJSON_PrintUnformatted((const cJSON *)node);

    if (!text)
        xalloc_fail();
    return text;
}

static void new_line(struct buf *out, size_t depth)
{
    buf_printf(out, "\n%*s", (int)(2 * depth), "");
}

/* cJSON indents with tabs and writes arrays on one line; this breaks its
 * compact text instead. Outside of strings that text holds no blanks. */
char *json_print_pretty(const struct json *node)
{
    struct buf out = { 0 };
    char *compact = json_print(node);
    size_t depth = 0;
    bool in_string = false;

    for (const char *at = compact; *at; at++) {
        bool opens = !in_string && (*at == '{' || *at == '[');
        bool closes = !in_string && (*at == '}' || *at == ']');

        if (closes && at[-1] != '{' && at[-1] != '[')
            new_line(&out, depth - 1);
        depth -= closes;
        buf_add(&out, at, 1);
        if (in_string && *at == '\\')
            buf_add(&out, ++at, 1);
        else if (*at == '"')
            in_string = !in_string;
        depth += opens;
        if ((opens && at[1] != '}' && at[1] != ']') ||
            (!in_string && *at == ','))
            new_line(&out, depth);
        else if (!in_string && *at == ':')
            buf_add_text(&out, " ");
    }
    free(compact);
    return buf_take(&out);
}

/* How many of these bytes stand in a JSON text as they are: ASCII, no control
 * byte, neither quote nor backslash. */
static size_t plain_run(const char *text, size_t length)
{
    size_t i = 0;

    while (i < length && (unsigned char)text[i] >= ' ' &&
           (unsigned char)text[i] < 0x80 && text[i] != '"' && text[i] != '\\')
        i++;
    return i;
}

void json_quote(struct buf *out, const char *text, size_t length)
{
    buf_add_text(out, "\"");
    for (size_t i = 0; i < length;) {
        size_t run = plain_run(text + i, length - i);
        size_t size;
        unsigned char c;

        /* Texts of megabytes are quoted while others wait for us. */
        buf_add(out, text + i, run);
        i += run;
        if (i == length)
            break;
        size = json_utf8_length(text + i, length - i);
        c = (unsigned char)text[i];
        if (!size || c == 0)
            buf_add_text(out, "\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_add_text(out, "\\n");
        else if (c < ' ')
            buf_printf(out, "\\u%04x", (unsigned)c);
        else
            buf_add(out, text + i, size);
        i += size ? size : 1;
    }
    buf_add_text(out, "\"");
}
