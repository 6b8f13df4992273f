#include "harness/leaks/sink.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define POLL_MS      5
#define POLL_PAGE_MS 25

char **sink_texts_copy(char *const *texts)
{
    size_t count = 0;
    char **copy;

    while (texts && texts[count])
        count++;
    if (!texts)
        return NULL;
    copy = xcalloc(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = xstrdup(texts[i]);
    return copy;
}

void sink_texts_free(char **texts)
{
    for (size_t i = 0; texts && texts[i]; i++) {
        xwipe(texts[i], strlen(texts[i]));
        free(texts[i]);
    }
    free(texts);
}

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

/* open: as trail_look(). */
static void look(struct sink_stand *out, const struct sink *sink, bool open)
{
    const char *problem = sink->drain ? sink->drain(sink->context) : NULL;

    *out = (struct sink_stand){ 0 };
    if (sink->source && sink->source->stamp)
        out->stamp = sink->source->stamp(&sink->target);
    if (sink->source)
        sink->source->fetch(&out->page, &sink->target);
    else
        trail_look(&out->files, sink->path, open);
    if (problem && !out->files.problem[0])
        snprintf(out->files.problem, sizeof out->files.problem, "%s", problem);
}

static void release(struct sink_stand *stand)
{
    trail_release(&stand->files);
    page_release(&stand->page);
}

/* Enough to tell what came later. */
static void keep_marks(struct sink_stand *stand)
{
    for (size_t i = 0; i < stand->files.count; i++) {
        if (stand->files.items[i].fd >= 0)
            close(stand->files.items[i].fd);
        stand->files.items[i].fd = -1;
    }
    page_forget_text(&stand->page);
}

void sink_set_add(struct sink_set *set, const struct sink_spec *spec)
{
    const struct source_target *target = spec->target;
    struct sink *sink;

    set->items =
        xgrow(set->items, set->count, &set->capacity, sizeof *set->items);
    sink = &set->items[set->count++];
    *sink = (struct sink){ .required = spec->required,
                           .flush_ms = spec->flush_ms,
                           .path = copy(spec->path),
                           .source = spec->source,
                           .handed = sink_texts_copy(spec->handed),
                           .given = sink_texts_copy(spec->given),
                           .drain = spec->drain,
                           .context = spec->context };
    snprintf(sink->name, sizeof sink->name, "%s", spec->name);
    if (target)
        sink->target = (struct source_target){
            .path = copy(target->path),
            .url = copy(target->url),
            .words = sink_texts_copy(target->words),
            .environment = sink_texts_copy(target->environment),
            .folder = copy(target->folder),
            .group = target->group,
        };
    look(&sink->first, sink, true);
    keep_marks(&sink->first);
}

void sink_set_release(struct sink_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        struct sink *sink = &set->items[i];

        release(&sink->first);
        free(sink->path);
        free(sink->target.path);
        if (sink->target.url) /* it may hold a key */
            xwipe(sink->target.url, strlen(sink->target.url));
        free(sink->target.url);
        free(sink->target.folder);
        sink_texts_free(sink->target.words);
        sink_texts_free(sink->target.environment);
        sink_texts_free(sink->handed);
        sink_texts_free(sink->given);
    }
    free(set->items);
    *set = (struct sink_set){ 0 };
}

static struct sink_mark *mark_new(const struct sink_set *set)
{
    struct sink_mark *mark = xcalloc(1, sizeof *mark);

    mark->items = xcalloc(set->count + 1, sizeof *mark->items);
    mark->count = set->count;
    return mark;
}

static void look_at_all(struct sink_mark *mark, const struct sink_set *set,
                        bool pages)
{
    for (size_t i = 0; i < set->count; i++)
        if (pages == (set->items[i].source != NULL))
            look(&mark->items[i], &set->items[i], true);
}

struct sink_mark *sink_mark(const struct sink_set *set)
{
    struct sink_mark *mark = mark_new(set);

    look_at_all(mark, set, true);
    look_at_all(mark, set, false);
    return mark;
}

void sink_mark_forget_text(struct sink_mark *mark)
{
    for (size_t i = 0; i < mark->count; i++)
        page_forget_text(&mark->items[i].page);
}

void sink_mark_free(struct sink_mark *mark)
{
    if (!mark)
        return;
    for (size_t i = 0; i < mark->count; i++)
        release(&mark->items[i]);
    free(mark->items);
    free(mark);
}

static bool grew(const struct sink_stand *from, const struct sink_stand *to)
{
    return trail_grew(&from->files, &to->files) ||
           page_growth(&from->page, &to->page) > 0;
}

static bool has_grown(const struct sink *sink, const struct sink_stand *mark)
{
    struct sink_stand now;
    bool yes;

    look(&now, sink, false);
    /* What cannot be read is not waited for. */
    yes = grew(mark, &now) || now.page.problem[0] || now.files.problem[0];
    release(&now);
    return yes;
}

/* What a source's stamp was when it was fetched, and when it was asked last. */
struct stamps {
    uint64_t fetched, last;
};

/* Something was written, and nobody is writing any more. */
static bool has_paused(const struct sink *sink, struct stamps *stamps)
{
    uint64_t now = sink->source->stamp(&sink->target);
    bool quiet = now == stamps->last;

    stamps->last = now;
    if (!quiet || now == stamps->fetched)
        return false;
    stamps->fetched = now;
    return true;
}

static void settle(const struct sink *sink, const struct sink_stand *mark,
                   int64_t until_ns)
{
    struct stamps stamps = { mark->stamp, mark->stamp };
    bool stamped = sink->source && sink->source->stamp;

    while (
        !((!stamped || has_paused(sink, &stamps)) && has_grown(sink, mark)) &&
        clock_now_ns() < until_ns)
        poll(NULL, 0, sink->source ? POLL_PAGE_MS : POLL_MS);
}

static void settle_all(const struct sink_set *set, const struct sink_mark *mark,
                       int64_t began_ns, int64_t wait_ms, bool pages)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct sink *sink = &set->items[i];
        int64_t most_ms = sink->flush_ms > wait_ms ? sink->flush_ms : wait_ms;

        if (pages == (sink->source != NULL) &&
            (sink->required || sink->flush_ms))
            settle(sink, &mark->items[i], began_ns + most_ms * NS_PER_MS);
    }
}

struct sink_mark *sink_settle(const struct sink_set *set,
                              const struct sink_mark *mark, int64_t wait_ms)
{
    struct sink_mark *end = mark_new(set);
    int64_t began_ns = clock_now_ns();

    for (int pages = 0; pages < 2; pages++) {
        settle_all(set, mark, began_ns, wait_ms, pages);
        look_at_all(end, set, pages);
    }
    return end;
}

void sink_parts(struct trail_parts *out, const struct sink_mark *from,
                const struct sink_mark *to, size_t index)
{
    trail_compare(out, &from->items[index].files, &to->items[index].files);
}
