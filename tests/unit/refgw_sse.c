#include "tests/refgateway/sse.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Feeds a text in pieces of `piece` bytes; events as "data|comment|..." with
 * their raw bytes put one after the other in raw. */
static void feed(struct sse *sse, const char *text, size_t piece,
                 struct buf *kinds, struct buf *raw)
{
    static const char *const names[] = { "data", "done", "error", "malformed" };
    size_t length = strlen(text);

    for (size_t at = 0; at < length; at += piece) {
        size_t left = length - at < piece ? length - at : piece;
        const char *bytes = text + at;

        while (left) {
            struct sse_event event;
            size_t used;

            if (sse_feed(sse, bytes, left, &used, &event)) {
                buf_printf(kinds, "%s ",
                           event.comment ? "comment" : names[event.shape.kind]);
                buf_add(raw, event.raw, event.length);
            }
            cr_assert(used > 0 && used <= left);
            bytes += used;
            left -= used;
        }
    }
}

#define CHUNK "{\"choices\":[{\"delta\":{\"content\":\"\xc3\xa9\"}}]}"

Test(refgw_sse, any_line_end_and_any_cut_gives_the_same_events)
{
    static const struct {
        const char *text, *kinds;
    } rows[] = {
        { "data: " CHUNK "\n\ndata: [DONE]\n\n", "data done " },
        { "data: " CHUNK "\r\n\r\ndata: [DONE]\r\n\r\n", "data done " },
        { "data: " CHUNK "\r\rdata: [DONE]\r\r", "data done " },
        { "data: " CHUNK "\n\r\ndata:[DONE]\r\n\n", "data done " },
        { ": ping\n\ndata:" CHUNK "\n\n", "comment data " },
        { ": ping\ndata: " CHUNK "\n\n", "data " },
        { "event: x\nid: 1\nretry: 5\ndata: " CHUNK "\n\n", "data " },
        { "data: {\"choices\":\ndata: []}\n\n", "data " },
        { "data\n\n", "malformed " },
        { "data: nonsense\n\n", "malformed " },
        { "data: {\"error\":{}}\n\n", "error " },
        { "\n\n\ndata: [DONE]\n\n", "done " },
        { "<html>\nno stream\n\n", "comment " },
        { "data: [DONE]\n", "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static const size_t pieces[] = { 1, 2, 3, 5, 7, 200 };

        for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
            struct sse sse = { 0 };
            struct buf kinds = { 0 };
            struct buf raw = { 0 };

            feed(&sse, rows[i].text, pieces[k], &kinds, &raw);
            cr_expect_str_eq(buf_text(&kinds), rows[i].kinds,
                             "row %zu in pieces of %zu", i, pieces[k]);
            buf_release(&kinds);
            buf_release(&raw);
            sse_release(&sse);
        }
    }
}

Test(refgw_sse, the_bytes_of_events_are_handed_on_as_they_came)
{
    static const char text[] =
        ": hi\n\nevent: a\r\ndata: " CHUNK "\r\n\r\ndata: [DONE]\n\n";
    struct sse sse = { 0 };
    struct buf kinds = { 0 };
    struct buf raw = { 0 };

    feed(&sse, text, 7, &kinds, &raw);
    cr_expect_str_eq(buf_text(&raw), text);
    cr_expect(sse.any);
    buf_release(&kinds);
    buf_release(&raw);
    sse_release(&sse);
}

static bool pending_after(const char *text)
{
    struct sse sse = { 0 };
    struct buf kinds = { 0 };
    struct buf raw = { 0 };
    bool pending;

    feed(&sse, text, 1000, &kinds, &raw);
    pending = sse_pending(&sse);
    buf_release(&kinds);
    buf_release(&raw);
    sse_release(&sse);
    return pending;
}

Test(refgw_sse, an_end_inside_an_event_is_seen)
{
    cr_expect(pending_after("data: {\"id\""));
    cr_expect(pending_after("data: {}\n"));
    cr_expect(pending_after("data: {}\n\nda"));
    cr_expect_not(pending_after("data: {}\n\n"));
    cr_expect_not(pending_after("data: {}\r\r\n"));
    cr_expect_not(pending_after(": ping\n"));
    cr_expect_not(pending_after(""));
}

static bool progress_of(const char *text)
{
    struct sse sse = { 0 };
    struct buf kinds = { 0 };
    struct buf raw = { 0 };
    bool progress;

    feed(&sse, text, 1, &kinds, &raw);
    progress = sse_take_progress(&sse);
    cr_expect_not(sse_take_progress(&sse), "it is taken once");
    buf_release(&kinds);
    buf_release(&raw);
    sse_release(&sse);
    return progress;
}

Test(refgw_sse, comments_and_empty_lines_are_no_progress)
{
    cr_expect_not(progress_of(": PROCESSING\n\n:\n\n"));
    cr_expect_not(progress_of("\n\r\n"));
    cr_expect(progress_of("d"));
    cr_expect(progress_of(": ping\n\ndata: 1\n\n"));
}

Test(refgw_sse, an_event_without_an_end_is_malformed_before_memory_runs_out)
{
    struct sse sse = { 0 };
    char *block = malloc(1 << 20);
    bool seen = false;

    memset(block, 'x', 1 << 20);
    memcpy(block, "data: ", 6);
    for (int i = 0; i < 10 && !seen; i++) {
        struct sse_event event;
        size_t used;

        seen = sse_feed(&sse, block, 1 << 20, &used, &event);
        if (seen)
            cr_expect_eq(event.shape.kind, SHAPE_EVENT_MALFORMED);
    }
    cr_expect(seen);
    free(block);
    sse_release(&sse);
}
