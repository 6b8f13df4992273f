#include "harness/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/xalloc.h"

#define POLL_MS 5

/* 0 for what is not there. */
static int64_t size_now(const struct sink *sink)
{
    struct stat status;

    return sink->path && stat(sink->path, &status) == 0 ? status.st_size : 0;
}

void sink_set_add(struct sink_set *set, const char *name, const char *path,
                  bool required)
{
    struct sink *sink;

    set->items =
        xgrow(set->items, set->count, &set->capacity, sizeof *set->items);
    sink = &set->items[set->count++];
    *sink = (struct sink){ .path = path ? xstrdup(path) : NULL,
                           .required = required };
    snprintf(sink->name, sizeof sink->name, "%s", name);
    sink->first = size_now(sink);
}

void sink_set_release(struct sink_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        free(set->items[i].path);
    free(set->items);
    *set = (struct sink_set){ 0 };
}

int64_t *sink_mark(const struct sink_set *set)
{
    int64_t *mark = xcalloc(set->count, sizeof *mark);

    for (size_t i = 0; i < set->count; i++)
        mark[i] = size_now(&set->items[i]);
    return mark;
}

/* What cannot be read is not waited for. */
static bool have_grown(const struct sink_set *set, const int64_t *mark)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].required && set->items[i].path &&
            size_now(&set->items[i]) <= mark[i])
            return false;
    return true;
}

void sink_settle(const struct sink_set *set, const int64_t *mark,
                 int64_t wait_ms)
{
    int64_t until_ns = clock_now_ns() + wait_ms * NS_PER_MS;

    while (!have_grown(set, mark) && clock_now_ns() < until_ns)
        poll(NULL, 0, POLL_MS);
}

void sink_search(const void *bytes, size_t length, int64_t base,
                 const struct canary *canaries, size_t count,
                 void (*found)(void *context, const struct canary *canary,
                               const char *encoding, int64_t offset),
                 void *context)
{
    for (size_t i = 0; i < count; i++) {
        const char *start = bytes, *at = start;
        size_t needle = strlen(canaries[i].text);

        while (needle && (at = memmem(at, length - (size_t)(at - start),
                                      canaries[i].text, needle)) != NULL) {
            found(context, &canaries[i], "plain", base + (at - start));
            at++;
        }
    }
}

/* One sink being searched for one observation. */
struct search {
    struct observation *o;
    const char *sink;
    int64_t seen_to; /* hits that end here or before are known already */
    size_t *counts;  /* hits of each canary of o; NULL: not bounded */
};

static void add_hit(void *context, const struct canary *canary,
                    const char *encoding, int64_t offset)
{
    const struct search *search = context;
    struct observation *o = search->o;
    struct sink_hit *hit;

    if (offset + (int64_t)strlen(canary->text) <= search->seen_to)
        return;
    if (search->counts &&
        search->counts[canary - o->canaries]++ >= SINK_HITS_MOST)
        return;
    o->hits = xrealloc(o->hits, (o->hit_count + 1) * sizeof *o->hits);
    hit = &o->hits[o->hit_count++];
    *hit = (struct sink_hit){ .offset = offset };
    snprintf(hit->canary, sizeof hit->canary, "%s", canary->id);
    snprintf(hit->sink, sizeof hit->sink, "%s", search->sink);
    snprintf(hit->encoding, sizeof hit->encoding, "%s", encoding);
}

static size_t longest_text(const struct observation *o)
{
    size_t longest = 1;

    for (size_t i = 0; i < o->canary_count; i++)
        if (strlen(o->canaries[i].text) > longest)
            longest = strlen(o->canaries[i].text);
    return longest;
}

/* Reads fd from offset to end, window by window; each keeps the tail of the one
 * before, so that a text on the border is whole in one of them. Returns bytes
 * read, or an errno below zero. */
