#include "harness/leaks/sink.h"

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

#define POLL_MS     5
#define PIECE_BYTES 65536

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

static void add_hit(struct observation *o, const char *sink,
                    const struct scan_hit *found)
{
    struct sink_hit *hit;

    o->hits = xrealloc(o->hits, (o->hit_count + 1) * sizeof *o->hits);
    hit = &o->hits[o->hit_count++];
    *hit = (struct sink_hit){ .how = found->how, .offset = found->from };
    snprintf(hit->canary, sizeof hit->canary, "%s",
             o->canaries[found->canary].id);
    snprintf(hit->sink, sizeof hit->sink, "%s", sink);
    snprintf(hit->encoding, sizeof hit->encoding, "%s", found->encoding);
}

/* Gives a scan the bytes of fd from offset to end. Returns bytes read, or an
 * errno below zero. */
static int64_t feed_file(struct scan *scan, int fd, int64_t offset, int64_t end)
{
    char *piece = xcalloc(PIECE_BYTES, 1);
    int64_t at = offset;
    int failure = 0;

    while (at < end) {
        size_t wanted =
            end - at < PIECE_BYTES ? (size_t)(end - at) : PIECE_BYTES;
        ssize_t got = pread(fd, piece, wanted, at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            failure = errno;
        if (got <= 0)
            break;
        scan_feed(scan, piece, (size_t)got);
        at += got;
    }
    xwipe(piece, PIECE_BYTES);
    free(piece);
    return failure ? -failure : at - offset;
}

const char *sink_search(struct scan_set *set, int fd, int64_t from, int64_t to,
                        size_t most, struct scan_hits *out, int64_t *bytes)
{
    struct scan *scan = scan_new(set, from);

    *bytes = feed_file(scan, fd, from, to);
    return scan_end(scan, most, out);
}

/* Searches it and adds what was found. */
static void search_file(struct scan_set *set, struct observation *o,
                        struct observed_sink *observed, int fd, int64_t mark,
                        int64_t end)
{
    struct scan_hits hits = { 0 };
    const char *problem = sink_search(set, fd, mark, end, SINK_HITS_MOST, &hits,
                                      &observed->bytes);
    char text[80];

    for (size_t i = 0; i < hits.count; i++)
        add_hit(o, observed->name, &hits.items[i]);
    scan_hits_release(&hits);
    if (observed->bytes < 0) {
        problem = strerror_r((int)-observed->bytes, text, sizeof text);
        observed->bytes = 0;
    }
    if (problem && !observed->problem[0])
        snprintf(observed->problem, sizeof observed->problem, "%s", problem);
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
static void scan_file(struct scan_set *set, struct observation *o,
                      struct observed_sink *observed, const struct sink *sink,
                      int64_t mark)
{
    struct stat status;
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
    search_file(set, o, observed, fd, mark, status.st_size);
    close(fd);
}

void sink_scan(const struct sink_set *sinks, const int64_t *mark,
               struct scan_set *set, struct observation *o)
{
    o->sinks =
        xrealloc(o->sinks, (o->sink_count + sinks->count) * sizeof *o->sinks);
    for (size_t i = 0; i < sinks->count; i++) {
        struct observed_sink *observed = &o->sinks[o->sink_count++];

        *observed =
            (struct observed_sink){ .required = sinks->items[i].required };
        snprintf(observed->name, sizeof observed->name, "%s",
                 sinks->items[i].name);
        scan_file(set, o, observed, &sinks->items[i], mark[i]);
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

/* What was found in one answer, each canary once. */
struct in_answer {
    struct scan_hit *first; /* of each canary */
    bool *seen;
};

static void search_answer(struct in_answer *answer, struct scan_set *set,
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
                hit->how < answer->first[hit->canary].how)
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

        search_answer(&answer, set, trace);
        for (size_t c = 0; c < o->canary_count; c++) {
            struct canary *canary = &o->canaries[c];

            if (!answer.seen[c])
                continue;
            if (is_leak(canary, trace))
                add_hit(o, "client response", &answer.first[c]);
            else if (canary->kind != CANARY_PROMPT)
                canary->reached = true;
        }
        free(answer.first);
        free(answer.seen);
    }
}
