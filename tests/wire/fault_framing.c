/* truncate, bad_chunk, garbage and the framing modifier: the exact bytes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/wire/lib/tried.h"

TestSuite(fault_framing, .init = tried_start, .fini = tried_stop,
          .timeout = 60);

/* The healthy answer's body has the same size in every try of a test. */
static int64_t healthy_bytes(bool stream)
{
    struct tried t;
    int64_t bytes;

    tried_step(&t, "healthy", "{\"fault\":\"close\",\"at\":\"end\"}",
               stream ? TRIED_STREAM : TRIED_PLAIN, RAW_END_FIN);
    cr_assert(t.view.whole);
    bytes = (int64_t)t.view.body.length;
    tried_release(&t);
    return bytes;
}

Test(fault_framing, length_lies_by_exactly_what_was_asked_for)
{
    static const struct {
        const char *more;
        bool is_long;
        int64_t percent, bytes; /* the one that is meant; -1 */
    } rows[] = {
        { "\"content_length\":\"long\"", true, 50, -1 },
        { "\"content_length\":\"long\",\"percent\":0", true, 0, -1 },
        { "\"content_length\":\"long\",\"percent\":60", true, 60, -1 },
        { "\"content_length\":\"long\",\"bytes\":17", true, -1, 17 },
        { "\"content_length\":\"short\"", false, 50, -1 },
        { "\"content_length\":\"short\",\"percent\":60", false, 60, -1 },
        { "\"content_length\":\"short\",\"bytes\":17", false, -1, 17 },
    };
    int64_t whole[2] = { healthy_bytes(false), healthy_bytes(true) };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        size_t r = i / 2;
        int64_t total = whole[i % 2];
        int64_t part =
            rows[r].bytes >= 0 ? rows[r].bytes : total * rows[r].percent / 100;
        struct tried t;
        char step[128];

        snprintf(step, sizeof step, "{\"fault\":\"truncate\",%s}",
                 rows[r].more);
        tried_step(&t, "truncate", step, i % 2 ? TRIED_STREAM : TRIED_PLAIN,
                   RAW_END_FIN);
        cr_expect(!t.view.chunked && t.view.head_whole);
        cr_expect(t.view.length == (rows[r].is_long ? total : part), "%s: %d",
                  step, (int)t.view.length);
        cr_expect((int64_t)t.view.body.length ==
                      (rows[r].is_long ? part : total),
                  "%s: %zu", step, t.view.body.length);
        cr_expect(t.view.whole == !rows[r].is_long &&
                  t.view.surplus == !rows[r].is_long);
        tried_release(&t);
    }
}

/* A real client takes the announced bytes and leaves at once: the surplus is
 * out before it can. */
Test(fault_framing, surplus_is_out_before_the_client_can_leave)
{
    for (int i = 0; i < 20; i++) {
        struct tried t;
        char byte[1];
        int fd = tried_begin(
            &t, "{\"fault\":\"truncate\",\"content_length\":\"short\"}",
            i % 2 ? TRIED_STREAM : TRIED_PLAIN);

        cr_assert(read(fd, byte, 1) == 1);
        tried_leave(&t, fd);
        cr_expect(t.attempt.delivered.end == ATTEMPT_END_FIN);
        cr_expect(t.attempt.delivered.faithful, "%s",
                  t.attempt.delivered.deviation);
        tried_release(&t);
    }
}

