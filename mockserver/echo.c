#include "mockserver/echo.h"

#include <stdlib.h>
#include <string.h>

#include "common/credential.h"
#include "common/json.h"
#include "common/xalloc.h"

static void echo_read_headers(struct echo *out, const struct head *head)
{
    for (size_t i = 0;
         i < head->header_count && out->header_count < ECHO_HEADERS; i++) {
        const struct head_header *header = &head->headers[i];
        char *name = xstrndup(header->name, header->name_length);

        if (!credential_is_header(name)) {
            free(name);
            continue;
        }
        out->headers[out->header_count++] =
            (struct step_header){ name, xstrndup(header->value,
                                                 header->value_length) };
    }
}

/* As much as fits without cutting a character in two. */
static size_t echo_length(const char *text)
{
    size_t length = strlen(text);

    if (length <= ECHO_PROMPT_BYTES)
        return length;
    length = ECHO_PROMPT_BYTES;
    while (length && ((unsigned char)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

void echo_read(struct echo *out, const struct head *head, const char *body,
               size_t length)
{
    struct err err;
    struct json *root =
        length ? json_parse(body, length, "request", &err) : NULL;
    const struct json *messages = json_get(root, "messages");

    *out = (struct echo){ 0 };
    echo_read_headers(out, head);
    for (const struct json *m = json_first(messages); m; m = json_next(m)) {
        const char *text = json_get_text(m, "content", NULL);

        if (!text)
            continue;
        free(out->prompt);
        out->prompt = xstrndup(text, echo_length(text));
    }
    json_free(root);
}

static void echo_wipe(char *text)
{
    if (text)
        xwipe(text, strlen(text));
    free(text);
}

void echo_release(struct echo *echo)
{
    for (size_t i = 0; i < echo->header_count; i++) {
        free(echo->headers[i].name);
        echo_wipe(echo->headers[i].value);
    }
    echo_wipe(echo->prompt);
    *echo = (struct echo){ 0 };
}

struct fault_echo echo_view(const struct echo *echo)
{
    return (struct fault_echo){ .headers = echo->headers,
                                .header_count = echo->header_count,
                                .prompt = echo->prompt };
}
