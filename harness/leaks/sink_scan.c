#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/xalloc.h"
#include "harness/leaks/sink.h"
#include "harness/leaks/sink_hit.h"

enum hit_class sink_class(const struct observation *o,
                          const struct scan_hit *found)
{
    const struct runbook_masked *most =
        o->runbook ? &o->runbook->redaction.masked : NULL;
    bool masked = found->head + found->tail > 0;

    if (masked && most && (int64_t)found->head <= most->first &&
        (int64_t)found->tail <= most->last)
        return HIT_ALLOWED;
    return found->how;
}

void sink_add_hit(struct observation *o, const char *sink, const char *place,
                  const struct scan_hit *found)
{
    struct sink_hit *hit;

    o->hits = xrealloc(o->hits, (o->hit_count + 1) * sizeof *o->hits);
    hit = &o->hits[o->hit_count++];
    *hit = (struct sink_hit){ .canary_index = found->canary,
                              .how = sink_class(o, found),
                              .offset = found->from };
    snprintf(hit->canary, sizeof hit->canary, "%s",
             o->canaries[found->canary].id);
    snprintf(hit->sink, sizeof hit->sink, "%s", sink);
    snprintf(hit->place, sizeof hit->place, "%s", place);
    snprintf(hit->encoding, sizeof hit->encoding, "%s", found->encoding);
}

static void feed(void *context, const char *bytes, size_t length)
{
    scan_feed(context, bytes, length);
}

struct counted {
    struct scan *scan;
    int64_t bytes;
};

static void feed_and_count(void *context, const char *bytes, size_t length)
{
    struct counted *counted = context;

    counted->bytes += (int64_t)length;
    feed(counted->scan, bytes, length);
}

/* What was unpacked on the way is told like what a scan unpacks. */
static void name_packing(struct scan_hits *hits, const struct trail_part *part)
{
    for (size_t i = 0; i < hits->count; i++) {
        char inner[sizeof hits->items[i].encoding];

        memcpy(inner, hits->items[i].encoding, sizeof inner);
        snprintf(hits->items[i].encoding, sizeof inner, "%s%s%.36s",
                 part->packing, strcmp(inner, "plain") ? "+" : "",
                 strcmp(inner, "plain") ? inner : "");
        hits->items[i].from = 0;
        hits->items[i].to = part->to;
    }
}

static const char *search_part(struct scan_set *set,
                               const struct trail_part *part, size_t most,
                               struct scan_hits *out, int64_t *bytes)
{
    struct counted counted = { .scan = scan_new(set, part->from) };
    const char *unread = trail_read(part, feed_and_count, &counted);
    const char *unsearched = scan_end(counted.scan, most, out);

    *bytes = counted.bytes;
    if (part->packing[0])
        name_packing(out, part);
    return unread ? unread : unsearched;
}

const char *sink_search(struct scan_set *set, int fd, int64_t from, int64_t to,
                        size_t most, struct scan_hits *out, int64_t *bytes)
{
    const struct trail_part part = { .fd = fd, .from = from, .to = to };

    return search_part(set, &part, most, out, bytes);
}

/* --- one sink ------------------------------------------------------------ */

struct looking {
    struct scan_set *set;
    struct observation *o;
    const struct sink *sink;
    struct observed_sink *observed;
};

static void fail(struct looking *l, const char *problem)
{
    if (problem && problem[0] && !l->observed->problem[0])
        snprintf(l->observed->problem, sizeof l->observed->problem, "%s",
                 problem);
}

/* The profile gave it to the gateway there. */
static bool was_handed(const struct sink *sink, const char *text)
{
    for (size_t i = 0; sink->handed && sink->handed[i]; i++)
        if (strstr(sink->handed[i], text))
            return true;
    return false;
}

static void note_hit(struct looking *l, const struct scan_hit *hit,
                     const char *place)
{
    if (!was_handed(l->sink, l->o->canaries[hit->canary].text))
        sink_add_hit(l->o, l->observed->name, place, hit);
}

