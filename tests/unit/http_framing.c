#include "harness/client/http_framing.h"

#include <criterion/criterion.h>
#include <string.h>

#define OK    "HTTP/1.1 200 OK\r\n"
#define CHUNK OK "Transfer-Encoding: chunked\r\n\r\n"

static const struct row {
    const char *bytes;
    bool ended; /* FIN */
    enum trace_framing kind;
    bool complete, broken;
    const char *body;
    const char *problem;
    size_t extra;
} rows[] = {
    /* Content-Length */
    { OK "Content-Length: 5\r\n\r\nhello", false, TRACE_FRAMING_LENGTH, true,
      false, "hello", "", 0 },
    { OK "Content-Length: 0\r\n\r\n", false, TRACE_FRAMING_LENGTH, true, false,
      "", "", 0 },
    { OK "Content-Length: 5\r\n\r\nhel", true, TRACE_FRAMING_LENGTH, false,
      false, "hel", "3 of 5 body bytes came", 0 },
    { OK "Content-Length: 5\r\n\r\nhello world", true, TRACE_FRAMING_LENGTH,
      true, false, "hello", "", 6 },
    { OK "content-length: 5\r\nCONTENT-LENGTH: 5\r\n\r\nhello", false,
      TRACE_FRAMING_LENGTH, true, false, "hello",
      "Content-Length more than once", 0 },
    { OK "Content-Length: 5, 5\r\n\r\nhello", false, TRACE_FRAMING_LENGTH, true,
      false, "hello", "Content-Length more than once", 0 },
    { OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", true,
      TRACE_FRAMING_LENGTH, false, true, "hello",
      "Content-Length values differ", 0 },
    { OK "Content-Length: -1\r\n\r\nhello", true, TRACE_FRAMING_LENGTH, false,
      true, "hello", "Content-Length is no number", 0 },
    { OK "Content-Length: 5x\r\n\r\nhello", true, TRACE_FRAMING_LENGTH, false,
      true, "hello", "Content-Length is no number", 0 },
    { OK "Content-Length: \r\n\r\nhello", true, TRACE_FRAMING_LENGTH, false,
      true, "hello", "Content-Length is no number", 0 },
    { OK "Content-Length: 99999999999999999999\r\n\r\n", true,
      TRACE_FRAMING_LENGTH, false, true, "", "Content-Length is no number", 0 },
    /* chunked */
    { CHUNK "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", false,
      TRACE_FRAMING_CHUNKED, true, false, "hello world", "", 0 },
    { CHUNK "0\r\n\r\n", false, TRACE_FRAMING_CHUNKED, true, false, "", "", 0 },
    { CHUNK "0A ;name=\"v\"\r\n0123456789\r\n000\r\nX: y\r\n\r\n", false,
      TRACE_FRAMING_CHUNKED, true, false, "0123456789", "", 0 },
    { OK "Transfer-Encoding: gzip, Chunked\r\n\r\n1\r\na\r\n0\r\n\r\nzz", false,
      TRACE_FRAMING_CHUNKED, true, false, "a", "", 2 },
    { CHUNK "5\r\nhello\r\n", true, TRACE_FRAMING_CHUNKED, false, false,
      "hello", "ended before the last chunk", 0 },
    { CHUNK "5\r\nhello", true, TRACE_FRAMING_CHUNKED, false, false, "hello",
      "ended inside a chunk", 0 },
    { CHUNK "5\r\nhello\r", true, TRACE_FRAMING_CHUNKED, false, false, "hello",
      "ended inside a chunk", 0 },
    { CHUNK "5\r\nhe", true, TRACE_FRAMING_CHUNKED, false, false, "he",
      "ended inside a chunk", 0 },
    { CHUNK "1", true, TRACE_FRAMING_CHUNKED, false, false, "",
      "ended before the last chunk", 0 },
    { CHUNK "0\r\nX: y\r\n", true, TRACE_FRAMING_CHUNKED, false, false, "",
      "ended inside the trailer", 0 },
    { CHUNK "zz\r\nhello\r\n0\r\n\r\n", true, TRACE_FRAMING_CHUNKED, false,
      true, "", "invalid chunk size", 0 },
    { CHUNK "1\r\na\r\nXYZ", true, TRACE_FRAMING_CHUNKED, false, true, "a",
      "invalid chunk size", 0 },
    { CHUNK "\r\n", true, TRACE_FRAMING_CHUNKED, false, true, "",
      "invalid chunk size", 0 },
    { CHUNK "-1\r\n", true, TRACE_FRAMING_CHUNKED, false, true, "",
      "invalid chunk size", 0 },
    { CHUNK "ffffffffffffffffff\r\na", true, TRACE_FRAMING_CHUNKED, false, true,
      "", "invalid chunk size", 0 },
    { CHUNK "3\r\nhello\r\n0\r\n\r\n", true, TRACE_FRAMING_CHUNKED, false, true,
      "hel", "chunk longer than its size", 0 },
    { CHUNK "5\nhello\r\n0\r\n\r\n", false, TRACE_FRAMING_CHUNKED, true, false,
      "hello", "chunk size ended by a bare LF", 0 },
    { CHUNK "5\r\nhello\n0\r\n\r\n", false, TRACE_FRAMING_CHUNKED, true, false,
      "hello", "chunk ended by a bare LF", 0 },
    { OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5\r\nhello\r\n0\r\n\r\n",
      false, TRACE_FRAMING_CHUNKED, true, false, "hello",
      "both Content-Length and Transfer-Encoding", 0 },
    { "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false,
      TRACE_FRAMING_CHUNKED, true, false, "", "Transfer-Encoding in HTTP/1.0",
      0 },
    /* neither */
    { OK "\r\nhello", true, TRACE_FRAMING_CLOSE, true, false, "hello", "", 0 },
    { OK "\r\n", true, TRACE_FRAMING_CLOSE, true, false, "", "", 0 },
    { OK "\r\nhello", false, TRACE_FRAMING_CLOSE, false, false, "hello",
      "no FIN ended the body", 0 },
    { OK "Transfer-Encoding: identity\r\n\r\nhello", true, TRACE_FRAMING_CLOSE,
      true, false, "hello", "Transfer-Encoding that is not chunked", 0 },
    /* none by definition */
    { "HTTP/1.1 204 No\r\n\r\n", false, TRACE_FRAMING_NO_BODY, true, false, "",
      "", 0 },
    { "HTTP/1.1 204 No\r\nContent-Length: 2\r\n\r\nhi", false,
      TRACE_FRAMING_NO_BODY, true, false, "", "a 204 that announces a body",
      2 },
    { "HTTP/1.1 304 Not\r\nContent-Length: 9\r\n\r\n", false,
      TRACE_FRAMING_NO_BODY, true, false, "", "", 0 },
};

