#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "mockserver/head.h"

#define LINE "POST /v1/chat/completions HTTP/1.1\r\n"
#define HOST "Host: m\r\n"

static struct head head;

static void read_head(const char *text)
{
    head_read(&head, text, strlen(text));
}

/* The findings, space separated. */
static const char *findings(void)
{
    static char text[512];

    text[0] = '\0';
    for (size_t i = 0; i < head.finding_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s",
                 i ? " " : "", head.findings[i]);
    return text;
}

struct finding_case {
    const char *head, *findings;
};

Test(head, each_deviation_is_named_and_nothing_else)
{
    static const struct finding_case cases[] = {
        { LINE HOST "\r\n", "" },
        { LINE HOST "Content-Length: 5\r\nAccept: a, b\r\n\r\n", "" },
        { LINE HOST "X-Empty:\r\nX-Tab:\ta\tb\r\n\r\n", "" },
        { "GET / HTTP/1.0\r\n\r\n", "" },
        { "POST /a HTTP/1.1\nHost: m\n\n", "bare_lf" },
        { LINE HOST "\n", "bare_lf" },
        { LINE HOST "X: a\rb\r\n\r\n", "bare_cr control_in_value" },
        { LINE HOST "X: a\x01\r\n\r\n", "control_in_value" },
        { LINE HOST "X: a\x7f\r\n\r\n", "control_in_value" },
        { LINE "\r\n", "no_host" },
        { LINE HOST HOST "\r\n", "duplicate_host" },
        { LINE HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
          "duplicate_content_length" },
        { LINE HOST "Content-Length: 5x\r\n\r\n", "bad_content_length" },
        { LINE HOST "Content-Length: -5\r\n\r\n", "bad_content_length" },
        { LINE HOST "Content-Length:\r\n\r\n", "bad_content_length" },
        { LINE HOST "Content-Length: 9999999999999999999\r\n\r\n",
          "bad_content_length" },
        { LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
          "length_and_chunked" },
        { LINE HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
          "odd_transfer_encoding" },
        { LINE HOST "Transfer-Encoding: xchunked\r\n\r\n",
          "odd_transfer_encoding" },
        { LINE HOST "X : a\r\n\r\n", "space_before_colon" },
        { LINE HOST "X: a\r\n b\r\n\r\n", "obs_fold" },
        { LINE HOST "no colon here\r\n\r\n", "no_colon" },
        { LINE HOST "X(Y: a\r\n\r\n", "non_token_header" },
        { LINE HOST ": a\r\n\r\n", "non_token_header" },
        { "\r\n" LINE HOST "\r\n", "empty_line_before" },
        { "POST /a?b=c HTTP/1.1\r\n" HOST "\r\n", "query" },
        { "post /a HTTP/1.1\r\n" HOST "\r\n", "lower_case_method" },
        { "POST  /a HTTP/1.1\r\n" HOST "\r\n", "bad_request_line" },
        { "POST /a b HTTP/1.1\r\n" HOST "\r\n", "bad_request_line" },
        { "POST /a\r\n" HOST "\r\n", "bad_request_line" },
        { "POST\r\n" HOST "\r\n", "bad_request_line" },
        { " \r\n" HOST "\r\n", "bad_request_line" },
        { "P(ST /a HTTP/1.1\r\n" HOST "\r\n", "bad_request_line" },
        { "POST /a HTTP/2.0\r\n" HOST "\r\n", "not_http_1" },
        { "POST /a HTTP/1.1 \r\n" HOST "\r\n", "bad_request_line not_http_1" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        read_head(cases[i].head);
        cr_expect_str_eq(findings(), cases[i].findings, "%s: %s", cases[i].head,
                         findings());
    }
}

Test(head, a_nul_is_named)
{
    static const char text[] = LINE HOST "X: a\0b\r\n\r\n";

    head_read(&head, text, sizeof text - 1);
    cr_assert_str_eq(findings(), "nul control_in_value");
}

Test(head, the_request_line_is_taken_apart)
{
    read_head("POST /v1/chat/completions?api-version=1 HTTP/1.1\r\n\r\n");
    cr_assert_str_eq(head.method, "POST");
    cr_assert_str_eq(head.target, "/v1/chat/completions");
    cr_assert_str_eq(head.version, "HTTP/1.1");
}

Test(head, a_target_too_long_to_keep_is_cut_and_named)
{
    char text[600];

    snprintf(text, sizeof text, "POST /%0500d HTTP/1.1\r\n" HOST "\r\n", 0);
    read_head(text);
    cr_assert(strlen(head.target) == sizeof head.target - 1);
    cr_assert_str_eq(findings(), "long_target");
}

Test(head, more_headers_than_can_be_kept_are_named)
{
    static char text[16384] = LINE HOST;

    for (int i = 0; i < HEAD_HEADERS_MOST + 3; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "X: %d\r\n",
                 i);
    strcat(text, "\r\n");
    read_head(text);
    cr_assert(head.header_count == HEAD_HEADERS_MOST);
    cr_assert_str_eq(findings(), "too_many_headers");
}

Test(head, headers_are_found_in_any_case_and_by_index)
{
    const struct head_header *found;

    read_head(LINE HOST "X-A:  one \r\nx-a:two\r\n\r\n");
    found = head_find(&head, "x-A", 0);
    cr_assert(found && found->value_length == 3);
    cr_assert(!strncmp(found->value, "one", 3));
    found = head_find(&head, "X-A", 1);
    cr_assert(found && !strncmp(found->value, "two", 3));
    cr_assert_null(head_find(&head, "x-a", 2));
    cr_assert_null(head_find(&head, "x", 0));
}

struct framing_case {
    const char *headers;
    int64_t length;
    bool chunked, close, expects;
};

Test(head, framing_and_persistence_are_read)
{
    static const struct framing_case cases[] = {
        { "", -1, false, false, false },
        { "Content-Length: 0\r\n", 0, false, false, false },
        { "content-length: 12\r\n", 12, false, false, false },
        { "Content-Length: 1\r\nContent-Length: 2\r\n", 1, false, false,
          false },
        { "Transfer-Encoding: Chunked\r\n", -1, true, false, false },
        { "Connection: Close\r\n", -1, false, true, false },
        { "Connection: x, close , y\r\n", -1, false, true, false },
        { "Connection: closed\r\n", -1, false, false, false },
        { "Expect: 100-continue\r\n", -1, false, false, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];

        snprintf(text, sizeof text, LINE HOST "%s\r\n", cases[i].headers);
        read_head(text);
        cr_expect(head.content_length == cases[i].length, "%s", text);
        cr_expect(head.chunked == cases[i].chunked, "%s", text);
        cr_expect(head.wants_close == cases[i].close, "%s", text);
        cr_expect(head.expects_continue == cases[i].expects, "%s", text);
    }
}

Test(head, http_1_0_closes_unless_it_says_otherwise)
{
    read_head("POST /a HTTP/1.0\r\n\r\n");
    cr_assert(head.wants_close);
    read_head("POST /a HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
    cr_assert(!head.wants_close);
}

struct end_case {
    const char *bytes;
    size_t end;
};

Test(head, its_end_is_the_blank_line_behind_the_request_line)
{
    static const struct end_case cases[] = {
        { "", 0 },
        { "\r\n\r\n", 0 },
        { "GET / HTTP/1.1\r\n", 0 },
        { "GET / HTTP/1.1\r\nA: b\r\n\r", 0 },
        { "GET / HTTP/1.1\r\n\r\n", 18 },
        { "GET / HTTP/1.1\n\n", 16 },
        { "GET / HTTP/1.1\r\n\r\nbody\r\n\r\n", 18 },
        { "\r\nGET / HTTP/1.1\r\n\r\n", 20 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect(head_end(cases[i].bytes, strlen(cases[i].bytes)) ==
                      cases[i].end,
                  "%s", cases[i].bytes);
}