static int64_t search_file(struct search *search, int fd, int64_t offset,
                           int64_t end)
{
    size_t overlap = longest_text(search->o) - 1, kept = 0;
    char *window = xcalloc(overlap + SINK_WINDOW_BYTES, 1);
    int64_t at = offset;
    int failure = 0;

    search->seen_to = offset;
    while (at < end) {
        size_t wanted = end - at < SINK_WINDOW_BYTES ? (size_t)(end - at)
                                                     : SINK_WINDOW_BYTES;
        ssize_t got = pread(fd, window + kept, wanted, at);
        size_t there, keep;

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            failure = errno;
        if (got <= 0)
            break;
        there = kept + (size_t)got;
        sink_search(window, there, at - (int64_t)kept, search->o->canaries,
                    search->o->canary_count, add_hit, search);
        at += got;
        search->seen_to = at;
        keep = there < overlap ? there : overlap;
        memmove(window, window + there - keep, keep);
        kept = keep;
    }
    xwipe(window, overlap + SINK_WINDOW_BYTES);
    free(window);
    return failure ? -failure : at - offset;
}

/* Opens a plain file; -1 when it is none or cannot be read, and problem says
 * why. A file that is not there is no problem: nothing was written. */
static int open_plain(const char *path, struct stat *status, char *problem,
                      size_t size)
{
    char text[80];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || fstat(fd, status) != 0) {
        if (errno != ENOENT)
            snprintf(problem, size, "%s", strerror_r(errno, text, sizeof text));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (!S_ISREG(status->st_mode)) {
        snprintf(problem, size, "is not a regular file");
        close(fd);
        return -1;
    }
    return fd;
}

/* The part of a file from its mark on. */
static void scan_file(struct observation *o, struct observed_sink *observed,
                      const struct sink *sink, int64_t mark)
{
    struct search search = { .o = o, .sink = observed->name };
    struct stat status;
    char text[80];
    int fd;

    if (!sink->path) {
        snprintf(observed->problem, sizeof observed->problem,
                 "sinks of this kind are not read");
        return;
    }
    fd = open_plain(sink->path, &status, observed->problem,
                    sizeof observed->problem);
    if (fd < 0)
        return;
    if (status.st_size < mark) {
        snprintf(observed->problem, sizeof observed->problem,
                 "shrank from %lld to %lld bytes", (long long)mark,
                 (long long)status.st_size);
        mark = 0;
    }
    observed->live = status.st_size > sink->first;
    search.counts = xcalloc(o->canary_count, sizeof *search.counts);
    observed->bytes = search_file(&search, fd, mark, status.st_size);
    free(search.counts);
    if (observed->bytes < 0) {
        snprintf(observed->problem, sizeof observed->problem, "%s",
                 strerror_r((int)-observed->bytes, text, sizeof text));
        observed->bytes = 0;
    }
    close(fd);
}

void sink_scan(const struct sink_set *set, const int64_t *mark,
               struct observation *o)
{
    o->sinks =
        xrealloc(o->sinks, (o->sink_count + set->count) * sizeof *o->sinks);
    for (size_t i = 0; i < set->count; i++) {
        struct observed_sink *observed = &o->sinks[o->sink_count++];

        *observed =
            (struct observed_sink){ .required = set->items[i].required };
        snprintf(observed->name, sizeof observed->name, "%s",
                 set->items[i].name);
        scan_file(o, observed, &set->items[i], mark[i]);
    }
}

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

/* The bytes as they came, and what chunks and events may have split. */
static const void *find_in_answer(const struct http_trace *trace,
                                  const char *text, int64_t *offset)
{
    const struct buf *views[] = { &trace->raw, &trace->body, &trace->text };

    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        const char *at =
            views[i]->length
                ? memmem(views[i]->data, views[i]->length, text, strlen(text))
                : NULL;

        if (at) {
            *offset = at - views[i]->data;
            return at;
        }
    }
    return NULL;
}

void sink_scan_client(struct observation *o)
{
    struct search search = { .o = o, .sink = "client response", .seen_to = -1 };
    int64_t offset;

    for (size_t r = 0; r < o->request_count; r++) {
        const struct http_trace *trace = &o->requests[r].trace;

        for (size_t c = 0; c < o->canary_count; c++) {
            struct canary *canary = &o->canaries[c];

            if (!find_in_answer(trace, canary->text, &offset))
                continue;
            if (is_leak(canary, trace))
                add_hit(&search, canary, "plain", offset);
            else if (canary->kind != CANARY_PROMPT)
                canary->reached = true;
        }
    }
}
