#include "tests/refgateway/head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/xalloc.h"
#include "tests/refgateway/bug.h"

void head_release(struct head *head)
{
    free(head->retry_after);
    free(head->retry_after_ms);
    free(head->date);
    free(head->should_retry);
    *head = (struct head){ 0 };
}

static void begin(struct head *head, const char *line, size_t length)
{
    const char *space = memchr(line, ' ', length);
    size_t left = space ? length - (size_t)(space - line) : 0;

    head_release(head);
    for (size_t i = 1; i <= 3 && i < left; i++) {
        if (space[i] < '0' || space[i] > '9')
            return;
        head->status = head->status * 10 + (space[i] - '0');
    }
}

static void end(struct head *head)
{
    if (head->status >= 100 && head->status < 200 && head->status != 101 &&
        !bug_is(BUG_INTERIM_IS_FINAL))
        return; /* an interim answer; the final one follows */
    head->complete = true;
    if (head->status == 204 || head->status == 304)
        head->framed = true;
}

static void keep(char **field, const char *value, size_t length)
{
    char *old = *field;

    *field = old ? xasprintf("%s, %.*s", old, (int)length, value)
                 : xstrndup(value, length);
    free(old);
}

static bool named(const char *line, size_t length, const char *name)
{
    if (bug_is(BUG_LETTERS_MATTER) && (islower(line[0]) || isupper(line[1])))
        return false;
    return strlen(name) == length && !strncasecmp(line, name, length);
}

static void take_field(struct head *head, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length);
    const char *value;
    size_t name;

    if (!colon)
        return;
    name = (size_t)(colon - line);
    value = colon + 1;
    length -= name + 1;
    while (length && strchr(" \t", *value)) {
        value++;
        length--;
    }
    while (length && strchr(" \t\r\n", value[length - 1]))
        length--;
    if (named(line, name, "retry-after"))
        keep(&head->retry_after, value, length);
    if (bug_is(BUG_RESET_AS_SECONDS) &&
        named(line, name, "x-ratelimit-reset-requests"))
        keep(&head->retry_after, value, strspn(value, "0123456789"));
    if (named(line, name, "retry-after-ms"))
        keep(&head->retry_after_ms, value, length);
    if (named(line, name, "x-should-retry"))
        keep(&head->should_retry, value, length);
    if (named(line, name, "date"))
        keep(&head->date, value, length);
    if (named(line, name, "content-length") ||
        named(line, name, "transfer-encoding"))
        head->framed = true;
}

static bool is_blank(const char *line, size_t length)
{
    return (length == 1 && *line == '\n') ||
           (length == 2 && !memcmp(line, "\r\n", 2));
}

/* What a seeded bug takes for no answer of HTTP. */
static bool is_refused(const struct head *head, const char *line, size_t length)
{
    static const char old[] = "HTTP/1.0";

    if (head->complete)
        return bug_is(BUG_TRAILER_IS_A_HEAD) && !is_blank(line, length);
    return (bug_is(BUG_OLD_VERSION_REFUSED) && length > sizeof old &&
            !memcmp(line, old, sizeof old - 1)) ||
           (bug_is(BUG_REASON_NEEDED) && length > 5 &&
            !memcmp(line, "HTTP/", 5) && length < sizeof "HTTP/1.1 200 \r\n.");
}

void head_take(struct head *head, const char *line, size_t length)
{
    head->refused = head->refused || is_refused(head, line, length);
    if (head->refused)
        head->complete = false;
    if (head->complete || head->refused)
        return;
    if (length >= 5 && !memcmp(line, "HTTP/", 5))
        begin(head, line, length);
    else if (is_blank(line, length))
        end(head);
    else
        take_field(head, line, length);
}

bool head_is_error(const struct head *head)
{
    return head->complete && (head->status < 200 || head->status > 299);
}
