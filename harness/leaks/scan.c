#include "harness/leaks/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/hit_name.h"
#include "harness/leaks/inner.h"
#include "harness/leaks/masked.h"
#include "harness/leaks/scan_hits.h"
#include "harness/leaks/view.h"

#define UNPACKS_MOST 8 /* at once: a magic may be none */

/* Which views are made of which: a text, and the view of an earlier one. */
enum { RAW };
static const struct {
    size_t of;
    view *make;
    unsigned depth; /* unescapes before it */
} views[] = {
    [RAW] = { RAW, NULL, 0 },  /* the window itself */
    { RAW, view_unescape, 0 }, /* 1 */
    { 1, view_unescape, 1 },   /* 2 */
    { 2, view_unescape, 2 },   /* 3 */
    { RAW, view_lines, 0 },    /* 4 */
    { 4, view_unescape, 0 },   /* 5 */
    { 1, view_lines, 1 },      /* 6 */
    { RAW, view_events, 0 },   /* 7 */
    { 7, view_unescape, 0 },   /* 8 */
    { 1, view_events, 1 },     /* 9 */
    { 9, view_unescape, 1 },   /* 10 */
    { 2, view_events, 2 },     /* 11 */
    { 8, view_unescape, 1 },   /* 12: arguments, JSON in the JSON of a delta */
};
#define VIEWS (sizeof views / sizeof views[0])

struct spots {
    struct view_spot *items;
    size_t count, capacity;
};

struct scan {
    struct scan_set *set;
    size_t packed, coded; /* how deep below the text itself */
    char *window;         /* SCAN_WINDOW_BYTES at most */
    size_t filled, capacity;
    size_t old;   /* of them were in the window before */
    int64_t base; /* where the window begins */
    struct tape tapes[VIEWS];
    struct spots events[VIEWS], magics;
    struct inner unpackings[UNPACKS_MOST];
    struct inner decoding;
    size_t decoded; /* in this window: runs were looked for as far as here */
    struct scan_hits hits;
    const char *problem;
};

struct scan *scan_new(struct scan_set *set, int64_t base)
{
    struct scan *scan = xcalloc(1, sizeof *scan);

    scan->set = set;
    scan->base = base;
    return scan;
}

/* --- one text ------------------------------------------------------------ */

struct looking {
    struct scan *scan;
    size_t view;
    struct needle_match last; /* anchors of one place follow each other */
    bool any;
};

/* A match that the view itself took no part in was seen before it. */
static bool is_new(const struct scan *scan, size_t index,
                   const struct needle_match *match, unsigned *kinds)
{
    unsigned mine = TAPE_JSON | TAPE_PERCENT | TAPE_ENTITY;

    mine <<= views[index].depth * TAPE_ESCAPE_KINDS;
    if (views[index].make == view_lines)
        mine = TAPE_LINES;
    if (views[index].make == view_events)
        mine = TAPE_EVENTS;

    *kinds = 0;
    if (index == RAW)
        return true;
    *kinds = tape_kinds(&scan->tapes[index], match->from, match->to);
    return *kinds & mine;
}

static void note_match(struct scan *scan, size_t index,
                       const struct needle_match *match)
{
    const struct needle *needle = &scan->set->needles.needles[match->needle];
    const struct tape *tape = &scan->tapes[index];
    struct scan_hit hit = { .canary = needle->canary,
                            .how = match->whole ? HIT_FULL : HIT_PARTIAL,
                            .first = match->first,
                            .last = match->last };
    unsigned kinds;

    if (!is_new(scan, index, match, &kinds))
        return;
    if (needle->coder->traits & CODER_DERIVED) {
        if (!match->whole)
            return;
        hit.how = HIT_DERIVED;
    }
    hit_name(hit.encoding, sizeof hit.encoding, kinds, needle->coder->name,
             match->folded);
    hit.from = tape_origin(tape, match->from);
    hit.to = tape_origin(tape, match->to - 1) + 1;
    scan_hits_note(&scan->hits, &hit);
}

/* of: twice the number among those looked for, and one for its end. */
static void note_masked(struct scan *scan, size_t index, size_t of, size_t end)
{
    const struct scan_set *set = scan->set;
    const struct tape *tape = &scan->tapes[index];
    size_t canary = set->masked[of / 2];
    struct needle_match place = { 0 };
    struct scan_hit hit = { .canary = canary, .how = HIT_PARTIAL };
    struct masked masked;
    unsigned kinds;

    if (!masked_read(&masked, &set->needles.canaries[canary], of % 2,
                     tape->data, tape->length, end))
        return;
    place.from = masked.from;
    place.to = masked.to;
    if (!is_new(scan, index, &place, &kinds))
        return;
    hit_name(hit.encoding, sizeof hit.encoding, kinds, "masked", false);
    hit.from = tape_origin(tape, masked.from);
    hit.to = tape_origin(tape, masked.to - 1) + 1;
    hit.head = masked.head;
    hit.tail = masked.tail;
    hit.last = masked.head + masked.tail;
    scan_hits_note(&scan->hits, &hit);
}

