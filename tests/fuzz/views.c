/* Any bytes through each view, one after the other as a scan does: no view may
 * make more than it was given, nor lose where a byte came from. */
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/view.h"
#include "tests/fuzz/fuzz.h"

static view *const views[] = { view_unescape, view_lines, view_events };

static struct view_spot *find_keys(const struct tape *tape, size_t *count)
{
    struct view_spot *spots = xcalloc(tape->length + 1, sizeof *spots);

    *count = 0;
    for (size_t at = 0; at < tape->length; at++)
        for (size_t key = 0; view_event_keys[key]; key++) {
            size_t length = strlen(view_event_keys[key]);

            if (length <= tape->length - at &&
                memcmp(tape->data + at, view_event_keys[key], length) == 0)
                spots[(*count)++] = (struct view_spot){ key, at + length };
        }
    return spots;
}

static void check(const struct tape *out, const struct tape *in, int64_t end)
{
    /* Two bytes of UTF-8 and a border are the most that one byte leads to. */
    PROMISE(out->length <= 2 * in->length + 1);
    PROMISE(!out->length || out->mark_count);
    for (size_t i = 0; i < out->length; i++) {
        int64_t origin = tape_origin(out, i);

        PROMISE(origin >= 0 && origin < end + 8);
    }
    for (size_t i = 1; i < out->mark_count; i++)
        PROMISE(out->marks[i].at > out->marks[i - 1].at);
    if (out->length)
        (void)tape_kinds(out, 0, out->length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tape tapes[4] = { { 0 } };
    struct tape_mark mark = { 0 };
    /* The first byte says which views follow each other. */
    unsigned order = size ? data[0] : 0;

    if (size < 2)
        return 0;
    tapes[0] = (struct tape){ .data = (char *)(uintptr_t)(data + 1),
                              .length = size - 1,
                              .marks = &mark,
                              .mark_count = 1 };
    for (unsigned i = 1; i < 4; i++, order /= 3) {
        struct view_request request = { .reach = 40, .shift = 3 * (i - 1) };
        struct view_spot *spots;

        spots = find_keys(&tapes[i - 1], &request.spot_count);
        request.spots = spots;
        if (tapes[i - 1].length)
            views[order % 3](&tapes[i], &tapes[i - 1], &request);
        check(&tapes[i], &tapes[i - 1], (int64_t)size);
        free(spots);
    }
    for (unsigned i = 1; i < 4; i++)
        tape_release(&tapes[i]);
    return 0;
}
