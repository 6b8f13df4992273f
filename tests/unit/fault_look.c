/* Odd heads, chunks, codings, interim and early answers. */
#include <criterion/criterion.h>
#include <zlib.h>

#include "mockserver/encode.h"
#include "mockserver/write.h"
#include "tests/unit/acted.h"
#include "tests/unit/drafts.h"

static struct acted acted_status(void)
{
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 503;
    return a;
}

static bool has_bytes(const struct plan *plan, const char *bytes, size_t length)
{
    return plan->bytes.data &&
           memmem(plan->bytes.data, plan->bytes.length, bytes, length);
}

static bool starts_with(const struct plan *plan, const char *text)
{
    return plan->bytes.length >= strlen(text) &&
           !memcmp(plan->bytes.data, text, strlen(text));
}

Test(fault_look, status_line_is_as_told)
{
    static const struct {
        int64_t look;
        const char *line;
        enum step_end end;
    } rows[] = {
        { STEP_STATUS_LINE_HTTP_1_0, "HTTP/1.0 503 Service Unavailable\r\n",
          STEP_END_FIN },
        { STEP_STATUS_LINE_NO_REASON, "HTTP/1.1 503 \r\n", STEP_END_KEEP },
        { STEP_STATUS_LINE_BARE, "HTTP/1.1 503\r\n", STEP_END_KEEP },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_status();

        a.step.head.status_line = rows[i].look;
        act(&a);
        cr_assert(a.plan.raw);
        cr_expect(starts_with(&a.plan, rows[i].line), "%s", rows[i].line);
        cr_expect_eq(a.plan.end, rows[i].end, "%s", rows[i].line);
        cr_expect(a.view.whole);
        acted_release(&a);
    }
}

Test(fault_look, stream_over_http_1_0_has_no_chunks)
{
    struct acted a = acted_new(FAULT_none, true);

    a.step.head.status_line = STEP_STATUS_LINE_HTTP_1_0;
    act(&a);
    cr_expect_not(a.view.chunked);
    cr_expect_eq(a.plan.end, STEP_END_FIN);
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    acted_release(&a);
}

Test(fault_look, header_names_come_in_any_letters)
{
    static const char *const names[] = {
        [STEP_LETTERS_LOWER] = "\r\ncontent-length: ",
        [STEP_LETTERS_UPPER] = "\r\nCONTENT-LENGTH: ",
        [STEP_LETTERS_ODD] = "\r\ncOnTeNt-lEnGtH: ",
    };

    for (int64_t i = 0; i <= STEP_LETTERS_ODD; i++) {
        struct acted a = acted_status();

        a.step.head.names = i;
        act(&a);
        cr_expect(has_bytes(&a.plan, names[i], strlen(names[i])));
        cr_expect(a.view.whole && body_is_json(&a));
        acted_release(&a);
    }
}

Test(fault_look, odd_lines_stand_in_the_head)
{
#define BYTES(text) text, sizeof text - 1
    static const struct {
        int64_t odd;
        const char *bytes;
        size_t length;
    } rows[] = {
        { STEP_ODD_OBS_FOLD, BYTES("\r\nX-Folded: one\r\n two\r\n") },
        { STEP_ODD_NUL, BYTES("\r\nX-Nul: a\0b\r\n") },
        { STEP_ODD_BARE_CR, BYTES("\r\nX-Cr: a\rX-Injected: b\r\n") },
        { STEP_ODD_BARE_LF, BYTES("\r\nX-Lf: a\nX-Injected: b\r\n") },
        { STEP_ODD_SPACE_BEFORE_COLON, BYTES("\r\nX-Space : a\r\n") },
        { STEP_ODD_NO_COLON, BYTES("\r\nX-No-Colon\r\n") },
    };
#undef BYTES

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_status();

        a.step.head.odd = rows[i].odd;
        act(&a);
        cr_expect(has_bytes(&a.plan, rows[i].bytes, rows[i].length), "%d",
                  (int)rows[i].odd);
        cr_expect_eq(a.plan.end, STEP_END_KEEP);
        acted_release(&a);
    }
}

