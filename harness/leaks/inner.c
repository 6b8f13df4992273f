#include "harness/leaks/inner.h"

#include <stdlib.h>

#include "common/xalloc.h"
#include "harness/leaks/hit_name.h"
#include "harness/leaks/scan_hits.h"

static void undone(void *context, const char *bytes, size_t length)
{
    scan_feed(context, bytes, length);
}

enum unpack_state inner_feed(struct inner *inner, const char *window,
                             size_t filled)
{
    const char *bytes = window + inner->at;
    size_t length = filled - inner->at, used = 0;
    enum unpack_state state;

    if (inner->decode)
        state = decode_feed(inner->decode, bytes, length, &used, undone,
                            inner->scan)
                    ? UNPACK_MORE
                    : UNPACK_ENDED;
    else
        state = unpack_feed(inner->unpack, bytes, length, &used, undone,
                            inner->scan);
    inner->at += used;
    return state;
}

const char *inner_end(struct inner *inner, int64_t to, struct scan_hits *hits)
{
    struct scan_hits found = { 0 };
    const char *problem;

    if (inner->decode) {
        decode_end(inner->decode, undone, inner->scan);
        xwipe(inner->decode, sizeof *inner->decode);
        free(inner->decode);
    }
    unpack_free(inner->unpack);
    problem = scan_end(inner->scan, SCAN_NOTES_MOST, &found);
    for (size_t i = 0; i < found.count; i++) {
        struct scan_hit hit = found.items[i];

        hit.from = inner->from;
        hit.to = to;
        hit_name_within(hit.encoding, sizeof hit.encoding, inner->name,
                        found.items[i].encoding);
        scan_hits_note(hits, &hit);
    }
    scan_hits_release(&found);
    *inner = (struct inner){ .from = inner->from, .at = inner->at };
    return problem;
}