static void add_spot(struct spots *spots, size_t key, size_t end)
{
    spots->items = xgrow(spots->items, spots->count, &spots->capacity,
                         sizeof *spots->items);
    spots->items[spots->count++] = (struct view_spot){ .key = key, .end = end };
}

static void found(void *context, size_t index, size_t end)
{
    struct looking *looking = context;
    struct scan *scan = looking->scan;
    const struct scan_set *set = scan->set;
    const struct tape *tape = &scan->tapes[looking->view];
    struct needle_match match;

    if (index >= set->masked_first) {
        note_masked(scan, looking->view, index - set->masked_first, end);
        return;
    }
    if (index >= set->event_first) {
        add_spot(&scan->events[looking->view], index - set->event_first, end);
        return;
    }
    if (index >= set->magic_first) {
        if (looking->view == RAW)
            add_spot(&scan->magics, index - set->magic_first, end);
        return;
    }
    needle_extend(&match, &set->needles, index, tape->data, tape->length, end);
    if (looking->any && match.needle == looking->last.needle &&
        match.from == looking->last.from)
        return;
    looking->last = match;
    looking->any = true;
    note_match(scan, looking->view, &match);
}

static void look(struct scan *scan, size_t index)
{
    const struct tape *tape = &scan->tapes[index];
    struct looking looking = { .scan = scan, .view = index };

    scan->events[index].count = 0;
    if (!needle_set_search(&scan->set->needles, tape->data, tape->length, found,
                           &looking))
        scan->problem = "the search failed";
}

static void look_at_views(struct scan *scan)
{
    for (size_t i = RAW + 1; i < VIEWS; i++) {
        size_t of = views[i].of;
        const struct view_request request = {
            .reach = scan->set->needles.longest,
            .shift = views[i].depth * TAPE_ESCAPE_KINDS,
            .spots = scan->events[of].items,
            .spot_count = scan->events[of].count,
        };

        tape_clear(&scan->tapes[i]);
        scan->events[i].count = 0;
        if (scan->tapes[of].length)
            views[i].make(&scan->tapes[i], &scan->tapes[of], &request);
        if (scan->tapes[i].length)
            look(scan, i);
    }
}

/* --- what is compressed, and what is coded ------------------------------ */

static struct scan *inner_scan(const struct scan *scan, size_t packed,
                               size_t coded)
{
    struct scan *inner = scan_new(scan->set, 0);

    inner->packed = scan->packed + packed;
    inner->coded = scan->coded + coded;
    return inner;
}

static void end_inner(struct scan *scan, struct inner *inner)
{
    const char *problem =
        inner_end(inner, scan->base + (int64_t)inner->at, &scan->hits);

    if (problem)
        scan->problem = problem;
}

/* Gives it what this window holds. */
static void go_on(struct scan *scan, struct inner *inner)
{
    enum unpack_state state = inner_feed(inner, scan->window, scan->filled);

    if (state == UNPACK_TOO_MUCH)
        scan->problem = "a compressed part was too long to be read whole";
    if (state != UNPACK_MORE)
        end_inner(scan, inner);
}

/* A free one; else one that never gave a byte, and so is none; else NULL. */
static struct inner *free_unpacking(struct scan *scan)
{
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (!scan->unpackings[i].scan)
            return &scan->unpackings[i];
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (!scan->unpackings[i].scan->filled) {
            end_inner(scan, &scan->unpackings[i]);
            return &scan->unpackings[i];
        }
    return NULL;
}

static void begin_unpacking(struct scan *scan, const struct view_spot *spot)
{
    size_t at = spot->end - unpack_magics[spot->key].length;
    struct inner *inner = free_unpacking(scan);

    if (!inner) {
        scan->problem = "too many compressed parts at once to be read all";
        return;
    }
    *inner = (struct inner){
        .unpack = unpack_new(spot->key, SCAN_UNPACK_MOST),
        .scan = inner_scan(scan, 1, 0),
        .name = unpack_magics[spot->key].name,
        .from = scan->base + (int64_t)at,
        .at = at,
    };
    go_on(scan, inner);
}

