#include "harness/client/sse.h"

#include <criterion/criterion.h>
#include <string.h>

/* Events as "type|data" each, joined by ";", so that a row reads at a glance.
 */
static const struct {
    const char *bytes;
    const char *events;
    size_t comments;
    bool cut;
} rows[] = {
    { "", "", 0, false },
    { "data: a\n\n", "|a", 0, false },
    { "data: a\r\n\r\n", "|a", 0, false },
    { "data: a\r\r", "|a", 0, false },
    { "data: a\r\ndata: b\r\n\r\ndata: c\n\n", "|a\nb;|c", 0, false },
    { "data:a\n\n", "|a", 0, false },
    { "data:  a\n\n", "| a", 0, false },
    { "data:a: b\n\n", "|a: b", 0, false },
    { "data\n\n", "|", 0, false },
    { "data:\n\n", "|", 0, false },
    { "data:\ndata: x\n\n", "|\nx", 0, false },
    { "event: error\ndata: x\n\n", "error|x", 0, false },
    { "event: error\n\ndata: x\n\n", "|x", 0, false },
    { "id: 7\nretry: 10\ndata: x\n\n", "|x", 0, false },
    { "datax: a\n\n", "", 0, false },
    { ": PING\n\n", "", 1, false },
    { ": PING\ndata: a\n\n:\n\n", "|a", 2, false },
    { "\xEF\xBB\xBF"
      "data: a\n\n",
      "|a", 0, false },
    { "\n\n\ndata: a\n\n\n", "|a", 0, false },
    /* cut in every place */
    { "data: a\n", "", 0, true },
    { "data: a", "", 0, true },
    { "d", "", 0, true },
    { "event: error\n", "", 0, true },
    { "data: a\n\ndata: b", "|a", 0, true },
    { "data: a\n\n: PI", "|a", 0, false },
    { "data: a\n: PI", "", 0, true },
    { "data: a\r", "", 0, true },
};

Test(sse, each_text_gives_its_events)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sse_reader reader;
        struct buf seen = { 0 };

        sse_begin(&reader, rows[i].bytes, strlen(rows[i].bytes));
        while (sse_next(&reader))
            buf_printf(&seen, "%s%s|%s", seen.length ? ";" : "",
                       buf_text(&reader.type), buf_text(&reader.data));
        cr_expect_str_eq(buf_text(&seen), rows[i].events, "%s", rows[i].bytes);
        cr_expect_eq(reader.comments, rows[i].comments, "%s", rows[i].bytes);
        cr_expect_eq(reader.cut, rows[i].cut, "%s", rows[i].bytes);
        buf_release(&seen);
        sse_reader_release(&reader);
    }
}

Test(sse, end_is_one_past_the_blank_line)
{
    static const char bytes[] = "data: a\r\n\r\ndata: b\n\n";
    struct sse_reader reader;

    sse_begin(&reader, bytes, sizeof bytes - 1);
    cr_assert(sse_next(&reader));
    cr_expect_eq(reader.end, 11);
    cr_assert(sse_next(&reader));
    cr_expect_eq(reader.end, sizeof bytes - 1);
    cr_expect_not(sse_next(&reader));
    sse_reader_release(&reader);
}