Test(fault_framing, bad_chunk_is_the_last_thing_that_comes)
{
    static const struct {
        const char *at;
        enum tried_request request;
        int64_t events;
    } rows[] = {
        { "", TRIED_PLAIN, 0 },
        { "", TRIED_STREAM, 11 },
        { ",\"at\":\"headers_end\"", TRIED_PLAIN, 0 },
        { ",\"at\":\"body:25%\"", TRIED_PLAIN, 0 },
        { ",\"at\":\"event:3\"", TRIED_STREAM, 3 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        char step[64];

        snprintf(step, sizeof step, "{\"fault\":\"bad_chunk\"%s}", rows[i].at);
        tried_step(&t, "bad_chunk", step, rows[i].request, RAW_END_FIN);
        cr_expect(t.view.chunked && t.view.bad_chunk && !t.view.whole);
        cr_expect_str_eq(t.answer.bytes.data + t.answer.bytes.length - 7,
                         "\r\nZZZ\r\n");
        cr_expect(t.attempt.delivered.events == rows[i].events);
        tried_release(&t);
    }
}

Test(fault_framing, garbage_comes_verbatim)
{
    static const char binary[] =
        "\x15\x03\x01\x00\x02\x02\x0a\x00\xff\xfe\x80\x00"
        "\xc0\xc1\xf5\xff\x00\x01\x02\x03";
    static const struct {
        const char *more;
        const char *bytes;
        size_t length;
    } rows[] = {
        { "", "SSH-2.0-OpenSSH_9.2p1\r\n", 23 },
        { ",\"bytes_kind\":\"ssh_banner\"", "SSH-2.0-OpenSSH_9.2p1\r\n", 23 },
        { ",\"bytes_kind\":\"binary\"", binary, sizeof binary - 1 },
        { ",\"bytes_kind\":\"bad_status_line\"",
          "HTTP/1.1 abc\r\nContent-Type: application/json\r\n"
          "Content-Length: 2\r\n\r\n{}",
          69 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        char step[64];

        snprintf(step, sizeof step, "{\"fault\":\"garbage\"%s}", rows[i].more);
        tried_step(&t, step, step, i % 2 ? TRIED_STREAM : TRIED_PLAIN,
                   RAW_END_FIN);
        cr_assert(t.answer.bytes.length == rows[i].length, "%s: %zu", step,
                  t.answer.bytes.length);
        cr_expect(!memcmp(t.answer.bytes.data, rows[i].bytes, rows[i].length));
        cr_expect(t.attempt.planned.status == -1);
        cr_expect(t.attempt.delivered.status == -1);
        tried_release(&t);
    }
}

Test(fault_framing, any_framing_carries_the_same_answer)
{
    static const struct {
        const char *framing;
        enum raw_end end;
        bool chunked;
        bool length;
    } rows[] = {
        { "length", RAW_END_MESSAGE, false, true },
        { "chunked", RAW_END_MESSAGE, true, false },
        { "close", RAW_END_FIN, false, false },
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        size_t r = i / 2;
        struct tried t;
        char step[64];

        snprintf(step, sizeof step, "{\"fault\":\"none\",\"framing\":\"%s\"}",
                 rows[r].framing);
        tried_step(&t, step, step, i % 2 ? TRIED_STREAM : TRIED_PLAIN,
                   rows[r].end);
        cr_expect(t.view.whole && t.view.chunked == rows[r].chunked);
        cr_expect((t.view.length >= 0) == rows[r].length);
        cr_expect(tried_shape(&t) == ANSWER_COMPLETE);
        cr_expect(raw_has_header(&t.answer, "Connection: close") ==
                  (rows[r].end == RAW_END_FIN));
        tried_release(&t);
    }
}

Test(fault_framing, peer_that_closes_is_closed_after_a_whole_answer)
{
    static const struct {
        const char *version;
        const char *header;
        bool chunked;
    } rows[] = { { "1.1", "Connection: close\r\n", true },
                 { "1.0", "", false } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tried t;
        char id[DRILL_ID_SIZE];
        const char *chat;
        int fd = tried_begin(&t, "{\"fault\":\"none\"}", TRIED_NOTHING);

        drill_id_format(id, t.id);
        chat = raw_chat(id, true, rows[i].header);
        raw_send(fd, "POST /v1/chat/completions HTTP/");
        raw_send(fd, rows[i].version);
        raw_send(fd, strstr(chat, "\r\n"));
        raw_read(fd, &t.answer, 2000);
        cr_expect(t.answer.end == RAW_END_FIN, "%s: %s", rows[i].version,
                  raw_end_names[t.answer.end]);
        tried_finish(&t, rows[i].version, fd, RAW_END_FIN);
        cr_expect(t.view.whole && t.view.chunked == rows[i].chunked);
        cr_expect(tried_shape(&t) == ANSWER_COMPLETE);
        tried_release(&t);
    }
}