static void look_into_compressed(struct scan *scan)
{
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (scan->unpackings[i].scan)
            go_on(scan, &scan->unpackings[i]);
    for (size_t i = 0; i < scan->magics.count; i++)
        /* One that ends in the old part was tried with that window. */
        if (scan->magics.items[i].end > scan->old &&
            scan->packed < SCAN_UNPACK_DEPTH)
            begin_unpacking(scan, &scan->magics.items[i]);
}

static void begin_decoding(struct scan *scan, const struct decode_run *run)
{
    scan->decoding = (struct inner){
        .decode = xcalloc(1, sizeof *scan->decoding.decode),
        .scan = inner_scan(scan, 0, 1),
        .name = decode_names[run->kind],
        .from = scan->base + (int64_t)run->from,
        .at = run->from,
    };
    decode_begin(scan->decoding.decode, run);
}

/* One run after the other: the next begins where the last one ended. */
static void look_into_coded(struct scan *scan)
{
    struct decode_run run;

    if (scan->coded >= SCAN_DECODE_DEPTH)
        return;
    for (;;) {
        if (scan->decoding.scan) {
            size_t begun = scan->decoding.at;

            go_on(scan, &scan->decoding);
            scan->decoded = scan->decoding.at;
            if (scan->decoding.scan)
                return;
            /* Even one that ended at once. */
            scan->decoded += scan->decoded == begun;
        }
        if (!decode_find(&run, scan->window, scan->filled, scan->decoded))
            return;
        begin_decoding(scan, &run);
    }
}

/* --- windows ------------------------------------------------------------- */

static void look_at_window(struct scan *scan)
{
    struct tape_mark mark = { .origin = scan->base };

    scan->tapes[RAW] = (struct tape){ .data = scan->window,
                                      .length = scan->filled,
                                      .marks = &mark,
                                      .mark_count = 1 };
    scan->magics.count = 0;
    look(scan, RAW);
    look_at_views(scan);
    look_into_compressed(scan);
    look_into_coded(scan);
    scan->tapes[RAW] = (struct tape){ 0 };
}

static void next_window(struct scan *scan)
{
    size_t kept =
        scan->filled < SCAN_OVERLAP_BYTES ? scan->filled : SCAN_OVERLAP_BYTES;
    size_t gone;

    look_at_window(scan);
    gone = scan->filled - kept;
    memmove(scan->window, scan->window + gone, kept);
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        scan->unpackings[i].at -= gone;
    scan->decoding.at -= gone;
    if (scan->decoded < scan->filled - DECODE_BACK)
        scan->decoded = scan->filled - DECODE_BACK;
    scan->decoded -= gone;
    scan->base += (int64_t)gone;
    scan->filled = scan->old = kept;
}

void scan_feed(struct scan *scan, const void *bytes, size_t length)
{
    const char *from = bytes;

    while (length > 0) {
        size_t now;

        if (scan->filled == SCAN_WINDOW_BYTES)
            next_window(scan);
        now = SCAN_WINDOW_BYTES - scan->filled;
        now = now < length ? now : length;
        if (scan->filled + now > scan->capacity) {
            scan->capacity =
                scan->capacity ? SCAN_WINDOW_BYTES : scan->filled + now;
            scan->window = xrealloc(scan->window, scan->capacity);
        }
        memcpy(scan->window + scan->filled, from, now);
        scan->filled += now;
        from += now;
        length -= now;
    }
}

const char *scan_end(struct scan *scan, size_t most, struct scan_hits *out)
{
    const char *problem;

    if (scan->filled > scan->old)
        look_at_window(scan);
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (scan->unpackings[i].scan)
            end_inner(scan, &scan->unpackings[i]);
    if (scan->decoding.scan)
        end_inner(scan, &scan->decoding);
    scan_hits_conclude(&scan->hits, &scan->set->needles, most);
    *out = scan->hits;
    problem = scan->problem;
    for (size_t i = 0; i < VIEWS; i++) {
        tape_release(&scan->tapes[i]);
        free(scan->events[i].items);
    }
    free(scan->magics.items);
    if (scan->window)
        xwipe(scan->window, scan->capacity);
    free(scan->window);
    free(scan);
    return problem;
}

const char *scan_bytes(struct scan_set *set, const void *bytes, size_t length,
                       size_t most, struct scan_hits *out)
{
    struct scan *scan = scan_new(set, 0);

    scan_feed(scan, bytes, length);
    return scan_end(scan, most, out);
}