/* A sink of one file is its own place. */
static bool is_glob(const char *path)
{
    return strpbrk(path, "*?[") != NULL;
}

static bool has_name(const struct trail *trail, const char *path)
{
    for (size_t i = 0; i < trail->count; i++)
        if (strcmp(trail->items[i].path, path) == 0)
            return true;
    return false;
}

/* Who may list a folder reads the names in it. The place is not the name: that
 * would be told with what is in it. */
static void scan_names(struct looking *l, const struct trail *from,
                       const struct trail *to)
{
    for (size_t i = 0; i < to->count; i++) {
        const char *path = to->items[i].path;
        struct scan_hits hits = { 0 };

        if (has_name(from, path))
            continue;
        fail(l, scan_bytes(l->set, path, strlen(path), 1, &hits));
        for (size_t h = 0; h < hits.count; h++)
            note_hit(l, &hits.items[h], "a file's name");
        scan_hits_release(&hits);
    }
}

static void scan_files(struct looking *l, const struct sink_stand *from,
                       const struct sink_stand *to)
{
    struct trail_parts parts;

    scan_names(l, &from->files, &to->files);
    trail_compare(&parts, &from->files, &to->files);
    fail(l, parts.problem);
    for (size_t i = 0; i < parts.count; i++) {
        struct scan_hits hits = { 0 };
        int64_t bytes = 0;

        fail(l, search_part(l->set, &parts.items[i], SINK_HITS_MOST, &hits,
                            &bytes));
        l->observed->bytes += bytes;
        for (size_t h = 0; h < hits.count; h++)
            note_hit(l, &hits.items[h],
                     is_glob(l->sink->path) ? parts.items[i].name : "");
        scan_hits_release(&hits);
    }
    trail_parts_release(&parts);
}

static void scan_page(struct looking *l, const struct sink_stand *from,
                      const struct sink_stand *to)
{
    struct scan_hits hits;
    struct page_spot *spots;

    fail(l, from->page.problem);
    fail(l, to->page.problem);
    fail(l, page_search(l->set, &from->page, &to->page, SINK_HITS_MOST, &hits,
                        &spots, &l->observed->bytes));
    for (size_t i = 0; i < hits.count; i++) {
        struct scan_hit hit = hits.items[i];

        hit.from = spots[i].offset;
        note_hit(l, &hit, spots[i].place);
    }
    free(spots);
    scan_hits_release(&hits);
}

static bool is_live(const struct sink *sink, const struct observed_sink *seen,
                    const struct sink_stand *to)
{
    if (sink->source && sink->source->standing)
        return false;
    return seen->bytes > 0 || trail_grew(&sink->first.files, &to->files) ||
           page_growth(&sink->first.page, &to->page) > 0;
}

static void scan_sink(struct looking *l, const struct sink_stand *from,
                      const struct sink_stand *to)
{
    *l->observed = (struct observed_sink){ .required = l->sink->required };
    snprintf(l->observed->name, sizeof l->observed->name, "%s", l->sink->name);
    if (l->sink->source)
        scan_page(l, from, to);
    else
        scan_files(l, from, to);
    l->observed->live = is_live(l->sink, l->observed, to);
    if (l->sink->flush_ms && !l->observed->bytes && l->o->request_count)
        fail(l, "nothing came within flush_ms");
}

void sink_scan(const struct sink_set *sinks, const struct sink_mark *from,
               const struct sink_mark *to, struct scan_set *set,
               struct observation *o)
{
    o->sinks =
        xrealloc(o->sinks, (o->sink_count + sinks->count) * sizeof *o->sinks);
    for (size_t i = 0; i < sinks->count; i++) {
        struct looking looking = { .set = set,
                                   .o = o,
                                   .sink = &sinks->items[i],
                                   .observed = &o->sinks[o->sink_count++] };

        scan_sink(&looking, &from->items[i], &to->items[i]);
    }
}
