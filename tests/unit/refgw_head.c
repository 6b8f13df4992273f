#include "tests/refgateway/head.h"

#include <criterion/criterion.h>
#include <string.h>

static void take_all(struct head *head, const char *text)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t length = end ? (size_t)(end - text) + 1 : strlen(text);

        head_take(head, text, length);
        text += length;
    }
}

Test(refgw_head, a_head_is_complete_with_its_empty_line_and_not_before)
{
    static const struct {
        const char *text;
        bool complete;
        int status;
    } rows[] = {
        { "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", true, 200 },
        { "HTTP/1.1 200\r\n\r\n", true, 200 },
        { "HTTP/1.0 503 X\n\n", true, 503 },
        { "HTTP/1.1 200 OK\r\nA: b\r\n", false, 200 },
        { "HTTP/1.1 200 OK\r\n", false, 200 },
        { "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", false, 103 },
        { "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 429 X\r\n\r\n", true, 429 },
        { "HTTP/1.1 101 Switching\r\n\r\n", true, 101 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct head head = { 0 };

        take_all(&head, rows[i].text);
        cr_expect_eq(head.complete, rows[i].complete, "row %zu", i);
        cr_expect_eq(head.status, rows[i].status, "row %zu", i);
        head_release(&head);
    }
}

Test(refgw_head, framing_is_seen_and_interim_headers_are_forgotten)
{
    struct head head = { 0 };

    take_all(&head, "HTTP/1.1 103 E\r\nContent-Length: 3\r\n"
                    "Retry-After: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
    cr_expect_not(head.framed);
    cr_expect_null(head.retry_after);
    head_release(&head);
    take_all(&head, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    cr_expect(head.framed);
    head_release(&head);
    take_all(&head, "HTTP/1.1 204 No\r\n\r\n");
    cr_expect(head.framed);
    head_release(&head);
}

Test(refgw_head, values_are_trimmed_doubled_ones_become_a_list)
{
    struct head head = { 0 };

    take_all(&head, "HTTP/1.1 429 X\r\nretry-AFTER:  2 \r\n"
                    "Retry-After: 5\r\nRetry-After-MS:7\r\nDate:\r\n\r\n"
                    "Retry-After: 1\r\n");
    cr_expect_str_eq(head.retry_after, "2, 5");
    cr_expect_str_eq(head.retry_after_ms, "7");
    cr_expect_str_eq(head.date, "");
    cr_expect(head_is_error(&head));
    head_release(&head);
}
