#include <stdlib.h>

#include "common/xalloc.h"
#include "harness/leaks/sink.h"
#include "harness/leaks/sink_hit.h"

/* An answer that says it is none: by status, by its body, by an event. */
static bool says_error(const struct http_trace *trace)
{
    return trace->status < 200 || trace->status > 299 ||
           trace->content == TRACE_CONTENT_ERROR || trace->events.errors;
}

/* Whether this canary standing in this answer is a leak. */
static bool is_leak(const struct canary *canary, const struct http_trace *trace)
{
    return canary->kind == CANARY_CREDENTIAL ||
           (canary->kind == CANARY_PROMPT && says_error(trace));
}

/* What was found in one answer, each canary once. */
struct in_answer {
    struct scan_hit *first; /* of each canary */
    bool *seen;
};

static void search_answer(struct in_answer *answer, struct scan_set *set,
                          const struct observation *o,
                          const struct http_trace *trace)
{
    /* The bytes as they came, and what chunks and events may have split. */
    const struct buf *views[] = { &trace->raw, &trace->body, &trace->text };

    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        struct scan_hits hits = { 0 };

        if (!views[i]->length)
            continue;
        scan_bytes(set, views[i]->data, views[i]->length, 1, &hits);
        for (size_t h = 0; h < hits.count; h++) {
            const struct scan_hit *hit = &hits.items[h];

            if (!answer->seen[hit->canary] ||
                sink_class(o, hit) < sink_class(o, &answer->first[hit->canary]))
                answer->first[hit->canary] = *hit;
            answer->seen[hit->canary] = true;
        }
        scan_hits_release(&hits);
    }
}

void sink_scan_client(struct scan_set *set, struct observation *o)
{
    for (size_t r = 0; r < o->request_count; r++) {
        const struct http_trace *trace = &o->requests[r].trace;
        struct in_answer answer = {
            .first = xcalloc(o->canary_count + 1, sizeof *answer.first),
            .seen = xcalloc(o->canary_count + 1, sizeof *answer.seen),
        };

        search_answer(&answer, set, o, trace);
        for (size_t c = 0; c < o->canary_count; c++) {
            struct canary *canary = &o->canaries[c];

            if (!answer.seen[c])
                continue;
            if (is_leak(canary, trace))
                sink_add_hit(o, "client response", "", &answer.first[c]);
            else if (canary->kind != CANARY_PROMPT)
                canary->reached = true;
        }
        free(answer.first);
        free(answer.seen);
    }
}