/* How many lines of that name there are, and the last value. */
static size_t count_lengths(const struct acted *a, int64_t *last)
{
    size_t count = 0;

    for (const char *at = a->view.head.data;
         (at = strstr(at, "\r\nContent-Length: ")) != NULL; at += 2) {
        *last = atoll(at + strlen("\r\nContent-Length: "));
        count++;
    }
    return count;
}

Test(fault_look, lengths_repeat_or_contradict)
{
    static const struct {
        int64_t odd;
        size_t count;
        int64_t more;
        bool chunked;
    } rows[] = {
        { STEP_ODD_DUPLICATE_LENGTH, 2, 0, false },
        { STEP_ODD_CONFLICTING_LENGTH, 2, -7, false },
        { STEP_ODD_LENGTH_AND_CHUNKED, 1, 0, true },
    };

    for (size_t i = 0; i < 2 * sizeof rows / sizeof rows[0]; i++) {
        struct acted a = acted_new(FAULT_none, i % 2);
        int64_t last = -1;

        a.step.head.odd = rows[i / 2].odd;
        act(&a);
        cr_expect_eq(count_lengths(&a, &last), rows[i / 2].count);
        cr_expect_eq(last, (int64_t)a.view.body.length + rows[i / 2].more);
        cr_expect_eq(a.view.chunked, rows[i / 2].chunked);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        acted_release(&a);
    }
}

Test(fault_look, headers_can_be_left_out_and_piled_up)
{
    static char *omit[] = { (char *)(uintptr_t) "content-type",
                            (char *)(uintptr_t) "Date" };
    struct acted a = acted_status();
    struct step_head *head = &a.step.head;

    head->omit = (struct bind_texts){ omit, 2, true };
    head->pad_bytes = 40960;
    act(&a);
    head->omit = (struct bind_texts){ 0 };
    expect_header(&a, "Content-Type", NULL);
    expect_header(&a, "Date", NULL);
    cr_expect_gt(a.view.head.length, 40960);
    cr_expect_lt(a.view.head.length, 42000);
    cr_expect(has_bytes(&a.plan, "\r\nX-Pad-40: p", 13));
    cr_expect_not(has_bytes(&a.plan, "\r\nX-Pad-41: p", 13));
    acted_release(&a);

    a = acted_status();
    a.step.head.pad_bytes = a.step.head.pad_header_bytes = 20480;
    act(&a);
    cr_expect_not(has_bytes(&a.plan, "\r\nX-Pad-2", 9));
    cr_expect_gt(a.view.head.length, 20480);
    acted_release(&a);
}

Test(fault_look, interim_answers_come_before_the_wait)
{
    static int64_t statuses[] = { 100, 102, 103 };
    struct acted a = acted_status();

    a.step.interim = (struct bind_ints){ statuses, 3, true };
    a.step.before_ms = 50;
    act(&a);
    cr_expect(starts_with(&a.plan,
                          "HTTP/1.1 100 Continue\r\n\r\n"
                          "HTTP/1.1 102 Processing\r\n\r\n"
                          "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; "
                          "rel=preload\r\n\r\nHTTP/1.1 503 "));
    cr_expect_eq(a.plan.acts[0].kind, ACT_SEND);
    cr_expect_eq(a.plan.acts[1].kind, ACT_WAIT);
    cr_expect_eq(a.plan.status, 503);
    acted_release(&a);

    /* None at all is the reply it would have been. */
    a = acted_status();
    a.step.interim = (struct bind_ints){ NULL, 0, true };
    act(&a);
    cr_expect_not(a.plan.raw);
    acted_release(&a);
}

Test(fault_look, early_answer_starts_at_the_head_and_closes)
{
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 413;
    a.step.early = 1;
    act(&a);
    cr_expect_eq(a.plan.when, PLAN_AT_REQUEST_HEAD);
    cr_expect_eq(a.plan.end, STEP_END_FIN);
    expect_header(&a, "Connection", "close");
    cr_expect(a.view.whole);
    acted_release(&a);
}

