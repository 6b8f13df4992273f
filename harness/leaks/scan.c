#include "harness/leaks/scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/scan_hits.h"
#include "harness/leaks/unpack.h"
#include "harness/leaks/view.h"

#define LITERALS_MOST 32 /* magics and keys */
#define UNPACKS_MOST  8  /* at once: a magic may be none */

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
};
#define VIEWS (sizeof views / sizeof views[0])

struct spots {
    struct view_spot *items;
    size_t count, capacity;
};

struct unpacking {
    struct unpack *unpack;
    struct scan *inner;
    const char *name;
    int64_t from; /* of the text */
    size_t at;    /* in this window: what was not given yet */
};

struct scan {
    struct scan_set *set;
    size_t depth; /* of compression */
    char *window; /* SCAN_WINDOW_BYTES at most */
    size_t filled, capacity;
    size_t old;   /* of them were in the window before */
    int64_t base; /* where the window begins */
    struct tape tapes[VIEWS];
    struct spots events[VIEWS], magics;
    struct unpacking unpackings[UNPACKS_MOST];
    struct scan_hits hits;
    const char *problem;
};

bool scan_set_init(struct scan_set *out, const struct canary *canaries,
                   size_t count, struct err *err)
{
    struct literal more[LITERALS_MOST];
    size_t magics = 0, events = 0;

    for (; unpack_magics[magics].name; magics++)
        more[magics] =
            (struct literal){ .bytes = unpack_magics[magics].bytes,
                              .length = unpack_magics[magics].length };
    for (; view_event_keys[events]; events++)
        more[magics + events] =
            (struct literal){ .bytes = view_event_keys[events],
                              .length = strlen(view_event_keys[events]) };
    *out = (struct scan_set){ 0 };
    if (!needle_set_init(&out->needles, canaries, count, more, magics + events,
                         err))
        return false;
    out->magic_first = out->needles.anchor_count;
    out->event_first = out->magic_first + magics;
    return true;
}

void scan_set_release(struct scan_set *set)
{
    needle_set_release(&set->needles);
}

static struct scan *new_scan(struct scan_set *set, int64_t base, size_t depth)
{
    struct scan *scan = xcalloc(1, sizeof *scan);

    scan->set = set;
    scan->base = base;
    scan->depth = depth;
    return scan;
}

struct scan *scan_new(struct scan_set *set, int64_t base)
{
    return new_scan(set, base, 0);
}

/* --- one text ------------------------------------------------------------ */

struct looking {
    struct scan *scan;
    size_t view;
    struct needle_match last; /* anchors of one place follow each other */
    bool any;
};

static const struct {
    unsigned kind;
    const char *name;
} kind_names[] = {
    { TAPE_JSON, "json" },
    { TAPE_PERCENT, "percent" },
    { TAPE_ENTITY, "entity" },
};

static void add_name(char *out, size_t size, const char *name)
{
    size_t used = strlen(out);

    snprintf(out + used, size - used, "%s%s", used ? "+" : "", name);
}

static void name_encoding(char *out, size_t size, unsigned kinds,
                          const struct needle *needle, bool folded)
{
    out[0] = '\0';
    for (unsigned depth = 0; depth < TAPE_UNESCAPES; depth++)
        for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++)
            if (kinds & kind_names[i].kind << (depth * TAPE_ESCAPE_KINDS))
                add_name(out, size, kind_names[i].name);
    if (kinds & TAPE_EVENTS)
        add_name(out, size, "events");
    if (kinds & TAPE_LINES)
        add_name(out, size, "lines");
    if (needle->coder != coders || !out[0])
        add_name(out, size, needle->coder->name);
    if (folded) {
        size_t used = strlen(out);

        snprintf(out + used, size - used, ", case folded");
    }
}

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
    name_encoding(hit.encoding, sizeof hit.encoding, kinds, needle,
                  match->folded);
    hit.from = tape_origin(tape, match->from);
    hit.to = tape_origin(tape, match->to - 1) + 1;
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
    struct literal_set *literals = scan->set->needles.literals;
    struct looking looking = { .scan = scan, .view = index };

    scan->events[index].count = 0;
    if (!literal_begin(literals) ||
        !literal_piece(literals, tape->data, tape->length, found, &looking))
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

