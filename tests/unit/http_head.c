#include "harness/client/http_head.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *bytes;
    enum http_head_state state;
    int64_t status;
    int64_t interim;
    const char *problem;
} heads[] = {
    { "", HTTP_HEAD_INCOMPLETE, -1, 0, "" },
    { "HTT", HTTP_HEAD_INCOMPLETE, -1, 0, "" },
    { "HTTP/1.1 200", HTTP_HEAD_INCOMPLETE, -1, 0, "" },
    { "HTTP/1.1 200 OK\r\nContent-Le", HTTP_HEAD_INCOMPLETE, 200, 0, "" },
    { "HTTP/1.1 200 OK\r\nA: b\r\n", HTTP_HEAD_INCOMPLETE, 200, 0, "" },
    { "HTTP/1.1 200 OK\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0, "" },
    { "HTTP/1.0 503 No\r\nA: b\r\n\r\nx", HTTP_HEAD_COMPLETE, 503, 0, "" },
    { "HTTP/1.1 529 \r\n\r\n", HTTP_HEAD_COMPLETE, 529, 0, "" },
    { "HTTP/1.1 200\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "no space after the status code" },
    { "HTTP/1.1 200 OK\nA: b\n\n", HTTP_HEAD_COMPLETE, 200, 0,
      "line ended by a bare LF" },
    { "HTTP/1.1 200 OK\r\nA: b\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "line ended by a bare LF" },
    { "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "space before the colon of a header" },
    { "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "folded header line" },
    { "HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "header line without a colon" },
    { "HTTP/1.1 200 OK\r\n: b\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "empty header name" },
    { "HTTP/1.1 200 OK\r\nA(b): c\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "header name that is no token" },
    { "HTTP/1.1 200 OK\r\nA: b\001\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "control character in a header value" },
    { "HTTP/1.1 200 O\001K\r\n\r\n", HTTP_HEAD_COMPLETE, 200, 0,
      "control character in the status line" },
    { "HTTP/1.1 abc\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0, "bad status line" },
    { "HTTP/1.1 20 OK\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0, "bad status line" },
    { "HTTP/1.1 2000 OK\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0, "bad status line" },
    { "HTTP/1.1 099 No\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0, "bad status line" },
    { "HTTP/1.2 200 OK\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0, "bad status line" },
    { "HTTP/2 200\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0,
      "does not begin with HTTP/1." },
    { "SSH-2.0-x", HTTP_HEAD_BROKEN, -1, 0, "does not begin with HTTP/1." },
    { "\r\nHTTP/1.1 200 OK\r\n\r\n", HTTP_HEAD_BROKEN, -1, 0,
      "does not begin with HTTP/1." },
    { "HTTP/1.1 100 Continue\r\n\r\n", HTTP_HEAD_INCOMPLETE, -1, 1, "" },
    { "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\n\r\n",
      HTTP_HEAD_COMPLETE, 200, 2, "" },
    { "HTTP/1.1 102 P\r\n\r\ngarbage", HTTP_HEAD_BROKEN, -1, 1,
      "does not begin with HTTP/1." },
    { "HTTP/1.1 101 Switching\r\n\r\n", HTTP_HEAD_COMPLETE, 101, 0, "" },
};

Test(http_head, each_head_is_told_from_the_others)
{
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        struct http_head head;

        http_head_read(&head, heads[i].bytes, strlen(heads[i].bytes));
        cr_expect_eq((int)head.state, (int)heads[i].state, "%s",
                     heads[i].bytes);
        cr_expect_eq(head.status, heads[i].status, "%s", heads[i].bytes);
        cr_expect_eq(head.interim_count, heads[i].interim, "%s",
                     heads[i].bytes);
        cr_expect_str_eq(head.problem, heads[i].problem, "%s", heads[i].bytes);
    }
}

Test(http_head, start_and_end_are_those_of_the_final_head)
{
    static const char bytes[] =
        "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx";
    struct http_head head;

    http_head_read(&head, bytes, sizeof bytes - 1);
    cr_expect_eq(head.start, 18);
    cr_expect_eq(head.end, sizeof bytes - 2);
}

Test(http_head, no_prefix_of_a_good_head_is_broken)
{
    static const char bytes[] = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";

    for (size_t length = 0; length < sizeof bytes - 1; length++) {
        struct http_head head;

        http_head_read(&head, bytes, length);
        cr_expect_eq((int)head.state, HTTP_HEAD_INCOMPLETE, "%zu", length);
    }
}

Test(http_head, header_lines_are_stepped_through_trimmed)
{
    static const char bytes[] = "HTTP/1.1 200 OK\r\nFirst:  a b \t\r\n"
                                "nonsense\r\n folded: x\r\nSECOND:\r\n\r\n";
    struct http_span name, value;
    size_t cursor = 0;

    cr_assert(http_head_next(bytes, sizeof bytes - 1, &cursor, &name, &value));
    cr_expect(http_span_is(name, "first"));
    cr_expect(http_span_is(value, "a b"));
    cr_assert(http_head_next(bytes, sizeof bytes - 1, &cursor, &name, &value));
    cr_expect(http_span_is(name, "second"));
    cr_expect_eq(value.length, 0);
    cr_expect_not(
        http_head_next(bytes, sizeof bytes - 1, &cursor, &name, &value));
}