Test(fault_look, chunks_are_written_as_told)
{
    static const struct {
        int64_t bytes, style;
        const char *text, *last;
    } rows[] = {
        { -1, -1, "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n", "0\r\n\r\n" },
        { 11, -1, "b\r\nabcdefghijk\r\nb\r\nlmnopqrstuv\r\n4\r\nwxyz\r\n",
          "0\r\n\r\n" },
        { 11, STEP_CHUNK_UPPER,
          "B\r\nabcdefghijk\r\nB\r\nlmnopqrstuv\r\n4\r\nwxyz\r\n",
          "0\r\n\r\n" },
        { -1, STEP_CHUNK_EXTENSIONS,
          "1a;part=1;note=\"a b\"\r\nabcdefghijklmnopqrstuvwxyz\r\n",
          "0;part=1;note=\"a b\"\r\n\r\n" },
        { -1, STEP_CHUNK_ZEROS, "0000001a\r\nabcdefghijklmnopqrstuvwxyz\r\n",
          "00000000\r\n\r\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct step_chunks chunks = { .bytes = rows[i].bytes,
                                            .style = rows[i].style };
        struct buf out = { 0 };

        write_chunks(&out, &chunks, "abcdefghijklmnopqrstuvwxyz", 26, 26);
        cr_expect_str_eq(buf_text(&out), rows[i].text);
        buf_clear(&out);
        write_last_chunk(&out, &chunks);
        cr_expect_str_eq(buf_text(&out), rows[i].last);
        buf_release(&out);
    }
}

Test(fault_look, cut_chunk_stays_as_announced)
{
    const struct step_chunks chunks = { .bytes = 10, .style = -1 };
    struct buf out = { 0 };

    write_chunks(&out, &chunks, "abcdefghijklm", 13, 26);
    cr_expect_str_eq(buf_text(&out), "a\r\nabcdefghij\r\na\r\nklm");
    buf_clear(&out);
    write_chunks(&out, NULL, "abc", 3, 26);
    cr_expect_str_eq(buf_text(&out), "1a\r\nabc");
    buf_release(&out);
}

Test(fault_look, trailers_are_announced_and_come_last)
{
    struct step_header trailers[] = {
        { (char *)(uintptr_t) "X-Error", (char *)(uintptr_t) "lost" },
    };
    struct acted a = acted_new(FAULT_none, false);

    a.step.chunks.trailers = (struct bind_list){ trailers, 1, true };
    act(&a);
    expect_header(&a, "Trailer", "X-Error");
    cr_expect(has_bytes(&a.plan, "\r\n0\r\nX-Error: lost\r\n\r\n", 21));
    cr_expect(a.view.whole && a.view.chunked && !a.view.surplus);
    acted_release(&a);
}

/* Unpacks as far as it goes; *whole: the gzip trailer was there and fits. */
static struct buf unpack(const struct buf *coded, bool *whole)
{
    struct buf plain = { 0 };
    unsigned char room[4096];
    z_stream zip = { 0 };
    int got = Z_OK;

    cr_assert_eq(inflateInit2(&zip, 15 + 16), Z_OK);
    zip.next_in = (Bytef *)(uintptr_t)coded->data;
    zip.avail_in = (uInt)coded->length;
    while (got == Z_OK) {
        zip.next_out = room;
        zip.avail_out = sizeof room;
        got = inflate(&zip, Z_NO_FLUSH);
        buf_add(&plain, room, sizeof room - zip.avail_out);
    }
    *whole = got == Z_STREAM_END && !zip.avail_in;
    inflateEnd(&zip);
    return plain;
}

Test(fault_look, gzip_unpacks_to_the_same_text)
{
    for (int stream = 0; stream < 2; stream++) {
        struct acted plain = acted_new(FAULT_none, stream);
        struct acted coded = acted_new(FAULT_none, stream);
        struct buf text;
        bool whole;

        act(&plain);
        coded.step.encoding = STEP_ENCODING_GZIP;
        act(&coded);
        expect_header(&coded, "Content-Encoding", "gzip");
        text = unpack(&coded.view.body, &whole);
        cr_expect(whole);
        cr_expect_eq(text.length, plain.view.body.length);
        cr_expect(!memcmp(text.data, plain.view.body.data, text.length));
        cr_expect_eq(coded.plan.events, plain.plan.events);
        buf_release(&text);
        acted_release(&plain);
        acted_release(&coded);
    }
}