/* --- what is compressed -------------------------------------------------- */

static void unpacked(void *context, const char *bytes, size_t length)
{
    scan_feed(context, bytes, length);
}

static void end_unpacking(struct scan *scan, struct unpacking *unpacking,
                          int64_t to)
{
    struct scan_hits inner = { 0 };
    const char *problem = scan_end(unpacking->inner, SCAN_NOTES_MOST, &inner);

    if (problem)
        scan->problem = problem;
    for (size_t i = 0; i < inner.count; i++) {
        struct scan_hit hit = inner.items[i];

        hit.from = unpacking->from;
        hit.to = to;
        snprintf(hit.encoding, sizeof hit.encoding, "%s", unpacking->name);
        if (strcmp(inner.items[i].encoding, coders[0].name) != 0)
            snprintf(hit.encoding, sizeof hit.encoding, "%s+%.40s",
                     unpacking->name, inner.items[i].encoding);
        scan_hits_note(&scan->hits, &hit);
    }
    scan_hits_release(&inner);
    unpack_free(unpacking->unpack);
    *unpacking = (struct unpacking){ 0 };
}

/* Gives it what this window holds. */
static void go_on(struct scan *scan, struct unpacking *unpacking)
{
    size_t used;
    enum unpack_state state = unpack_feed(
        unpacking->unpack, scan->window + unpacking->at,
        scan->filled - unpacking->at, &used, unpacked, unpacking->inner);

    unpacking->at += used;
    if (state == UNPACK_TOO_MUCH)
        scan->problem = "a compressed part was too long to be read whole";
    if (state != UNPACK_MORE)
        end_unpacking(scan, unpacking, scan->base + (int64_t)unpacking->at);
}

/* A free one; else one that never gave a byte, and so is none; else NULL. */
static struct unpacking *free_unpacking(struct scan *scan)
{
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (!scan->unpackings[i].unpack)
            return &scan->unpackings[i];
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (!scan->unpackings[i].inner->filled) {
            end_unpacking(scan, &scan->unpackings[i], 0);
            return &scan->unpackings[i];
        }
    return NULL;
}

static void begin_unpacking(struct scan *scan, const struct view_spot *spot)
{
    size_t at = spot->end - unpack_magics[spot->key].length;
    struct unpacking *unpacking = free_unpacking(scan);

    if (!unpacking) {
        scan->problem = "too many compressed parts at once to be read all";
        return;
    }
    *unpacking = (struct unpacking){
        .unpack = unpack_new(spot->key, SCAN_UNPACK_MOST),
        .inner = new_scan(scan->set, 0, scan->depth + 1),
        .name = unpack_magics[spot->key].name,
        .from = scan->base + (int64_t)at,
        .at = at,
    };
    go_on(scan, unpacking);
}

static void look_into_compressed(struct scan *scan)
{
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        if (scan->unpackings[i].unpack)
            go_on(scan, &scan->unpackings[i]);
    for (size_t i = 0; i < scan->magics.count; i++)
        /* One that ends in the old part was tried with that window. */
        if (scan->magics.items[i].end > scan->old &&
            scan->depth < SCAN_UNPACK_DEPTH)
            begin_unpacking(scan, &scan->magics.items[i]);
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
    scan->tapes[RAW] = (struct tape){ 0 };
}

static void next_window(struct scan *scan)
{
    size_t kept =
        scan->filled < SCAN_OVERLAP_BYTES ? scan->filled : SCAN_OVERLAP_BYTES;

    look_at_window(scan);
    memmove(scan->window, scan->window + scan->filled - kept, kept);
    for (size_t i = 0; i < UNPACKS_MOST; i++)
        scan->unpackings[i].at = kept;
    scan->base += (int64_t)(scan->filled - kept);
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
        if (scan->unpackings[i].unpack)
            end_unpacking(scan, &scan->unpackings[i],
                          scan->base + (int64_t)scan->filled);
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