Test(http_framing, each_body_is_found_and_each_break_named)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        size_t length = strlen(row->bytes);
        struct http_framing framing;
        struct http_head head;

        http_head_read(&head, row->bytes, length);
        cr_assert_eq((int)head.state, HTTP_HEAD_COMPLETE);
        http_framing_read(&framing, &head, row->bytes, length, row->ended);
        cr_expect_eq((int)framing.kind, (int)row->kind, "%s", row->bytes);
        cr_expect_eq(framing.complete, row->complete, "%s", row->bytes);
        cr_expect_eq(framing.broken, row->broken, "%s", row->bytes);
        cr_expect_str_eq(buf_text(&framing.body), row->body, "%s", row->bytes);
        cr_expect_str_eq(framing.problem, row->problem, "%s", row->bytes);
        if (framing.complete)
            cr_expect_eq(length - framing.end, row->extra, "%s", row->bytes);
        http_framing_release(&framing);
    }
}

/* What a client asks after each byte must come to what the whole says. */
Test(http_framing, a_scan_byte_by_byte_agrees_with_the_whole)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        size_t length = strlen(row->bytes), resume = 0, done_at = 0;
        struct http_framing framing = { 0 };
        struct http_head head;

        if (row->kind == TRACE_FRAMING_CLOSE)
            continue; /* only the FIN ends it */
        for (size_t n = 1; n <= length; n++) {
            http_head_read(&head, row->bytes, n);
            if (head.state != HTTP_HEAD_COMPLETE)
                continue;
            http_framing_scan(&framing, resume, &head, row->bytes, n);
            resume = framing.resume;
            cr_expect_eq(framing.segment_count, 0);
            if (framing.complete || framing.broken) {
                done_at = n;
                break;
            }
        }
        cr_expect_eq(framing.complete, row->complete, "%s", row->bytes);
        cr_expect_eq(framing.broken, row->broken, "%s", row->bytes);
        if (row->complete)
            cr_expect_eq(done_at, length - row->extra, "%s", row->bytes);
    }
}

Test(http_framing, a_body_byte_leads_back_to_its_raw_place)
{
    static const char bytes[] = CHUNK "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
    struct http_framing framing;
    struct http_head head;

    http_head_read(&head, bytes, sizeof bytes - 1);
    http_framing_read(&framing, &head, bytes, sizeof bytes - 1, false);
    cr_assert_eq(framing.body.length, 6);
    for (size_t i = 0; i < framing.body.length; i++)
        cr_expect_eq(bytes[http_framing_raw_at(&framing, i)],
                     framing.body.data[i]);
    cr_expect_eq(http_framing_raw_at(&framing, 5), head.end + 13);
    http_framing_release(&framing);
}