Test(fault_look, coded_pieces_can_be_read_as_they_come)
{
    struct draft draft = some_events();
    struct buf first = { 0 };
    struct buf text;
    bool whole;

    encode_draft(&draft, STEP_ENCODING_GZIP);
    cr_assert_eq(draft.piece_count, 3);
    buf_add(&first, draft.body.data,
            draft.pieces[0].length + draft.pieces[1].length);
    text = unpack(&first, &whole);
    cr_expect_str_eq(buf_text(&text), "AAAABBBB");
    cr_expect_not(whole);
    buf_release(&text);
    buf_release(&first);
    draft_release(&draft);
}

Test(fault_look, false_codings_are_false)
{
    struct acted a = acted_new(FAULT_none, false);
    struct buf text;
    bool whole;

    a.step.encoding = STEP_ENCODING_GZIP_FALSE;
    act(&a);
    expect_header(&a, "Content-Encoding", "gzip");
    cr_expect(body_is_json(&a));
    acted_release(&a);

    a = acted_new(FAULT_none, false);
    a.step.encoding = STEP_ENCODING_UNKNOWN;
    act(&a);
    expect_header(&a, "Content-Encoding", "br");
    cr_expect(body_is_json(&a));
    acted_release(&a);

    a = acted_new(FAULT_none, false);
    a.step.encoding = STEP_ENCODING_GZIP_TRUNCATED;
    act(&a);
    cr_expect(a.view.whole, "the framing says that nothing is missing");
    text = unpack(&a.view.body, &whole);
    cr_expect_not(whole);
    cr_expect_gt(text.length, 0);
    buf_release(&text);
    acted_release(&a);

    a = acted_new(FAULT_none, false);
    a.step.encoding = STEP_ENCODING_GZIP_BOMB;
    act(&a);
    cr_expect_lt(a.view.body.length, 20000);
    text = unpack(&a.view.body, &whole);
    cr_expect(whole);
    cr_expect_eq(text.length, ENCODE_BOMB_BYTES);
    buf_release(&text);
    acted_release(&a);
}

Test(fault_look, answers_without_a_body_have_no_coding)
{
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 204;
    a.step.encoding = STEP_ENCODING_GZIP;
    act(&a);
    expect_header(&a, "Content-Encoding", NULL);
    acted_release(&a);
}

Test(fault_look, padding_fills_the_text)
{
    struct acted a = acted_status();

    a.step.pad_bytes = 5000000;
    act(&a);
    cr_expect_gt(a.view.body.length, 5000000);
    cr_expect_lt(a.view.body.length, 5001000);
    cr_expect(body_is_json(&a));
    cr_expect(view_has(&a.view, a.request.error_canary));
    acted_release(&a);

    a = acted_new(FAULT_none, false);
    a.step.pad_bytes = 100000;
    act(&a);
    cr_expect_gt(a.view.body.length, 100000);
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect(body_is_json(&a));
    acted_release(&a);
}

Test(fault_look, redirect_says_where_to)
{
    struct acted a = acted_new(FAULT_status, false);

    a.step.status = 307;
    a.step.location = (char *)(uintptr_t) "${trap.url}/x";
    a.request.location = "http://127.0.0.1:9/x";
    act(&a);
    expect_header(&a, "Location", "http://127.0.0.1:9/x");
    cr_expect_eq(a.plan.status, 307);
    acted_release(&a);
}

Test(fault_look, head_that_may_be_refused_goes_out_with_its_body)
{
    for (int odd = 0; odd < 2; odd++) {
        struct acted a = acted_new(FAULT_none, true);
        size_t sends = 0;

        if (odd)
            a.step.head.odd = STEP_ODD_OBS_FOLD;
        act(&a);
        for (size_t i = 0; i < a.plan.act_count; i++)
            sends += a.plan.acts[i].kind == ACT_SEND;
        cr_expect_eq(sends == 1, odd, "%zu sends", sends);
        cr_expect_eq(a.plan.events, 24);
        acted_release(&a);
    }
}
