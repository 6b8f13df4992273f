/* The events of a stream written in other ways: a reader by the book gets the
 * same text. */
#include <criterion/criterion.h>

#include "mockserver/sse.h"
#include "tests/unit/acted.h"

/* Reads as the HTML standard has it (9.2.6): line ends LF, CRLF or CR, fields
 * with or without a space, data lines joined. Every event's data goes on a line
 * of its own; an unfinished one is dropped, as there. */
static struct buf read_events(const char *text, size_t length)
{
    struct buf out = { 0 }, data = { 0 };
    const char *end = text + length;

    if (length >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
        text += 3;
    while (text < end) {
        size_t size = strcspn(text, "\r\n");
        const char *next = text + size;

        next += next < end && next[0] == '\r' && next[1] == '\n' ? 2 : 1;
        if (!size) {
            if (data.length)
                buf_printf(&out, "%s|\n", buf_text(&data));
            buf_clear(&data);
        } else if (!strncmp(text, "data:", 5)) {
            size_t skip = text[5] == ' ' ? 6 : 5;

            if (data.length)
                buf_add_text(&data, "\n");
            buf_add(&data, text + skip, size - skip);
        }
        text = next;
    }
    buf_release(&data);
    return out;
}

/* The same without line ends: a JSON text over two lines is the same JSON. */
static struct buf flat_events(const struct acted *a)
{
    struct buf read = read_events(buf_text(&a->view.body), a->view.body.length);
    struct buf out = { 0 };

    for (size_t i = 0; i < read.length; i++)
        if (read.data[i] != '\n')
            buf_add(&out, read.data + i, 1);
    buf_release(&read);
    return out;
}

static struct acted acted_sse(void)
{
    return acted_new(FAULT_stream, true);
}

static void expect_same_events(struct acted *a, const char *what)
{
    struct acted plain = acted_sse();
    struct buf seen, meant;

    act(&plain);
    act(a);
    seen = flat_events(a);
    meant = flat_events(&plain);
    cr_expect_str_eq(buf_text(&seen), buf_text(&meant), "%s", what);
    cr_expect_gt(meant.length, 1000);
    cr_expect_eq(a->plan.events, plain.plan.events);
    cr_expect_neq(memcmp(buf_text(&a->view.body), plain.view.body.data,
                         plain.view.body.length),
                  0, "%s changes nothing", what);
    buf_release(&seen);
    buf_release(&meant);
    acted_release(&plain);
    acted_release(a);
}

Test(sse_write, line_ends_change_nothing)
{
    static const char *const texts[] = {
        [STEP_LINE_END_CRLF] = "}\r\n\r\ndata: {",
        [STEP_LINE_END_CR] = "}\r\rdata: {",
        [STEP_LINE_END_MIXED] = "}\n\ndata: {",
    };

    for (int64_t end = STEP_LINE_END_CRLF; end <= STEP_LINE_END_MIXED; end++) {
        struct acted a = acted_sse();

        a.step.sse.line_end = end;
        act(&a);
        cr_expect(view_has(&a.view, texts[end]), "%s", texts[end]);
        if (end == STEP_LINE_END_MIXED)
            cr_expect(view_has(&a.view, texts[STEP_LINE_END_CR]) &&
                      view_has(&a.view, texts[STEP_LINE_END_CRLF]));
        acted_release(&a);
        a = acted_sse();
        a.step.sse.line_end = end;
        expect_same_events(&a, step_line_end_names[end]);
    }
}

Test(sse_write, other_lines_and_splits_change_nothing)
{
    struct acted a = acted_sse();

    a.step.sse.space = 0;
    expect_same_events(&a, "space");
    a = acted_sse();
    a.step.sse.multi_line = 1;
    expect_same_events(&a, "multi_line");
    a = acted_sse();
    a.step.sse.comments = 1;
    expect_same_events(&a, "comments");
    a = acted_sse();
    a.step.sse.fields = 1;
    expect_same_events(&a, "fields");
    a = acted_sse();
    a.step.sse.bom = 1;
    expect_same_events(&a, "bom");
    a = acted_sse();
    a.step.sse.fields = a.step.sse.comments = a.step.sse.multi_line = 1;
    a.step.sse.space = 0;
    a.step.sse.line_end = STEP_LINE_END_MIXED;
    expect_same_events(&a, "all of them");
}

Test(sse_write, what_was_asked_for_stands_there)
{
    static const char begin[] = "\xef\xbb\xbf: ping\n:\nevent: message\n"
                                "id: 1\nretry: 3000\ndata:{";
    struct acted a = acted_sse();

    a.step.sse.space = 0;
    a.step.sse.comments = a.step.sse.fields = a.step.sse.bom = 1;
    act(&a);
    cr_expect(!strncmp(a.view.body.data, begin, sizeof begin - 1));
    acted_release(&a);
}

Test(sse_write, last_blank_line_can_be_missing)
{
    static const int64_t ends[] = { -1, STEP_LINE_END_CRLF, STEP_LINE_END_CR };
    static const char *const texts[] = { "data: [DONE]\n", "data: [DONE]\r\n",
                                         "data: [DONE]\r" };

    for (size_t i = 0; i < 3; i++) {
        struct acted a = acted_sse();
        size_t length = strlen(texts[i]);

        a.step.sse.final_blank = 0;
        a.step.sse.line_end = ends[i];
        act(&a);
        cr_assert_gt(a.view.body.length, length);
        cr_expect_str_eq(a.view.body.data + a.view.body.length - length,
                         texts[i]);
        cr_expect(a.view.whole);
        acted_release(&a);
    }
}

Test(sse_write, first_token_has_a_line_as_long_as_told)
{
    static const int64_t lengths[] = { 71680, 1258291 };

    for (size_t i = 0; i < 2; i++) {
        struct acted a = acted_sse();
        size_t longest = 0;

        a.step.sse.line_bytes = lengths[i];
        act(&a);
        for (const char *at = buf_text(&a.view.body); *at;) {
            size_t size = strcspn(at, "\n");

            if (size > longest)
                longest = size;
            at += size + (at[size] != '\0');
        }
        cr_expect_geq((int64_t)longest, lengths[i]);
        cr_expect_lt((int64_t)longest, lengths[i] + 64);
        cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
        cr_expect(events_are_json(&a));
        acted_release(&a);
    }
}

Test(sse_write, characters_are_split_over_pieces)
{
    struct acted a = acted_sse();
    bool in_character = false, in_pair = false;

    a.step.sse.multibyte = 1;
    act(&a);
    cr_expect(view_has(&a.view, "\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80"
                                "\\ud83d\\ude00 primary-"));
    cr_expect_eq(shape_of(&a), ANSWER_COMPLETE);
    cr_expect(events_are_json(&a));
    for (size_t i = 0; i < a.plan.act_count; i++) {
        const struct act *one = &a.plan.acts[i];
        const char *end = a.plan.bytes.data + one->from + one->length;

        if (one->kind != ACT_SEND || one->length < 8)
            continue;
        /* The piece ends inside; a chunk's line end follows. */
        in_character = in_character || !memcmp(end - 3, "\xe6\r\n", 3);
        in_pair = in_pair || !memcmp(end - 8, "\\ud83d\r\n", 8);
    }
    cr_expect(in_character);
    cr_expect(in_pair);
    acted_release(&a);
}

Test(sse_write, what_is_no_stream_stays_as_it_is)
{
    struct acted a = acted_new(FAULT_none, false);

    a.step.sse.line_end = STEP_LINE_END_CR;
    a.step.sse.bom = 1;
    act(&a);
    cr_expect(body_is_json(&a));
    acted_release(&a);
}
