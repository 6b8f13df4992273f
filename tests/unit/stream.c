#include <criterion/criterion.h>
#include <string.h>

#include "mockserver/stream.h"

#define HEAD "POST /a HTTP/1.1\r\nHost: m\r\n"

static struct inbound in;
static struct outbound out;

static void begin(void)
{
    in = (struct inbound){ 0 };
    out = (struct outbound){ .status = -1 };
}

static void end(void)
{
    inbound_release(&in);
    outbound_release(&out);
}

TestSuite(stream, .init = begin, .fini = end);

/* Feeds the text, the time counting up with each piece of that size. */
static int64_t feed(const char *text, size_t piece)
{
    size_t length = strlen(text);
    int64_t now_ns = 0;

    for (size_t at = 0; at < length; at += piece)
        inbound_feed(&in, text + at, length - at < piece ? length - at : piece,
                     ++now_ns);
    return now_ns;
}

struct request_case {
    const char *text;
    enum inbound_state state;
    int64_t body;
    const char *beyond;
};

Test(stream, a_request_ends_where_its_framing_says_in_any_pieces)
{
    static const struct request_case cases[] = {
        { "", INBOUND_HEAD, 0, "" },
        { HEAD, INBOUND_HEAD, 0, "" },
        { HEAD "\r\n", INBOUND_DONE, 0, "" },
        { HEAD "\r\nGET", INBOUND_DONE, 0, "GET" },
        { HEAD "Content-Length: 5\r\n\r\nabc", INBOUND_LENGTH, 3, "" },
        { HEAD "Content-Length: 5\r\n\r\nabcde", INBOUND_DONE, 5, "" },
        { HEAD "Content-Length: 5\r\n\r\nabcdeGET", INBOUND_DONE, 5, "GET" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n", INBOUND_CHUNK_SIZE, 0,
          "" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nabc",
          INBOUND_CHUNK_DATA, 3, "" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\nA\r\n"
               "0123456789\r\n0\r\n\r\nGET",
          INBOUND_DONE, 15, "GET" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
          INBOUND_TRAILER, 0, "" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n",
          INBOUND_DONE, 0, "" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n2\nab\n0\n\n", INBOUND_DONE,
          2, "" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n", INBOUND_LOST, 0,
          "" },
        { HEAD "Transfer-Encoding: chunked\r\n\r\n\r\n", INBOUND_LOST, 0, "" },
        { HEAD "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
               "0\r\n\r\n",
          INBOUND_DONE, 0, "" },
    };
    static const size_t pieces[] = { 1, 2, 7, 1000 };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t p = 0; p < sizeof pieces / sizeof pieces[0]; p++) {
            feed(cases[i].text, pieces[p]);
            cr_expect(in.state == cases[i].state, "%s in pieces of %zu: %d",
                      cases[i].text, pieces[p], (int)in.state);
            cr_expect(in.body_bytes == cases[i].body, "%s", cases[i].text);
            cr_expect_str_eq(buf_text(&in.beyond), cases[i].beyond);
            inbound_release(&in);
        }
    }
}

Test(stream, each_boundary_has_its_time)
{
    int64_t last_ns = feed(HEAD "Content-Length: 3\r\n\r\nabc", 1);

    cr_assert(in.first_ns == 1);
    cr_assert(in.head_ns == last_ns - 3);
    cr_assert(in.body_ns == last_ns);
}

Test(stream, what_stands_behind_a_request_begins_the_next)
{
    feed(HEAD "Content-Length: 1\r\n\r\nx" HEAD "\r\nGET", 1000);
    inbound_next(&in, 50);
    cr_assert(in.state == INBOUND_DONE);
    cr_assert(in.first_ns == 50 && in.head_ns == 50);
    cr_assert_str_eq(buf_text(&in.head), HEAD "\r\n");
    cr_assert_str_eq(buf_text(&in.beyond), "GET");
    inbound_next(&in, 60);
    cr_assert(in.state == INBOUND_HEAD && !inbound_is_idle(&in));
}

Test(stream, a_connection_is_idle_between_whole_requests)
{
    cr_assert(inbound_is_idle(&in));
    feed(HEAD, 1000);
    cr_assert(!inbound_is_idle(&in));
    feed("\r\n", 1000);
    cr_assert(!inbound_is_idle(&in));
    inbound_next(&in, 1);
    cr_assert(inbound_is_idle(&in));
}

Test(stream, behind_half_a_request_nothing_can_be_followed)
{
    feed(HEAD "Content-Length: 5\r\n\r\nab", 1000);
    inbound_next(&in, 1);
    feed(HEAD "\r\n", 1000);
    cr_assert(in.state == INBOUND_LOST && !in.head_ns);
}

Test(stream, a_head_without_an_end_is_given_up)
{
    static char text[INBOUND_HEAD_MOST + 2];

    memset(text, 'x', sizeof text - 1);
    feed(text, 4096);
    cr_assert(in.state == INBOUND_LOST);
}

static void answer(const char *text, int64_t before_ns)
{
    outbound_feed(&out, text, strlen(text), before_ns);
}

Test(stream, an_answer_has_a_status_once_its_head_is_out)
{
    answer("HTTP/1.1 503 Busy\r\nConnection: close\r\n", 5);
    cr_assert(out.status == -1 && !out.head_length);
    answer("\r\nbody", 9);
    cr_assert(out.status == 503 && out.head_length == 40);
    cr_assert(out.says_close);
    cr_assert(out.bytes == 44);
    cr_assert(out.first_ns == 5 && out.last_ns == 9);
}

Test(stream, close_in_the_body_is_not_in_the_head)
{
    answer("HTTP/1.1 200 OK\r\n\r\n\r\nConnection: close\r\n", 1);
    cr_assert(out.status == 200 && !out.says_close);
}

Test(stream, an_interim_answer_is_not_the_answer)
{
    answer("HTTP/1.1 100 Continue\r\n\r\n", 3);
    cr_assert(out.status == -1 && out.bytes == 0 && out.interim == 25);
    cr_assert(out.first_ns == 0);
    answer("HTTP/1.1 200 OK\r\n\r\n", 8);
    cr_assert(out.status == 200 && out.bytes == 19 && out.first_ns == 8);
}

Test(stream, what_is_no_http_has_no_status)
{
    answer("SSH-2.0-x\r\n\r\n", 1);
    cr_assert(out.status == -1 && out.head_length == 13);
    outbound_reset(&out);
    answer("HTTP/1.1 abc\r\n\r\n", 1);
    cr_assert(out.status == -1);
}
